package county

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hashicorp/raft"

	"github.com/tongban/tongban/store/storetest"
)

// raftDB is a raft.db as work leaves it behind: a log of records of all sizes,
// trimmed at its beginning, cut at its end once, and a term and a vote.
func raftDB(t *testing.T, records uint64) (content []byte, says diskContent) {
	t.Helper()
	dir := t.TempDir()
	s, err := openStorage(storageIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	store := func(index, term uint64) {
		l := &raft.Log{Index: index, Term: term, Type: raft.LogCommand, Data: make([]byte, random.IntN(1200))}
		if index%17 == 0 {
			l.Data = make([]byte, 3000+random.IntN(20_000))
		}
		for i := range l.Data {
			l.Data[i] = byte(random.Uint32())
		}
		if err := s.disk.StoreLog(l); err != nil {
			t.Fatal(err)
		}
	}
	for i := uint64(1); i <= records; i++ {
		store(i, 1+i/40)
	}
	if err := errors.Join(s.disk.DeleteRange(1, records/4), s.disk.DeleteRange(records-5, records)); err != nil {
		t.Fatal(err)
	}
	for i := records - 5; i <= records; i++ {
		store(i, records)
	}
	if err := errors.Join(s.disk.SetUint64([]byte("CurrentTerm"), records), s.disk.SetUint64([]byte("LastVoteTerm"), records), s.disk.Set([]byte("LastVoteCand"), []byte("county-2"))); err != nil {
		t.Fatal(err)
	}
	says = contentOf(t, s.disk)
	if err := s.disk.Close(); err != nil {
		t.Fatal(err)
	}
	content, err = os.ReadFile(filepath.Join(dir, "raft.db"))
	if err != nil {
		t.Fatal(err)
	}
	return content, says
}

func storageIn(dir string) *Options {
	return &Options{Dir: dir, Cluster: "test-county", Key: storetest.Key}
}

// diskContent is all that a raft.db says.
type diskContent struct {
	logs   []raft.Log
	stable map[string]string
}

func contentOf(t *testing.T, d *diskLog) (c diskContent) {
	t.Helper()
	first, last, err := d.span()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.entries(first, last, func(l *raft.Log) error { c.logs = append(c.logs, *l); return nil }); err != nil {
		t.Fatal(err)
	}
	c.stable = map[string]string{}
	for _, k := range []string{"CurrentTerm", "LastVoteTerm", "LastVoteCand"} {
		v, err := d.Get([]byte(k))
		if err != nil {
			t.Fatal(err)
		}
		c.stable[k] = string(v)
	}
	return c
}

// damageOf opens a damaged raft.db: it is refused as damaged, or says what it
// said before.
func damageOf(t *testing.T, dir string, bad []byte, says diskContent) (refused bool, wrong string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "raft.db"), bad, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := openStorage(storageIn(dir))
	if err != nil {
		if !errors.Is(err, ErrLogDamaged) {
			return true, fmt.Sprintf("refused with %v", err)
		}
		return true, ""
	}
	defer s.disk.Close()
	if got := contentOf(t, s.disk); !reflect.DeepEqual(got, says) {
		return false, fmt.Sprintf("it says something else: %d entries of %d", len(got.logs), len(says.logs))
	}
	return false, ""
}

// A raft.db with any damage, a bit, a byte, a page, or its end, is refused in
// words that say what to do, or the damage was where nothing is. Nothing panics,
// also not in a goroutine of bbolt's own, and nothing else is read than was
// written.
func TestDamagedRaftDB(t *testing.T) {
	times, each := 500, 8
	if os.Getenv("TONGBAN_LONG") != "" {
		times, each = 60_000, 1
	}
	content, says := raftDB(t, 90)
	if refused, wrong := damageOf(t, t.TempDir(), content, says); refused || wrong != "" {
		t.Fatalf("a sound file: refused %v, %s", refused, wrong)
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	page := os.Getpagesize()
	pages := len(content) / page
	dir, refusals, branches := t.TempDir(), 0, 0
	check := func(what string, bad []byte) {
		refused, wrong := damageOf(t, dir, bad, says)
		if wrong != "" {
			t.Errorf("seed %d: %s: %s", seed, what, wrong)
		}
		if refused {
			refusals++
		}
	}
	for at := range pages {
		bad := bytes.Clone(content)
		clear(bad[at*page : (at+1)*page])
		check(fmt.Sprintf("page %d cleared", at), bad)
		bad = bytes.Clone(content)
		copy(bad[at*page:(at+1)*page], content[random.IntN(pages)*page:])
		check(fmt.Sprintf("page %d replaced by another", at), bad)
		check(fmt.Sprintf("cut off at page %d", at), content[:at*page+random.IntN(page)])
		// What the structure is written in: the heads, and the first elements.
		for range 8 {
			bad := bytes.Clone(content)
			where := at*page + random.IntN(96)
			bad[where] ^= 1 << random.IntN(8)
			check(fmt.Sprintf("a bit at %d", where), bad)
		}
	}
	// What a search goes by: the bits of the pages above the leaves, one of so many.
	for at := range pages {
		raw := content[at*page : (at+1)*page]
		if p, err := readPage(raw, uint64(at), boltBranch); err == nil {
			branches++
			for bit := range 8 * p.end {
				if random.IntN(each) > 0 {
					continue
				}
				bad := bytes.Clone(content)
				bad[int64(at*page)+bit/8] ^= 1 << (bit % 8)
				check(fmt.Sprintf("bit %d of branch page %d", bit, at), bad)
			}
		}
	}
	if branches == 0 {
		t.Error("no page has pages below it: too small a file to try")
	}
	for range times {
		bad := bytes.Clone(content)
		where := random.IntN(len(bad))
		if random.IntN(2) == 0 {
			bad[where] ^= 1 << random.IntN(8)
		} else {
			bad[where] = byte(random.Uint32())
		}
		check(fmt.Sprintf("a byte at %d", where), bad)
	}
	t.Logf("seed %d, %d pages, %d refusals", seed, pages, refusals)
}

// FuzzRaftDB: no file at all makes a start panic.
func FuzzRaftDB(f *testing.F) {
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xED}, 8192))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "raft.db"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := openStorage(storageIn(dir))
		if err == nil {
			s.disk.Close()
		} else if !errors.Is(err, ErrLogDamaged) {
			t.Errorf("%v", err)
		}
	})
}
