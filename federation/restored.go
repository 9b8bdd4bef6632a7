package federation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/node"
)

// restoredPause is between two rounds of asking.
const restoredPause = 2 * time.Second

// settleRestored lets a node whose state came from a backup record again, once
// it has back what it had sent since: the store refuses until then, or the
// node would give one number to two entries. The nodes above are asked how far
// they have this node's entries; the feed brings what is missing, by itself.
//
// Every township named must answer, for it may hold what the county does not
// have yet, and a hub for the county. A township that is gone for good is
// taken out of the settings, or this node is enrolled anew.
func (n *Node) settleRestored(ctx context.Context) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		restored, err := n.Store.Restored(ctx)
		if err == nil && !restored {
			return
		}
		if err == nil {
			err = n.askRestored(ctx)
		}
		if err != nil && ctx.Err() == nil && attempt&(attempt-1) == 0 {
			n.log.Warn("this node was restored from a backup and records nothing yet", "waiting for", err)
		}
		select {
		case <-ctx.Done():
		case <-n.after(restoredPause):
		}
	}
}

// askRestored makes one round; nil says that the node is settled.
func (n *Node) askRestored(ctx context.Context) error {
	var seq uint64
	var county bool
	var unheard error
	for _, u := range n.upstreams {
		stored, err := n.askStored(ctx, u)
		hub := u.Tier == string(node.County)
		switch {
		case err == nil:
			seq, county = max(seq, stored), county || hub
		case hub:
			unheard = errors.Join(unheard, err)
		default:
			return err
		}
	}
	if !county {
		return errors.Join(errors.New("no hub answers"), unheard)
	}
	settled, err := n.Store.SettleRestored(ctx, seq)
	if err == nil && !settled {
		err = fmt.Errorf("the feed, to bring its own entries back up to %d", seq)
	}
	if err != nil {
		return err
	}
	n.log.Info("restored state settled: this node has all its entries that the nodes above have", "seq", seq)
	return nil
}

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
		return 0, fmt.Errorf("%s: this node's entries conflict with those it sent before; it must be enrolled anew", u.Name)
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
