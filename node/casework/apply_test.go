package casework

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

var opened = time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("Asia/Shanghai", 8*3600)).UnixMilli()

const county, township, village = division.Code("330523"), division.Code("330523110"), division.Code("330523110200")

// submission is a complete one of TB-MZJ-004: accepted by the village,
// pre-reviewed by the township, decided by the county.
func submission(tb testing.TB, at division.Code) (*ledger.Entry, *ledger.CaseSubmitV1, *catalog.Item) {
	tb.Helper()
	item := mustItem(tb, "TB-MZJ-004")
	b := &ledger.CaseSubmitV1{Number: mustNumber(tb, string(at), "2026-11-23", 1, 45).Compact(), Item: item.Code, ItemVersion: 1, Department: item.Department,
		Division: village, HandedInAt: at, Steps: Plan(item, at.Tier()),
		Applicant: ledger.Applicant{Type: "person", Name: "王芳", IDNumber: validID}}
	for _, f := range item.Form {
		value := map[catalog.FieldType]string{catalog.TypeIDNumber: validID, catalog.TypePhone: "13800000000", catalog.TypeNumber: "3"}[f.Type]
		switch {
		case f.Type == catalog.TypeEnum:
			value = f.Options[0]
		case value == "":
			value = f.Label
		}
		b.Form = append(b.Form, catalog.FieldValue{Key: f.Key, Value: value})
	}
	for _, m := range item.Materials {
		if m.Required {
			b.Materials = append(b.Materials, catalog.SubmittedMaterial{Name: m.Name, Form: catalog.SubmittedOriginal, Copies: m.Copies})
		}
	}
	e := &ledger.Entry{ID: "e0", Kind: ledger.CaseSubmit, V: 1, Origin: "n", Scope: village, Case: "e0", OccurredAt: opened, Actor: identity.Actor{Staff: "clerk"}}
	return e, b, item
}

// validID is the standard's own example of a number.
const validID = "11010519491231002X"

func mustOpen(tb testing.TB, at division.Code) *Case {
	tb.Helper()
	e, b, item := submission(tb, at)
	c, err := Open(e, b, item, Place{Division: at, Ordinal: 1}, catalog.DefaultLimits())
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// code is the code of a refusal, "incomplete" or "".
func code(err error) string {
	var no *Refusal
	var missing *Incomplete
	switch {
	case errors.As(err, &no):
		return no.Code
	case errors.As(err, &missing):
		return "incomplete"
	case err != nil:
		return err.Error()
	}
	return ""
}

func TestOpen(t *testing.T) {
	for _, at := range []division.Code{county, township, village} {
		c := mustOpen(t, at)
		if c.Holder != at || c.Status != HandedIn || c.Step != 0 || c.Head != "e0" || c.ID != "e0" || c.HandedInMS != opened || len(c.Flags) != 0 {
			t.Errorf("handed in at %s: %+v", at, c)
		}
	}
}

// Rules: 2.3.
func TestOpenRefuses(t *testing.T) {
	type args struct {
		e     *ledger.Entry
		b     *ledger.CaseSubmitV1
		item  *catalog.Item
		place *Place
	}
	rows := []struct {
		want   string
		at     division.Code
		change func(args)
	}{
		{"case_id", village, func(a args) { a.e.Case = "e1" }},
		{"case_division", village, func(a args) { a.e.Scope = township }},
		{"case_division", village, func(a args) { a.b.HandedInAt = township }},
		{"case_division", village, func(a args) { a.b.Division, a.e.Scope = "330523110201", "330523110201" }},
		{"case_division", township, func(a args) { a.b.Division, a.e.Scope = "330523111200", "330523111200" }},
		{"case_division", county, func(a args) { a.b.Division, a.e.Scope = county, county }},
		{"tier_not_accepting", village, func(a args) { a.item.AcceptTiers = []node.Tier{node.County} }},
		{"case_number", village, func(a args) { a.b.Number = "x" }},
		{"case_number", village, func(a args) { a.place.Ordinal = 2 }},
		{"case_number", village, func(a args) { a.e.OccurredAt += 24 * 3600_000 }},
		{"case_number", village, func(a args) { a.b.Number = mustNumber(t, "330523110", "2026-11-23", 1, 45).Compact() }},
		{"item_mismatch", village, func(a args) { a.b.Item = "TB-MZJ-005" }},
		{"item_mismatch", village, func(a args) { a.b.Department = "县公安局" }},
		{"steps", village, func(a args) { a.b.Steps = a.b.Steps[1:] }},
		{"steps", village, func(a args) {
			a.b.Steps = append(slices.Clone(a.b.Steps), ledger.Step{Tier: node.Village, Verb: ledger.VerbDeliver})
		}},
		{"steps", village, func(a args) { a.b.Steps = Plan(a.item, node.Township) }},
		{"incomplete", village, func(a args) { a.b.Form = a.b.Form[1:] }},
		{"incomplete", village, func(a args) { a.b.Materials = nil }},
		{"incomplete", village, func(a args) { a.b.Form[1].Value = "110105194912310021" }},
	}
	for i, row := range rows {
		e, b, item := submission(t, row.at)
		place := Place{Division: row.at, Ordinal: 1}
		row.change(args{e, b, item, &place})
		if c, err := Open(e, b, item, place, catalog.DefaultLimits()); c != nil || code(err) != row.want {
			t.Errorf("row %d: %v, want %s", i, err, row.want)
		}
	}
	e, b, item := submission(t, village)
	b.Form, b.Materials = nil, nil
	_, err := Open(e, b, item, Place{Division: village, Ordinal: 1}, catalog.DefaultLimits())
	var missing *Incomplete
	if !errors.As(err, &missing) || len(missing.Faults) != 16 {
		t.Errorf("not everything that is missing was told at once: %v", missing)
	}
}

// apply applies an entry under the item that the case names.
func apply(c *Case, e *ledger.Entry, body ledger.Body, from Place) (*Case, error) {
	item, ok := catalogItems()[c.Item]
	if !ok {
		item = catalogItems()["TB-MZJ-004"]
	}
	if _, ok := body.(*ledger.CaseIssueV1); ok {
		body = &ledger.CaseIssueV1{Documents: []ledger.IssuedDocument{{Name: Issuable(item, c.Decision)[0]}}}
	}
	return Apply(c, item, e, body, from)
}

// entry is the next one of a case from where it is held.
func entry(c *Case, id string) *ledger.Entry {
	return &ledger.Entry{ID: id, Case: c.ID, Prev: c.Head, OccurredAt: c.HandedInMS + 60_000, Actor: identity.Actor{Staff: "staff-" + id}}
}

func holder(c *Case) Place { return Place{Division: c.Holder, Ordinal: 1} }

var bodies = map[ledger.Kind]ledger.Body{
	ledger.CaseAccept:  &ledger.CaseAcceptV1{},
	ledger.CaseReject:  &ledger.CaseRejectV1{Reason: "不属于本机关", Ground: ledger.RejectOther},
	ledger.CaseRelay:   &ledger.CaseRelayV1{},
	ledger.CaseReview:  &ledger.CaseReviewV1{Opinion: "符合"},
	ledger.CaseDecide:  &ledger.CaseDecideV1{Granted: true, Opinion: "准予"},
	ledger.CaseIssue:   &ledger.CaseIssueV1{}, // apply names the item's own result
	ledger.CaseDeliver: &ledger.CaseDeliverV1{Recipient: "王芳", Method: "direct"},
}

// drawBody is a body of a kind, well-formed, but not always allowed.
func drawBody(t *rapid.T, k ledger.Kind, item *catalog.Item, today calendar.Date) ledger.Body {
	procedure := rapid.SampledFrom([]string{"检疫", "公示", "鉴定"}).Draw(t, "procedure")
	off := rapid.IntRange(-2, 20).Draw(t, "off")
	switch k {
	case ledger.CaseReturn:
		return &ledger.CaseReturnV1{ToStep: rapid.IntRange(0, 8).Draw(t, "to"), Reason: "x"}
	case ledger.CaseRequestSupplement:
		b := &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{{Material: item.Materials[0].Name, Problem: ledger.ProblemWrong, How: "x"}}, Before: today.AddDays(off)}
		if rapid.Bool().Draw(t, "again") {
			b.Again = "x"
		}
		return b
	case ledger.CaseAccept:
		b := &ledger.CaseAcceptV1{Deemed: rapid.Bool().Draw(t, "deemed")}
		if rapid.Bool().Draw(t, "supplemented") {
			b.Supplements = []string{"s"}
		}
		return b
	case ledger.CaseTerminate:
		return &ledger.CaseTerminateV1{Cause: rapid.SampledFrom([]ledger.Cause{ledger.CauseNotSupplemented, ledger.CauseMoot}).Draw(t, "cause"), Reason: "x"}
	case ledger.CaseSuspend:
		return &ledger.CaseSuspendV1{Procedure: procedure, Lawful: procedure != "公示", Until: today.AddDays(off), Reason: "x"}
	case ledger.CaseResume:
		return &ledger.CaseResumeV1{Procedure: procedure, On: today.AddDays(off - 10), Result: "x"}
	case ledger.HearingTell:
		return &ledger.HearingTellV1{Matter: "x", Before: today.AddDays(off)}
	case ledger.HearingConvene:
		return &ledger.HearingConveneV1{On: today.AddDays(off), Time: "09:00", Place: "x", Presider: ledger.NamedPerson{Staff: rapid.SampledFrom([]string{"a", "b", "c", "p"}).Draw(t, "presider"), Name: "x"}}
	case ledger.HearingRecord:
		return &ledger.HearingRecordV1{On: today.AddDays(off / 4), Held: rapid.Bool().Draw(t, "held"), Summary: "x"}
	case ledger.RefusalTell:
		return &ledger.RefusalTellV1{Reason: rapid.SampledFrom([]string{"不符合规定条件", "经营场所未通过勘验", "x"}).Draw(t, "reason"), Before: today.AddDays(off)}
	case ledger.CaseExtend:
		return &ledger.CaseExtendV1{Days: 10, Reason: "x"}
	}
	return bodies[k]
}

// Every verb at every step of every kind of way: the step's own passes, all
// others are refused and change nothing.
//
// Rules: 4.1.
func TestApplyEveryVerbAtEveryStep(t *testing.T) {
	for _, way := range []struct {
		item string
		at   division.Code
	}{{"TB-MZJ-004", village}, {"TB-MZJ-004", county}, {"TB-YBJ-003", village}, {"TB-XZRZ-005", township}} {
		item := mustItem(t, way.item)
		c := &Case{ID: "e0", Head: "e0", Division: village, HandedInAt: way.at, Status: HandedIn, Steps: Plan(item, way.at.Tier()), HandedInMS: opened, Applicant: ledger.Applicant{Type: "person", Name: "王芳"}}
		if c.Steps[0].Verb == ledger.VerbCollect {
			c.Step = 1
		}
		c.Holder, _ = holderOf(c.Steps[c.Step], c.Division, c.HandedInAt)
		for n := 1; !c.Status.Ended(); n++ {
			before := mustJSON(t, c)
			step, _ := c.Current()
			for kind, body := range bodies {
				own := kind == KindOf(step.Verb) || kind == ledger.CaseReject && step.Verb == ledger.VerbAccept
				next, err := apply(c, entry(c, "x"), body, holder(c))
				if (err == nil) != own || !own && (next != nil || code(err) != "wrong_step") {
					t.Errorf("%s at %s: %s at step %s: %v", way.item, way.at, kind, step.Verb, err)
				}
			}
			if got := mustJSON(t, c); got != before {
				t.Fatalf("the case given was changed:\n%s\n%s", before, got)
			}
			next, err := apply(c, entry(c, fmt.Sprint("e", n)), bodies[KindOf(step.Verb)], holder(c))
			if err != nil {
				t.Fatal(err)
			}
			c = next
		}
		if c.Status != Closed || c.Decision != Granted || c.AcceptedMS == 0 || c.DecidedMS == 0 || c.IssuedMS == 0 || c.DeliveredMS == 0 || len(c.Documents) != 1 {
			t.Errorf("at the end: %+v", c)
		}
		for kind, body := range bodies {
			if _, err := apply(c, entry(c, "x"), body, holder(c)); code(err) != "case_ended" {
				t.Errorf("%s after the end: %v", kind, err)
			}
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	c := mustOpen(t, village)
	accept := bodies[ledger.CaseAccept]
	rows := []struct {
		want string
		do   func() (*Case, error)
	}{
		{"stale", func() (*Case, error) { e := entry(c, "x"); e.Prev = "other"; return apply(c, e, accept, holder(c)) }},
		{"stale", func() (*Case, error) { e := entry(c, "x"); e.Prev = ""; return apply(c, e, accept, holder(c)) }},
		{"not_holder", func() (*Case, error) { return apply(c, entry(c, "x"), accept, Place{Division: township, Ordinal: 1}) }},
		{"not_holder", func() (*Case, error) { return apply(c, entry(c, "x"), accept, Place{}) }},
		{"wrong_kind", func() (*Case, error) { return apply(c, entry(c, "x"), &ledger.CaseCommentV1{Text: "x"}, holder(c)) }},
		{"wrong_kind", func() (*Case, error) { return apply(c, entry(c, "x"), &ledger.CaseSubmitV1{}, holder(c)) }},
		{"wrong_step", func() (*Case, error) {
			return apply(c, entry(c, "x"), &ledger.CaseReturnV1{ToStep: 0, Reason: "x"}, holder(c))
		}},
	}
	for i, row := range rows {
		if next, err := row.do(); next != nil || code(err) != row.want {
			t.Errorf("row %d: %v, want %s", i, err, row.want)
		}
	}
}

func TestRejectOnlyBeforeAcceptance(t *testing.T) {
	c := mustOpen(t, village)
	rejected, err := apply(c, entry(c, "e1"), bodies[ledger.CaseReject], holder(c))
	if err != nil || rejected.Status != NotAccepted || !rejected.Status.Ended() {
		t.Fatalf("%+v, %v", rejected, err)
	}
	c = mustApply(t, c, "e1", bodies[ledger.CaseAccept])
	c = mustApply(t, c, "e2", &ledger.CaseReturnV1{ToStep: 0, Reason: "请补充"})
	if c.Holder != village || c.Status != Accepted || c.AcceptedMS == 0 {
		t.Fatalf("returned: %+v", c)
	}
	if _, err := apply(c, entry(c, "e3"), bodies[ledger.CaseReject], holder(c)); code(err) != "accepted" {
		t.Errorf("an accepted case was rejected: %v", err)
	}
	accepted := c.AcceptedMS
	e := entry(c, "e3")
	e.OccurredAt += 3600_000
	if c, err = apply(c, e, bodies[ledger.CaseAccept], holder(c)); err != nil || c.AcceptedMS != accepted {
		t.Errorf("the legal clock was set back: %d, was %d (%v)", c.AcceptedMS, accepted, err)
	}
}

// Rules: 4.2.
func TestReturn(t *testing.T) {
	c := mustOpen(t, village)
	c = mustApply(t, c, "e1", bodies[ledger.CaseAccept])
	c = mustApply(t, c, "e2", bodies[ledger.CaseReview])
	if back := mustApply(t, c, "e3", &ledger.CaseReturnV1{ToStep: 1, Reason: "x"}); back.Holder != township || back.Step != 1 {
		t.Errorf("returned to the township: %+v", back)
	}
	for _, to := range []int{2, 3, 15} {
		if _, err := apply(c, entry(c, "x"), &ledger.CaseReturnV1{ToStep: to, Reason: "x"}, holder(c)); code(err) != "wrong_step" {
			t.Errorf("returned from step %d to %d: %v", c.Step, to, err)
		}
	}
	c = mustApply(t, c, "e3", bodies[ledger.CaseDecide])
	if _, err := apply(c, entry(c, "x"), &ledger.CaseReturnV1{ToStep: 0, Reason: "x"}, holder(c)); code(err) != "decided" {
		t.Errorf("a decided case was returned: %v", err)
	}
	item := mustItem(t, "TB-YBJ-003")
	collected := &Case{ID: "e0", Head: "e0", Division: village, HandedInAt: village, Holder: township, Status: HandedIn, Steps: Plan(item, node.Village), Step: 1}
	if _, err := apply(collected, entry(collected, "x"), &ledger.CaseReturnV1{ToStep: 0, Reason: "x"}, holder(collected)); code(err) != "wrong_step" {
		t.Errorf("a case was returned to its collecting: %v", err)
	}
}

// Rules: 2.13, 4.3.
func TestWhoAcceptedMayNotDecide(t *testing.T) {
	c := mustOpen(t, village)
	accept := entry(c, "e1")
	accept.Actor.Staff = "one"
	c, err := apply(c, accept, bodies[ledger.CaseAccept], holder(c))
	if err != nil {
		t.Fatal(err)
	}
	c = mustApply(t, c, "e2", bodies[ledger.CaseReview])
	decide := entry(c, "e3")
	decide.Actor.Staff = "one"
	if _, err := apply(c, decide, bodies[ledger.CaseDecide], holder(c)); code(err) != "same_person" {
		t.Errorf("one person accepted and decided: %v", err)
	}
	c.Instant = true
	if _, err := apply(c, decide, bodies[ledger.CaseDecide], holder(c)); err != nil {
		t.Errorf("an instant item: %v", err)
	}
}

func TestDeclinedStaysDeclined(t *testing.T) {
	c := mustOpen(t, village)
	c = mustApply(t, c, "e1", bodies[ledger.CaseAccept])
	c = mustApply(t, c, "e2", bodies[ledger.CaseReview])
	c = mustApply(t, c, "e3", &ledger.CaseDecideV1{Opinion: "收入超过标准"})
	if c.Status != Declined {
		t.Fatalf("%+v", c)
	}
	c = mustApply(t, c, "e4", bodies[ledger.CaseIssue])
	if c = mustApply(t, c, "e5", bodies[ledger.CaseDeliver]); c.Status != Closed || c.Decision != Declined {
		t.Errorf("at the end: status %s, decision %s", c.Status, c.Decision)
	}
}

func TestClockSkewIsFlaggedOnce(t *testing.T) {
	c := mustOpen(t, village)
	for i := range 2 {
		e := entry(c, fmt.Sprint("e", i+1))
		e.SkewMS = 600_000
		next, err := apply(c, e, bodies[[]ledger.Kind{ledger.CaseAccept, ledger.CaseReview}[i]], holder(c))
		if err != nil {
			t.Fatal(err)
		}
		c = next
	}
	if !slices.Equal(c.Flags, []string{FlagClockSkew}) {
		t.Errorf("flags %v", c.Flags)
	}
}

// Whatever happens to a case, in any order, from anywhere: a refused entry
// changes nothing, and at every moment it has exactly one holder or has ended.
func TestRandomWalksKeepTheCaseWhole(t *testing.T) {
	items := mustItems(t)
	var kinds []ledger.Kind
	for _, t := range Transitions {
		kinds = append(kinds, t.Kind)
	}
	places := []division.Code{county, township, village, "330523111"}
	rapid.Check(t, func(t *rapid.T) {
		item := &items[rapid.IntRange(0, len(items)-1).Draw(t, "item")]
		tier := rapid.SampledFrom(item.AcceptTiers).Draw(t, "tier")
		c := &Case{ID: "e0", Head: "e0", Item: item.Code, Instant: item.Instant, Division: village, HandedInAt: desks[tier], Status: HandedIn, Steps: Plan(item, tier), HandedInMS: opened}
		if c.Steps[0].Verb == ledger.VerbCollect {
			c.Step = 1
		}
		c.Holder, _ = holderOf(c.Steps[c.Step], c.Division, c.HandedInAt)
		heads := map[string]bool{"e0": true}
		for n := range rapid.IntRange(1, 40).Draw(t, "entries") {
			e := entry(c, fmt.Sprint("e", n+1))
			e.Actor.Staff = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "staff")
			if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
				e.Prev = "e0"
			}
			place := holder(c)
			if rapid.IntRange(0, 4).Draw(t, "elsewhere") == 0 {
				place.Division = rapid.SampledFrom(places).Draw(t, "place")
			}
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			if step, open := c.Current(); open && rapid.Bool().Draw(t, "own step") {
				kind = KindOf(step.Verb)
			}
			e.OccurredAt += int64(n) * 12 * 3600_000
			body := drawBody(t, kind, item, dayOf(e))
			before, held := mustJSON(t, c), c.Holder
			next, err := apply(c, e, body, place)
			if got := mustJSON(t, c); got != before {
				t.Fatalf("the case given was changed:\n%s\n%s", before, got)
			}
			if err != nil {
				if next != nil || code(err) == err.Error() {
					t.Fatalf("%s: %v", kind, err)
				}
				continue
			}
			switch {
			case place.Division != held || e.Prev != c.Head:
				t.Fatalf("%s from %s was applied although %s holds the case at %s", kind, place.Division, held, c.Head)
			case next.Head != e.ID || heads[next.Head]:
				t.Fatalf("the chain goes from %s to %s", c.Head, next.Head)
			case next.Step < 0 || next.Step > len(next.Steps):
				t.Fatalf("step %d of %d", next.Step, len(next.Steps))
			}
			heads[next.Head] = true
			step, open := next.Current()
			if open == next.Status.Ended() {
				t.Fatalf("status %s at step %d of %d", next.Status, next.Step, len(next.Steps))
			}
			if c.AcceptedOn != next.AcceptedOn && !c.AcceptedOn.IsZero() {
				t.Fatalf("the day of acceptance went from %s to %s", c.AcceptedOn, next.AcceptedOn)
			}
			if !item.Instant && next.DecidedBy != nil && next.DecidedBy.Staff == next.AcceptedBy.Staff {
				t.Fatalf("%s accepted and decided", next.DecidedBy.Staff)
			}
			if h := next.Hearing; h != nil && h.Presider.Staff != "" && (next.lookedInto(h.Presider.Staff) || next.DecidedBy != nil && next.DecidedBy.Staff == h.Presider.Staff) {
				t.Fatalf("%s chairs the hearing and looked into the case or decided it", h.Presider.Staff)
			}
			if c.DecidedMS == 0 && next.DecidedMS != 0 && next.Hearing.pending() {
				t.Fatal("decided while a hearing has no record")
			}
			if want, ok := holderOf(step, next.Division, next.HandedInAt); open && (!ok || next.Holder != want || next.Holder.Tier() != step.Tier) {
				t.Fatalf("%s holds step %+v, want %s", next.Holder, step, want)
			}
			c = next
		}
	})
}

func mustApply(tb testing.TB, c *Case, id string, body ledger.Body) *Case {
	tb.Helper()
	next, err := apply(c, entry(c, id), body, holder(c))
	if err != nil {
		tb.Fatal(err)
	}
	return next
}

func mustJSON(tb failer, v any) string {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}
