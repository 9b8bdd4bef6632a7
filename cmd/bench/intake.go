package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// load is what so many clients had recorded.
type load struct {
	took   spread
	during time.Duration
	// stall is the longest time in which not one case was acknowledged.
	stall time.Duration
}

func (l load) rate() float64 { return float64(len(l.took)) / l.during.Seconds() }

// intake measures submissions at the county's public intake: the leader's, as
// the clients of bare Raft are at its leader, and for the last but one number
// of clients also spread over the three hubs.
func (b *bench) intake(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	leader, _, err := c.leader(ctx)
	if err != nil {
		return err
	}
	if _, err := c.submitFor(ctx, []*member{leader}, 8, b.during/3); err != nil { // caches and connections
		return err
	}
	ratios := map[int]float64{1: 0.75, 64: 0.7}
	worst := time.Duration(0)
	for _, n := range b.clients {
		b.step("%s at %s", clientsName(n), leader.id)
		before, entries := cpuOf(c.hubs...), c.logged(ctx, leader)
		l, err := c.submitFor(ctx, []*member{leader}, n, b.during)
		if err != nil {
			return err
		}
		worst = max(worst, l.stall)
		cost := cpuOf(c.hubs...) - before
		entries = c.logged(ctx, leader) - entries
		b.table.add(figure{Section: "intake", Name: clientsName(n), Value: l.rate(), Unit: "cases/s",
			Detail: fmt.Sprintf("%s, %s µs CPU of the hubs a case, %s cases an entry of Raft's log", l.took, short(float64(cost.Microseconds())/float64(len(l.took))), short(float64(len(l.took))/max(entries, 1)))})
		if bare, ok := b.table.find("ceilings", bareName(n)); ok {
			f := figure{Section: "intake", Name: clientsName(n) + ", of bare raft", Value: l.rate() / bare, Unit: "×"}
			if want, ok := ratios[n]; ok {
				b.table.least(f, want)
			} else {
				b.table.add(f)
			}
		}
		b.table.most(figure{Section: "intake", Name: clientsName(n) + ", p99 of p50", Value: float64(l.took.at(0.99)) / float64(max(l.took.at(0.5), 1)), Unit: "×"}, 3)
	}
	spreadOver, err := c.submitFor(ctx, c.hubs, 64, b.during)
	if err != nil {
		return err
	}
	b.table.add(figure{Section: "intake", Name: "64 clients over three hubs", Value: spreadOver.rate(), Unit: "cases/s", Detail: spreadOver.took.String()})
	worst = max(worst, spreadOver.stall)
	b.table.most(figure{Section: "intake", Name: "longest stall", Value: inMS(worst), Unit: "ms", Detail: "in which nobody's case was acknowledged, over all loads"}, 500)
	return nil
}

// submitFor lets clients hand in one case after the other.
func (c *county) submitFor(ctx context.Context, at []*member, clients int, during time.Duration) (load, error) {
	began := time.Now()
	return c.submit(ctx, at, c.desks, clients, func(int64) bool { return time.Since(began) < during })
}

// submit lets clients hand cases in while more says so, which is asked with
// the number of the case. Each client goes round the staff: one person is held
// to fewer requests than a program can make.
func (c *county) submit(ctx context.Context, at []*member, staff []*person, clients int, more func(n int64) bool) (load, error) {
	papers, err := newSubmissions()
	if err != nil {
		return load{}, err
	}
	var count atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var acknowledged []time.Duration // since began
	began := time.Now()
	var wg sync.WaitGroup
	errs := make([]error, clients)
	for i := range clients {
		wg.Go(func() {
			var took, when []time.Duration
			web := newLine()
			defer web.CloseIdleConnections()
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				all, acknowledged = append(all, took...), append(acknowledged, when...)
			}()
			for turn := 0; ctx.Err() == nil; turn++ {
				n := count.Add(1)
				if !more(n) {
					return
				}
				body, err := papers.of(int(n))
				if err != nil {
					errs[i] = err
					return
				}
				p := staff[(i+turn)%len(staff)]
				sent := time.Now()
				err = handIn(ctx, web, at[i%len(at)], p, body)
				if loopback.IsRefused(err, "too_many_requests") {
					time.Sleep(5 * time.Millisecond) // more clients than staff for them
					continue
				}
				if err != nil {
					errs[i] = err
					return
				}
				took, when = append(took, time.Since(sent)), append(when, time.Since(began))
			}
		})
	}
	wg.Wait()
	l := load{took: spreadOf(all), during: time.Since(began), stall: longestGap(acknowledged)}
	if err := errors.Join(errs...); err != nil {
		return l, err
	}
	return l, ctx.Err()
}

// logged is how far a hub has come in Raft's log; 0 when it does not tell.
func (c *county) logged(ctx context.Context, m *member) float64 {
	now, err := figuresOf(ctx, m)
	if err != nil {
		return 0
	}
	return now["tongban_hub_applied_index"]
}

func handIn(ctx context.Context, web *http.Client, at *member, p *person, body []byte) error {
	token, err := p.At(at.url()).Bearer(ctx)
	if err != nil {
		return err
	}
	return loopback.Ask(ctx, web, loopback.Request{Method: http.MethodPost, URL: at.url() + "/api/v1/cases", In: body, Key: loopback.NewKey(), Bearer: token}, nil)
}

// longestGap is the longest time between one instant and the next.
func longestGap(instants []time.Duration) (longest time.Duration) {
	sorted := spreadOf(instants)
	for i := 1; i < len(sorted); i++ {
		longest = max(longest, sorted[i]-sorted[i-1])
	}
	return longest
}

// filled makes sure that the county's ledger has at least so many cases.
func (c *county) filled(ctx context.Context, cases int) error {
	var have client.Reconciliation
	if err := c.admin.get(ctx, c.hubs[0].url(), "/api/v1/reconcile", &have); err != nil {
		return err
	}
	missing := int64(cases) - have.HandedIn
	if missing <= 0 {
		return nil
	}
	c.step("filling the ledger with %d cases", missing)
	leader, _, err := c.leader(ctx)
	if err != nil {
		return err
	}
	_, err = c.submit(ctx, []*member{leader}, c.desks, 64, func(n int64) bool { return n <= missing })
	return err
}
