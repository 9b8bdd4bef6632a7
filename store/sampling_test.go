package store_test

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/sampling"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

func refusedWith(t *testing.T, err error, code string) {
	t.Helper()
	var no *store.Refused
	if !errors.As(err, &no) || no.Code != code {
		t.Errorf("want %s, got %v", code, err)
	}
}

func points(fault string) []ledger.SamplePoint {
	var all []ledger.SamplePoint
	for _, c := range sampling.Checks {
		p := ledger.SamplePoint{Check: c.Code, Result: ledger.PointOK}
		if c.Code == fault {
			p.Result, p.Note = ledger.PointFault, "见卷第三页"
		}
		all = append(all, p)
	}
	return all
}

// Handbook section 5 and the rule of random sampling: a draw is committed before
// its seed can be known; the seed is the root of the ledger at the size that was
// stated; anybody who has the list and the seed draws the same; what is drawn is
// inspected once, by a supervisor who had no hand in it, and what is found makes
// a card.
func TestSampling(t *testing.T) {
	w := newWatched(t)
	var ended []string
	for range 6 {
		c := w.village.Submit(birth)
		w.Settle()
		for !w.hub.MustCase(c.ID).Status.Ended() {
			for _, n := range []*storetest.Node{w.village, w.town, w.hub} {
				if x, err := n.Case(ctx, c.ID); err == nil && x.Holder == n.Division() && !x.Status.Ended() {
					n.Advance(c.ID)
				}
			}
			w.Settle()
		}
		ended = append(ended, c.ID)
	}
	rule := &ledger.SampleDrawV1{From: w.today, To: w.today, By: "department", Permille: 500, After: 20, Reason: "日常抽查"}
	about := storetest.About{Scope: storetest.Code}
	ahead := *rule
	ahead.To = w.today.AddDays(1)
	_, err := w.hub.Do(w.supervisor, &ahead, about)
	refusedWith(t, err, "sample_period")
	w.Clock.Set(w.Clock.Now().AddDate(0, 0, 1))
	leader := w.hub.DepartmentActor(identity.DepartmentLeader, "县民政局")
	_, err = w.hub.Do(leader, rule, about)
	refusedWith(t, err, "not_authorised")
	elsewhere := *rule
	elsewhere.Item = "TB-NONE-001"
	_, err = w.hub.Do(w.supervisor, &elsewhere, about)
	refusedWith(t, err, "sample_empty")
	draw := w.hub.MustDo(w.supervisor, rule, about)

	s, err := w.hub.Sample(ctx, draw.ID)
	must(t, err)
	all, err := w.hub.Population(ctx, draw.ID)
	must(t, err)
	if s.Index != draw.Index || s.Size != draw.Index+20 || s.Population != len(ended) || len(all) != len(ended) || s.Hash != sampling.Hash(all) {
		t.Fatalf("%+v of %d", s, len(all))
	}
	for _, id := range ended {
		ticket := sampling.TicketOf(draw.ID, w.hub.MustCase(id).Number)
		if !slices.ContainsFunc(all, func(m sampling.Member) bool { return m.Ticket == ticket && m.Case == id }) {
			t.Errorf("case %s has no ticket", id)
		}
	}
	sheet := func(id, fault string) *ledger.SampleReviewV1 {
		return &ledger.SampleReviewV1{Draw: draw.ID, Case: id, Points: points(fault)}
	}
	_, err = w.hub.Do(w.other, sheet(ended[0], ""), about)
	refusedWith(t, err, "sample_not_drawn") // there is no seed yet
	for head, err := w.hub.Head(ctx); head < s.Size; head, err = w.hub.Head(ctx) {
		must(t, err)
		w.hub.MustDo(w.County.Operator(), &ledger.StaffPasswordV1{Staff: storetest.OperatorID, PasswordHash: "x"})
	}
	tree, err := w.hub.Tree(ctx, s.Size)
	must(t, err)
	drawn := map[string]bool{}
	for _, i := range sampling.Draw([sha256.Size]byte(tree.Hash), rule.Permille, rule.Least, all) {
		drawn[all[i].Case] = true
	}
	if len(drawn) != 3 {
		t.Fatalf("drawn %v", drawn)
	}
	var first, second, left string
	for _, id := range ended {
		switch {
		case !drawn[id]:
			left = id
		case first == "":
			first = id
		default:
			second = id
		}
	}
	_, err = w.hub.Do(w.other, sheet(left, ""), about)
	refusedWith(t, err, "sample_not_drawn")
	unknown := sheet(first, "")
	unknown.Draw = "nothing"
	_, err = w.hub.Do(w.other, unknown, about)
	refusedWith(t, err, "sample_unknown")
	w.hub.MustDo(w.other, sheet(first, ""), about)
	_, err = w.hub.Do(w.supervisor, sheet(first, "notice"), about)
	refusedWith(t, err, "sample_reviewed")

	// Somebody who took a step in the case, and is a supervisor by now.
	decider := w.hub.MustCase(second).DecidedBy
	if decider == nil {
		t.Fatal("nobody decided")
	}
	seen, err := w.hub.SeenRules(ctx, second)
	must(t, err)
	if len(seen) > 0 {
		t.Errorf("seen %v", seen)
	}
	w.hub.MustDo(w.other, sheet(second, "notice"), about)
	if seen, err = w.hub.SeenRules(ctx, second); err != nil || !slices.Equal(seen, []supervision.Rule{supervision.SampleFault}) {
		t.Errorf("seen %v %v", seen, err)
	}
	looks, err := w.hub.LooksDue(ctx, calendar.DateOf(w.Clock.Now()), store.Look{}, 100)
	must(t, err)
	if !slices.ContainsFunc(looks, func(l store.Look) bool { return l.Case == second }) {
		t.Errorf("the watch does not look at %s: %v", second, looks)
	}
	sheets, err := w.hub.Sheets(ctx, draw.ID)
	must(t, err)
	if n, faulty, err := w.hub.Inspected(ctx, draw.ID); err != nil || n != 2 || faulty != 1 || sheets[second].Verdict != sampling.Faulty || sheets[first].Verdict != sampling.Passed {
		t.Errorf("%d %d %v %+v", n, faulty, err, sheets)
	}
	// What was inspected is not drawn again.
	again := w.hub.MustDo(w.supervisor, rule, about)
	if s, err := w.hub.Sample(ctx, again.ID); err != nil || s.Population != len(ended)-2 {
		t.Errorf("%+v %v", s, err)
	}
	// Nobody below the county hears of it, and reading the ledger again makes the
	// same.
	w.Settle()
	if list, err := w.town.Samples(ctx, 10); err != nil || len(list) > 0 {
		t.Errorf("the township has %v %v", list, err)
	}
	raws, ats := records(t, w.hub.Store)
	replayed := openHub(t, t.TempDir(), storetest.HubID)
	replay(t, replayed, raws, ats, 0, 7)
	for _, table := range []string{"samples", "sample_sheets", "case_ends"} {
		if storetest.Digest(t, replayed, table) != storetest.Digest(t, w.hub.Store, table) {
			t.Errorf("%s differs when the ledger is read again", table)
		}
	}
	recounted(t, w.hub)
}

// Whoever took a step in a case does not inspect it, whichever step it was.
func TestSamplingNotByWhoHandledIt(t *testing.T) {
	w := newWatched(t)
	c := w.village.Submit(birth)
	w.Settle()
	for !w.hub.MustCase(c.ID).Status.Ended() {
		for _, n := range []*storetest.Node{w.village, w.town, w.hub} {
			if x, err := n.Case(ctx, c.ID); err == nil && x.Holder == n.Division() && !x.Status.Ended() {
				n.Advance(c.ID)
			}
		}
		w.Settle()
	}
	hands, err := store.HandsOn(ctx, w.hub.Store, c.ID)
	must(t, err)
	timeline, err := w.hub.Timeline(ctx, c.ID)
	must(t, err)
	for i := range timeline {
		if info, _ := ledger.Lookup(timeline[i].Kind, 1); !info.Beside && !slices.Contains(hands, timeline[i].Actor.Staff) {
			t.Errorf("%s took a step and is not among %v", timeline[i].Actor.Staff, hands)
		}
	}
	if len(hands) < 2 || slices.Contains(hands, w.supervisor.Staff) {
		t.Errorf("hands %v", hands)
	}
}
