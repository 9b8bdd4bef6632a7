package store_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

const november = "2026-11"

// through takes a case to its end, wherever it lies.
func (w *watched) through(id string) {
	for !w.hub.MustCase(id).Status.Ended() {
		for _, n := range []*storetest.Node{w.village, w.town, w.hub} {
			if x, err := n.Case(ctx, id); err == nil && x.Holder == n.Division() && !x.Status.Ended() {
				n.Advance(id)
			}
		}
		w.Settle()
	}
}

// publish drafts, signs and publishes an edition of November, as the county does.
func (w *watched) publish(t storetest.TB, edition int, reason string) *appraisal.Appraisal {
	t.Helper()
	_, _, hash, err := w.hub.Appraise(ctx, november)
	must(t, err)
	w.hub.MustDo(w.supervisor, &ledger.AppraisalDraftV1{Month: november, Edition: edition, Reason: reason, Hash: hash})
	w.hub.MustDo(w.other, &ledger.AppraisalSignV1{Month: november, Edition: edition, Hash: hash})
	x, err := w.hub.Appraisal(ctx, november, edition)
	must(t, err)
	w.hub.MustDo(w.supervisor, &ledger.AppraisalPublishV1{Month: november, Edition: edition, Hash: hash, Criteria: x.Card.Offices, Offices: x.Offices(), Reason: reason})
	for _, d := range x.Divisions() {
		w.hub.MustDo(w.system, &ledger.AppraisalResultV1{Month: november, Edition: edition, Division: d, Criteria: x.Card.Persons, Persons: x.Persons(d)},
			storetest.About{ID: appraisal.ResultID(november, edition, d), Scope: d})
	}
	return x
}

// Appraisal: computed of what the ledger made, drafted by one and signed by
// another, frozen once it is published, corrected by a new edition with its
// reason; each person sees themselves and objects once.
func TestAppraisal(t *testing.T) {
	w := newWatched(t)
	worker, clerk := w.village.Actor(identity.VillageWorker), w.town.Actor(identity.TownshipClerk)
	for range 3 {
		c := w.village.Submit(birth)
		w.Settle()
		w.through(c.ID)
	}
	w.hub.MustDo(w.system, w.issue(), storetest.About{ID: w.card, Case: w.id, Scope: town})
	day := func(staff string, on calendar.Date, morning, afternoon string) *ledger.AttendanceRecordV1 {
		return &ledger.AttendanceRecordV1{Division: town, Days: []ledger.AttendanceDay{{Staff: staff, Day: on, Morning: morning, Afternoon: afternoon}}}
	}
	w.town.MustDo(w.leader, day(clerk.Staff, w.today, ledger.Present, ledger.Absent))
	w.town.MustDo(w.leader, day(clerk.Staff, w.today, ledger.Present, ledger.Away)) // the last word stands
	_, err := w.town.Do(clerk, day(clerk.Staff, w.today, ledger.Present, ledger.Present), storetest.About{Scope: town})
	refusedWith(t, err, "not_authorised")
	_, err = w.town.Do(w.leader, day(worker.Staff, w.today, ledger.Present, ledger.Present), storetest.About{Scope: town})
	refusedWith(t, err, "attendance_elsewhere")
	_, err = w.town.Do(w.leader, day(clerk.Staff, w.today.AddDays(7), ledger.Present, ""), storetest.About{Scope: town})
	refusedWith(t, err, "attendance_ahead")
	w.Settle()
	about := storetest.About{Scope: storetest.Code}
	of := ledger.Appraised{Kind: "person", Division: town, Staff: clerk.Staff}
	w.hub.MustDo(w.supervisor, &ledger.AppraisalMarkV1{Month: november, Of: of, Points: 100, Reason: "群众来信表扬"}, about)
	_, err = w.hub.Do(w.supervisor, &ledger.AppraisalMarkV1{Month: november, Of: ledger.Appraised{Kind: "person", Division: here, Staff: clerk.Staff}, Points: 100, Reason: "表扬"}, about)
	refusedWith(t, err, "staff_unknown")
	_, err = w.hub.Do(w.supervisor, &ledger.AppraisalMarkV1{Month: "2026-12", Of: of, Points: 100, Reason: "表扬"}, about)
	refusedWith(t, err, "appraisal_month")

	rows, card, hash, err := w.hub.Appraise(ctx, november)
	must(t, err)
	if card.From != appraisal.Default.From {
		t.Errorf("%+v", card)
	}
	find := func(rows []ledger.AppraisalRow, of ledger.Appraised) *ledger.AppraisalRow {
		for i := range rows {
			if rows[i].Of == of {
				return &rows[i]
			}
		}
		t.Fatalf("nothing of %+v", of)
		return nil
	}
	if f := find(rows, ledger.Appraised{Kind: "village", Division: here}).Figures; f.Volume != 4 || f.Decided != 3 || f.OnTime+f.Overdue > 3 {
		t.Errorf("the village: %+v", f)
	}
	if f := find(rows, ledger.Appraised{Kind: "township", Division: town}).Figures; f.Volume != 4 || f.Decided != 3 || f.Yellow != 1 {
		t.Errorf("the township: %+v", f)
	}
	if f := find(rows, of).Figures; f.HalfDays != 2 || f.Present != 2 || f.Plus != 100 {
		t.Errorf("the clerk: %+v", f)
	}
	if f := find(rows, ledger.Appraised{Kind: "person", Division: here, Staff: worker.Staff}).Figures; f.Volume != 3 {
		t.Errorf("the worker: %+v", f)
	}
	if f := find(rows, ledger.Appraised{Kind: "person", Division: town, Staff: w.reviewer.Staff}).Figures; f.Yellow != 1 {
		t.Errorf("the reviewer, who has the card: %+v", f)
	}

	draft := &ledger.AppraisalDraftV1{Month: november, Edition: 1, Hash: hash}
	_, err = w.hub.Do(w.supervisor, draft, about)
	refusedWith(t, err, "appraisal_month") // November is not over
	w.Clock.Set(w.Clock.Now().AddDate(0, 0, 10))
	_, err = w.hub.Do(w.hub.DepartmentActor(identity.DepartmentLeader, "县民政局"), draft, about)
	refusedWith(t, err, "not_authorised")
	if _, _, hash, err = w.hub.Appraise(ctx, november); err != nil {
		t.Fatal(err)
	}
	old := *draft
	w.hub.MustDo(w.supervisor, &ledger.AppraisalMarkV1{Month: november, Of: of, Points: -50, Reason: "迟到"}, about)
	old.Hash = hash
	_, err = w.hub.Do(w.supervisor, &old, about)
	refusedWith(t, err, "appraisal_stale")
	if _, _, hash, err = w.hub.Appraise(ctx, november); err != nil {
		t.Fatal(err)
	}
	draft.Hash = hash
	w.hub.MustDo(w.supervisor, draft)
	sign := &ledger.AppraisalSignV1{Month: november, Edition: 1, Hash: hash}
	_, err = w.hub.Do(w.supervisor, sign, about)
	refusedWith(t, err, "appraisal_own")
	x, err := w.hub.Appraisal(ctx, november, 1)
	must(t, err)
	publish := &ledger.AppraisalPublishV1{Month: november, Edition: 1, Hash: hash, Criteria: x.Card.Offices, Offices: x.Offices()}
	_, err = w.hub.Do(w.supervisor, publish, storetest.About{})
	refusedWith(t, err, "appraisal_unsigned")
	w.hub.MustDo(w.other, sign)
	_, err = w.hub.Do(w.other, sign, about)
	refusedWith(t, err, "appraisal_signed")
	prettier := *publish
	prettier.Offices = x.Offices()
	prettier.Offices[0].Score++
	_, err = w.hub.Do(w.supervisor, &prettier, storetest.About{})
	refusedWith(t, err, "appraisal_other")
	object := &ledger.AppraisalObjectV1{Month: november, Division: town, Staff: clerk.Staff, Text: "当日因公外出"}
	_, err = w.town.Do(clerk, object, storetest.About{Scope: town})
	refusedWith(t, err, "appraisal_unpublished")

	x = w.publish(t, 1, "")
	_, err = w.hub.Do(w.supervisor, publish, storetest.About{})
	refusedWith(t, err, "appraisal_published")
	w.Settle()
	// Everybody has the offices; the township its persons and those of its
	// villages, a village its own.
	for _, n := range []*storetest.Node{w.hub, w.town, w.village} {
		p, err := n.PublishedOffices(ctx, november)
		if err != nil || len(p.Offices) != len(x.Offices()) {
			t.Errorf("%s: %+v %v", n.ID(), p, err)
		}
		results, err := n.PersonResults(ctx, november, "", "", "", 1000)
		must(t, err)
		want := 0
		for _, d := range x.Divisions() {
			if n.Division().Contains(d) {
				want += len(x.Persons(d))
			}
		}
		if len(results) != want || want == 0 {
			t.Errorf("%s has %d persons, want %d", n.ID(), len(results), want)
		}
		for _, r := range results {
			if same := find(x.Rows, r.Row.Of); fmt.Sprint(*same) != fmt.Sprint(r.Row) {
				t.Errorf("%s says %+v, the county %+v", n.ID(), r.Row, *same)
			}
		}
	}
	w.town.MustDo(clerk, object)
	_, err = w.town.Do(clerk, object, storetest.About{Scope: town})
	refusedWith(t, err, "appraisal_objected")
	_, err = w.town.Do(w.leader, object, storetest.About{Scope: town})
	refusedWith(t, err, "scope")
	w.Settle()
	answer := &ledger.AppraisalAnswerV1{Month: november, Division: town, Staff: clerk.Staff, Upheld: true, Text: "属实，更正"}
	_, err = w.hub.Do(w.other, &ledger.AppraisalAnswerV1{Month: november, Division: town, Staff: worker.Staff, Text: "无"}, storetest.About{Scope: town})
	refusedWith(t, err, "appraisal_no_objection")
	w.hub.MustDo(w.other, answer)
	_, err = w.hub.Do(w.other, answer, storetest.About{Scope: town})
	refusedWith(t, err, "appraisal_answered")

	// What was published stays; a correction is an edition of its own.
	w.hub.MustDo(w.supervisor, &ledger.AppraisalMarkV1{Month: november, Of: of, Points: 50, Reason: "申诉成立，更正"}, about)
	again, err := w.hub.Appraisal(ctx, november, 1)
	if err != nil || fmt.Sprint(again.Rows) != fmt.Sprint(x.Rows) {
		t.Errorf("what was published has changed: %v", err)
	}
	_, _, hash, err = w.hub.Appraise(ctx, november)
	must(t, err)
	_, err = w.hub.Do(w.supervisor, &ledger.AppraisalDraftV1{Month: november, Edition: 1, Hash: hash}, about)
	refusedWith(t, err, "appraisal_edition")
	w.publish(t, 2, "申诉成立")
	w.Settle()
	mine, err := w.town.PersonResults(ctx, "", clerk.Staff, "", "", 10)
	if err != nil || len(mine) != 1 || mine[0].Edition != 2 || mine[0].Row.Figures.Plus != 150 {
		t.Errorf("%+v %v", mine, err)
	}
	said, err := w.town.Objections(ctx, november, clerk.Staff, "", "")
	if err != nil || len(said) != 1 || said[0].Answer == nil || !said[0].Answer.Upheld {
		t.Errorf("%+v %v", said, err)
	}
	for _, n := range []*storetest.Node{w.hub, w.town, w.village} {
		recounted(t, n)
	}
	w.readAgain(t)
}

// readAgain reads the hub's ledger into an empty store, which must make the same
// appraisal: its draft would not be applied otherwise.
func (w *watched) readAgain(t storetest.TB) {
	raws, ats := records(t, w.hub.Store)
	again := openHub(t, t.TempDir(), storetest.HubID)
	replay(t, again, raws, ats, 0, 5)
	for _, table := range []string{"workload", "attendance", "scorecards", "appraisal_marks", "appraisals", "appraised_offices", "appraised_persons", "appraisal_objections"} {
		if storetest.Digest(t, again, table) != storetest.Digest(t, w.hub.Store, table) {
			t.Fatalf("%s differs when the ledger is read again", table)
		}
	}
}

// A scorecard is an entry with the month from which it holds, never one that is
// past.
func TestScorecard(t *testing.T) {
	w := newWatched(t)
	only := []ledger.AppraisalCriterion{{Measure: "on_time", Points: 100_00, None: 500, All: 1000}}
	set := &ledger.AppraisalScorecardV1{From: "2026-10", Offices: only, Persons: only, Reason: "试行"}
	_, err := w.hub.Do(w.supervisor, set, storetest.About{Scope: storetest.Code})
	refusedWith(t, err, "scorecard_past")
	set.From = "2026-12"
	w.hub.MustDo(w.supervisor, set)
	for month, want := range map[string]string{november: appraisal.Default.From, "2026-12": "2026-12", "2027-03": "2026-12"} {
		if _, card, _, err := w.hub.Appraise(ctx, month); err != nil || card.From != want {
			t.Errorf("%s is appraised by %s, want %s (%v)", month, card.From, want, err)
		}
	}
	set.Reason = "再次调整"
	w.hub.MustDo(w.supervisor, set)
	if _, card, _, err := w.hub.Appraise(ctx, "2026-12"); err != nil || card.Reason != "再次调整" {
		t.Errorf("%+v %v", card, err)
	}
}

// What a township noted and the county refused is made anew of what stands.
func TestAttendanceUndone(t *testing.T) {
	w := newWatched(t)
	clerk := w.town.Actor(identity.TownshipClerk)
	day := func(morning string) *ledger.AttendanceRecordV1 {
		return &ledger.AttendanceRecordV1{Division: town, Days: []ledger.AttendanceDay{{Staff: clerk.Staff, Day: w.today, Morning: morning}}}
	}
	w.town.MustDo(w.leader, day(ledger.Present))
	w.Settle()
	w.hub.MustDo(w.County.Operator(), &ledger.StaffDisableV1{Staff: w.leader.Staff, Disabled: true, Reason: "调离"})
	w.Clock.Advance(2 * 60_000_000_000)
	w.town.MustDo(w.leader, day(ledger.Absent)) // has not heard of it
	w.Settle()
	for _, n := range []*storetest.Node{w.hub, w.town} {
		days, err := n.Attendance(ctx, november, "", "", "")
		if err != nil || len(days) != 1 || days[0].Morning != ledger.Present {
			t.Errorf("%s: %+v %v", n.ID(), days, err)
		}
	}
}

// Whatever happened in a month, in whatever order it came, the appraisal is that
// of the ledger: reading it again makes the same, and every tier that has a
// person's or office's part of it has the same part.
func TestAppraisalIsOfTheLedger(t *testing.T) {
	checkRuns(t, func(r run) {
		w := newWatched(r)
		var ids []string
		for range rapid.IntRange(1, 12).Draw(r.T, "steps") {
			switch rapid.IntRange(0, 5).Draw(r.T, "what") {
			case 0:
				ids = append(ids, w.village.Submit(birth).ID)
			case 1:
				ids = append(ids, w.hub.Submit(welfare).ID)
			case 2:
				if len(ids) > 0 {
					w.Settle()
					w.through(rapid.SampledFrom(ids).Draw(r.T, "case"))
				}
			case 3:
				staff := rapid.SampledFrom([]identity.Role{identity.TownshipClerk, identity.TownshipReviewer, identity.TownshipLeader}).Draw(r.T, "who")
				half := rapid.SampledFrom([]string{ledger.Present, ledger.Absent, ledger.Leave, ledger.Away})
				w.town.MustDo(w.leader, &ledger.AttendanceRecordV1{Division: town, Days: []ledger.AttendanceDay{{Staff: w.town.Actor(staff).Staff,
					Day: w.today.AddDays(-rapid.IntRange(0, 3).Draw(r.T, "day")), Morning: half.Draw(r.T, "morning"), Afternoon: half.Draw(r.T, "afternoon")}}})
			case 4:
				w.hub.MustDo(w.supervisor, &ledger.AppraisalMarkV1{Month: november, Of: ledger.Appraised{Kind: "township", Division: town},
					Points: rapid.IntRange(1, 300).Draw(r.T, "points"), Reason: "表扬"})
			default:
				w.Settle()
			}
		}
		w.Settle()
		w.Clock.Set(w.Clock.Now().AddDate(0, 0, 10))
		x := w.publish(r, 1, "")
		w.Settle()
		for _, n := range []*storetest.Node{w.town, w.village} {
			results, err := n.PersonResults(ctx, november, "", "", "", 1000)
			must(r, err)
			for _, got := range results {
				for i := range x.Rows {
					if x.Rows[i].Of == got.Row.Of && fmt.Sprint(x.Rows[i]) != fmt.Sprint(got.Row) {
						r.Fatalf("%s: %+v, the county %+v", n.ID(), got.Row, x.Rows[i])
					}
				}
			}
			recounted(r, n)
		}
		recounted(r, w.hub)
		w.readAgain(r)
	})
}
