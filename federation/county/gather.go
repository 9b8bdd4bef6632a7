package county

import (
	"sync/atomic"
	"time"
)

// An entry of the log costs every hub a sync of its disk and the leader a
// transaction, together as much as several commands do. So while one is under
// way, what arrives gathers and makes the next one, and a second goes with it
// only when it is large: its way to the disks then takes as long as applying the
// first. When one has ended, those who were answered are about to hand in again;
// half as many as it carried are waited for, and for lingerFor at most. Who hands
// in alone never waits.
const (
	// largeBatch and largeBytes are what is worth a second entry under way.
	largeBatch = 64
	largeBytes = 128 << 10
	// lingerFor is how long after an entry's end others are waited for.
	lingerFor = time.Millisecond
)

// waiting is what lies in the queue, to be seen without taking it: whoever gave it
// may withdraw it until it is taken.
type waiting struct {
	bytes   atomic.Int64
	stirred chan struct{} // something was put in since it was looked
	shut    chan struct{} // closed when nothing more comes
}

func newWaiting() waiting {
	return waiting{stirred: make(chan struct{}, 1), shut: make(chan struct{})}
}

// put goes before a proposal's way into the queue, stir behind it, and took with
// its way out.
func (w *waiting) put(p *proposal) { w.bytes.Add(int64(len(p.data))) }

func (w *waiting) stir() {
	select {
	case w.stirred <- struct{}{}:
	default:
	}
}

func (w *waiting) took(p *proposal) { w.bytes.Add(-int64(len(p.data))) }

// pace decides when the next batch is formed. It belongs to formBatches.
type pace struct {
	most     int           // batches under way
	ended    chan struct{} // one for each that has ended
	underway int
	last     int // proposals of the last batch
	linger   *time.Timer
}

func newPace(most int) *pace {
	p := &pace{most: most, ended: make(chan struct{}, most), linger: time.NewTimer(0)}
	<-p.linger.C
	return p
}

// sent notes that a batch of n proposals is under way.
func (p *pace) sent(n int) {
	p.underway++
	p.last = n
}

// end notes that one has ended.
func (p *pace) end() { p.ended <- struct{}{} }

// await returns when so many proposals in the queue are worth a batch, or the
// queue was shut.
func (p *pace) await(w *waiting, queued func() int) {
	defer p.linger.Stop()
	lingered := p.last < 2 || p.underway > 0
	if !lingered {
		p.linger.Reset(lingerFor)
	}
	for {
		n := queued()
		switch {
		case p.underway >= p.most:
		case n >= largeBatch, w.bytes.Load() >= largeBytes && n > 0:
			return
		case p.underway > 0 || n == 0:
		case lingered, n >= p.last/2:
			return
		}
		select {
		case <-w.stirred:
		case <-p.ended:
			if p.underway--; p.underway == 0 && p.last > 1 {
				lingered = false
				p.linger.Reset(lingerFor)
			}
		case <-p.linger.C:
			lingered = true
		case <-w.shut:
			if p.underway < p.most {
				return
			}
			<-p.ended
			p.underway--
			return
		}
	}
}
