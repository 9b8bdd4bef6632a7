package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// ticks are when the offices of a working day do something and talk to each
// other.
var ticks = []time.Duration{9*time.Hour + 30*time.Minute, 11 * time.Hour, 14*time.Hour + 30*time.Minute, 16*time.Hour + 30*time.Minute}

// world is the county and everybody in it.
type world struct {
	settings
	holder               *holder
	out                  io.Writer
	chance               *rand.Rand
	county               *storetest.County
	days                 *calendar.Calendar
	shelf                *shelf
	hub                  *office
	below                []*office // townships before villages, each in the order of its code
	at                   map[division.Code]*office
	tick                 int // how many have been
	edition              int
	second               second
	months               map[time.Month]bool
	issued               []string // cards
	draw                 string   // the last one
	inspected, appraised int
	began                time.Time

	lines struct{ broken, downTicks int }
}

func newWorld(h *holder, s settings, out io.Writer) (*world, error) {
	w := &world{settings: s, holder: h, out: out, chance: rand.New(rand.NewPCG(s.seed, 0)), at: map[division.Code]*office{}, months: map[time.Month]bool{time.January: true}, edition: 1, began: time.Now()}
	items, faults := catalog.ParseItems(data.Items())
	if len(faults) > 0 {
		return nil, fmt.Errorf("items: %v", faults)
	}
	years, err := calendar.ParseFile(data.Calendar)
	if err != nil {
		return nil, err
	}
	if w.days, err = calendar.New(years); err != nil {
		return nil, err
	}
	divisions, err := division.ParseFile(data.Divisions)
	if err != nil {
		return nil, err
	}
	w.shelf = newShelf(items)
	w.county = storetest.NewCounty(h, storetest.WithItems(items), storetest.WithDivisions(data.Divisions), storetest.WithCalendar(data.Calendar),
		storetest.From(year), storetest.InDir(s.dir))
	w.hub = w.open(storetest.Code)
	w.below = slices.Collect(w.enrol(divisions))
	w.sideBySide(w.below, func(o *office) { o.node.Pull(w.hub.node) })
	fmt.Fprintf(out, "county of %d items, %d nodes below it, made in %v\n", len(items), len(w.below), time.Since(w.began).Round(time.Second))
	return w, nil
}

// enrol gives nodes to the first townships and, taking turns, to villages of
// them.
func (w *world) enrol(divisions []division.Division) func(func(*office) bool) {
	byTownship := map[division.Code][]division.Code{}
	var townships []division.Code
	for _, d := range divisions {
		switch d.Code.Tier() {
		case node.Township:
			townships = append(townships, d.Code)
		case node.Village:
			byTownship[d.Code.Township()] = append(byTownship[d.Code.Township()], d.Code)
		}
	}
	slices.Sort(townships)
	townships = townships[:min(len(townships), w.townships)]
	var villages []division.Code
	for i := 0; len(villages) < w.villages; i++ {
		before := len(villages)
		for _, t := range townships {
			if i < len(byTownship[t]) && len(villages) < w.villages {
				villages = append(villages, byTownship[t][i])
			}
		}
		if len(villages) == before {
			break
		}
	}
	slices.Sort(villages)
	return func(yield func(*office) bool) {
		for _, code := range append(townships, villages...) {
			if !yield(w.open(code)) {
				return
			}
		}
	}
}

func (w *world) open(code division.Code) *office {
	n, _ := w.county.Join(code)
	o := newOffice(w, n, len(w.at))
	w.at[code] = o
	return o
}

// live is the year, day after day.
func (w *world) live(ctx context.Context) error {
	perTick := float64(w.cases) / float64(w.workingDays()*len(ticks))
	for d := range w.settings.days {
		day := year.AddDate(0, 0, d)
		if day.Day() == 1 && d > 0 {
			w.monthly(day)
		}
		working, err := w.days.IsWorkingDay(calendar.DateOf(day))
		if err != nil {
			return err
		}
		if !working {
			continue
		}
		if d > 0 && !w.months[day.Month()] {
			w.months[day.Month()] = true
			w.county.Clock.Set(day.Add(9 * time.Hour))
			w.inspect(day)
			w.appraise(time.Date(day.Year(), day.Month(), 1, 9, 0, 0, 0, day.Location()))
		}
		for _, hour := range ticks {
			if err := ctx.Err(); err != nil {
				return err
			}
			w.county.Clock.Set(day.Add(hour))
			w.tick++
			w.weather()
			w.upheaval(day, hour)
			w.work(w.callers(perTick))
			w.talk()
		}
		w.watch(day.Add(ticks[len(ticks)-1]))
	}
	w.monthly(year.AddDate(0, 0, w.settings.days))
	return nil
}

// close gives up what was not read to its end.
func (w *world) close() {
	if w.second.store != nil {
		w.second.store.Close()
	}
}

func (w *world) workingDays() int {
	n := 0
	for d := range w.settings.days {
		if working, err := w.days.IsWorkingDay(calendar.DateOf(year.AddDate(0, 0, d))); err == nil && working {
			n++
		}
	}
	return max(n, 1)
}

// callers spreads those who come in a tick over the offices: two in five to a
// window of the county, the rest to the halls and rooms below.
func (w *world) callers(perTick float64) map[*office]int {
	to := map[*office]int{}
	n := int(perTick)
	if w.chance.Float64() < perTick-float64(n) {
		n++
	}
	for range n {
		if len(w.below) == 0 || w.chance.IntN(5) < 2 {
			to[w.hub]++
			continue
		}
		to[w.below[w.chance.IntN(len(w.below))]]++
	}
	return to
}

// work lets every office do what it has to do now, the hub beside those below:
// they share nothing until they talk.
func (w *world) work(callers map[*office]int) {
	w.sideBySide(w.below, func(o *office) { o.work(callers[o]) }, func() { w.hub.work(callers[w.hub]) })
	w.deliver()
}

// deliver puts the tasks that offices left for each other where they belong, in
// the same order in every run.
func (w *world) deliver() {
	for _, o := range append([]*office{w.hub}, w.below...) {
		for _, p := range o.posts {
			w.at[p.to].queue.add(p.task)
		}
		o.posts = o.posts[:0]
	}
}

// talk sends up what the lines let through, and brings the county's word down:
// to the townships first, for villages may hear it from them.
func (w *world) talk() {
	var townships []*office
	var direct [2][]*office // to the county: villages, then townships
	by := map[*office][]*office{}
	for _, o := range slices.Backward(w.below) {
		switch route := o.route(); {
		case route == nil:
		case route != w.hub:
			by[route] = append(by[route], o)
		case o.tier == node.Village:
			direct[0] = append(direct[0], o)
		default:
			direct[1] = append(direct[1], o)
		}
		if o.tier == node.Township {
			townships = append(townships, o)
		}
	}
	gaps := map[*office][]*office{}
	var mu sync.Mutex
	w.sideBySide(townships, func(t *office) {
		var late []*office
		for _, v := range by[t] {
			if v.push(t) {
				late = append(late, v)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		gaps[t] = late
	})
	for _, t := range townships {
		direct[0] = append(direct[0], gaps[t]...)
	}
	for _, senders := range direct {
		w.sendUp(senders)
	}
	pull := func(o *office) { o.node.Pull(o.route().node) }
	for _, tier := range []node.Tier{node.Township, node.Village} {
		w.sideBySide(slices.DeleteFunc(slices.Clone(w.below), func(o *office) bool { return o.tier != tier || o.route() == nil }), pull)
	}
}

// sendUp gives the county what offices have for it, all of it at once.
func (w *world) sendUp(senders []*office) {
	out := make(map[*office]*storetest.Outgoing, len(senders))
	var mu sync.Mutex
	w.sideBySide(senders, func(o *office) {
		mine := o.node.Outgoing(w.hub.node)
		mu.Lock()
		defer mu.Unlock()
		out[o] = mine
	})
	var raws [][]byte
	for _, o := range senders {
		raws = append(raws, out[o].Raws...)
	}
	if len(raws) == 0 {
		return
	}
	var results []store.Result
	jobs := []func(){func() { results = w.county.Propose(raws...) }}
	if w.again {
		jobs = append(jobs, func() {
			_, err := w.reread(context.Background(), len(raws))
			w.must(err, "reading the ledger again")
		})
	}
	together(jobs...)
	of := make(map[*office][]store.Result, len(senders))
	for _, o := range senders {
		n := len(out[o].Raws)
		of[o], results = results[:n], results[n:]
		o.sent(w.hub, of[o])
	}
	w.sideBySide(senders, func(o *office) { out[o].Sent(of[o]) })
}

// sideBySide does something for each of the offices on all processors, beside
// other jobs: for what each does with its own store alone.
func (w *world) sideBySide(offices []*office, do func(*office), beside ...func()) {
	var next atomic.Int64
	worker := func() {
		for n := next.Add(1) - 1; n < int64(len(offices)); n = next.Add(1) - 1 {
			do(offices[n])
		}
	}
	jobs := beside
	for range min(runtime.GOMAXPROCS(0), len(offices)) {
		jobs = append(jobs, worker)
	}
	together(jobs...)
}

// together runs jobs at once; what ends one of them ends the caller.
func together(jobs ...func()) {
	var group sync.WaitGroup
	ended := make([]any, len(jobs))
	for i, job := range jobs {
		group.Go(func() {
			defer func() { ended[i] = recover() }()
			job()
		})
	}
	group.Wait()
	for _, r := range ended {
		if r != nil {
			panic(r)
		}
	}
}

// weather breaks lines and mends them.
func (w *world) weather() {
	for _, o := range w.below {
		if o.downUntil > w.tick {
			w.lines.downTicks++
			continue
		}
		odds := 40 // a village's line: every second week or so
		if o.tier == node.Township {
			odds = 200
		}
		if w.chance.IntN(odds) != 0 {
			continue
		}
		w.lines.broken++
		o.downUntil = w.tick + 1 + w.chance.IntN(12)
		if w.chance.IntN(20) == 0 {
			o.downUntil += w.chance.IntN(60) // weeks
		}
	}
}

// monthly prints how far the year has come.
func (w *world) monthly(next time.Time) {
	counts, err := w.hub.node.Count(context.Background(), "")
	w.must(err, "count")
	open := 0
	for _, o := range append([]*office{w.hub}, w.below...) {
		open += len(o.queue)
	}
	fmt.Fprintf(w.out, "%s  %7d at the county, %8d records, %5d tasks open, lines broken %5d times; %v\n",
		next.AddDate(0, 0, -1).Format("2006-01"), counts.HandedIn, counts.Records, open, w.lines.broken, time.Since(w.began).Round(time.Second))
}

func (w *world) must(err error, what string) {
	var no *store.Refused
	if errors.As(err, &no) && len(no.Faults) > 0 {
		err = fmt.Errorf("%w: %s %s", err, no.Faults[0].Path, no.Faults[0].EN)
	}
	if err != nil {
		panic(failure(fmt.Sprintf("%s: %v", what, err)))
	}
}

// shelf is the items in all their versions, so that nobody reads them from a
// store each time.
type shelf struct {
	mu       sync.Mutex
	versions map[string][]catalog.Item // by code; version 1 first
	codes    map[node.Tier][]string    // what each tier takes in, the most wanted first
}

func newShelf(items []catalog.Item) *shelf {
	s := &shelf{versions: map[string][]catalog.Item{}, codes: map[node.Tier][]string{}}
	for _, i := range items {
		s.versions[i.Code] = []catalog.Item{i}
		for _, t := range i.AcceptTiers {
			s.codes[t] = append(s.codes[t], i.Code)
		}
	}
	for _, codes := range s.codes {
		slices.SortFunc(codes, func(a, b string) int { return cmp.Compare(a[len(a)-3:]+a, b[len(b)-3:]+b) })
	}
	return s
}

func (s *shelf) item(code string, version int) *catalog.Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &s.versions[code][version-1]
}

// pick is an item of a tier: a few are asked for every day, most seldom.
func (s *shelf) pick(t node.Tier, chance *rand.Rand) string {
	codes := s.codes[t]
	x := chance.Float64()
	return codes[int(x*x*x*float64(len(codes)))]
}
