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

	mu    sync.Mutex
	since <-chan struct{} // closed when the cache may be out of date
	nodes map[string]*store.Node
}

// node finds an enrolled node, from memory while the ledger has not moved.
func (d *directory) node(ctx context.Context, id string) (*store.Node, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.since:
		d.since = nil
	default:
	}
	if d.since == nil {
		d.since = d.store.Changed()
		d.nodes = map[string]*store.Node{}
	}
	if known, ok := d.nodes[id]; ok {
		return known, nil
	}
	found, err := d.store.Node(ctx, id)
	if err != nil {
		return nil, err
	}
	d.nodes[id] = found
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
	s, err := d.store.Staff(context.Background(), id)
	if err != nil {
		return trust.StaffState{}, false
	}
	return StaffState(s), true
}

// SessionEnded implements trust.Directory: a login of this node that is not
// among its sessions has ended. Logins at other nodes are not known here.
func (d *directory) SessionEnded(sid string) bool {
	ended, err := d.store.SessionEnded(context.Background(), sid)
	return err != nil || ended
}
