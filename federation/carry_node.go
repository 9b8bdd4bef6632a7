package federation

import (
	"context"
	"crypto/ed25519"
	"io"

	"github.com/tongban/tongban/federation/carry"
)

// BundleOptions say what goes into a bundle for a USB stick.
type BundleOptions = carry.Options

// ExportBundle writes a bundle: for a node below its feed; otherwise everything
// this node has to send up.
func (n *Node) ExportBundle(ctx context.Context, w io.Writer, o BundleOptions) (carry.Summary, error) {
	return n.Carry().Export(ctx, w, o)
}

// ImportBundle takes a bundle in: from a node below through the intake of the
// network, from one above as the feed. All of it is checked before any of it
// is applied; taking it in again changes nothing.
func (n *Node) ImportBundle(ctx context.Context, r io.Reader) (carry.Summary, error) {
	return n.Carry().Import(ctx, r)
}

// Carry is this node as one that makes and takes in bundles.
func (n *Node) Carry() *carry.Node {
	o := n.own.Load()
	c := &carry.Node{
		Store: n.Store, Blobs: n.Blobs, Credential: o.credential, Key: o.keys.Sign, Trust: n.Trust, Now: n.now,
		Take: n.Take, Fresh: n.Fresh, Checkpoint: n.carriedCheckpoint,
		Taken: n.Kick,
	}
	if n.county != nil {
		c.CountyKey = func() ed25519.PrivateKey { return n.county.now().OpeningKey() }
	}
	return c
}

// carriedCheckpoint is the newest checkpoint for a bundle: signed for it at
// the county, the last one seen at a township.
func (n *Node) carriedCheckpoint(ctx context.Context, after uint64) (carry.Checkpoint, error) {
	if n.county == nil {
		_, note, err := n.Store.LastCheckpoint(ctx)
		return carry.Checkpoint{Note: note}, err
	}
	head, err := n.Store.Head(ctx)
	if err != nil || head == 0 {
		return carry.Checkpoint{}, err
	}
	tree, err := n.Store.Tree(ctx, head)
	if err != nil {
		return carry.Checkpoint{}, err
	}
	note, err := n.county.now().SignCheckpoint(tree, n.now().UnixMilli())
	if err != nil {
		return carry.Checkpoint{}, err
	}
	c := carry.Checkpoint{Note: string(note), From: after}
	if after > 0 && after <= head {
		c.Proof, err = n.Store.ProveTree(ctx, head, after)
	}
	return c, err
}
