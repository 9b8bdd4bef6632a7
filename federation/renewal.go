package federation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store/fault"
)

// A renewal under way lies in keys/renewal until it is done: the new keys
// first, then the county's word for them. The entry that tells of them stands
// between the old keys and the new: what is found in the folder is taken up
// when this node's ledger has that entry, and not before.

const (
	renewalFolder = "renewal"
	renewedFile   = "renewed.json"
)

// point is a moment at which a renewal may be cut off. A test of this package
// sets it.
var point = fault.Point

// renewal is what will replace a node's keys.
type renewal struct {
	keys *trust.NodeKeys
	renewed
}

// renewed is the county's word for new keys.
type renewed struct {
	Credential  trust.SignedCredential `json:"credential"`
	Certificate []byte                 `json:"certificate"`
	// Authority is who signed a certificate for a local network (lan.go).
	Authority []byte `json:"authority,omitempty"`
}

func renewalDir(dir string) string { return filepath.Join(dir, keysFolder, renewalFolder) }

// loadRenewal reads a renewal under way; nil when there is none. Without the
// county's word only its keys are set.
func loadRenewal(dir string) (*renewal, error) {
	folder := renewalDir(dir)
	if _, err := os.Stat(filepath.Join(folder, trust.NodeKeyFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	keys, err := trust.LoadNode(folder)
	if err != nil {
		return nil, fmt.Errorf("new keys of this node: %w", err)
	}
	r := &renewal{keys: keys}
	raw, err := os.ReadFile(filepath.Join(folder, renewedFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, nil
	case err != nil:
		return nil, fmt.Errorf("new keys of this node: %w", err)
	}
	if r.renewed, err = readRenewed(raw); err != nil {
		return nil, fmt.Errorf("new keys of this node: %s: %w", renewedFile, err)
	}
	return r, nil
}

func readRenewed(raw []byte) (renewed, error) {
	var w renewed
	err := json.Unmarshal(raw, &w)
	return w, err
}

// vouched tells whether the county has given its word for the keys.
func (r *renewal) vouched() bool {
	return r != nil && len(r.Credential.Credential.SignKey) > 0
}

// is tells whether a renewal's signing key is the given one.
func (r *renewal) is(public []byte) bool {
	return r != nil && r.keys.SignPublic().Equal(trust.PublicKey(public))
}

// saveRenewed keeps the county's word beside the new keys.
func saveRenewed(dir string, w renewed) error {
	b, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return err
	}
	return writeDurably(renewalDir(dir), renewedFile, b)
}

// takeUp puts a renewal in the place of a membership's keys, beside the county's
// as they are known now, which may have signed it. It may be
// repeated: until the folder is gone, it is begun anew at every start.
func (m *Membership) takeUp(dir string, r *renewal, known trust.CountyTrust) error {
	if err := r.keys.Replace(filepath.Join(dir, keysFolder)); err != nil {
		return err
	}
	point("renew.keys.replaced")
	m.Keys, m.Credential, m.Certificate, m.Trust = r.keys, r.Credential, r.Certificate, known
	if err := m.write(dir); err != nil {
		return err
	}
	point("renew.membership.replaced")
	return os.RemoveAll(renewalDir(dir))
}
