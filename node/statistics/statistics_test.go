package statistics_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/statistics"
)

var beijing = time.FixedZone("", 8*3600)

func at(year int, month time.Month, day, hour int) int64 {
	return time.Date(year, month, day, hour, 0, 0, 0, beijing).UnixMilli()
}

func on(ms int64) calendar.Date { return calendar.DateOf(time.UnixMilli(ms)) }

// Each thing is counted in the month in which it happened, by Beijing's days;
// early is in time too; special procedures take no working days.
func TestOf(t *testing.T) {
	days := calendartest.Calendar(t)
	c := &casework.Case{Item: "TB-X", Department: "县民政局", HandedInAt: "330523110200", HandedInMS: at(2026, 9, 30, 23), AcceptedMS: at(2026, 10, 8, 9),
		AcceptedOn: on(at(2026, 10, 8, 9)), DecidedMS: at(2026, 11, 2, 9), Decision: casework.Granted, Told: ledger.Dues{Promised: on(at(2026, 11, 3, 9))},
		Materials: make([]catalog.SubmittedMaterial, 3)}
	c.Suspensions = []casework.Suspension{{From: on(at(2026, 10, 12, 0)), Until: on(at(2026, 10, 16, 0)), End: on(at(2026, 10, 15, 0))}}
	shares := statistics.Of(c, days)
	byMonth := map[string]statistics.Cell{}
	for _, s := range shares {
		if s.Key.Division != "330523110200" || s.Key.Item != "TB-X" || s.Key.Department != "县民政局" || s.Key.Channel != statistics.Desk {
			t.Errorf("%+v", s.Key)
		}
		byMonth[s.Key.Month] = s.Cell
	}
	all, err := days.WorkingDaysBetween(on(at(2026, 10, 8, 9)), on(at(2026, 11, 2, 9)))
	if err != nil {
		t.Fatal(err)
	}
	took := int64(all - 3) // 13, 14 and 15 October do not count
	want := map[string]statistics.Cell{
		"2026-09": {Counts: statistics.Counts{HandedIn: 1, Papers: 3}},
		"2026-10": {Counts: statistics.Counts{TakenUp: 1}},
		"2026-11": {Counts: statistics.Counts{Granted: 1, OnTime: 1, Early: 1, Timed: 1, Days: took}, Took: statistics.Histogram{{Days: took, Cases: 1}}},
	}
	if !reflect.DeepEqual(byMonth, want) {
		t.Errorf("%+v\nwant %+v", byMonth, want)
	}
	for due, check := range map[calendar.Date]func(c statistics.Counts) bool{
		on(at(2026, 11, 2, 0)): func(c statistics.Counts) bool { return c.OnTime == 1 && c.Early == 0 },
		on(at(2026, 11, 1, 0)): func(c statistics.Counts) bool { return c.Overdue == 1 && c.OnTime == 0 },
		{}:                     func(c statistics.Counts) bool { return c.Undated == 1 && c.OnTime+c.Overdue == 0 },
	} {
		c.Told.Promised = due
		for _, s := range statistics.Of(c, days) {
			if s.Key.Month == "2026-11" && !check(s.Cell.Counts) {
				t.Errorf("due %s: %+v", due, s.Cell)
			}
		}
	}
	c.Online.Account = "a-1"
	for _, s := range statistics.Of(c, days) {
		if s.Key.Channel != statistics.Online {
			t.Errorf("handed in from home: %+v", s.Key)
		}
	}
	// A calendar that lacks the year leaves the working days out.
	empty, err := calendar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statistics.Of(c, empty) {
		if s.Cell.Timed != 0 || len(s.Cell.Took) != 0 {
			t.Errorf("without a calendar: %+v", s.Cell)
		}
	}
}

// The percentile of a histogram is that of the sorted list it stands for.
func TestPercentileAndMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Int64Range(0, 40), 0, 60).Draw(t, "days")
		var cell statistics.Cell
		for _, d := range list {
			cell.Add(&statistics.Cell{Counts: statistics.Counts{Timed: 1, Days: d}, Took: statistics.Histogram{{Days: d, Cases: 1}}}, 1)
		}
		slices.Sort(list)
		p, sum := int64(-1), int64(0)
		for _, d := range list {
			sum += d
		}
		if n := len(list); n > 0 {
			p = list[(n*90+99)/100-1]
		}
		if got := cell.Took.Percentile(90); got != p {
			t.Fatalf("90th percentile %d, want %d of %v", got, p, list)
		}
		if n := int64(len(list)); n > 0 {
			if got := cell.MeanHundredths(); got*n-sum*100 > n/2+1 || sum*100-got*n > n/2+1 {
				t.Fatalf("mean %d of sum %d, n %d", got, sum, n)
			}
		}
		back, err := statistics.ParseHistogram(cell.Took.String())
		if err != nil || !slices.Equal(back, cell.Took) {
			t.Fatalf("%v came back as %v (%v)", cell.Took, back, err)
		}
	})
}

// What was put on and is taken off leaves nothing, in any order.
func TestAddAndTakeOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cells []statistics.Cell
		var sum statistics.Cell
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			d := rapid.Int64Range(0, 5).Draw(t, "days")
			c := statistics.Cell{Counts: statistics.Counts{HandedIn: 1, Days: d}, Took: statistics.Histogram{{Days: d, Cases: 1}}}
			cells = append(cells, c)
			sum.Add(&c, 1)
		}
		for _, i := range rapid.Permutation(rapidIndexes(len(cells))).Draw(t, "order") {
			sum.Add(&cells[i], -1)
		}
		if !sum.Zero() {
			t.Fatalf("%+v is left", sum)
		}
	})
}

func rapidIndexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Same never calls two versions the same that add different things.
func TestSame(t *testing.T) {
	days := calendartest.Calendar(t)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) *casework.Case {
			c := &casework.Case{HandedInMS: at(2026, 9, 1, 9), Item: "x", HandedInAt: "330523"}
			moment := func(what string) int64 {
				return rapid.SampledFrom([]int64{0, at(2026, 9, 2, 9), at(2026, 10, 12, 9)}).Draw(t, name+what)
			}
			c.AcceptedMS, c.RejectedMS, c.TerminatedMS, c.DecidedMS = moment("accepted"), moment("rejected"), moment("terminated"), moment("decided")
			if c.AcceptedMS != 0 {
				c.AcceptedOn = on(c.AcceptedMS)
			}
			if d := moment("notice"); d != 0 {
				c.Notice = &casework.Notice{On: on(d)}
			}
			c.Materials = make([]catalog.SubmittedMaterial, rapid.IntRange(0, 1).Draw(t, name+"papers"))
			return c
		}
		a, b := draw("a "), draw("b ")
		if statistics.Same(a, b) && !reflect.DeepEqual(statistics.Of(a, days), statistics.Of(b, days)) {
			t.Fatalf("%+v and %+v are called the same", a, b)
		}
	})
}
