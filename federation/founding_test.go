package federation_test

import (
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A database of another founding of the county, under the same division codes
// and node names, is refused with what to do; nothing of it is mixed in.
func TestAnotherFoundingIsRefused(t *testing.T) {
	trial, real := federationtest.New(t, federationtest.Config{}), federationtest.New(t, federationtest.Config{})
	for _, pair := range [][2]*federationtest.Node{{trial.Hub(), real.Hub()}, {trial.Township(0), real.Township(0)}, {trial.Village(0), real.Village(0)}} {
		theirs, ours := pair[0], pair[1]
		if theirs.ID != ours.ID {
			t.Fatalf("%s and %s have different names", theirs.ID, ours.ID)
		}
		trial.Settle()
		trial.Kill(theirs)
		m, err := federation.LoadMembership(ours.Dir())
		must(t, err)
		start := func(files ...string) error {
			t.Helper()
			dir := t.TempDir()
			for _, name := range files {
				for _, end := range []string{"", "-wal"} {
					b, err := os.ReadFile(filepath.Join(theirs.Dir(), name+end))
					if errors.Is(err, os.ErrNotExist) {
						continue
					}
					must(t, err)
					must(t, os.WriteFile(filepath.Join(dir, name+end), b, 0o600))
				}
			}
			if files[0] == "state.db" { // and doctor sees it without touching anything
				if err := federation.FoundingIn(t.Context(), dir, storetest.Key, m); !errors.Is(err, federation.ErrOtherFounding) {
					t.Errorf("%s: %v, looked at: %v", ours.ID, files, err)
				}
			}
			peer, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			defer peer.Close()
			n, err := federation.Start(t.Context(), federation.Options{Key: storetest.Key, Dir: dir, Membership: m, Peer: peer, Limits: catalog.DefaultLimits(), Now: ours.Clock.Now})
			if err == nil {
				n.Close()
			}
			return err
		}
		if err := start("state.db", "local.db"); !errors.Is(err, federation.ErrOtherFounding) {
			t.Errorf("%s: both databases: %v", ours.ID, err)
		}
		if err := start("state.db"); !errors.Is(err, federation.ErrOtherFounding) {
			t.Errorf("%s: state.db: %v", ours.ID, err)
		}
		if err := start("local.db"); !errors.Is(err, federation.ErrOtherLocal) {
			t.Errorf("%s: local.db: %v", ours.ID, err)
		}
		if err := federation.FoundingIn(t.Context(), ours.Dir(), storetest.Key, m); err != nil {
			t.Errorf("%s: its own databases: %v", ours.ID, err)
		}
		trial.Restart(theirs)
	}
}

// The founding stays when keys are rotated, also for nodes that enrol after.
func TestFoundingStaysThroughRotations(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village := f.Village(0)
	rotate(t, f, 2)
	f.Settle()
	fresh := f.Replace(village, "village-fresh-2")
	f.Settle()
	var want string
	for _, n := range []*federationtest.Node{f.Hub(), f.Township(0), fresh} {
		m, err := federation.LoadMembership(n.Dir())
		must(t, err)
		if want == "" {
			want = m.Founding
		}
		if m.Founding == "" || m.Founding != want {
			t.Errorf("%s: founding %q, want %q", n.ID, m.Founding, want)
		}
		f.Restart(n)
	}
	f.Submit(fresh, "TB-MZJ-004")
	f.Settle()
	m, err := federation.NewCounty(rand.Reader, f.Hub().Division, "county-1", "县中心", nil, federation.Genesis{}, time.Now())
	must(t, err)
	if m.Founding == want {
		t.Error("two foundings are the same")
	}
}

// A first hub that dies at any moment of founding its county goes on founding it
// when it is started again: there is an operator in the end, and everything once.
func TestFoundingCutOff(t *testing.T) {
	for _, at := range []string{"found.county.trust", "found.node.enrol", "found.level.raise", "found.staff.add"} {
		t.Run(at, func(t *testing.T) {
			dir := t.TempDir()
			m, err := federation.NewCounty(rand.Reader, storetest.Code, "county-1", "县中心", []string{"127.0.0.1"}, federation.Genesis{Login: "admin", Name: "管理员", PasswordHash: "$argon2id$"}, time.Now())
			must(t, err)
			must(t, m.Save(dir))
			start := func(founded func() error) *federation.Node {
				t.Helper()
				m, err := federation.LoadMembership(dir)
				must(t, err)
				peer, err := net.Listen("tcp", "127.0.0.1:0")
				must(t, err)
				n, err := federation.Start(t.Context(), federation.Options{Key: storetest.Key, Dir: dir, Membership: m, Peer: peer, Limits: catalog.DefaultLimits(), Genesis: m.Genesis, Founded: founded})
				must(t, err)
				return n
			}
			died := make(chan struct{})
			restore := federation.AtPoint(func(name string) {
				if name == at {
					close(died)
					runtime.Goexit()
				}
			})
			n := start(func() error { t.Error("founded all the same"); return nil })
			<-died
			restore()
			must(t, n.Close())
			done := make(chan struct{})
			n = start(func() error { close(done); return nil })
			defer n.Close()
			select {
			case <-done:
			case <-time.After(time.Minute):
				t.Fatal("not founded")
			}
			people, err := n.Store.StaffAt(t.Context(), storetest.Code)
			if err != nil || len(people) != 1 || !people[0].Now().Holds(identity.CountyOperator) {
				t.Errorf("people %+v, %v", people, err)
			}
			if level, err := n.Store.Level(t.Context()); err != nil || level != ledger.Level {
				t.Errorf("level %d, %v", level, err)
			}
			var head uint64
			head, err = n.Store.Head(t.Context())
			if err != nil || head != 4 {
				t.Errorf("%d records, %v", head, err)
			}
			if _, err := n.Store.Node(t.Context(), "county-1"); errors.Is(err, store.ErrNotFound) {
				t.Error("the hub is not enrolled")
			}
		})
	}
}
