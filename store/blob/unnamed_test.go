package blob

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

const enoughLooks = 3

// TestNamedIsNeverRemoved names, counts, tells of, removes and brings back content
// in any order, with kills and power cuts between: what was named while it was here
// is always there, nothing is removed before it was unnamed at enough looks in a row
// since anybody was told of it, and who names what was removed is told so.
func TestNamedIsNeverRemoved(t *testing.T) {
	type content struct {
		bytes       []byte
		hash        string
		here, named bool
		removed     bool
		looks       int // the most that may have been counted
	}
	rapid.Check(t, func(rt *rapid.T) {
		ctx := context.Background()
		d := newMemDisk()
		s := mustOpenOn(rt, d)
		all := make([]*content, 3)
		for i := range all {
			b := pdfSample(300+i, byte(i))
			all[i] = &content{bytes: b, hash: hashHex(b)}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			c := rapid.SampledFrom(all).Draw(rt, "content")
			switch rapid.IntRange(0, 8).Draw(rt, "step") {
			case 0: // uploaded, or found complete
				if err := beginAndAppend(s, c.bytes); err != nil && !errors.Is(err, ErrComplete) {
					rt.Fatal(err)
				}
				c.here, c.removed, c.looks = true, false, 0
			case 1: // handed in
				switch err := s.Naming(c.hash); {
				case c.removed != errors.Is(err, ErrGone), err != nil && !c.removed:
					rt.Fatalf("naming: %v, removed %v", err, c.removed)
				case err == nil && c.here:
					c.named, c.looks = true, 0
				}
			case 2, 3: // a day passes
				for _, x := range all {
					if x.named {
						if err := s.Named(x.hash); err != nil {
							rt.Fatal(err)
						}
						x.looks = 0
						continue
					}
					n, err := s.Unnamed(x.hash)
					if x.here != (err == nil) || n > x.looks+1 {
						rt.Fatalf("look %d after %d: %v", n, x.looks, err)
					}
					x.looks = n
				}
			case 4: // told
				has, err := s.Has(c.hash)
				if err != nil || has != c.here {
					rt.Fatalf("has %v, here %v: %v", has, c.here, err)
				}
				c.looks = 0
			case 5:
				if err := s.Forsake(c.hash); err != nil {
					rt.Fatal(err)
				}
				c.removed = !c.here || c.removed
			case 6: // who looks does not know yet that it was named: the last question tells
				freed, err := s.RemoveUnnamed(c.hash, enoughLooks, func() (bool, error) { return c.named, nil })
				if err != nil {
					rt.Fatal(err)
				}
				if freed > 0 {
					if c.named || c.looks < enoughLooks || !c.here {
						rt.Fatalf("removed %+v", c)
					}
					c.here, c.removed, c.looks = false, true, 0
				}
			case 7:
				s = mustOpenOn(rt, d)
			case 8:
				d.powerLoss()
				s = mustOpenOn(rt, d)
			}
		}
		for _, c := range all {
			if c.here {
				mustHoldFor(rt, ctx, s, c.bytes)
			}
		}
	})
}

// TestStopWhileRemoving stops the disk after each number of changes: content is
// there whole, or it is told that it is gone.
func TestStopWhileRemoving(t *testing.T) {
	content := pdfSample(4000, 7)
	hash := hashHex(content)
	for _, power := range []bool{false, true} {
		for stop := 0; ; stop++ {
			d := newMemDisk()
			s := mustOpenOn(t, d)
			mustDo(t, beginAndAppend(s, content))
			for range enoughLooks {
				_, err := s.Unnamed(hash)
				mustDo(t, err)
			}
			d.left = stop
			freed, err := s.RemoveUnnamed(hash, enoughLooks, func() (bool, error) { return false, nil })
			if d.left = -1; power {
				d.powerLoss()
			}
			s = mustOpenOn(t, d)
			_, rerr := s.listed(hash) // tells nobody
			switch named := s.Naming(hash); {
			case rerr == nil && named == nil:
				mustHold(t, s, content)
			case !errors.Is(rerr, ErrNotFound) || !errors.Is(named, ErrGone):
				t.Fatalf("stop %d, power %v: content %v, naming %v", stop, power, rerr, named)
			}
			if err == nil {
				if freed != int64(len(content)) || rerr == nil {
					t.Fatalf("removed %d bytes; then %v", freed, rerr)
				}
				break
			}
			if err := beginAndAppend(s, content); err != nil && !errors.Is(err, ErrComplete) {
				t.Fatal(err)
			}
			mustDo(t, s.Naming(hash))
			mustHold(t, s, content)
		}
	}
}

// TestNamingRacesRemoval hands in what is being removed. A hand-in takes less than a
// look, so that one look at most falls between its question and its record.
func TestNamingRacesRemoval(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	const files = 60
	var (
		days    sync.RWMutex
		named   [files]atomic.Bool
		done    atomic.Bool
		content [files][]byte
		group   sync.WaitGroup
	)
	for i := range content {
		content[i] = pdfSample(200+i, byte(i))
		mustDo(t, beginAndAppend(s, content[i]))
	}
	remover := make(chan struct{})
	go func() {
		defer close(remover)
		for !done.Load() {
			days.Lock()
			for i := range content {
				if !named[i].Load() {
					if _, err := s.Unnamed(hashHex(content[i])); err != nil && !errors.Is(err, ErrNotFound) {
						t.Error(err)
					}
				}
			}
			days.Unlock()
			for i := range content {
				if _, err := s.RemoveUnnamed(hashHex(content[i]), 2, func() (bool, error) { return named[i].Load(), nil }); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	for i := range content {
		group.Go(func() {
			hash := hashHex(content[i])
			for i%3 == 0 { // these are removed before they are named
				if looks, _ := s.mark(hash); looks == gone {
					break
				}
				runtime.Gosched()
			}
			for i%3 == 1 { // these are about to be
				if looks, _ := s.mark(hash); looks != 0 {
					break
				}
				runtime.Gosched()
			}
			for {
				days.RLock()
				err := s.Naming(hash)
				if err == nil {
					named[i].Store(true)
				}
				days.RUnlock()
				if err == nil {
					return
				}
				if !errors.Is(err, ErrGone) {
					t.Error(err)
					return
				}
				if err := beginAndAppend(s, content[i]); err != nil && !errors.Is(err, ErrComplete) {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	done.Store(true)
	<-remover
	for i := range content {
		mustHold(t, s, content[i])
	}
}

// TestMarksFailing: where the disk does not take that a count is forgotten, nobody is
// told that the content is here.
func TestMarksFailing(t *testing.T) {
	d := newMemDisk()
	s := mustOpenOn(t, d)
	content := pdfSample(400, 1)
	hash := hashHex(content)
	mustDo(t, beginAndAppend(s, content))
	_, err := s.Unnamed(hash)
	mustDo(t, err)
	full := errors.New("no")
	d.fail = func(op, path string) error {
		if op == "remove" || op == "syncdir" {
			return full
		}
		return nil
	}
	if has, err := s.Has(hash); has || !errors.Is(err, full) {
		t.Fatalf("told %v, %v", has, err)
	}
	if err := s.Naming(hash); !errors.Is(err, full) {
		t.Fatalf("named: %v", err)
	}
	d.fail = nil
	if has, err := s.Has(hash); !has || err != nil {
		t.Fatalf("then %v, %v", has, err)
	}
}

type failer interface{ Fatal(args ...any) }

func mustOpenOn(t failer, d disk) *Store {
	s, err := open("/a", Options{Key: testKey}, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustHoldFor(t failer, ctx context.Context, s *Store, content []byte) {
	r, _, err := s.Open(hashHex(content))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var got bytes.Buffer
	if _, err := got.ReadFrom(r); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Fatal("the content differs", err)
	}
	if err := s.Verify(ctx, hashHex(content)); err != nil {
		t.Fatal(err)
	}
}
