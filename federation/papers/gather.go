package papers

import (
	"context"
	"errors"
	"fmt"

	"github.com/tongban/tongban/store/blob"
)

// GatherOptions say what a Gather fetches and from where.
type GatherOptions struct {
	Store *blob.Store
	// Lacking lists, at most limit, what the ledger says that a majority of the
	// hubs holds and this hub does not.
	Lacking func(ctx context.Context, limit int) ([]Ref, error)
	// Hubs are those that may hold it, as of now; this one may be among them.
	Hubs func() []Target
	Self string
	Pace Pace
}

// Gather fetches to a hub what the others confirmed without it: it was away,
// or was let in later. Woken whenever the ledger has grown, it needs no timer
// to learn of an attachment.
type Gather struct {
	*rounds
	o      GatherOptions
	client Client
}

// NewGather needs Store, Lacking, Hubs and Self.
func NewGather(o GatherOptions) (*Gather, error) {
	if o.Store == nil || o.Lacking == nil || o.Hubs == nil || o.Self == "" {
		return nil, errors.New("gather attachments: store, lacking, hubs and self are needed")
	}
	g := &Gather{rounds: newRounds(o.Pace), o: o}
	g.list, g.work = o.Lacking, g.fetch
	g.client = Client{Store: o.Store}
	return g, nil
}

func (g *Gather) fetch(ctx context.Context, ref Ref) error {
	line := fmt.Errorf("%w: no other hub is known", ErrLine)
	var refused error
	for _, t := range g.o.Hubs() {
		if t.Node == g.o.Self {
			continue
		}
		err := g.absent.away(t.Node, g.Clock.Now())
		if err == nil {
			_, err = g.client.Pull(ctx, t.Client, t.URL, ref.Hash, ref.Size)
			g.absent.note(ctx, t.Node, err, g.Clock.Now(), g.Backoff)
		}
		if err == nil || errors.Is(err, blob.ErrComplete) {
			return nil
		}
		if err = fmt.Errorf("from %s: %w", t.Node, err); isLine(err) {
			line = err
		} else {
			refused = err
		}
	}
	if refused != nil { // this one only: others may be had
		return refused
	}
	return line
}
