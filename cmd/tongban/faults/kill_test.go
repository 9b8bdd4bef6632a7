package faults

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A village that is killed at any moment loses nothing it acknowledged and
// does nothing twice, and all of it comes to the county.
func TestVillageKilledAtAnyMoment(t *testing.T) {
	kills, most := 30, 350*time.Millisecond
	if long {
		kills, most = 500, 2*time.Second
	}
	c := running(t, lone)
	k, err := killVillage(t.Context(), c, kills, most, 60*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, k.verdict)
	t.Logf("kills %d, seed %d, ready after: median %v, p99 %v; %s", kills, k.seed, k.percentile(50), k.percentile(99), k.verdict)
}

// killings are what a loop of kills gave.
type killings struct {
	seed    uint64
	ready   []time.Duration
	backups int64
	verdict *verdict
}

func (k *killings) percentile(p int) time.Duration {
	slices.Sort(k.ready)
	if len(k.ready) == 0 {
		return 0
	}
	return k.ready[min(len(k.ready)-1, len(k.ready)*p/100)].Round(time.Millisecond)
}

func killVillage(ctx context.Context, c *county, kills int, most, within time.Duration) (*killings, error) {
	o, err := newOracle(c.dir)
	if err != nil {
		return nil, err
	}
	defer o.close()
	k := &killings{seed: rand.Uint64()}
	random := rand.New(rand.NewPCG(k.seed, 0))
	village := c.village()
	busy := newTraffic(ctx, o)
	defer busy.end() // a second end is none; nobody writes into a closed oracle
	busy.write(village, 8, 20*time.Millisecond, "cun1", "cun2")
	for range kills {
		// Every third kill comes while the node may still be starting.
		<-time.After(time.Duration(random.Int64N(int64(most))))
		village.kill()
		began := time.Now()
		if err := c.start(village); err != nil {
			return nil, err
		}
		if random.IntN(3) == 0 {
			continue
		}
		if err := c.ready(ctx, village); err != nil {
			k.verdict, err = refuses(err)
			return k, err
		}
		k.ready = append(k.ready, time.Since(began))
	}
	if err := c.ready(ctx, village); err != nil {
		k.verdict, err = refuses(err)
		return k, err
	}
	if err := busy.end(); err != nil {
		return nil, err
	}
	k.verdict, err = judge(ctx, c, o, within)
	return k, err
}
