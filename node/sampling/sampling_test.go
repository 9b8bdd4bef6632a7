package sampling

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

func population(parts ...int) []Member {
	var all []Member
	for p, n := range parts {
		for i := range n {
			number := fmt.Sprintf("%d-%d", p, i)
			all = append(all, Member{Part: fmt.Sprintf("部门%d", p), Ticket: TicketOf("draw-1", number), Case: number})
		}
	}
	Sort(all)
	return all
}

// Issue: random sampling by a published seed that anyone can recompute. The
// vector is kept, so that whoever draws again in ten years draws the same.
func TestDrawVector(t *testing.T) {
	all := population(10, 3)
	if got := Hash(all); got != "85f05ecb51f39686de69fd38acb1959d8aafffaca07b34458deee3f7207cf9de" {
		t.Errorf("hash %s", got)
	}
	var drawn []string
	for _, i := range Draw(sha256.Sum256([]byte("seed")), 200, 1, all) {
		drawn = append(drawn, all[i].Case)
	}
	if got := fmt.Sprint(drawn); got != "[0-8 0-7 1-1]" {
		t.Errorf("drawn %s", got)
	}
}

// Issue: stratified: each part gives its share, rounded up, and the least that
// was asked for.
func TestDrawTakesItsShareOfEachPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.IntRange(0, 40), 1, 5).Draw(t, "parts")
		permille, least := rapid.IntRange(0, 1000).Draw(t, "permille"), rapid.IntRange(0, 5).Draw(t, "least")
		seed := sha256.Sum256([]byte(rapid.String().Draw(t, "seed")))
		all := population(parts...)
		drawn := Draw(seed, permille, least, all)
		if !slices.IsSorted(drawn) || len(slices.Compact(slices.Clone(drawn))) != len(drawn) {
			t.Fatalf("drawn %v", drawn)
		}
		got := map[string]int{}
		for _, i := range drawn {
			got[all[i].Part]++
		}
		for p, n := range parts {
			want := min(n, max(least, (n*permille+999)/1000))
			if got[fmt.Sprintf("部门%d", p)] != want {
				t.Fatalf("%d of %d, want %d", got[fmt.Sprintf("部门%d", p)], n, want)
			}
		}
		// The order in which the population was found says nothing.
		mixed := slices.Clone(all)
		slices.Reverse(mixed)
		Sort(mixed)
		if Hash(mixed) != Hash(all) || !slices.Equal(Draw(seed, permille, least, mixed), drawn) {
			t.Fatal("another order drew others")
		}
		// What was not drawn may be left out or in: who stays has the same score.
		if len(all) > len(drawn) {
			for _, i := range drawn {
				for j := range all {
					if all[j].Part == all[i].Part && !slices.Contains(drawn, j) && string(first32(Score(seed, all[j].Ticket))) < string(first32(Score(seed, all[i].Ticket))) {
						t.Fatal("a lower score was passed over")
					}
				}
			}
		}
	})
}

func first32(b [32]byte) []byte { return b[:] }

// A seed that differs draws others: no case is drawn always.
func TestDrawDependsOnTheSeed(t *testing.T) {
	all := population(100)
	counts := map[int]int{}
	for i := range 400 {
		for _, at := range Draw(sha256.Sum256([]byte(fmt.Sprint(i))), 100, 0, all) {
			counts[at]++
		}
	}
	for i := range all {
		if counts[i] < 15 || counts[i] > 75 { // 40 is the mean, the deviation 6
			t.Errorf("case %d was drawn %d times of 400", i, counts[i])
		}
	}
}

// Issue: by a rule of the population: period, place, department, item, outcome.
func TestFits(t *testing.T) {
	c := &Ended{Outcome: "granted", Item: "I-1", Department: "县民政局", Division: "330523110200"}
	for name, b := range map[string]struct {
		rule ledger.SampleDrawV1
		want bool
	}{
		"everything":          {ledger.SampleDrawV1{}, true},
		"its township":        {ledger.SampleDrawV1{Division: "330523110"}, true},
		"another township":    {ledger.SampleDrawV1{Division: "330523111"}, false},
		"its department":      {ledger.SampleDrawV1{Department: "县民政局"}, true},
		"another department":  {ledger.SampleDrawV1{Department: "县公安局"}, false},
		"its item":            {ledger.SampleDrawV1{Item: "I-1"}, true},
		"another item":        {ledger.SampleDrawV1{Item: "I-2"}, false},
		"refusals":            {ledger.SampleDrawV1{Outcomes: []string{"declined", "not_accepted"}}, false},
		"grants and refusals": {ledger.SampleDrawV1{Outcomes: []string{"declined", "granted"}}, true},
		"its item, not there": {ledger.SampleDrawV1{Item: "I-1", Division: "330523111"}, false},
	} {
		if got := Fits(&b.rule, c); got != b.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for by, want := range map[string]string{"": "", "department": "县民政局", "item": "I-1", "township": "330523110"} {
		if got := c.Part(by); got != want {
			t.Errorf("by %q: %q", by, got)
		}
	}
}

// A case counts by its decision, else by its refusal or end; one under way does
// not.
func TestOutcome(t *testing.T) {
	for want, c := range map[string]*casework.Case{
		"granted":      {DecidedMS: 5, Decision: casework.Granted, AcceptedMS: 1},
		"not_accepted": {RejectedMS: 6},
		"terminated":   {TerminatedMS: 7, AcceptedMS: 1},
		"":             {AcceptedMS: 1},
	} {
		if got, ms := Outcome(c); got != want || (ms == 0) != (want == "") {
			t.Errorf("%q at %d, want %q", got, ms, want)
		}
	}
}

func TestTicketText(t *testing.T) {
	ticket := TicketOf("d", "n")
	if back, err := ParseTicket(ticket.String()); err != nil || back != ticket {
		t.Errorf("%v %v", back, err)
	}
	for _, bad := range []string{"", "zz", ticket.String()[2:], ticket.String() + "00"} {
		if _, err := ParseTicket(bad); err == nil {
			t.Errorf("%q is a ticket", bad)
		}
	}
}

func sheet(results map[string]string, grave bool) *ledger.SampleReviewV1 {
	b := &ledger.SampleReviewV1{Draw: "d", Case: "c", Grave: grave}
	for _, c := range Checks {
		p := ledger.SamplePoint{Check: c.Code, Result: ledger.PointOK}
		if r := results[c.Code]; r != "" {
			p.Result, p.Note = r, "见卷"
		}
		b.Points = append(b.Points, p)
	}
	return b
}

// Handbook sections 2 to 5: a sheet is filled in by a supervisor who had no hand
// in the case, answers every point, and comes to what its points say.
func TestSheet(t *testing.T) {
	e := &ledger.Entry{Actor: identity.Actor{Staff: "s-1", Role: identity.Supervisor}, OccurredAt: 5}
	for _, c := range []struct {
		name  string
		body  *ledger.SampleReviewV1
		hands []string
		want  Verdict
		code  string
	}{
		{"all in order", sheet(nil, false), []string{"other"}, Passed, ""},
		{"a point that does not apply", sheet(map[string]string{"fees": ledger.PointNA}, false), nil, Passed, ""},
		{"a fault", sheet(map[string]string{"notice": ledger.PointFault}, false), nil, Faulty, ""},
		{"a grave fault", sheet(map[string]string{"decision": ledger.PointFault}, true), nil, Grave, ""},
		{"one's own case", sheet(nil, false), []string{"x", "s-1"}, "", "sample_own"},
		{"a point left out", &ledger.SampleReviewV1{Draw: "d", Case: "c", Points: sheet(nil, false).Points[1:]}, nil, "", "sample_points"},
		{"points in another order", &ledger.SampleReviewV1{Draw: "d", Case: "c", Points: reversed(sheet(nil, false).Points)}, nil, "", "sample_points"},
	} {
		got, err := Review(e, c.body, c.hands)
		var no *casework.Refusal
		switch {
		case c.code != "" && (!errors.As(err, &no) || no.Code != c.code):
			t.Errorf("%s: %v", c.name, err)
		case c.code == "" && (err != nil || got.Verdict != c.want):
			t.Errorf("%s: %+v %v", c.name, got, err)
		}
	}
}

func reversed(p []ledger.SamplePoint) []ledger.SamplePoint {
	p = slices.Clone(p)
	slices.Reverse(p)
	return p
}
