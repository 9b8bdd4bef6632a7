package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// sizes weighs the binary and idle processes.
func (b *bench) sizes(ctx context.Context) error {
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	b.table.most(figure{Section: "sizes", Name: "binary", Value: float64(info.Size()) / mb, Unit: "MB"}, 25)
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	m, err := c.member("village", "village-idle", "330523111218")
	if err != nil {
		return err
	}
	worker, err := c.team(ctx, "idle-worker", 1, client.StaffRequest{Division: client.Division(m.division), Roles: []client.Role{"village_worker"}})
	if err != nil {
		return err
	}
	if err := c.start(ctx, m); err != nil {
		return err
	}
	defer func() { m.end(syscall.SIGTERM) }()
	if err := c.afterBurst(ctx, m, "village after its first start"); err != nil {
		return err
	}
	if err := c.logInAll(ctx, worker, []*member{m}); err != nil {
		return err
	}
	if err := c.afterBurst(ctx, m, "village after a login"); err != nil {
		return err
	}
	m.end(syscall.SIGTERM)
	if err := c.serve(m); err != nil {
		return err
	}
	if err := c.caughtUp(ctx, m); err != nil {
		return err
	}
	if err := pause(ctx, 3*time.Second); err != nil {
		return err
	}
	b.table.most(figure{Section: "sizes", Name: "idle village", Value: float64(resident(m)) / mb, Unit: "MB",
		Detail: fmt.Sprintf("resident, restarted with its catalog; %s MB its own, the rest the program's file, which its processes share and the system can drop", short(float64(ownResident(m))/mb))}, 40)
	return nil
}

// afterBurst measures what a village keeps of the memory that a burst of work
// took.
func (c *county) afterBurst(ctx context.Context, m *member, name string) error {
	atOnce := resident(m)
	if err := pause(ctx, 12*time.Second); err != nil {
		return err
	}
	c.table.most(figure{Section: "sizes", Name: name, Value: float64(resident(m)) / mb, Unit: "MB",
		Detail: fmt.Sprintf("resident 12 s later; %s MB at once", short(float64(atOnce)/mb))}, 40)
	return nil
}

// coldStart measures from the start of a process to its readiness.
func (b *bench) coldStart(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	m, err := c.member("village", "village-cold", "330523111217")
	if err != nil {
		return err
	}
	if err := c.start(ctx, m); err != nil {
		return err
	}
	defer m.end(syscall.SIGTERM)
	village, err := c.restarts(ctx, m)
	if err != nil {
		return err
	}
	b.table.most(figure{Section: "cold start", Name: "village", Value: inMS(village.at(0.5)), Unit: "ms", Detail: village.String()}, 300)
	_, rest, err := c.leader(ctx)
	if err != nil {
		return err
	}
	hub, err := c.restarts(ctx, rest[0])
	if err != nil {
		return err
	}
	b.table.most(figure{Section: "cold start", Name: "hub, two others up", Value: inMS(hub.at(0.5)), Unit: "ms", Detail: hub.String()}, 300)
	return nil
}

// restarts stops and starts a node some times.
func (c *county) restarts(ctx context.Context, m *member) (spread, error) {
	var took []time.Duration
	for range c.starts {
		m.end(syscall.SIGTERM)
		began := time.Now()
		if err := c.serve(m); err != nil {
			return nil, err
		}
		if _, err := c.ready(ctx, m); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return spreadOf(took), nil
}

// restart measures a hub with a large ledger: one of three, and the whole
// county at once.
func (b *bench) restart(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	if err := c.filled(ctx, b.cases); err != nil {
		return err
	}
	var r client.Reconciliation
	if err := c.admin.get(ctx, c.hubs[0].url(), "/api/v1/reconcile", &r); err != nil {
		return err
	}
	size := fmt.Sprintf("%d cases", r.HandedIn)
	_, rest, err := c.leader(ctx)
	if err != nil {
		return err
	}
	graceful, err := c.restarts(ctx, rest[0])
	if err != nil {
		return err
	}
	b.table.most(figure{Section: "restart", Name: "hub with " + size, Value: inMS(graceful.at(0.5)), Unit: "ms", Detail: graceful.String()}, 5000)
	b.table.most(figure{Section: "restart", Name: "its memory", Value: float64(resident(rest[0])) / mb, Unit: "MB", Detail: "resident"}, 250)
	for _, m := range c.hubs {
		m.end(syscall.SIGKILL)
	}
	began := time.Now()
	if err := c.settle(ctx); err != nil {
		return err
	}
	b.table.most(figure{Section: "restart", Name: "whole county after kill -9", Value: inMS(time.Since(began)), Unit: "ms", Detail: "all three hubs ready"}, 5000)
	return nil
}

// failover kills the leader and measures the time to the next write that is
// accepted by one of the others.
func (b *bench) failover(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	papers, err := newSubmissions()
	if err != nil {
		return err
	}
	var took []time.Duration
	for i := range b.kills {
		leader, rest, err := c.leader(ctx)
		if err != nil {
			return err
		}
		body, err := papers.of(i)
		if err != nil {
			return err
		}
		// Connections are open before, as those of people at work are.
		for _, m := range rest {
			if err := handIn(ctx, web, m, c.desks[i%len(c.desks)], body); err != nil {
				return err
			}
		}
		began := time.Now()
		leader.end(syscall.SIGKILL)
		err = loopback.Await(ctx, "a write after the leader's death", 30*time.Second, 2*time.Millisecond, func(ctx context.Context) error {
			return handIn(ctx, web, rest[i%len(rest)], c.desks[i%len(c.desks)], body)
		})
		if err != nil {
			return err
		}
		took = append(took, time.Since(began))
		if err := c.settle(ctx); err != nil {
			return err
		}
	}
	s := spreadOf(took)
	b.table.most(figure{Section: "failover", Name: "kill -9 of the leader to the next write", Value: inMS(s.at(0.99)), Unit: "ms", Detail: fmt.Sprintf("%d times: %s", len(took), s)}, 1500)
	return nil
}
