package atrest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A sealed file is a head of HeadBytes and then the content, byte for byte in
// its place:
//
//	mark (8) | id of the key (8) | salt (16)
//
// The content is sealed with AES-256-CTR under a key made from salt and storage
// key. It is for files that grow and are not written over: a byte that was made
// durable is not touched by what comes after it, so that an upload that was
// acknowledged is there after a power cut, as in the clear.
type head [HeadBytes]byte

// HeadBytes is how much longer a sealed file is than its content.
const HeadBytes = 32

var fileMark = [8]byte{'T', 'B', 'S', 'E', 'A', 'L', '1', '\n'}

// Stream seals and opens the content of one file.
type Stream struct {
	head  head
	block cipher.Block
}

// NewStream begins a file: its head is to be written before the content.
func (k *Key) NewStream() (*Stream, error) {
	var h head
	copy(h[:], fileMark[:])
	copy(h[8:], k.id[:])
	if _, err := rand.Read(h[16:]); err != nil {
		return nil, err
	}
	return k.streamOf(h)
}

// Stream goes on with a file by its head: ErrClear is one that is not sealed,
// ErrOtherKey one of another key.
func (k *Key) Stream(b []byte) (*Stream, error) {
	if len(b) < HeadBytes || !Sealed(b) {
		return nil, ErrClear
	}
	h := head(b[:HeadBytes])
	if !bytes.Equal(h[8:16], k.id[:]) {
		return nil, ErrOtherKey
	}
	return k.streamOf(h)
}

// Sealed tells whether a file begins as a sealed one.
func Sealed(begin []byte) bool { return bytes.HasPrefix(begin, fileMark[:]) }

func (k *Key) streamOf(h head) (*Stream, error) {
	block, err := aes.NewCipher(k.derive("file "+string(h[16:]), KeyBytes))
	return &Stream{head: h, block: block}, err
}

// Head is the file's head.
func (s *Stream) Head() []byte { return s.head[:] }

// XOR seals or opens, in place, what lies at an offset of the content.
func (s *Stream) XOR(b []byte, off int64) {
	var counter [aes.BlockSize]byte
	binary.BigEndian.PutUint64(counter[8:], uint64(off)/aes.BlockSize)
	ctr := cipher.NewCTR(s.block, counter[:])
	if skip := off % aes.BlockSize; skip > 0 {
		var before [aes.BlockSize]byte
		ctr.XORKeyStream(before[:skip], before[:skip])
	}
	ctr.XORKeyStream(b, b)
}

// Writer seals what is written into w, a new file; a nil key leaves it as it is.
func (k *Key) Writer(w io.Writer) (io.Writer, error) {
	if k == nil {
		return w, nil
	}
	s, err := k.NewStream()
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(s.Head()); err != nil {
		return nil, err
	}
	return &streamWriter{w: w, s: s}, nil
}

type streamWriter struct {
	w   io.Writer
	s   *Stream
	off int64
}

func (w *streamWriter) Write(b []byte) (int, error) {
	sealed := bytes.Clone(b)
	w.s.XOR(sealed, w.off)
	n, err := w.w.Write(sealed)
	w.off += int64(n)
	return n, err
}

// Reader opens what r gives, a sealed file from its beginning; a nil key takes
// it as it is.
func (k *Key) Reader(r io.Reader) (io.Reader, error) {
	if k == nil {
		return r, nil
	}
	var h head
	if n, err := io.ReadFull(r, h[:]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: ends after %d bytes", ErrClear, n)
		}
		return nil, err
	}
	s, err := k.Stream(h[:])
	if err != nil {
		return nil, err
	}
	return &streamReader{r: r, s: s}, nil
}

type streamReader struct {
	r   io.Reader
	s   *Stream
	off int64
}

func (r *streamReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	r.s.XOR(b[:n], r.off)
	r.off += int64(n)
	return n, err
}
