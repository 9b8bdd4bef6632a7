package federation

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tongban/tongban/federation/seal"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store"
)

// SealBackup seals a backup that is written to it, so that this node can read
// it, and whoever has the county's root key: a hub, and what was put in the
// safe. Close ends it.
func (n *Node) SealBackup(w io.Writer) (io.WriteCloser, error) {
	return seal.Create(w, seal.Header{Kind: seal.Backup, County: n.self.County(), From: n.self.Node, MadeAt: n.now().UnixMilli()},
		n.own.Load().keys.SignPublic(), n.Trust().Roots[0])
}

// OpenBackup reads a sealed backup with the keys in these folders: a node's
// data directory, or a copy of its keys.
func OpenBackup(r io.Reader, folders ...string) (io.Reader, error) {
	keys, err := openingKeys(folders)
	if err != nil {
		return nil, err
	}
	return openBackup(r, keys)
}

// OpenBackup reads a sealed backup with this node's keys, and at a hub with the
// county's.
func (n *Node) OpenBackup(r io.Reader) (io.Reader, error) {
	keys, err := openingKeys([]string{n.Store.Dir()})
	if err != nil {
		return nil, err
	}
	return openBackup(r, append(keys, n.own.Load().keys.Sign))
}

func openBackup(r io.Reader, keys []ed25519.PrivateKey) (io.Reader, error) {
	h, content, err := seal.Open(r, func(h seal.Header) error {
		if h.Kind != seal.Backup {
			return fmt.Errorf("%w: %s", store.ErrArchiveMalformed, h.Kind)
		}
		return nil
	}, keys...)
	switch {
	case errors.Is(err, seal.ErrNotForUs):
		return nil, fmt.Errorf("%s 的备份须用该节点的密钥或县级密钥打开，可用 --keys 指明密钥目录 (the backup of %s opens with that node's keys or the county's; --keys names a folder with them): %w", h.From, h.From, err)
	case errors.Is(err, seal.ErrNotSealed):
		return nil, fmt.Errorf("%w: %w", store.ErrArchiveMalformed, err)
	}
	return content, err
}

// openingKeys are the keys in folders, or in the keys folder within each, that
// open what is sealed for a node or for the county.
func openingKeys(folders []string) ([]ed25519.PrivateKey, error) {
	var keys []ed25519.PrivateKey
	for _, folder := range folders {
		for _, dir := range []string{folder, filepath.Join(folder, keysFolder)} {
			if there(dir, trust.NodeKeyFile) {
				k, err := trust.LoadNode(dir)
				if err != nil {
					return nil, err
				}
				keys = append(keys, k.Sign)
			}
			if there(dir, trust.CountyKeyFile) {
				k, err := trust.LoadCounty(dir)
				if err != nil {
					return nil, err
				}
				keys = append(keys, k.OpeningKey())
			}
		}
	}
	return keys, nil
}

func there(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}
