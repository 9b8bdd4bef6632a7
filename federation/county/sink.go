package county

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"

	"github.com/hashicorp/raft"
)

// sink takes in one snapshot: by refer when it is our own, by Write when a peer
// sends it. What a peer sends is checked as it arrives and gets its name only
// when all of it is right.
type sink struct {
	s    *snapshotStore
	meta raft.SnapshotMeta
	path string
	file *os.File
	to   io.Writer // the file, by way of what seals it

	head   bytes.Buffer // the header record until it is complete
	header *Header
	sum    hash.Hash
	size   int64
	own    bool

	once sync.Once
	err  error
}

var _ raft.SnapshotSink = (*sink)(nil)

func newSink(s *snapshotStore, meta raft.SnapshotMeta) (*sink, error) {
	f, err := os.CreateTemp(s.tmp, "incoming-")
	if err != nil {
		return nil, fmt.Errorf("create snapshot: %w", err)
	}
	k := &sink{s: s, meta: meta, path: f.Name(), file: f, sum: sha256.New()}
	b, err := encodeRecord(meta)
	if err == nil {
		k.to, err = s.key.Writer(f)
	}
	if err == nil {
		_, err = k.to.Write(b)
	}
	if err != nil {
		k.Cancel()
		return nil, fmt.Errorf("create snapshot: %w", err)
	}
	return k, nil
}

// ID implements raft.SnapshotSink.
func (k *sink) ID() string { return k.meta.ID }

// refer makes this our own snapshot: a reference to the database, which
// contains every command up to the snapshot once it has reached applied.
func (k *sink) refer(applied uint64) error {
	k.own = true
	h := Header{Format: headerFormat, Cluster: k.s.cluster, Index: k.meta.Index, Term: k.meta.Term, Applied: min(applied, k.meta.Index)}
	_, before, err := k.s.newest()
	if err != nil {
		return err
	}
	if before.Covered > h.Index {
		h.Covered = before.Covered
	}
	k.header = &h
	b, err := encodeRecord(h)
	if err != nil {
		return err
	}
	_, err = k.to.Write(b)
	return err
}

// Write implements raft.SnapshotSink for what a peer sends.
func (k *sink) Write(b []byte) (int, error) {
	all := len(b)
	if k.header == nil {
		k.head.Write(b)
		record := k.head.Bytes()
		if len(record) >= recordOverhead && binary.BigEndian.Uint32(record[4:8]) > maxRecord {
			return 0, fmt.Errorf("receive snapshot: %w: not a header", ErrSnapshotDamaged)
		}
		if len(record) < recordOverhead || len(record) < recordOverhead+int(binary.BigEndian.Uint32(record[4:8])) {
			return all, nil
		}
		if err := k.accept(); err != nil {
			return 0, fmt.Errorf("receive snapshot: %w", err)
		}
		b = k.head.Bytes()
	}
	k.size += int64(len(b))
	if k.size > k.header.Size {
		return 0, fmt.Errorf("receive snapshot: %w: longer than its header says", ErrSnapshotDamaged)
	}
	k.sum.Write(b)
	if _, err := k.to.Write(b); err != nil {
		return 0, fmt.Errorf("receive snapshot: %w", err)
	}
	return all, nil
}

// accept takes the complete header off k.head, checks it and writes it down.
func (k *sink) accept() error {
	h, err := readHeader(&k.head)
	if err != nil {
		return err
	}
	switch {
	case h.Cluster != k.s.cluster:
		return fmt.Errorf("%w: snapshot of %q", ErrForeign, h.Cluster)
	case h.Index != k.meta.Index || h.Term != k.meta.Term || h.Size == 0:
		return fmt.Errorf("%w: header does not belong to what was announced", ErrSnapshotDamaged)
	case h.Schema > schemaOf(k.s.sm):
		return fmt.Errorf("%w: schema %d", ErrNewer, h.Schema)
	}
	if k.s.log != nil {
		if err := k.s.log.makeWay(h.Index, h.Term); err != nil {
			return err
		}
	}
	// Our database may be ahead of the snapshot since it was last taken from a
	// peer, and must not then be taken for one whose log was lost. How far the
	// sender's ran ahead says nothing about ours.
	_, before, err := k.s.newest()
	if err != nil {
		return err
	}
	h.Covered = 0
	if before.Covered > h.Index {
		h.Covered = before.Covered
	}
	k.header = &h
	b, err := encodeRecord(h)
	if err != nil {
		return err
	}
	_, err = k.to.Write(b)
	return err
}

// Close implements raft.SnapshotSink: the snapshot is durable and the newest
// when it returns nil.
func (k *sink) Close() error {
	k.once.Do(func() { k.err = k.finish() })
	return k.err
}

func (k *sink) finish() error {
	defer os.Remove(k.path)
	err := k.complete()
	if err == nil {
		err = k.file.Sync()
	}
	if err := errors.Join(err, k.file.Close()); err != nil {
		return fmt.Errorf("finish snapshot: %w", err)
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	ids, err := k.s.ids()
	if err != nil {
		return err
	}
	// raft takes snapshots beside installing them; one of our own that is
	// overtaken by a peer's must not set it back.
	if len(ids) > 0 && ids[len(ids)-1] > k.meta.ID {
		return fmt.Errorf("finish snapshot: a newer one was installed meanwhile")
	}
	return k.s.publish(k.path, k.meta.ID)
}

func (k *sink) complete() error {
	if k.header == nil {
		return fmt.Errorf("%w: ends within its header", ErrSnapshotDamaged)
	}
	if k.own {
		return nil
	}
	if k.size != k.header.Size || hex.EncodeToString(k.sum.Sum(nil)) != k.header.SHA256 {
		return fmt.Errorf("%w: %d bytes do not match the header", ErrSnapshotDamaged, k.size)
	}
	return nil
}

// Cancel implements raft.SnapshotSink.
func (k *sink) Cancel() error {
	k.once.Do(func() {
		k.err = errors.New("snapshot was cancelled")
		k.file.Close()
		os.Remove(k.path)
	})
	return nil
}
