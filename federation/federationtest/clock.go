package federationtest

import (
	"sync"
	"time"

	"github.com/tongban/tongban/store/storetest"
)

// Clock is a node's clock: it runs with the machine's from the beginning of
// the county's first working day, and can be set forward and wrong.
type Clock struct {
	began time.Time

	mu   sync.Mutex
	off  time.Duration
	skew time.Duration
}

// Now is the time by this clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return storetest.Beginning.Add(time.Since(c.began) + c.off + c.skew)
}

// Skew makes the clock wrong by d, ahead when positive.
func (c *Clock) Skew(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = d
}

// advance moves the clock on.
func (c *Clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}
