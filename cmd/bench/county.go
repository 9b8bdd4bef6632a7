package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// county is the running county.
type county struct {
	*bench
	hubs    []*member
	members []*member
	admin   *person
	second  *person
	// desks are window staff of the county, more than one because a person is
	// held to 200 requests a second.
	desks []*person

	passportOnce sync.Once
	pass         *passport
	passportErr  error
}

const (
	countyCode = "330523"
	department = "县医疗保障局"
)

// running is the county, founded when it is first asked for: three hubs,
// divisions, calendar, the whole catalog in force, staff.
func (b *bench) running(ctx context.Context) (*county, error) {
	if b.county != nil {
		return b.county, b.county.settle(ctx)
	}
	b.step("founding a county of three hubs")
	c := &county{bench: b, admin: newPerson("admin"), second: newPerson("admin2")}
	b.county = c
	for i := range 3 {
		m, err := c.member("county", fmt.Sprintf("county-%d", i+1), countyCode)
		if err != nil {
			return nil, err
		}
		c.hubs = append(c.hubs, m)
	}
	if err := c.found(ctx); err != nil {
		return nil, fmt.Errorf("found the county: %w", err)
	}
	if err := c.people(ctx); err != nil {
		return nil, fmt.Errorf("fill the county: %w", err)
	}
	return c, nil
}

// member plans a node; it is not enrolled and does not run yet.
func (c *county) member(tier, id, division string, above ...*member) (*member, error) {
	m := &member{id: id, tier: tier, division: division}
	var errs []error
	port := func() int {
		p, err := loopback.FreePort()
		errs = append(errs, err)
		return p
	}
	m.api = port()
	if tier != "village" {
		m.fed = port()
	}
	if tier == "county" {
		m.peer = port()
	} else {
		for _, up := range append(above, c.hubs...) {
			at := port()
			if up.tier == "county" {
				m.countyPorts = append(m.countyPorts, at)
			} else {
				m.townshipPorts = append(m.townshipPorts, at)
			}
			w := loopback.NewLine(at, up.fed)
			m.above = append(m.above, w)
			errs = append(errs, w.Mend())
		}
	}
	c.members = append(c.members, m)
	return m, errors.Join(append(errs, c.configure(m))...)
}

func (c *county) found(ctx context.Context) error {
	first := c.hubs[0]
	secret := filepath.Join(c.dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	if err := c.tongban(ctx, "", "init", "--config", c.config(first), "--login", "admin", "--name", "管理员", "--password-file", secret); err != nil {
		return err
	}
	if err := c.serve(first); err != nil {
		return err
	}
	if _, err := c.ready(ctx, first); err != nil {
		return err
	}
	for _, m := range c.hubs[1:] {
		if err := c.enrol(ctx, m); err != nil {
			return err
		}
		if err := c.serve(m); err != nil {
			return err
		}
		err := loopback.Await(ctx, m.id+" to vote", time.Minute, 50*time.Millisecond, func(ctx context.Context) error {
			return c.admin.post(ctx, first.url(), "/api/v1/hubs", client.HubRequest{Id: m.id, Address: loopback.Address(m.peer)}, nil)
		})
		if err != nil {
			return err
		}
	}
	return c.settle(ctx)
}

// enrol gives a node its place in the county, with a one-time token.
func (c *county) enrol(ctx context.Context, m *member) error {
	var inv client.Invitation
	if err := c.admin.post(ctx, c.hubs[0].url(), "/api/v1/nodes/invitations",
		client.InvitationRequest{Node: m.id, Name: m.id, Tier: client.Tier(m.tier), Division: client.Division(m.division)}, &inv); err != nil {
		return err
	}
	command := "enroll"
	if m.tier == "county" {
		command = "join"
	}
	return c.tongban(ctx, inv.Token, command, "--config", c.config(m), "--county", "https://"+loopback.Address(c.hubs[0].fed), "--token-file", "-")
}

// start enrols a node below the county, starts it and waits for the catalog.
func (c *county) start(ctx context.Context, m *member) error {
	if err := c.enrol(ctx, m); err != nil {
		return err
	}
	if err := c.serve(m); err != nil {
		return err
	}
	if _, err := c.ready(ctx, m); err != nil {
		return err
	}
	return c.caughtUp(ctx, m)
}

// caughtUp waits until a node has the catalog and all it may see.
func (c *county) caughtUp(ctx context.Context, m *member) error {
	return loopback.Await(ctx, "the catalog at "+m.id, 20*time.Second, 20*time.Millisecond, func(ctx context.Context) error {
		now, err := figuresOf(ctx, m)
		if err == nil && (now["tongban_catalog_edition"] == 0 || now["tongban_cursor"] == 0 || now["tongban_lag_entries"] != 0) {
			err = fmt.Errorf("at %.0f, %.0f behind, edition %.0f", now["tongban_cursor"], now["tongban_lag_entries"], now["tongban_catalog_edition"])
		}
		return err
	})
}

// people fills the county. Passwords take the longest: each is hashed as
// slowly as in real life.
func (c *county) people(ctx context.Context) error {
	at := c.hubs[0].url()
	if err := c.admin.post(ctx, at, "/api/v1/divisions/import", data.Divisions, nil); err != nil {
		return err
	}
	if err := c.admin.post(ctx, at, "/api/v1/calendar/import", data.Calendar, nil); err != nil {
		return err
	}
	if err := c.hire(ctx, client.StaffRequest{Login: "admin2", Name: "审核员", Division: countyCode, Roles: []client.Role{"county_operator"}}); err != nil {
		return err
	}
	if err := c.publish(ctx, data.Items()); err != nil {
		return err
	}
	var err error
	c.desks, err = c.team(ctx, "desk", c.accounts, client.StaffRequest{Division: countyCode, Department: department, Roles: []client.Role{"department_window"}})
	if err != nil {
		return err
	}
	return c.logInAll(ctx, c.desks, c.hubs)
}

func (c *county) hire(ctx context.Context, p client.StaffRequest) error {
	no := false
	p.Password, p.MustChangePassword = password, &no
	return c.admin.post(ctx, c.hubs[0].url(), "/api/v1/staff", p, nil)
}

// team hires n people alike.
func (c *county) team(ctx context.Context, login string, n int, like client.StaffRequest) ([]*person, error) {
	people := make([]*person, n)
	return people, inParallel(n, 4, func(i int) error {
		p := like
		p.Login, p.Name = fmt.Sprintf("%s%d", login, i), fmt.Sprintf("经办人%d", i)
		people[i] = newPerson(p.Login)
		return c.hire(ctx, p)
	})
}

// logInAll logs people in, at one node after the other: an address may try
// only so often.
func (c *county) logInAll(ctx context.Context, people []*person, at []*member) error {
	return inParallel(len(people), 4, func(i int) error {
		return loopback.Await(ctx, "login", time.Minute, 200*time.Millisecond, func(ctx context.Context) error {
			_, err := people[i].At(at[i%len(at)].url()).Bearer(ctx)
			return err
		})
	})
}

// publish drafts items, has them approved by a second person and publishes an
// edition that is in force at once.
func (c *county) publish(ctx context.Context, items []byte) error {
	at := c.hubs[0].url()
	var drafts client.DraftReport
	if err := c.admin.post(ctx, at, "/api/v1/items/import", items, &drafts); err != nil {
		return err
	}
	if err := c.second.post(ctx, at, "/api/v1/items/approve", client.ApproveRequest{Items: drafts.Drafted}, nil); err != nil {
		return err
	}
	return c.admin.post(ctx, at, "/api/v1/editions", client.PublishRequest{Unstaffed: true, Note: "一期"}, nil)
}

// leader asks the hubs who leads.
func (c *county) leader(ctx context.Context) (leader *member, rest []*member, err error) {
	var report client.HubReport
	for _, m := range c.hubs {
		if err = c.admin.get(ctx, m.url(), "/api/v1/hubs", &report); err == nil && report.Leader != "" {
			break
		}
	}
	for _, m := range c.hubs {
		if m.id == report.Leader {
			leader = m
		} else {
			rest = append(rest, m)
		}
	}
	if leader == nil {
		return nil, nil, fmt.Errorf("no leader among the hubs: %q: %w", report.Leader, err)
	}
	return leader, rest, nil
}

// settle waits until all three hubs serve, starting those that do not run.
func (c *county) settle(ctx context.Context) error {
	for _, m := range c.hubs {
		if !m.running() {
			if err := c.serve(m); err != nil {
				return err
			}
		}
	}
	for _, m := range c.hubs {
		if _, err := c.ready(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (c *county) stop() {
	for i := len(c.members) - 1; i >= 0; i-- {
		c.members[i].end(syscall.SIGTERM)
	}
	for _, m := range c.members {
		for _, w := range m.above {
			w.Cut()
		}
	}
}

// inParallel does n things, so many at once, until one fails, and returns the
// first error.
func inParallel(n, atOnce int, do func(i int) error) error {
	group := new(errgroup.Group)
	group.SetLimit(atOnce)
	var failed atomic.Bool
	for i := range n {
		group.Go(func() error {
			if failed.Load() {
				return nil
			}
			err := do(i)
			if err != nil {
				failed.Store(true)
			}
			return err
		})
	}
	return group.Wait()
}
