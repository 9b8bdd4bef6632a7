package papers

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tongban/tongban/store/blob"
)

// Outstanding is what a node's ledger knows of attachments that the county has
// not confirmed: at a village its own, at a township also its villages'.
type Outstanding interface {
	// Outstanding lists them, the oldest first, at most limit.
	Outstanding(ctx context.Context, limit int) ([]Ref, error)
	// Confirmed says whether the county has confirmed one since it was listed.
	Confirmed(ctx context.Context, hash string) (bool, error)
}

// Target is a node that attachments can be sent to.
type Target struct {
	Node   string
	URL    string // …/federation/v1/attachments
	Client *http.Client
}

// CourierOptions say what a Courier carries and where to.
type CourierOptions struct {
	Store       *blob.Store
	Outstanding Outstanding
	// Upstream lists the nodes above in the order they are tried: the township
	// first, the county in case it cannot be reached.
	Upstream func() []Target
	// Before, if set, is called before each chunk and may wait: entries first.
	Before func(ctx context.Context) error
	Chunk  int64 // 0: DefaultChunk
	Pace   Pace
}

// Courier carries attachments up, as long as its Run runs. That a node above
// has one is not the end: only the county's confirmation, which takes it off
// the list, is. Until then the node above is asked now and then whether it
// still has it, so that no middle node's disk matters.
type Courier struct {
	*rounds
	o      CourierOptions
	client Client
}

// NewCourier needs Store, Outstanding and Upstream.
func NewCourier(o CourierOptions) (*Courier, error) {
	if o.Store == nil || o.Outstanding == nil || o.Upstream == nil {
		return nil, errors.New("carry attachments: store, outstanding and upstream are needed")
	}
	c := &Courier{rounds: newRounds(o.Pace), o: o}
	c.list, c.work = o.Outstanding.Outstanding, c.carry
	c.client = Client{Store: o.Store, Chunk: o.Chunk, Before: o.Before, Moving: c.sent}
	return c, nil
}

func (c *Courier) carry(ctx context.Context, ref Ref) error {
	has, err := c.o.Store.Has(ref.Hash)
	if err != nil {
		return err
	}
	if !has {
		return errMissing
	}
	// It may have come by another way meanwhile: a stick, the other line.
	done, err := c.o.Outstanding.Confirmed(ctx, ref.Hash)
	if err != nil || done {
		return err
	}
	targets := c.o.Upstream()
	if len(targets) == 0 {
		return fmt.Errorf("%w: no node above is known", ErrLine)
	}
	var line, refused error
	for i, t := range targets {
		// Whoever is last in the order is tried even so: somebody has to be.
		if line := c.absent.away(t.Node, c.Clock.Now()); line != nil && i < len(targets)-1 {
			continue
		}
		_, err = c.client.Push(ctx, t.Client, t.URL, ref.Hash)
		c.absent.note(ctx, t.Node, err, c.Clock.Now(), c.Backoff)
		if err == nil || ctx.Err() != nil || isContent(err) {
			return err
		}
		if err = fmt.Errorf("to %s: %w", t.Node, err); isLine(err) {
			line = err
		} else {
			refused = err
		}
	}
	if refused != nil { // this one only: others may be taken
		return refused
	}
	return line
}
