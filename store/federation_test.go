package store_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// run is one run of a property test with a directory of its own.
type run struct {
	*rapid.T
	dir   string
	after *[]func()
}

func (r run) TempDir() string  { return r.dir }
func (r run) Cleanup(f func()) { *r.after = append(*r.after, f) }

// checkRuns runs a property; every run gets a directory and closes what it
// opened. Each makes a county, so there are 15; see few.
func checkRuns(t *testing.T, property func(run)) {
	t.Helper()
	few(t, 15)
	checkRunsOn(t, t.TempDir(), property)
}

// few makes a property that records entries run so many times. TONGBAN_LONG=1
// makes it 1000, and -rapid.checks any other number.
func few(t *testing.T, times int) {
	t.Helper()
	if os.Getenv("TONGBAN_LONG") != "" {
		times = 1000
	}
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		setFlag(t, "rapid.checks", strconv.Itoa(times))
	}
}

func checkRunsOn(t rapid.TB, parent string, property func(run)) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(parent, "run")
		if err != nil {
			rt.Fatal(err)
		}
		var after []func()
		defer func() {
			for _, f := range after {
				f()
			}
			os.RemoveAll(dir)
		}()
		property(run{T: rt, dir: dir, after: &after})
	})
}

// message is something on its way between two nodes: entries going up or a
// page of the feed going down.
type message struct {
	from, to *storetest.Node
	raws     [][]byte
	page     *store.FeedPage
}

// federation is a village, its township and the county, and a network that
// drops, repeats, delays and reorders what they send.
type federation struct {
	*storetest.County
	t        run
	nodes    []*storetest.Node
	village  *storetest.Node
	township *storetest.Node
	network  []message
	// acknowledged are the entries that somebody was told are recorded, and
	// cases those of them that opened one.
	acknowledged []string
	cases        []string
	rated        map[string]bool
	joints       []string
	// before, if set, is a planted bug: it sees what a node is about to take.
	before func(to *storetest.Node, raws [][]byte)
}

func newFederation(t run) *federation {
	items := slices.DeleteFunc(storetest.Items(t), func(i catalog.Item) bool { return !slices.Contains([]string{welfare, chronic, birth}, i.Code) })
	for i := range items {
		if items[i].Code == birth {
			items[i].Fee = catalog.Fee{Charged: true, Standard: "工本费10元/份", AfterIssue: true}
		}
	}
	c := storetest.NewCounty(t, storetest.WithItems(items))
	c.ApprovePackage(inOrder(), 1)
	c.Publish(2, catalog.EditionItem{Code: inOrder().Code, Version: 1})
	f := &federation{County: c, t: t, rated: map[string]bool{}, village: c.Village(here), township: c.Township(town)}
	f.village.Pull(c.Hub())
	// Neither clock is right, and the township does not know of it.
	f.village.SkewMS, f.village.KnownSkewMS, f.township.SkewMS = 150_000, 150_000, -40_000
	f.Clock.Advance(time.Minute) // what was published just now is in force by either
	f.nodes = []*storetest.Node{f.village, f.township, c.Hub()}
	return f
}

// inOrder is a package of which one case waits for another that a township
// decides.
func inOrder() catalog.Package {
	p := storetest.Package()
	p.Code, p.Items, p.OptionalItems = "PK-91", []string{birth, welfare, chronic}, []catalog.OptionalItem{{Item: chronic, When: "有慢性病时"}}
	p.Stages = []catalog.Stage{{Number: 1, Items: []string{birth, chronic}}, {Number: 2, Items: []string{welfare}}}
	p.Dependencies = []catalog.Dependency{{Item: welfare, After: []string{birth}, Reason: "家庭人口以生育登记为准"}}
	p.Internal, p.CriticalPath = []catalog.InternalResult{{Result: "生育登记服务单", Producer: birth, Consumers: []string{welfare}}}, 10
	return p
}

// handIn hands a package in, and lets whoever leads it say what is missing.
func (f *federation) handIn(n *storetest.Node) {
	b := n.HandIn(inOrder())
	b.Division = matterAt(n)
	opened := n.MustHandIn(b)
	f.joints = append(f.joints, opened.ID)
	f.acknowledged = append(f.acknowledged, opened.ID)
	if opened.Holder == n.Division() && rapid.Bool().Draw(f.t.T, "notice") {
		f.acknowledged = append(f.acknowledged, n.MustJointStep(opened.ID, &ledger.PackageNoticeV1{Members: []ledger.MemberPoints{{Case: opened.Members[1].Case,
			Points: []ledger.SupplementPoint{{Material: f.Item(opened.Members[1].Item).Materials[0].Name, Problem: ledger.ProblemUnclear, How: "请重新扫描"}}}}}).Head)
	}
}

// advance does what a case's current step asks for; a case that waits for another is
// not taken up, and papers that the notice asked for are taken as brought.
func (f *federation) advance(n *storetest.Node, c *casework.Case) {
	step, _ := c.Current()
	body := storetest.BodyFor(c, step.Verb)
	if step.Verb == ledger.VerbAccept && c.Package != nil {
		if c.Gate() != casework.GateOpen {
			return
		}
		body = &ledger.CaseAcceptV1{Supplements: []string{c.Package.ID}}
	}
	f.acknowledged = append(f.acknowledged, n.MustStep(c.ID, body).Head)
}

// act lets somebody do something at a node.
func (f *federation) act() {
	n := rapid.SampledFrom(f.nodes).Draw(f.t.T, "node")
	f.Clock.Advance(1000 * 1000 * 1000)
	switch rapid.IntRange(0, 18).Draw(f.t.T, "action") {
	case 17, 18:
		f.beyond(n)
	case 16:
		f.onFile(n)
	case 13, 14:
		f.watch(n)
	case 15:
		f.result(n)
	case 10:
		f.handIn(n)
	case 12:
		if n == f.Hub() {
			return
		}
		person := rapid.IntRange(1, 3).Draw(f.t.T, "person")
		r, err := n.Do(n.Actor(deskRole(n)), opening(n, person, fmt.Sprint(len(f.acknowledged))), storetest.About{})
		f.note(r, err)
	case 0, 1, 2:
		opened := n.Submit(rapid.SampledFrom([]string{welfare, chronic, birth}).Draw(f.t.T, "item"), storetest.Matter(matterAt(n)))
		f.cases = append(f.cases, opened.ID)
		f.acknowledged = append(f.acknowledged, opened.Head)
	case 3:
		if rapid.Bool().Draw(f.t.T, "of the service") {
			f.say(n)
			return
		}
		if c := f.known(n, func(*casework.Case) bool { return true }); c != nil {
			body := rapid.SampledFrom([]ledger.Body{&ledger.CaseCommentV1{Text: "备注"}, &ledger.CaseRevealV1{What: []string{ledger.RevealCase}}}).Draw(f.t.T, "beside")
			r, err := n.Step(c.ID, body)
			f.note(r, err)
		}
	case 4:
		office := n.Division()
		if n == f.Hub() {
			return
		}
		r, err := n.Do(n.Actor(deskRole(n)), &ledger.OverlaySetV1{Overlay: catalog.Overlay{Item: welfare, Office: office, Window: fmt.Sprint(len(f.acknowledged))}}, storetest.About{})
		f.note(r, err)
	case 5:
		if c := f.known(n, func(c *casework.Case) bool {
			return c.Holder == n.Division() && c.Step > 0 && c.Status != casework.Granted && c.Steps[0].Verb != ledger.VerbCollect && c.Step < len(c.Steps)-2
		}); c != nil && n != f.village {
			r, err := n.Step(c.ID, &ledger.CaseReturnV1{ToStep: 0, Reason: "请补充"})
			f.note(r, err)
		}
	default:
		if c := f.known(n, func(c *casework.Case) bool { return c.Holder == n.Division() && !c.Status.Ended() }); c != nil {
			f.advance(n, c)
		}
	}
}

// onFile takes somebody's consent at a desk, withdraws one that is known there, or
// puts right whom a case is for.
func (f *federation) onFile(n *storetest.Node) {
	if n == f.Hub() {
		return
	}
	number := storetest.IDNumber(1)
	switch rapid.SampledFrom([]string{"consent", "withdraw", "correct"}).Draw(f.t.T, "on file") {
	case "consent":
		f.note(n.Do(n.Actor(deskRole(n)), &ledger.RecordConsentV1{Consent: fmt.Sprint(n.ID(), " ", len(f.acknowledged)), Type: "person", Number: number, Name: "王芳", Division: matterAt(n),
			Purposes: []string{ledger.ConsentPapers}, Until: calendar.DateOf(f.Clock.Now()).AddDays(30), Shown: "居民身份证"}, storetest.About{Scope: matterAt(n)}))
	case "withdraw":
		known, err := n.Consents(ctx, "person", number)
		if err != nil {
			f.t.Fatalf("%v", err)
		}
		for _, c := range known {
			if c.WithdrawnMS == 0 && n.Division().Contains(c.Division) {
				f.note(n.Do(n.Actor(deskRole(n)), &ledger.RecordWithdrawV1{Consent: c.ID}, storetest.About{Scope: c.Division}))
				return
			}
		}
	case "correct":
		is := storetest.IDNumber(rapid.IntRange(4, 6).Draw(f.t.T, "number"))
		if c := f.known(n, func(c *casework.Case) bool {
			return c.Holder == n.Division() && c.Package == nil && c.DecidedMS == 0 && c.Applicant.IDNumber != is && (c.AcceptedMS == 0 && !c.Status.Ended() || slip(c.Applicant.IDNumber, is))
		}); c != nil {
			f.note(n.Step(c.ID, &ledger.CaseCorrectV1{Name: c.Applicant.Name, IDNumber: is, Shown: "居民身份证", Reason: "录错一位"}))
		}
	}
}

// say rates a visit that nobody has rated, under the joint matter or one of its
// cases, or complains of it.
func (f *federation) say(n *storetest.Node) {
	visit := func(c *casework.Case) string {
		if c.Package != nil {
			return c.Package.ID
		}
		return c.ID
	}
	c := f.known(n, func(c *casework.Case) bool { return c.HandedInAt == n.Division() && !f.rated[visit(c)] })
	if c == nil {
		return
	}
	if rapid.Bool().Draw(f.t.T, "rating") {
		f.rated[visit(c)] = true
		of := rapid.SampledFrom([]string{c.ID, visit(c)}).Draw(f.t.T, "under")
		r, err := n.Do(n.System(), &ledger.RatingGiveV1{Case: of, Occasion: visit(c), At: n.Division(), Institution: ledger.Grade(rapid.IntRange(1, 5).Draw(f.t.T, "grade")), Means: ledger.RatedOnDevice}, storetest.About{})
		f.note(r, err)
		return
	}
	r, err := n.Do(n.System(), &ledger.ComplaintOpenV1{Number: n.ComplaintNumber(), Type: ledger.Complaint, At: n.Division(), Case: c.ID, Text: "等候时间长"}, storetest.About{})
	f.note(r, err)
}

// watch lets the county issue a card, let one rise or ask about a case, and the
// desk that is asked answer or contest.
func (f *federation) watch(n *storetest.Node) {
	c := f.known(n, func(c *casework.Case) bool { return !c.Status.Ended() })
	if c == nil {
		return
	}
	today := calendar.DateOf(f.Clock.Now())
	desk, _ := supervision.DeskOf(c, supervision.PromisePassed) // whose lateness it is
	lies, _ := supervision.DeskOf(c, "")                        // who has it now
	cards, err := n.CardsOf(ctx, c.ID)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	inquiries, err := n.InquiriesOf(ctx, c.ID)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	about := storetest.About{Case: c.ID, Scope: desk.Division}
	if n != f.Hub() {
		by := n.Actor(deskRole(n))
		switch {
		case len(cards) > 0 && cards[0].Desk.Division == n.Division() && rapid.Bool().Draw(f.t.T, "answer"):
			about.Scope = n.Division()
			f.note(n.Do(by, &ledger.CardAnswerV1{Card: cards[0].ID, Text: fmt.Sprint(len(f.acknowledged))}, about))
		case len(cards) > 0 && cards[0].Desk.Division == n.Division() && cards[0].Appeal == nil:
			about.Scope = n.Division()
			f.note(n.Do(by, &ledger.CardAppealV1{Card: cards[0].ID, Reasons: "有异议"}, about))
		case len(inquiries) > 0 && inquiries[0].Desk.Division == n.Division() && !inquiries[0].Closed():
			about.Scope = n.Division()
			f.note(n.Do(by, &ledger.InquiryAnswerV1{Inquiry: inquiries[0].ID, Text: "正在办理"}, about))
		}
		return
	}
	switch {
	case len(inquiries) == 0 && rapid.Bool().Draw(f.t.T, "ask"):
		about.Scope = lies.Division
		f.note(n.Do(n.Actor(identity.Supervisor), &ledger.InquiryOpenV1{Desk: lies, Question: "为何", AnswerBy: today}, about))
	case len(cards) == 0:
		about.ID = supervision.CardID(c.ID, supervision.PromisePassed)
		f.note(n.Do(n.System(), &ledger.CardIssueV1{Rule: string(supervision.PromisePassed), Colour: string(supervision.Yellow), Due: today, On: today, AnswerBy: today.AddDays(1), Desk: desk}, about))
	case !cards[0].RisesOn().IsZero():
		about.ID, about.Scope = supervision.RiseID(cards[0].ID, cards[0].Level+1), cards[0].Desk.Division
		on := cards[0].AnswerBy.AddDays(1)
		f.note(n.Do(n.System(), &ledger.CardRiseV1{Card: cards[0].ID, Level: int(cards[0].Level) + 1, On: on, AnswerBy: on.AddDays(1)}, about))
	}
}

func matterAt(n *storetest.Node) division.Code {
	if n.Division() == storetest.Code || n.Division() == town {
		return here
	}
	return n.Division()
}

func deskRole(n *storetest.Node) identity.Role {
	if n.Division() == town {
		return identity.TownshipClerk
	}
	return identity.VillageWorker
}

// desk is who serves a department's applicants at a node.
func desk(n *storetest.Node, department string) identity.Actor {
	if n.Division() == storetest.Code {
		return n.DepartmentActor(identity.DepartmentWindow, department)
	}
	return n.Actor(deskRole(n))
}

func (f *federation) note(r store.Result, err error) {
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	f.acknowledged = append(f.acknowledged, r.ID)
}

// known draws a case that a node has and that fits.
func (f *federation) known(n *storetest.Node, fits func(*casework.Case) bool) *casework.Case {
	all, err := n.Cases(ctx, store.CaseFilter{Limit: 1000})
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	var fitting []*casework.Case
	for i := range all {
		if fits(&all[i]) {
			fitting = append(fitting, &all[i])
		}
	}
	if len(fitting) == 0 {
		return nil
	}
	return rapid.SampledFrom(fitting).Draw(f.t.T, "case")
}

// up puts a node's outbox on the network, all of it or a piece, whatever is
// thought to have arrived.
func (f *federation) up(n, to *storetest.Node) {
	entries, err := n.Outbox(ctx, 0, nil, rapid.IntRange(1, 20).Draw(f.t.T, "batch"), 1<<20)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	m := message{from: n, to: to}
	ownOnly := rapid.Bool().Draw(f.t.T, "own only")
	for _, e := range entries {
		if !ownOnly || e.Origin == n.ID() {
			m.raws = append(m.raws, e.Raw)
		}
	}
	if len(m.raws) == 0 {
		return
	}
	// A sender that believes the first of them to have arrived leaves them out;
	// a line that breaks cuts off the last; a batch sent anew is there again.
	from := rapid.IntRange(0, 3).Draw(f.t.T, "left out")
	m.raws = m.raws[min(from, len(m.raws)-1):]
	if short := rapid.IntRange(0, 5).Draw(f.t.T, "cut off"); short < 3 && len(m.raws) > short {
		m.raws = m.raws[:len(m.raws)-short]
	}
	for range rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(f.t.T, "copies") {
		f.network = append(f.network, m)
	}
}

// down puts a page of the feed on the network.
func (f *federation) down(from, to *storetest.Node) {
	after, err := to.Cursor(ctx)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	page, err := from.Feed(ctx, to.Follower(), after, rapid.IntRange(1, 20_000).Draw(f.t.T, "bytes"))
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	f.network = append(f.network, message{from: from, to: to, page: &page})
}

// deliver takes any message from the network: it arrives once, arrives and
// stays to arrive again, or is lost.
func (f *federation) deliver() {
	if len(f.network) == 0 {
		return
	}
	i := rapid.IntRange(0, len(f.network)-1).Draw(f.t.T, "message")
	m := f.network[i]
	fate := rapid.IntRange(0, 5).Draw(f.t.T, "fate")
	if fate != 0 {
		f.network = slices.Delete(f.network, i, i+1)
	}
	if fate == 1 {
		return
	}
	if m.page != nil {
		if err := m.to.FollowPage(*m.page); err != nil {
			f.t.Fatalf("%s follows: %v", m.to.ID(), err)
		}
		return
	}
	if f.before != nil {
		f.before(m.to, m.raws)
	}
	for _, r := range m.to.Take(m.raws...) {
		if r.Status == store.Forked || r.Status == store.Rejected {
			f.t.Fatalf("%s takes: %+v", m.to.ID(), r)
		}
	}
}

// overtake lets the township go on with what the village sent it and tell the
// county, which has not heard of the village's part yet.
func (f *federation) overtake() {
	f.cases = append(f.cases, f.village.Submit(chronic).ID)
	raws := outboxOf(f.t, f.village, f.village)
	f.township.Take(raws...)
	if c := f.known(f.township, func(c *casework.Case) bool { return c.Holder == town && !c.Status.Ended() }); c != nil {
		f.advance(f.township, c)
		f.Hub().Take(outboxOf(f.t, f.township, f.township)...)
	}
}

// outboxOf is what a node has in its outbox of an origin.
func outboxOf(t storetest.TB, n, origin *storetest.Node) [][]byte {
	entries, err := n.Outbox(ctx, 0, nil, 1000, 64<<20)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var raws [][]byte
	for _, e := range entries {
		if e.Origin == origin.ID() {
			raws = append(raws, e.Raw)
		}
	}
	return raws
}

func (f *federation) step() {
	switch rapid.IntRange(0, 11).Draw(f.t.T, "step") {
	case 0, 1, 2, 3:
		f.act()
	case 4:
		f.up(f.village, rapid.SampledFrom([]*storetest.Node{f.township, f.Hub()}).Draw(f.t.T, "to"))
	case 5:
		f.up(f.township, f.Hub())
	case 6:
		f.down(rapid.SampledFrom([]*storetest.Node{f.township, f.Hub()}).Draw(f.t.T, "from"), f.village)
	case 7:
		f.down(f.Hub(), f.township)
	case 8:
		rapid.SampledFrom(f.nodes).Draw(f.t.T, "node").Reopen()
	case 9:
		f.overtake()
	default:
		f.deliver()
	}
}

// heal ends the faults: everything that is still to be sent is, in order.
func (f *federation) heal() {
	for len(f.network) > 0 {
		f.deliver()
	}
	for range 3 {
		f.village.Push(f.township)
		f.township.Push(f.Hub())
		f.village.Push(f.Hub())
		f.township.Pull(f.Hub())
		f.village.Pull(f.township)
	}
}

// check holds all three against each other: nothing lost, nothing twice, one
// state of every case and of everything beside it.
func (f *federation) check() {
	for _, n := range f.nodes {
		if stats, err := n.OutboxStats(ctx); err != nil || stats.Length != 0 {
			f.t.Fatalf("%s still has %d entries to send (%v)", n.ID(), stats.Length, err)
		}
		if list, err := n.AttentionList(ctx, storetest.Code, true); err != nil || len(list) != 0 {
			f.t.Fatalf("%s has something to attend to: %+v (%v)", n.ID(), list, err)
		}
		if counts, err := n.Count(ctx, ""); err != nil || counts.Waiting != 0 || counts.Refused != 0 || counts.Duplicated != 0 {
			f.t.Fatalf("%s: %+v (%v)", n.ID(), counts, err)
		}
		for _, origin := range []string{"", f.village.ID()} {
			counts, err := n.Count(ctx, origin)
			want, err2 := n.CountedOneByOne(ctx, origin)
			if err != nil || err2 != nil || counts.HandedIn != want.HandedIn || counts.Confirmed != want.Confirmed || counts.Duplicated != want.Duplicated {
				f.t.Fatalf("%s counts %+v of %q, one by one %+v (%v, %v)", n.ID(), counts, origin, want, err, err2)
			}
		}
	}
	seen := map[string]uint64{}
	head, err := f.Hub().Head(ctx)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	for i := uint64(1); i <= head; i++ {
		line, err := f.Hub().RecordAt(ctx, i)
		if err != nil {
			f.t.Fatalf("%v", err)
		}
		r := mustRecord(f.t, line)
		if at, twice := seen[r.Entry.ID]; twice {
			f.t.Fatalf("entry %s is in the ledger at %d and %d", r.Entry.ID, at, i)
		}
		seen[r.Entry.ID] = i
	}
	for _, id := range f.acknowledged {
		if seen[id] == 0 {
			f.t.Fatalf("entry %s was acknowledged and is not in the ledger", id)
		}
	}
	for _, n := range f.nodes[:2] {
		for _, table := range []string{"cases", "attachments", "overlays", "case_counters", "joint_cases", "joint_members", "cards", "inquiries", "ratings", "complaints"} {
			mine, counties := lines(f.t, n.Store, table), lines(f.t, f.Hub().Store, table)
			for _, line := range mine {
				if !slices.Contains(counties, line) {
					f.t.Fatalf("%s has in %s what the county has not:\n%s\n%s", n.ID(), table, line, strings.Join(counties, "\n"))
				}
			}
			if n == f.township && table == "cases" && len(mine) != len(counties) {
				f.t.Fatalf("%s has %d of %d cases", n.ID(), len(mine), len(counties))
			}
		}
	}
	for _, id := range f.joints {
		c := f.Hub().MustJoint(id)
		if members, err := f.Hub().JointMembers(ctx, c); err != nil || len(members) != 3 {
			f.t.Fatalf("joint matter %s has %d cases: %v", id, len(members), err)
		}
	}
	for _, n := range f.nodes {
		recounted(f.t, n)
		for _, id := range f.cases {
			f.tells(n, id)
		}
		for _, id := range f.joints {
			for _, m := range f.Hub().MustJoint(id).Members {
				f.tells(n, m.Case)
			}
		}
	}
	for _, id := range f.cases {
		if _, err := f.Hub().Case(ctx, id); err != nil {
			f.t.Fatalf("case %s: %v", id, err)
		}
	}
}

// tells holds what a node tells of a case against what the county tells: the same
// in the same order, nothing before what it follows.
func (f *federation) tells(n *storetest.Node, id string) {
	mine, err := n.Timeline(ctx, id)
	if err != nil {
		f.t.Fatalf("timeline of %s at %s: %v", id, n.ID(), err)
	}
	counties, err := f.Hub().Timeline(ctx, id)
	if err != nil {
		f.t.Fatalf("timeline of %s: %v", id, err)
	}
	at := map[string]int{}
	for i, e := range counties {
		at[e.ID] = i
	}
	last, before := -1, map[string]store.EntryView{}
	for _, e := range mine {
		if place, known := at[e.ID]; !known || place <= last {
			f.t.Fatalf("%s tells %s %s of %s out of the county's order", n.ID(), e.Kind, e.ID, id)
		}
		last = at[e.ID]
		if _, told := before[e.Prev]; e.Prev != "" && !told {
			f.t.Fatalf("%s tells %s %s of %s before %s, which it follows", n.ID(), e.Kind, e.ID, id, e.Prev)
		}
		if own := before[e.Origin]; e.Seq > 0 && own.Seq > e.Seq {
			f.t.Fatalf("%s tells number %d of %s after %d", n.ID(), e.Seq, e.Origin, own.Seq)
		}
		before[e.ID], before[e.Origin] = e, e
	}
}

func lines(t storetest.TB, s *store.Store, table string) []string {
	text := strings.TrimSuffix(storetest.Dump(t, s, table), "\n")
	return strings.Split(text, "\n")[1:]
}

// Three nodes under a network that loses, repeats, delays and reorders agree
// in the end on every case, whatever they were restarted in the middle of.
func TestNothingLostNothingTwice(t *testing.T) {
	checkRuns(t, func(r run) {
		f := newFederation(r)
		for range rapid.IntRange(5, 60).Draw(r.T, "steps") {
			f.step()
		}
		f.heal()
		f.check()
	})
}

func mustRecord(t storetest.TB, line []byte) ledger.Record {
	var r ledger.Record
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatalf("record: %v", err)
	}
	return r
}
