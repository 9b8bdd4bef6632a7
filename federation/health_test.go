package federation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/ledger"
)

// ails waits until a node says a code of itself, and whether it stops it.
func ails(t *testing.T, f *federationtest.Federation, n *federationtest.Node, code string, stops bool) {
	t.Helper()
	var said []federation.Reason
	f.Eventually(n.ID+" to say "+code, func() bool {
		var err error
		said, err = n.Health(t.Context())
		must(t, err)
		for _, r := range said {
			if r.Code == code {
				if r.Stops != stops || r.ZH == "" || r.EN == "" {
					t.Fatalf("%+v", r)
				}
				return true
			}
		}
		return false
	})
	if (n.Ready() != nil) != said[0].Stops {
		t.Errorf("%s: ready %v, says %+v", n.ID, n.Ready(), said)
	}
}

func well(t *testing.T, f *federationtest.Federation, n *federationtest.Node) {
	t.Helper()
	f.Eventually(n.ID+" to be well", func() bool {
		said, err := n.Health(t.Context())
		must(t, err)
		return len(said) == 0 && n.Ready() == nil
	})
}

// TestHealth: what keeps a node from its work is said with a code of its own,
// and no more when it is over.
func TestHealth(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 3})
	village, hub := f.Village(0), f.Leader()
	for _, n := range f.Nodes() {
		well(t, f, n)
	}

	free := int64(1 << 30)
	village.SetDisk(federation.Disk{Free: func() (int64, error) { return free, nil }, Low: 200 << 20, Warn: 500 << 20})
	well(t, f, village)
	for _, c := range []struct {
		free  int64
		code  string
		stops bool
	}{{400 << 20, "disk_warn", false}, {100 << 20, "disk_low", true}, {1 << 20, "disk_full", true}} {
		free = c.free
		ails(t, f, village, c.code, c.stops)
	}
	free = 1 << 30
	well(t, f, village)

	village.Clock.Skew(2 * time.Minute)
	ails(t, f, village, "clock_skew", false)
	village.Clock.Skew(2 * time.Hour)
	ails(t, f, village, "clock_wrong", true)
	village.Clock.Skew(0)
	well(t, f, village)

	others := f.Hubs()
	for _, h := range others {
		if h != hub {
			f.Kill(h)
		}
	}
	ails(t, f, hub, "no_leader", true)
	for _, h := range others {
		if h != hub {
			f.Restart(h)
		}
	}
	well(t, f, hub)
	leader := f.Leader()
	var removed *federationtest.Node
	for _, h := range others {
		if h != leader {
			removed = h
		}
	}
	f.Eventually("the hub to be removed", func() bool { return leader.Hub().Remove(t.Context(), removed.ID) == nil })
	// A hub that the change did not reach any more knows no more than that
	// nobody leads it, until it hears of a leader without it.
	f.Eventually(removed.ID+" to be out of work", func() bool {
		said, err := removed.Health(t.Context())
		must(t, err)
		return len(said) > 0 && said[0].Stops && (said[0].Code == "hub_removed" || said[0].Code == "hub_outside" || said[0].Code == "no_leader")
	})
	// It runs on, and the township may follow it; within 15 s it follows another,
	// and hears what the county says.
	f.Do(leader, f.Operator(), &ledger.NodeRevokeV1{Node: f.Township(0).ID, At: leader.Now().UnixMilli(), Reason: "测试"})
	ails(t, f, f.Township(0), "node_revoked", true)
}

// TestAHubThatStartedIsTold: other hubs hear that it is ready when it is, and not
// until the next heartbeat that it has no line.
func TestAHubThatStartedIsTold(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 3, Heartbeat: time.Hour})
	leader := f.Leader()
	var other *federationtest.Node
	for _, h := range f.Hubs() {
		if h != leader {
			other = h
		}
	}
	f.Kill(other)
	before := leader.Now().UnixMilli()
	f.Restart(other)
	f.Eventually("the leader to know that the hub is ready", func() bool {
		said, err := leader.Reports(t.Context())
		must(t, err)
		for _, p := range said {
			var r federation.Report
			must(t, json.Unmarshal(p.Report, &r))
			if p.Node == other.ID && p.SeenAt >= before {
				return r.LineUp
			}
		}
		return false
	})
}

// TestHealthOfKeys: keys that end soon are spoken of before they do.
func TestHealthOfKeys(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village := f.Village(0)
	f.Cut(village.ID, "*")
	left := village.Expires().Sub(village.Now())
	f.Advance(left - 80*24*time.Hour)
	ails(t, f, village, "keys_expiring", false)
	f.Advance(81 * 24 * time.Hour)
	ails(t, f, village, "keys_expired", true)
}
