package federation

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// renewPath is where a node asks for a credential and a certificate of new
// keys: at a hub, or at its township, which passes the request on.
const renewPath = "/federation/v1/renew"

const (
	// renewBefore is how long before its keys end a node renews them by itself.
	renewBefore = 180 * 24 * time.Hour
	// renewEvery is between two looks, renewRetry between two attempts.
	renewEvery = time.Hour
	renewRetry = time.Minute
)

// ErrOldKeys is a data directory with keys that the node has replaced since.
var ErrOldKeys = errors.New("keys 目录是更新密钥之前的旧副本：请放回最近的副本，没有时请重新登记本机 (the keys folder is a copy from before this node renewed its keys; put the newest copy back, or enrol this node anew)")

// Renew gives this node new keys, with a credential and a certificate of the
// county for them. It ends with the entry that tells of them, signed with the
// old key: what is recorded after it, and every staff token from then on,
// carries the new one. Cut off at any moment, it is finished later, by itself.
// A refusal is a *store.Refused.
func (n *Node) Renew(ctx context.Context) (store.Result, error) {
	n.renewing.Lock()
	defer n.renewing.Unlock()
	next, err := n.nextKeys()
	if err != nil {
		return store.Result{}, err
	}
	point("renew.keys.written")
	w, err := n.askRenewed(ctx, next.keys)
	if err != nil {
		return store.Result{}, err
	}
	if err := n.checkRenewed(w, next.keys); err != nil {
		return store.Result{}, fmt.Errorf("renew: the county's answer: %w", err)
	}
	if err := saveRenewed(n.Store.Dir(), *w); err != nil {
		return store.Result{}, err
	}
	point("renew.credential.written")
	if n.hub == nil {
		// Nothing else is signed here between this entry and the change of
		// keys. A hub's other entries are good with any of its keys, and must
		// not wait for a majority to take this one.
		n.signing.Lock()
		defer n.signing.Unlock()
	}
	r, err := n.record(ctx, Action{Actor: identity.Actor{Staff: "system", Role: identity.System}, Kind: ledger.NodeRenew, Key: renewalKey(next.keys.SignPublic()),
		Body: &ledger.NodeRenewV1{Credential: w.Credential.Credential, Root: w.Credential.Sig}})
	if err != nil {
		return r, err
	}
	point("renew.recorded")
	if n.hub != nil {
		n.signing.Lock()
		defer n.signing.Unlock()
	}
	return r, n.settleRenewal(ctx)
}

// nextKeys are the new keys: those of a renewal that was begun, if there is
// one.
func (n *Node) nextKeys() (*renewal, error) {
	next, err := loadRenewal(n.Store.Dir())
	if err != nil || next != nil {
		return next, err
	}
	keys, err := trust.GenerateNode(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &renewal{keys: keys}, keys.Create(renewalDir(n.Store.Dir()))
}

// checkRenewed refuses an answer that is not about this node and its new keys.
func (n *Node) checkRenewed(w *renewed, keys *trust.NodeKeys) error {
	c, have := w.Credential.Credential, n.own.Load().credential.Credential
	if c.Node != have.Node || c.Tier != have.Tier || c.Division != have.Division || c.Ordinal != have.Ordinal || !bytes.Equal(c.SignKey, keys.SignPublic()) {
		return trust.ErrMalformed
	}
	if _, err := keys.Certificate(w.Certificate); err != nil {
		return err
	}
	return n.Trust().VerifyCredential(w.Credential, n.now())
}

// settleRenewal takes up the new keys when the ledger here tells of them. The
// caller holds signing.
func (n *Node) settleRenewal(ctx context.Context) error {
	next, err := n.renewalDue(ctx)
	if err != nil || next == nil {
		return err
	}
	return n.takeUpRenewal(next)
}

// renewalDue is the renewal that the ledger here tells of, nil when this node
// signs as the ledger says, or the ledger is behind.
func (n *Node) renewalDue(ctx context.Context) (*renewal, error) {
	known, err := n.Store.Node(ctx, n.self.Node)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	next, err := loadRenewal(n.Store.Dir())
	if err != nil {
		return nil, err
	}
	if next.vouched() && next.is(known.SignKey) {
		return next, nil // also when it was cut off and the keys are there already
	}
	mine := n.own.Load().keys.SignPublic()
	if bytes.Equal(known.SignKey, mine) {
		return nil, nil
	}
	if slices.ContainsFunc(known.Keys, func(k ledger.Key) bool { return k.Public.Equal(mine) }) && known.RevokedAt == 0 {
		return nil, ErrOldKeys
	}
	return nil, nil
}

func (n *Node) takeUpRenewal(next *renewal) error {
	o, err := newOwn(next.keys, next.Credential, next.Certificate, n.own.Load().issuer.Life)
	if err != nil {
		return err
	}
	m, err := LoadMembership(n.Store.Dir())
	if err != nil {
		return err
	}
	if err := m.takeUp(n.Store.Dir(), next, n.Trust()); err != nil {
		return err
	}
	n.own.Store(o)
	n.log.Info("this node has new keys", "until", n.Expires().Format(time.DateOnly))
	return nil
}

// watchOwnKeys takes up new keys that the ledger has come to tell of, and stops
// a node that signs with keys it has replaced: nobody would take its entries.
func (n *Node) watchOwnKeys(ctx context.Context) {
	next, err := n.renewalDue(ctx)
	if next != nil || err != nil {
		err = n.settleAlone(ctx) // of a renewal under way one half may have been seen
	}
	switch {
	case errors.Is(err, ErrOldKeys):
		n.stopFor(err)
	case err != nil && ctx.Err() == nil:
		n.log.Error("this node's new keys were not taken up", "error", err)
	}
}

// settleAlone settles a renewal while nothing else is signed.
func (n *Node) settleAlone(ctx context.Context) error {
	n.signing.Lock()
	defer n.signing.Unlock()
	return n.settleRenewal(ctx)
}

// keepRenewed renews this node's keys before they end, and finishes a renewal
// that was cut off.
func (n *Node) keepRenewed(ctx context.Context) {
	for attempt := 1; ctx.Err() == nil; attempt++ {
		begun, err := loadRenewal(n.Store.Dir())
		if err == nil && (begun != nil || n.now().Add(renewBefore).After(n.Expires())) {
			_, err = n.Renew(ctx)
		}
		pause := renewRetry
		if err == nil {
			attempt, pause = 0, renewEvery
		}
		if err != nil && ctx.Err() == nil && attempt&(attempt-1) == 0 {
			n.log.Warn("this node's keys were not renewed; tried again", "attempt", attempt, "until", n.Expires().Format(time.DateOnly), "error", err)
		}
		select {
		case <-ctx.Done():
		case <-n.after(pause):
		}
	}
}

// askRenewed has the county sign for new keys: a hub does so itself, others
// ask the nodes above, in the order in which they are tried.
func (n *Node) askRenewed(ctx context.Context, next *trust.NodeKeys) (*renewed, error) {
	place := trust.Place{County: n.self.County(), Node: n.self.Node, Tier: n.self.Tier, Division: n.self.Division}
	o := n.own.Load()
	req, err := trust.NewRenewal(o.keys.Sign, next, place, n.certificateNames())
	if err != nil {
		return nil, err
	}
	if n.county != nil {
		return n.renewFor(ctx, trust.Peer(place), req)
	}
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	return n.askAbove(ctx, renewPath, body)
}

func (n *Node) askAbove(ctx context.Context, path string, body []byte) (*renewed, error) {
	var errs []error
	for _, u := range n.upstreams {
		w := new(renewed)
		err := post(ctx, u.Client, u.BaseURL+path, body, w)
		var no *RemoteError
		switch {
		case err == nil:
			return w, nil
		case errors.As(err, &no) && (no.Status == http.StatusForbidden || no.Status == http.StatusBadRequest):
			return nil, &store.Refused{Code: no.Code, ZH: no.ZH, EN: no.EN}
		}
		errs = append(errs, fmt.Errorf("%s: %w", u.Name, err))
	}
	n.log.Warn("nobody above signs for this node", "path", path, "error", errors.Join(errs...))
	return nil, &store.Refused{Code: "county_unreachable", ZH: "连不上县中心，未能完成；线路恢复后会自动完成", EN: "the county is not reachable; this is finished by itself when the line is back"}
}

// certificateNames are the host names and addresses this node is reached by.
func (n *Node) certificateNames() []string {
	if len(n.names) > 0 {
		return n.names
	}
	leaf := n.Certificate().Leaf
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// serveRenew answers a node's request for new keys.
func (n *Node) serveRenew(w http.ResponseWriter, r *http.Request) {
	n.serveSigning(w, r, func(ctx context.Context, peer trust.Peer, body []byte) (*renewed, error) {
		req, err := trust.DecodeRenewal(body)
		if err != nil {
			return nil, &store.Refused{Code: "malformed", ZH: "请求格式有误", EN: err.Error()}
		}
		return n.renewFor(ctx, peer, req)
	})
}

// serveSigning has the county sign for a node that is enrolled: a hub does so
// itself, a township asks above.
func (n *Node) serveSigning(w http.ResponseWriter, r *http.Request, sign func(context.Context, trust.Peer, []byte) (*renewed, error)) {
	peer, err := n.peer(r)
	if err != nil {
		var no *outbox.Problem
		if errors.As(err, &no) {
			zh, en := no.Texts()
			err = &store.Refused{Code: string(no.Code), ZH: zh, EN: en}
		}
		refuseEnrolment(w, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEnrolBody))
	if err != nil {
		refuseEnrolment(w, &store.Refused{Code: "malformed", ZH: "请求格式有误", EN: "the request is malformed"})
		return
	}
	var answer *renewed
	if n.county == nil {
		answer, err = n.askAbove(r.Context(), r.URL.Path, body)
	} else {
		answer, err = sign(r.Context(), peer, body)
	}
	if err != nil {
		n.log.Warn("not signed for", "path", r.URL.Path, "node", peer.Node, "error", err)
		refuseEnrolment(w, err)
		return
	}
	respond(w, answer)
}

// renewFor signs for a node's new keys. The request proves that it comes from
// whoever has the present key; peer is that node or its township.
func (n *Node) renewFor(ctx context.Context, peer trust.Peer, req trust.Renewal) (*renewed, error) {
	place := req.Request.Place()
	known, err := n.mayRenew(ctx, peer, place)
	if err != nil {
		return nil, err
	}
	if err := req.Verify(trust.PublicKey(known.SignKey)); err != nil {
		return nil, &store.Refused{Code: "signature", ZH: "请求的签名与该节点现有密钥不符", EN: "the request is not signed with the node's present key"}
	}
	now := n.now()
	c := known.Credential
	c.SignKey, c.IssuedAt, c.ExpiresAt = req.Request.SignKey, now.Add(-credentialLead).UnixMilli(), now.Add(credentialLife).UnixMilli()
	w := new(renewed)
	if w.Credential, err = n.county.now().SignCredential(c); err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	if w.Certificate, err = n.county.now().CertificateFor(rand.Reader, req.Request, now, credentialLife); err != nil {
		return nil, fmt.Errorf("renew: %w", err)
	}
	n.log.Info("signed for a node's new keys", "node", place.Node)
	return w, nil
}

// mayRenew finds a node in good standing that asks for a new credential, or for
// which its township does. A refusal is a *store.Refused.
func (n *Node) mayRenew(ctx context.Context, peer trust.Peer, place trust.Place) (*store.Node, error) {
	if _, err := n.hub.ReadIndex(ctx); err != nil {
		return nil, err
	}
	known, err := n.Store.Node(ctx, place.Node)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &store.Refused{Code: "node_unknown", ZH: "未登记的节点", EN: "the node is not enrolled"}
	}
	if err != nil {
		return nil, err
	}
	_, forked, err := n.Store.LastSeq(ctx, place.Node)
	if err != nil {
		return nil, err
	}
	switch {
	case known.RevokedAt > 0:
		return nil, &store.Refused{Code: "node_revoked", ZH: "该节点已被吊销，请联系县中心", EN: "the node was revoked; ask the county"}
	case forked:
		return nil, &store.Refused{Code: "forked_origin", ZH: "该节点的数据与县中心记录冲突，须重新登记", EN: "the node's data conflicts with the county's; it must be enrolled anew"}
	case place.Tier != known.Tier || place.Division != known.Division || place.County != n.self.County():
		return nil, &store.Refused{Code: "token_other", ZH: "请求与该节点的登记不符", EN: "the request does not fit the node's enrolment"}
	case peer.Node != place.Node && (peer.Tier != node.Township || known.Tier != node.Village || !peer.Division.Contains(known.Division)):
		return nil, &store.Refused{Code: "not_yours", ZH: "不能为其他单位的节点申请", EN: "this node may not ask for that one"}
	}
	return known, nil
}
