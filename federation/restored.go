package federation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
)

// restoredPause is between two rounds of asking.
const restoredPause = 2 * time.Second

// ErrSucceeded ends a node whose machine goes on as another one: start it again
// from its directory.
var ErrSucceeded = errors.New("本机恢复完毕，已换用新的节点编号，请重新启动 (this node was restored and goes on under a new id; start it again)")

// unstartedFile lies in the directory of a node that enrolled, or was made by init, until
// it has started once. Where it is missing and there is no database, the disk was lost.
const unstartedFile = "unstarted"

// diskLost tells whether a directory is that of a node below the county which
// has done its work before, and has nothing left of it.
func diskLost(dir string, tier node.Tier) bool {
	missing := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return os.IsNotExist(err)
	}
	return tier != node.County && missing("state.db") && missing(unstartedFile)
}

// settleRestored lets the machine of a node whose state came from a backup work
// again. What it had done since the backup is not known here, and not everything
// of it need be known above: some may be on a stick. So nothing is recorded in
// the node's name any more; the machine goes on as another node of its
// division, whose case numbers and entries are new by their ordinal and origin,
// once it has followed the county to there.
//
// Every township named must answer, for it may hold what the county does not
// have yet. A township that is gone for good is taken out of the settings, or
// this node is enrolled anew.
func (n *Node) settleRestored(ctx context.Context) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		restored, err := n.Store.Restored(ctx)
		if err == nil && !restored {
			return
		}
		if err == nil {
			err = n.goOnAsAnother(ctx)
		}
		if err == nil {
			n.stopFor(ErrSucceeded)
			return
		}
		if ctx.Err() == nil && attempt&(attempt-1) == 0 {
			n.log.Warn("this node was restored from a backup and records nothing yet", "waiting for", err)
		}
		select {
		case <-ctx.Done():
		case <-n.after(restoredPause):
		}
	}
}

// goOnAsAnother makes one round; nil says that the directory is that of the
// machine's next node.
func (n *Node) goOnAsAnother(ctx context.Context) error {
	seq, err := n.askRestored(ctx)
	if err != nil {
		return err
	}
	if through, err := n.Store.OwnThrough(ctx, seq); err != nil || !through {
		return errors.Join(err, fmt.Errorf("the feed, to bring this node's own entries back up to %d", seq))
	}
	next, err := n.succession(ctx)
	if err != nil {
		return err
	}
	id := next.Credential.Credential.Node
	switch _, err := n.Store.Node(ctx, id); {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("the feed, to bring the enrolment of %s", id)
	case err != nil:
		return err
	}
	return n.takeUpSuccession(ctx, next)
}

// askRestored asks the nodes above how far they have this node's entries. A hub
// may be out of its reach: what the county has comes through the township's
// feed, too.
func (n *Node) askRestored(ctx context.Context) (uint64, error) {
	var seq uint64
	for _, u := range n.upstreams {
		stored, err := n.askStored(ctx, u)
		switch {
		case err == nil:
			seq = max(seq, stored)
		case u.Tier != string(node.County), errors.Is(err, errForked):
			return 0, err
		}
	}
	return seq, nil
}

// errForked is a node that must be enrolled anew: it cannot be succeeded.
var errForked = errors.New("this node's entries conflict with those it sent before; it must be enrolled anew")

// askStored asks a node above how far it has this node's entries.
func (n *Node) askStored(ctx context.Context, u outbox.Upstream) (uint64, error) {
	var a outbox.Answer
	query := url.Values{"node": {n.self.Node}}
	if err := get(ctx, u.Client, u.BaseURL+outbox.OriginsPath+"?"+query.Encode(), nil, &a); err != nil {
		return 0, fmt.Errorf("%s: %w", u.Name, err)
	}
	if a.By != u.Tier || len(a.Origins) != 1 || a.Origins[0].Node != n.self.Node {
		return 0, fmt.Errorf("%s: unreadable answer", u.Name)
	}
	if a.Origins[0].Forked {
		return 0, fmt.Errorf("%s: %w", u.Name, errForked)
	}
	return a.Origins[0].Stored, nil
}

// freshly answers at a hub only from what is the county's latest: a node that
// asks how far its entries have come must not be told too little.
func (n *Node) freshly(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := n.Fresh(r.Context()); err != nil {
			outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeUnavailable, Err: err})
			return
		}
		serve(w, r)
	}
}
