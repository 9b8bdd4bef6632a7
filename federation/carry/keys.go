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
	known map[string][]byte
}

// of is an origin's key, nil when it is not known here: of a case handed in
// elsewhere a village sees the entries, and not the node they came from.
func (k *keys) of(origin string) ([]byte, error) {
	if key, ok := k.known[origin]; ok {
		return key, nil
	}
	n, err := k.st.Node(k.ctx, origin)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	k.known[origin] = n.SignKey
	return n.SignKey, nil
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
		k.known[b.Credential.Node] = b.Credential.SignKey
	}
}
