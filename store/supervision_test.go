package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// watched is a county with a case that lies at the township, waiting for its
// decision, and a card on it that asks the township's reviewer.
type watched struct {
	*storetest.County
	hub, town, village *storetest.Node
	id, card           string
	reviewer, leader   identity.Actor
	supervisor, other  identity.Actor
	system             identity.Actor
	today              calendar.Date
}

func newWatched(t storetest.TB) *watched {
	c := storetest.NewCounty(t)
	w := &watched{County: c, hub: c.Hub(), town: c.Township(town), village: c.Village(here)}
	opened := w.village.Submit("TB-XZRZ-005")
	w.id, w.card = opened.ID, supervision.CardID(opened.ID, supervision.PromisePassed)
	w.village.Advance(w.id)
	w.reviewer, w.leader = w.town.Actor(identity.TownshipReviewer), w.town.Actor(identity.TownshipLeader)
	w.supervisor = w.hub.Actor(identity.Supervisor)
	w.hub.MustDo(c.Operator(), &ledger.StaffAddV1{Staff: "supervisor-2", Login: "supervisor-2", Name: "赵敏", Division: storetest.Code, Roles: []identity.Role{identity.Supervisor}, PasswordHash: "x"})
	w.other = identity.Actor{Staff: "supervisor-2", Name: "赵敏", Role: identity.Supervisor, Node: w.hub.ID()}
	w.system = identity.Actor{Staff: w.hub.ID(), Role: identity.System, Node: w.hub.ID()}
	w.today = calendar.DateOf(c.Clock.Now())
	c.Settle()
	return w
}

func (w *watched) issue() *ledger.CardIssueV1 {
	return &ledger.CardIssueV1{Rule: string(supervision.PromisePassed), Colour: string(supervision.Yellow), Due: w.today.AddDays(-1), On: w.today, AnswerBy: w.today.AddDays(2),
		Desk: ledger.Desk{Division: town, Verb: ledger.VerbDecide}, Handler: ledger.NamedPerson{Staff: w.reviewer.Staff, Name: w.reviewer.Name}, Supervisor: ledger.NamedPerson{Staff: w.supervisor.Staff}}
}

// about is where what is done to the card belongs.
func (w *watched) about() storetest.About { return storetest.About{Case: w.id, Scope: town} }

func (w *watched) do(n *storetest.Node, by identity.Actor, body ledger.Body) error {
	_, err := n.Do(by, body, w.about())
	return err
}

func (w *watched) must(t *testing.T, n *storetest.Node, by identity.Actor, body ledger.Body) {
	t.Helper()
	if err := w.do(n, by, body); err != nil {
		t.Fatalf("%T at %s: %v", body, n.ID(), err)
	}
}

// same checks that the hub and the township hold the same cards, and that the
// card is in a state.
func (w *watched) same(t *testing.T, want supervision.State) {
	t.Helper()
	w.Settle()
	if a, b := storetest.Dump(t, w.hub.Store, "cards", "inquiries", "outages"), storetest.Dump(t, w.town.Store, "cards", "inquiries", "outages"); a != b {
		t.Errorf("the township has other cards:\n%s\nthe hub:\n%s", b, a)
	}
	if c, err := w.hub.Card(ctx, w.card); err != nil || c.State() != want {
		t.Errorf("the card is %+v, want %s (%v)", c, want, err)
	}
}

// domain.md sections 4 and 5: card → explanation → finding → sanction, the
// person may state a defence and contest it, nobody decides in their own matter.
//
// Rules: 4.7, 5.5.
func TestCardLife(t *testing.T) {
	w := newWatched(t)
	about := w.about()
	about.ID = w.card
	w.hub.MustDo(w.system, w.issue(), about)
	w.same(t, supervision.Open)
	if _, err := w.village.Card(ctx, w.card); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the village has the township's card (%v)", err)
	}
	w.Clock.Advance(time.Hour)
	if r, err := w.hub.Do(w.system, w.issue(), about); r.Status != store.Repeated && err == nil {
		t.Errorf("issued again: %+v", r)
	}
	_, err := w.hub.Do(w.system, w.issue(), w.about())
	wantRefused(t, "under another id", err, "card_id")
	wantRefused(t, "by a person", w.do(w.hub, w.supervisor, w.issue()), "not_authorised")

	wantRefused(t, "answered by somebody who is not asked", w.do(w.town, w.leader, &ledger.CardAnswerV1{Card: w.card, Text: "代答"}), "card_not_asked")
	wantRefused(t, "found on before it was answered", w.do(w.hub, w.supervisor, &ledger.CardFindV1{Card: w.card, Reasons: "理由成立"}), "card_unheard")
	// The answer is written while the line is down, and the county, which does
	// not know it, lets the card rise.
	w.must(t, w.town, w.reviewer, &ledger.CardAnswerV1{Card: w.card, Text: "外出勘验"})
	w.Clock.Advance(3 * 24 * time.Hour)
	now := calendar.DateOf(w.Clock.Now())
	rise := w.about()
	rise.ID = supervision.RiseID(w.card, supervision.OfficeHead)
	w.hub.MustDo(w.system, &ledger.CardRiseV1{Card: w.card, Level: 1, To: ledger.NamedPerson{Staff: w.leader.Staff}, On: now, AnswerBy: now.AddDays(2)}, rise)
	w.same(t, supervision.Explained)

	breach := &ledger.CardFindV1{Card: w.card, Breach: true, Reasons: "无正当理由", Person: ledger.NamedPerson{Staff: w.reviewer.Staff}, StatementBy: now.AddDays(3)}
	w.must(t, w.hub, w.supervisor, breach)
	w.same(t, supervision.Breached)
	wantRefused(t, "found on twice", w.do(w.hub, w.other, breach), "card_closed")
	wantRefused(t, "measured before the person was heard", w.do(w.town, w.leader, &ledger.CardMeasureV1{Card: w.card, Measure: ledger.MeasureTalk, Reasons: "初次"}), "card_unheard")
	wantRefused(t, "stated by another", w.do(w.town, w.leader, &ledger.CardStateV1{Card: w.card, Text: "代陈述"}), "card_not_asked")
	wantRefused(t, "measured by whoever is not a leader", w.do(w.town, w.reviewer, &ledger.CardMeasureV1{Card: w.card, Measure: ledger.MeasureTalk, Reasons: "初次"}), "not_authorised")
	w.must(t, w.town, w.reviewer, &ledger.CardStateV1{Card: w.card, Text: "当日停电"})
	w.must(t, w.town, w.reviewer, &ledger.CardAppealV1{Card: w.card, Reasons: "停电有记录"})
	w.same(t, supervision.Contested)
	wantRefused(t, "measured while it is contested", w.do(w.town, w.leader, &ledger.CardMeasureV1{Card: w.card, Measure: ledger.MeasureTalk, Reasons: "初次"}), "appeal_open")
	wantRefused(t, "settled by the supervisor complained about", w.do(w.hub, w.supervisor, &ledger.CardSettleV1{Card: w.card, Reasons: "维持"}), "appeal_own")
	w.must(t, w.hub, w.other, &ledger.CardSettleV1{Card: w.card, Upheld: false, Reasons: "停电在次日"})
	w.same(t, supervision.Breached)
	w.must(t, w.town, w.leader, &ledger.CardMeasureV1{Card: w.card, Measure: ledger.MeasureTalk, Reasons: "初次超期"})
	w.same(t, supervision.Measured)
	if c, err := w.town.Card(ctx, w.card); err != nil || c.Against() != w.reviewer.Staff || c.Measure.Text == "" {
		t.Errorf("%+v, %v", c, err)
	}
}

// An appeal that is upheld leaves the card where it is, and counts it against
// nobody.
//
// Rules: 7.2.
func TestAppealUpheld(t *testing.T) {
	w := newWatched(t)
	about := w.about()
	about.ID = w.card
	w.hub.MustDo(w.system, w.issue(), about)
	w.Settle()
	w.must(t, w.town, w.reviewer, &ledger.CardAppealV1{Card: w.card, Reasons: "材料当日才到"})
	w.Settle()
	wantRefused(t, "found on while it is contested", w.do(w.hub, w.other, &ledger.CardFindV1{Card: w.card, Reasons: "成立"}), "appeal_open")
	wantRefused(t, "settled by the supervisor of the card", w.do(w.hub, w.supervisor, &ledger.CardSettleV1{Card: w.card, Upheld: true, Reasons: "属实"}), "appeal_own")
	w.must(t, w.hub, w.other, &ledger.CardSettleV1{Card: w.card, Upheld: true, Reasons: "属实"})
	w.same(t, supervision.Overruled)
	cards, err := w.hub.Cards(ctx, store.CardFilter{})
	if err != nil || len(cards) != 1 || cards[0].Against() != "" {
		t.Errorf("%+v, %v", cards, err)
	}
}

// What the county refuses is taken back: the card waits again.
func TestRefusedAnswerIsTakenBack(t *testing.T) {
	w := newWatched(t)
	about := w.about()
	about.ID = w.card
	w.hub.MustDo(w.system, w.issue(), about)
	w.Settle()
	w.hub.MustDo(w.Operator(), &ledger.StaffDisableV1{Staff: w.reviewer.Staff, Disabled: true, Reason: "离岗"})
	w.Clock.Advance(2 * time.Minute)
	w.must(t, w.town, w.reviewer, &ledger.CardAnswerV1{Card: w.card, Text: "说明"})
	if c, err := w.town.Card(ctx, w.card); err != nil || !c.Answered {
		t.Fatalf("%+v, %v", c, err)
	}
	w.same(t, supervision.Open)
}

// A substitute on duty answers for whoever is absent (AB岗), on the days of the
// duty.
func TestSubstituteAnswers(t *testing.T) {
	w := newWatched(t)
	about := w.about()
	about.ID = w.card
	w.hub.MustDo(w.system, w.issue(), about)
	w.hub.MustDo(w.Operator(), &ledger.StaffSubstituteV1{Staff: w.reviewer.Staff, Substitute: w.leader.Staff, From: w.today.AddDays(1), Until: w.today.AddDays(2), Reason: "休假"})
	w.Settle()
	wantRefused(t, "before the duty", w.do(w.town, w.leader, &ledger.CardAnswerV1{Card: w.card, Text: "代答"}), "card_not_asked")
	w.Clock.Advance(24 * time.Hour)
	w.must(t, w.town, w.leader, &ledger.CardAnswerV1{Card: w.card, Text: "代答"})
	w.same(t, supervision.Explained)
	_, err := w.hub.Do(w.Operator(), &ledger.StaffSubstituteV1{Staff: w.reviewer.Staff, Substitute: "operator-2", From: w.today, Until: w.today, Reason: "休假"}, storetest.About{})
	wantRefused(t, "somebody from elsewhere", err, "substitute_elsewhere")
}

// A supervisor asks the desk where a case lies, and opens an inquiry; others
// hear of neither.
func TestInquiries(t *testing.T) {
	w := newWatched(t)
	desk := ledger.Desk{Division: town, Verb: ledger.VerbDecide}
	r, err := w.hub.Do(w.supervisor, &ledger.InquiryOpenV1{Desk: desk, Question: "为何未审批", AnswerBy: w.today.AddDays(2)}, w.about())
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.hub.Do(w.supervisor, &ledger.CaseUrgeV1{Desk: ledger.Desk{Division: here, Verb: ledger.VerbAccept}, Text: "请尽快"}, storetest.About{Case: w.id, Scope: here})
	wantRefused(t, "a desk where it does not lie", err, "stale")
	w.must(t, w.hub, w.supervisor, &ledger.CaseUrgeV1{Desk: desk, Text: "请尽快"})
	w.Settle()
	if got, err := w.village.InquiriesOf(ctx, w.id); err != nil || len(got) != 0 {
		t.Errorf("the village has %+v, %v", got, err)
	}
	w.must(t, w.town, w.leader, &ledger.InquiryAnswerV1{Inquiry: r.ID, Text: "今日办结"})
	w.Settle()
	got, err := w.hub.InquiriesOf(ctx, w.id)
	if err != nil || len(got) != 1 || !got[0].Closed() || got[0].Answers[0].By.Staff != w.leader.Staff {
		t.Errorf("%+v, %v", got, err)
	}
	wantRefused(t, "answered again", w.do(w.town, w.leader, &ledger.InquiryAnswerV1{Inquiry: r.ID, Text: "又"}), "inquiry_closed")
	if urges, err := w.town.Urges(ctx, w.id); err != nil || len(urges) != 1 {
		t.Errorf("%d urges, %v", len(urges), err)
	}
}

// Inquiries stand in the order of the ledger, whatever the clock of who asked says.
func TestInquiriesAreInTheLedgersOrder(t *testing.T) {
	w := newWatched(t)
	desk := ledger.Desk{Division: town, Verb: ledger.VerbDecide}
	ask := func(question string, late time.Duration) {
		about := w.about()
		about.At = w.Clock.Now().Add(late).UnixMilli()
		if _, err := w.hub.Do(w.supervisor, &ledger.InquiryOpenV1{Desk: desk, Question: question, AnswerBy: w.today.AddDays(2)}, about); err != nil {
			t.Fatal(err)
		}
	}
	ask("一", 0)
	ask("二", -time.Hour)
	ask("三", -30*time.Minute)
	of, err := w.hub.InquiriesOf(ctx, w.id)
	if err != nil {
		t.Fatal(err)
	}
	open, err := w.hub.OpenInquiries(ctx, storetest.Code, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]supervision.Inquiry{of, open} {
		var got []string
		for _, q := range list {
			got = append(got, q.Asked.Text)
		}
		if !slices.Equal(got, []string{"一", "二", "三"}) {
			t.Errorf("%q", got)
		}
	}
}

// A second card of a rule is for a first that a line excused, and comes once, whichever
// hub says it.
func TestSecondCardAfterAnExcusedOne(t *testing.T) {
	w := newWatched(t)
	about := w.about()
	again := w.about()
	again.ID = supervision.AgainID(w.id, supervision.PromisePassed)
	second := w.issue()
	_, err := w.hub.Do(w.system, second, again)
	wantRefused(t, "before the first", err, "card_id")
	about.ID = supervision.CardID(w.id, supervision.PromisePassed)
	first := w.issue()
	first.Excused, first.LineDown, first.AnswerBy = true, 600, calendar.Date{}
	if _, err := w.hub.Do(w.system, first, about); err != nil {
		t.Fatal(err)
	}
	excusedToo := *first
	_, err = w.hub.Do(w.system, &excusedToo, again)
	wantRefused(t, "excused as well", err, "card_id")
	for range 2 {
		if r, err := w.hub.Do(w.system, second, again); err != nil && r.Status != store.Repeated {
			t.Fatal(r, err)
		}
	}
	cards, err := w.hub.CardsOf(ctx, w.id)
	if err != nil || len(cards) != 2 {
		t.Fatalf("%+v, %v", cards, err)
	}
	w.Settle()
	if seen, err := w.town.CardsOf(ctx, w.id); err != nil || len(seen) != 2 {
		t.Errorf("%+v, %v", seen, err)
	}
}

// That a supervisor looked at personal data is recorded at the county, and no
// node below hears of it.
func TestSupervisorLooksUnseen(t *testing.T) {
	w := newWatched(t)
	view := &ledger.CaseRevealV1{What: []string{ledger.RevealCase}}
	_, err := w.hub.Do(w.supervisor, view, storetest.About{Case: w.id, Scope: w.hub.MustCase(w.id).Division})
	wantRefused(t, "shown below", err, "scope")
	if _, err := w.hub.Do(w.supervisor, view, storetest.About{Case: w.id, Scope: storetest.Code}); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	for _, n := range []*storetest.Node{w.hub, w.town, w.village} {
		seen, err := n.Reveals(ctx, store.RevealFilter{})
		if want := 0; err != nil || (n != w.hub && len(seen) != want) || n == w.hub && len(seen) != 1 {
			t.Errorf("%s: %d views, %v", n.ID(), len(seen), err)
		}
	}
}

// A decision needs a qualified person of the establishment, as the roster was
// on the day, also when it arrives later.
func TestRosterDecides(t *testing.T) {
	for _, row := range []struct {
		what   string
		roster func(*ledger.StaffRosterV1)
		code   string
	}{
		{"not in the establishment", func(b *ledger.StaffRosterV1) { b.Established = false }, "not_established"},
		{"not qualified", func(b *ledger.StaffRosterV1) { b.Qualifications = nil }, "not_qualified"},
		{"expired", func(b *ledger.StaffRosterV1) {
			b.Qualifications[0].Until = calendar.DateOf(storetest.Beginning).AddDays(-1)
		}, "qualification_expired"},
		{"good on its last day", func(b *ledger.StaffRosterV1) { b.Qualifications[0].Until = calendar.DateOf(storetest.Beginning) }, ""},
	} {
		w := newWatched(t)
		b := storetest.Qualified(w.leader.Staff)
		row.roster(b)
		w.hub.MustDo(w.Operator(), b)
		w.Settle()
		w.Clock.Advance(2 * time.Minute)
		_, err := w.town.Step(w.id, storetest.BodyFor(w.town.MustCase(w.id), ledger.VerbDecide))
		if row.code == "" {
			if err != nil {
				t.Errorf("%s: %v", row.what, err)
			}
			// It arrives when the qualification has ended.
			w.Clock.Advance(5 * 24 * time.Hour)
			w.Settle()
			if got := w.hub.MustCase(w.id); got.DecidedMS == 0 {
				t.Errorf("%s: the county did not take it: %+v", row.what, got)
			}
			continue
		}
		wantRefused(t, row.what, err, row.code)
	}
	w := newWatched(t)
	w.hub.MustDo(w.Operator(), &ledger.StaffAddV1{Staff: "new-leader", Login: "new-leader", Name: "吴涛", Division: town, Roles: []identity.Role{identity.TownshipLeader}, PasswordHash: "x"})
	w.Settle()
	w.Clock.Advance(2 * time.Minute)
	c := w.town.MustCase(w.id)
	_, err := w.town.Do(identity.Actor{Staff: "new-leader", Role: identity.TownshipLeader, Node: w.town.ID()}, storetest.BodyFor(c, ledger.VerbDecide), storetest.About{Case: c.ID, Scope: c.Division, Prev: c.Head})
	wantRefused(t, "nobody entered them", err, "roster_missing")
	_, err = w.hub.Do(w.Operator(), &ledger.StaffRosterV1{Staff: "new-leader", Rank: identity.RankClerk, Heads: identity.HeadsWindow, Reason: "任命"}, storetest.About{})
	wantRefused(t, "a clerk heads a window", err, "rank_too_low")
}

// An entry that left a step out, which a node below had let pass, is refused at
// the county and has the case looked at.
//
// Rules: 5.8.
func TestSkippedStepIsSeen(t *testing.T) {
	w := newWatched(t)
	opened := w.village.Submit("TB-XZRZ-005")
	w.Settle()
	last, _, err := w.village.LastSeq(ctx, w.village.ID())
	if err != nil {
		t.Fatal(err)
	}
	skip := w.village.Entry(last+1, w.village.Actor(identity.VillageWorker), &ledger.CaseDeliverV1{Recipient: "王芳", Method: "direct"}, storetest.About{Case: opened.ID, Scope: here, Prev: opened.Head})
	if r := w.hub.Take(w.village.Raw(skip)); r[0].Outcome != ledger.Refused {
		t.Fatalf("%+v", r)
	}
	if seen, err := w.hub.SeenRules(ctx, opened.ID); err != nil || !slices.Equal(seen, []supervision.Rule{supervision.StepSkipped}) {
		t.Errorf("seen %v, %v", seen, err)
	}
	due, err := w.hub.LooksDue(ctx, w.today, store.Look{}, 100)
	if err != nil || !slices.ContainsFunc(due, func(l store.Look) bool { return l.Case == opened.ID && l.Head == skip.ID }) {
		t.Errorf("%+v, %v", due, err)
	}
}

// A case is in the index of looks on the day on which something is to be found,
// and out of it when nothing will be.
func TestLooksAreForTheDay(t *testing.T) {
	w := newWatched(t)
	c := w.hub.Submit("TB-SCJG-010")
	on := func(day calendar.Date) bool {
		t.Helper()
		due, err := w.hub.LooksDue(ctx, day, store.Look{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(due, func(l store.Look) bool { return l.Case == c.ID })
	}
	friday, monday := w.today.AddDays(4), w.today.AddDays(7)
	if on(monday) || !on(monday.AddDays(1)) { // told within five working days
		t.Error("handed in: not looked at when the notice is late")
	}
	w.hub.Advance(c.ID)
	if on(friday.AddDays(-1)) || !on(friday) { // one working day of five left
		t.Error("accepted: not looked at when the promise is near")
	}
	for !w.hub.MustCase(c.ID).Status.Ended() {
		w.hub.Advance(c.ID)
	}
	if on(monday.AddDays(300)) {
		t.Error("a case that has ended in time is looked at")
	}
}

// The settings are an entry by a supervisor that holds at every tier; every open
// case is looked at anew by them, and cards that were issued stay.
func TestThresholdsTravel(t *testing.T) {
	w := newWatched(t)
	about := w.about()
	about.ID = w.card
	w.hub.MustDo(w.system, w.issue(), about)
	set := &ledger.SupervisionThresholdsV1{AmberLeft: 2, RedOver: 5, RedYellows: 3, AnswerDays: 3, Opens: 540, Closes: 1050, LineMinutes: 60, Reason: "试行"}
	_, err := w.hub.Do(w.Operator(), set, storetest.About{})
	wantRefused(t, "by an operator", err, "not_authorised")
	if _, err := w.hub.Do(w.supervisor, set, storetest.About{}); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	for _, n := range []*storetest.Node{w.hub, w.town, w.village} {
		if got, err := n.Thresholds(ctx); err != nil || got != supervision.ThresholdsOf(set) {
			t.Errorf("%s: %+v, %v", n.ID(), got, err)
		}
		if changes, err := n.ThresholdChanges(ctx); err != nil || len(changes) != 1 || changes[0].Actor.Staff != w.supervisor.Staff {
			t.Errorf("%s: %+v, %v", n.ID(), changes, err)
		}
	}
	due, err := w.hub.LooksDue(ctx, w.today, store.Look{}, 100)
	if err != nil || !slices.ContainsFunc(due, func(l store.Look) bool { return l.Case == w.id && l.Day == 0 }) {
		t.Errorf("not looked at anew: %+v, %v", due, err)
	}
	w.same(t, supervision.Open)
}

// An outage is recorded once, by the county, and seen where the line is.
func TestOutageOnce(t *testing.T) {
	w := newWatched(t)
	from := w.Clock.UnixMilli()
	o := &ledger.LineOutageV1{Division: town, From: from, Until: from + 3_600_000}
	w.hub.MustDo(w.system, o)
	_, err := w.hub.Do(w.system, &ledger.LineOutageV1{Division: town, From: from + 1000, Until: from + 7_200_000}, storetest.About{})
	wantRefused(t, "a part of it again", err, "outage_known")
	_, err = w.hub.Do(w.supervisor, o, storetest.About{})
	wantRefused(t, "by a person", err, "not_authorised")
	w.hub.MustDo(w.system, &ledger.LineOutageV1{Division: here, From: from, Until: from + 3_600_000})
	w.Settle()
	if got, err := w.village.Outages(ctx, here, 0); err != nil || len(got) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := w.village.Outages(ctx, town, 0); err != nil || len(got) != 0 {
		t.Errorf("the village knows of its township's line: %+v, %v", got, err)
	}
}

// Two hubs that both take themselves for the leader, in any order and with
// restarts between: each card and each rise is in the ledger once.
func TestHubsIssueOnce(t *testing.T) {
	w := newWatched(t)
	few(t, 30)
	rapid.Check(t, func(rt *rapid.T) {
		w.Clock.Advance(time.Minute)
		w.id = w.town.Submit("TB-XZRZ-005", storetest.Matter(here)).ID
		w.card = supervision.CardID(w.id, supervision.PromisePassed)
		w.Settle()
		applied := 0
		for range rapid.IntRange(2, 12).Draw(rt, "steps") {
			about := w.about()
			var body ledger.Body
			if rapid.Bool().Draw(rt, "rise") {
				level := rapid.IntRange(1, 2).Draw(rt, "level")
				about.ID = supervision.RiseID(w.card, supervision.Level(level))
				day := w.today.AddDays(3 * level)
				body = &ledger.CardRiseV1{Card: w.card, Level: level, On: day, AnswerBy: day.AddDays(2)}
			} else {
				about.ID = w.card
				b := w.issue()
				b.LineDown = rapid.IntRange(0, 5).Draw(rt, "as another hub sees it")
				body = b
			}
			if r, err := w.hub.Do(w.system, body, about); err == nil && r.Status == store.Recorded {
				applied++
			}
			if rapid.Bool().Draw(rt, "restart") {
				w.hub.Reopen()
			}
		}
		entries, err := w.hub.Timeline(ctx, w.id)
		if err != nil {
			rt.Fatal(err)
		}
		entries = slices.DeleteFunc(entries, func(e store.EntryView) bool { return e.Kind != ledger.CardIssue && e.Kind != ledger.CardRise })
		ids := map[string]bool{}
		for _, e := range entries {
			ids[e.ID] = true
		}
		if len(ids) != len(entries) || len(entries) != applied || applied > 3 {
			rt.Fatalf("%d entries, %d ids, %d applied", len(entries), len(ids), applied)
		}
	})
}
