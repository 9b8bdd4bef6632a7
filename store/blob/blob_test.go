package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

// TestAnyChunksAndRestarts: whatever the chunks, cuts, repeats, wrong offsets
// and restarts, the bytes come out as they went in.
func TestAnyChunksAndRestarts(t *testing.T) {
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
				got, err := s.Begin(t.Context(), hash, size, "")
				if err != nil || got != offset {
					rt.Fatalf("begin: %d, %v; want %d", got, err, offset)
				}
				begun = true
			case step == 2:
				wrong := rapid.Int64Range(-5, size+5).Filter(func(n int64) bool { return n != offset }).Draw(rt, "wrong")
				var e *OffsetError
				got, err := s.Append(t.Context(), hash, wrong, bytes.NewReader(content))
				if !errors.As(err, &e) || e.Want != offset || got != offset {
					rt.Fatalf("wrong offset: %d, %v", got, err)
				}
			default:
				n := rapid.Int64Range(0, size-offset).Draw(rt, "chunk")
				var r io.Reader = bytes.NewReader(content[offset : offset+n])
				cut := rapid.Bool().Draw(rt, "cut")
				if cut {
					r = io.MultiReader(r, iotest.ErrReader(io.ErrClosedPipe))
				}
				got, err := s.Append(t.Context(), hash, offset, r)
				if offset += n; got != offset {
					rt.Fatalf("append gave %d, want %d: %v", got, offset, err)
				}
				if offset == size && err != nil || offset < size && cut != errors.Is(err, io.ErrClosedPipe) {
					rt.Fatalf("append at %d of %d, cut %v: %v", offset, size, cut, err)
				}
			}
			if offset == size {
				break
			}
		}
		if rapid.Bool().Draw(rt, "restart at the end") {
			s = mustOpen(t, dir)
		}
		mustHold(t, s, content)
	})
}

func TestRefusals(t *testing.T) {
	s, err := Open(t.TempDir(), Options{MaxBytes: 10_000, Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	good := pdfSample(5000, 1)
	hash := hashHex(good)
	begin := func(hash string, size int64, mediaType string) error {
		_, err := s.Begin(t.Context(), hash, size, mediaType)
		return err
	}
	for _, bad := range []string{"", "..", "../../etc/passwd", hash[:63], hash + "0", strings.ToUpper(hash), hash[:62] + "/.", hash[:63] + "\x00", strings.Repeat("０", 64)} {
		_, aerr := s.Append(t.Context(), bad, 0, bytes.NewReader(good))
		_, serr := s.Stat(bad)
		_, perr := s.Progress(bad)
		_, _, oerr := s.Open(bad)
		for _, err := range []error{begin(bad, 10, ""), aerr, serr, perr, oerr, s.Verify(t.Context(), bad)} {
			if !errors.Is(err, ErrBadHash) {
				t.Errorf("%q: got %v, want ErrBadHash", bad, err)
			}
		}
	}
	for _, row := range []struct {
		size int64
		kind string
		want error
	}{{0, "", ErrBadSize}, {-1, "", ErrBadSize}, {10_001, "", ErrTooLarge}, {100, "text/html", ErrType}, {100, "image/svg+xml", ErrType}} {
		if err := begin(hash, row.size, row.kind); !errors.Is(err, row.want) {
			t.Errorf("%+v: got %v", row, err)
		}
	}
	if _, err := s.Append(t.Context(), hash, 0, bytes.NewReader(good)); !errors.Is(err, ErrNotFound) {
		t.Errorf("append without begin: %v", err)
	}
	mustDo(t, begin(hash, 5000, PDF))
	if n, err := s.Append(t.Context(), hash, 0, bytes.NewReader(append(slices.Clone(good), 'x'))); !errors.Is(err, ErrTooLarge) || n != 0 {
		t.Errorf("more than declared: %d, %v", n, err)
	}
	mustDo(t, begin(hash, 5000, ""))
	if _, err := s.Append(t.Context(), hash, 0, bytes.NewReader(good)); err != nil {
		t.Errorf("after the refusals: %v", err)
	}
	if err := begin(hash, 5000, ""); !errors.Is(err, ErrComplete) {
		t.Errorf("begin of complete content: %v", err)
	}
	if err := begin(hash, 4999, ""); !errors.Is(err, ErrBadSize) {
		t.Errorf("other size of complete content: %v", err)
	}
	if p, err := s.Progress(hash); !errors.Is(err, ErrComplete) || p.Offset != 5000 {
		t.Errorf("progress of complete content: %+v, %v", p, err)
	}
	for name, b := range map[string][]byte{"html": []byte("<html></html>"), "empty": nil, "large": pdfSample(10_001, 1)} {
		if _, err := s.Put(t.Context(), bytes.NewReader(b)); err == nil {
			t.Errorf("put took %s", name)
		}
	}
}

func TestForgedContentIsDeleted(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	good, forged := pdfSample(400_000, 1), pdfSample(400_000, 2)
	hash := hashHex(good)
	_, err := s.Begin(t.Context(), hash, 400_000, "")
	mustDo(t, err)
	n, err := s.Append(t.Context(), hash, 0, bytes.NewReader(forged))
	var m *MismatchError
	if !errors.As(err, &m) || m.Got != hashHex(forged) || n != 0 {
		t.Fatalf("got %d, %v", n, err)
	}
	for name, b := range map[string][]byte{
		"html":       append([]byte("<html>"), make([]byte, 100)...),
		"bomb":       bomb(t, 50_000, 50_000),
		"wrong type": jpegSample(t, 2, 2),
	} {
		_, err := s.Begin(t.Context(), hashHex(b), int64(len(b)), PNG)
		mustDo(t, err)
		if n, err := s.Append(t.Context(), hashHex(b), 0, bytes.NewReader(b)); !errors.Is(err, ErrType) || n != 0 {
			t.Errorf("%s: got %d, %v", name, n, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
	mustDo(t, beginAndAppend(s, good))
	mustHold(t, s, good)
}

func TestBeginDeclaredOtherwise(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	good := pdfSample(300, 1)
	hash := hashHex(good)
	begin := func(size int64, kind string, want int64) {
		t.Helper()
		if got, err := s.Begin(t.Context(), hash, size, kind); err != nil || got != want {
			t.Fatalf("begin gave %d, %v; want %d", got, err, want)
		}
	}
	half := func() {
		t.Helper()
		_, err := s.Append(t.Context(), hash, 0, bytes.NewReader(good[:100]))
		mustDo(t, err)
	}
	begin(300, "", 0)
	half()
	begin(300, PDF, 100) // says more, contradicts nothing
	begin(300, "", 100)
	if p, err := s.Progress(hash); err != nil || p != (Progress{100, 300}) {
		t.Fatalf("progress %+v, %v", p, err)
	}
	begin(200, PDF, 0)
	half()
	begin(300, PDF, 0)
	half()
	begin(300, PNG, 0)
	begin(300, PDF, 0)
	_, err := s.Append(t.Context(), hash, 0, bytes.NewReader(good))
	mustDo(t, err)
	mustHold(t, s, good)
}

func TestRemoveStale(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	var hashes []string
	for seed := range byte(3) {
		b := pdfSample(1000, seed)
		hashes = append(hashes, hashHex(b))
		_, err := s.Begin(t.Context(), hashHex(b), 1000, "")
		mustDo(t, err)
		_, err = s.Append(t.Context(), hashHex(b), 0, bytes.NewReader(b[:100]))
		mustDo(t, err)
	}
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for i, h := range hashes {
		at := noon.Add(time.Duration(i) * time.Hour)
		mustDo(t, os.Chtimes(s.partialPath(h, partial{size: 1000}), at, at))
	}
	s = mustOpen(t, dir)
	if n, freed, err := s.RemoveStale(t.Context(), noon.Add(90*time.Minute)); n != 2 || freed != 200 || err != nil {
		t.Fatalf("removed %d, %d bytes, %v", n, freed, err)
	}
	for i, h := range hashes {
		if _, err := s.Progress(h); errors.Is(err, ErrNotFound) != (i < 2) {
			t.Errorf("upload %d: %v", i, err)
		}
	}
}

func TestList(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	var want []string
	for seed := range byte(40) {
		info, err := s.Put(t.Context(), bytes.NewReader(pdfSample(200, seed)))
		mustDo(t, err)
		want = append(want, info.Hash)
	}
	slices.Sort(want)
	mustDo(t, os.WriteFile(filepath.Join(dir, "objects", want[0][:2], "notes.txt"), []byte("x"), 0o600))
	mustDo(t, os.WriteFile(filepath.Join(dir, "objects", "README"), []byte("x"), 0o600))
	mustDo(t, os.WriteFile(filepath.Join(dir, "partial", "stray"), []byte("x"), 0o600))
	mustDo(t, os.WriteFile(filepath.Join(dir, "scratch", "put-1"), []byte("x"), 0o600))
	s = mustOpen(t, dir)
	var got []string
	for after := ""; ; {
		page, err := s.List(after, 7)
		mustDo(t, err)
		if len(page) == 0 {
			break
		}
		for _, i := range page {
			got = append(got, i.Hash)
		}
		after = got[len(got)-1]
	}
	if !slices.Equal(got, want) {
		t.Fatalf("listed %d of %d", len(got), len(want))
	}
	if _, err := s.List("../..", 1); !errors.Is(err, ErrBadHash) {
		t.Fatalf("got %v", err)
	}
	for _, stray := range []string{"partial/stray", "scratch/put-1"} {
		if _, err := os.Stat(filepath.Join(dir, stray)); err == nil {
			t.Errorf("%s is still there", stray)
		}
	}
}

// TestSameUploadFromMany: several uploaders of one content, readers beside
// them, and a stalled one that must not be waited for.
func TestSameUploadFromMany(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	content := pdfSample(900_000, 3)
	hash, size := hashHex(content), int64(len(content))
	_, err := s.Begin(t.Context(), hash, size, "")
	mustDo(t, err)

	stalled, feed := io.Pipe()
	result := make(chan error, 1)
	go func() {
		_, err := s.Append(context.Background(), hash, 0, stalled)
		result <- err
	}()
	_, err = feed.Write(content[:10])
	mustDo(t, err)

	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			for {
				offset, err := s.Begin(context.Background(), hash, size, "")
				if errors.Is(err, ErrComplete) {
					return
				}
				end := min(offset+100_000, size)
				if err == nil {
					_, err = s.Append(context.Background(), hash, offset, bytes.NewReader(content[offset:end]))
				}
				if err != nil && !errors.Is(err, ErrOffset) && !errors.Is(err, ErrComplete) {
					t.Error(err)
					return
				}
				_, _ = s.Has(hash)
			}
		})
	}
	group.Go(func() {
		if _, err := s.Put(context.Background(), bytes.NewReader(content)); err != nil {
			t.Error(err)
		}
	})
	group.Wait()
	mustHold(t, s, content)
	mustDo(t, feed.Close())
	if err := <-result; !errors.Is(err, ErrComplete) {
		t.Errorf("the stalled one: %v", err)
	}
	if len(s.locks.held) != 0 {
		t.Errorf("%d locks left", len(s.locks.held))
	}
}

func TestAppendStopsWithItsContext(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	content := pdfSample(1000, 3)
	_, err := s.Begin(t.Context(), hashHex(content), 1000, "")
	mustDo(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, hashHex(content), 0, bytes.NewReader(content)); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if _, err := s.Put(ctx, bytes.NewReader(content)); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
