package document

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse: what is taken for a document says nothing beside what is signed, and
// reads the same again as a node writes it.
func FuzzParse(f *testing.F) {
	goldens, err := filepath.Glob("testdata/*.json")
	if err != nil || len(goldens) == 0 {
		f.Fatalf("no goldens (%v)", err)
	}
	for _, name := range goldens {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"Kind":"grant_decision"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Parse(raw)
		if err != nil {
			if !errors.Is(err, ErrNotDocument) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		written, err := d.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if rewritten, err := again.Canonical(); err != nil || !bytes.Equal(written, rewritten) {
			t.Fatalf("%s became %s (%v)", written, rewritten, err)
		}
	})
}
