package county

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"
)

// errHave refuses a snapshot of a history that this hub has.
var errHave = errors.New("this hub's log has that history already")

// transport is raft's network with one message answered before raft sees it: a
// snapshot of a history that this hub has.
//
// Such a snapshot comes late: a leader sends two when a hub is removed while it
// is being filled and added again, and the second brought the hub up meanwhile.
// Raft says to keep the log that follows such a snapshot (figure 13, step 6).
// hashicorp/raft throws the whole log away instead, entries it has acknowledged
// among them, but goes on in memory as if it ended where it did; the next entry
// then leaves a gap in the log, or raft panics with "log not found".
type transport struct {
	*raft.NetworkTransport
	disk *diskLog
	term func() uint64
	rpcs chan raft.RPC
	// sending is over once the hub ends; limit is how long sending may wait.
	sending context.Context
	limit   time.Duration
}

func newTransport(sending context.Context, limit time.Duration, t *raft.NetworkTransport, d *diskLog) *transport {
	return &transport{NetworkTransport: t, disk: d, rpcs: make(chan raft.RPC), sending: sending, limit: limit}
}

// Consumer implements raft.Transport.
func (t *transport) Consumer() <-chan raft.RPC { return t.rpcs }

// pass hands raft what arrives, until done.
func (t *transport) pass(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case rpc := <-t.NetworkTransport.Consumer():
			if req, ok := rpc.Command.(*raft.InstallSnapshotRequest); ok && t.has(req) {
				go t.have(rpc)
				continue
			}
			select {
			case <-done:
				return
			case t.rpcs <- rpc:
			}
		}
	}
}

// has looks at the log as it is now. Raft may just be writing to it, so the
// sink looks again.
func (t *transport) has(req *raft.InstallSnapshotRequest) bool {
	return req.Term >= t.term() && t.disk.has(req.LastLogIndex, req.LastLogTerm)
}

// have takes in what is sent and says that it is installed. The leader goes on
// with the entry after it.
func (t *transport) have(rpc raft.RPC) {
	_, err := io.Copy(io.Discard, rpc.Reader)
	rpc.Respond(&raft.InstallSnapshotResponse{Term: t.term(), Success: true}, err)
}

// has reports whether the log tells the same history up to index. All the
// entries before one of the same index and term are the same.
func (d *diskLog) has(index, term uint64) bool {
	var l raft.Log
	return d.entry(index, &l) == nil && l.Term == term
}

// makeWay answers a snapshot that is about to be installed: errHave when the
// log has its history, so that installing would only lose what follows. It runs
// in raft's main thread, which writes nothing meanwhile.
//
// A log that reaches as far but tells another history was never committed from
// there on. It is cut, and the hub stops, because raft would go on in memory
// with the end it had. The next start takes the snapshot.
func (d *diskLog) makeWay(index, term uint64) error {
	if d.has(index, term) {
		return errHave
	}
	first, last, err := d.span()
	if err != nil || last < index {
		return err
	}
	if err := d.DeleteRange(max(first, index), last); err != nil {
		return err
	}
	err = fmt.Errorf("the log told another history from %d on than the leader's snapshot; it was cut, start the hub again", index)
	d.fail(err)
	return err
}
