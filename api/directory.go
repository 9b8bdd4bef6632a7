package api

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store"
)

// directory is what the verifier of tokens knows of nodes, people and
// sessions: the store, remembered for a moment, since a page asks thirty
// times at once. What this node itself changes is forgotten at once (forget).
type directory struct {
	store *store.Store
	self  string
	now   func() time.Time

	mu       sync.Mutex
	nodes    map[string]kept[nodeState]
	staff    map[string]kept[staffState]
	sessions map[string]kept[bool]
}

type kept[T any] struct {
	value T
	at    time.Time
}

type nodeState struct {
	credential trust.SignedCredential
	revoked    bool
	known      bool
}

type staffState struct {
	trust.StaffState
	mustChange bool
	known      bool
}

const (
	// keepFor bounds how long a revocation that came over the feed can go
	// unnoticed.
	keepFor = 250 * time.Millisecond
	maxKept = 4096
)

func newDirectory(s *store.Store, self string, now func() time.Time) *directory {
	d := &directory{store: s, self: self, now: now}
	d.forget()
	return d
}

// forget drops what was remembered, after this node changed it.
func (d *directory) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nodes, d.staff, d.sessions = map[string]kept[nodeState]{}, map[string]kept[staffState]{}, map[string]kept[bool]{}
}

// recall reads through a memory. A read that fails is not remembered; its
// zero value knows nobody, so that a broken store lets nobody in.
func recall[T any](d *directory, memory func() map[string]kept[T], key string, read func(context.Context) (T, bool)) T {
	now := d.now()
	d.mu.Lock()
	k, ok := memory()[key]
	d.mu.Unlock()
	if age := now.Sub(k.at); ok && age >= 0 && age < keepFor {
		return k.value
	}
	value, ok := read(context.Background())
	if !ok {
		return value
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	m := memory()
	if len(m) >= maxKept {
		clear(m)
	}
	m[key] = kept[T]{value, now}
	return value
}

// Credential implements trust.Directory.
func (d *directory) Credential(id string) (trust.SignedCredential, bool, bool) {
	n := recall(d, func() map[string]kept[nodeState] { return d.nodes }, id, func(ctx context.Context) (nodeState, bool) {
		n, err := d.store.Node(ctx, id)
		if err != nil {
			return nodeState{}, false
		}
		return nodeState{credential: trust.SignedCredential{Credential: n.Credential, Sig: n.Root}, revoked: n.RevokedAt > 0, known: true}, true
	})
	return n.credential, n.revoked, n.known
}

// Staff implements trust.Directory.
func (d *directory) Staff(id string) (trust.StaffState, bool) {
	s := d.person(id)
	return s.StaffState, s.known
}

func (d *directory) mustChange(id string) bool { return d.person(id).mustChange }

func (d *directory) person(id string) staffState {
	return recall(d, func() map[string]kept[staffState] { return d.staff }, id, func(ctx context.Context) (staffState, bool) {
		p, err := d.store.Staff(ctx, id)
		if err != nil {
			return staffState{}, false
		}
		return staffState{StaffState: stateOf(p), mustChange: p.MustChange, known: true}, true
	})
}

// stateOf is a person's present standing. A change of roles or a disabling
// ends the tokens issued before it.
func stateOf(p *identity.Staff) trust.StaffState {
	now := p.Now()
	return trust.StaffState{Disabled: now.Disabled, Division: p.Division, Department: p.Department, Roles: now.Roles, Epoch: now.At}
}

// SessionEnded implements trust.Directory. A session is named after the node
// it was started at, and only that node knows when it ended; at another hub
// a token of it lives out its few minutes.
func (d *directory) SessionEnded(sid string) bool {
	at, _, _ := strings.Cut(sid, sessionSeparator)
	if at != d.self {
		return false
	}
	return !recall(d, func() map[string]kept[bool] { return d.sessions }, sid, func(ctx context.Context) (bool, bool) {
		_, err := d.store.Session(ctx, sid, d.now().UnixMilli())
		return err == nil, err == nil
	})
}
