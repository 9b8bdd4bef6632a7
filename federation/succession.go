package federation

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// A machine whose state was restored goes on as another node: same division,
// same keys, a new id and ordinal, and a credential and a certificate for them.
// It asks for them with the keys it has, at a hub or through its township; no
// operator need be at hand.
//
// What is under way lies in succession.json: first the number of the request,
// so that asking again is the same request, then the county's answer. It ends
// with the new membership.json, which decides: until it is there the machine is
// the old node, which records nothing; from then on it is the new one, and its
// state follows at the next start (store.Options.Predecessors).

// succeedPath is where a restored node asks to go on as another.
const succeedPath = "/federation/v1/succeed"

// successionFile keeps a succession under way.
const successionFile = "succession.json"

// succeedToken stands in the request where an enrolment names its join token;
// the request's number follows it.
const succeedToken = "succeed-"

type succession struct {
	Request string `json:"request"`
	renewed
}

// succession is the county's word on the node that this machine goes on as,
// asked for unless it was given before.
func (n *Node) succession(ctx context.Context) (*succession, error) {
	dir := n.Store.Dir()
	s, err := loadSuccession(dir)
	if err != nil || len(s.Certificate) > 0 {
		return s, err
	}
	if s.Request == "" {
		number := make([]byte, 16)
		if _, err := rand.Read(number); err != nil {
			return nil, err
		}
		s.Request = hex.EncodeToString(number)
		if err := s.save(dir); err != nil {
			return nil, err
		}
	}
	point("succession.request.written")
	place := trust.Place{County: n.self.County(), Node: n.self.Node, Tier: n.self.Tier, Division: n.self.Division}
	req, err := trust.NewEnrolRequest(n.own.Load().keys, place, succeedToken+s.Request, n.certificateNames())
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	answer, err := n.askAbove(ctx, succeedPath, body)
	if err != nil {
		return nil, err
	}
	if err := n.checkSuccessor(answer); err != nil {
		return nil, fmt.Errorf("succession: the county's answer: %w", err)
	}
	s.renewed = *answer
	err = s.save(dir)
	point("succession.answer.written")
	return s, err
}

// loadSuccession reads a succession under way; without one its fields are empty.
func loadSuccession(dir string) (*succession, error) {
	s := new(succession)
	raw, err := os.ReadFile(filepath.Join(dir, successionFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, s)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", successionFile, err)
	}
	return s, nil
}

func (s *succession) save(dir string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return writeDurably(dir, successionFile, b)
}

// checkSuccessor refuses an answer that is not about this machine.
func (n *Node) checkSuccessor(w *renewed) error {
	c, have := w.Credential.Credential, n.own.Load().credential.Credential
	if c.Node == have.Node || c.Ordinal == have.Ordinal || c.Tier != have.Tier || c.Division != have.Division || !bytes.Equal(c.SignKey, have.SignKey) {
		return trust.ErrMalformed
	}
	if _, err := n.own.Load().keys.Certificate(w.Certificate); err != nil {
		return err
	}
	return n.Trust().VerifyCredential(w.Credential, n.now())
}

// takeUpSuccession makes the directory that of the machine's next node.
func (n *Node) takeUpSuccession(ctx context.Context, s *succession) error {
	dir := n.Store.Dir()
	m, err := LoadMembership(dir)
	if err != nil {
		return err
	}
	if err := n.Store.Succeed(ctx, s.Credential.Credential.Node); err != nil {
		return err
	}
	point("succession.noted")
	m.Predecessors = append(m.Predecessors, n.self.Node)
	m.Credential, m.Certificate, m.Trust = s.Credential, s.Certificate, n.Trust()
	if err := m.write(dir); err != nil {
		return err
	}
	point("succession.membership.written")
	n.log.Info("this node was restored from a backup and goes on under a new id", "was", n.self.Node, "is", s.Credential.Credential.Node)
	return os.Remove(filepath.Join(dir, successionFile))
}

// settleSuccession ends a succession that was cut off when it was all but done.
func settleSuccession(dir, is string) error {
	s, err := loadSuccession(dir)
	if err != nil || s.Credential.Credential.Node != is {
		return err
	}
	return os.Remove(filepath.Join(dir, successionFile))
}

// IsOrWas tells whether a membership's machine is a node, or was it before.
func (m *Membership) IsOrWas(id string) bool {
	return m.Credential.Credential.Node == id || slices.Contains(m.Predecessors, id)
}

// serveSuccession answers a restored node that asks to go on as another.
func (n *Node) serveSuccession(w http.ResponseWriter, r *http.Request) {
	n.serveSigning(w, r, func(ctx context.Context, peer trust.Peer, body []byte) (*renewed, error) {
		req, err := trust.DecodeEnrolRequest(body)
		if err != nil {
			return nil, &store.Refused{Code: "malformed", ZH: "请求格式有误", EN: err.Error()}
		}
		return n.succeedFor(ctx, peer, req)
	})
}

// succeedFor enrols a machine a second time, under the next ordinal of its
// division. Its keys are those it has; the request proves that.
func (n *Node) succeedFor(ctx context.Context, peer trust.Peer, req trust.EnrolRequest) (*renewed, error) {
	place := req.Place()
	known, err := n.mayRenew(ctx, peer, place)
	if err != nil {
		return nil, err
	}
	number, ok := strings.CutPrefix(req.Token, succeedToken)
	switch {
	case !ok || len(number) != 32:
		return nil, &store.Refused{Code: "malformed", ZH: "请求格式有误", EN: "the request has no number"}
	case known.Tier == node.County:
		return nil, &store.Refused{Code: "hub_restored", ZH: "县中心进程不以此方式恢复", EN: "a hub is not restored this way"}
	case !bytes.Equal(req.SignKey, known.SignKey):
		return nil, &store.Refused{Code: "signature", ZH: "请求的签名与该节点现有密钥不符", EN: "the request is not signed with the node's present key"}
	}
	signed, err := n.enrolSuccessor(ctx, known, succeedToken+place.Node+"-"+number)
	if err != nil {
		return nil, err
	}
	w := &renewed{Credential: signed}
	place.Node = signed.Credential.Node
	if w.Certificate, err = n.county.now().CertificateAs(rand.Reader, req, place, n.now(), credentialLife); err != nil {
		return nil, fmt.Errorf("succession: %w", err)
	}
	n.log.Info("a restored node goes on under a new id", "was", known.Node, "is", place.Node)
	return w, nil
}

// enrolSuccessor records the enrolment, once for each key.
func (n *Node) enrolSuccessor(ctx context.Context, known *store.Node, key string) (trust.SignedCredential, error) {
	if e, err := n.Store.Entry(ctx, n.ActionID(string(identity.System), key)); err == nil {
		return enrolledBy(e)
	} else if !errors.Is(err, store.ErrNotFound) {
		return trust.SignedCredential{}, err
	}
	ordinal, err := n.Store.NextOrdinal(ctx, known.Division)
	if err != nil {
		return trust.SignedCredential{}, err
	}
	if ordinal > maxOrdinal {
		return trust.SignedCredential{}, &store.Refused{Code: "ordinals_used_up", ZH: "该单位的节点序号已用完（99 个），不能再登记", EN: "the division has used up its 99 ordinals; no more nodes can be enrolled"}
	}
	now, c := n.now(), known.Credential
	c.Node, c.Ordinal = NodeID(known.Division, ordinal), ordinal
	c.IssuedAt, c.ExpiresAt = now.Add(-credentialLead).UnixMilli(), now.Add(credentialLife).UnixMilli()
	signed, err := n.county.now().SignCredential(c)
	if err != nil {
		return trust.SignedCredential{}, fmt.Errorf("succession: %w", err)
	}
	r, err := n.Record(ctx, Action{Actor: identity.Actor{Staff: string(identity.System), Role: identity.System}, Kind: ledger.NodeEnrol, Key: key,
		Body: &ledger.NodeEnrolV1{Credential: signed.Credential, Root: signed.Sig, Name: known.Name, Federation: known.Federation, Peer: known.Peer, Succeeds: known.Node}})
	if err != nil {
		return signed, err
	}
	// Another hub may have been asked the same a moment before.
	e, err := n.Store.Entry(ctx, r.ID)
	if err != nil {
		return signed, err
	}
	return enrolledBy(e)
}

// maxOrdinal is the last of a division's nodes: case numbers have two digits
// for it.
const maxOrdinal = 99

func enrolledBy(e *store.EntryView) (trust.SignedCredential, error) {
	body, err := e.Decode()
	if err != nil {
		return trust.SignedCredential{}, err
	}
	b, ok := body.(*ledger.NodeEnrolV1)
	if !ok {
		return trust.SignedCredential{}, fmt.Errorf("succession: entry %s is a %s", e.ID, e.Kind)
	}
	return trust.SignedCredential{Credential: b.Credential, Sig: b.Root}, nil
}
