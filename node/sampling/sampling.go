// Package sampling draws cases at random for inspection (随机抽查) so that nobody
// can choose what is drawn and everybody can draw again. It is pure.
//
// A draw is committed first: its rule, and with it the list of the cases it is
// drawn from, which is fixed at that moment and whose hash is published. The seed
// is the root of the county's Merkle tree at a size that lies ahead, so that it
// follows from entries that other people have yet to make, and from the
// millisecond at which the county will record them; and anybody who has a signed
// checkpoint can prove that it is the one. Each case has a ticket, each ticket
// and the seed a score, and those of the lowest score are drawn.
//
// What this does not keep out is a county whose own machines are made to try
// several last records until the root suits somebody: whoever can do that signs
// what the ledger says, and is held by other evidence.
package sampling

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// MaxPopulation bounds the cases of one draw.
const MaxPopulation = 100_000

// Ticket is what a case is drawn by. It stands for the case's number in what is
// published: whoever has the number finds the ticket, and the list tells nobody
// which cases there are.
type Ticket [sha256.Size]byte

// TicketOf is the ticket of a case number in a draw.
func TicketOf(draw, number string) Ticket {
	return sha256.Sum256([]byte("tongban sample ticket v1\n" + draw + "\n" + number + "\n"))
}

func (t Ticket) String() string { return hex.EncodeToString(t[:]) }

// ParseTicket reads what String wrote.
func ParseTicket(text string) (t Ticket, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(t) {
		return t, fmt.Errorf("sampling: ticket %.80q", text)
	}
	return Ticket(b), nil
}

// Member is a case of the population. Part is what it is divided by.
type Member struct {
	Part   string
	Ticket Ticket
	// Case is its id; not known to who draws again.
	Case string
}

// Ended is what a draw looks at of a case that came to an end.
type Ended struct {
	Case, Number     string
	Outcome          string
	Item, Department string
	Division         division.Code
}

// Part is the part of a population in which a case is drawn.
func (c *Ended) Part(by string) string {
	switch {
	case by == "department":
		return c.Department
	case by == "item":
		return c.Item
	case by == "township" && c.Division.Tier() != node.County:
		return string(c.Division.Township())
	case by == "township":
		return string(c.Division)
	}
	return ""
}

// Fits reports whether a case is one of those a draw is made from; the period is
// the caller's to see.
func Fits(b *ledger.SampleDrawV1, c *Ended) bool {
	return (len(b.Outcomes) == 0 || slices.Contains(b.Outcomes, c.Outcome)) && (b.Division == "" || b.Division.Contains(c.Division)) &&
		(b.Department == "" || b.Department == c.Department) && (b.Item == "" || b.Item == c.Item)
}

// Outcome is how a case ended and when (Unix milliseconds); empty while it has
// not. A decision is one, though the result has still to be handed over.
func Outcome(c *casework.Case) (outcome string, ms int64) {
	switch {
	case c.DecidedMS != 0 && c.Decision != "":
		return string(c.Decision), c.DecidedMS
	case c.RejectedMS != 0:
		return string(casework.NotAccepted), c.RejectedMS
	case c.TerminatedMS != 0:
		return string(casework.Terminated), c.TerminatedMS
	}
	return "", 0
}

// Sort puts a population into the order in which it is published and hashed.
func Sort(all []Member) {
	slices.SortFunc(all, func(a, b Member) int {
		return cmp.Or(strings.Compare(a.Part, b.Part), bytes.Compare(a.Ticket[:], b.Ticket[:]))
	})
}

// Hash commits to a population in its order: SHA-256 of its lines, each a part, a
// tab, a ticket in hexadecimal and a line feed.
func Hash(all []Member) string {
	h := sha256.New()
	for i := range all {
		fmt.Fprintf(h, "%s\t%s\n", all[i].Part, all[i].Ticket)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Draw is the places of those that a seed draws from a population in its order,
// lowest first. The seed is the root of the county's ledger.
func Draw(seed [sha256.Size]byte, permille, least int, all []Member) []int {
	var drawn []int
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].Part == all[from].Part {
			to++
		}
		drawn = append(drawn, drawFrom(seed, Size(to-from, permille, least), all, from, to)...)
		from = to
	}
	return drawn
}

// Size is how many are drawn of so many.
func Size(of, permille, least int) int { return min(of, max(least, (of*permille+999)/1000)) }

func drawFrom(seed [sha256.Size]byte, size int, all []Member, from, to int) []int {
	type scored struct {
		score [sha256.Size]byte
		at    int
	}
	part := make([]scored, 0, to-from)
	for i := from; i < to; i++ {
		part = append(part, scored{Score(seed, all[i].Ticket), i})
	}
	slices.SortFunc(part, func(a, b scored) int { return cmp.Or(bytes.Compare(a.score[:], b.score[:]), cmp.Compare(a.at, b.at)) })
	drawn := make([]int, size)
	for i := range drawn {
		drawn[i] = part[i].at
	}
	slices.Sort(drawn)
	return drawn
}

// Score is what a ticket is drawn by: the lowest are.
func Score(seed [sha256.Size]byte, t Ticket) [sha256.Size]byte {
	return sha256.Sum256(slices.Concat([]byte("tongban sample score v1\n"), seed[:], t[:]))
}

// Sample is a draw that was committed.
type Sample struct {
	ID string `json:"id"`
	// Index is its record's, Size how many records the ledger must have for the
	// seed.
	Index uint64              `json:"index"`
	Size  uint64              `json:"size"`
	Rule  ledger.SampleDrawV1 `json:"rule"`
	By    identity.Actor      `json:"by"`
	// At is when, Unix milliseconds.
	At int64 `json:"at"`
	// Population is how many cases it is drawn from, Hash the commitment to them.
	Population int    `json:"population"`
	Hash       string `json:"hash"`
}
