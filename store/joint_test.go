package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

const aid = "TB-SFJ-001"

// member is the case of an item of a joint matter.
func member(t *testing.T, c *joint.Case, item string) string {
	t.Helper()
	for _, m := range c.Members {
		if m.Item == item {
			return m.Case
		}
	}
	t.Fatalf("no case of %s in %+v", item, c.Members)
	return ""
}

func joints(t *testing.T) *storetest.County {
	t.Helper()
	c := storetest.NewCounty(t)
	c.OfferPackage()
	return c
}

// A joint matter is handed in at a village with the line cut: all cases come of
// one entry, wait for each other, and end; every node has the same.
func TestJointMatterFromAVillage(t *testing.T) {
	c := joints(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	opened := village.MustHandIn(village.HandIn(storetest.Package()))
	if len(opened.Members) != 3 || opened.Holder != storetest.Code || opened.Promise != 7 {
		t.Fatalf("%+v", opened)
	}
	numbers := []string{opened.Number}
	for _, m := range opened.Members {
		is := village.MustCase(m.Case)
		if is.Package == nil || is.Package.ID != opened.ID || is.OpenedBy() != opened.ID || is.Head != opened.ID || slices.Contains(numbers, is.Number) {
			t.Fatalf("%+v", is)
		}
		numbers = append(numbers, is.Number)
	}
	born, poor, law := member(t, opened, birth), member(t, opened, welfare), member(t, opened, aid)
	if got := village.MustCase(law); got.Gate() != casework.GateWaiting || got.Package.After[0] != poor {
		t.Fatalf("legal aid: %+v", got.Package)
	}
	village.Advance(born)
	village.Advance(poor)
	c.Settle()
	// The case of the department that waits was collected at the village and
	// passed on; its window may not take it up yet.
	for townNode.MustCase(law).Holder == town {
		townNode.Advance(law)
	}
	c.Settle()
	_, err := hub.Step(law, &ledger.CaseAcceptV1{})
	wantRefused(t, "before what it waits for", err, "package_waits")
	if limits := limitsOf(t, c, law); len(limits) != 0 {
		t.Fatalf("a clock runs for what waits: %+v", limits)
	}
	townNode.Advance(born) // decided by the township
	townNode.Advance(born) // made out
	townNode.Advance(poor)
	c.Settle()
	hub.Advance(poor)
	if got := hub.MustCase(law); got.Gate() != casework.GateWaiting {
		t.Fatalf("its paper is not made out yet, and it is %s", got.Gate())
	}
	c.Clock.Advance(24 * time.Hour)
	issued := hub.Advance(poor)
	got := hub.MustCase(law)
	if got.Gate() != casework.GateOpen || got.Package.FreedMS != issued.IssuedMS || got.Package.Internal[0].Numbers[0] != issued.Documents[0].Number {
		t.Fatalf("%+v", got.Package)
	}
	if limits := limitsOf(t, c, law); len(limits) != 1 || limits[0].Result.Due.IsZero() {
		t.Fatalf("the notice limit has not begun: %+v", limits)
	}
	if status := jointStatus(t, hub, opened.ID); status == joint.Ended {
		t.Fatal("concluded before its cases are")
	}
	hub.Advance(law)
	hub.Advance(law)
	hub.Advance(law)
	c.Settle()
	for _, id := range []string{born, poor, law} {
		village.Advance(id)
	}
	if status := jointStatus(t, village, opened.ID); status != joint.Ended {
		t.Fatalf("all delivered, and it is %s", status)
	}
	c.Settle()
	want := storetest.Dump(t, hub.Store, "cases", "joint_cases", "joint_members", "packages")
	for _, n := range c.Nodes() {
		if n == village || n == townNode {
			if got := storetest.Dump(t, n.Store, "cases", "joint_cases", "joint_members"); got != storetest.Dump(t, hub.Store, "cases", "joint_cases", "joint_members") {
				t.Fatalf("%s differs:\n%s\n%s", n.ID(), got, want)
			}
		}
	}
	if counts, err := hub.Count(ctx, ""); err != nil || counts.HandedIn != 1 || counts.Duplicated != 0 {
		t.Fatalf("%+v, %v", counts, err)
	}
}

func limitsOf(t *testing.T, c *storetest.County, id string) []casework.Limit {
	t.Helper()
	is := c.Hub().MustCase(id)
	item := c.Item(is.Item)
	cal, err := calendar.New(storetest.Years(t))
	if err != nil {
		t.Fatal(err)
	}
	limits, err := is.Limits(&item, cal)
	if err != nil {
		t.Fatal(err)
	}
	return limits
}

func jointStatus(t *testing.T, n *storetest.Node, id string) joint.Status {
	t.Helper()
	c := n.MustJoint(id)
	members, err := n.JointMembers(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	return c.StatusOf(members)
}

// Art. 32: what is missing in all cases is told once, by the window that leads;
// what is brought goes to every case that wants it.
func TestOneNoticeForAJointMatter(t *testing.T) {
	c := joints(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	b := village.HandIn(storetest.Package(), birth, welfare)
	lacks := b.Materials[0].Name
	b.Materials, b.Lacking = b.Materials[1:], true
	opened := village.MustHandIn(b)
	born, poor := member(t, opened, birth), member(t, opened, welfare)
	if village.MustCase(born).Lacking[0] != lacks {
		t.Fatalf("%+v", village.MustCase(born).Lacking)
	}
	point := ledger.SupplementPoint{Material: lacks, Problem: ledger.ProblemMissing, How: "请补交"}
	_, err := village.Step(born, &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{point}})
	wantRefused(t, "a notice of one department's own", err, "package_notice")
	if opened.Holder != here {
		t.Fatalf("all is taken up at the village, and %s leads", opened.Holder)
	}
	for id, f := range map[string]*ledger.PackageFindingV1{born: {Points: []ledger.SupplementPoint{point}}, poor: {Complete: true}} {
		if _, err := village.Step(id, f); err != nil {
			t.Fatal(err)
		}
	}
	findings, err := village.Findings(ctx, opened)
	if err != nil {
		t.Fatal(err)
	}
	members, err := village.JointMembers(ctx, opened)
	if err != nil {
		t.Fatal(err)
	}
	points, open := opened.Compose(findings, members)
	if len(open) != 0 || len(points) != 1 || points[0].Case != born || points[0].Points[0] != point {
		t.Fatalf("%+v, %q", points, open)
	}
	told := village.MustJointStep(opened.ID, &ledger.PackageNoticeV1{Members: points})
	if told.Notice == nil || jointStatus(t, village, opened.ID) != joint.Supplementing {
		t.Fatalf("%+v", told)
	}
	_, err = village.JointStep(opened.ID, &ledger.PackageNoticeV1{Members: points})
	wantRefused(t, "a second notice", err, "told_already")
	for _, id := range []string{born, poor} {
		if limits := village.MustCase(id); limits.Package.Notice == nil || limits.Package.Notice.On != told.Notice.On {
			t.Fatalf("%s was not told: %+v", id, limits.Package)
		}
	}
	_, err = village.Step(born, &ledger.CaseAcceptV1{})
	wantRefused(t, "accepted without its paper", err, "papers_lacking")
	scan := storetest.Attachment("joint scan")
	brought := &ledger.PackageSupplementV1{Materials: []catalog.SubmittedMaterial{{Name: lacks, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []catalog.AttachmentRef{scan}}}}
	r, err := village.JointStep(opened.ID, brought)
	if err != nil {
		t.Fatal(err)
	}
	if files, err := village.AttachmentsOf(ctx, born); err != nil || len(files) != 1 || files[0].Hash != scan.Hash {
		t.Fatalf("%+v, %v", files, err)
	}
	village.MustStep(born, &ledger.CaseAcceptV1{Supplements: []string{r.ID}})
	village.Advance(poor)
	c.Settle()
	// Asked again, with a reason: supervision sees it, at one of the cases.
	village.MustJointStep(opened.ID, &ledger.PackageNoticeV1{Members: points, Again: "又发现"})
	c.Settle()
	again := 0
	for _, m := range opened.Members {
		if x := hub.MustCase(m.Case); x.Package.Again {
			again++
			due, err := hub.LooksDue(ctx, calendar.DateOf(c.Clock.Now()), store.Look{}, 100)
			if err != nil || !slices.ContainsFunc(due, func(l store.Look) bool { return l.Case == x.ID }) {
				t.Errorf("the watch does not look at it: %+v %v", due, err)
			}
		}
	}
	if again != 1 {
		t.Errorf("a second notice stands with %d cases", again)
	}
	_, err = hub.JointStep(opened.ID, &ledger.PackageNoticeV1{Members: points, Again: "又发现"})
	wantRefused(t, "a notice by a place that does not lead", err, "not_holder")
	if got := townNode.MustCase(born); got.Package.Notice == nil {
		t.Fatal("the township does not see the notice")
	}
	line, err := hub.Timeline(ctx, born)
	if err != nil || line[0].Kind != ledger.PackageSubmit || !slices.ContainsFunc(line, func(e store.EntryView) bool { return e.Kind == ledger.PackageNotice }) {
		t.Fatalf("%+v, %v", line, err)
	}
}

// An entry that takes a case up may overtake those that let it: the county keeps
// it until they are there, and then applies it.
func TestAcceptanceOvertakesWhatItWaitsFor(t *testing.T) {
	c := storetest.NewCounty(t)
	after := storetest.Package()
	after.Code, after.Items, after.OptionalItems = "PK-91", []string{birth, welfare}, nil
	after.Stages = []catalog.Stage{{Number: 1, Items: []string{birth}}, {Number: 2, Items: []string{welfare}}}
	after.Dependencies = []catalog.Dependency{{Item: welfare, After: []string{birth}, Reason: "家庭人口以生育登记为准"}}
	after.Internal, after.CriticalPath = []catalog.InternalResult{{Result: "生育登记服务单", Producer: birth, Consumers: []string{welfare}}}, 6
	c.ApprovePackage(after, 1)
	c.Publish(2, catalog.EditionItem{Code: after.Code, Version: 1})
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	c.Settle()
	opened := village.MustHandIn(village.HandIn(after))
	born, poor := member(t, opened, birth), member(t, opened, welfare)
	village.Advance(born)
	village.Push(townNode)
	_, err := village.Step(poor, &ledger.CaseAcceptV1{})
	wantRefused(t, "too early", err, "package_waits")
	townNode.Advance(born)
	townNode.Advance(born)
	raws, _, err := townNode.Unconfirmed(ctx, here, 0, 1<<20)
	if err != nil || len(raws) != 2 {
		t.Fatalf("%d, %v", len(raws), err)
	}
	entries := make([]ledger.Entry, len(raws))
	for i, raw := range raws {
		if entries[i], err = ledger.ParseEntry(raw); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := village.Foresee(ctx, entries); err != nil || done != 2 {
		t.Fatalf("%d, %v", done, err)
	}
	accepted := village.Advance(poor)
	if got := storetest.Codes(village.Push(hub)); got != "recorded applied, recorded applied, recorded waiting" {
		t.Fatal(got)
	}
	townNode.Push(hub)
	if got := hub.MustCase(poor); got.Head != accepted.Head || got.AcceptedMS == 0 {
		t.Fatalf("the county left it waiting: %+v", got)
	}
	c.Settle()
	want := storetest.Dump(t, hub.Store, "cases", "joint_cases")
	for _, n := range []*storetest.Node{village, townNode} {
		if got := storetest.Dump(t, n.Store, "cases", "joint_cases"); got != want {
			t.Fatalf("%s:\n%s\ncounty:\n%s", n.ID(), got, want)
		}
	}
}

// Where one is refused, what waits for it ends with it and the others go on.
func TestRefusedMemberOfAJointMatter(t *testing.T) {
	c := joints(t)
	hub := c.Hub()
	opened := hub.MustHandIn(hub.HandIn(storetest.Package()))
	born, poor, law := member(t, opened, birth), member(t, opened, welfare), member(t, opened, aid)
	hub.Advance(poor)
	_, err := hub.Step(law, &ledger.CaseTerminateV1{Cause: ledger.CausePrerequisite, Reason: "低保未获准"})
	wantRefused(t, "nothing was refused yet", err, "not_blocked")
	c.Settle()
	townNode := c.Township(town)
	townNode.Advance(poor)
	c.Settle()
	hub.MustStep(poor, &ledger.CaseDecideV1{Opinion: "收入超过标准"})
	_, err = hub.Step(law, &ledger.CaseAcceptV1{})
	wantRefused(t, "what it waits for was refused", err, "package_blocked")
	if got := joint.FateOf(hub.MustCase(law)); got != joint.FateBlocked {
		t.Fatal(got)
	}
	hub.MustStep(law, &ledger.CaseTerminateV1{Cause: ledger.CausePrerequisite, Reason: "低保未获准"})
	if got := hub.MustCase(born); got.Status.Ended() || got.Gate() != casework.GateOpen {
		t.Fatalf("the other one: %+v", got)
	}
	if got := jointStatus(t, hub, opened.ID); got != joint.HandedIn && got != joint.Accepted {
		t.Fatal(got)
	}
}

// A hand-in is taken wholly or refused wholly, and once.
func TestHandInOfAJointMatterIsWhole(t *testing.T) {
	c := joints(t)
	village, hub := c.Village(here), c.Hub()
	c.Settle()
	before := storetest.Dump(t, village.Store, "cases", "joint_cases", "joint_members", "attachments", "case_counters")
	for name, spoil := range map[string]struct {
		do   func(*ledger.PackageSubmitV1)
		code string
	}{
		"a paper is missing":   {func(b *ledger.PackageSubmitV1) { b.Materials = b.Materials[1:] }, "incomplete"},
		"an answer is missing": {func(b *ledger.PackageSubmitV1) { b.Form = b.Form[1:] }, "incomplete"},
		"a paper that nobody wants": {func(b *ledger.PackageSubmitV1) {
			b.Materials = append(b.Materials, catalog.SubmittedMaterial{Name: "无关材料", Form: catalog.SubmittedCopy, Copies: 1})
		}, "incomplete"},
		"an answer that nobody asks": {func(b *ledger.PackageSubmitV1) {
			b.Form = append(b.Form, catalog.FieldValue{Key: "nonsense", Value: "1"})
		}, "incomplete"},
		"an item is left out":       {func(b *ledger.PackageSubmitV1) { b.Members = b.Members[1:] }, "package_items"},
		"another order":             {func(b *ledger.PackageSubmitV1) { slices.Reverse(b.Members) }, "package_items"},
		"another leader":            {func(b *ledger.PackageSubmitV1) { b.Department = "县司法局" }, "package_mismatch"},
		"an unknown version":        {func(b *ledger.PackageSubmitV1) { b.Version = 2 }, "package_unknown"},
		"an item's unknown version": {func(b *ledger.PackageSubmitV1) { b.Members[0].ItemVersion = 9 }, "item_unknown"},
		"another desk's number":     {func(b *ledger.PackageSubmitV1) { b.Members[1].Number = hub.Number(7) }, "case_number"},
		"another desk's own number": {func(b *ledger.PackageSubmitV1) { b.Number = hub.Number(7) }, "case_number"},
	} {
		b := village.HandIn(storetest.Package())
		spoil.do(b)
		_, err := village.TryHandIn(b)
		wantRefused(t, name, err, spoil.code)
	}
	if after := storetest.Dump(t, village.Store, "cases", "joint_cases", "joint_members", "attachments", "case_counters"); after != before {
		t.Fatalf("a refused hand-in left something:\n%s", after)
	}
	opened := village.MustHandIn(village.HandIn(storetest.Package()))
	raws := outboxOf(t, village, village)
	if got := storetest.Codes(hub.Take(raws...)); got != "recorded applied" {
		t.Fatal(got)
	}
	if got := storetest.Codes(hub.Take(raws...)); got != "repeated applied" {
		t.Fatal(got)
	}
	if got := hub.MustJoint(opened.Number); got.ID != opened.ID {
		t.Fatalf("by its number: %+v", got)
	}
}

// What the county refuses is taken back below it, with all its cases and what
// was done with them.
func TestRefusedHandInOfAJointMatter(t *testing.T) {
	c := joints(t)
	village, hub := c.Village(here), c.Hub()
	c.Settle()
	hub.MustDo(c.Operator(), &ledger.StaffDisableV1{Staff: village.Actor(deskRole(village)).Staff, Disabled: true, Reason: "调离"})
	c.Clock.Advance(time.Hour)
	opened := village.MustHandIn(village.HandIn(storetest.Package()))
	born := member(t, opened, birth)
	village.Advance(born)
	c.Settle()
	for _, id := range []string{born, member(t, opened, welfare), member(t, opened, aid)} {
		if _, err := village.Case(ctx, id); err == nil {
			t.Errorf("case %s stands", id)
		}
	}
	if _, err := village.Joint(ctx, opened.ID); err == nil {
		t.Error("the joint matter stands")
	}
	if list, err := village.AttentionList(ctx, storetest.Code, false); err != nil || len(list) == 0 || list[0].Reason == "" {
		t.Errorf("nobody is told: %+v, %v", list, err)
	}
	if got := storetest.Dump(t, village.Store, "joint_members"); got != storetest.Dump(t, hub.Store, "joint_members") {
		t.Error(got)
	}

	// The window of the department that leads it hands it in again at the county,
	// once; that settles what asked for attention, at both ends.
	again := func() (store.Result, error) {
		b := hub.HandIn(storetest.Package())
		b.Division, b.Corrects = here, opened.ID
		return hub.TryHandIn(b)
	}
	if _, err := hub.TrySubmit(birth, storetest.Matter(here), func(b *ledger.CaseSubmitV1) { b.Corrects = opened.ID }); err == nil {
		t.Error("a single case was taken for a refused package")
	}
	r, err := again()
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	for _, n := range []*storetest.Node{village, hub} {
		made, err := n.Joint(ctx, r.ID)
		if err != nil || len(made.Members) != len(opened.Members) {
			t.Fatalf("%s: %+v %v", n.ID(), made, err)
		}
		list, err := n.AttentionList(ctx, storetest.Code, true)
		must(t, err)
		for _, a := range list {
			if a.Entry == opened.ID && a.ReplacedBy != r.ID {
				t.Errorf("%s: %+v", n.ID(), a)
			}
		}
	}
	_, err = again()
	wantRefused(t, "handed in again twice", err, "corrected_already")
}
