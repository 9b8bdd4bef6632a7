package county

import (
	"sync"
	"time"
)

// keptLog is what of the log must stay though a snapshot covers it: what follows
// the snapshot that a peer is being filled with. Without it a busy county would
// cut that away while the peer installs, whenever the log kept for slow peers is
// shorter than what is written meanwhile; the peer would need the next snapshot,
// and the one after that, and never come up.
type keptLog struct {
	mu    sync.Mutex
	peers map[int]keptFor
	next  int
	ahead time.Duration // by which a test moves the clock
}

func (k *keptLog) now() time.Time { return time.Now().Add(k.ahead) }

// keptFor is one peer that is being filled.
type keptFor struct {
	after uint64
	until time.Time // zero while the snapshot is on its way
}

// keepAfter keeps the entries after index until release is called, and then for
// as long as the peer may take to fetch them.
func (d *diskLog) keepAfter(index uint64, catchUp time.Duration) (release func()) {
	k := &d.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.peers == nil {
		k.peers = map[int]keptFor{}
	}
	n := k.next
	k.next++
	k.peers[n] = keptFor{after: index}
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.peers[n] = keptFor{after: index, until: k.now().Add(catchUp)}
	}
}

// clip is how far of lo to hi may be deleted. Only the beginning of a log is
// kept: a log that is thrown away as a whole, or cut at its end, tells another
// history than the county's.
func (d *diskLog) clip(lo, hi uint64) (uint64, error) {
	k := &d.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.peers) == 0 {
		return hi, nil
	}
	first, last, err := d.span()
	if err != nil || lo > first || hi >= last {
		return hi, err
	}
	for n, peer := range k.peers {
		if !peer.until.IsZero() && k.now().After(peer.until) {
			delete(k.peers, n)
			continue
		}
		hi = min(hi, peer.after)
	}
	return hi, nil
}
