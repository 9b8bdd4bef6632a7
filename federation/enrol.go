package federation

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Paths of enrolment on a hub's federation port, the first on a township's too.
// They are open to callers without a node certificate; the join token is their
// authority.
const (
	trustPath = "/federation/v1/trust"
	enrolPath = "/federation/v1/enrol"
)

const (
	// credentialLife is how long a node's credential and certificate are good.
	credentialLife = 10 * 365 * 24 * time.Hour
	// credentialLead is how long before now it begins, as the certificate does:
	// the clock of a machine just unpacked may be behind.
	credentialLead = time.Hour
	invitationLife = 7 * 24 * time.Hour
	maxEnrolBody   = 1 << 20
)

// NodeID is the id a node has unless it is given another, by the number it has
// in its division: county-1, t-330523110-1, v-330523110200-1.
func NodeID(at division.Code, ordinal int) string {
	if at.Tier() == node.County {
		return fmt.Sprintf("county-%d", ordinal)
	}
	return fmt.Sprintf("%s-%s-%d", string(at.Tier())[:1], at, ordinal)
}

// Invite makes a one-time token with which one new node can enrol. Only its
// hash is kept; the token is shown once.
func (n *Node) Invite(ctx context.Context, actor identity.Actor, nodeID, name string, tier node.Tier, at division.Code, key string) (trust.JoinToken, store.Result, error) {
	if n.county == nil {
		return trust.JoinToken{}, store.Result{}, &store.Refused{Code: "county_only", ZH: "请在县中心节点上操作", EN: "this is done at a hub of the county"}
	}
	if !trust.ValidNodeID(nodeID) {
		return trust.JoinToken{}, store.Result{}, &store.Refused{Code: "node_id", ZH: "节点编号只能用 3 到 40 个小写字母、数字和短横线", EN: "a node id is 3 to 40 of a-z, 0-9 and -"}
	}
	fingerprint, err := n.county.now().Trust().Fingerprint()
	if err != nil {
		return trust.JoinToken{}, store.Result{}, err
	}
	token, err := trust.NewJoinToken(fingerprint)
	if err != nil {
		return trust.JoinToken{}, store.Result{}, err
	}
	r, err := n.Record(ctx, Action{Actor: actor, Kind: ledger.NodeInvite, Key: key, Body: &ledger.NodeInviteV1{
		TokenHash: tokenHash(token), Node: nodeID, Name: name, Tier: tier, Division: at,
		ExpiresAt: n.now().Add(invitationLife).UnixMilli(),
	}})
	return token, r, err
}

func tokenHash(t trust.JoinToken) string {
	sum := t.Hash()
	return hex.EncodeToString(sum[:])
}

// enrolment is what a new node asks, and welcome what it gets.
type enrolment struct {
	Request trust.EnrolRequest `json:"request"`
	Token   string             `json:"token"`
	// Federation and Peer are the addresses others reach it at.
	Federation string `json:"federation,omitempty"`
	Peer       string `json:"peer,omitempty"`
}

type invitation struct {
	Node     string        `json:"node"`
	Name     string        `json:"name"`
	Tier     node.Tier     `json:"tier"`
	Division division.Code `json:"division"`
}

// Welcome is what the county gives a node that enrolled.
type Welcome struct {
	Credential  trust.SignedCredential `json:"credential"`
	Certificate []byte                 `json:"certificate"`
	Chain       []trust.SignedTrust    `json:"chain"`
	Name        string                 `json:"name"`
	// County and Township are the federation addresses above the node.
	County   []string `json:"county"`
	Township []string `json:"township,omitempty"`
	// CountyKeys are the county's private keys, for a hub.
	CountyKeys []byte `json:"county_keys,omitempty"`
}

// serveInvitation tells whoever holds a token which node it was made for.
func (n *Node) serveInvitation(w http.ResponseWriter, r *http.Request) {
	inv, _, err := n.invited(r.Context(), r.Header.Get("Tongban-Token"))
	if err != nil {
		refuseEnrolment(w, err)
		return
	}
	respond(w, invitation{Node: inv.Node, Name: inv.Name, Tier: inv.Tier, Division: inv.Division})
}

func (n *Node) serveEnrol(w http.ResponseWriter, r *http.Request) {
	var e enrolment
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEnrolBody))
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		err = dec.Decode(&e)
	}
	if err != nil {
		refuseEnrolment(w, &store.Refused{Code: "malformed", ZH: "登记请求格式有误", EN: "the request is malformed"})
		return
	}
	welcome, err := n.enrol(r.Context(), e)
	if err != nil {
		n.log.Warn("enrolment refused", "node", e.Request.Node, "error", err)
		refuseEnrolment(w, err)
		return
	}
	n.log.Info("node enrolled", "node", e.Request.Node, "tier", string(e.Request.Tier), "division", string(e.Request.Division))
	respond(w, welcome)
}

var badToken = &store.Refused{Code: "token_unknown", ZH: "登记口令无效，请核对或向县中心索取新的口令", EN: "the token is not valid; check it or ask the county for a new one"}

// invited finds the invitation behind a token, at this hub's latest state.
func (n *Node) invited(ctx context.Context, text string) (*store.Invitation, string, error) {
	token, err := trust.DecodeJoinToken(text)
	if err != nil {
		return nil, "", badToken
	}
	if _, err := n.hub.ReadIndex(ctx); err != nil {
		return nil, "", err
	}
	hash := tokenHash(token)
	inv, err := n.Store.Invitation(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", badToken
	}
	if err == nil && n.now().UnixMilli() > inv.ExpiresAt {
		return nil, "", &store.Refused{Code: "token_expired", ZH: "登记口令已过期，请向县中心索取新的口令", EN: "the token has expired; ask the county for a new one"}
	}
	return inv, hash, err
}

func (n *Node) enrol(ctx context.Context, e enrolment) (*Welcome, error) {
	inv, hash, err := n.invited(ctx, e.Token)
	if err != nil {
		return nil, err
	}
	req := e.Request
	if err := req.Verify(); err != nil {
		return nil, &store.Refused{Code: "malformed", ZH: "登记请求校验未通过", EN: err.Error()}
	}
	if req.Node != inv.Node || req.Tier != inv.Tier || req.Division != inv.Division {
		return nil, &store.Refused{Code: "token_other", ZH: "登记口令不属于该节点", EN: "the token was made for another node"}
	}
	now := n.now()
	if again, err := n.enrolledBefore(ctx, req, inv); again != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return n.welcome(ctx, req, inv, *again)
	}
	if inv.UsedBy != "" {
		return nil, &store.Refused{Code: "token_used", ZH: "登记口令已使用过，请向县中心索取新的口令", EN: "the token was used already; ask the county for a new one"}
	}
	ordinal, err := n.Store.NextOrdinal(ctx, inv.Division)
	if err != nil {
		return nil, err
	}
	signed, err := n.county.now().SignCredential(identity.Credential{Node: req.Node, Tier: req.Tier, Division: req.Division, Ordinal: ordinal,
		SignKey: req.SignKey, IssuedAt: now.Add(-credentialLead).UnixMilli(), ExpiresAt: now.Add(credentialLife).UnixMilli()})
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	if _, err := n.Record(ctx, Action{Actor: identity.Actor{Staff: "system", Role: identity.System}, Kind: ledger.NodeEnrol,
		Body: &ledger.NodeEnrolV1{Credential: signed.Credential, Root: signed.Sig, Name: inv.Name, TokenHash: hash, Federation: e.Federation, Peer: e.Peer}}); err != nil {
		return nil, err
	}
	return n.welcome(ctx, req, inv, signed)
}

// enrolledBefore finds the credential of a node that asks again with the same
// keys and the same token: the answer was lost, or the machine was switched off
// before it had written it down. nil when there is none.
func (n *Node) enrolledBefore(ctx context.Context, req trust.EnrolRequest, inv *store.Invitation) (*trust.SignedCredential, error) {
	if inv.UsedBy != req.Node {
		return nil, nil
	}
	known, err := n.Store.Node(ctx, req.Node)
	if err != nil {
		return nil, err
	}
	if known.RevokedAt > 0 || !bytes.Equal(known.SignKey, req.SignKey) {
		return nil, nil
	}
	return &trust.SignedCredential{Credential: known.Credential, Sig: known.Root}, nil
}

// welcome is what an enrolled node is given.
func (n *Node) welcome(ctx context.Context, req trust.EnrolRequest, inv *store.Invitation, signed trust.SignedCredential) (*Welcome, error) {
	certificate, err := n.county.now().CertificateFor(rand.Reader, req, n.now(), credentialLife)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	welcome := &Welcome{Credential: signed, Certificate: certificate, Chain: n.county.now().Chain(), Name: inv.Name}
	if welcome.County, welcome.Township, err = n.addressesAbove(ctx, inv.Division); err != nil {
		return nil, err
	}
	if inv.Tier == node.County {
		if welcome.CountyKeys, err = n.county.now().Encode(); err != nil {
			return nil, err
		}
	}
	return welcome, nil
}

// addressesAbove lists where a node of a division reaches the county and its
// township.
func (n *Node) addressesAbove(ctx context.Context, d division.Code) (county, township []string, err error) {
	nodes, err := n.Store.NodesWithin(ctx, n.self.County())
	if err != nil {
		return nil, nil, err
	}
	for _, other := range nodes {
		switch {
		case other.Federation == "" || other.RevokedAt > 0 || other.SucceededBy != "":
		case other.Tier == node.County:
			county = append(county, other.Federation)
		case other.Tier == node.Township && d.Tier() == node.Village && other.Division == d.Township():
			township = append(township, other.Federation)
		}
	}
	return county, township, nil
}

// EnrolOptions are what a new node needs to join its county.
type EnrolOptions struct {
	// County is the federation address of a hub (https://host:port).
	County string
	Token  string
	Keys   *trust.NodeKeys
	// Names are the host names and addresses its certificate is for;
	// Federation and Peer the addresses others dial.
	Names            []string
	Federation, Peer string
	// Expect is what the node's settings say it is; empty fields accept
	// whatever the token was made for.
	Expect Place
	Now    func() time.Time
}

// ErrClock is a machine whose clock is too far off to enrol it: the first
// thing it did would carry the wrong day.
var ErrClock = errors.New("本机时钟与县中心相差太大，请先校准时间（chronyc makestep）再登记 (this clock is too far off; set it, then enrol)")

// checkClock compares this machine's clock with that of the hub, which has
// proven to be one.
func checkClock(ctx context.Context, c *http.Client, o EnrolOptions) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.County+trustPath, nil)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return fmt.Errorf("%w: %w", ErrClock, err)
	}
	if err != nil {
		return err
	}
	resp.Body.Close()
	theirs, err := strconv.ParseInt(resp.Header.Get(timeHeader), 10, 64)
	if err != nil {
		return nil // nothing to compare with
	}
	if off := o.Now().Sub(time.UnixMilli(theirs)); off.Abs() >= clockWrong {
		return fmt.Errorf("%w: %s", ErrClock, off.Round(time.Minute))
	}
	return nil
}

// Place is a node as its settings name it.
type Place struct{ Node, Tier, Division string }

func (p Place) check(inv invitation) error {
	var differ []string
	for _, f := range [][3]string{{"node", p.Node, inv.Node}, {"tier", p.Tier, string(inv.Tier)}, {"division", p.Division, string(inv.Division)}} {
		if f[1] != "" && f[1] != f[2] {
			differ = append(differ, f[0]+": "+f[1]+" ≠ "+f[2])
		}
	}
	if len(differ) > 0 {
		return fmt.Errorf("口令是给节点 %s（%s %s）的，与本机配置不符：%s（前为本机配置，后为口令）；请改正配置，或为本机另出口令 (the token was made for another node than these settings, which say the first of each pair; mend them, or make a token for this node)",
			inv.Node, inv.Tier, inv.Division, strings.Join(differ, "，"))
	}
	return nil
}

// Enrolled is a node's new identity.
type Enrolled struct {
	Welcome
	Trust trust.CountyTrust
	// Founding is the fingerprint of the county's first bundle.
	Founding string
}

// Enrol joins a county with a one-time token. The token carries the county's
// fingerprint: nothing secret is sent before the hub has proven to be it.
func Enrol(ctx context.Context, o EnrolOptions) (*Enrolled, error) {
	token, err := trust.DecodeJoinToken(o.Token)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	chain, err := firstContact(ctx, o.County)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	anchored, err := trust.Anchor(token.County, chain)
	if err != nil {
		return nil, fmt.Errorf("enrol: the address is not a hub of the county that made the token: %w", err)
	}
	founding, err := foundingOf(chain, anchored)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: trust.ClientConfig(trust.TLSOptions{
		Trust: func() trust.CountyTrust { return anchored }, Now: o.Now}, trust.Expect{Tiers: []node.Tier{node.County}})}}
	defer client.CloseIdleConnections()
	if err := checkClock(ctx, client, o); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	var inv invitation
	if err := get(ctx, client, o.County+enrolPath, http.Header{"Tongban-Token": {o.Token}}, &inv); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	if err := o.Expect.check(inv); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	req, err := trust.NewEnrolRequest(o.Keys, trust.Place{County: anchored.County, Node: inv.Node, Tier: inv.Tier, Division: inv.Division}, token.ID, o.Names)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	body, err := json.Marshal(enrolment{Request: req, Token: o.Token, Federation: o.Federation, Peer: o.Peer})
	if err != nil {
		return nil, err
	}
	e := &Enrolled{Trust: anchored, Founding: founding}
	if err := post(ctx, client, o.County+enrolPath, body, &e.Welcome); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	// The county may have changed its keys since it was first asked.
	if e.Trust, err = anchored.Advance(e.Chain...); err != nil {
		return nil, fmt.Errorf("enrol: the county's keys: %w", err)
	}
	if err := e.Trust.VerifyCredential(e.Credential, o.Now()); err != nil {
		return nil, fmt.Errorf("enrol: the county's credential: %w", err)
	}
	return e, nil
}
