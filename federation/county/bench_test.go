package county

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkPropose is 64 proposers at one hub of three, durable on a majority.
func BenchmarkPropose(b *testing.B) {
	for _, at := range []string{"leader", "follower"} {
		b.Run(at, func(b *testing.B) {
			c := threeHubs(b, nil)
			n := c.awaitLeader()
			if at == "follower" {
				n = c.follower()
			}
			var serial atomic.Int64
			b.SetParallelism(32)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := n.hub.Propose(context.Background(), fmt.Appendf(nil, "add %0512d", serial.Add(1))); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkReadIndex(b *testing.B) {
	c := threeHubs(b, nil)
	n := c.follower()
	for b.Loop() {
		if _, err := n.hub.ReadIndex(context.Background()); err != nil {
			b.Error(err)
		}
	}
}

// BenchmarkFailover is the time from the end of a leader to the next
// acknowledged proposal, with the default timing.
func BenchmarkFailover(b *testing.B) {
	c := threeHubs(b, func(o *Options) { o.Timing = Timing{} })
	var gaps []time.Duration
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		c.propose(c.awaitLeader(), fmt.Sprint("add before-", i))
		c.awaitEqual()
		other, leader := c.follower(), c.awaitLeader()
		// What a dead process leaves: closed connections and silence.
		leader.hub.port.close()
		b.StartTimer()
		start := time.Now()
		c.propose(other, fmt.Sprint("add after-", i))
		gaps = append(gaps, time.Since(start))
		b.StopTimer()
		leader.restart()
		c.eventually("readiness", leader.hub.Ready)
		b.StartTimer()
	}
	slices.Sort(gaps)
	b.ReportMetric(float64(gaps[len(gaps)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(gaps[len(gaps)*99/100].Milliseconds()), "p99-ms")
}
