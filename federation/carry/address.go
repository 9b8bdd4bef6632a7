package carry

import (
	"context"
	"crypto/ed25519"
	"errors"

	"github.com/tongban/tongban/federation/seal"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
)

// address finds out which way a bundle for a node goes, and the keys of who
// may read it: down, that node alone; up, the county, and the township it is
// for. The county is its hubs and the holders of its root keys, of which every
// hub has one: a hub that joined meanwhile can read it, too.
func (n *Node) address(ctx context.Context, id string) (down bool, readers []ed25519.PublicKey, err error) {
	self := n.Store.Self()
	if id != "" {
		to, err := n.Store.Node(ctx, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return false, nil, ErrUnknownNode.Becausef("%s", id)
		case err != nil:
			return false, nil, err
		case to.RevokedAt > 0:
			return false, nil, ErrRevoked.Becausef("%s", id)
		}
		readers = append(readers, to.SignKey)
		switch {
		case to.Division == self.Division:
			return false, nil, ErrNotAllowed.Becausef("%s is of the same division", id)
		case self.Division.Contains(to.Division):
			return true, readers, nil
		case !to.Division.Contains(self.Division):
			return false, nil, ErrNotAllowed.Becausef("%s of %s is neither above nor below %s", id, to.Division, self.Node)
		}
	}
	nodes, err := n.Store.NodesWithin(ctx, self.County())
	if err != nil {
		return false, nil, err
	}
	for _, hub := range nodes {
		if hub.Tier == node.County && hub.RevokedAt == 0 && hub.Credential.Node != id {
			readers = append(readers, hub.SignKey)
		}
	}
	return false, append(readers, n.Trust().Roots[0]), nil
}

// keys are the private keys that open what is sealed for this node.
func (n *Node) keys() []ed25519.PrivateKey {
	keys := []ed25519.PrivateKey{n.Key}
	if n.CountyKey != nil {
		keys = append(keys, n.CountyKey())
	}
	return keys
}

// addressed refuses a file by what stands on its outside.
func (n *Node) addressed(h seal.Header) error {
	self := n.Store.Self()
	switch {
	case h.Kind != seal.Bundle:
		return ErrNotBundle.Becausef("it is a %s", h.Kind)
	case h.County != self.County():
		return ErrWrongCounty.Becausef("of %s", h.County)
	case h.From == self.Node:
		return ErrNotForMe.Becausef("this node made it")
	case h.To != "" && h.To != self.Node && self.Tier != node.County:
		return ErrNotForMe.Becausef("for %s", h.To)
	}
	return nil
}

// unsealed is why a sealed file could not be read, as a fault.
func unsealed(err error, h seal.Header) error {
	for _, row := range []struct {
		of error
		is *Fault
	}{{seal.ErrNotSealed, ErrNotBundle}, {seal.ErrNewer, ErrNewer}, {seal.ErrTruncated, ErrTruncated}, {seal.ErrDamaged, ErrDamaged}} {
		if errors.Is(err, row.of) {
			return row.is.Because(err)
		}
	}
	if errors.Is(err, seal.ErrNotForUs) {
		if h.To == "" {
			return ErrNotForMe.Becausef("for the county")
		}
		return ErrSealed.Because(err)
	}
	return asFault(err, ErrTruncated)
}
