package store

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/store/fault"
)

// treeCache grows the Merkle tree of the county's ledger. Each record's row
// keeps the hashes that adding it completed; the cache keeps the few at the
// tree's right edge, so that growing it reads nothing.
type treeCache struct {
	w     *writer
	known map[int64]tlog.Hash
}

const maxTreeCache = 1 << 14

func newTreeCache(w *writer) *treeCache { return &treeCache{w: w, known: map[int64]tlog.Hash{}} }

// forget drops what a rolled-back transaction may have put in.
func (t *treeCache) forget() { clear(t.known) }

// add computes the hashes that record n (from 0) adds and returns them in the
// form in which its row stores them.
func (t *treeCache) add(ctx context.Context, n int64, leaf tlog.Hash) ([]byte, error) {
	if len(t.known) > maxTreeCache {
		t.forget()
	}
	hashes, err := tlog.StoredHashesForRecordHash(n, leaf, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		return t.readHashes(ctx, indexes)
	}))
	if err != nil {
		return nil, fmt.Errorf("store: tree at record %d: %w", n, err)
	}
	fault.Point("store.county.entry")
	stored := make([]byte, 0, len(hashes)*tlog.HashSize)
	for level, h := range hashes {
		stored = append(stored, h[:]...)
		t.known[tlog.StoredHashIndex(level, n>>level)] = h
	}
	return stored, nil
}

func (t *treeCache) readHashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if h, ok := t.known[at]; ok {
			out[i] = h
			continue
		}
		h, err := storedHash(at, func(idx int64) scanner { return t.w.row(ctx, selectTree, idx) })
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

// treePlace finds a stored hash: the index of the record whose row holds it,
// and its place among that row's hashes.
func treePlace(stored int64) (idx int64, offset int) {
	level, n := tlog.SplitStoredHashIndex(stored)
	return (n + 1) << level, level
}

const selectTree = `SELECT tree FROM entries WHERE idx = ?`

// storedHash reads one of the tree's stored hashes from the record that
// completed it; tree reads what selectTree selects.
func storedHash(at int64, tree func(idx int64) scanner) (h tlog.Hash, err error) {
	var stored []byte
	idx, offset := treePlace(at)
	if err := tree(idx).Scan(&stored); err != nil {
		return h, storage("read tree", err)
	}
	if len(stored) < (offset+1)*tlog.HashSize {
		return h, fmt.Errorf("store: a record's tree hashes are incomplete")
	}
	copy(h[:], stored[offset*tlog.HashSize:])
	return h, nil
}
