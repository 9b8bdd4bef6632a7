package feed

import "time"

// Clock is where this package takes its time from, so that tests can make
// minutes pass. Deadlines on sockets and the pacing of pushes within
// milliseconds use the machine's own clock.
type Clock interface {
	Now() time.Time
	NewTicker(every time.Duration) Ticker
}

// Ticker is a time.Ticker.
type Ticker interface {
	C() <-chan time.Time
	Stop()
}

// RealClock is the machine's clock.
type RealClock struct{}

// Now implements Clock.
func (RealClock) Now() time.Time { return time.Now() }

// NewTicker implements Clock.
func (RealClock) NewTicker(every time.Duration) Ticker { return realTicker{time.NewTicker(every)} }

type realTicker struct{ t *time.Ticker }

func (r realTicker) C() <-chan time.Time { return r.t.C }
func (r realTicker) Stop()               { r.t.Stop() }

func clockOr(c Clock) Clock {
	if c == nil {
		return RealClock{}
	}
	return c
}
