package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
)

// The county's leader is killed again and again, and then all three hubs at
// once, while cases come from every tier: nothing is lost, the hubs hold the
// same state.
func TestHubsKilled(t *testing.T) {
	leaders, all := 5, 3
	if long {
		leaders, all = 300, 100
	}
	c := running(t, three)
	k, err := killHubs(t.Context(), c, leaders, all, 3*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, k.verdict)
	t.Logf("leader killed %d times, all hubs %d times, %d backups meanwhile, seed %d; a write accepted again after: median %v, p99 %v; %s",
		leaders, all, k.backups, k.seed, k.percentile(50), k.percentile(99), k.verdict)
}

func killHubs(ctx context.Context, c *county, leaders, all int, within time.Duration) (*killings, error) {
	o, err := newOracle(c.dir)
	if err != nil {
		return nil, err
	}
	defer o.close()
	k := &killings{seed: rand.Uint64()}
	random := rand.New(rand.NewPCG(k.seed, 0))
	busy := newTraffic(ctx, o)
	busy.write(c.village(), 2, 50*time.Millisecond, "cun1")
	busy.write(c.township(), 2, 50*time.Millisecond, "zhen1")
	hubs := c.of("county")
	for _, m := range hubs {
		busy.write(m, 2, 50*time.Millisecond, countyDesk)
	}
	busy.backUp(hubs[0], time.Second)
	for n := range leaders + all {
		<-time.After(time.Duration(random.Int64N(int64(400 * time.Millisecond))))
		fallen := hubs
		if n < leaders {
			leader, err := c.leader(ctx)
			if err != nil {
				return nil, err
			}
			fallen = []*member{leader}
		}
		done := make(chan struct{}, len(fallen))
		for _, m := range fallen {
			go func() { m.kill(); done <- struct{}{} }()
		}
		for range fallen {
			<-done
		}
		began := time.Now()
		if n >= leaders {
			for _, m := range fallen {
				if err := c.start(m); err != nil {
					return nil, err
				}
			}
		}
		if err := c.accepts(ctx, busy, hubs, fallen); err != nil {
			return nil, err
		}
		k.ready = append(k.ready, time.Since(began))
		if n < leaders {
			if err := c.start(fallen[0]); err != nil {
				return nil, err
			}
		}
		for _, m := range hubs {
			if err := c.ready(ctx, m); err != nil {
				return nil, err
			}
		}
	}
	if err := busy.end(); err != nil {
		return nil, err
	}
	k.backups = busy.backups.Load()
	k.verdict, err = judge(ctx, c, o, within)
	return k, err
}

// countyDesk is who hands in at the county.
const countyDesk = "chuangkou"

// leader asks the hubs who leads.
func (c *county) leader(ctx context.Context) (*member, error) {
	var leader *member
	err := await(ctx, "a leader", 2*time.Minute, func(ctx context.Context) error {
		var last error
		for _, m := range c.of("county") {
			var r client.HubReport
			if last = newOnce(m, "admin").Get(ctx, "/api/v1/hubs", &r); last != nil {
				continue
			}
			if leader = c.node(r.Leader); leader != nil {
				return nil
			}
			last = fmt.Errorf("%s knows no leader", m.ID)
		}
		return last
	})
	return leader, err
}

// accepts waits until one of the hubs that stand takes a case; all may have
// fallen and be starting.
func (c *county) accepts(ctx context.Context, busy *traffic, hubs, fallen []*member) error {
	var standing []*member
	for _, m := range hubs {
		if len(fallen) == len(hubs) || m != fallen[0] {
			standing = append(standing, m)
		}
	}
	turn := 0
	return await(ctx, "a write at the county", 2*time.Minute, func(ctx context.Context) error {
		m := standing[turn%len(standing)]
		turn++
		r := request{Mark: busy.oracle.mark(), Node: m.ID, Kind: "case.submit"}
		_, err := busy.ask(busy.at(m, countyDesk), &r, "/api/v1/cases", submission(r.Mark, m.Tier, client.AttachmentRef{}), 1)
		if err == nil && r.Outcome != ok {
			err = fmt.Errorf("%s: %s", m.ID, r.Outcome)
		}
		return err
	})
}
