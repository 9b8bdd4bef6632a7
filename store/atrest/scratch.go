package atrest

import (
	"crypto/rand"
	"io"
	"os"
)

// Scratch is a temporary file that one process writes and reads again. It is
// sealed with a key that is nowhere but in memory, so that what the disk keeps
// of it after its end tells nothing.
type Scratch struct {
	f      *os.File
	key    *Key
	stream *Stream
	at     int64
}

// NewScratch makes an empty file one.
func NewScratch(f *os.File) (*Scratch, error) {
	key, err := NewKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	s := &Scratch{f: f, key: key}
	return s, s.Reset()
}

// Reset empties it.
func (s *Scratch) Reset() (err error) {
	// What is written next is not sealed as what stood there was.
	if s.stream, err = s.key.NewStream(); err != nil {
		return err
	}
	s.at = 0
	return s.f.Truncate(0)
}

// Rewind goes back to the beginning, to read.
func (s *Scratch) Rewind() { s.at = 0 }

// Write adds at the end of what was written since Reset.
func (s *Scratch) Write(b []byte) (int, error) {
	sealed := append([]byte(nil), b...)
	s.stream.XOR(sealed, s.at)
	n, err := s.f.WriteAt(sealed, s.at)
	s.at += int64(n)
	return n, err
}

// Read reads on.
func (s *Scratch) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, err := s.f.ReadAt(b, s.at)
	s.stream.XOR(b[:n], s.at)
	s.at += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}
