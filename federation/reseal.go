package federation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/blob"
)

// Sealed tells whether a node's databases are sealed with a key: atrest.ErrClear
// and atrest.ErrOtherKey are the ways in which they are not.
func Sealed(dir string, k *atrest.Key) error { return store.CheckSealed(dir, k) }

// Reseal seals everything that a stopped node keeps, and that stands under one
// storage key (nil: in the clear), with another. It may be stopped anywhere and
// run again with the same keys, and does nothing where all is done.
func Reseal(ctx context.Context, dir string, from, to *atrest.Key) error {
	if to == nil {
		return errors.New("a storage key is needed to seal with")
	}
	// What a node that was killed had begun, in the clear, and would clear away
	// when it starts.
	for _, leftover := range []string{"download-*", "archive-*", "restore-*", "carry-*"} {
		paths, err := filepath.Glob(filepath.Join(dir, leftover))
		if err != nil {
			return err
		}
		for _, path := range paths {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("seal the data: %w", err)
			}
		}
	}
	for _, part := range []func() error{
		func() error { return store.Resealable(dir, from, to) },
		func() error { return county.Reseal(filepath.Join(dir, "raft"), from, to) },
		func() error { return blob.Reseal(ctx, filepath.Join(dir, "attachments"), from, to) },
		func() error { return store.Reseal(ctx, dir, from, to) },
	} {
		if err := part(); err != nil {
			return fmt.Errorf("seal the data: %w", err)
		}
	}
	return nil
}

// SealKeys has a node's own keys sealed with its storage key, those that lie
// there and all that come. A hub's are not: see trust.SealKeys.
func SealKeys(dir string, tier node.Tier, k *atrest.Key) error {
	if tier == node.County {
		return nil
	}
	trust.SealKeys(dir, k)
	return filepath.WalkDir(filepath.Join(dir, keysFolder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != trust.NodeKeyFile {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		keys, err := trust.LoadNode(filepath.Dir(path))
		if err != nil {
			return err
		}
		if trust.SealedWith(path, k) {
			return nil
		}
		return keys.Replace(filepath.Dir(path))
	})
}
