package county

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"

	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/fault"
)

// Reseal seals a stopped hub's log and snapshots, which stand under one key (nil:
// in the clear), with another. Each file is made anew beside itself and put in
// its own place by one rename: it may be stopped anywhere and run again.
func Reseal(dir string, from, to *atrest.Key) error {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := resealLog(filepath.Join(dir, "raft.db"), from, to); err != nil {
		return fmt.Errorf("seal raft log: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "snapshots", "*"+snapSuffix))
	if err != nil {
		return err
	}
	for _, path := range files {
		if err := resealSnapshot(path, from, to); err != nil {
			return fmt.Errorf("seal %s: %w", filepath.Base(path), err)
		}
	}
	return syncDir(dir)
}

func openLog(path string, k *atrest.Key, readOnly bool) (*diskLog, error) {
	bolt, err := raftboltdb.New(raftboltdb.Options{Path: path, MsgpackUseNewTimeFormat: true,
		BoltOptions: &bbolt.Options{Timeout: lockTimeout, ReadOnly: readOnly, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType}})
	if err != nil {
		return nil, err
	}
	d := &diskLog{bolt: bolt, now: time.Now}
	if k != nil {
		d.seal = k.Records("raft log")
	}
	return d, nil
}

func resealLog(path string, from, to *atrest.Key) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := checkBolt(path); err != nil {
		return err
	}
	if sealedLog(path, to) {
		return nil
	}
	temp := path + ".resealed"
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := copyLog(path, temp, from, to); err != nil {
		return err
	}
	fault.Point("county.reseal.copied")
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// sealedLog tells whether a key opens the log, which it does or does not as a
// whole.
func sealedLog(path string, k *atrest.Key) bool {
	d, err := openLog(path, k, true)
	if err != nil {
		return false
	}
	defer d.Close()
	first, _, err := d.span()
	if err != nil || first == 0 {
		return err == nil
	}
	return d.read(first, new(raft.Log)) == nil
}

func copyLog(path, temp string, from, to *atrest.Key) (err error) {
	old, err := openLog(path, from, true)
	if err != nil {
		return err
	}
	defer old.Close()
	next, err := openLog(temp, to, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, next.Close()) }()
	first, last, err := old.span()
	if err != nil {
		return err
	}
	const batch = 256
	var logs []*raft.Log
	flush := func() error {
		if len(logs) == 0 {
			return nil
		}
		err := next.StoreLogs(logs)
		logs = nil
		return err
	}
	if last > 0 {
		err = old.entries(first, last, func(l *raft.Log) error {
			if from == nil && atrest.SealedRecord(l.Data) {
				return fmt.Errorf("entry %d: %w", l.Index, atrest.ErrOtherKey)
			}
			if logs = append(logs, l); len(logs) < batch {
				return nil
			}
			return flush()
		})
	}
	if err := errors.Join(err, flush()); err != nil {
		return err
	}
	for _, key := range []string{"CurrentTerm", "LastVoteTerm", "LastVoteCand"} {
		v, err := old.Get([]byte(key))
		if errors.Is(err, raftboltdb.ErrKeyNotFound) {
			continue
		}
		if err == nil {
			err = next.Set([]byte(key), v)
		}
		if err != nil {
			return err
		}
	}
	return next.verify()
}

func resealSnapshot(path string, from, to *atrest.Key) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := to.Reader(f); err == nil {
		return nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if from == nil {
		begin := make([]byte, atrest.HeadBytes)
		if _, err := f.ReadAt(begin, 0); err == nil && atrest.Sealed(begin) {
			return atrest.ErrOtherKey
		}
	}
	r, err := from.Reader(f)
	if err != nil {
		return err
	}
	temp := strings.TrimSuffix(path, snapSuffix) + ".resealed"
	err = writeFile(temp, func(w io.Writer) error {
		w, err := to.Writer(w)
		if err == nil {
			_, err = io.Copy(w, r)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
