package outbox

import (
	"context"

	"github.com/tongban/tongban/store"
)

// confess has the county know of origins that this node found out to have
// forked: it is offered the entries that contradict its ledger, signed by the
// origin, finds the fork by itself, and keeps them for people to see. Otherwise it would learn of it only
// when more comes from that origin, and nothing more does.
//
// The error is one of this node's storage. A county that cannot be reached is
// asked again later; it is no reason not to send.
func (s *Sender) confess(ctx context.Context) error {
	if !s.forked[s.o.Self] {
		_, forked, err := s.o.Store.LastSeq(ctx, s.o.Self)
		if err != nil || !forked {
			return err
		}
		s.markForked(s.o.Self) // found out by the feed, or before a restart
	}
	evidence, err := s.o.Store.ForkEvidence(ctx)
	if err != nil {
		return err
	}
	for len(evidence) > 0 {
		origin, n := evidence[0].Origin, 1
		for n < len(evidence) && n < firstBatch && evidence[n].Origin == origin {
			n++
		}
		s.confessOf(ctx, origin, evidence[:n])
		evidence = evidence[n:]
	}
	return nil
}

// confessOf offers the county entries of one origin, each until it has heard it
// once.
func (s *Sender) confessOf(ctx context.Context, origin string, entries []store.OutboxEntry) {
	var raws [][]byte
	for _, e := range entries {
		if !s.confessed[e.N] {
			raws = append(raws, e.Raw)
		}
	}
	if len(raws) == 0 {
		return
	}
	for _, u := range s.o.Upstreams {
		if u.Tier != "county" {
			continue
		}
		err := s.newRound(u).offer(ctx, origin, raws)
		if err == nil {
			for _, e := range entries {
				s.confessed[e.N] = true
			}
			return
		}
		s.o.Logger.Debug("the county has not heard yet that an origin forked", "upstream", u.Name, "origin", origin, "error", err)
	}
}

// offer sends entries of one origin and returns nil when the upstream says that
// it forked.
func (r *round) offer(ctx context.Context, origin string, raws [][]byte) error {
	a, err := r.post(ctx, raws)
	if err != nil {
		return err
	}
	if o, ok := a.origin(origin); !ok || !o.Forked {
		return unreadable("nothing said of a fork of %s", origin)
	}
	return nil
}
