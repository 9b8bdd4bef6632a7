package feed

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tongban/tongban/federation/trust"
)

// renewRetry is the least time between two requests for the county's newer
// keys when the last brought none.
const renewRetry = 5 * time.Second

// renewal asks for the county's newer keys when something is signed by a key
// that this node does not know. A node that was away while the county changed
// its keys hears checkpoints made with the new ones before the feed can bring
// the entry that names them.
type renewal struct {
	// ask is FollowerOptions.Renew; nil asks nobody.
	ask   func(ctx context.Context, from Upstream) error
	ups   []Upstream
	trust func() trust.CountyTrust
	clock Clock
	log   *slog.Logger

	mu    sync.Mutex
	asked time.Time
	last  error
}

// renew asks the upstream of a name, then the county. nil when somebody told
// how the keys stand, forged(err) when nobody did and somebody told a chain
// that does not continue the keys this node has.
func (r *renewal) renew(ctx context.Context, name string) error {
	if r.ask == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	if !r.asked.IsZero() && now.Sub(r.asked) < renewRetry {
		return r.last
	}
	r.asked, r.last = now, r.askAll(ctx, name)
	if ctx.Err() != nil {
		r.asked = time.Time{} // given up here: it says nothing of those asked
	}
	return r.last
}

func (r *renewal) askAll(ctx context.Context, name string) error {
	had := r.trust().Serial
	var refused, missing error
	told := false
	for _, up := range r.order(name) {
		err := r.askOne(ctx, up)
		switch {
		case r.trust().Serial > had:
			r.asked = time.Time{} // they may change again at any time
			return nil
		case err == nil:
			told = true
		case forged(err):
			r.log.Error("this node tells keys of the county that do not continue those known here; they were refused", "upstream", up.Name, "error", err)
			refused = errors.Join(refused, err)
		default:
			missing = errors.Join(missing, err)
		}
	}
	switch {
	case refused != nil:
		return refused
	case told:
		return nil
	}
	return missing
}

func (r *renewal) askOne(ctx context.Context, up Upstream) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := r.ask(ctx, up); err != nil {
		return fmt.Errorf("%s: %w", up.Name, err)
	}
	return nil
}

// order is the upstream of a name, then the county.
func (r *renewal) order(name string) []Upstream {
	var first []Upstream
	var rest []Upstream
	for _, up := range r.ups {
		if up.Name == name {
			first = append(first, up)
		}
	}
	for _, up := range countyOf(r.ups) {
		if up.Name != name {
			rest = append(rest, up)
		}
	}
	return append(first, rest...)
}

// forged tells a chain that is not the county's from one that could not be
// had.
func forged(err error) bool {
	return errors.Is(err, trust.ErrSignature) || errors.Is(err, trust.ErrMalformed) || errors.Is(err, trust.ErrWrongCounty)
}

// strange tells that a node above showed a certificate of an authority that is
// not known here: it may have been made since the county changed its keys.
func strange(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}
