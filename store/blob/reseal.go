package blob

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

// Reseal seals the attachments of a stopped node, which stand under one key
// (nil: in the clear), with another, each by one rename: it may be stopped
// anywhere and run again. What neither key opens is left: the store will find it
// damaged.
func Reseal(ctx context.Context, dir string, from, to *atrest.Key) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path == dir:
			return fs.SkipAll
		case err != nil:
			return err
		case d.IsDir() || !d.Type().IsRegular():
			return ctx.Err()
		}
		if filepath.Base(filepath.Dir(path)) == scratchDir {
			return os.Remove(path)
		}
		if err := resealFile(dir, path, from, to); err != nil {
			return fmt.Errorf("seal attachment %s: %w", filepath.Base(path), err)
		}
		return nil
	})
}

func resealFile(dir, path string, from, to *atrest.Key) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, atrest.HeadBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	head = head[:n]
	if _, err := to.Stream(head); err == nil || from == nil && atrest.Sealed(head) {
		return nil // done before, or another's
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	content, err := from.Reader(f)
	if errors.Is(err, atrest.ErrClear) || errors.Is(err, atrest.ErrOtherKey) {
		return nil
	}
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Join(dir, scratchDir), "seal-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	w, err := to.Writer(temp)
	if err == nil {
		_, err = io.Copy(w, content)
	}
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	fault.Point("blob.reseal.copied")
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
