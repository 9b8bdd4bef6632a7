package carry

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/tongban/tongban/store/storetest"
)

// passing takes anything.
type passing struct{}

func (passing) header(*Header) error                      { return nil }
func (passing) line([]byte) error                         { return nil }
func (passing) attachment(string, int64, io.Reader) error { return nil }

func readAll(b []byte) error {
	_, err := read(bytes.NewReader(b), Limits{}.withDefaults(), passing{})
	return err
}

// bothWays makes a small bundle of each direction.
func bothWays(t testing.TB, w *world) (up, down []byte) {
	t.Helper()
	village := w.Village(villageCode)
	village.Submit("TB-MZJ-004", withScan(w.keep(village, scan(900, 1))))
	up, _ = w.export(village, Options{})
	down, _ = w.export(w.Hub(), Options{For: village.ID()})
	return up, down
}

// A flipped bit anywhere in the file refuses it, whatever the importer knows.
func TestEveryByte(t *testing.T) {
	up, down := bothWays(t, newWorld(t))
	bits := 1
	if os.Getenv("TONGBAN_LONG") != "" {
		bits = 8
	}
	for name, bundle := range map[string][]byte{"up": up, "down": down} {
		bad := bytes.Clone(bundle)
		for at := range bad {
			for bit := at; bit < at+bits; bit++ {
				bad[at] ^= 1 << (bit % 8)
				var fault *Fault
				if err := readAll(bad); !errors.As(err, &fault) {
					t.Fatalf("%s: bit %d of byte %d: %v", name, bit%8, at, err)
				}
				bad[at] ^= 1 << (bit % 8)
			}
		}
		for cut := 0; cut < len(bundle); cut += 1 + len(bundle)/500 {
			var fault *Fault
			if err := readAll(bundle[:cut]); !errors.As(err, &fault) {
				t.Fatalf("%s: cut at %d: %v", name, cut, err)
			}
		}
	}
}

// Nothing of a flipped bundle is applied.
func TestFlippedBitsChangeNothing(t *testing.T) {
	w := newWorld(t)
	up, _ := bothWays(t, w)
	hub := w.Hub()
	before := storetest.Dump(t, hub.Store)
	file, err := io.ReadAll(sealFor(t, hub.Key, up))
	must(t, err)
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		within := rapid.Bool().Draw(t, "within")
		good := file
		if within {
			good = up
		}
		bad := bytes.Clone(good)
		for range rapid.IntRange(1, 3).Draw(t, "flips") {
			bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		if bytes.Equal(bad, good) {
			return
		}
		r := io.Reader(bytes.NewReader(bad))
		if within {
			r = sealFor(outer, hub.Key, bad)
		}
		var fault *Fault
		if s, err := w.node(hub).Import(context.Background(), r); !errors.As(err, &fault) || s.Entries != 0 {
			t.Fatalf("taken in: %+v, %v", s, err)
		}
	})
	if storetest.Dump(t, hub.Store) != before {
		t.Error("the state changed")
	}
}

func TestHostileForms(t *testing.T) {
	w := newWorld(t)
	up, _ := bothWays(t, w)
	o := mustOpen(t, up)
	village := w.Village(villageCode)
	start := len(magic) + 6 + int(binary.BigEndian.Uint32(up[len(magic)+2:]))
	block := func(kind byte, length uint32, payload []byte) []byte {
		return append(binary.BigEndian.AppendUint32(append(bytes.Clone(up[:start]), kind), length), payload...)
	}
	bomb := func(n int) []byte {
		e, _ := zstd.NewWriter(nil)
		return e.EncodeAll(make([]byte, n), nil)
	}
	huge := bytes.Clone(up[:len(magic)+6])
	binary.BigEndian.PutUint32(huge[len(magic)+2:], 1<<32-1)
	b100 := bomb(100 << 20)
	for name, row := range map[string]struct {
		bundle []byte
		want   *Fault
	}{
		"header of 4 GiB":    {huge, ErrDamaged},
		"block of 4 GiB":     {block(blockLines, 1<<32-1, nil), ErrDamaged},
		"announced, absent":  {block(blockLines, maxPacked, []byte("x")), ErrTruncated},
		"bomb":               {block(blockLines, uint32(len(b100)), b100), ErrDamaged},
		"unknown block":      {block(77, 0, nil), ErrDamaged},
		"stray piece":        {block(blockPiece, 0, nil), ErrDamaged},
		"short end":          {block(blockEnd, 0, nil), ErrDamaged},
		"short attachment":   {block(blockAttachment, 3, []byte("abc")), ErrDamaged},
		"endless attachment": {block(blockAttachment, 40, append(make([]byte, 32), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)), ErrTooLarge},
		"empty attachment":   {block(blockAttachment, 40, make([]byte, 40)), ErrDamaged},
		"other content":      {forgeContent(t, o, village), ErrDamaged},
	} {
		if err := readAll(row.bundle); !errors.Is(err, row.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("stick pulled out")
	_, err := read(io.MultiReader(bytes.NewReader(up[:200]), iotest.ErrReader(broken)), Limits{}.withDefaults(), passing{})
	if !errors.Is(err, ErrTruncated) || !errors.Is(err, broken) {
		t.Errorf("a failing stick: %v", err)
	}
}

// forgeContent makes a bundle whose attachment is not what its hash says.
func forgeContent(t testing.TB, o *opened, from *storetest.Node) []byte {
	t.Helper()
	whole := forge(t, o.h, from.Key, o.lines, o.files...)
	var out bytes.Buffer
	w := newWriter(&out)
	// Up to the attachment's pieces it is the same.
	start := bytes.LastIndex(whole, append([]byte{blockAttachment}, 0, 0, 0, 40)) + blockHead + 40
	_, err := w.Write(whole[:start])
	must(t, err)
	other := bytes.Clone(o.files[0])
	other[len(other)-1] ^= 1
	must(t, writeBlock(w, blockPiece, packer().EncodeAll(other, nil)))
	must(t, w.end(from.Key))
	return out.Bytes()
}

// The reader may give as little at a time as it likes.
func TestOneByteAtATime(t *testing.T) {
	w := newWorld(t)
	up, _ := bothWays(t, w)
	file, err := io.ReadAll(sealFor(t, w.Hub().Key, up))
	must(t, err)
	s, err := w.node(w.Hub()).Import(context.Background(), iotest.OneByteReader(bytes.NewReader(file)))
	must(t, err)
	if s.Entries != 1 || s.Attachments != 1 || s.Bytes != int64(len(file)) {
		t.Errorf("taken in %+v", s)
	}
}

// Attachments are carried in pieces: what is in memory does not grow with them.
func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t)
	hub, village := w.Hub(), w.Village(villageCode)
	papers, size := 10, 6<<20
	if os.Getenv("TONGBAN_LONG") != "" {
		papers = 34 // 200 MB
	}
	for i := range papers {
		village.Submit("TB-MZJ-004", withScan(w.keep(village, scan(size, uint64(i)))))
	}
	r, wr := io.Pipe()
	done := make(chan error, 1)
	peak := &peakReader{r: r}
	go func() {
		_, err := w.node(village).Export(context.Background(), wr, Options{})
		wr.CloseWithError(err)
		done <- err
	}()
	runtime.GC()
	var start runtime.MemStats
	runtime.ReadMemStats(&start)
	s, err := w.node(hub).Import(context.Background(), peak)
	must(t, err)
	must(t, <-done)
	if s.Attachments != int64(papers) || s.AttachmentBytes != int64(papers*size) {
		t.Fatalf("taken in %+v", s)
	}
	const bound = 40 << 20
	used := int64(peak.most) - int64(start.HeapAlloc)
	t.Logf("%d MiB more in memory for a bundle of %d MiB", used>>20, s.Bytes>>20)
	if used > bound {
		t.Error("memory grows with the bundle")
	}
}

// peakReader looks now and then at how much memory is in use.
type peakReader struct {
	r    io.Reader
	n    int
	most uint64
}

func (p *peakReader) Read(b []byte) (int, error) {
	if p.n++; p.n%100 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.most = max(p.most, m.HeapAlloc)
	}
	return p.r.Read(b)
}

func FuzzRead(f *testing.F) {
	up, down := bothWays(f, newWorld(f))
	f.Add(up)
	f.Add(down)
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		var fault *Fault
		o := new(opened)
		_, err := read(bytes.NewReader(data), Limits{Bytes: 1 << 20, EntryBytes: 16 << 20}.withDefaults(), o)
		if err != nil && !errors.As(err, &fault) {
			t.Fatalf("an untyped failure: %v", err)
		}
		if err == nil && int64(len(o.lines)) != o.h.Entries {
			t.Fatalf("%d lines of %d", len(o.lines), o.h.Entries)
		}
	})
}

func FuzzLines(f *testing.F) {
	up, down := bothWays(f, newWorld(f))
	for _, b := range [][]byte{up, down} {
		o := mustOpen(f, b)
		for _, l := range o.lines {
			f.Add(l)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if e, err := decodeEntry(data); err == nil && (e.Seq == 0 || e.ID == "") {
			t.Fatalf("%+v", e)
		}
		if l, err := decodeLine(data); err == nil && (l.Entry == nil) == (l.Confirms == "") {
			t.Fatalf("%+v", l)
		}
	})
}
