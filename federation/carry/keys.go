package carry

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// keys are the signing keys of origins: those in the ledger here, and those of
// nodes that the bundle itself tells were admitted.
type keys struct {
	ctx   context.Context
	st    *store.Store
	trust trust.CountyTrust
	known map[string]ledger.Keys
}

// of are an origin's keys, none when it is not known here: of a case handed in
// elsewhere a village sees the entries, and not the node they came from.
func (k *keys) of(origin string) (ledger.Keys, error) {
	if known, ok := k.known[origin]; ok {
		return known, nil
	}
	n, err := k.st.Node(k.ctx, origin)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	k.known[origin] = n.Keys
	return n.Keys, nil
}

// ofLine are the keys that a line is checked with: its origin's, and the one
// that a known hub tells of under the county's root where its ledger went back.
func (k *keys) ofLine(l *store.FeedLine) (ledger.Keys, error) {
	known, err := k.of(l.Entry.Origin)
	if err == nil && known != nil && l.Entry.Kind == ledger.NodeRenew && l.Outcome == ledger.Applied && k.trust.VerifyHubKey(l.Entry) == nil {
		known = known.With(l.Entry)
	}
	return known, err
}

// learn takes the key of a node that a line admits, when the county's root
// signed its credential: that, and not the line, is the proof.
func (k *keys) learn(l *store.FeedLine) {
	if l.Entry.Kind != ledger.NodeEnrol || l.Outcome != ledger.Applied {
		return
	}
	var b ledger.NodeEnrolV1
	if json.Unmarshal(l.Entry.Body, &b) != nil {
		return
	}
	signed := trust.SignedCredential{Credential: b.Credential, Sig: b.Root}
	if k.trust.VerifyCredential(signed, time.UnixMilli(b.Credential.IssuedAt)) == nil {
		k.known[b.Credential.Node] = ledger.Keys{{Public: b.Credential.SignKey}}
	}
}

// renew takes the key that a verified entry brings for its origin, when the
// county's root signed for it.
func (k *keys) renew(e *ledger.Entry) error {
	if e.Kind != ledger.NodeRenew {
		return nil
	}
	var b ledger.NodeRenewV1
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return nil // it will be refused, and brings no key
	}
	if err := k.trust.VerifyCredential(trust.SignedCredential{Credential: b.Credential, Sig: b.Root}, time.UnixMilli(b.Credential.IssuedAt)); err != nil {
		return err
	}
	k.known[e.Origin] = k.known[e.Origin].With(e)
	return nil
}
