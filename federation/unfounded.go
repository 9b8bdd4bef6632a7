package federation

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
)

// A county's first directory is written in an order in which it may be cut off
// anywhere: the keys aside first, the membership then, and at last the keys in
// their place. What lies aside was never used without a membership. Until the hub
// has been started once the county is nobody's, and init may be run again: for an
// end that was cut off, or for a password that nobody has read.

// foundingKeys is where a new county's keys lie until they are in their place.
const foundingKeys = "keys.new"

func (m *Membership) saveFounding(dir string) error {
	keys, aside := filepath.Join(dir, keysFolder), filepath.Join(dir, foundingKeys)
	if left, err := os.ReadDir(keys); err == nil && len(left) > 0 {
		return fmt.Errorf("%s: %w", keys, ErrKeysLeft)
	}
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := m.Keys.Create(aside); err != nil {
		return err
	}
	point("init.node.keys")
	if err := m.County.Create(aside); err != nil {
		return err
	}
	point("init.county.keys")
	if err := m.write(dir); err != nil {
		return err
	}
	point("init.membership")
	return placeFoundingKeys(dir)
}

func placeFoundingKeys(dir string) error {
	keys := filepath.Join(dir, keysFolder)
	if err := os.Remove(keys); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one
		return err
	}
	if err := os.Rename(filepath.Join(dir, foundingKeys), keys); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Unfounded is the membership of a county's first hub that was never started, with
// its keys in their place; nil for any other directory.
func Unfounded(dir string) (*Membership, error) {
	raw, err := os.ReadFile(filepath.Join(dir, membershipFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := readMembership(raw)
	if err != nil || m.Genesis == nil || !errors.Is(Vacant(dir), ErrEnrolled) || dataIn(dir) != "" {
		return nil, nil
	}
	if _, err := os.Stat(filepath.Join(dir, keysFolder, trust.NodeKeyFile)); errors.Is(err, fs.ErrNotExist) {
		if err := placeFoundingKeys(dir); err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
	}
	return LoadMembership(dir)
}

// FoundAnew gives a county that nobody has founded yet another first operator, and
// its first hub a certificate for the names it has now.
func (m *Membership) FoundAnew(rand io.Reader, dir, name string, names []string, g Genesis, now time.Time) error {
	c := m.Credential.Credential
	certificate, err := m.County.IssueCertificate(rand, trust.Place{County: c.Division.County(), Node: c.Node, Tier: node.County, Division: c.Division}, &m.Keys.TLS.PublicKey, names, now, credentialLife)
	if err != nil {
		return err
	}
	m.Name, m.Certificate, m.Genesis = name, certificate, &g
	return m.write(dir)
}
