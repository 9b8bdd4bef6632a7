package blob

import (
	"bytes"
	"errors"
	"testing"
)

// TestDoorTakesWhatANodeIsSetTo: the node's own limit holds at each of its doors;
// what another node acknowledged comes in all the same.
func TestDoorTakesWhatANodeIsSetTo(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	if s.MaxBytes() != DefaultMaxBytes || s.Door(DefaultMaxBytes+1).MaxBytes() != DefaultMaxBytes {
		t.Fatal("the limit of the store does not hold at the door")
	}
	content := pdfWhole(9000)
	hash, size := hashHex(content), int64(len(content))
	small, exact := s.Door(size-1), s.Door(size)
	tooLarge := func(what string, err error, told int64) {
		t.Helper()
		var e *SizeError
		if !errors.As(err, &e) || e.Size != told || e.Limit != size-1 {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := small.Begin(t.Context(), hash, size)
	tooLarge("begin", err, size)
	_, err = small.BeginOwn(t.Context(), "who", hash, size)
	tooLarge("begin own", err, size)
	_, err = small.Put(t.Context(), bytes.NewReader(content))
	tooLarge("put", err, 0)
	for _, begin := range []func() (int64, error){
		func() (int64, error) { return exact.Begin(t.Context(), hash, size) },
		func() (int64, error) { return exact.BeginOwn(t.Context(), "who", hash, size) },
	} {
		if at, err := begin(); at != 0 || err != nil {
			t.Fatalf("begin at the limit: %d, %v", at, err)
		}
	}
	_, err = small.Append(t.Context(), hash, 0, bytes.NewReader(content))
	tooLarge("append", err, size)
	_, _, err = small.AppendOwn(t.Context(), "who", hash, 0, bytes.NewReader(content))
	tooLarge("append own", err, size)
	if at, err := s.Append(t.Context(), hash, 0, bytes.NewReader(content)); at != size || err != nil {
		t.Fatalf("from another node: %d, %v", at, err)
	}
	mustHold(t, s, content)
}

// TestDoorRefusesWhatIsIncomplete: at the door content has to go on to its end and
// leaves nothing behind; what another node took is kept whatever it is.
func TestDoorRefusesWhatIsIncomplete(t *testing.T) {
	for name, content := range map[string][]byte{
		"script": []byte("%PDF-1.7\n<script>"), "png": pngSample(t, 3000, 2000)[:300], "jpeg": jpegSample(t, 64, 48)[:400],
	} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, t.TempDir())
			d, hash, size := s.Door(DefaultMaxBytes), hashHex(content), int64(len(content))
			begun := func() {
				t.Helper()
				if at, err := d.Begin(t.Context(), hash, size); at != 0 || err != nil {
					t.Fatalf("begin: %d, %v", at, err)
				}
			}
			begun()
			if at, err := d.Append(t.Context(), hash, 0, bytes.NewReader(content)); at != 0 || !errors.Is(err, ErrIncomplete) {
				t.Fatalf("append: %d, %v", at, err)
			}
			begun() // nothing of it stayed
			if _, err := d.Put(t.Context(), bytes.NewReader(content)); !errors.Is(err, ErrIncomplete) {
				t.Fatalf("put: %v", err)
			}
			if _, err := d.BeginOwn(t.Context(), "who", hash, size); err != nil {
				t.Fatal(err)
			}
			if _, done, err := d.AppendOwn(t.Context(), "who", hash, 0, bytes.NewReader(content)); done != nil || !errors.Is(err, ErrIncomplete) {
				t.Fatalf("append own: %v, %v", done, err)
			}
			if all, err := s.owned(""); len(all) != 0 || err != nil {
				t.Fatalf("own uploads left: %v, %v", all, err)
			}
			if at, err := s.Append(t.Context(), hash, 0, bytes.NewReader(content)); at != size || err != nil {
				t.Fatalf("from another node: %d, %v", at, err)
			}
			if _, err := d.Begin(t.Context(), hash, size); errors.Is(err, ErrComplete) || !errors.Is(err, ErrIncomplete) {
				t.Fatalf("begin of what is here: %v", err)
			}
		})
	}
}

// TestDoorAfterAStop: content whose last byte came before a stop is checked when
// the person goes on.
func TestDoorAfterAStop(t *testing.T) {
	dir, content := t.TempDir(), []byte("%PDF-1.7\n<script>")
	s := mustOpen(t, dir)
	hash, size := hashHex(content), int64(len(content))
	if _, err := s.Begin(t.Context(), hash, size, ""); err != nil {
		t.Fatal(err)
	}
	p, _ := s.lookup(hash)
	if err := s.writePiece(s.partialPath(hash, p), 0, content); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir)
	if _, err := s.Door(DefaultMaxBytes).Begin(t.Context(), hash, size); !errors.Is(err, ErrIncomplete) {
		t.Fatalf("begin: %v", err)
	}
	if has, err := s.Has(hash); has || err != nil {
		t.Fatalf("it is here: %v, %v", has, err)
	}
}

func TestDoorTakesSoundContent(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	for name, content := range wholeSamples(t) {
		info, err := s.Door(DefaultMaxBytes).Put(t.Context(), bytes.NewReader(content))
		if err != nil || info.Type != Sniff(content) {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}
