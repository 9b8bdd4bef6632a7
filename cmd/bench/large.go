package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tongban/tongban/api/client"
)

// largeState is what a later run has to know of a large county that was kept.
type largeState struct {
	API, Fed, Peer int
	Villages       []filler
}

const largeFile = "large.json"

// fillers is how many villages fill the county at once.
const fillers = 8

// large measures one hub at growing numbers of cases. They come in as villages
// send them, signed by keys that the county enrolled, but in full batches and
// without villages' databases behind them, so that a million can be had.
func (b *bench) large(ctx context.Context) error {
	if len(b.larges) == 0 {
		return nil
	}
	own := *b
	own.accounts, own.county = 1, nil
	if b.reuse != "" {
		own.dir = b.reuse
	} else {
		own.dir = filepath.Join(b.dir, "large")
	}
	if err := os.MkdirAll(own.dir, 0o700); err != nil {
		return err
	}
	c := &county{bench: &own, admin: newPerson("admin"), second: newPerson("admin2")}
	own.county = c
	defer c.stop()
	villages, err := c.openLarge(ctx)
	if err != nil {
		return own.explain(err)
	}
	for _, n := range b.larges {
		have, err := c.fill(ctx, villages, n)
		if err != nil {
			return own.explain(err)
		}
		if err := c.weigh(ctx, have); err != nil {
			return own.explain(err)
		}
	}
	return nil
}

// openLarge starts the county that an earlier run left, or founds one.
func (c *county) openLarge(ctx context.Context) ([]filler, error) {
	path := filepath.Join(c.dir, largeFile)
	raw, err := os.ReadFile(path)
	if err == nil {
		var s largeState
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, err
		}
		m := &member{id: "county-1", tier: "county", division: countyCode, api: s.API, fed: s.Fed, peer: s.Peer}
		c.hubs, c.members, c.desks = []*member{m}, []*member{m}, []*person{newPerson("desk0")}
		return s.Villages, c.settle(ctx)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	m, err := c.member("county", "county-1", countyCode)
	if err != nil {
		return nil, err
	}
	c.hubs = []*member{m}
	if err := c.found(ctx); err != nil {
		return nil, err
	}
	if err := c.people(ctx); err != nil {
		return nil, err
	}
	s := largeState{API: m.api, Fed: m.fed, Peer: m.peer}
	for i := range fillers {
		v, err := c.member("village", fmt.Sprintf("village-fill-%d", i), fmt.Sprintf("330523111%03d", 210+i))
		if err != nil {
			return nil, err
		}
		if err := c.enrol(ctx, v); err != nil {
			return nil, err
		}
		no := false
		var made client.StaffCreated
		if err := c.admin.post(ctx, m.url(), "/api/v1/staff", client.StaffRequest{Login: "filler" + fmt.Sprint(i), Name: "经办人", Password: password, MustChangePassword: &no,
			Division: client.Division(v.division), Roles: []client.Role{"village_worker"}}, &made); err != nil {
			return nil, err
		}
		s.Villages = append(s.Villages, filler{Node: v.id, Division: v.division, Staff: made.Staff.Id})
	}
	if raw, err = json.Marshal(s); err != nil {
		return nil, err
	}
	return s.Villages, os.WriteFile(path, raw, 0o600)
}

// weigh stops and starts the hub, and measures what it costs then.
func (c *county) weigh(ctx context.Context, cases int) error {
	hub, size := c.hubs[0], fmt.Sprintf("%d cases", cases)
	took, err := c.restarts(ctx, hub)
	if err != nil {
		return err
	}
	c.table.most(figure{Section: "large", Name: "restart of a hub with " + size, Value: inMS(took.at(0.5)), Unit: "ms", Detail: took.String()}, 5000)
	hub.end(syscall.SIGKILL)
	if err := c.serve(hub); err != nil {
		return err
	}
	killed, err := c.ready(ctx, hub)
	if err != nil {
		return err
	}
	c.table.most(figure{Section: "large", Name: size + ", after kill -9", Value: inMS(killed), Unit: "ms"}, 5000)
	for _, q := range []struct {
		name   string
		target float64 // in ms; 0: none is set
		ask    func() error
	}{
		{"reconcile", 0, func() error {
			var r client.Reconciliation
			err := c.admin.get(ctx, hub.url(), "/api/v1/reconcile", &r)
			if err == nil && r.HandedIn != int64(cases) {
				err = fmt.Errorf("reconcile says %d cases, %d were handed in", r.HandedIn, cases)
			}
			return err
		}},
		{"metrics", 0, func() error { _, err := figuresOf(ctx, hub); return err }},
		{"first page of cases", 0, func() error { return c.desks[0].get(ctx, hub.url(), "/api/v1/cases", nil) }},
		{"statistics by item", 200, func() error { return c.admin.get(ctx, hub.url(), "/api/v1/statistics?by=item", nil) }},
		{"statistics by department", 200, func() error { return c.admin.get(ctx, hub.url(), "/api/v1/statistics?by=department", nil) }},
		{"statistics by division", 200, func() error { return c.admin.get(ctx, hub.url(), "/api/v1/statistics?by=division", nil) }},
	} {
		for _, p := range []*person{c.admin, c.desks[0]} {
			if _, err := p.At(hub.url()).Bearer(ctx); err != nil {
				return err
			}
		}
		began := time.Now()
		if err := q.ask(); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		f := figure{Section: "large", Name: size + ", " + q.name, Value: inMS(time.Since(began)), Unit: "ms"}
		if q.target == 0 {
			c.table.add(f)
		} else {
			c.table.most(f, q.target)
		}
	}
	if err := pause(ctx, 15*time.Second); err != nil { // what a person's login took is given back by then
		return err
	}
	c.table.most(figure{Section: "large", Name: size + ", memory", Value: float64(resident(hub)) / mb, Unit: "MB",
		Detail: fmt.Sprintf("resident; at its peak %s MB; %s MB on disk", short(float64(peakResident(hub))/mb), short(float64(sizeOf(c.dirOf(hub)))/mb))}, 250)
	return nil
}

// sizeOf is what the files of a folder take.
func sizeOf(dir string) (sum int64) {
	filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}
