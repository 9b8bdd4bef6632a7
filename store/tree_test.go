package store_test

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// scratchTree is the hash of a ledger computed anew from its records.
func scratchTree(t testing.TB, s *store.Store) tlog.Hash {
	t.Helper()
	head, err := s.Head(ctx)
	must(t, err)
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = hashes[at]
		}
		return out, nil
	})
	for i := range head {
		line, err := s.RecordAt(ctx, i+1)
		must(t, err)
		more, err := tlog.StoredHashes(int64(i), line, reader)
		must(t, err)
		hashes = append(hashes, more...)
	}
	hash, err := tlog.TreeHash(int64(head), reader)
	must(t, err)
	return hash
}

func TestTree(t *testing.T) {
	c := busyCounty(t)
	hub := c.Hub()
	head := mustHead(t, hub)
	check := func(when string) {
		t.Helper()
		tree, err := hub.Tree(ctx, head)
		must(t, err)
		if tree.Hash != scratchTree(t, hub.Store) {
			t.Errorf("%s: the tree is not the one its records make", when)
		}
	}
	check("grown")
	hub.Reopen()
	check("after a restart")
	tree, err := hub.Tree(ctx, head)
	must(t, err)
	for i := uint64(1); i <= head; i++ {
		line, err := hub.RecordAt(ctx, i)
		must(t, err)
		proof, err := hub.ProveRecord(ctx, head, i)
		must(t, err)
		if err := tlog.CheckRecord(proof, int64(head), tree.Hash, int64(i-1), ledger.LeafHash(line)); err != nil {
			t.Errorf("record %d is not proven: %v", i, err)
		}
		old, err := hub.Tree(ctx, i)
		must(t, err)
		consistent, err := hub.ProveTree(ctx, head, i)
		must(t, err)
		if err := tlog.CheckTree(consistent, int64(head), tree.Hash, int64(i), old.Hash); err != nil {
			t.Errorf("the tree of %d is not proven: %v", i, err)
		}
	}
	for _, bad := range [][2]uint64{{head, 0}, {head, head + 1}} {
		if _, err := hub.ProveRecord(ctx, bad[0], bad[1]); err == nil {
			t.Errorf("a proof of record %d of %d", bad[1], bad[0])
		}
		if _, err := hub.ProveTree(ctx, bad[0], bad[1]); err == nil {
			t.Errorf("a proof of tree %d of %d", bad[1], bad[0])
		}
	}
	if _, err := hub.RecordAt(ctx, head+1); err == nil {
		t.Error("a record that is not there")
	}
	hub.Submit(welfare)
	head = mustHead(t, hub)
	check("grown after the restart")
}
