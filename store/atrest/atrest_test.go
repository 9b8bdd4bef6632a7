package atrest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func newKey(t testing.TB) *Key {
	k, err := NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyFile(t *testing.T) {
	k := Keys{Key: newKey(t), Previous: newKey(t)}
	for _, pass := range []string{"", "correct horse"} {
		data, err := k.Encode(rand.Reader, []byte(pass))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseKeys(data, []byte(pass))
		if err != nil || got.Key.secret != k.Key.secret || got.Previous.secret != k.Previous.secret {
			t.Fatalf("passphrase %q: %v", pass, err)
		}
		if KeyFileLocked(data) != (pass != "") {
			t.Errorf("passphrase %q: locked is %v", pass, KeyFileLocked(data))
		}
		if pass == "" {
			continue
		}
		if _, err := ParseKeys(data, nil); !errors.Is(err, ErrLocked) {
			t.Errorf("without the passphrase: %v", err)
		}
		if _, err := ParseKeys(data, []byte("battery")); !errors.Is(err, ErrPassphrase) {
			t.Errorf("another passphrase: %v", err)
		}
		if again, _ := k.Encode(rand.Reader, []byte(pass)); bytes.Equal(again, data) {
			t.Error("two locked files are alike")
		}
	}
	for _, bad := range []string{"", "x", "{}", `{"kind":"tongban storage key","format":2}`, `{"kind":"tongban storage key","format":1,"id":"00","key":"AAAA"}`,
		`{"kind":"tongban storage key","format":1,"locked":{"salt":"","time":4000000000,"memory_kib":4000000000,"threads":1,"box":""}}`} {
		if _, err := ParseKeys([]byte(bad), []byte("p")); !errors.Is(err, ErrKeyFile) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRecords(t *testing.T) {
	k := newKey(t)
	r := k.Records("log")
	sealed := r.Seal([]byte("330523199003071234"), []byte("entry 1"))
	if bytes.Contains(sealed, []byte("3305")) || len(sealed) != 18+RecordOverhead {
		t.Errorf("sealed as %q", sealed)
	}
	if got, err := r.Open(sealed, []byte("entry 1")); err != nil || string(got) != "330523199003071234" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := r.Open(sealed, []byte("entry 2")); !errors.Is(err, ErrDamaged) {
		t.Errorf("in another place: %v", err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := r.Open(bad, []byte("entry 1")); err == nil {
			t.Errorf("byte %d flipped: opened", i)
		}
	}
	if _, err := newKey(t).Records("log").Open(sealed, []byte("entry 1")); !errors.Is(err, ErrDamaged) {
		t.Errorf("another key: %v", err)
	}
	if _, err := r.Open([]byte("in the clear, and long enough to be one"), nil); !errors.Is(err, ErrClear) {
		t.Errorf("in the clear: %v", err)
	}
}

func TestStreams(t *testing.T) {
	k := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "content")
		var file bytes.Buffer
		w, err := k.Writer(&file)
		if err != nil {
			t.Fatal(err)
		}
		for rest := content; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if file.Len() != HeadBytes+len(content) || len(content) > 8 && bytes.Contains(file.Bytes(), content) {
			t.Fatalf("%d bytes sealed into %d", len(content), file.Len())
		}
		r, err := k.Reader(iotest.OneByteReader(bytes.NewReader(file.Bytes())))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes back, %v", len(got), err)
		}
		// Any part opens alone.
		s, err := k.Stream(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		from := rapid.IntRange(0, len(content)).Draw(t, "from")
		part := bytes.Clone(file.Bytes()[HeadBytes+from:])
		s.XOR(part, int64(from))
		if !bytes.Equal(part, content[from:]) {
			t.Fatal("a part does not open alone")
		}
	})
	var file bytes.Buffer
	w, _ := k.Writer(&file)
	w.Write([]byte("x"))
	if _, err := newKey(t).Reader(&file); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
	if _, err := k.Reader(bytes.NewReader(make([]byte, 100))); !errors.Is(err, ErrClear) {
		t.Errorf("in the clear: %v", err)
	}
}

func TestDatabaseCopies(t *testing.T) {
	k := newKey(t)
	content := append([]byte(databaseMark), bytes.Repeat([]byte("0123456789abcdef"), 1023)...)
	var sealed bytes.Buffer
	w := k.DatabaseWriter(&sealed)
	for rest := content; len(rest) > 0; {
		n := min(1000, len(rest))
		w.Write(rest[:n])
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(k.DatabaseReader(iotest.HalfReader(bytes.NewReader(sealed.Bytes()))))
	if err != nil || !bytes.Equal(got, content) || sealed.Len() != len(content) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(content), err)
	}
	path := filepath.Join(t.TempDir(), "a.db")
	for _, row := range []struct {
		content []byte
		want    error
	}{{nil, nil}, {sealed.Bytes(), nil}, {content, ErrClear}, {sealed.Bytes()[:9], ErrDamaged}, {make([]byte, 4096), ErrOtherKey}} {
		if err := os.WriteFile(path, row.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := k.CheckDatabase(path); !errors.Is(err, row.want) {
			t.Errorf("%.20q: %v, want %v", row.content, err, row.want)
		}
	}
	if err := k.CheckDatabase(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Error(err)
	}
}

func TestScratch(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := NewScratch(f)
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	for range 2 {
		if err := s.Reset(); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if _, err := s.Write([]byte("330523199003071234 and more ")); err != nil {
				t.Fatal(err)
			}
		}
		raw, err := os.ReadFile(f.Name())
		if err != nil || bytes.Contains(raw, []byte("3305231")) || bytes.Equal(raw, first) {
			t.Fatalf("%.60q, %v", raw, err)
		}
		first = raw
		s.Rewind()
		if got, err := io.ReadAll(s); err != nil || !bytes.Equal(got, bytes.Repeat([]byte("330523199003071234 and more "), 100)) {
			t.Fatalf("%d bytes back, %v", len(got), err)
		}
	}
}
