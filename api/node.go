package api

import (
	"context"
	"errors"
	"io"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Node is the running node, as the API needs it.
type Node interface {
	// Record makes an entry of an action.
	Record(ctx context.Context, a Action) (store.Result, error)
	// Trust is the county's present bundle of keys; Issuer signs staff tokens
	// in this node's name.
	Trust() trust.CountyTrust
	Issuer() (*trust.Issuer, error)
	// Limits bound the attachments of a case.
	Limits() catalog.Limits
	// Ready tells why the node cannot serve yet, nil when it can.
	Ready(ctx context.Context) error
	// Sync is this node's own state, and what the nodes below last said.
	Sync(ctx context.Context) (self gen.SyncState, below []gen.SyncState, err error)
	// Kick ends the pause between two tries to reach the node above.
	Kick()
	// Invite makes a one-time token that lets one node enrol.
	Invite(ctx context.Context, by identity.Actor, id, name string, tier node.Tier, at division.Code, key string) (trust.JoinToken, store.Result, error)
	// Hubs is the county's Raft; nil below the county.
	Hubs() Hubs
	// Checkpoint is the newest signed checkpoint known here.
	Checkpoint(ctx context.Context) (size uint64, note string, err error)
	// Export writes a bundle for a USB stick; Import takes one in.
	Export(ctx context.Context, to io.Writer, in gen.CarryRequest) error
	Import(ctx context.Context, from io.Reader) (gen.CarryReport, error)
}

// Hubs is how the county's processes agree.
type Hubs interface {
	Status(ctx context.Context) county.Status
	AddVoter(ctx context.Context, id, address string) error
	Remove(ctx context.Context, id string) error
	TransferLeadership(ctx context.Context, id string) error
}

// Action is what somebody does, on its way to becoming an entry.
type Action struct {
	Actor      identity.Actor
	Kind       ledger.Kind
	Body       ledger.Body
	Case, Prev string
	Key        string
}

// record makes an entry of an action and says how far it has come. A refusal
// that is remembered under the same key is the same refusal again.
func (s *Server) record(ctx context.Context, a Action) (gen.Recorded, error) {
	r, err := s.node.Record(ctx, a)
	if err != nil {
		return gen.Recorded{}, err
	}
	switch a.Kind {
	case ledger.StaffAdd, ledger.StaffRoles, ledger.StaffDisable, ledger.StaffPassword, ledger.NodeRevoke:
		s.directory.forget()
	}
	if r.Outcome == ledger.Refused {
		return gen.Recorded{}, &store.Refused{Code: r.Code, ZH: r.ZH, EN: r.EN, Faults: r.Faults}
	}
	return s.recorded(ctx, r.ID)
}

// recorded says how far an entry of this node's store has come.
func (s *Server) recorded(ctx context.Context, id string) (gen.Recorded, error) {
	e, err := s.store.Entry(ctx, id)
	if err != nil {
		return gen.Recorded{}, err
	}
	w := s.word(e, "")
	return gen.Recorded{Entry: id, Index: int64(e.Index), Word: w, WordZh: wordZH[w]}, nil
}

// found turns a look-up of something that is not here into its problem.
func found(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errNotFound
	}
	return err
}
