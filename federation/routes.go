package federation

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/papers"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/blob"
)

const papersPath = "/federation/v1/attachments"

// routes is what a node serves to the nodes below it.
func (n *Node) routes() http.Handler {
	r := mux.NewRouter()
	if n.self.Tier == node.Village {
		return r
	}
	for _, path := range []string{feed.PathFeed, feed.PathCheckpoint, feed.PathProof, feed.PathConsistency} {
		r.Path(path).Handler(n.server)
	}
	in := &outbox.Handler{By: string(n.self.Tier), Receiver: receiver{n}, Peer: n.peer, Logger: n.log}
	r.Methods(http.MethodPost).Path(outbox.EntriesPath).HandlerFunc(in.Entries)
	r.Methods(http.MethodGet).Path(outbox.OriginsPath).HandlerFunc(in.Origins)
	r.Methods(http.MethodPost).Path(heartbeatPath).HandlerFunc(n.serveHeartbeat)
	n.mountPapers(r, func(r *http.Request, hash string, write bool) error {
		peer, err := n.peer(r)
		if err != nil {
			return fmt.Errorf("%w: %w", papers.ErrNotAllowed, err)
		}
		return n.mayTouch(r.Context(), peer, hash)
	})
	if n.county != nil {
		r.Methods(http.MethodGet).Path(trustPath).HandlerFunc(n.serveTrust)
		r.Methods(http.MethodGet).Path(enrolPath).HandlerFunc(n.serveInvitation)
		r.Methods(http.MethodPost).Path(enrolPath).HandlerFunc(n.serveEnrol)
	}
	return r
}

// peerRoutes is what a hub serves to the other hubs.
func (n *Node) peerRoutes() http.Handler {
	r := mux.NewRouter()
	r.Methods(http.MethodPost).Path(reportPath).HandlerFunc(n.serveReports)
	n.mountPapers(r, func(*http.Request, string, bool) error { return nil })
	return r
}

func (n *Node) mountPapers(r *mux.Router, allow func(*http.Request, string, bool) error) {
	s, err := papers.NewServer(papers.ServerOptions{Store: n.Blobs, Allow: allow, Complete: func(blob.Info) {
		if n.spread != nil {
			n.spread.Wake()
		}
		if n.courier != nil {
			n.courier.Wake()
		}
	}})
	if err != nil {
		panic(err) // its options are complete
	}
	s.Register(r.PathPrefix(papersPath).Subrouter())
}

// peer tells which node a request comes from, and refuses one that the county
// has cast out.
func (n *Node) peer(r *http.Request) (trust.Peer, error) {
	if r.TLS == nil {
		return trust.Peer{}, &outbox.Problem{Code: outbox.CodeNoPeer, Err: trust.ErrNoPeer}
	}
	p, err := trust.PeerNode(*r.TLS)
	if err != nil {
		return p, &outbox.Problem{Code: outbox.CodeNoPeer, Err: err}
	}
	if n.directory.Revoked(p.Node) {
		return p, &outbox.Problem{Code: outbox.CodeRevoked, Err: fmt.Errorf("node %s", p.Node)}
	}
	if p.Node == n.self.Node || p.Tier != node.County && !n.self.Division.Contains(p.Division) {
		return p, &outbox.Problem{Code: outbox.CodeNotYours, Err: fmt.Errorf("node %s is not below this one", p.Node)}
	}
	return p, nil
}

// mayTouch lets a node read and send an attachment that an entry names which
// the node may see.
func (n *Node) mayTouch(ctx context.Context, p trust.Peer, hash string) error {
	uses, err := n.Store.AttachmentUses(ctx, hash)
	if err != nil {
		return err
	}
	for _, u := range uses {
		if p.Division.Contains(u.Scope) {
			return nil
		}
	}
	return papers.ErrNotAllowed
}

// receiver is the receiving end of the outboxes below.
type receiver struct{ *Node }

func (r receiver) LastSeq(ctx context.Context, origin string) (uint64, bool, error) {
	return r.Store.LastSeq(ctx, origin)
}

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
// attachment.
func (a attachments) Confirm(ctx context.Context, hash string, size int64, hubs []string) error {
	uses, err := a.n.Store.AttachmentUses(ctx, hash)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, u := range uses {
		if u.Confirmed || done[u.Case] {
			continue
		}
		done[u.Case] = true
		_, err := a.n.Record(ctx, Action{Actor: identity.Actor{Staff: "system", Role: identity.System}, Kind: ledger.AttachmentConfirm,
			Case: u.Case, Key: "papers " + hash + " " + u.Case, Body: &ledger.AttachmentConfirmV1{Hash: hash, Size: size, Hubs: hubs}})
		if err != nil {
			return err
		}
	}
	return nil
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
