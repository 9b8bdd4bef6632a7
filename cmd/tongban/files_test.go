package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/client"
)

func bundle(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(content)
	}
}

func TestBundlesAndBackupsAreSaved(t *testing.T) {
	content := bytes.Repeat([]byte("ledger\x00"), 100_000)
	n := signedIn(t, map[string]any{"exportCarry": bundle(content), "takeBackup": bundle(content), "getKeptBackup": bundle(content)})
	folder := t.TempDir()
	for args, body := range map[string]string{
		"carry export":                            `{"attachments":true}`,
		"carry export --for v-1 --after 7":        `{"after":7,"attachments":true,"for":"v-1"}`,
		"carry export --no-attachments --lang en": `{"attachments":false}`,
		"backup":                "",
		"backup --force --json": "",
		"backup get a.backup":   "",
	} {
		n.asked = nil
		path := filepath.Join(folder, strings.ReplaceAll(args, " ", "_"))
		r := tongban(t, append(strings.Fields(args), "--out", path)...)
		if r.code != exitOK || n.asked[0].body != body || !strings.Contains(r.out, path) {
			t.Errorf("%s: %+v, asked %+v", args, r, n.asked)
		}
		saved, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(saved, content) {
			t.Errorf("%s: %d bytes, %v", args, len(saved), err)
		}
		if about, err := os.Stat(path); err != nil || about.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", args, about.Mode(), err)
		}
	}
}

func TestSavedFilesAreWholeOrNotThere(t *testing.T) {
	n := signedIn(t, map[string]any{"takeBackup": bundle([]byte("new"))})
	folder := t.TempDir()
	path := filepath.Join(folder, "backup.db")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	n.asked = nil
	if r := tongban(t, "backup", "--out", path); r.code != exitUsage || !strings.Contains(r.err, "--force") || len(n.asked) > 0 {
		t.Errorf("overwritten unasked: %+v", r)
	}
	if _, err := saveStream(path, &brokenLine{content: []byte("half")}); err == nil {
		t.Error("a broken transfer is taken for a whole one")
	}
	n.answers["takeBackup"] = refusing(503, "busy", "忙", "busy", "稍后重试")
	if r := tongban(t, "backup", "--out", path, "--force"); r.code != exitRefused {
		t.Errorf("%+v", r)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("now holds %q, %v", got, err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if r := tongban(t, "backup", "--out", filepath.Join(folder, "no", "such", "folder")); r.code == exitOK {
		t.Errorf("%+v", r)
	}
}

// brokenLine ends before its content does.
type brokenLine struct{ content []byte }

func (b *brokenLine) Read(p []byte) (int, error) {
	if len(b.content) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(p, b.content)
	b.content = b.content[n:]
	return n, nil
}

func TestBundlesAreTakenIn(t *testing.T) {
	content := strings.Repeat("entry", 300_000)
	n := signedIn(t, map[string]any{"importCarry": client.CarryReport{Entries: 12, Known: 3, Attachments: 1}})
	n.forget() // the bundle is sent again after renewing
	r := tongban(t, "carry", "import", mustFile(t, content))
	holds(t, r.out, []string{"新收入  12\n", "原已有  3\n"})
	sent := n.calls("importCarry")
	if r.code != exitOK || len(sent) != 2 || sent[1].body != content {
		t.Errorf("code %d %s, sent %d times", r.code, r.err, len(sent))
	}
}

// A bundle with entries that were not taken in says which and why, and that it
// must be kept.
func TestBundleNotTakenInWholly(t *testing.T) {
	for _, kept := range []bool{true, false} {
		signedIn(t, map[string]any{"importCarry": client.CarryReport{Entries: 1, Refused: 1, Refusals: []client.CarryRefusal{
			{Entry: "e-1", Origin: "village-1", Code: "forked", Zh: "数据冲突", Kept: kept}}}})
		r := tongban(t, "carry", "import", mustFile(t, "entries"))
		holds(t, r.out, []string{"未通过  1\n", "e-1", "village-1", "数据冲突 [forked]"})
		if kept != (r.code == exitOK) || kept == strings.Contains(r.err, "保管好携带包") {
			t.Errorf("kept %v: code %d %s", kept, r.code, r.err)
		}
	}
}

// TestLockNamesItsHolder: who looks for a process that was left finds it by the
// lock on its data, which a second one does not get.
func TestLockNamesItsHolder(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lockData(dir)
	must(t, err)
	defer unlock()
	if _, err := lockData(dir); err == nil {
		t.Error("a second process got the lock")
	}
	b, err := os.ReadFile(filepath.Join(dir, "lock"))
	if err != nil || strings.TrimSpace(string(b)) != strconv.Itoa(os.Getpid()) {
		t.Errorf("%q, %v", b, err)
	}
}
