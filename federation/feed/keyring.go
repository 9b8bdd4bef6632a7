package feed

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// keyring checks the signatures of entries with the keys of the nodes that
// this node knows. An origin outside its scope is not known to it; its
// entries are taken on the county's word and counted.
type keyring struct {
	st         *store.Store
	trust      func() trust.CountyTrust
	unverified atomic.Int64

	mu sync.Mutex
	// known keys are never changed: a node id is enrolled once.
	known map[string]ed25519.PublicKey
}

func newKeyring(st *store.Store, trust func() trust.CountyTrust) *keyring {
	return &keyring{st: st, trust: trust, known: map[string]ed25519.PublicKey{}}
}

// verify checks every entry of a page. Nodes enrolled by the page itself are
// known to it, but only remembered once the store has them.
func (k *keyring) verify(ctx context.Context, lines []store.FeedLine) error {
	fresh := map[string]ed25519.PublicKey{}
	for i := range lines {
		if err := k.learn(ctx, &lines[i], fresh); err != nil {
			return err
		}
	}
	var unverified atomic.Int64
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	const chunk = 32
	for start := 0; start < len(lines); start += chunk {
		part := lines[start:min(start+chunk, len(lines))]
		g.Go(func() error {
			for i := range part {
				known, err := k.check(ctx, part[i].Entry, fresh)
				if err != nil {
					return err
				}
				if !known {
					unverified.Add(1)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	k.unverified.Add(unverified.Load())
	return nil
}

// check verifies one entry; known is false when the origin's key is not.
func (k *keyring) check(ctx context.Context, e *ledger.Entry, fresh map[string]ed25519.PublicKey) (known bool, err error) {
	if e == nil {
		return true, nil // the confirmation of an entry that is here
	}
	key, ok := fresh[e.Origin]
	if !ok {
		if key, ok, err = k.key(ctx, e.Origin); err != nil || !ok {
			return false, err
		}
	}
	if err := e.Verify(key); err != nil {
		return true, ErrSignature.Because(fmt.Errorf("entry %s of %s: %w", e.ID, e.Origin, err))
	}
	return true, nil
}

// learn takes the key of a node that a line enrols, if a known hub says so or
// (the first hub, which enrols itself) the county's root signed for it.
func (k *keyring) learn(ctx context.Context, l *store.FeedLine, fresh map[string]ed25519.PublicKey) error {
	e := l.Entry
	if e == nil || e.Kind != ledger.NodeEnrol || l.Outcome != ledger.Applied {
		return nil
	}
	body, err := e.Decode()
	if err != nil {
		return ErrMalformed.Because(err)
	}
	enrol, ok := body.(*ledger.NodeEnrolV1)
	if !ok {
		return nil
	}
	c := enrol.Credential
	if e.Origin == c.Node {
		err := k.trust().VerifyCredential(trust.SignedCredential{Credential: c, Sig: enrol.Root}, timeOf(c.IssuedAt))
		if err == nil {
			fresh[c.Node] = c.SignKey
		}
		return nil
	}
	known, err := k.check(ctx, e, fresh)
	if err == nil && known {
		fresh[c.Node] = c.SignKey
	}
	return err
}

// key is the key of an enrolled node.
func (k *keyring) key(ctx context.Context, id string) (ed25519.PublicKey, bool, error) {
	k.mu.Lock()
	key, ok := k.known[id]
	k.mu.Unlock()
	if ok {
		return key, true, nil
	}
	n, err := k.st.Node(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, ErrStorage.Because(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[id] = n.SignKey
	return n.SignKey, true, nil
}
