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
	if err := writeDurably(dir, unstartedFile, nil); err != nil {
		return err
	}
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
	if err := writeDurably(dir, unstartedFile, nil); err != nil {
		return err
	}
	return m.write(dir)
}

// ErrFoundedElsewhere is a membership that was copied between init and the first start,
// in a directory that has nothing else of a county.
var ErrFoundedElsewhere = errors.New("这份 membership.json 是组建县中心后、首次启动前保存的副本，而本目录没有数据库：直接启动会用同一套密钥组建一个空的县，已拒绝。县中心运行过的，请先用 tongban restore 恢复备份再启动；从未启动过、确要在本机组建的，请再运行一次 tongban init (this membership.json was copied between init and the first start, and there is no database here: a start would found an empty county under the same keys, and was refused. If the county has run, restore a backup with tongban restore first; if it was never started and is to be founded here, run tongban init once more)")

// MayFound refuses to found a county from a membership alone: it is founded where init
// was run, or goes on where its database is.
func (m *Membership) MayFound(dir string) error {
	if m.Genesis == nil || dataIn(dir) != "" {
		return nil
	}
	_, err := os.Stat(filepath.Join(dir, unstartedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", dir, ErrFoundedElsewhere)
	}
	return err
}
