package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/trust"
)

// secrets are what no byte of a node's folder may tell without its storage key.
func secrets(papers ...[]byte) map[string][]byte {
	all := map[string][]byte{"an ID number": []byte("33059919850412005X"), "another ID number": []byte("330599200103152464"), "a phone number": []byte("13800000000"),
		"a name": []byte("李某"), "an address": []byte("梅溪镇甲子村"), "who works there": []byte("村代办员甲"), "a mark": []byte("mark-of-a-sealed-case"), "a database": []byte("SQLite format 3")}
	for i, p := range papers {
		for at := 100; at+24 < len(p); at += 4096 {
			all[fmt.Sprintf("paper %d from byte %d", i, at)] = p[at : at+24]
		}
	}
	return all
}

// search looks at every byte of every file below a folder.
func search(dir string, secrets map[string][]byte) (files int, told []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			if errors.Is(err, fs.ErrNotExist) { // a running node removes what it made
				return nil
			}
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		files++
		for what, secret := range secrets {
			if bytes.Contains(content, secret) {
				told = append(told, fmt.Sprintf("%s tells %s", path, what))
			}
		}
		return err
	})
	return files, told, err
}

// A disk that is taken away tells nothing: of whoever handed something in, of
// their papers, of those who work there; while the nodes run, after kill -9, and
// after an ordinary end.
func TestDisksTellNothing(t *testing.T) {
	c := running(t, lone)
	random := newRandom()
	var papers [][]byte
	village := newPerson(c.village().url(), "cun1")
	for range 12 {
		paper := scan(random)
		hash, err := village.Upload(t.Context(), paper, piece)
		if err != nil {
			t.Fatal(err)
		}
		papers = append(papers, paper)
		var receipt client.CaseReceipt
		file := client.AttachmentRef{Hash: hash, Name: "scan.png", Size: int64(len(paper)), Type: "image/png"}
		if err := village.Post(t.Context(), "/api/v1/cases", submission("mark-of-a-sealed-case", "village", file), loopback.NewKey(), &receipt); err != nil {
			t.Fatal(err)
		}
		if err := await(t.Context(), "the case at the county", 2*time.Minute, func(ctx context.Context) error {
			return newPerson(c.hub().url(), "jiancha").Get(ctx, "/api/v1/cases/"+receipt.Case.Id, new(client.Case))
		}); err != nil {
			t.Fatal(err)
		}
	}
	secret := secrets(papers...)
	look := func(when string) {
		t.Helper()
		for _, m := range c.nodes {
			files, told, err := search(m.data(), secret)
			if err != nil || files < 8 {
				t.Fatalf("%s: %s: looked at %d files: %v", when, m.ID, files, err)
			}
			for _, what := range told {
				t.Errorf("%s: %s", when, what)
			}
		}
	}
	look("running")
	for _, m := range c.nodes {
		m.kill()
	}
	look("killed")

	// Nor does it let anybody connect in the name of a village or township.
	for _, m := range c.nodes {
		if m.Tier == "county" {
			continue
		}
		if err := os.Rename(m.data()+".key", m.data()+".away"); err != nil {
			t.Fatal(err)
		}
		if _, err := federation.LoadMembership(m.data()); !errors.Is(err, trust.ErrKeysSealed) {
			t.Errorf("%s: its own keys without its storage key: %v", m.ID, err)
		}
		if err := os.Rename(m.data()+".away", m.data()+".key"); err != nil {
			t.Fatal(err)
		}
		if _, err := federation.LoadMembership(m.data()); err != nil {
			t.Errorf("%s: its own keys: %v", m.ID, err)
		}
	}

	// With the key it is all there, so the search was for what is there.
	for _, m := range c.nodes {
		k, err := storageKey(m)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		f, err := os.Open(filepath.Join(m.data(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(k.DatabaseReader(f))
		f.Close()
		for what, s := range secret {
			found[what] = bytes.Contains(content, s)
		}
		if err != nil || !found["a database"] {
			t.Errorf("%s: its key does not open its database: %v", m.ID, err)
		}
		if s, err := openStore(t.Context(), m); err != nil {
			t.Errorf("%s: %v", m.ID, err)
		} else {
			s.Close()
		}
	}
	if err := c.startAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.stop()
	look("ended in order")
}

// Without its key a node says so, takes nothing and waits; with it it goes on.
func TestNodeWaitsForItsStorageKey(t *testing.T) {
	c := stopped(t, lone)
	hub, village := c.hub(), c.village()
	if err := c.startThese(t.Context(), []*member{hub}); err != nil {
		t.Fatal(err)
	}
	key := village.data() + ".key"
	right, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(hub.data() + ".key")
	if err != nil {
		t.Fatal(err)
	}
	put := func(content []byte) {
		t.Helper()
		if content == nil {
			err = os.Remove(key)
		} else {
			err = os.WriteFile(key, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	says := func(want string) {
		t.Helper()
		var got string
		err := await(t.Context(), "the node to say "+want, 2*time.Minute, func(ctx context.Context) error {
			for _, path := range []string{"/readyz", "/api/v1/cases"} {
				err := newPerson(village.url(), "cun1").Get(ctx, path, nil)
				var no *refusal
				if !errors.As(err, &no) || no.Status != http.StatusServiceUnavailable || no.Code != want {
					got = fmt.Sprintf("%s: %v", path, err)
					return errors.New(got)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put(nil)
	if err := c.start(village); err != nil {
		t.Fatal(err)
	}
	says("storage_key_missing")
	put(other)
	says("storage_key_other")
	put([]byte("{}"))
	says("storage_key_unusable")
	put(right)
	if err := c.ready(t.Context(), village); err != nil {
		t.Fatal(err)
	}
	village.end(15)
	// Locked with a passphrase that is in a file.
	passphrase := filepath.Join(village.dir, "passphrase")
	if err := os.WriteFile(passphrase, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.run(t.Context(), "", nil, "key", "lock", "--config", village.config(), "--password-file", passphrase); err != nil {
		t.Fatal(err)
	}
	if err := c.start(village); err != nil {
		t.Fatal(err)
	}
	says("storage_key_locked")
	village.end(15)
	if err := c.start(village, "TONGBAN_STORAGE__PASSPHRASE_FILE="+passphrase); err != nil {
		t.Fatal(err)
	}
	if err := c.ready(t.Context(), village); err != nil {
		t.Fatal(err)
	}
}

// The storage key is changed offline. Killed at any step, the change is finished
// by running it again or by starting the node, and nothing is lost.
func TestStorageKeyIsChanged(t *testing.T) {
	c := stopped(t, lone)
	for _, m := range c.nodes {
		state := func() string {
			t.Helper()
			s, err := openStore(t.Context(), m)
			if err != nil {
				t.Fatalf("%s: %v", m.ID, err)
			}
			defer s.Close()
			hash, err := s.StateHash(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return hash
		}
		before := state()
		first, err := storageKey(m)
		if err != nil {
			t.Fatal(err)
		}
		points := []string{"store.reseal.copied", "store.reseal.renamed"}
		if m.Tier == "county" {
			points = append(points, "county.reseal.copied")
		}
		for i, point := range points {
			// A node whose key is being changed keeps both until all is done.
			_, err := c.run(t.Context(), "", []string{"TONGBAN_FAULT=" + point + ":1", "TONGBAN_FAULT_HITS=" + filepath.Join(c.dir, "hits")}, "key", "rotate", "--config", m.config())
			if err == nil {
				t.Fatalf("%s: it was not killed at %s", m.ID, point)
			}
			if i%2 == 0 {
				if out, err := c.run(t.Context(), "", nil, "key", "rotate", "--config", m.config()); err != nil {
					t.Fatalf("%s: %v\n%s", m.ID, err, out)
				}
			} else {
				if err := c.startThese(t.Context(), []*member{m}); err != nil {
					t.Fatal(err)
				}
				m.end(15)
			}
		}
		if hits, err := os.ReadFile(filepath.Join(c.dir, "hits")); err != nil || bytes.Count(hits, []byte("\n")) < len(points) {
			t.Errorf("killed %q, %v", hits, err)
		}
		now, err := storageKey(m)
		if err != nil || now.ID() == first.ID() {
			t.Fatalf("%s: the key is %v, %v", m.ID, now, err)
		}
		if federation.Sealed(m.data(), first) == nil {
			t.Errorf("%s: its first key still opens it", m.ID)
		}
		if after := state(); after != before {
			t.Errorf("%s: another state", m.ID)
		}
		os.Remove(filepath.Join(c.dir, "hits"))
	}
	if err := c.startAll(t.Context()); err != nil {
		t.Fatal(err)
	}
}
