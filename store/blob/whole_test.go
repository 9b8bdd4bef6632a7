package blob

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// pdfWhole is a document with its cross-references; filling makes it longer.
func pdfWhole(filling int) []byte {
	b := []byte("%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n% " + strings.Repeat("x", filling) +
		"\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n")
	at := len(b)
	return fmt.Appendf(b, "xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", at)
}

// webpWhole is an image of one of the simple kinds, as far as its chunks go.
func webpWhole(chunk string, data ...byte) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WEBP"+chunk), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
	b = append(b, data...)
	b = append(b, make([]byte, len(data)%2)...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// wholeSamples are sound content of every type.
func wholeSamples(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"png": pngSample(t, 64, 48), "jpeg": jpegSample(t, 64, 48), "pdf": pdfWhole(0), "pdf of some length": pdfWhole(100_000),
		"webp lossy":    webpWhole("VP8 ", 0, 0, 0, 0x9D, 1, 0x2A, 5, 0, 5, 0, 7),
		"webp lossless": webpWhole("VP8L", 0x2F, 4, 0, 0, 0, 1, 2),
	}
}

func check(b []byte) error {
	return whole(Sniff(b), bytes.NewReader(b), int64(len(b)))
}

// TestWholeAnyCut: content passes with what scanners add after its end, and is
// refused wherever it is cut.
func TestWholeAnyCut(t *testing.T) {
	for name, b := range wholeSamples(t) {
		t.Run(name, func(t *testing.T) {
			for _, added := range []string{"", "\r\n", strings.Repeat("\x00", 3000)} {
				if err := check(append(bytes.Clone(b), added...)); err != nil {
					t.Fatalf("with %d bytes after its end: %v", len(added), err)
				}
			}
			step := 1 + len(b)/2000
			for cut := 12; cut < len(bytes.TrimRight(b, "\n")); cut += step {
				if err := check(b[:cut]); !errors.Is(err, ErrIncomplete) {
					t.Fatalf("cut to %d of %d bytes: %v", cut, len(b), err)
				}
			}
		})
	}
}

func TestWhole(t *testing.T) {
	flipped := pngSample(t, 64, 48)
	flipped[bytes.Index(flipped, []byte("IDAT"))+8] ^= 1
	noPixels := pngSample(t, 1, 1)
	noPixels = append(noPixels[:bytes.Index(noPixels, []byte("IDAT"))-4], noPixels[bytes.Index(noPixels, []byte("IEND"))-4:]...)
	plain := jpegSample(t, 64, 48)
	app1 := append([]byte{0xFF, 0xD8, 0xFF, 0xE1, byte((len(plain) + 2) >> 8), byte(len(plain) + 2)}, plain...) // a thumbnail with an end of its own
	saved := pdfWhole(0)
	saved = append(saved, strings.Replace(string(pdfWhole(0)), "%PDF-1.4\n", "", 1)...)
	long := func(tail string) []byte { return append(pdfWhole(200_000)[:150_000], tail...) }
	for _, row := range []struct {
		name    string
		content []byte
		sound   bool
	}{
		{"a script said to be pdf", []byte("%PDF-1.7\n<script>"), false},
		{"png of which a byte is wrong", flipped, false},
		{"png without pixels", noPixels, false},
		{"png of 300 bytes", pngSample(t, 3000, 2000)[:300], false},
		{"jpeg with a thumbnail", append(bytes.Clone(app1), plain[2:]...), true},
		{"jpeg cut after its thumbnail", append(bytes.Clone(app1), plain[2:len(plain)-2]...), false},
		{"jpeg without pixels", append(bytes.Clone(plain[:bytes.Index(plain, []byte{0xFF, 0xDA})]), 0xFF, 0xD9), false},
		{"jpeg with fill bytes and restarts", append(append(bytes.Clone(plain[:len(plain)-2]), 0xFF, 0xD0, 1, 2, 0xFF, 0, 0xFF, 0xFF), 0xFF, 0xD9), true},
		{"webp that says more than it has", append(webpWhole("VP8L", 0x2F, 4, 0, 0, 0, 1)[:4], append([]byte{200, 0, 0, 0}, webpWhole("VP8L", 0x2F, 4, 0, 0, 0, 1)[8:]...)...), false},
		{"webp of a profile alone", webpWhole("ICCP", 1, 2, 3, 4), false},
		{"pdf saved again", saved, true},
		{"pdf with line ends of Windows", bytes.ReplaceAll(pdfWhole(0), []byte("\n"), []byte("\r\n")), true},
		{"pdf with old line ends", bytes.ReplaceAll(pdfWhole(0), []byte("\n"), []byte("\r")), true},
		{"pdf with a mail's signature after it", append(pdfWhole(0), strings.Repeat("-- \r\n", 2000)...), true},
		{"linearized pdf that was cut", append([]byte("%PDF-1.4\n1 0 obj\nxref\nstartxref\n0\n%%EOF\n"), strings.Repeat("1 0 obj ", 3000)...), false},
		{"pdf that points beyond itself", long("startxref\n999999999\n%%EOF\n"), false},
		{"pdf that points beyond numbers", long("startxref\n9999999999999999999\n%%EOF\n"), false},
		{"pdf that points at nothing", long("startxref\n100000\n%%EOF\n"), false},
	} {
		if err := check(row.content); (err == nil) != row.sound || err != nil && !errors.Is(err, ErrIncomplete) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func FuzzWhole(f *testing.F) {
	for _, b := range wholeSamples(f) {
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for mediaType := range wholes {
			err := whole(mediaType, bytes.NewReader(b), int64(len(b)))
			if err != nil && !errors.Is(err, ErrIncomplete) {
				t.Fatalf("%s: untyped error %v", mediaType, err)
			}
			if err != nil || mediaType == PDF {
				continue
			}
			if err := whole(mediaType, bytes.NewReader(append(bytes.Clone(b), 0, 0, 0)), int64(len(b)+3)); err != nil {
				t.Fatalf("%s: three bytes after its end: %v", mediaType, err)
			}
		}
	})
}
