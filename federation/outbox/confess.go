package outbox

import "context"

// confess has the county know of origins that this node found out to have
// forked: it is offered an entry that contradicts its ledger, signed by the
// origin, and finds the fork by itself. Otherwise it would learn of it only
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
	for _, e := range evidence {
		if s.confessed[e.Origin] {
			continue
		}
		for _, u := range s.o.Upstreams {
			if u.Tier != "county" {
				continue
			}
			err := s.newRound(u).offer(ctx, e.Origin, e.Raw)
			if err == nil {
				s.confessed[e.Origin] = true
				break
			}
			s.o.Logger.Debug("the county has not heard yet that an origin forked", "upstream", u.Name, "origin", e.Origin, "error", err)
		}
	}
	return nil
}

// offer sends one entry and returns nil when the upstream says that its origin
// forked.
func (r *round) offer(ctx context.Context, origin string, raw []byte) error {
	a, err := r.post(ctx, [][]byte{raw})
	if err != nil {
		return err
	}
	if o, ok := a.origin(origin); !ok || !o.Forked {
		return unreadable("nothing said of a fork of %s", origin)
	}
	return nil
}
