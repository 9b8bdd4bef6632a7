package store_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("the state differs from %s (%v); run with -update and look at the difference", path, err)
	}
}

// records are all entries of a hub's ledger, in order.
func records(t storetest.TB, s *store.Store) (raws [][]byte, ats []int64) {
	t.Helper()
	head, err := s.Head(ctx)
	must(t, err)
	for i := uint64(1); i <= head; i++ {
		line, err := s.RecordAt(ctx, i)
		must(t, err)
		var r ledger.Record
		must(t, json.Unmarshal(line, &r))
		raw, err := json.Marshal(&r.Entry)
		must(t, err)
		raws, ats = append(raws, raw), append(ats, r.RecordedAt)
	}
	return raws, ats
}

func openHub(t storetest.TB, dir, id string) *store.Store {
	t.Helper()
	s, err := store.Open(ctx, store.Options{Dir: dir, Key: storetest.Key, Self: store.Self{Node: id, Tier: "county", Division: storetest.Code, Ordinal: 1}, Limits: catalog.DefaultLimits()})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func replay(t storetest.TB, s *store.Store, raws [][]byte, ats []int64, from, batch int) {
	t.Helper()
	for i := from; i < len(raws); i += batch {
		var ps []store.Proposal
		for j := i; j < min(i+batch, len(raws)); j++ {
			ps = append(ps, store.Proposal{RaftIndex: uint64(j + 1), At: ats[j], Entries: [][]byte{raws[j]}})
		}
		_, err := s.Commit(ctx, ps)
		must(t, err)
	}
}

func must(t storetest.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func mustHead(t *testing.T, n *storetest.Node) uint64 {
	t.Helper()
	head, err := n.Head(ctx)
	must(t, err)
	return head
}

func stateHash(t testing.TB, s *store.Store) string {
	t.Helper()
	h, err := s.StateHash(ctx)
	must(t, err)
	return h
}

func recordAt(t testing.TB, s *store.Store, index uint64) ledger.Record {
	t.Helper()
	line, err := s.RecordAt(ctx, index)
	must(t, err)
	var r ledger.Record
	must(t, json.Unmarshal(line, &r))
	return r
}

// outbox is everything in a node's outbox, own the part of it that the node
// recorded itself.
func outbox(t testing.TB, n *storetest.Node) [][]byte {
	t.Helper()
	entries, err := n.Outbox(ctx, 0, nil, 1000, 64<<20)
	must(t, err)
	var raws [][]byte
	for _, e := range entries {
		raws = append(raws, e.Raw)
	}
	return raws
}

func own(t testing.TB, n *storetest.Node) [][]byte {
	t.Helper()
	entries, err := n.Outbox(ctx, 0, nil, 1000, 64<<20)
	must(t, err)
	var raws [][]byte
	for _, e := range entries {
		if e.Origin == n.ID() {
			raws = append(raws, e.Raw)
		}
	}
	return raws
}

func noOutbox(t testing.TB, n *storetest.Node) {
	t.Helper()
	stats, err := n.OutboxStats(ctx)
	if err != nil || stats.Length != 0 {
		t.Errorf("%s still has %d entries to send, %v", n.ID(), stats.Length, err)
	}
}

func wantRefused(t testing.TB, what string, err error, code string) {
	t.Helper()
	var no *store.Refused
	if !errors.As(err, &no) || no.Code != code || no.ZH == "" || no.EN == "" {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}
