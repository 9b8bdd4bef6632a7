package feed

import "time"

// skewSamples is how many heartbeats an estimate looks back on. What delays a
// heartbeat can only make this clock look further ahead than it is, so the
// least of them is the best.
const skewSamples = 8

// skewMeter estimates by how much this node's clock is ahead of the county's.
type skewMeter struct {
	samples [skewSamples]time.Duration
	n       int
	// half is half the shortest round trip of this connection: about what a
	// heartbeat takes to arrive.
	half time.Duration
}

// open begins a connection whose first heartbeat, stamped sent by the other
// end, answered a request that left at asked and came at got.
func (m *skewMeter) open(asked, sent, got time.Time) {
	*m = skewMeter{half: max(got.Sub(asked), 0) / 2}
	m.add(sent, got)
}

// add takes a pushed heartbeat.
func (m *skewMeter) add(sent, got time.Time) {
	m.samples[m.n%skewSamples] = got.Sub(sent) - m.half
	m.n++
}

func (m *skewMeter) estimate() (time.Duration, bool) {
	if m.n == 0 {
		return 0, false
	}
	least := m.samples[0]
	for _, s := range m.samples[1:min(m.n, skewSamples)] {
		least = min(least, s)
	}
	return least, true
}
