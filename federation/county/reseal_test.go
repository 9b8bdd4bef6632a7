package county

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hashicorp/raft"

	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/storetest"
)

// A log in the clear is sealed in place, and one that is sealed anew keeps every
// record; another key is refused and changes nothing.
func TestReseal(t *testing.T) {
	dir := t.TempDir()
	m := openMachine(t, filepath.Join(t.TempDir(), "state.db"))
	t.Cleanup(m.close)
	options := func(k *atrest.Key) *Options {
		return &Options{Dir: dir, Cluster: "test-county", StateMachine: m, Key: k}
	}
	planted := []byte("330523199003071234")
	s, err := openStorage(options(nil))
	if err != nil {
		t.Fatal(err)
	}
	var logs []*raft.Log
	for i := uint64(1); i <= 700; i++ {
		logs = append(logs, &raft.Log{Index: i, Term: 1 + i/100, Data: bytes.Repeat(planted, int(1+i%8))})
	}
	if err := errors.Join(s.disk.StoreLogs(logs), s.disk.SetUint64([]byte("CurrentTerm"), 8), s.disk.SetUint64([]byte("LastVoteTerm"), 8), s.disk.Set([]byte("LastVoteCand"), []byte("county-2")), s.snaps.place(raft.SnapshotMeta{ID: snapshotID(600, 7), Index: 600, Term: 7}, Header{Format: 1, Cluster: "test-county", Index: 600, Term: 7})); err != nil {
		t.Fatal(err)
	}
	says := contentOf(t, s.disk)
	if err := s.disk.Close(); err != nil {
		t.Fatal(err)
	}
	next, err := atrest.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ from, to *atrest.Key }{{nil, storetest.Key}, {nil, storetest.Key}, {storetest.Key, next}, {storetest.Key, next}} {
		if err := Reseal(dir, step.from, step.to); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "raft.db"))
		if err != nil || bytes.Contains(raw, planted) {
			t.Fatalf("in the clear, %v", err)
		}
		s, err := openStorage(options(step.to))
		if err != nil {
			t.Fatal(err)
		}
		if got := contentOf(t, s.disk); !reflect.DeepEqual(got, says) {
			t.Fatal("another log")
		}
		if meta, _, err := s.snaps.newest(); err != nil || meta.Index != 600 {
			t.Errorf("snapshot %+v, %v", meta, err)
		}
		if err := s.disk.Close(); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile(filepath.Join(dir, "raft.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []*atrest.Key{nil, storetest.Key} {
		other, err := atrest.NewKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := Reseal(dir, wrong, other); err == nil {
			t.Error("resealed with a key that does not open it")
		}
	}
	if after, err := os.ReadFile(filepath.Join(dir, "raft.db")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("it was changed, %v", err)
	}
	if _, err := openStorage(options(storetest.Key)); !errors.Is(err, ErrLogDamaged) {
		t.Errorf("opened with the former key: %v", err)
	}
}
