package joint

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/catalog/catalogtest"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

const (
	county  division.Code = "330523"
	village division.Code = "330523110200"
)

// shipped are the items and packages of the catalog.
func shipped(t testing.TB) ([]catalog.Item, []catalog.Package) {
	t.Helper()
	return catalogtest.Items(t), catalogtest.Packages(t)
}

// handIn is a package as a county window takes it in, with all papers still to
// come, for the items asked for.
func handIn(t testing.TB, p *catalog.Package, items []catalog.Item, asked []string) (*ledger.Entry, *ledger.PackageSubmitV1, []catalog.Item, casework.Place) {
	t.Helper()
	day := calendartest.Date(t, "2026-11-23")
	from := casework.Place{Division: county, Ordinal: 1}
	number := func(n int) string {
		is, err := casework.NewNumber(county, day, 1, n)
		if err != nil {
			t.Fatal(err)
		}
		return is.Compact()
	}
	b := &ledger.PackageSubmitV1{Number: number(1), Package: p.Code, Version: 1, Department: p.LeadDepartment, Division: village, HandedInAt: county, Lacking: true,
		Applicant: ledger.Applicant{Type: "person", Name: "王芳", IDNumber: "330599200103152464"}}
	var own []catalog.Item
	organisations := true
	for i, code := range asked {
		k := slices.IndexFunc(items, func(i catalog.Item) bool { return i.Code == code })
		own = append(own, items[k])
		organisations = organisations && items[k].Subject != catalog.SubjectNatural
		b.Members = append(b.Members, ledger.PackageMember{Item: code, ItemVersion: 1, Number: number(i + 2)})
	}
	if organisations {
		b.Applicant = ledger.Applicant{Type: "organisation", Name: "甲子茶业有限公司", IDNumber: "91330599MA000TB146"}
	}
	e := &ledger.Entry{ID: "joint", Case: "joint", Scope: village, Kind: ledger.PackageSubmit, V: 1, OccurredAt: day.Midnight().UnixMilli() + 10*3600_000}
	return e, b, own, from
}

// Each shipped package opens one case for each item asked for, or nothing: in its
// order, each waiting for what the package says, each of its own number.
func TestOpenEveryPackage(t *testing.T) {
	items, packages := shipped(t)
	opened := 0
	for i := range packages {
		p := &packages[i]
		e, b, own, from := handIn(t, p, items, p.Items)
		if !slices.Contains(p.AcceptTiers, county.Tier()) {
			continue
		}
		c, cases, err := Open(e, b, p, own, from, catalog.DefaultLimits())
		if err != nil {
			// Whom the package is for is for its form to say, which is empty here.
			t.Logf("%s: %v", p.Code, err)
			continue
		}
		opened++
		if len(cases) != len(p.Items) || len(c.Members) != len(cases) {
			t.Fatalf("%s: %d cases of %d items", p.Code, len(cases), len(p.Items))
		}
		for n, m := range c.Members {
			is := cases[n]
			if m.Case != is.ID || is.ID != MemberID(e.ID, m.Item) || is.Number != b.Members[n].Number || is.Package.ID != c.ID || is.Head != e.ID {
				t.Errorf("%s: %+v", p.Code, m)
			}
			if !slices.Equal(m.After, is.Package.After) || slices.Contains(m.After, m.Case) {
				t.Errorf("%s: %s waits for %v", p.Code, m.Item, m.After)
			}
			for _, made := range m.Makes {
				if !slices.Contains(m.After, made) {
					t.Errorf("%s: %s is made for and not waited for", p.Code, made)
				}
			}
			if (len(m.After) > 0) != (is.Gate() == casework.GateWaiting) {
				t.Errorf("%s: %s is %s after %v", p.Code, m.Item, is.Gate(), m.After)
			}
		}
		if got := c.StatusOf(cases); got != HandedIn {
			t.Errorf("%s: %s", p.Code, got)
		}
		if changed := c.Settle(cases); len(changed) != 0 {
			t.Errorf("%s: nothing happened and %d cases changed", p.Code, len(changed))
		}
	}
	if opened < len(packages)/3 {
		t.Errorf("only %d of %d packages opened", opened, len(packages))
	}
}

// A hand-in that is not what the package says is refused whole.
func TestOpenRefuses(t *testing.T) {
	items, packages := shipped(t)
	var p *catalog.Package
	for i := range packages {
		e, b, own, from := handIn(t, &packages[i], items, packages[i].Items)
		if _, _, err := Open(e, b, &packages[i], own, from, catalog.DefaultLimits()); err == nil && len(packages[i].Items) > 1 {
			p = &packages[i]
			break
		}
	}
	if p == nil {
		t.Fatal("no package opens")
	}
	needed := slices.IndexFunc(p.Items, func(code string) bool { return !p.Optional(code) })
	for _, x := range []struct {
		name, want string
		asked      func() []string
		change     func(e *ledger.Entry, b *ledger.PackageSubmitV1)
	}{
		{"another id", "case_id", nil, func(e *ledger.Entry, _ *ledger.PackageSubmitV1) { e.Case = "other" }},
		{"another package", "package_mismatch", nil, func(_ *ledger.Entry, b *ledger.PackageSubmitV1) { b.Package = "PK-99" }},
		{"another lead", "package_mismatch", nil, func(_ *ledger.Entry, b *ledger.PackageSubmitV1) { b.Department = "县无此局" }},
		{"another day's number", "case_number", nil, func(e *ledger.Entry, _ *ledger.PackageSubmitV1) { e.OccurredAt += 24 * 3600_000 }},
		{"without an item that is needed", "package_items", func() []string { return slices.Delete(slices.Clone(p.Items), needed, needed+1) }, nil},
		{"in another order", "package_items", func() []string { c := slices.Clone(p.Items); slices.Reverse(c); return c }, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			asked := p.Items
			if x.asked != nil {
				asked = x.asked()
			}
			e, b, own, from := handIn(t, p, items, asked)
			if x.change != nil {
				x.change(e, b)
			}
			c, cases, err := Open(e, b, p, own, from, catalog.DefaultLimits())
			no, _ := err.(*casework.Refusal)
			if no == nil || no.Code != x.want || c != nil || cases != nil {
				t.Errorf("%v, want %s", err, x.want)
			}
		})
	}
	e, b, own, from := handIn(t, p, items, p.Items)
	b.Form = []catalog.FieldValue{{Key: "nobody_asks_this", Value: "x"}}
	var incomplete *casework.Incomplete
	if _, _, err := Open(e, b, p, own, from, catalog.DefaultLimits()); err == nil {
		t.Error("a field that no item asks for was taken")
	} else if incomplete, _ = err.(*casework.Incomplete); incomplete == nil {
		t.Error(err)
	}
}

// drawn are the cases of a joint matter as they may stand, and the joint matter.
func drawn(t *rapid.T) (*Case, []*casework.Case) {
	c := &Case{ID: "joint", Head: "joint"}
	var members []*casework.Case
	n := rapid.IntRange(2, 6).Draw(t, "cases")
	for i := range n {
		m := Member{Case: fmt.Sprint("c", i), Stage: 1}
		is := &casework.Case{ID: m.Case, Status: casework.HandedIn}
		for k := range i {
			if !rapid.Bool().Draw(t, "waits") {
				continue
			}
			m.After = append(m.After, fmt.Sprint("c", k))
			m.Stage = max(m.Stage, c.Members[k].Stage+1)
			if rapid.Bool().Draw(t, "for its result") {
				m.Makes = append(m.Makes, fmt.Sprint("c", k))
			}
		}
		is.Package = &casework.Joined{ID: c.ID, After: m.After}
		at := int64(rapid.IntRange(1, 1000).Draw(t, "at"))
		switch rapid.SampledFrom([]string{"waits", "accepted", "granted", "issued", "declined", "not accepted", "terminated"}).Draw(t, "state") {
		case "accepted":
			is.Status, is.AcceptedMS = casework.Accepted, at
		case "granted":
			is.Status, is.AcceptedMS, is.Decision, is.DecidedMS = casework.Granted, at, casework.Granted, at+1
		case "issued":
			is.Status, is.AcceptedMS, is.Decision, is.DecidedMS, is.IssuedMS = casework.Issued, at, casework.Granted, at+1, at+2
			is.Documents = []ledger.IssuedDocument{{Name: "证照", Number: m.Case + "-1"}}
		case "declined":
			is.Status, is.AcceptedMS, is.Decision, is.DecidedMS = casework.Closed, at, casework.Declined, at+1
		case "not accepted":
			is.Status, is.RejectedMS = casework.NotAccepted, at
		case "terminated":
			is.Status, is.TerminatedMS = casework.Terminated, at
		}
		for _, id := range m.Makes {
			is.Package.Internal = append(is.Package.Internal, casework.InternalPaper{Material: "证照", From: id})
		}
		c.Members, members = append(c.Members, m), append(members, is)
	}
	return c, members
}

func settled(c *Case, members []*casework.Case) []*casework.Case {
	out := slices.Clone(members)
	for _, m := range c.Settle(members) {
		out[slices.IndexFunc(out, func(is *casework.Case) bool { return is.ID == m.ID })] = m
	}
	return out
}

// What cases tell each other follows from how they stand alone: whatever order
// they are read in, and once. A case may be taken up exactly when all that it
// waits for is done, and never when something of it can never be.
func TestSettle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, members := drawn(t)
		before := make([]casework.Case, len(members))
		for i, m := range members {
			before[i] = *m
		}
		after := settled(c, members)
		for i, m := range members {
			if m.Status != before[i].Status || m.Package != before[i].Package {
				t.Fatal("Settle changed what it was given")
			}
		}
		if again := c.Settle(after); len(again) != 0 {
			t.Fatalf("settled twice, %d changed again", len(again))
		}
		mixed := rapid.Permutation(members).Draw(t, "order")
		for _, m := range settled(c, mixed) {
			i := slices.IndexFunc(after, func(is *casework.Case) bool { return is.ID == m.ID })
			if !sameJoined(m.Package, after[i].Package) {
				t.Fatalf("%s depends on the order: %+v and %+v", m.ID, m.Package, after[i].Package)
			}
		}
		by := map[string]*casework.Case{}
		for _, m := range after {
			by[m.ID] = m
		}
		for _, m := range c.Members {
			is, free, never := by[m.Case], true, false
			for _, id := range m.After {
				_, done := doneAt(by[id], slices.Contains(m.Makes, id))
				free = free && done
				never = never || !done && (by[id].Status.Ended() || by[id].Decision == casework.Declined || by[id].Gate() == casework.GateBlocked)
			}
			want := casework.GateOpen
			switch {
			case never:
				want = casework.GateBlocked
			case !free:
				want = casework.GateWaiting
			}
			if got := is.Gate(); got != want {
				t.Fatalf("%s is %s, want %s: %+v", m.Case, got, want, is.Package)
			}
			for _, p := range is.Package.Internal {
				if (len(p.Numbers) > 0) != (len(by[p.From].Documents) > 0 && by[p.From].Decision == casework.Granted) {
					t.Fatalf("%s has papers %v of %+v", m.Case, p.Numbers, by[p.From])
				}
			}
		}
	})
}

// The whole is concluded when every case of it has ended, and not before.
func TestStatusOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, members := drawn(t)
		ended, decided := true, true
		for _, m := range members {
			ended = ended && m.Status.Ended()
			decided = decided && (m.Status.Ended() || m.Decision != "")
		}
		got := c.StatusOf(members)
		if (got == Ended) != ended || (got == Ended || got == Decided) != decided {
			t.Fatalf("%s: ended %t, decided %t", got, ended, decided)
		}
		if short := c.StatusOf(members[1:]); short == Ended || short == Decided {
			t.Fatalf("%s while a case is not here", short)
		}
		for _, m := range settled(c, members) {
			fate := FateOf(m)
			if (fate == FateGranted) != (m.Decision == casework.Granted) || (fate == FateBlocked) && m.Status.Ended() {
				t.Fatalf("%s of %+v", fate, m)
			}
		}
	})
}

// One notice for all, of the last finding about each case; who has not looked is
// named.
func TestCompose(t *testing.T) {
	c := &Case{Members: []Member{{Case: "a"}, {Case: "b"}, {Case: "c"}, {Case: "d"}}}
	point := func(name string) []ledger.SupplementPoint {
		return []ledger.SupplementPoint{{Material: name, Problem: "missing", How: "请提交"}}
	}
	members := []*casework.Case{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d", AcceptedMS: 1}}
	points, open := c.Compose([]Finding{{Case: "b", Points: point("旧")}, {Case: "a"}, {Case: "b", Points: point("新")}, {Case: "d", Points: point("晚")}}, members)
	if len(points) != 1 || points[0].Case != "b" || points[0].Points[0].Material != "新" || !slices.Equal(open, []string{"c"}) {
		t.Errorf("%+v %v", points, open)
	}
}

// What several cases need is brought once, and what one makes for another never.
func TestPapersOfAJointMatter(t *testing.T) {
	c := &Case{Materials: []catalog.SubmittedMaterial{{Name: "申请书"}, {Name: "营业执照", OnFile: catalog.OnFile{Case: "x", Brought: "x", Material: "营业执照"}}}}
	members := []*casework.Case{
		{Materials: make([]catalog.SubmittedMaterial, 2), Package: &casework.Joined{}},
		{Materials: make([]catalog.SubmittedMaterial, 2), Package: &casework.Joined{Internal: make([]casework.InternalPaper, 1)}},
	}
	if got := c.Papers(members); got != (Papers{Demanded: 5, Asked: 1, Reused: 1}) {
		t.Errorf("%+v", got)
	}
}
