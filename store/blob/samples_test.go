package blob

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/tongban/tongban/store/atrest"
)

func pngSample(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegSample(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gifSample(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pdfSample is a document of exactly size bytes, different for each seed.
func pdfSample(size int, seed byte) []byte {
	b := bytes.Repeat([]byte{'%', seed}, size/2+1)[:size]
	copy(b, "%PDF-1.7\n")
	for i := 64; i+8 <= len(b); i += 64 {
		binary.BigEndian.PutUint64(b[i:], uint64(i)*uint64(seed+1))
	}
	return b
}

// bomb is a PNG whose header claims a size its bytes do not have.
func bomb(t testing.TB, w, h uint32) []byte {
	b := pngSample(t, 1, 1)
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	return b
}

func webp(chunk string, body ...byte) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WEBP"+chunk+"\x0a\x00\x00\x00"), body...)
	return append(b, make([]byte, 10)...)
}

func hashHex(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// testKey seals what these tests store, as every node does.
var testKey = func() *atrest.Key {
	k, err := atrest.NewKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}()

func mustOpen(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Options{Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
