package feed

import (
	"context"
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
// this node knows, each with the key of its time. An origin outside its scope is not known to it; its
// entries are taken on the county's word and counted.
type keyring struct {
	st         *store.Store
	trust      func() trust.CountyTrust
	verified   *trust.Verified
	unverified atomic.Int64

	mu sync.Mutex
	// known are the keys as the store had them: a node may have renewed its
	// key since, and its older keys stay.
	known map[string]ledger.Keys
}

func newKeyring(st *store.Store, trust func() trust.CountyTrust, verified *trust.Verified) *keyring {
	return &keyring{st: st, trust: trust, verified: verified, known: map[string]ledger.Keys{}}
}

// verify checks every entry of a page. Nodes enrolled by the page itself are
// known to it, but only remembered once the store has them.
func (k *keyring) verify(ctx context.Context, lines []store.FeedLine) error {
	fresh := map[string]ledger.Keys{}
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
func (k *keyring) check(ctx context.Context, e *ledger.Entry, fresh map[string]ledger.Keys) (known bool, err error) {
	if e == nil {
		return true, nil // the confirmation of an entry that is here
	}
	if keys, ok := fresh[e.Origin]; ok && k.verified.Recheck(keys, e) == nil {
		return true, nil
	}
	keys, ok, err := k.keys(ctx, e.Origin)
	if err == nil && ok && k.verified.Recheck(keys, e) != nil {
		keys, ok, err = k.load(ctx, e.Origin) // it may have renewed its key
	}
	if err != nil {
		return false, err
	}
	if !ok {
		if keys, ok = fresh[e.Origin]; !ok {
			return false, nil
		}
	}
	if err := k.verified.Recheck(keys, e); err != nil {
		return true, ErrSignature.Because(fmt.Errorf("entry %s of %s: %w", e.ID, e.Origin, err))
	}
	return true, nil
}

// learn takes the key of a node that a line enrols, if a known hub says so or
// (the first hub, which enrols itself) the county's root signed for it.
func (k *keyring) learn(ctx context.Context, l *store.FeedLine, fresh map[string]ledger.Keys) error {
	e := l.Entry
	if e != nil && e.Kind == ledger.NodeRenew {
		return k.learnRenewal(ctx, l, fresh)
	}
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
			fresh[c.Node] = ledger.Keys{{Public: c.SignKey}}
		}
		return nil
	}
	known, err := k.check(ctx, e, fresh)
	if err == nil && known {
		fresh[c.Node] = ledger.Keys{{Public: c.SignKey}}
	}
	return err
}

// learnRenewal takes the key that an entry of a known node brings, or that a
// known hub tells of under the county's root where its ledger went back.
func (k *keyring) learnRenewal(ctx context.Context, l *store.FeedLine, fresh map[string]ledger.Keys) error {
	e := l.Entry
	known, err := k.check(ctx, e, fresh)
	if errors.Is(err, ErrSignature) && l.Outcome == ledger.Applied && k.trust().VerifyHubKey(e) == nil {
		known, err = true, nil
	}
	if err != nil || !known {
		return err
	}
	keys, ok := fresh[e.Origin]
	if !ok {
		if keys, _, err = k.keys(ctx, e.Origin); err != nil {
			return err
		}
	}
	fresh[e.Origin] = keys.With(e)
	return nil
}

// keys are those of an enrolled node, as they were last read.
func (k *keyring) keys(ctx context.Context, id string) (ledger.Keys, bool, error) {
	k.mu.Lock()
	keys, ok := k.known[id]
	k.mu.Unlock()
	if ok {
		return keys, true, nil
	}
	return k.load(ctx, id)
}

func (k *keyring) load(ctx context.Context, id string) (ledger.Keys, bool, error) {
	n, err := k.st.Node(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, ErrStorage.Because(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[id] = n.Keys
	return n.Keys, true, nil
}
