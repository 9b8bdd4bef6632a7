package atrest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// A database that lies still, without a log beside it, is its content sealed
// page by page (sealedvfs). Copies of it come and go by these.

const (
	databasePage = 4096
	// databaseMark begins every SQLite database.
	databaseMark = "SQLite format 3\x00"
)

// DatabaseWriter seals a database's content as it is written, whole pages at a
// time, which what is given to Write needs not be. Close it, or the last page
// is missing. A nil key leaves it as it is.
func (k *Key) DatabaseWriter(w io.Writer) io.WriteCloser {
	if k == nil {
		return plainWriter{w}
	}
	return &pageWriter{w: w, x: k.XTS("database")}
}

type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }

type pageWriter struct {
	w    io.Writer
	x    *XTS
	page []byte
	unit uint64
}

func (w *pageWriter) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n := min(databasePage-len(w.page), len(rest))
		w.page, rest = append(w.page, rest[:n]...), rest[n:]
		if len(w.page) == databasePage {
			if err := w.flush(); err != nil {
				return len(b) - len(rest), err
			}
		}
	}
	return len(b), nil
}

func (w *pageWriter) flush() error {
	w.x.Seal(w.page, w.unit)
	w.unit += databasePage / BlockBytes
	_, err := w.w.Write(w.page)
	w.page = w.page[:0]
	return err
}

// Close writes the rest.
func (w *pageWriter) Close() error {
	if n := len(w.page) % BlockBytes; n > 0 {
		return fmt.Errorf("seal a database: it ends %d bytes into a block", n)
	}
	if len(w.page) == 0 {
		return nil
	}
	return w.flush()
}

// DatabaseReader opens a database's content as it is read from r, from its
// beginning. A nil key takes it as it is.
func (k *Key) DatabaseReader(r io.Reader) io.Reader {
	if k == nil {
		return r
	}
	return &pageReader{r: r, x: k.XTS("database")}
}

type pageReader struct {
	r    io.Reader
	x    *XTS
	page [databasePage]byte
	rest []byte
	unit uint64
	err  error
}

func (r *pageReader) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n, err := io.ReadFull(r.r, r.page[:])
		if r.err = err; errors.Is(err, io.ErrUnexpectedEOF) {
			r.err = io.EOF
			if n%BlockBytes > 0 {
				return 0, fmt.Errorf("%w: database ends %d bytes into a block", ErrDamaged, n%BlockBytes)
			}
		}
		if n == 0 {
			return 0, r.err
		}
		r.rest = r.page[:n]
		if len(bytes.Trim(r.rest, "\x00")) > 0 { // as the system gives what was never written
			r.x.Open(r.rest, r.unit)
		}
		r.unit += databasePage / BlockBytes
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// CheckDatabase tells whether a database file is what a key makes it: ErrClear
// is one that stands in the clear, ErrOtherKey one that this key does not open,
// or that is damaged at its very beginning. A file that is missing or empty is
// for whoever makes it.
func (k *Key) CheckDatabase(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	begin := make([]byte, BlockBytes)
	switch _, err := io.ReadFull(f, begin); {
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %s is shorter than a database can be", ErrDamaged, path)
	case err != nil:
		return err
	}
	clear := string(begin) == databaseMark
	switch {
	case k == nil:
		return nil // whether it is a database at all, SQLite tells
	case clear:
		return fmt.Errorf("%s: %w", path, ErrClear)
	}
	k.XTS("database").Open(begin, 0)
	if string(begin) != databaseMark {
		return fmt.Errorf("%s: %w", path, ErrOtherKey)
	}
	return nil
}
