package feed

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/node"
)

// askTimeout bounds a small request beside the feed.
const askTimeout = 10 * time.Second

// watch ends a connection over which nothing comes any more, and one to a
// second choice when a better upstream serves again.
func (c *connection) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	o := c.f.o
	tick := o.Clock.NewTicker(max(min(o.Silence, o.Connect, o.Probe)/4, time.Millisecond))
	defer tick.Stop()
	probed := c.started
	second := c.rank > 0 || c.makeDo
	for {
		kicked := false
		kick := c.f.kick
		if !second {
			kick = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-kick:
			kicked = true
		case <-tick.C():
		}
		now := o.Clock.Now()
		switch {
		case !c.served.Load() && now.Sub(c.started) > o.Connect:
			cancel(ErrSilent.Becausef("%s did not begin within %s", c.up.Name, o.Connect))
		case !c.busy.Load() && now.Sub(time.Unix(0, c.lastContact.Load())) > o.Silence:
			cancel(ErrSilent.Becausef("nothing from %s for %s", c.up.Name, o.Silence))
		case second && (kicked || now.Sub(probed) >= o.Probe):
			probed = now
			if c.better(ctx) {
				cancel(errBetter)
			}
		}
	}
}

// better looks for an upstream to be preferred to this one.
func (c *connection) better(ctx context.Context) bool {
	for i, up := range c.f.o.Upstreams {
		if (i < c.rank || c.makeDo && i != c.rank) && !c.f.isBlocked(up.Name) && c.f.serves(ctx, up) {
			return true
		}
	}
	return false
}

// serves asks an upstream whether it would serve the feed, and has heard of
// the county lately.
func (f *Follower) serves(ctx context.Context, up Upstream) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	resp, err := get(ctx, http.MethodHead, up, PathFeed, nil)
	if err != nil {
		return false
	}
	resp.Body.Close()
	heard, err := strconv.ParseInt(resp.Header.Get(headerHeard), 10, 64)
	return err == nil && !f.stale(up, heard)
}

// staleHub is Stale at a hub: it hears the one that leads several times a
// second, and one that does not was cut off or removed.
const staleHub = 15 * time.Second

// stale tells whether an upstream heard of the county too long ago
// (milliseconds, -1 for never).
func (f *Follower) stale(up Upstream, heardMS int64) bool {
	most := f.o.Stale
	if up.Tier == node.County {
		most = min(most, staleHub)
	}
	return heardMS < 0 || heardMS > most.Milliseconds()
}

// choices counts the upstreams that may be followed.
func (f *Follower) choices() int {
	n := 0
	for _, up := range f.o.Upstreams {
		if !f.isBlocked(up.Name) {
			n++
		}
	}
	return n
}

// prove fetches a consistency proof, from the upstream followed or else from
// the county.
func (c *connection) prove(ctx context.Context, from, to uint64) (tlog.TreeProof, error) {
	q := url.Values{"from": {strconv.FormatUint(from, 10)}, "to": {strconv.FormatUint(to, 10)}}
	return fetchProof(ctx, append([]Upstream{c.up}, countyOf(c.f.o.Upstreams)...), PathConsistency, q)
}

// proveByCounty asks the county alone.
func (c *connection) proveByCounty(ctx context.Context, from, to uint64) (tlog.TreeProof, error) {
	q := url.Values{"from": {strconv.FormatUint(from, 10)}, "to": {strconv.FormatUint(to, 10)}}
	return fetchProof(ctx, countyOf(c.f.o.Upstreams), PathConsistency, q)
}

// fetchProof asks upstreams in order for a proof.
func fetchProof(ctx context.Context, ups []Upstream, path string, q url.Values) ([]tlog.Hash, error) {
	var last error = ErrNoProof
	for _, up := range ups {
		proof, err := askProof(ctx, up, path, q)
		if err == nil {
			return proof, nil
		}
		last = ErrNoProof.Because(err)
	}
	return nil, last
}

func askProof(ctx context.Context, up Upstream, path string, q url.Values) ([]tlog.Hash, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	resp, err := get(ctx, http.MethodGet, up, path, q)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return nil, ErrUnreachable.Because(err)
	}
	return decodeProof(b)
}

func decodeProof(b []byte) ([]tlog.Hash, error) {
	var p proofAnswer
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, ErrMalformed.Becausef("proof: %w", err)
	}
	if len(p.Proof) > maxProofHashes {
		return nil, ErrMalformed.Becausef("proof of %d hashes", len(p.Proof))
	}
	return p.Proof, nil
}

func countyOf(ups []Upstream) []Upstream {
	var out []Upstream
	for _, up := range ups {
		if up.Tier == node.County {
			out = append(out, up)
		}
	}
	return out
}

// Sighting implements County.
func (f *Follower) Sighting() Sighting {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.o.Clock.Now()
	s := Sighting{Head: f.state.Head, Heard: -1, WentBack: f.WentBack()}
	if skew, known := f.skew.estimate(); known {
		s.Time, s.TimeKnown = now.Add(-skew), true
	}
	if f.state.heard.ok {
		s.Heard = max(now.Sub(f.state.heard.at), 0)
	}
	return s
}

// Links implements County: the chain of checkpoints this node verified, word
// for word.
func (f *Follower) Links(_ context.Context, after uint64) ([]Link, error) {
	return f.witness.relay(after), nil
}

// Inclusion implements County by asking the county.
func (f *Follower) Inclusion(ctx context.Context, index, size uint64) (tlog.RecordProof, error) {
	return fetchInclusion(ctx, f.o.Upstreams, index, size)
}

// Consistency implements County by asking the county.
func (f *Follower) Consistency(ctx context.Context, from, to uint64) (tlog.TreeProof, error) {
	return fetchProof(ctx, f.o.Upstreams, PathConsistency,
		url.Values{"from": {strconv.FormatUint(from, 10)}, "to": {strconv.FormatUint(to, 10)}})
}

func fetchInclusion(ctx context.Context, ups []Upstream, index, size uint64) (tlog.RecordProof, error) {
	return fetchProof(ctx, ups, PathProof,
		url.Values{"index": {strconv.FormatUint(index, 10)}, "size": {strconv.FormatUint(size, 10)}})
}
