package county

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// paced is a pace that is asked, in a goroutine of its own, when a batch of what is
// queued is formed.
type paced struct {
	*pace
	w      waiting
	queued atomic.Int64
	formed chan struct{}
}

func newPaced(most int) *paced {
	return &paced{pace: newPace(most), w: newWaiting(), formed: make(chan struct{}, 1)}
}

func (p *paced) ask() {
	go func() {
		p.await(&p.w, func() int { return int(p.queued.Load()) })
		p.formed <- struct{}{}
	}()
}

// put puts n proposals of a size into the queue.
func (p *paced) put(n, bytes int) {
	for range n {
		p.w.put(&proposal{data: make([]byte, bytes)})
		p.queued.Add(1)
		p.w.stir()
	}
}

// want tells whether a batch is formed by now, and takes what was queued.
func (p *paced) want(t *testing.T, formed bool, when string) {
	t.Helper()
	synctest.Wait()
	select {
	case <-p.formed:
		p.queued.Store(0)
		p.w.bytes.Store(0)
		if !formed {
			t.Errorf("%s: a batch was formed", when)
		}
	default:
		if formed {
			t.Errorf("%s: no batch was formed", when)
		}
	}
}

func TestWhoIsAloneDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaced(2)
		for range 3 {
			p.ask()
			p.want(t, false, "with nothing queued")
			p.put(1, 2000)
			p.want(t, true, "with one queued")
			p.sent(1)
			p.end()
		}
	})
}

func TestWhatComesMeanwhileGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaced(2)
		p.sent(3)
		p.ask()
		p.put(5, 2000)
		time.Sleep(time.Hour)
		p.want(t, false, "while one is under way")
		p.end()
		p.want(t, true, "when that has ended")
	})
}

func TestALargeOneGoesBesideAnother(t *testing.T) {
	for name, put := range map[string]func(*paced){
		"many":  func(p *paced) { p.put(largeBatch, 10) },
		"bytes": func(p *paced) { p.put(1, largeBytes) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPaced(2)
				p.sent(1)
				p.ask()
				put(p)
				p.want(t, true, "beside one")
				p.sent(1)
				p.ask()
				put(p)
				time.Sleep(time.Hour)
				p.want(t, false, "beside as many as may be under way")
				p.end()
				p.want(t, true, "when one of them has ended")
			})
		})
	}
}

func TestThoseJustAnsweredAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaced(2)
		p.sent(8)
		p.end()
		p.ask()
		p.put(3, 10)
		p.want(t, false, "with less than half of them")
		p.put(1, 10)
		p.want(t, true, "with half of them")

		p.sent(8)
		p.end()
		p.ask()
		p.put(1, 10)
		time.Sleep(lingerFor - time.Microsecond)
		p.want(t, false, "within the time")
		time.Sleep(time.Microsecond)
		p.want(t, true, "after it")
		p.sent(1)
		p.end()

		p.ask()
		p.put(1, 10)
		p.want(t, true, "behind one alone")
		p.sent(8)
		p.end()
		p.ask()
		time.Sleep(time.Hour)
		p.put(1, 10)
		p.want(t, true, "after a pause")
	})
}

func TestWhatIsLeftWhenTheQueueIsShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaced(1)
		p.sent(8)
		p.ask()
		p.put(1, 10)
		close(p.w.shut)
		p.want(t, false, "while as many as may be are under way")
		p.end()
		p.want(t, true, "when one has ended")
		p.ask()
		p.want(t, true, "with nothing left")
	})
}
