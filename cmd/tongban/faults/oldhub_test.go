package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// A hub is taken out of the county and its process runs on. Whether the change
// reached it or not, it says so to people, at /readyz, in raft status and in
// doctor; those below it leave it for another hub and hear what is new.
func TestRemovedHubRunsOn(t *testing.T) {
	for _, told := range []bool{true, false} {
		t.Run(fmt.Sprintf("told %v", told), func(t *testing.T) {
			c := running(t, three)
			ctx, removed, other := t.Context(), c.node("county-1"), c.node("county-2")
			if leader, err := c.leader(ctx); err != nil {
				t.Fatal(err)
			} else if leader == removed {
				if err := newPerson(removed.url(), "admin").Post(ctx, "/api/v1/hubs/transfer", client.TransferRequest{To: other.ID}, loopback.NewKey(), nil); err != nil {
					t.Fatal(err)
				}
			}
			// The hubs come up together, so the township may have begun at another that
			// heard the leader sooner. It looks for the first once a minute, or when told.
			desk := newOnce(c.township(), "zhen1")
			follows := func(yes bool) error {
				return await(ctx, fmt.Sprintf("the township to follow %s: %v", removed.ID, yes), 3*time.Minute, func(ctx context.Context) error {
					var s client.SyncReport
					if err := desk.Get(ctx, "/api/v1/sync", &s); err != nil {
						return err
					}
					if yes {
						if err := desk.Post(ctx, "/api/v1/sync/now", nil, loopback.NewKey(), nil); err != nil {
							return err
						}
					}
					at := strings.HasSuffix(s.Self.Line.Upstream, fmt.Sprint(":", c.township().Above[0].Port))
					if at != yes || s.Self.Line.State != client.LineUp {
						return fmt.Errorf("%+v", s.Self.Line)
					}
					return nil
				})
			}
			if err := follows(true); err != nil {
				t.Fatal(err)
			}
			if !told {
				signal(t, removed, syscall.SIGSTOP)
			}
			err := await(ctx, "the hub to be removed", 2*time.Minute, func(ctx context.Context) error {
				return newPerson(other.url(), "admin").Call(ctx, loopback.Request{Method: http.MethodDelete, URL: "/api/v1/hubs/" + removed.ID, Key: loopback.NewKey()}, nil)
			})
			if err != nil {
				t.Fatal(err)
			}
			if !told {
				signal(t, removed, syscall.SIGCONT)
			}
			wants := []string{"hub_removed", "hub_outside", "no_leader"}
			if told {
				wants = wants[:1]
			}
			err = await(ctx, "the hub to say that it is out", 2*time.Minute, func(ctx context.Context) error {
				var no *refusal
				err := removed.process().Ready(ctx, http.DefaultClient, removed.url())
				if !errors.As(err, &no) || !slices.Contains(wants, no.Code) {
					return fmt.Errorf("readyz: %v", err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			var report client.HubReport
			if err := newOnce(removed, "admin").Get(ctx, "/api/v1/hubs", &report); err != nil || report.Ready || report.Problem == "" {
				t.Errorf("raft status: %+v, %v", report, err)
			}
			if out, err := c.run(ctx, "", nil, "doctor", "--config", removed.config()); err == nil || !slices.ContainsFunc(wants, func(w string) bool { return strings.Contains(out, "["+w+"]") }) {
				t.Errorf("doctor: %v\n%s", err, out)
			}
			if err := follows(false); err != nil {
				t.Error(err)
			}
			if err := newPerson(other.url(), "admin").Post(ctx, "/api/v1/nodes/"+c.village().ID+"/rename", client.RenameRequest{Name: "改名后"}, loopback.NewKey(), nil); err != nil {
				t.Fatal(err)
			}
			err = await(ctx, "what is new at the township", 2*time.Minute, func(ctx context.Context) error {
				var n client.Node
				err := desk.Get(ctx, "/api/v1/nodes/"+c.village().ID, &n)
				if err == nil && n.Name != "改名后" {
					err = fmt.Errorf("%+v", n)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// The county began anew at one hub (restore --lone), and its two old hubs are
// started without having been emptied, which makes a majority of the former
// county: before the first is up, or after. They do not serve their ledger as
// the county's without an alarm, take nothing once they know, and the county
// goes on.
func TestOldHubsStartedTogether(t *testing.T) {
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprintf("the county is up first: %v", first), func(t *testing.T) {
			c := running(t, three)
			ctx, hub := t.Context(), c.node("county-1")
			old := []*member{c.node("county-2"), c.node("county-3")}
			for _, m := range c.nodes {
				m.end(syscall.SIGTERM)
			}
			if out, err := c.run(ctx, "", nil, "restore", "--config", hub.config(), "--lone"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			up := func() {
				t.Helper()
				if err := c.startThese(ctx, []*member{hub}); err != nil {
					t.Fatal(err)
				}
			}
			if first {
				up()
			}
			for _, m := range old {
				if err := c.start(m); err != nil {
					t.Fatal(err)
				}
			}
			if !first {
				for _, m := range old { // they are a county of their own, as they know
					if err := c.ready(ctx, m); err != nil {
						t.Fatal(err)
					}
				}
				up()
			}
			for _, m := range old {
				err := await(ctx, m.ID+" to say that it is out", 3*time.Minute, func(ctx context.Context) error {
					var no *refusal
					err := m.process().Ready(ctx, http.DefaultClient, m.url())
					if !errors.As(err, &no) || no.Code != "hub_outside" {
						return fmt.Errorf("readyz: %v", err)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if err := newOnce(m, countyDesk).Post(ctx, "/api/v1/cases", submission("at "+m.ID, "county", client.AttachmentRef{}), loopback.NewKey(), nil); err == nil {
					t.Errorf("%s takes in what the county never gets", m.ID)
				}
				if out, err := c.run(ctx, "", nil, "doctor", "--config", m.config()); err == nil || !strings.Contains(out, "hub_outside") {
					t.Errorf("doctor: %v\n%s", err, out)
				}
			}
			if err := newPerson(hub.url(), countyDesk).Post(ctx, "/api/v1/cases", submission("at the county", "county", client.AttachmentRef{}), loopback.NewKey(), nil); err != nil {
				t.Error(err)
			}
			if err := c.ready(ctx, hub); err != nil {
				t.Error(err)
			}
		})
	}
}

func signal(t *testing.T, m *member, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(m.process().PID(), sig); err != nil {
		t.Fatal(err)
	}
}
