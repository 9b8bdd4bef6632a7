package storetest

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Clerk makes submissions at a node without the rest of a county: for another
// process, or for measuring. It is safe for concurrent use.
type Clerk struct {
	s     *store.Store
	key   ed25519.PrivateKey
	actor identity.Actor
	items []catalog.Item
}

// NewClerk finds who takes cases in at a store that NewCounty filled; it panics when the store
// has no clerk.
func NewClerk(s *store.Store) *Clerk {
	self := s.Self()
	staff, err := s.StaffWithin(context.Background(), self.Division)
	if err != nil || len(staff) == 0 {
		panic(fmt.Sprintf("storetest: nobody works at %s (%v)", self.Node, err))
	}
	items, faults := catalog.ParseItems(itemsFile)
	if len(faults) > 0 {
		panic(faults)
	}
	b := &Clerk{s: s, key: NodeKey(self.Node), items: items}
	for _, p := range staff {
		for _, role := range p.Now().Roles {
			if role == identity.VillageWorker || role == identity.TownshipClerk {
				b.actor = identity.Actor{Staff: p.ID, Name: p.Name, Role: role, Node: self.Node}
			}
		}
	}
	return b
}

// Draft is the submission of an item under an id.
func (b *Clerk) Draft(id, code string) store.Draft {
	return store.Draft{ID: id, Stamp: func(seq uint64, counter func(string) (int, error)) (ledger.Entry, error) {
		prefix := b.number(1)[:22]
		n, err := counter(prefix)
		if err != nil {
			return ledger.Entry{}, err
		}
		return b.Entry(id, code, seq, n)
	}}
}

// Entry is a signed submission of an item with the seq and the case counter
// given.
func (b *Clerk) Entry(id, code string, seq uint64, counter int) (ledger.Entry, error) {
	self := b.s.Self()
	for _, item := range b.items {
		if item.Code != code {
			continue
		}
		body, err := json.Marshal(&ledger.CaseSubmitV1{Number: b.number(counter), Item: code, ItemVersion: 1, Department: item.Department,
			Division: self.Division, HandedInAt: self.Division, Applicant: ledger.Applicant{Type: "person", Name: "王芳", IDNumber: IDNumber(1)},
			Form: Form(item, 1), Materials: Materials(item), Steps: casework.Plan(&item, self.Tier)})
		if err != nil {
			return ledger.Entry{}, err
		}
		e := ledger.Entry{ID: id, Kind: ledger.CaseSubmit, V: 1, Origin: self.Node, Seq: seq, Actor: b.actor, Scope: self.Division, Case: id,
			OccurredAt: Beginning.Add(time.Minute).UnixMilli(), Body: body}
		return e, e.Sign(b.key)
	}
	return ledger.Entry{}, fmt.Errorf("storetest: no item %s", code)
}

func (b *Clerk) number(counter int) string {
	n, err := casework.NewNumber(b.s.Self().Division, calendar.DateOf(Beginning), b.s.Self().Ordinal, counter)
	if err != nil {
		panic(err)
	}
	return n.Compact()
}
