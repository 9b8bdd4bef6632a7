package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/tongban/tongban/configs"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/store"
)

// TestServeRefusesInWords: what lies in the data directory and cannot be used
// is said in both languages with what to do, and nothing listens meanwhile.
func TestServeRefusesInWords(t *testing.T) {
	rows := []struct {
		name  string
		spoil func(t *testing.T, dir string)
		says  []string
	}{
		{"no directory", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }, []string{"尚未登记", "not a node yet"}},
		{"no membership", func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, "membership.json"))) }, []string{"尚未登记"}},
		{"no keys", func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "keys"))) }, []string{"密钥缺失或已损坏", "put the keys folder"}},
		{"damaged keys", func(t *testing.T, dir string) { write(t, dir, "keys/node-keys.json", "{") }, []string{"密钥缺失或已损坏"}},
		{"open keys", func(t *testing.T, dir string) { must(t, os.Chmod(filepath.Join(dir, "keys/node-keys.json"), 0o644)) }, []string{"密钥权限过宽", "chmod 600"}},
		{"damaged membership", func(t *testing.T, dir string) { write(t, dir, "membership.json", "{") }, []string{"登记文件", "已损坏"}},
		{"another's membership", func(t *testing.T, dir string) {
			other, err := federation.NewCounty(rand.Reader, "330523", "county-1", "县中心", []string{"127.0.0.1"}, federation.Genesis{Login: "admin", Name: "管理员", PasswordHash: "x"}, time.Now())
			must(t, err)
			must(t, other.Save(dir+"-other"))
			text, err := os.ReadFile(filepath.Join(dir+"-other", "membership.json"))
			must(t, err)
			write(t, dir, "membership.json", string(text))
		}, []string{"不是同一节点的", "put this node's own back"}},
		{"a copy of keys and membership alone", func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, "unstarted"))) }, []string{"组建一个空的县", "tongban restore", "empty county"}},
		{"nonsense for a database", func(t *testing.T, dir string) { write(t, dir, "state.db", strings.Repeat("nonsense", 2000)) }, []string{"另一节点的 state.db", "restore a backup"}},
		{"a database that is a folder", func(t *testing.T, dir string) { must(t, os.Mkdir(filepath.Join(dir, "state.db"), 0o700)) }, []string{"不可写", "cannot be written"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			m, err := federation.NewCounty(rand.Reader, "330523", "county-1", "县中心", []string{"127.0.0.1"}, federation.Genesis{Login: "admin", Name: "管理员", PasswordHash: "x"}, time.Now())
			must(t, err)
			must(t, m.Save(dir))
			c := configs.Default(configs.County)
			c.Division, c.Name, c.DataDir, c.Storage.KeyFile = "330523", "县中心", dir, dir+".key"
			_, err = makeStorageKey(c, io.Discard)
			must(t, err)
			row.spoil(t, dir)
			c.Listen = configs.Listen{API: "127.0.0.1:0", Federation: "127.0.0.1:0", Peer: "127.0.0.1:0"}
			var out, errs bytes.Buffer
			err = serve(t.Context(), c, &out, &errs)
			if err == nil {
				t.Fatal("it serves")
			}
			for _, w := range row.says {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v does not say %q", err, w)
				}
			}
			if row.name == "no directory" {
				if _, err := os.Stat(dir); err == nil {
					t.Error("a directory was made")
				}
			}
		})
	}
}

// A disk without room says so, and that nothing is lost.
func TestFullDiskInWords(t *testing.T) {
	for _, full := range []sqlite3.Error{{Code: sqlite3.ErrFull}, {Code: sqlite3.ErrIoErr, SystemErrno: syscall.ENOSPC}} {
		said := startProblem("/data", fmt.Errorf("open store: %w", &store.StorageError{Op: "open", Err: full})).Error()
		for _, w := range []string{"磁盘已满", "腾出空间", "the disk is full"} {
			if !strings.Contains(said, w) {
				t.Errorf("%v: %q does not say %q", full, said, w)
			}
		}
	}
	if said := startProblem("/data", &store.StorageError{Op: "open", Err: sqlite3.Error{Code: sqlite3.ErrIoErr}}).Error(); strings.Contains(said, "磁盘已满") {
		t.Error(said)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
