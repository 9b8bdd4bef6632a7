package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// drainTarget is in cases a second, from the line's return to the last
// confirmation.
const drainTarget = 4000

// drain measures how a village that was cut off comes back: directly under the
// county, and through its township.
func (b *bench) drain(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	direct, err := c.member("village", "village-direct", "330523111219")
	if err != nil {
		return err
	}
	if err := c.drainOf(ctx, direct, "to the county", "worker-a", b.drains); err != nil {
		return err
	}
	direct.end(syscall.SIGTERM) // what follows is not to be shared with it
	township, err := c.member("township", "township", "330523110")
	if err != nil {
		return err
	}
	if err := c.start(ctx, township); err != nil {
		return err
	}
	village, err := c.member("village", "village-below", "330523110220", township)
	if err != nil {
		return err
	}
	defer func() { village.end(syscall.SIGTERM); township.end(syscall.SIGTERM) }()
	const tenThousand = 1 // the place of the usual number
	return c.drainOf(ctx, village, "through the township", "worker-b", b.drains[min(len(b.drains)-1, tenThousand):][:1])
}

// drainOf starts a village and lets it come back with so many cases, once for
// each number.
func (c *county) drainOf(ctx context.Context, m *member, how, login string, numbers []int) error {
	staff, err := c.team(ctx, login, c.accounts/4, client.StaffRequest{Division: client.Division(m.division), Roles: []client.Role{"village_worker"}})
	if err != nil {
		return err
	}
	if err := c.start(ctx, m); err != nil {
		return err
	}
	if err := c.logInAll(ctx, staff, []*member{m}); err != nil {
		return err
	}
	payload := int64(0)
	for _, n := range numbers {
		name := fmt.Sprintf("%d cases %s", n, how)
		d, err := c.drainOnce(ctx, m, staff, n)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		each := func(cpu time.Duration) string { return short(float64(cpu.Microseconds()) / float64(n)) }
		detail := fmt.Sprintf("in %s, %s µs CPU a case at the village and %s above it; taken in at %s cases/s beforehand",
			d.took.Round(time.Millisecond), each(d.own), each(d.above), short(d.takenIn))
		f := figure{Section: "drain", Name: name, Value: float64(n) / d.took.Seconds(), Unit: "cases/s", Detail: detail}
		c.table.least(f, drainTarget)
		c.table.most(figure{Section: "drain", Name: name + ", village's peak", Value: float64(d.peak) / mb, Unit: "MB"}, 100)
		all, err := c.payload(ctx, m)
		if err != nil {
			return err
		}
		c.table.most(figure{Section: "drain", Name: name + ", sent of payload", Value: float64(d.up) / float64(all-payload), Unit: "×",
			Detail: fmt.Sprintf("%s B a case up, %s B down, on the wire", short(float64(d.up)/float64(n)), short(float64(d.down)/float64(n)))}, 1.1)
		payload = all
	}
	return nil
}

type drained struct {
	took     time.Duration
	takenIn  float64
	peak     int64
	up, down int64
	// own is the CPU time of the village, above that of its township and the hubs.
	own, above time.Duration
}

// drainOnce cuts the village off, has n cases handed in through its own API,
// each on disk before it is acknowledged, switches it off and on, mends the
// lines, and waits for the last confirmation.
func (c *county) drainOnce(ctx context.Context, m *member, staff []*person, n int) (d drained, err error) {
	for _, w := range m.above {
		w.Cut()
	}
	l, err := c.submit(ctx, []*member{m}, staff, 2*len(staff), func(k int64) bool { return k <= int64(n) })
	if err != nil {
		return d, err
	}
	d.takenIn = l.rate()
	if taken := len(l.took); taken != n {
		return d, fmt.Errorf("%d of %d cases were taken in", taken, n)
	}
	m.end(syscall.SIGTERM) // so that its peak is the drain's, not that of hashing passwords
	if err := c.serve(m); err != nil {
		return d, err
	}
	if _, err := c.ready(ctx, m); err != nil {
		return d, err
	}
	up, down := carried(m)
	c.step("%s comes back with %d cases", m.id, n)
	for _, w := range m.above {
		if err := w.Mend(); err != nil {
			return d, err
		}
	}
	above := c.aboveOf(m)
	before, own := cpuOf(above...), cpuOf(m)
	began := time.Now()
	// The button on the page: the village tries its lines now.
	if err := staff[0].post(ctx, m.url(), "/api/v1/sync/now", nil, nil); err != nil {
		return d, err
	}
	err = loopback.Await(ctx, "the outbox to empty", 10*time.Minute, 40*time.Millisecond, func(ctx context.Context) error {
		now, err := figuresOf(ctx, m)
		if left := now["tongban_outbox_entries"]; err == nil && left != 0 {
			err = fmt.Errorf("%.0f entries are left", left)
			// To ask costs the village what a case or two do.
			pause(ctx, time.Duration(left)*time.Second/(4*drainTarget))
		}
		return err
	})
	if err != nil {
		return d, err
	}
	d.took, d.peak = time.Since(began), peakResident(m)
	d.above, d.own = cpuOf(above...)-before, cpuOf(m)-own
	d.up, d.down = carried(m)
	d.up, d.down = d.up-up, d.down-down
	return d, nil
}

// aboveOf are the nodes whose work a node's drain is: the hubs, and its township.
func (c *county) aboveOf(m *member) []*member {
	nodes := slices.Clone(c.hubs)
	for _, t := range c.members {
		if t.tier == "township" && len(m.townshipPorts) > 0 && t.running() {
			nodes = append(nodes, t)
		}
	}
	return nodes
}

// carried is what a node's lines have carried.
func carried(m *member) (up, down int64) {
	for _, w := range m.above {
		up, down = up+w.Up(), down+w.Down()
	}
	return up, down
}

// payload is the size of a village's entries, compressed as one piece: what
// has to go up at the least.
func (c *county) payload(ctx context.Context, m *member) (int64, error) {
	hub, _, err := c.leader(ctx)
	if err != nil {
		return 0, err
	}
	f, err := c.follower(hub, "payload", m.division, 0)
	if err != nil {
		return 0, err
	}
	defer f.close()
	if err := f.catchUp(); err != nil {
		return 0, err
	}
	var entries []byte
	for _, line := range f.lines {
		var r struct {
			Entry struct {
				Origin string `json:"origin"`
			} `json:"entry"`
		}
		if json.Unmarshal(line, &r) == nil && r.Entry.Origin == m.id {
			entries = append(append(entries, line...), '\n')
		}
	}
	return int64(len(packed(entries))), nil
}
