package blob

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

// TestOwnAnyChunksAndRestarts: whatever the chunks, cuts, wrong offsets and
// restarts, an upload of one's own goes on where it stood and becomes the object.
func TestOwnAnyChunksAndRestarts(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(root, "case")
		if err != nil {
			rt.Fatal(err)
		}
		content := pdfSample(rapid.IntRange(9, 700_000).Draw(rt, "size"), rapid.Byte().Draw(rt, "seed"))
		hash, size := hashHex(content), int64(len(content))
		s := mustOpen(t, dir)
		var offset int64
		for begun := false; ; {
			switch step := rapid.IntRange(0, 9).Draw(rt, "step"); {
			case step == 0:
				s, begun = mustOpen(t, dir), false
			case step == 1 || !begun:
				got, err := s.BeginOwn(t.Context(), "who", hash, size)
				if err != nil || got != offset {
					rt.Fatalf("begin: %d, %v; want %d", got, err, offset)
				}
				begun = true
			case step == 2:
				wrong := rapid.Int64Range(0, size+5).Filter(func(n int64) bool { return n != offset }).Draw(rt, "wrong")
				var e *OffsetError
				if _, _, err := s.AppendOwn(t.Context(), "who", hash, wrong, bytes.NewReader(content)); !errors.As(err, &e) || e.Want != offset {
					rt.Fatalf("wrong offset: %v", err)
				}
			default:
				n := rapid.Int64Range(0, size-offset).Draw(rt, "chunk")
				var r io.Reader = bytes.NewReader(content[offset : offset+n])
				if rapid.Bool().Draw(rt, "cut") {
					r = io.MultiReader(r, iotest.ErrReader(io.ErrClosedPipe))
				}
				got, done, err := s.AppendOwn(t.Context(), "who", hash, offset, r)
				if offset += n; got != offset || (done != nil) != (offset == size) {
					rt.Fatalf("append gave %d, want %d of %d: %v, %v", got, offset, size, done, err)
				}
			}
			if offset == size {
				break
			}
		}
		mustHold(t, s, content)
		if left, err := s.owned(""); err != nil || len(left) > 0 {
			rt.Fatalf("left: %v, %v", left, err)
		}
	})
}

// TestOwnMustBeBrought: content that is here, or under way, by others is no
// one's own: only its bytes are.
func TestOwnMustBeBrought(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	content := pdfSample(5000, 1)
	hash, size := hashHex(content), int64(len(content))
	if _, err := s.Put(t.Context(), bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.BeginOwn(t.Context(), "one", hash, size); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.AppendOwn(t.Context(), "one", hash, 0, bytes.NewReader(content[:1000])); err != nil {
		t.Fatal(err)
	}
	if at, err := s.BeginOwn(t.Context(), "two", hash, size); at != 0 || err != nil {
		t.Fatalf("another's upload: %d, %v", at, err)
	}
	forged := pdfSample(5000, 2)
	if _, done, err := s.AppendOwn(t.Context(), "two", hash, 0, bytes.NewReader(forged)); !errors.Is(err, ErrMismatch) || done != nil {
		t.Fatalf("forged: %v, %v", done, err)
	}
	if _, _, err := s.AppendOwn(t.Context(), "two", hash, 0, bytes.NewReader(content)); !errors.Is(err, ErrNotFound) {
		t.Fatalf("after a forgery: %v", err)
	}
	if _, done, err := s.AppendOwn(t.Context(), "one", hash, 1000, bytes.NewReader(content[1000:])); err != nil || done == nil || done.Hash != hash || done.Type != "application/pdf" {
		t.Fatalf("the first goes on: %v, %v", done, err)
	}
	mustHold(t, s, content)
}

// TestOwnIsBounded: nobody fills the disk with beginnings, and what was given up
// goes.
func TestOwnIsBounded(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	for i := range MaxOwn {
		if _, err := s.BeginOwn(t.Context(), "who", hashHex(fmt.Append(nil, i)), 10); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.BeginOwn(t.Context(), "who", hashHex([]byte("more")), 10); !errors.Is(err, ErrTooMany) {
		t.Fatalf("one too many: %v", err)
	}
	if _, err := s.BeginOwn(t.Context(), "other", hashHex([]byte("more")), 10); err != nil {
		t.Fatal(err)
	}
	if n, _, err := s.RemoveStale(t.Context(), time.Now().Add(time.Hour)); n != MaxOwn+1 || err != nil {
		t.Fatalf("stale: %d, %v", n, err)
	}
	if _, err := s.BeginOwn(t.Context(), "who", hashHex([]byte("more")), 10); err != nil {
		t.Fatal(err)
	}
}
