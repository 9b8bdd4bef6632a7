package papers

import (
	"math/rand/v2"
	"time"
)

// Clock tells time and waits; tests have their own.
type Clock interface {
	Now() time.Time
	NewTimer(d time.Duration) Timer
}

// Timer is time.Timer as an interface.
type Timer interface {
	C() <-chan time.Time
	Stop() bool
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now is time.Now.
func (SystemClock) Now() time.Time { return time.Now() }

// NewTimer is time.NewTimer.
func (SystemClock) NewTimer(d time.Duration) Timer { return systemTimer{time.NewTimer(d)} }

type systemTimer struct{ t *time.Timer }

func (t systemTimer) C() <-chan time.Time { return t.t.C }
func (t systemTimer) Stop() bool          { return t.t.Stop() }

// Backoff is how long to wait after failures: doubling from First to Most,
// the last half of it by chance, so that a township's villages do not all come
// back in the same second. It never gives up.
type Backoff struct {
	First, Most time.Duration
	// Chance returns a number from 0 to most; nil: at random.
	Chance func(most time.Duration) time.Duration
}

// DefaultBackoff goes from a second to a minute.
func DefaultBackoff() Backoff { return Backoff{First: time.Second, Most: time.Minute} }

// After is the wait after so many failures in a row, from 1.
func (b Backoff) After(failures int) time.Duration {
	d := b.First
	for i := 1; i < failures && d < b.Most; i++ {
		d *= 2
	}
	d = min(d, b.Most)
	if b.Chance != nil {
		return d/2 + b.Chance(d/2)
	}
	return d/2 + rand.N(d/2+1)
}
