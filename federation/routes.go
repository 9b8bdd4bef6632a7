package federation

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/papers"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

const papersPath = "/federation/v1/attachments"

// routes is what a node serves to the nodes below it.
func (n *Node) routes() http.Handler {
	r := mux.NewRouter()
	if n.self.Tier == node.Village {
		return r
	}
	for _, path := range []string{feed.PathFeed, feed.PathCheckpoint, feed.PathProof, feed.PathConsistency, feed.PathRecoveries} {
		r.Path(path).Handler(n.server)
	}
	in := &outbox.Handler{By: string(n.self.Tier), Receiver: receiver{n}, Peer: n.peer, Logger: n.log}
	r.Methods(http.MethodPost).Path(outbox.EntriesPath).HandlerFunc(in.Entries)
	r.Methods(http.MethodGet).Path(outbox.OriginsPath).HandlerFunc(n.freshly(in.Origins))
	r.Methods(http.MethodPost).Path(heartbeatPath).HandlerFunc(n.serveHeartbeat)
	n.mountPapers(r, func(r *http.Request, hash string, write bool) error {
		peer, err := n.peer(r)
		if err != nil {
			return fmt.Errorf("%w: %w", papers.ErrNotAllowed, err)
		}
		if err := n.mayTouch(r.Context(), peer, hash, write); err != nil || !isLeaving(r.Context()) {
			return err
		}
		return n.mayBringPaper(r.Context(), peer, hash)
	}, n.papersArrived)
	if n.self.Tier == node.Township {
		r.Methods(http.MethodGet).Path(provisionalPath).HandlerFunc(n.serveProvisional)
	}
	r.Methods(http.MethodGet).Path(trustPath).HandlerFunc(n.serveTrust)
	r.Methods(http.MethodGet).Path(keyPath).HandlerFunc(n.serveKey)
	r.Methods(http.MethodPost).Path(renewPath).HandlerFunc(n.serveRenew)
	r.Methods(http.MethodPost).Path(publicPath).HandlerFunc(n.servePublic)
	r.Methods(http.MethodPost).Path(lanPath).HandlerFunc(n.serveLAN)
	r.Methods(http.MethodPost).Path(succeedPath).HandlerFunc(n.serveSuccession)
	if n.county != nil {
		r.Methods(http.MethodGet).Path(enrolPath).HandlerFunc(n.serveInvitation)
		r.Methods(http.MethodPost).Path(enrolPath).HandlerFunc(n.serveEnrol)
		r.Methods(http.MethodPost).Path(lostPath).HandlerFunc(n.serveLost)
	}
	return n.gate(r)
}

// peerRoutes is what a hub serves to the other hubs.
func (n *Node) peerRoutes() http.Handler {
	r := mux.NewRouter()
	r.Methods(http.MethodPost).Path(reportPath).HandlerFunc(n.serveReports)
	r.Methods(http.MethodPost).Path(forsakePath).HandlerFunc(n.serveForsaken)
	r.Methods(http.MethodPost).Path(countyKeysPath).HandlerFunc(n.takeCountyKeys)
	r.Methods(http.MethodGet).Path(countyKeysPath).HandlerFunc(n.giveCountyKeys)
	// What another hub copies here it spreads and confirms itself.
	n.mountPapers(r, func(*http.Request, string, bool) error { return nil }, nil)
	return r
}

func (n *Node) mountPapers(r *mux.Router, allow func(*http.Request, string, bool) error, complete func(blob.Info)) {
	s, err := papers.NewServer(papers.ServerOptions{Store: n.Blobs, Allow: allow, Complete: complete})
	if err != nil {
		panic(err) // its options are complete
	}
	s.Register(r.PathPrefix(papersPath).Subrouter())
}

// papersArrived sets an attachment on its further way.
func (n *Node) papersArrived(blob.Info) {
	if n.spread != nil {
		n.spread.Wake()
	}
	if n.courier != nil {
		n.courier.Wake()
	}
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
	if n.directory.Revoked(p.Node) && !isLeaving(r.Context()) {
		return p, &outbox.Problem{Code: outbox.CodeRevoked, Err: fmt.Errorf("node %s", p.Node)}
	}
	if p.Node == n.self.Node || p.Tier != node.County && !n.self.Division.Contains(p.Division) {
		return p, &outbox.Problem{Code: outbox.CodeNotYours, Err: fmt.Errorf("node %s is not below this one", p.Node)}
	}
	return p, nil
}

// mayTouch lets a node read and send an attachment that an entry names which
// the node may see.
func (n *Node) mayTouch(ctx context.Context, p trust.Peer, hash string, write bool) error {
	uses, err := n.Store.AttachmentUses(ctx, hash)
	if err != nil {
		return err
	}
	for _, u := range uses {
		if !p.Division.Contains(u.Scope) {
			continue
		}
		others, err := n.namedByAnother(ctx, u, p.Node)
		if err != nil {
			return err
		}
		if write || others {
			return nil
		}
	}
	return papers.ErrNotAllowed
}

// receiver is the receiving end of the outboxes below.
type receiver struct{ *Node }

// Take takes less from a node that the county has cast out.
func (r receiver) Take(ctx context.Context, from trust.Peer, entries []ledger.Entry) ([]store.Result, error) {
	if isLeaving(ctx) {
		return r.takeLastWords(ctx, from, entries)
	}
	return r.Node.Take(ctx, from, entries)
}

func (r receiver) LastSeq(ctx context.Context, origin string) (uint64, bool, error) {
	return r.Store.LastSeq(ctx, origin)
}

func (r receiver) EntryID(ctx context.Context, origin string, seq uint64) (string, error) {
	return r.Store.EntryID(ctx, origin, seq)
}
