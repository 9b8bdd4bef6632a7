package store

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/tongban/tongban/node/ledger"
)

// prepareRenewal gives a node the credential of its new key. That the county
// signed it is checked by whoever took the entry in, with the county's keys.
func (a *applier) prepareRenewal(e *ledger.Entry, b *ledger.NodeRenewV1) (func() error, error) {
	c := b.Credential
	same, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM nodes WHERE id = ? AND id = ? AND tier = ? AND division = ? AND ordinal = ?)`,
		e.Origin, c.Node, string(c.Tier), string(c.Division), c.Ordinal)
	if err != nil {
		return nil, err
	}
	if same == 0 {
		return nil, refuse("credential_other", "新凭证不是该节点的", "the new credential is not the node's own")
	}
	return func() error { return a.setCredential(b) }, nil
}

func (a *applier) setCredential(b *ledger.NodeRenewV1) error {
	credential, err := json.Marshal(b.Credential)
	if err != nil {
		return err
	}
	delete(a.s.enrolled, b.Credential.Node)
	a.s.touched = true
	return a.w.exec(a.ctx, `UPDATE nodes SET credential = ?, root = ? WHERE id = ?`, string(credential), b.Root, b.Credential.Node)
}

// keepRenewedKey notes the key that an entry brings, whatever becomes of the
// entry: what its origin signs from then on can be read with this key alone,
// be it only to be refused.
func (a *applier) keepRenewedKey(e *ledger.Entry) error {
	if e.Kind != ledger.NodeRenew {
		return nil
	}
	body, err := e.Decode()
	if err != nil {
		return nil // recorded as malformed; it brings no key
	}
	b, ok := body.(*ledger.NodeRenewV1)
	if !ok || b.Credential.Node != e.Origin {
		return nil
	}
	return a.keepKey(e.Origin, e.Seq+1, b.Credential.SignKey)
}

func (a *applier) keepKey(node string, since uint64, key []byte) error {
	a.s.touched = true
	return a.w.exec(a.ctx, `INSERT OR IGNORE INTO node_keys (node, since, key) VALUES (?, ?, ?)`, node, since, base64.StdEncoding.EncodeToString(key))
}

// undoRenewal gives a node back the credential that stands, when the county
// refused its newest.
func (a *applier) undoRenewal(e *ledger.Entry) error {
	standing, err := a.past(`status = 'applied' AND id <> ? AND (kind = 'node.renew' AND origin = ? OR kind = 'node.enrol')`, e.ID, e.Origin)
	if err != nil {
		return err
	}
	var last *ledger.NodeRenewV1
	for _, p := range standing {
		body, err := p.e.Decode()
		if err != nil {
			return err
		}
		switch b := body.(type) {
		case *ledger.NodeRenewV1:
			last = b
		case *ledger.NodeEnrolV1:
			if b.Credential.Node == e.Origin {
				last = &ledger.NodeRenewV1{Credential: b.Credential, Root: b.Root}
			}
		}
	}
	if last == nil {
		return fmt.Errorf("store: the enrolment of %s is missing", e.Origin)
	}
	return a.setCredential(last)
}
