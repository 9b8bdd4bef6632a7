package federation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// provisionalPath is where a township tells its villages what it did with
// their cases and the county has not confirmed yet. It stands beside the feed,
// which carries nothing but what the county recorded.
const provisionalPath = "/federation/v1/provisional"

const maxProvisional = 256 << 10

// provisional is the answer: entries, and the place to ask on from.
type provisional struct {
	Entries []json.RawMessage `json:"entries"`
	UpTo    int64             `json:"upto"`
	// Waiting is how many entries of whomever the township has that the county has
	// not confirmed, Head how far it had the county's ledger then.
	Waiting *int64 `json:"waiting,omitempty"`
	Head    uint64 `json:"head,omitempty"`
}

func (n *Node) serveProvisional(w http.ResponseWriter, r *http.Request) {
	peer, err := n.peer(r)
	if err != nil {
		outbox.WriteProblem(w, err)
		return
	}
	after, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if err != nil || after < 0 {
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeMalformed, Err: err})
		return
	}
	raws, upTo, err := n.Store.Unconfirmed(r.Context(), peer.Division, after, maxProvisional)
	if err != nil {
		outbox.WriteProblem(w, err)
		return
	}
	waiting, head, err := n.awaited(r.Context())
	if err != nil {
		outbox.WriteProblem(w, err)
		return
	}
	respond(w, provisional{Entries: raws, UpTo: upTo, Waiting: &waiting, Head: head})
}

// foresee keeps asking a village's township what it did.
func (n *Node) foresee(ctx context.Context) {
	cursors := map[string]int64{}
	for ctx.Err() == nil {
		for _, u := range n.upstreams {
			if u.Tier != string(node.Township) {
				continue
			}
			next, err := n.foreseeFrom(ctx, u, cursors[u.Name])
			if err != nil && ctx.Err() == nil {
				n.log.Debug("nothing provisional heard", "upstream", u.Name, "error", err)
				next = 0 // it may come back as another machine
			}
			cursors[u.Name] = next
		}
		select {
		case <-ctx.Done():
		case <-n.after(n.heartbeat):
		}
	}
}

// foreseeFrom takes what a township did after a place in its outbox, and
// returns from where to go on.
func (n *Node) foreseeFrom(ctx context.Context, u outbox.Upstream, after int64) (next int64, err error) {
	var p provisional
	if err := get(ctx, u.Client, fmt.Sprintf("%s%s?after=%d", u.BaseURL, provisionalPath, after), nil, &p); err != nil {
		return after, err
	}
	if len(p.Entries) == 0 {
		return after, nil
	}
	entries := make([]ledger.Entry, len(p.Entries))
	for i, raw := range p.Entries {
		if err := json.Unmarshal(raw, &entries[i]); err != nil {
			return after, err
		}
		if err := n.vouchAbove(ctx, &entries[i]); err != nil {
			return after, err
		}
	}
	done, err := n.Store.Foresee(ctx, entries)
	if err != nil || done < len(entries) {
		return after, err
	}
	return p.UpTo, nil
}

// vouchAbove checks that an entry is of this village's township, about the
// village's cases, and signed.
func (n *Node) vouchAbove(ctx context.Context, e *ledger.Entry) error {
	origin, err := n.directory.node(ctx, e.Origin)
	if err != nil {
		return fmt.Errorf("origin %s: %w", e.Origin, err)
	}
	switch {
	case origin.RevokedAt > 0:
		return fmt.Errorf("origin %s: %w", e.Origin, trust.ErrRevoked)
	case origin.Tier != node.Township || !origin.Division.Contains(n.self.Division) || e.Scope != n.self.Division || e.Seq == 0:
		return &store.Refused{Code: "not_yours", ZH: "不是上级乡镇的办理记录", EN: fmt.Sprintf("entry %s of %s is not this village's township's", e.ID, e.Origin)}
	}
	return origin.Keys.Verify(e)
}
