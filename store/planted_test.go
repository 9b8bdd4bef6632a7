package store_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// planted are bugs, put below the store as triggers in its database: what the
// store wrote is forgotten, repeated or falsified behind its back. Without a
// trigger it is noGapCheck.
var planted = []struct {
	name    string
	at      func(*federation) []*storetest.Node
	trigger string
}{
	{"the outbox forgets every third entry", everywhere, `CREATE TRIGGER bug AFTER INSERT ON outbox WHEN new.n % 3 = 0 BEGIN DELETE FROM outbox WHERE n = new.n; END`},
	{"a confirmation is forgotten", everywhere, `CREATE TRIGGER bug AFTER DELETE ON outbox BEGIN INSERT INTO outbox (origin, seq, id, at) VALUES (old.origin, old.seq, old.id, old.at); END`},
	{"the feed leaves records out", everywhere, `CREATE TRIGGER bug AFTER INSERT ON audience WHEN new.idx % 3 = 0 BEGIN DELETE FROM audience WHERE audience = new.audience AND idx = new.idx; END`},
	{"the cursor runs ahead", everywhere, `CREATE TRIGGER bug AFTER UPDATE ON meta WHEN new.key = 'cursor' AND new.value % 2 = 0 BEGIN UPDATE meta SET value = new.value + 1 WHERE key = 'cursor'; END`},
	{"who waits is lost", everywhere, `CREATE TRIGGER bug AFTER INSERT ON entries WHEN new.status = 'waiting' BEGIN UPDATE entries SET prev = '' WHERE n = new.n; END`},
	{"the case is handed to another", atVillage, `CREATE TRIGGER bug AFTER UPDATE ON cases BEGIN UPDATE cases SET body = replace(body, '"step":2', '"step":3') WHERE id = new.id; END`},
	{"an entry of an origin is counted twice", atHub, `CREATE TRIGGER bug AFTER UPDATE ON origins WHEN new.last_seq % 3 = 0 BEGIN UPDATE origins SET last_seq = new.last_seq + 1 WHERE node = new.node; END`},
	{"a gap is not noticed", everywhere, ""},
	{"numbers are given out twice", everywhere, `CREATE TRIGGER bug AFTER INSERT ON case_counters BEGIN UPDATE case_counters SET counter = 0 WHERE prefix = new.prefix; END`},
}

// noGapCheck makes a node take what it is sent for the next of its origin,
// whatever is missing before it.
func noGapCheck(r run) func(*storetest.Node, [][]byte) {
	return func(to *storetest.Node, raws [][]byte) {
		for _, raw := range raws {
			var e ledger.Entry
			if err := json.Unmarshal(raw, &e); err != nil {
				r.Fatalf("plant: %v", err)
			}
			plant(r, to, fmt.Sprintf(`UPDATE origins SET last_seq = %d WHERE node = '%s' AND last_seq < %d AND forked = 0`, e.Seq-1, e.Origin, e.Seq-1))
		}
	}
}

// What all nodes do wrong alike is not seen by comparing them, so some bugs
// are planted at one node only.
func everywhere(f *federation) []*storetest.Node { return f.nodes }
func atVillage(f *federation) []*storetest.Node  { return f.nodes[:1] }
func atHub(f *federation) []*storetest.Node      { return f.nodes[2:] }

// A test that stays green over a bug is none: each planted one is found.
func TestPlantedBugsAreFound(t *testing.T) {
	setFlag(t, "rapid.nofailfile", "true")
	setFlag(t, "rapid.shrinktime", "1ms")
	for _, bug := range planted {
		t.Run(bug.name, func(t *testing.T) {
			found := &finding{TB: t}
			done := make(chan struct{})
			go func() { // FailNow ends the goroutine it is called in
				defer close(done)
				checkRunsOn(found, t.TempDir(), func(r run) {
					f := newFederation(r)
					if bug.trigger == "" {
						f.before = noGapCheck(r)
					} else {
						for _, n := range bug.at(f) {
							plant(r, n, bug.trigger)
						}
					}
					for range 60 {
						f.step()
					}
					f.heal()
					f.check()
				})
			}()
			<-done
			if !found.failed {
				t.Error("nothing was found")
			}
		})
	}
}

func plant(r run, n *storetest.Node, trigger string) {
	db, err := storetest.Connect(storetest.Key, filepath.Join(n.Dir(), "state.db"), "")
	if err == nil {
		_, err = db.Exec(trigger)
		db.Close()
	}
	if err != nil {
		r.Fatalf("plant: %v", err)
	}
}

func setFlag(t *testing.T, name, value string) {
	t.Helper()
	f := flag.Lookup(name)
	old := f.Value.String()
	must(t, f.Value.Set(value))
	t.Cleanup(func() { f.Value.Set(old) })
}

// finding is a test whose failure is what was wanted.
type finding struct {
	testing.TB
	failed bool
}

func (f *finding) Errorf(format string, args ...any) {
	f.failed = true
	_ = fmt.Sprintf(format, args...)
}
func (f *finding) Fatalf(format string, args ...any) { f.failed = true; runtime.Goexit() }
func (f *finding) Error(...any)                      { f.failed = true }
func (f *finding) Fatal(...any)                      { f.failed = true; runtime.Goexit() }
func (f *finding) Fail()                             { f.failed = true }
func (f *finding) FailNow()                          { f.failed = true; runtime.Goexit() }
func (f *finding) Failed() bool                      { return f.failed }
func (f *finding) Logf(string, ...any)               {}
func (f *finding) Log(...any)                        {}

var _ rapid.TB = (*finding)(nil)
