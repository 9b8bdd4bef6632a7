package feed

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/tongban/tongban/node"
)

// A hub that is taken out of the county goes on serving what it has. Those
// below it leave it for another hub, and those with no other choice stay.
func TestHubOutOfTheCountyLetsGo(t *testing.T) {
	r := newRealm(t)
	clock := RealClock{}
	var silent atomic.Int64 // for how long the first hub has not heard of the county
	hub := func(heard func() time.Duration) string {
		l := NewLedger(r.Hub().Store, Signer{Store: r.Hub().Store, Keys: r.keys, Now: clock.Now}, LedgerOptions{Every: time.Nanosecond, Heard: heard})
		_, url := serve(t, r.Hub().Store, ServerOptions{County: l, Heartbeat: 5 * time.Millisecond})
		return url
	}
	first := hub(func() time.Duration { return time.Duration(silent.Load()) })
	second := hub(func() time.Duration { return 0 })
	village, town := replica(t, r.Village(villageA)), replica(t, r.Township(townshipA))
	both, _ := run(t, village, FollowerOptions{Probe: 5 * time.Millisecond, Stale: time.Minute, Upstreams: []Upstream{
		upstream(t, "county-1", first, node.County, village), upstream(t, "county-2", second, node.County, village)}})
	one, _ := run(t, town, FollowerOptions{Probe: 5 * time.Millisecond, Stale: time.Minute, Upstreams: []Upstream{countyUp(t, first, town)}})
	eventually(t, "both to follow the first hub", func() bool {
		return both.Status().Upstream == "county-1" && one.Status().Upstream == "county-1"
	})

	for _, heard := range []time.Duration{2 * time.Minute, -1} { // out for a while; never in since its start
		silent.Store(int64(heard))
		eventually(t, "the first hub to let go", func() bool { return both.Status().Upstream == "county-2" })
		r.change(2 + int(heard&1))
		reaches(t, village, mustHead(t, r.Hub().Store))
		eventually(t, "the one with no other hub to make do", func() bool { return one.Status().Upstream == "county-1" })
		if s := both.Status(); len(s.Blocked) != 0 {
			t.Errorf("blocked %v", s.Blocked)
		}

		silent.Store(0)
		eventually(t, "the first hub to be preferred again", func() bool { return both.Status().Upstream == "county-1" })
	}
}
