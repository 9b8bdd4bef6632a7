package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
)

// What keeps uploads that nothing names: that this node may not know of all that
// was done.

const (
	doubtsSetting = "unnamed_doubts"
	// brokenAfter is for how long the line up may be down without the counts
	// beginning anew: a router that is started costs nothing.
	brokenAfter = time.Hour
	// heardWithin is how old the newest word of the county may be at a look.
	heardWithin = 10 * time.Minute

	forsakePath   = "/peer/v1/forsaken"
	maxForsaken   = mostUnnamed
	maxForsakeLen = 1 << 20
)

// doubts is what a node keeps of it from look to look, in counts and not in times:
// clocks are set.
type doubts struct {
	// Looks is how many looks were made.
	Looks int `json:"looks"`
	// Broken is the look after which the line up was down last.
	Broken int `json:"broken"`
	// Settled is, for each node below, the look after which it was last heard to
	// have nothing that the county has not confirmed.
	Settled map[string]int `json:"settled"`
}

func (n *Node) readDoubts(ctx context.Context) (*doubts, error) {
	d := &doubts{}
	text, err := n.Store.Setting(ctx, doubtsSetting)
	if err != nil {
		return nil, err
	}
	if text != "" {
		if err := json.Unmarshal([]byte(text), d); err != nil {
			d = &doubts{} // all begins anew
		}
	}
	if d.Settled == nil {
		d.Settled = map[string]int{}
	}
	return d, nil
}

func (n *Node) keepDoubts(ctx context.Context, d *doubts) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return n.Store.SetSetting(ctx, doubtsSetting, string(text))
}

// looked counts a look.
func (n *Node) looked(ctx context.Context, d *doubts) error {
	d.Looks++
	if err := n.keepDoubts(ctx, d); err != nil {
		return err
	}
	return n.done(ctx, lookedSetting)
}

// noteDoubts notes a line that is down and the nodes below that have nothing to
// send.
func (n *Node) noteDoubts(ctx context.Context, d *doubts, current bool) error {
	changed := false
	if n.hub == nil && !current && n.cutOffFor() >= brokenAfter && d.Broken != d.Looks {
		d.Broken, changed = d.Looks, true
	}
	since, _, err := n.noted(ctx, lookedSetting)
	if err != nil {
		return err
	}
	reports, err := n.Reports(ctx)
	if err != nil {
		return err
	}
	for _, p := range reports {
		var r Report
		if json.Unmarshal(p.Report, &r) != nil || r.Outbox != 0 || p.SeenAt < since || p.SeenAt > n.now().UnixMilli() {
			continue
		}
		if was, known := d.Settled[p.Node]; !known || was != d.Looks {
			d.Settled[p.Node], changed = d.Looks, true
		}
	}
	if !changed {
		return nil
	}
	return n.keepDoubts(ctx, d)
}

// cutOffFor is for how long this node, while it ran, has not been known to be up to date.
func (n *Node) cutOffFor() time.Duration {
	s, up := n.follower.Status(), n.now().Sub(n.began)
	if s.LagMS < 0 {
		return up
	}
	return min(time.Duration(s.LagMS)*time.Millisecond, up)
}

// allIsHere tells whether this node has all that it may see of what is recorded and
// of what its township is still to send.
func (n *Node) allIsHere(ctx context.Context) bool {
	if n.hub != nil {
		return n.Fresh(ctx) == nil
	}
	s := n.follower.Status()
	if s.Upstream == "" || s.LagMS != 0 || n.now().Sub(s.Heard) > heardWithin {
		return false
	}
	for _, u := range n.upstreams {
		if u.Tier != string(node.Township) {
			continue
		}
		var p provisional
		if err := get(ctx, u.Client, u.BaseURL+provisionalPath+"?after=0", nil, &p); err != nil || p.Waiting == nil || *p.Waiting != 0 {
			return false
		}
		// What the township's outbox has no more is in the ledger up to there.
		if cursor, err := n.Store.Cursor(ctx); err != nil || cursor < p.Head {
			return false
		}
	}
	return true
}

// settledFor is for how many looks the nodes below have not all been heard to have
// nothing to send.
func (n *Node) settledFor(ctx context.Context, d *doubts) (looks int, err error) {
	below, err := n.Store.NodesWithin(ctx, n.self.Division)
	if err != nil {
		return 0, err
	}
	for _, b := range below {
		if b.Tier == n.self.Tier || b.Tier == node.County || b.RevokedAt != 0 || b.SucceededBy != "" {
			continue
		}
		heard, ever := d.Settled[b.Node]
		if !ever {
			return d.Looks + 1, nil
		}
		looks = max(looks, d.Looks-heard)
	}
	return looks, nil
}

// forsaken has the other hubs refuse to name what is to be removed here, unless
// they hold it themselves. When it returns nil, what they had begun to record is
// recorded.
func (n *Node) forsaken(ctx context.Context, hashes map[string]bool) error {
	if n.hub == nil {
		return nil
	}
	list := make([]string, 0, len(hashes))
	for hash := range hashes {
		list = append(list, hash)
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	for _, t := range n.otherHubs() {
		var answer struct{}
		if err := post(ctx, n.hub.PeerClient(), "https://"+t.Address+forsakePath, body, &answer); err != nil {
			return fmt.Errorf("%s: %w", t.ID, err)
		}
	}
	return nil
}

// serveForsaken takes the word of another hub that it is about to remove content.
func (n *Node) serveForsaken(w http.ResponseWriter, r *http.Request) {
	var hashes []string
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxForsakeLen)).Decode(&hashes)
	if err == nil && len(hashes) > maxForsaken {
		err = errors.New("too many")
	}
	if err != nil {
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeMalformed, Err: err})
		return
	}
	for _, hash := range hashes {
		if err := n.Blobs.Forsake(hash); err != nil {
			outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeStorage, Err: err})
			return
		}
	}
	n.naming.Lock() // until those who named it before have recorded that
	n.naming.Unlock()
	respond(w, struct{}{})
}

// awaited tells a village how many entries its township has that the county has not
// confirmed, and how far the township has the county's ledger: what is in neither
// does not exist.
func (n *Node) awaited(ctx context.Context) (waiting int64, head uint64, err error) {
	var stats store.OutboxStats
	if stats, err = n.Store.OutboxStats(ctx); err != nil {
		return 0, 0, err
	}
	head, err = n.Store.Cursor(ctx)
	return int64(stats.Length), head, err
}
