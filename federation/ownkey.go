package federation

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// A hub may have renewed its keys after the backup from which its county was
// restored. The ledger knows the key before then, which is gone, and those below
// would take nothing that is signed with the new one. So before such a hub
// records anything else it has the ledger tell of its key, under the county's
// root, which vouches for it as it does for a county's first hub
// (trust.VerifyHubKey). The entry has the id of the renewal that was lost.

// tellOwnKeyPause is between two attempts to tell of this hub's key.
const tellOwnKeyPause = 2 * time.Second

// signsAsTold sees to it that the ledger tells of the key this hub signs with.
// What is recorded at a hub waits for it.
func (n *Node) signsAsTold(ctx context.Context) error {
	if n.keyTold.Load() {
		return nil
	}
	n.telling.Lock()
	defer n.telling.Unlock()
	if told, _, err := n.ownKeyTold(ctx); err != nil || told {
		return err
	}
	// This hub may only be behind the others.
	if err := n.Fresh(ctx); err != nil {
		return err
	}
	told, enrolled, err := n.ownKeyTold(ctx)
	if err != nil || told || !enrolled {
		return err
	}
	return n.tellOwnKey(ctx)
}

// ownKeyTold tells whether the ledger here knows the key that this hub signs
// with, and whether the hub is enrolled and in good standing in it: of another
// there is nothing to tell.
func (n *Node) ownKeyTold(ctx context.Context) (told, enrolled bool, err error) {
	known, err := n.Store.Node(ctx, n.self.Node)
	if errors.Is(err, store.ErrNotFound) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	mine := n.own.Load().keys.SignPublic()
	if told = slices.ContainsFunc(known.Keys, func(k ledger.Key) bool { return bytes.Equal(k.Public, mine) }); told {
		n.keyTold.Store(true)
	}
	return told, known.RevokedAt == 0, nil
}

func (n *Node) tellOwnKey(ctx context.Context) error {
	o := n.own.Load()
	signed, err := n.county.now().SignCredential(o.credential.Credential)
	if err != nil {
		return err
	}
	_, err = n.proposeAction(ctx, Action{Actor: identity.Actor{Staff: "system", Role: identity.System}, Kind: ledger.NodeRenew, Key: renewalKey(o.keys.SignPublic()),
		Body: &ledger.NodeRenewV1{Credential: signed.Credential, Root: signed.Sig}})
	if err != nil {
		return err
	}
	n.keyTold.Store(true)
	n.log.Warn("the ledger is of before this hub renewed its keys; it tells of them again, under the county's root")
	return nil
}

// renewalKey is the idempotency key of the entry that tells of a node's new key.
func renewalKey(public []byte) string { return "renew-" + hex.EncodeToString(public[:16]) }

// keepKeyTold tells of this hub's key though nothing is recorded here: until
// then nobody takes its staff tokens either.
func (n *Node) keepKeyTold(ctx context.Context) {
	for ctx.Err() == nil && !n.keyTold.Load() {
		if err := n.signsAsTold(ctx); err != nil && ctx.Err() == nil {
			n.log.Info("whether the ledger tells of this hub's key is not known yet", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-n.after(tellOwnKeyPause):
		}
	}
}
