package federation

import (
	"context"
	"sync"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store"
)

// directory is what this node's copy of the ledger says about nodes and
// people. It implements trust.Directory.
type directory struct {
	store *store.Store
	now   func() time.Time
	self  string

	mu     sync.Mutex
	rights uint64 // the store's, of what is kept here
	nodes  map[string]*store.Node
	people map[string]trust.StaffState
}

// maxKept bounds what is kept of nodes, and of people.
const maxKept = 10_000

// node finds an enrolled node, from memory while no node and nobody's rights
// have changed.
func (d *directory) node(ctx context.Context, id string) (*store.Node, error) {
	return kept(d, &d.nodes, id, func() (*store.Node, error) { return d.store.Node(ctx, id) })
}

// kept looks a key up in one of the directory's memories, and else reads it.
func kept[V any](d *directory, in *map[string]V, key string, read func() (V, error)) (V, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := d.store.Rights(); now != d.rights || d.nodes == nil {
		d.rights, d.nodes, d.people = now, map[string]*store.Node{}, map[string]trust.StaffState{}
	}
	if known, ok := (*in)[key]; ok {
		return known, nil
	}
	found, err := read()
	if err != nil {
		return found, err
	}
	if len(*in) >= maxKept {
		clear(*in)
	}
	(*in)[key] = found
	return found, nil
}

// Credential implements trust.Directory.
func (d *directory) Credential(id string) (trust.SignedCredential, bool, bool) {
	known, err := d.node(context.Background(), id)
	if err != nil {
		return trust.SignedCredential{}, false, false
	}
	// A node that was cast out goes on showing its own people what it has;
	// nobody else takes its word.
	revoked := id != d.self && d.isRevoked(known)
	return trust.SignedCredential{Credential: known.Credential, Sig: known.Root}, revoked, true
}

// Revoked tells whether the county has cast a node out.
func (d *directory) Revoked(id string) bool {
	known, err := d.node(context.Background(), id)
	return err == nil && d.isRevoked(known)
}

func (d *directory) isRevoked(n *store.Node) bool {
	return n.RevokedAt > 0 && d.now().UnixMilli() >= n.RevokedAt
}

// Staff implements trust.Directory.
func (d *directory) Staff(id string) (trust.StaffState, bool) {
	s, err := kept(d, &d.people, id, func() (trust.StaffState, error) {
		found, err := d.store.Staff(context.Background(), id)
		if err != nil {
			return trust.StaffState{}, err
		}
		return StaffState(found), nil
	})
	return s, err == nil
}

// Applicant implements trust.ApplicantDirectory.
func (d *directory) Applicant(id string) (trust.ApplicantState, bool) {
	a, err := d.store.Account(context.Background(), id)
	if err != nil {
		return trust.ApplicantState{}, false
	}
	return trust.ApplicantState{Active: a.Active(), Epoch: a.Changed}, true
}

// SessionEnded implements trust.Directory: a login of this node that is not
// among its sessions has ended. Logins at other nodes are not known here.
func (d *directory) SessionEnded(sid string) bool {
	ended, err := d.store.SessionEnded(context.Background(), sid)
	return err != nil || ended
}
