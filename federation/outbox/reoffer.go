package outbox

import (
	"context"
	"errors"
	"fmt"
)

// restock offers a county that was restored from an older backup what it had
// confirmed and lost. Entries are signed and known by origin and number, so
// nothing is invented by it, and nothing is there twice.
func (s *Sender) restock(ctx context.Context) {
	if s.o.WentBack == nil || !s.o.WentBack() {
		return
	}
	origins, err := s.o.Store.ConfirmedOrigins(ctx)
	if err != nil {
		s.o.Logger.Warn("nothing offered to the county again", "error", err)
		return
	}
	for _, u := range s.o.Upstreams {
		if u.Tier != "county" {
			continue
		}
		if s.newRound(u).reofferAll(ctx, origins) {
			return
		}
	}
}

// reofferAll offers what the county lacks of origins; false when another hub
// should be tried. An origin of which it takes nothing does not stop the others.
func (r *round) reofferAll(ctx context.Context, origins []string) bool {
	for _, origin := range origins {
		_, err := r.reoffer(ctx, origin)
		if err == nil {
			continue
		}
		r.s.o.Logger.Warn("not all offered to the county again", "upstream", r.u.Name, "origin", origin, "error", err)
		var p *Problem
		if !errors.As(err, &p) || p.Code == CodeUnavailable {
			return false
		}
	}
	return true
}

// reoffer sends the county those entries of an origin that it confirmed to this
// node and does not have, and returns how far it has the origin then. The
// county is asked each time, for the answer of a hub that takes entries may be
// a little old.
func (r *round) reoffer(ctx context.Context, origin string) (stored uint64, err error) {
	for tries := 0; ; {
		a, err := r.standing(ctx, []string{origin})
		if err != nil {
			return 0, err
		}
		o, ok := a.origin(origin)
		if !ok {
			return 0, unreadable("nothing said of %s", origin)
		}
		if err := r.mark(ctx, o, a.By); err != nil || r.held[origin] != nil || r.s.forked[origin] {
			return o.Stored, err
		}
		if tries++; o.Stored > stored {
			stored, tries = o.Stored, 0
		}
		entries, err := r.s.o.Store.Confirmed(ctx, origin, o.Stored, r.link.batch, r.s.o.MaxBytes)
		if err != nil {
			return 0, err
		}
		var raws [][]byte
		for i, e := range entries {
			if e.Seq != o.Stored+1+uint64(i) {
				break
			}
			raws = append(raws, e.Raw)
		}
		if len(raws) == 0 {
			return o.Stored, nil
		}
		if tries > maxRewinds {
			return 0, &Problem{Code: CodeWentBack, Err: fmt.Errorf("the county stays at %d of %s", o.Stored, origin)}
		}
		r.s.o.Logger.Warn("the county lacks what it had confirmed; it is offered again", "upstream", r.u.Name, "origin", origin, "after", o.Stored, "entries", len(raws))
		if _, err := r.post(ctx, raws); err != nil {
			return 0, err
		}
	}
}
