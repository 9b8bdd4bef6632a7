package blob

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestInspect(t *testing.T) {
	app1 := append([]byte{0xFF, 0xD8, 0xFF, 0xE1, 0xFF, 0xFF}, make([]byte, 0xFFFD)...)
	for _, row := range []struct {
		name    string
		content []byte
		want    string // "" is refused
	}{
		{"png", pngSample(t, 3, 2), PNG},
		{"jpeg", jpegSample(t, 3, 2), JPEG},
		{"jpeg with 64 KB of EXIF", append(app1, jpegSample(t, 3, 2)[2:]...), JPEG},
		{"gif", gifSample(t), ""},
		{"webp lossy", webp("VP8 ", 0, 0, 0, 0x9D, 1, 0x2A, 5, 0, 5, 0), WebP},
		{"webp lossless", webp("VP8L", 0x2F, 4, 0, 0, 0), WebP},
		{"webp extended", webp("VP8X", 0, 0, 0, 0, 9, 0, 0, 9, 0, 0), WebP},
		{"pdf", pdfSample(100, 1), PDF},
		{"png 50000 x 50000", bomb(t, 50_000, 50_000), ""},
		{"png long and thin", bomb(t, 1_000_000, 1), ""},
		{"png of no width", bomb(t, 0, 10), ""},
		{"png of the widest number", bomb(t, 1<<32-1, 1<<32-1), ""},
		{"png at the limit", bomb(t, 10_000, 10_000), PNG},
		{"png cut in its header", pngSample(t, 3, 2)[:20], ""},
		{"jpeg without a frame", []byte{0xFF, 0xD8, 0xFF, 0xDA, 0, 2}, ""},
		{"jpeg cut", jpegSample(t, 3, 2)[:8], ""},
		{"jpeg of empty segments", append([]byte{0xFF, 0xD8}, bytes.Repeat([]byte{0xFF, 0xE0, 0, 2}, 5000)...), ""},
		{"webp too large", webp("VP8X", 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF), ""},
		{"webp unknown", webp("ICCP"), ""},
		{"riff of sound", []byte("RIFF\x00\x00\x00\x00WAVEfmt "), ""},
		{"html", []byte("<!DOCTYPE html><script>alert(1)</script>"), ""},
		{"svg", []byte("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), ""},
		{"xml", []byte("<?xml version='1.0'?><svg/>"), ""},
		{"zip", []byte("PK\x03\x04\x14\x00\x00\x00"), ""},
		{"exe", []byte("MZ\x90\x00\x03\x00"), ""},
		{"old office", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), ""},
		{"text", []byte(strings.Repeat("你好", 20)), ""},
		{"pdf after a space", []byte(" %PDF-1.7"), ""},
		{"html before pdf", []byte("<html>%PDF-1.7"), ""},
		{"one byte", []byte{0xFF}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Options{Key: testKey}.withDefaults().inspect(bytes.NewReader(row.content), int64(len(row.content)))
			if got != row.want {
				t.Fatalf("got %q, %v; want %q", got, err, row.want)
			}
			if row.want == "" && !errors.Is(err, ErrType) {
				t.Fatalf("got %v, want ErrType", err)
			}
		})
	}
}

func FuzzInspect(f *testing.F) {
	for _, b := range [][]byte{
		pngSample(f, 3, 2), jpegSample(f, 3, 2), gifSample(f), pdfSample(50, 1), nil, {0xFF, 0xD8, 0xFF},
		webp("VP8 ", 0, 0, 0, 0x9D, 1, 0x2A, 5, 0, 5, 0), webp("VP8L", 0x2F), webp("VP8X"),
	} {
		f.Add(b)
	}
	o := Options{Key: testKey}.withDefaults()
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := o.inspect(bytes.NewReader(b), int64(len(b)))
		if (err == nil) != IsType(got) {
			t.Fatalf("type %q beside error %v", got, err)
		}
		if err != nil && !errors.Is(err, ErrType) {
			t.Fatalf("untyped error %v", err)
		}
	})
}

func FuzzHashAndPartialName(f *testing.F) {
	hash := hashHex(nil)
	for _, s := range []string{hash, hash + ".12.any", hash + ".012.png", "../" + hash[3:], strings.ToUpper(hash), "", hash + "\x00", hash + ".-1.pdf"} {
		f.Add(s)
	}
	s := &Store{dir: "/d"}
	f.Fuzz(func(t *testing.T, text string) {
		if CheckHash(text) == nil && (len(text) != 64 || strings.Trim(text, "0123456789abcdef") != "") {
			t.Fatalf("accepted %q", text)
		}
		if hash, p, ok := parsePartial(text); ok && s.partialPath(hash, p) != "/d/partial/"+text {
			t.Fatalf("%q does not come back from its name: %q", text, s.partialPath(hash, p))
		}
	})
}
