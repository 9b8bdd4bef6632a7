// Package custody is who has the paper originals of a case (材料原件交接). It is
// pure: a case's papers are where its entries have put them, and the same entries
// say the same on every node, in whatever order they came. That works because
// each hand-over names the entry by which whoever hands over has the paper, and
// each receipt the hand-over: the entries are links, not steps.
//
// A paper is at one office or on the way to one, never at two and never nowhere.
// One that did not arrive stays on the way, as missing, until it is found at
// either end; the office that sent it answers for it.
package custody

import (
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// Book is the papers of one case.
type Book struct {
	papers []brought
	sends  []Sent
	marks  []receipt
}

type brought struct {
	ledger.Original
	at division.Code
	ms int64
}

// Sent is one hand-over.
type Sent struct {
	// ID is its entry, MS when it happened, Unix milliseconds.
	ID string
	MS int64
	ledger.CustodySendV1
}

type receipt struct {
	id string
	ms int64
	ledger.CustodyReceiveV1
}

// Place is where a paper is.
type Place struct {
	ledger.Original
	// At is the office that has it; none while it is on the way.
	At division.Code
	// Way is the hand-over that it is on, nil when it is at an office.
	Way *Sent
	// Missing says that the receiver reported that it did not arrive.
	Missing bool
	// Damaged is what receivers noted about it.
	Damaged []string
	// Since is when it came to be there, Unix milliseconds; After the entry that
	// put it there.
	Since int64
	After string
}

// Answerable is the office that answers for a paper: who has it, or who handed it
// over and has no receipt for it.
func (p Place) Answerable() division.Code {
	if p.Way != nil {
		return p.Way.From
	}
	return p.At
}

// Bring adds the papers that an entry brought to a desk. What came as a file only
// is no paper.
func (b *Book) Bring(entry string, at division.Code, ms int64, materials []catalog.SubmittedMaterial) {
	for _, m := range materials {
		p := ledger.Original{Material: m.Name, Brought: entry}
		if m.Form == catalog.SubmittedElectronic || slices.ContainsFunc(b.papers, func(q brought) bool { return q.Original == p }) {
			continue // an original and its copy lie together
		}
		b.papers = append(b.papers, brought{p, at, ms})
	}
}

// Send adds a hand-over. It is not checked again.
func (b *Book) Send(id string, ms int64, s ledger.CustodySendV1) {
	b.sends = append(b.sends, Sent{id, ms, s})
}

// Receive adds a receipt. It is not checked again.
func (b *Book) Receive(id string, ms int64, r ledger.CustodyReceiveV1) {
	b.marks = append(b.marks, receipt{id, ms, r})
}

// Places says where every paper of the case is, in the order they were brought.
func (b *Book) Places() []Place {
	places := make([]Place, len(b.papers))
	for i, p := range b.papers {
		places[i] = b.follow(p)
	}
	return places
}

// Where says where a paper is; false for one that nobody brought.
func (b *Book) Where(p ledger.Original) (Place, bool) {
	for _, q := range b.papers {
		if q.Original == p {
			return b.follow(q), true
		}
	}
	return Place{}, false
}

// On lists the papers that a hand-over has still on the way.
func (b *Book) On(sent string) []Place {
	return slices.DeleteFunc(b.Places(), func(p Place) bool { return p.Way == nil || p.Way.ID != sent })
}

// Sends are the hand-overs of the case's papers, as they were added.
func (b *Book) Sends() []Sent { return b.sends }

// Has reports whether a hand-over or a receipt has been added.
func (b *Book) Has(id string) bool {
	return slices.ContainsFunc(b.sends, func(s Sent) bool { return s.ID == id }) || slices.ContainsFunc(b.marks, func(r receipt) bool { return r.id == id })
}

// Arrival is what became of a paper of a hand-over.
type Arrival struct {
	ledger.Original
	// At is where it was received, none while it is on the way; MS when, Unix
	// milliseconds.
	At      division.Code
	MS      int64
	Missing bool
	// Note is what the receiver found wrong with it.
	Note string
}

// Arrivals says of each paper of a hand-over whether it arrived.
func (b *Book) Arrivals(sent string) []Arrival {
	i := slices.IndexFunc(b.sends, func(s Sent) bool { return s.ID == sent })
	if i < 0 {
		return nil
	}
	all := make([]Arrival, 0, len(b.sends[i].Papers))
	for _, p := range b.sends[i].Papers {
		a := Arrival{Original: p.Original}
		for _, r := range b.marks {
			if r.Sent != sent {
				continue
			}
			if note, here := marked(r.Received, p.Original); here {
				a = Arrival{Original: p.Original, At: r.At, MS: r.ms, Note: note}
				break
			}
			if note, missing := marked(r.Missing, p.Original); missing {
				a.Missing, a.Note = true, note
			}
		}
		all = append(all, a)
	}
	return all
}

// entered reports whether an entry is known that brought, moved or received
// papers.
func (b *Book) entered(id string) bool {
	return slices.ContainsFunc(b.papers, func(p brought) bool { return p.Brought == id }) || b.Has(id)
}

// follow goes with a paper from hand to hand. Each hand-over is taken once, so
// that it ends whatever entries say.
func (b *Book) follow(p brought) Place {
	at := Place{Original: p.Original, At: p.at, Since: p.ms, After: p.Brought}
	for range len(b.sends) {
		i := slices.IndexFunc(b.sends, func(s Sent) bool {
			return slices.Contains(s.Papers, ledger.MovedPaper{Original: p.Original, After: at.After})
		})
		if i < 0 {
			return at
		}
		s := &b.sends[i]
		at = Place{Original: p.Original, Way: s, Since: s.MS, After: s.ID, Damaged: at.Damaged}
		for _, r := range b.marks {
			if r.Sent != s.ID {
				continue
			}
			note, here := marked(r.Received, p.Original)
			if !here {
				_, missing := marked(r.Missing, p.Original)
				at.Missing = at.Missing || missing
				continue
			}
			at = Place{Original: p.Original, At: r.At, Since: r.ms, After: r.id, Damaged: at.Damaged}
			if note != "" {
				at.Damaged = append(slices.Clip(at.Damaged), note)
			}
			break
		}
		if at.Way != nil {
			return at
		}
	}
	return at
}

func marked(list []ledger.MarkedPaper, p ledger.Original) (string, bool) {
	for _, m := range list {
		if m.Original == p {
			return m.Note, true
		}
	}
	return "", false
}

// Refusal is the domain's no: stable code, and a message in both languages that
// says what to do.
type Refusal struct {
	Code   string
	ZH, EN string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s: %s", r.Code, r.EN) }

func refuse(code, zh, en string) error { return &Refusal{code, zh, en} }

// CheckSend refuses a hand-over of papers that the office does not have, or to an
// office that is not on its line. Where whole is false this node may not know all
// that happened to the papers yet, as when entries of different nodes overtook
// each other; a hand-over after an entry that is not known here is taken then,
// and moves nothing until that comes.
func (b *Book) CheckSend(s *ledger.CustodySendV1, whole bool) error {
	if s.From == s.To || !s.From.Contains(s.To) && !s.To.Contains(s.From) {
		return refuse("custody_line", "只能与上级或下级单位交接，其他单位请经县中心转交", "papers go up or down the line only; to another office they go by way of the county")
	}
	for _, p := range s.Papers {
		at, known := b.Where(p.Original)
		switch {
		case !known && !whole && !b.entered(p.Brought), known && !whole && !b.entered(p.After):
			continue
		case !known:
			return refuse("paper_unknown", "该办件没有纸质材料“"+p.Material+"”", "the case has no such paper: "+p.Material)
		case at.Way != nil:
			return refuse("paper_on_the_way", "“"+p.Material+"”已列入交接单 "+at.Way.List+"，尚未签收", p.Material+" is on the way already, on list "+at.Way.List)
		case at.At != s.From:
			return refuse("paper_elsewhere", "“"+p.Material+"”不在本单位，现在 "+string(at.At), p.Material+" is not here, but at "+string(at.At))
		case at.After != p.After:
			return refuse("paper_moved", "“"+p.Material+"”此后又有交接，请刷新后再办", p.Material+" has been moved since; look again")
		}
	}
	return nil
}

// CheckReceive refuses a receipt of what was not sent, not sent here, or received
// before. Where whole is false, a receipt of a hand-over that is not known here
// is taken, and moves nothing until that comes.
func (b *Book) CheckReceive(r *ledger.CustodyReceiveV1, whole bool) error {
	i := slices.IndexFunc(b.sends, func(s Sent) bool { return s.ID == r.Sent })
	if i < 0 {
		if !whole {
			return nil
		}
		return refuse("not_sent", "没有这次移交，不能签收", "nothing was handed over under this entry")
	}
	s := &b.sends[i]
	if r.At != s.To && r.At != s.From {
		return refuse("not_for_here", "这份交接单不是移交给本单位的，应由 "+string(s.To)+" 签收", "the list is not for this office; "+string(s.To)+" receives it")
	}
	open := b.On(s.ID)
	for _, m := range append(slices.Clip(r.Missing), r.Received...) {
		if !slices.ContainsFunc(s.Papers, func(p ledger.MovedPaper) bool { return p.Original == m.Original }) {
			return refuse("not_sent", "交接单上没有“"+m.Material+"”，请核对", m.Material+" is not on the list; check it")
		}
		// Papers that are on the way after something that is not known here yet
		// cannot be told from those that arrived.
		if !slices.ContainsFunc(open, func(p Place) bool { return p.Original == m.Original }) && (whole || b.followed(s)) {
			return refuse("received_already", "“"+m.Material+"”已签收", m.Material+" was received already")
		}
	}
	return nil
}

// followed reports whether it is known how whoever handed over had the papers.
func (b *Book) followed(s *Sent) bool {
	return !slices.ContainsFunc(s.Papers, func(p ledger.MovedPaper) bool { return !b.entered(p.After) })
}
