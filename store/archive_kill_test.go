package store_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

const (
	restoreChildDir     = "TONGBAN_TEST_RESTORE_DIR"
	restoreChildArchive = "TONGBAN_TEST_RESTORE_ARCHIVE"
)

// TestRestoreChild is the other process of TestKilledRestore; by itself it has
// nothing to do.
func TestRestoreChild(t *testing.T) {
	dir := os.Getenv(restoreChildDir)
	if dir == "" {
		return
	}
	f, err := os.Open(os.Getenv(restoreChildArchive))
	mustArchive(t, err)
	defer f.Close()
	_, err = store.RestoreArchive(context.Background(), dir, storetest.Key, f)
	mustArchive(t, err)
}

// A restore that is killed at any moment leaves the state that was there or
// the archive's, and can be done again.
func TestKilledRestore(t *testing.T) {
	c, v, b := archiveWorld(t)
	data, _ := archive(t, v, b, false)
	file := filepath.Join(t.TempDir(), "archive")
	mustArchive(t, os.WriteFile(file, data, 0o600))
	for range 5 {
		v.Submit("TB-MZJ-004")
	}
	c.Settle()
	mustArchive(t, v.Store.Close())
	copied := func() string {
		dir := filepath.Join(t.TempDir(), "node")
		mustArchive(t, os.CopyFS(dir, os.DirFS(v.Dir())))
		return dir
	}
	state := func(dir string) string {
		s := openAt(t, dir, v.Self())
		defer s.Close()
		return storetest.Dump(t, s)
	}
	before := state(copied())
	whole := copied()
	took := restoreInChild(t, whole, file, -1)
	after := state(whole)
	if before == after {
		t.Fatal("the archive changes nothing")
	}
	outcomes := map[bool]int{}
	for range 8 {
		dir := copied()
		restoreInChild(t, dir, file, rand.N(took))
		got := state(dir)
		if got != before && got != after {
			t.Fatal("neither the old state nor the archive's")
		}
		outcomes[got == after]++
		restoreInChild(t, dir, file, -1)
		if state(dir) != after {
			t.Fatal("a second restore does not finish the first")
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "restore-*")); len(left) > 0 {
			t.Fatalf("left behind: %v", left)
		}
	}
	t.Logf("killed restores: %d old, %d restored", outcomes[false], outcomes[true])
}

// restoreInChild restores in another process, killed after a time unless that
// is negative.
func restoreInChild(t *testing.T, dir, file string, kill time.Duration) time.Duration {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRestoreChild$")
	cmd.Env = append(os.Environ(), restoreChildDir+"="+dir, restoreChildArchive+"="+file)
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	mustArchive(t, cmd.Start())
	if kill >= 0 {
		timer := time.AfterFunc(kill, func() { cmd.Process.Kill() })
		defer timer.Stop()
	}
	if err := cmd.Wait(); err != nil && kill < 0 {
		t.Fatalf("the child failed: %v\n%s", err, out.Bytes())
	}
	return time.Since(began)
}
