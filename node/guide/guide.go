// Package guide is the responsibility of whoever was asked first (首问负责制,
// domain: section 4): the first person asked answers, or takes the visitor to the
// responsible window and logs the hand-over. Responsible is whoever was asked until
// somebody at that window accepts. It is pure.
package guide

import (
	"slices"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// State is how far it has come.
type State string

// The states.
const (
	Open   State = "open"   // 待解答
	Handed State = "handed" // 已引导，待接办
	Closed State = "closed" // 已办结
)

// Days is within how many working days a question is answered, or the window it
// was taken to has accepted *(convention)*.
const Days = 1

// Desk is a window.
type Desk struct {
	Division   division.Code `json:"division"`
	Department string        `json:"department,omitempty"`
}

// Guide is one question at a window.
type Guide struct {
	ID string `json:"id"`
	// Entry is the one that opened it.
	Entry string `json:"entry"`
	About string `json:"about"`
	Item  string `json:"item,omitempty"`
	// First was asked first, at Asked; Responsible is who answers for it now, at At.
	First       identity.Actor `json:"first"`
	Asked       Desk           `json:"asked"`
	Responsible identity.Actor `json:"responsible"`
	At          Desk           `json:"at"`
	State       State          `json:"state"`
	// To is the window that has still to accept.
	To     Desk   `json:"to,omitzero"`
	Answer string `json:"answer,omitempty"`
	Case   string `json:"case,omitempty"`
	// The moments, Unix milliseconds: SinceMS is when Responsible became so.
	OpenedMS int64  `json:"opened_ms"`
	SinceMS  int64  `json:"since_ms"`
	ClosedMS int64  `json:"closed_ms,omitempty"`
	Moves    []Move `json:"moves,omitempty"`
	// Entries are those that made it what it is: each counts once.
	Entries []string `json:"entries"`
}

// Move is one hand-over.
type Move struct {
	From       Desk           `json:"from"`
	To         Desk           `json:"to"`
	By         identity.Actor `json:"by"`
	HandedMS   int64          `json:"handed_ms"`
	Note       string         `json:"note,omitempty"`
	AcceptedMS int64          `json:"accepted_ms,omitempty"`
}

// New is a question that was asked.
func New(e *ledger.Entry, b *ledger.GuideOpenV1) *Guide {
	at := Desk{b.Division, b.Department}
	return &Guide{ID: b.Guide, Entry: e.ID, About: b.About, Item: b.Item, First: e.Actor, Asked: at, Responsible: e.Actor, At: at, State: Open, Entries: []string{e.ID}, OpenedMS: e.OccurredAt, SinceMS: e.OccurredAt}
}

// Apply is what one entry makes of it. The guide given is not changed. The error is
// a *casework.Refusal.
func Apply(g *Guide, e *ledger.Entry, body ledger.Body, from division.Code) (*Guide, error) {
	if slices.Contains(g.Entries, e.ID) {
		return g, nil // it has come again, with the county's word
	}
	if g.State == Closed {
		return nil, refuse("guide_closed", "该咨询已办结", "it was closed already")
	}
	next := *g
	next.Moves = slices.Clone(g.Moves)
	next.Entries = append(slices.Clip(g.Entries), e.ID)
	if _, accepts := body.(*ledger.GuideAcceptV1); accepts {
		if g.State != Handed || from != g.To.Division {
			return nil, refuse("guide_not_handed", "没有引导到本窗口、等待接办的咨询", "nothing was taken to this window that waits to be accepted")
		}
		next.State, next.Responsible, next.At, next.To, next.SinceMS = Open, e.Actor, g.To, Desk{}, e.OccurredAt
		next.Moves[len(next.Moves)-1].AcceptedMS = e.OccurredAt
		return &next, nil
	}
	if from != g.At.Division {
		return nil, refuse("guide_elsewhere", "该咨询由其他单位的首问责任人负责", "somebody at another office is responsible for it")
	}
	switch b := body.(type) {
	case *ledger.GuideHandV1:
		to := Desk{b.To, b.Department}
		switch {
		case to == g.At:
			return nil, refuse("guide_same", "已在该窗口，无需引导", "it is at this window already")
		case !b.To.Contains(g.Asked.Division):
			return nil, refuse("guide_line", "只能引导到本单位的其他窗口或上级单位；属于其他单位的，请告知地点后以答复办结", "a visitor is taken to another window here or above; where it is elsewhere, say where and close with that answer")
		}
		next.State, next.To = Handed, to
		next.Moves = append(next.Moves, Move{From: g.At, To: to, By: e.Actor, HandedMS: e.OccurredAt, Note: b.Note})
	case *ledger.GuideCloseV1:
		next.State, next.To, next.Answer, next.Case, next.ClosedMS = Closed, Desk{}, b.Answer, b.Case, e.OccurredAt
	}
	return &next, nil
}

// Due is the last day on which it is in time; no day once it is closed. The error is
// calendar's.
func (g *Guide) Due(cal *calendar.Calendar) (calendar.Date, error) {
	if g.State == Closed {
		return calendar.Date{}, nil
	}
	r, err := cal.Due(calendar.Period{Start: calendar.DateOf(time.UnixMilli(g.SinceMS)), Days: Days})
	return r.Due, err
}

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
