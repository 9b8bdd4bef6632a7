package federation_test

import (
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/catalog"
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
