package ledger

import (
	"errors"

	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are the
// responsibility of whoever was asked first (首问负责制): the first person asked
// answers, or takes the visitor to the right window, and stays responsible until
// that window has taken over. They name no visitor.

// GuideOpenV1 says that somebody was asked at a window, where there is no case yet.
// The actor of the entry is responsible from now on.
type GuideOpenV1 struct {
	// Guide is its id, made by the node from the action.
	Guide string `json:"guide"`
	// Division and Department are the desk at which it was asked.
	Division   division.Code `json:"division"`
	Department string        `json:"department,omitempty"`
	// About is what was asked, Item the service item where it is known.
	About string `json:"about"`
	Item  string `json:"item,omitempty"`
}

// Check implements Body.
func (b *GuideOpenV1) Check() error {
	_, err := division.Parse(string(b.Division))
	return first(err, required("guide", b.Guide, maxIDBytes), optional("department", b.Department, maxName), required("about", b.About, maxText), optional("item", b.Item, maxName))
}

// GuideHandV1 takes the visitor to another window, which has still to accept.
type GuideHandV1 struct {
	Guide string `json:"guide"`
	// To and Department are the window: the same office's, or one above it.
	To         division.Code `json:"to"`
	Department string        `json:"department,omitempty"`
	Note       string        `json:"note,omitempty"`
}

// Check implements Body.
func (b *GuideHandV1) Check() error {
	_, err := division.Parse(string(b.To))
	return first(err, required("guide", b.Guide, maxIDBytes), optional("department", b.Department, maxName), optional("note", b.Note, maxText))
}

// GuideAcceptV1 says that the window has taken the visitor over: its actor is
// responsible from now on.
type GuideAcceptV1 struct {
	Guide string `json:"guide"`
}

// Check implements Body.
func (b *GuideAcceptV1) Check() error { return required("guide", b.Guide, maxIDBytes) }

// GuideCloseV1 ends it: the question was answered, or became a case.
type GuideCloseV1 struct {
	Guide  string `json:"guide"`
	Answer string `json:"answer,omitempty"`
	// Case is the case that came of it.
	Case string `json:"case,omitempty"`
}

// Check implements Body.
func (b *GuideCloseV1) Check() error {
	if b.Answer == "" && b.Case == "" {
		return errors.New("it ends with an answer or a case")
	}
	return first(required("guide", b.Guide, maxIDBytes), optional("answer", b.Answer, maxText), optional("case", b.Case, maxIDBytes))
}
