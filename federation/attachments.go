package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/papers"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// attachments is what this node's ledger knows of attachments on their way.
type attachments struct{ n *Node }

func (a attachments) Outstanding(ctx context.Context, limit int) ([]papers.Ref, error) {
	found, err := a.n.Store.UnconfirmedAttachments(ctx, limit)
	refs := make([]papers.Ref, len(found))
	for i, f := range found {
		refs[i] = papers.Ref{Hash: f.Hash, Size: f.Size}
	}
	return refs, err
}

func (a attachments) Unconfirmed(ctx context.Context, limit int) ([]papers.Ref, error) {
	return a.Outstanding(ctx, limit)
}

func (a attachments) Confirmed(ctx context.Context, hash string) (bool, error) {
	uses, err := a.n.Store.AttachmentUses(ctx, hash)
	for _, u := range uses {
		if !u.Confirmed {
			return false, err
		}
	}
	return true, err
}

// Confirm records, for each case that names it, that the hubs have an
// attachment. What cannot be confirmed in one case keeps no other from it.
func (a attachments) Confirm(ctx context.Context, hash string, size int64, hubs []string) error {
	uses, err := a.n.Store.AttachmentUses(ctx, hash)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	var failed []error
	for _, u := range uses {
		if u.Confirmed || done[u.Case] {
			continue
		}
		done[u.Case] = true
		_, err := a.n.Record(ctx, Action{Actor: identity.Actor{Staff: "system", Role: identity.System}, Kind: ledger.AttachmentConfirm,
			Case: u.Case, Key: "papers " + hash + " " + u.Case, Body: &ledger.AttachmentConfirmV1{Hash: hash, Size: size, Hubs: hubs}})
		var known *store.Refused
		if errors.As(err, &known) && known.Code == "key_reused" {
			continue // confirmed before, with other hubs up
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// papersAbove are the nodes above that take attachments.
func (n *Node) papersAbove() []papers.Target {
	targets := make([]papers.Target, len(n.upstreams))
	for i, u := range n.upstreams {
		targets[i] = papers.Target{Node: u.Name, URL: u.BaseURL + papersPath, Client: u.Client}
	}
	return targets
}

// voters are the hubs that an attachment must reach a majority of.
func (n *Node) voters() []papers.Target {
	var all []papers.Target
	for _, m := range n.hub.Members() {
		if m.Voter {
			all = append(all, papers.Target{Node: m.ID, URL: "https://" + m.Address + papersPath, Client: n.hub.PeerClient()})
		}
	}
	return all
}

func (n *Node) otherHubs() []county.Member {
	var others []county.Member
	for _, m := range n.hub.Members() {
		if m.ID != n.self.Node {
			others = append(others, m)
		}
	}
	return others
}

const (
	// tidyEvery is how often uploads that were given up are looked for.
	tidyEvery = 10 * time.Minute
	// staleUpload is after how long an upload that stopped is given up.
	staleUpload = 30 * 24 * time.Hour
)

// tidyPapers removes uploads that were given up, and those that nothing ever named.
func (n *Node) tidyPapers(ctx context.Context) {
	for {
		if _, _, err := n.Blobs.RemoveStale(ctx, n.now().Add(-staleUpload)); err != nil && ctx.Err() == nil {
			n.log.Warn("abandoned uploads not removed", "error", err)
		}
		if err := n.removeUnnamed(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("uploads that nothing names not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-n.after(tidyEvery):
		}
	}
}

// FetchAttachment brings an attachment that an entry here names and that this
// node does not hold: a township's villages may have sent it past the
// township, a hub may have been away. An error says that nobody who should
// have it could be reached.
func (n *Node) FetchAttachment(ctx context.Context, hash string) error {
	uses, err := n.Store.AttachmentUses(ctx, hash)
	if err != nil {
		return err
	}
	for _, u := range uses {
		others, err := n.namedByAnother(ctx, u, n.self.Node)
		if err != nil {
			return err
		}
		if others {
			return n.fetchPaper(ctx, hash, u.Size)
		}
	}
	return store.ErrNotFound
}

// namedByAnother reports whether somebody else than a node named an attachment.
// What a node names itself it must have had: naming a hash is no way to get
// content that one only knows the hash of.
func (n *Node) namedByAnother(ctx context.Context, use store.Attachment, nodeID string) (bool, error) {
	e, err := n.Store.Entry(ctx, use.Entry)
	if err != nil {
		return false, err
	}
	return e.Origin != nodeID, nil
}

// FetchUploaded brings to a hub what somebody uploaded at another one and nothing names
// yet: behind one address of the county, an upload and what names it may reach different
// hubs. store.ErrNotFound says that none that answers has it.
func (n *Node) FetchUploaded(ctx context.Context, hash string, size int64) error {
	if n.hub == nil {
		return store.ErrNotFound
	}
	client := papers.Client{Store: n.Blobs}
	for _, t := range n.voters() {
		if t.Node == n.self.Node {
			continue
		}
		// Asked first, or each made-up hash would begin a download here.
		if has, err := client.Has(ctx, t.Client, t.URL, hash); err != nil || !has {
			continue
		}
		if _, err := client.Pull(ctx, t.Client, t.URL, hash, size); err == nil || errors.Is(err, blob.ErrComplete) {
			return nil
		}
	}
	return store.ErrNotFound
}

func (n *Node) fetchPaper(ctx context.Context, hash string, size int64) error {
	from := n.papersAbove()
	if n.hub != nil {
		from = n.voters()
	}
	client := papers.Client{Store: n.Blobs}
	errs := []error{papers.ErrLine}
	for _, t := range from {
		if t.Node == n.self.Node {
			continue
		}
		_, err := client.Pull(ctx, t.Client, t.URL, hash, size)
		if err == nil || errors.Is(err, blob.ErrComplete) {
			return nil
		}
		errs = append(errs, fmt.Errorf("from %s: %w", t.Node, err))
	}
	return errors.Join(errs...)
}
