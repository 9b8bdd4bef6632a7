package api

import (
	"context"
	"errors"
	"slices"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// acceptsBrought names in an acceptance the entries that brought what was missing, where
// it names none and all of it has come: what was asked for since it was asked, what was
// missing at hand-in at any time. A repeat says the same as the first time.
func (s *Server) acceptsBrought(ctx context.Context, c *casework.Case, a Action) error {
	b, ok := a.Body.(*ledger.CaseAcceptV1)
	if !ok || len(b.Supplements) > 0 || b.Deemed {
		return nil
	}
	before, err := s.store.Entry(ctx, s.node.ActionID(a.Actor.Staff, a.Key))
	if err == nil {
		if body, err := before.Decode(); err == nil {
			if first, ok := body.(*ledger.CaseAcceptV1); ok {
				b.Supplements = first.Supplements
			}
		}
		return nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var asked []string
	c.Unbrought(func(name string) bool {
		asked = append(asked, name)
		return true
	})
	later := func(name string) bool {
		return slices.ContainsFunc(b.Tolerated, func(t ledger.ToleratedMaterial) bool { return t.Material == name })
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return err
	}
	told := 0 // the entries from which on something counts as what was asked for
	for i := range entries {
		if k := entries[i].Kind; entries[i].Status != ledger.Refused && (k == ledger.CaseRequestSupplement || k == ledger.PackageNotice) {
			told = i
		}
	}
	var named []string
	for _, name := range append(slices.Clone(c.Lacking), asked...) {
		from := 0
		if slices.Contains(asked, name) {
			from = told
		}
		if i := bringing(entries[from:], name); i != "" {
			if !slices.Contains(named, i) {
				named = append(named, i)
			}
		} else if !later(name) {
			return nil // recording it says what is missing
		}
	}
	b.Supplements = named
	return nil
}

// bringing is the last of some entries that brought a paper or an answer; empty for none.
func bringing(entries []store.EntryView, name string) (entry string) {
	came, _ := supplements(entries)
	for i := range came {
		for _, m := range came[i].Materials {
			if m.Name == name {
				entry = came[i].Entry
			}
		}
		for _, f := range came[i].Form {
			if f.Key == name {
				entry = came[i].Entry
			}
		}
	}
	return entry
}
