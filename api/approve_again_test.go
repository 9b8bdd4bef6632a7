package api

import (
	"context"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store"
)

// overtaken is a node where some of what is recorded together turns out to have been
// recorded just before, as by a request whose outcome was not known.
type overtaken struct {
	Node
	before func([]Action) []Action
}

func (o *overtaken) RecordTogether(ctx context.Context, actions []Action) ([]store.Result, error) {
	if before := o.before; before != nil {
		o.before = nil
		if _, err := o.Node.RecordTogether(ctx, before(actions)); err != nil {
			return nil, err
		}
	}
	return o.Node.RecordTogether(ctx, actions)
}

// An approval is repeatable: what the same person approved by an earlier sending that
// this hub did not know of yet is no error, and the rest is approved. What somebody
// else approved meanwhile is refused.
func TestApproveAgain(t *testing.T) {
	h := emptyHub(t)
	h.person("second", theCounty, "", identity.CountyOperator)
	h.person("third", theCounty, "", identity.CountyOperator)
	h.must("operator", "POST", "/api/v1/divisions/import", readFile(t, "../node/division/testdata/divisions.json"), 200)
	h.must("operator", "POST", "/api/v1/calendar/import", readFile(t, "../node/calendar/calendartest/calendar.json"), 200)
	h.must("operator", "POST", "/api/v1/items/import", fewItems(t), 200)
	drafts := func() (refs []gen.ItemRef) {
		var list gen.VersionList
		h.get("operator", "/api/v1/drafts", &list)
		for _, v := range list.Versions {
			if v.Status == gen.StatusDraft {
				refs = append(refs, gen.ItemRef{Code: v.Code, Version: v.Version})
			}
		}
		return refs
	}
	third, err := h.node.Store.StaffByLogin(t.Context(), "third")
	check(t, err)
	node, all := h.api.node, drafts()
	if len(all) < 3 {
		t.Fatalf("%d drafts", len(all))
	}
	approve := func(before func([]Action) []Action, status int) {
		t.Helper()
		h.api.node = &overtaken{Node: node, before: before}
		h.must("second", "POST", "/api/v1/items/approve", gen.ApproveRequest{Items: all}, status)
	}
	approve(func(actions []Action) []Action {
		other := actions[0]
		other.Key = ""
		other.Actor.Staff = third.ID
		return []Action{other}
	}, 409)
	if left := drafts(); len(left) != len(all)-1 {
		t.Errorf("after another's approval %d of %d are drafts", len(left), len(all))
	}
	all = drafts()
	approve(func(actions []Action) []Action {
		earlier := actions[0]
		earlier.Key = ""
		return []Action{earlier}
	}, 200)
	if left := drafts(); len(left) != 0 {
		t.Errorf("not approved: %v", left)
	}
	approve(nil, 200)
}
