package papers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tongban/tongban/store/blob"
)

// Unconfirmed is what the county's ledger knows of attachments that no entry
// has confirmed.
type Unconfirmed interface {
	// Unconfirmed lists those that entries name, the oldest first, at most limit.
	Unconfirmed(ctx context.Context, limit int) ([]Ref, error)
	// Confirm records that these hubs, in the order of their names, have the
	// content. Several hubs may find the same at once and it may be repeated
	// after a failure: the second time has to be without effect.
	Confirm(ctx context.Context, hash string, size int64, hubs []string) error
}

// SpreadOptions say what a Spread copies and where to.
type SpreadOptions struct {
	Store       *blob.Store
	Unconfirmed Unconfirmed
	Self        string // this hub's node id
	// Voters are the hubs that count, as of now; this one among them if it does.
	Voters func() []Target
	Chunk  int64 // 0: DefaultChunk
	Pace   Pace
}

// Spread copies what has arrived at this hub to the other hubs and has it
// confirmed once a majority of the voters holds it, durably. A hub that cannot
// be reached is left out; content it lacks it fetches from the others (Pull).
type Spread struct {
	*rounds
	o      SpreadOptions
	client Client
}

// NewSpread needs Store, Unconfirmed, Self and Voters.
func NewSpread(o SpreadOptions) (*Spread, error) {
	if o.Store == nil || o.Unconfirmed == nil || o.Self == "" || o.Voters == nil {
		return nil, errors.New("spread attachments: store, unconfirmed, self and voters are needed")
	}
	s := &Spread{rounds: newRounds(o.Pace), o: o}
	s.list, s.work = o.Unconfirmed.Unconfirmed, s.spread
	s.client = Client{Store: o.Store, Chunk: o.Chunk, Moving: s.sent}
	return s, nil
}

// copied is what came of one hub.
type copied struct {
	hub string
	err error
}

func (s *Spread) spread(ctx context.Context, ref Ref) error {
	info, err := s.o.Store.Stat(ref.Hash)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrDamaged) {
		return errMissing
	}
	if err != nil {
		return err
	}
	voters := s.o.Voters()
	results := make(chan copied, len(voters))
	for _, v := range voters {
		go func() { results <- copied{v.Node, s.copyTo(ctx, v, ref.Hash)} }()
	}
	var (
		have      []string
		failed    error
		refused   bool
		confirmed bool
	)
	for range voters {
		r := <-results
		if r.err != nil {
			failed = errors.Join(failed, fmt.Errorf("to %s: %w", r.hub, r.err))
			refused = refused || !isLine(r.err)
			continue
		}
		have = append(have, r.hub)
		// Without waiting for the slowest: a majority is what counts.
		if !confirmed && 2*len(have) > len(voters) {
			slices.Sort(have)
			if err := s.o.Unconfirmed.Confirm(ctx, ref.Hash, info.Size, slices.Clone(have)); err != nil {
				failed = errors.Join(failed, fmt.Errorf("confirm: %w", err))
				continue
			}
			confirmed = true
		}
	}
	switch {
	case confirmed:
		return nil
	case refused || 2*len(have) > len(voters):
		// It is about this attachment; others may fare better. The text is
		// enough, and no hub's silence in it may stop the others.
		return fmt.Errorf("%d of %d hubs have it: %v", len(have), len(voters), failed)
	}
	return fmt.Errorf("%w: %d of %d hubs have it: %w", ErrLine, len(have), len(voters), failed)
}

func (s *Spread) copyTo(ctx context.Context, v Target, hash string) error {
	if v.Node == s.o.Self {
		return nil
	}
	if err := s.absent.away(v.Node, s.Clock.Now()); err != nil {
		return err
	}
	_, err := s.client.Push(ctx, v.Client, v.URL, hash)
	s.absent.note(ctx, v.Node, err, s.Clock.Now(), s.Backoff)
	return err
}
