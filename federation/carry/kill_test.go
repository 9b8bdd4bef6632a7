package carry

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/storetest"
)

// The test binary is its own child: it takes one bundle in and is killed.
const (
	childDir    = "TONGBAN_CARRY_CHILD_DIR"
	childCode   = "TONGBAN_CARRY_CHILD_DIVISION"
	childBundle = "TONGBAN_CARRY_CHILD_BUNDLE"
)

func TestMain(m *testing.M) {
	if os.Getenv(childDir) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child() error {
	keys, err := countyKeysOf(1)
	if err != nil {
		return err
	}
	n, err := openNode(os.Getenv(childDir), division.Code(os.Getenv(childCode)), keys)
	if err != nil {
		return err
	}
	f, err := os.Open(os.Getenv(childBundle))
	if err != nil {
		return err
	}
	fmt.Println("begin")
	if _, err := n.Import(context.Background(), f); err != nil {
		return err
	}
	fmt.Println("done")
	return n.Store.Close()
}

// openNode is a node below the county on a directory of its own.
func openNode(dir string, code division.Code, keys *trust.CountyKeys) (*Node, error) {
	id := storetest.NodeID(code)
	s, err := store.Open(context.Background(), store.Options{Key: storetest.Key, Dir: dir, Self: store.Self{Node: id, Tier: code.Tier(), Division: code, Ordinal: 1}, Limits: catalog.DefaultLimits()})
	if err != nil {
		return nil, err
	}
	b, err := blob.Open(filepath.Join(dir, "attachments"), blob.Options{Key: storetest.Key})
	if err != nil {
		return nil, err
	}
	signed, err := keys.SignCredential(storetest.Credential(id, code, 1))
	return &Node{Store: s, Blobs: b, Credential: signed, Key: storetest.NodeKey(id), Trust: keys.Trust,
		Now:   func() time.Time { return storetest.Beginning.Add(time.Hour) },
		Fresh: func(context.Context) error { return nil },
		Take: func(ctx context.Context, _ trust.Peer, entries []ledger.Entry) ([]store.Result, error) {
			return s.Receive(ctx, entries)
		}}, err
}

// An importer that is killed at any moment has the old state or the new one,
// and the same bundle brings it to the new one.
func TestKilledImport(t *testing.T) {
	w := newWorld(t)
	hub, township, village := w.Hub(), w.Township(townshipCode), w.Village(villageCode)
	township.Pull(hub)
	for i := range 30 {
		hub.Submit("TB-MZJ-004")
		village.Submit("TB-MZJ-004", withScan(w.keep(village, scan(2000, uint64(i)))))
	}
	up, _ := w.export(village, Options{})
	down, _ := w.export(hub, Options{For: village.ID()})
	for _, row := range []struct {
		name   string
		at     *storetest.Node
		bundle []byte
	}{{"up", township, up}, {"down", village, down}} {
		t.Run(row.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "bundle")
			sealed, err := io.ReadAll(sealFor(t, row.at.Key, row.bundle))
			must(t, err)
			must(t, os.WriteFile(file, sealed, 0o600))
			must(t, row.at.Store.Close())
			before := dumpOf(t, w, row.at, copyDir(t, row.at.Dir()))
			whole := copyDir(t, row.at.Dir())
			took := runChild(t, whole, row.at, file, -1)
			after := dumpOf(t, w, row.at, whole)
			if before == after {
				t.Fatal("the bundle changes nothing")
			}
			outcomes := map[bool]int{}
			for range kills() {
				dir := copyDir(t, row.at.Dir())
				runChild(t, dir, row.at, file, rand.N(took+took/4))
				got := dumpOf(t, w, row.at, dir)
				if got != before && got != after {
					t.Fatalf("neither the old state nor the new one")
				}
				outcomes[got == after]++
				runChild(t, dir, row.at, file, -1)
				if dumpOf(t, w, row.at, dir) != after {
					t.Fatal("the same bundle does not bring it to the new state")
				}
			}
			t.Logf("killed imports: %d old, %d new", outcomes[false], outcomes[true])
		})
	}
}

func kills() int {
	if os.Getenv("TONGBAN_LONG") != "" {
		return 200
	}
	return 8
}

// runChild takes a bundle in within another process, which is killed after a
// time from the beginning of the import; a negative one lets it finish. It
// returns how long that took.
func runChild(t *testing.T, dir string, n *storetest.Node, bundle string, kill time.Duration) time.Duration {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), childDir+"="+dir, childCode+"="+string(n.Division()), childBundle+"="+bundle)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the child did not begin: %v", c.Wait())
	}
	began := time.Now()
	if kill >= 0 {
		timer := time.AfterFunc(kill, func() { c.Process.Kill() })
		defer timer.Stop()
	}
	for lines.Scan() {
	}
	took := time.Since(began)
	if err := c.Wait(); err != nil && kill < 0 {
		t.Fatalf("the child failed: %v", err)
	}
	return took
}

// dumpOf is the state in a closed node's directory, as it comes up again.
func dumpOf(t *testing.T, w *world, n *storetest.Node, dir string) string {
	t.Helper()
	opened, err := openNode(dir, n.Division(), w.keys)
	must(t, err)
	defer opened.Store.Close()
	return storetest.Dump(t, opened.Store)
}

func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "node")
	must(t, os.CopyFS(to, os.DirFS(from)))
	return to
}
