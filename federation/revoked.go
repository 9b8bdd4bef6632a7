package federation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/federation/papers"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
)

// A node that the county has cast out while its line was down must learn of it,
// or its people go on taking in what nobody will accept. So its certificate is
// still good for a connection, and on it every request is answered 403 with the
// county's own entry that revoked it, signed by the hub that recorded it. It is
// told nothing else. A hub takes its last words: what people had handed in
// there is recorded as refused, in full, so that somebody can see it and hand
// it in again. A stolen machine can say no more than that, and not much of it.

// What a node may still bring after the county has cast it out. The rest comes
// on a stick, in a person's hand.
const (
	lastEntries = 500
	lastBytes   = 8 << 20
	lastPapers  = 512 << 20 // bytes of attachments
)

// Revocation is the county's word that it has cast a node out.
type Revocation struct {
	// At is the moment from which on it is, Unix milliseconds.
	At     int64  `json:"at"`
	Reason string `json:"reason"`
}

// Words are for the people at the node: what happened, and what to do.
func (r Revocation) Words() (zh, en string) {
	at := time.UnixMilli(r.At).In(time.FixedZone("Asia/Shanghai", 8*3600)).Format("2006-01-02 15:04")
	return fmt.Sprintf("本节点已于 %s 被县中心吊销（%s）：不再收件和办理，已有的内容仍可查询。请联系县中心；来办事的群众请到乡镇或县中心办理，本机尚未上报的内容请管理员导出到 U 盘交县中心。本机此后收不到县中心的结论：这里显示“待上报”的，可能已到县中心并列入“需处理”，请在县中心的“需处理”中核对", at, r.Reason),
		fmt.Sprintf("the county revoked this node as of %s (%s): it takes in and records nothing more, and still shows what it has. Ask the county; send people to the township or the county, and bring what was not sent yet on a stick. From then on it hears no more of what the county made of its entries: what waits here may have arrived there and be refused; look at the list of what needs attention there", at, r.Reason)
}

// Refusal is what an attempt to record something at such a node is told.
func (r Revocation) Refusal() *store.Refused {
	zh, en := r.Words()
	return &store.Refused{Code: string(outbox.CodeRevoked), ZH: zh, EN: en}
}

// notice is the answer to a node that the county has cast out: a problem as all
// others, with the entry that did it and the credential of the hub that signed
// it.
type notice struct {
	Type       string                  `json:"type"`
	Title      string                  `json:"title"`
	Status     int                     `json:"status"`
	Code       outbox.Code             `json:"code"`
	MessageZH  string                  `json:"message_zh"`
	RevokedAt  int64                   `json:"revoked_at,omitempty"`
	Reason     string                  `json:"reason,omitempty"`
	Entry      json.RawMessage         `json:"entry,omitempty"`
	Credential *trust.SignedCredential `json:"credential,omitempty"`
}

// maxNotice bounds what is read of one.
const maxNotice = 64 << 10

// ReadRevocation reads the answer of a node above, and checks that it is the
// county's word on this node: an entry signed by a hub in whose credential the
// county's root stands.
func ReadRevocation(body []byte, county trust.CountyTrust, nodeID string, now time.Time) (Revocation, error) {
	var told notice
	if err := json.Unmarshal(body, &told); err != nil || told.Code != outbox.CodeRevoked {
		return Revocation{}, fmt.Errorf("not a revocation: code %.40q", told.Code)
	}
	if told.Credential == nil || told.Credential.Credential.Tier != node.County {
		return Revocation{}, errors.New("a revocation that no hub vouches for")
	}
	if err := county.VerifyCredential(*told.Credential, now); err != nil {
		return Revocation{}, fmt.Errorf("revocation: %w", err)
	}
	var e ledger.Entry
	if err := json.Unmarshal(told.Entry, &e); err != nil {
		return Revocation{}, fmt.Errorf("revocation: %w", err)
	}
	if e.Origin != told.Credential.Credential.Node {
		return Revocation{}, errors.New("a revocation that another node vouches for")
	}
	if err := e.Verify(told.Credential.Credential.SignKey); err != nil {
		return Revocation{}, fmt.Errorf("revocation: %w", err)
	}
	said, err := e.Decode()
	if err != nil {
		return Revocation{}, fmt.Errorf("revocation: %w", err)
	}
	b, ok := said.(*ledger.NodeRevokeV1)
	if !ok || b.Node != nodeID {
		return Revocation{}, fmt.Errorf("a revocation of another node, or a %s", e.Kind)
	}
	return Revocation{At: b.At, Reason: b.Reason}, nil
}

// Revocation tells whether the county has cast this node out, as far as it has
// heard: by its ledger, or by the word of a node above.
func (n *Node) Revocation() (Revocation, bool) {
	if told := n.castOut.Load(); told != nil {
		return *told, true
	}
	known, err := n.directory.node(n.ctx, n.self.Node)
	if err != nil || !n.directory.isRevoked(known) {
		return Revocation{}, false
	}
	return Revocation{At: known.RevokedAt, Reason: known.Reason}, true
}

// RevocationIn tells what the databases in a node's folder know of its standing,
// without opening them for writing.
func RevocationIn(ctx context.Context, dir string, k *atrest.Key, m *Membership, now time.Time) (Revocation, bool, error) {
	id := m.Credential.Credential.Node
	at, reason, told, err := store.InspectRevoked(ctx, dir, k, id, revokedSetting)
	if err != nil {
		return Revocation{}, false, err
	}
	if r, err := ReadRevocation([]byte(told), m.Trust, id, now); err == nil {
		return r, true, nil
	}
	return Revocation{At: at, Reason: reason}, at > 0 && now.UnixMilli() >= at, nil
}

// revokedSetting keeps what a node above told. Losing it does no harm: the next
// connection tells it again.
const revokedSetting = "revoked"

// recallRevocation takes up again what was told before a restart.
func (n *Node) recallRevocation(ctx context.Context) error {
	kept, err := n.Store.Setting(ctx, revokedSetting)
	if err != nil || kept == "" {
		return err
	}
	return n.takeRevocation([]byte(kept))
}

func (n *Node) takeRevocation(body []byte) error {
	r, err := ReadRevocation(body, n.Trust(), n.self.Node, n.now())
	if err == nil {
		n.castOut.Store(&r)
	}
	return err
}

// hearRevocation is told of every refusal of a node above.
func (n *Node) hearRevocation(body []byte) {
	if n.castOut.Load() != nil || !bytes.Contains(body, []byte(outbox.CodeRevoked)) {
		return
	}
	if err := n.takeRevocation(body); err != nil {
		n.log.Warn("a node above says that this node was revoked, and does not prove it", "error", err)
		return
	}
	n.log.Error("the county has revoked this node; it records nothing more", "at", n.castOut.Load().At, "reason", n.castOut.Load().Reason)
	if err := n.Store.SetSetting(n.ctx, revokedSetting, string(body)); err != nil {
		n.log.Warn("the revocation was not kept", "error", err)
	}
}

// heedful listens to the refusals on a line.
type heedful struct {
	next  http.RoundTripper
	heard func([]byte)
}

// RoundTrip implements http.RoundTripper.
func (h heedful) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := h.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusForbidden {
		return resp, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxNotice))
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	h.heard(body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// gate lets nodes in good standing pass, and whoever comes without a
// certificate, whom the routes know to refuse. A node that was cast out is told
// so, whatever it asks for, unless it brings its last words.
func (n *Node) gate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil {
			next.ServeHTTP(w, r)
			return
		}
		p, err := trust.PeerNode(*r.TLS)
		if err != nil || !n.directory.Revoked(p.Node) {
			next.ServeHTTP(w, r)
			return
		}
		if n.hub != nil && n.isLastWord(r, p) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), lastWord{}, true)))
			return
		}
		n.tellRevoked(w, r, p.Node)
	})
}

// lastWord marks the request of a node that was cast out.
type lastWord struct{}

// isLeaving reports whether a request is one of a node that was cast out.
func isLeaving(ctx context.Context) bool { return ctx.Value(lastWord{}) != nil }

// isLastWord: entries, how far they have come, and the files that they name, on
// their way up.
func (n *Node) isLastWord(r *http.Request, p trust.Peer) bool {
	switch {
	case p.Tier == node.County:
		return false
	case r.Method == http.MethodPost:
		return r.URL.Path == outbox.EntriesPath
	case r.Method == http.MethodGet:
		return r.URL.Path == outbox.OriginsPath && n.allBelow(r, p)
	case r.Method == http.MethodHead, r.Method == http.MethodPatch:
		return strings.HasPrefix(r.URL.Path, papersPath+"/")
	}
	return false
}

// allBelow reports whether a node asks after itself and those below it only.
func (n *Node) allBelow(r *http.Request, p trust.Peer) bool {
	for _, id := range r.URL.Query()["node"] {
		known, err := n.directory.node(r.Context(), id)
		if id != p.Node && (err != nil || known.Tier == p.Tier || !p.Division.Contains(known.Division)) {
			return false
		}
	}
	return true
}

func (n *Node) tellRevoked(w http.ResponseWriter, r *http.Request, id string) {
	answer := notice{Type: "about:blank", Status: http.StatusForbidden, Code: outbox.CodeRevoked}
	p := &outbox.Problem{Code: outbox.CodeRevoked}
	answer.MessageZH, answer.Title = p.Texts()
	by, err := n.Store.RevocationOf(r.Context(), id)
	if err != nil {
		outbox.WriteProblem(w, p)
		return
	}
	answer.Entry = by.Raw
	var e ledger.Entry
	if err := json.Unmarshal(by.Raw, &e); err == nil {
		if c, _, ok := n.directory.Credential(e.Origin); ok {
			answer.Credential = &c
		}
	}
	if known, err := n.directory.node(r.Context(), id); err == nil {
		answer.RevokedAt, answer.Reason = known.RevokedAt, known.Reason
	}
	body, err := json.Marshal(answer)
	if err != nil {
		outbox.WriteProblem(w, p)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusForbidden)
	w.Write(body) // a caller that is gone needs no answer
}

// takeLastWords takes entries of a node that was cast out: its own, and as many
// as the bounds leave room for. They are recorded as refused, whatever they say of when they
// were made, for a machine in the wrong hands can set its clock.
func (n *Node) takeLastWords(ctx context.Context, from trust.Peer, entries []ledger.Entry) ([]store.Result, error) {
	since, err := n.Store.RevocationOf(ctx, from.Node)
	if err != nil {
		return nil, err
	}
	had, size, err := n.Store.ArrivedSince(ctx, from.Node, since.RecordedAt)
	if err != nil {
		return nil, err
	}
	last, _, err := n.Store.LastSeq(ctx, from.Node)
	if err != nil {
		return nil, err
	}
	var raws [][]byte
	renewed := map[string]ledger.Keys{}
	for i := range entries {
		if entries[i].Origin != from.Node {
			return nil, &outbox.Problem{Code: outbox.CodeNotYours, Err: fmt.Errorf("%s was revoked and brings entries of %s", from.Node, entries[i].Origin)}
		}
		if err := n.vouch(ctx, from, &entries[i], renewed); err != nil {
			return nil, err
		}
		raw, err := json.Marshal(&entries[i])
		if err != nil {
			return nil, &outbox.Problem{Code: outbox.CodeMalformed, Err: err}
		}
		if entries[i].Seq > last { // a repeat costs nothing
			had, size = had+1, size+int64(len(raw))
		}
		if had > lastEntries || size > lastBytes {
			break
		}
		raws = append(raws, raw)
	}
	if len(raws) == 0 {
		return nil, &outbox.Problem{Code: outbox.CodeRevoked, Err: fmt.Errorf("%s was revoked and has brought all that it may over the line", from.Node)}
	}
	return n.commitAll(ctx, raws, true)
}

// mayBringPaper bounds the files of a node that was cast out.
func (n *Node) mayBringPaper(ctx context.Context, from trust.Peer, hash string) error {
	since, err := n.Store.RevocationOf(ctx, from.Node)
	if err != nil {
		return err
	}
	before, err := n.Store.PapersBefore(ctx, from.Node, since.RecordedAt, hash)
	if err != nil {
		return err
	}
	if before > lastPapers {
		return papers.ErrNotAllowed
	}
	return nil
}
