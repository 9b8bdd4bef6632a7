package main

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// Every package that is shipped can be handed in wherever it says, with one form
// and one set of papers in which nothing repeats, and asks for less than its
// items by themselves.
func TestShippedPackagesCanBeHandedIn(t *testing.T) {
	items, faults := catalog.ParseItems(data.Items())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	packages, faults := catalog.ParsePackages(data.Packages, items)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	places := map[node.Tier]division.Code{node.County: "330523", node.Township: "330523110", node.Village: "330523110200"}
	for _, p := range packages {
		var asked []catalog.Item
		for _, code := range p.Items {
			asked = append(asked, items[slices.IndexFunc(items, func(i catalog.Item) bool { return i.Code == code })])
		}
		j := catalog.NewJoint(&p, asked)
		if j.Promise() != p.CriticalPath {
			t.Errorf("%s promises %d, its items %d", p.Code, p.CriticalPath, j.Promise())
		}
		names := map[string]bool{}
		one, each := len(j.Materials), 0
		for _, m := range j.Materials {
			if names[m.Name] {
				t.Errorf("%s asks for %s twice", p.Code, m.Name)
			}
			names[m.Name] = true
		}
		for _, i := range asked {
			each += len(i.Materials)
		}
		if one > each || len(p.Merged)+len(p.Internal) > 0 && one == each {
			t.Errorf("%s asks for %d papers, its items for %d", p.Code, one, each)
		}
		for _, tier := range p.AcceptTiers {
			b := &ledger.PackageSubmitV1{Package: p.Code, Version: 1, Department: p.LeadDepartment, Division: "330523110200", HandedInAt: places[tier]}
			b.Form, b.Materials = storetest.FillJoint(j, 1)
			organisation := slices.ContainsFunc(asked, func(i catalog.Item) bool { return i.Subject == catalog.SubjectLegal })
			b.Applicant = ledger.Applicant{Type: "person", Name: "王芳", IDNumber: storetest.IDNumber(1)}
			if organisation {
				b.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
				if slices.ContainsFunc(j.Form, func(f catalog.JointField) bool { return f.Key == catalog.KeyUSCC }) {
					b.Applicant.IDNumber = storetest.USCC(1)
				}
			}
			b.Form = slices.DeleteFunc(b.Form, func(v catalog.FieldValue) bool {
				return v.Key == catalog.KeyApplicantType || organisation && v.Key == catalog.KeyIDNumber && !requiredBy(j, v.Key) || !organisation && v.Key == catalog.KeyUSCC
			})
			if slices.ContainsFunc(j.Form, func(f catalog.JointField) bool { return f.Key == catalog.KeyApplicantType }) {
				b.Form = append(b.Form, catalog.FieldValue{Key: catalog.KeyApplicantType, Value: map[bool]string{false: catalog.ApplicantNatural, true: catalog.ApplicantLegal}[organisation]})
			}
			if organisation && b.Applicant.IDNumber != "" && !slices.ContainsFunc(b.Form, func(v catalog.FieldValue) bool { return v.Key == catalog.KeyUSCC }) {
				b.Form = append(b.Form, catalog.FieldValue{Key: catalog.KeyUSCC, Value: b.Applicant.IDNumber})
			}
			day, err := calendar.Parse("2026-11-23")
			if err != nil {
				t.Fatal(err)
			}
			number := func(n int) string {
				c, err := casework.NewNumber(places[tier], day, 1, n)
				if err != nil {
					t.Fatal(err)
				}
				return c.Compact()
			}
			b.Number = number(1)
			for i, item := range asked {
				b.Members = append(b.Members, ledger.PackageMember{Item: item.Code, ItemVersion: 1, Number: number(2 + i)})
			}
			e := &ledger.Entry{ID: "e", Case: "e", Scope: b.Division, OccurredAt: day.Midnight().UnixMilli() + 9*3600_000}
			c, cases, err := joint.Open(e, b, &p, asked, casework.Place{Division: places[tier], Ordinal: 1}, catalog.DefaultLimits())
			if incomplete, ok := err.(*casework.Incomplete); ok {
				t.Errorf("%s at the %s: %v", p.Code, tier, incomplete.Faults)
				continue
			}
			if err != nil || len(cases) != len(p.Items) || len(c.Members) != len(p.Items) {
				t.Errorf("%s at the %s: %d cases, %v", p.Code, tier, len(cases), err)
			}
		}
	}
}

func requiredBy(j *catalog.Joint, key string) bool {
	return slices.ContainsFunc(j.Form, func(f catalog.JointField) bool { return f.Key == key && f.Required })
}
