package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/fault"
)

// Reseal seals a stopped node's databases, which stand under one key (nil: in
// the clear), with another. Each is copied beside itself, checked and put in its
// own place by one rename: after a crash it is whole, under the one key or the
// other, and Reseal goes on where it was.
func Reseal(ctx context.Context, dir string, from, to *atrest.Key) error {
	for _, name := range []string{stateFile, localFile} {
		if err := resealDatabase(ctx, filepath.Join(dir, name), from, to); err != nil {
			return fmt.Errorf("seal %s: %w", name, err)
		}
	}
	return nil
}

func resealDatabase(ctx context.Context, path string, from, to *atrest.Key) error {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Size() == 0:
		return nil
	case err != nil:
		return err
	}
	if to.CheckDatabase(path) == nil {
		return nil // done before
	}
	if err := from.CheckDatabase(path); err != nil {
		return err
	}
	if err := leaveAsOneFile(ctx, from, path); err != nil {
		return err
	}
	temp := path + ".resealed"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	content, err := openCopy(from, path)
	if err != nil {
		return err
	}
	err = writeDurably(temp, content, func(w io.Writer) io.WriteCloser { return to.DatabaseWriter(w) })
	if err := errors.Join(err, content.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := sound(ctx, to, temp); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	fault.Point("store.reseal.copied")
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	fault.Point("store.reseal.renamed")
	return syncDir(path)
}

// leaveAsOneFile plays a database's log back into it and removes it.
func leaveAsOneFile(ctx context.Context, k *atrest.Key, path string) error {
	db, err := connect(k, path, "_locking_mode", "EXCLUSIVE", "_busy_timeout", "0", "_synchronous", "FULL")
	if err != nil {
		return err
	}
	defer db.Close()
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode); err != nil {
		return unreadable(path, err)
	}
	if mode != "delete" {
		return fmt.Errorf("%w: journal mode stays %s", ErrRunning, mode)
	}
	return nil
}

func sound(ctx context.Context, k *atrest.Key, path string) error {
	db, err := connect(k, path, "mode", "ro")
	if err != nil {
		return err
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil || verdict != "ok" {
		return fmt.Errorf("%w: %s: %s", ErrDamaged, path, verdict)
	}
	return nil
}

// Resealable refuses what Reseal could not open, before anything is touched.
func Resealable(dir string, from, to *atrest.Key) error {
	for _, name := range []string{stateFile, localFile} {
		path := filepath.Join(dir, name)
		if to.CheckDatabase(path) == nil {
			continue
		}
		err := from.CheckDatabase(path)
		if from == nil && !errors.Is(to.CheckDatabase(path), atrest.ErrClear) {
			err = atrest.ErrOtherKey
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// CheckSealed tells whether a node's databases are sealed with a key.
func CheckSealed(dir string, k *atrest.Key) error {
	return errors.Join(k.CheckDatabase(filepath.Join(dir, stateFile)), k.CheckDatabase(filepath.Join(dir, localFile)))
}
