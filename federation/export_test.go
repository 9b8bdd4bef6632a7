package federation

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// ForeignFresh is for how long a key that was told is not asked for again.
const ForeignFresh = foreignFresh

// AtPoint has f called at every moment at which a renewal may be cut off, until
// the returned function is called.
func AtPoint(f func(name string)) (restore func()) {
	before := point
	point = f
	return func() { point = before }
}

// Reads has a node's program read entries of a level, until it is restarted.
func (n *Node) Reads(level int) { n.ahead.Store(int32(level - ledger.Level)) }

// RenewWatched renews this node's keys, and looks whether they are those the
// ledger tells of while they are on disk and the former still sign.
func (n *Node) RenewWatched(ctx context.Context) error {
	former := n.own.Load()
	if _, err := n.Renew(ctx); err != nil {
		return err
	}
	n.signing.RLock()
	renewed := n.own.Swap(former)
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		n.watchOwnKeys(ctx)
	}()
	for n.signing.TryRLock() { // it does not wait for who renews
		n.signing.RUnlock()
		select {
		case <-looked:
			n.own.Store(renewed)
			n.signing.RUnlock()
			return nil
		default:
			runtime.Gosched()
		}
	}
	n.own.Store(renewed)
	n.signing.RUnlock()
	<-looked
	return nil
}

// SetDisk replaces what is known of the room a node has.
func (n *Node) SetDisk(d Disk) { n.disk = d }

// LookForUnnamed makes a look for uploads that nothing names, if one is due.
func (n *Node) LookForUnnamed(ctx context.Context) error { return n.removeUnnamed(ctx) }

// AllIsHere tells whether a look for them would count.
func (n *Node) AllIsHere(ctx context.Context) bool { return n.allIsHere(ctx) }

// TakeLost takes one message of lost records as if a node had shown it.
func (n *Node) TakeLost(ctx context.Context, from string, lost []store.Lost) (later []string, err error) {
	body, err := json.Marshal(lost)
	if err != nil {
		return nil, err
	}
	answer, err := n.takeLost(ctx, from, bytes.NewReader(body))
	return answer.Later, err
}
