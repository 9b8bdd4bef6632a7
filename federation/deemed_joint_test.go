package federation_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// Licence law art. 32 no. 4: what the law accepts of a joint matter tells its one date,
// with the last of the cases that wait for nothing.
func TestDeemedAcceptanceTellsTheJointDate(t *testing.T) {
	p := storetest.Package()
	f := federationtest.New(t, federationtest.Config{Hubs: 1, DeemEvery: 50 * time.Millisecond})
	hub, village := f.Leader(), f.Village(0)
	draft := ledger.PackageDraftV1{Code: p.Code, Version: 1, Hash: catalog.HashPackage(p), Package: catalog.CanonicalPackage(p)}
	f.Do(hub, f.Operator(), &draft)
	approved, second := ledger.PackageApproveV1(draft), f.Operator()
	second.Staff += "-2"
	f.Do(hub, second, &approved)
	edition := catalog.Edition{Number: 2, EffectiveFrom: hub.Clock.Now().UnixMilli(), Entries: []catalog.EditionItem{{Code: p.Code, Version: 1}}}
	f.Do(hub, f.Operator(), &ledger.EditionPublishV1{Edition: edition})
	f.Settle()

	var items []catalog.Item
	b := &ledger.PackageSubmitV1{Package: p.Code, Version: 1, Department: p.LeadDepartment, Division: village.Division, HandedInAt: village.Division}
	for _, code := range p.Items[:2] {
		items = append(items, f.Item(code))
		b.Members = append(b.Members, ledger.PackageMember{Item: code, ItemVersion: 1})
	}
	b.Form, b.Materials = storetest.FillJoint(catalog.NewJoint(&p, items), 1)
	b.Applicant = storetest.ApplicantOf(b.Form)
	r, err := f.TryDo(village, f.Worker(village, items[0]), "", b)
	if err != nil {
		t.Fatal(err)
	}
	f.Settle()
	f.Advance(8 * 24 * time.Hour) // the last day is 2026-11-30
	for _, n := range []*federationtest.Node{village, hub} {
		f.Eventually("both cases to be accepted at "+n.ID, func() bool {
			c, err := n.Store.Joint(t.Context(), r.ID)
			if err != nil {
				return false
			}
			members, err := n.Store.JointMembers(t.Context(), c)
			return err == nil && !c.TakenUpOn(members).IsZero()
		})
		c, err := n.Store.Joint(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		members, err := n.Store.JointMembers(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		told := joint.Told(members)
		if told.Promised.IsZero() || told.Statutory.IsZero() || c.FirstTold(members).Promised != told.Promised {
			t.Errorf("at %s: told %+v", n.ID, told)
		}
		for _, m := range members {
			if m.AcceptedOn.String() != "2026-11-23" {
				t.Errorf("at %s: %s accepted on %s", n.ID, m.ItemName, m.AcceptedOn)
			}
		}
	}
}
