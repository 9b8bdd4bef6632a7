package ledger

import (
	"fmt"

	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are who
// has the paper originals of a case. Both stand beside it, for papers travel
// apart from the case: each paper is moved by whoever has it.

// Original is one paper original of a case, as it was brought.
type Original struct {
	// Material is its name, Brought the entry that brought it: the hand-in or a
	// supplement.
	Material string `json:"material"`
	Brought  string `json:"brought"`
}

// MovedPaper is a paper that is handed over.
type MovedPaper struct {
	Original
	// After is the entry by which whoever hands it over has it: the one that
	// brought it, or the last receipt.
	After string `json:"after"`
}

// MarkedPaper is a paper as a receiver found it.
type MarkedPaper struct {
	Original
	// Note says what is wrong with it: damaged, incomplete; nothing for one that
	// arrived as it was sent.
	Note string `json:"note,omitempty"`
}

// CustodySendV1 hands papers of a case over to another office (交接单). What was
// handed over together stands on one list; each of its cases has an entry of its
// own, seen by those who see the case.
type CustodySendV1 struct {
	// List is the number of the transfer list, as printed.
	List   string        `json:"list"`
	From   division.Code `json:"from"`
	To     division.Code `json:"to"`
	Papers []MovedPaper  `json:"papers"`
	// Carrier is who takes them there.
	Carrier string `json:"carrier,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Check implements Body.
func (b *CustodySendV1) Check() error {
	if len(b.Papers) == 0 || len(b.Papers) > maxPapers {
		return fmt.Errorf("%d papers", len(b.Papers))
	}
	seen := map[Original]bool{}
	for i, p := range b.Papers {
		if err := checkPaper(fmt.Sprintf("papers[%d]", i), p.Original, seen); err != nil {
			return err
		}
		if err := required(fmt.Sprintf("papers[%d].after", i), p.After, maxIDBytes); err != nil {
			return err
		}
	}
	_, from := division.Parse(string(b.From))
	_, to := division.Parse(string(b.To))
	return first(from, to, required("list", b.List, maxIDBytes), optional("carrier", b.Carrier, maxName), optional("note", b.Note, maxText))
}

// CustodyReceiveV1 says which of the papers that were handed over have arrived.
// By the office that sent them, it takes back what did not arrive.
type CustodyReceiveV1 struct {
	// Sent is the entry that handed the papers over.
	Sent string        `json:"sent"`
	At   division.Code `json:"at"`
	// Received papers are here now. Missing ones did not arrive: they stay on the
	// way, and whoever sent them answers for them.
	Received []MarkedPaper `json:"received,omitempty"`
	Missing  []MarkedPaper `json:"missing,omitempty"`
	Note     string        `json:"note,omitempty"`
}

// Check implements Body.
func (b *CustodyReceiveV1) Check() error {
	if n := len(b.Missing) + len(b.Received); n == 0 || n > maxPapers {
		return fmt.Errorf("%d papers", n)
	}
	seen := map[Original]bool{}
	for path, list := range map[string][]MarkedPaper{"received": b.Received, "missing": b.Missing} {
		for i, p := range list {
			path := fmt.Sprintf("%s[%d]", path, i)
			if err := first(checkPaper(path, p.Original, seen), optional(path+".note", p.Note, maxText)); err != nil {
				return err
			}
		}
	}
	_, at := division.Parse(string(b.At))
	return first(at, required("sent", b.Sent, maxIDBytes), optional("note", b.Note, maxText))
}

const maxPapers = 200

func checkPaper(path string, p Original, seen map[Original]bool) error {
	if seen[p] {
		return fmt.Errorf("%s stands twice", path)
	}
	seen[p] = true
	return first(required(path+".material", p.Material, maxName), required(path+".brought", p.Brought, maxIDBytes))
}
