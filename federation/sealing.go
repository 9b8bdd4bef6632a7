package federation

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

// Documents are signed here: with a seal where one is due, and with this node's
// own key where none is. A department's seal can be used at any hub, a
// township's at its node; see trust/sealkeys.go for where their keys are.

var (
	errNoSeals     = &store.Refused{Code: "seal_elsewhere", ZH: "村级节点没有电子印章：部门印章在县中心、乡镇印章在乡镇节点启用和使用", EN: "a village has no seal: departments' are at the county, a township's at the township"}
	errSealMissing = &store.Refused{Code: "seal_missing", ZH: "该单位尚未启用电子印章：部门印章由县中心管理员启用，乡镇印章由乡镇负责人启用", EN: "there is no seal yet: the county's operator makes a department's, the township's leader the township's"}
	errSealOld     = &store.Refused{Code: "seal_renew", ZH: "签发该印章的密钥已更换，请重新启用电子印章后再盖章", EN: "the keys that stood behind this seal were replaced; make the seal anew"}
)

// MakeSeal makes the next seal of a department, or with an empty department that
// of the township whose node this is. A refusal is a *store.Refused.
func (n *Node) MakeSeal(ctx context.Context, actor identity.Actor, department, key string) (store.Result, error) {
	n.sealing.Lock()
	defer n.sealing.Unlock()
	c, err := n.nextSeal(ctx, department)
	if err != nil {
		return store.Result{}, err
	}
	private, err := n.sealKey(c)
	if err != nil {
		return store.Result{}, err
	}
	c.Public = private.Public().(trust.PublicKey)
	var sig []byte
	if department != "" {
		sig, err = n.county.now().SignSeal(c)
	} else {
		sig, err = n.own.Load().keys.SignSeal(c)
	}
	if err != nil {
		return store.Result{}, err
	}
	return n.Record(ctx, Action{Actor: actor, Kind: ledger.SealMake, Key: key, Body: &ledger.SealMakeV1{Certificate: c, Sig: sig}})
}

// nextSeal is the certificate of a holder's next seal, without its key.
func (n *Node) nextSeal(ctx context.Context, department string) (identity.SealCertificate, error) {
	c := identity.SealCertificate{County: n.self.County(), Division: n.self.Division, Department: department, IssuedAt: n.now().UnixMilli()}
	switch {
	case n.county != nil && department == "":
		return c, &store.Refused{Code: "department_needed", ZH: "请指明启用哪个部门的电子印章", EN: "say which department's seal"}
	case n.county == nil && (department != "" || n.self.Tier != node.Township):
		return c, errNoSeals
	case n.county == nil:
		c.Signer = n.self.Node
	}
	last, err := n.Store.SealGeneration(ctx, c.Division, department)
	c.Generation = last + 1
	return c, err
}

// sealKey is the private key of a seal that this node holds.
func (n *Node) sealKey(c identity.SealCertificate) (trust.PrivateKey, error) {
	if c.Department != "" {
		if n.county == nil {
			return nil, errNoSeals
		}
		return n.county.now().SealKey(c.Department, c.Generation)
	}
	return n.own.Load().keys.SealKey(string(c.Division), c.Generation)
}

// SealCode signs a document's code with the seal in use: at a hub the
// department's, at a township its own. A refusal is a *store.Refused.
func (n *Node) SealCode(ctx context.Context, code *proof.Code, department string) error {
	switch n.self.Tier {
	case node.Village:
		return errNoSeals
	case node.Township:
		department = ""
	}
	s, err := n.Store.SealOf(ctx, n.self.Division, department)
	if errors.Is(err, store.ErrNotFound) {
		return errSealMissing
	}
	if err != nil {
		return err
	}
	private, err := n.sealKey(s.Certificate)
	if err != nil {
		return err
	}
	if !trust.PublicKey(s.Certificate.Public).Equal(private.Public()) {
		return errSealOld
	}
	return code.Sign(private)
}

// SealOutdated tells of a seal in use whether the keys that stood behind it were
// replaced, so that it has to be made anew before anything is sealed.
func (n *Node) SealOutdated(ctx context.Context, s *store.Seal) (bool, error) {
	c := s.Certificate
	if c.Department != "" && n.county != nil || c.Department == "" && n.self.Tier == node.Township && c.Division == n.self.Division {
		private, err := n.sealKey(c)
		return err == nil && !trust.PublicKey(c.Public).Equal(private.Public()), err
	}
	by := n.Trust().Roots[0]
	if c.Signer != "" {
		signer, err := n.Store.Node(ctx, c.Signer)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil // of another township this node may know nothing
		}
		if err != nil || signer.RevokedAt > 0 {
			return err == nil, err
		}
		by = signer.SignKey
	}
	message, err := c.Message()
	return err == nil && !ed25519.Verify(by, message, s.Sig), err
}

// SignCode signs a document's code with this node's own key.
func (n *Node) SignCode(code *proof.Code) error { return code.Sign(n.own.Load().keys.Sign) }

// Keyring is everything public that this node knows for checking documents.
func (n *Node) Keyring(ctx context.Context) (trust.Keyring, error) {
	chain, err := n.provedChain(ctx)
	if err != nil {
		return trust.Keyring{}, err
	}
	nodes, known, err := n.ringNodes(ctx)
	if err != nil {
		return trust.Keyring{}, err
	}
	all, err := n.Store.Seals(ctx)
	if err != nil {
		return trust.Keyring{}, err
	}
	var seals []trust.RingSeal
	for _, s := range all {
		// Of another township's node this one may know nothing.
		if s.Certificate.Signer == "" || known[s.Certificate.Signer] {
			seals = append(seals, trust.RingSeal{Certificate: s.Certificate, Sig: s.Sig, EndedAt: s.EndedAt, RevokedAt: s.RevokedAt, Reason: s.Reason})
		}
	}
	asOf := n.now().UnixMilli()
	if n.hub == nil {
		if asOf, err = n.Store.LastRecorded(ctx); err != nil {
			return trust.Keyring{}, err
		}
	}
	return trust.NewKeyring(n.self.County(), asOf, chain, nodes, seals), nil
}

// provedChain is the county's chain of bundles, each once.
func (n *Node) provedChain(ctx context.Context) ([]trust.SignedTrust, error) {
	if n.county != nil {
		return n.county.now().Chain(), nil
	}
	known, err := n.knownChain(ctx)
	if err != nil {
		return nil, err
	}
	var chain []trust.SignedTrust
	serial := int64(0)
	for _, link := range known {
		t, err := trust.DecodeTrust(link.Bundle)
		if err != nil {
			return nil, fmt.Errorf("county keys in the ledger: %w", err)
		}
		if t.Serial > serial {
			chain, serial = append(chain, link), t.Serial
		}
	}
	return chain, nil
}

func (n *Node) ringNodes(ctx context.Context) (nodes []trust.RingNode, known map[string]bool, err error) {
	vouched, err := n.Store.Vouched(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := n.Store.NodesWithin(ctx, division.Code(n.self.County()))
	if err != nil {
		return nil, nil, err
	}
	standing := make(map[string]store.Node, len(all))
	for _, one := range all {
		standing[one.Node] = one
	}
	known = map[string]bool{}
	for _, v := range vouched {
		now := standing[v.Credential.Node]
		nodes = append(nodes, trust.RingNode{Credential: v.Credential, Sig: v.Root, Name: now.Name, RevokedAt: now.RevokedAt, Reason: now.Reason})
		known[v.Credential.Node] = true
	}
	return nodes, known, nil
}
