package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/tongban/tongban/store/fault"
)

// pieceBytes is how much of an upload is written and made durable at once. It
// is one more than the chunk that nodes send, because an upload is read one
// byte beyond what it may hold, to notice what is too long.
const pieceBytes = 256<<10 + 1

// Progress is how far an upload has come.
type Progress struct {
	Offset int64 // bytes that are durably here
	Size   int64 // bytes it was declared to have
}

// Begin starts an upload or finds the one under way, and returns how many of
// its bytes are durably here. size is the whole content's; mediaType is what
// it is said to be, or "" to accept any of Types.
//
// Content that is here already gives its size and ErrComplete. An upload under
// way that was declared otherwise starts again: the hash allows only one size,
// and nobody here can tell which of the two declarations is wrong.
func (s *Store) Begin(ctx context.Context, hash string, size int64, mediaType string) (offset int64, err error) {
	return s.beginBy(ctx, hash, size, mediaType, s.between())
}

func (s *Store) beginBy(ctx context.Context, hash string, size int64, mediaType string, w way) (offset int64, err error) {
	if err := checkBegin(ctx, hash, size, mediaType, w); err != nil {
		return 0, fmt.Errorf("begin upload: %w", err)
	}
	defer s.locks.lock(hash)()
	offset, err = s.begin(hash, size, mediaType, w)
	if err != nil {
		return offset, fmt.Errorf("begin upload: %w", err)
	}
	return offset, nil
}

func checkBegin(ctx context.Context, hash string, size int64, mediaType string, w way) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := CheckHash(hash); err != nil {
		return err
	}
	switch {
	case size <= 0:
		return fmt.Errorf("%w: %d bytes", ErrBadSize, size)
	case size > w.most:
		return &SizeError{size, w.most}
	case mediaType != "" && !IsType(mediaType):
		return &TypeError{Reason: fmt.Sprintf("declared as %.40q", mediaType)}
	}
	return nil
}

func (s *Store) begin(hash string, size int64, mediaType string, w way) (int64, error) {
	if err := s.Failed(); err != nil {
		return 0, err
	}
	switch info, err := s.object(hash); {
	case err == nil && info.Size == size && w.whole:
		if err := s.objectWhole(info); err != nil {
			return 0, describe(err)
		}
		return size, s.complete(hash)
	case err == nil && info.Size == size:
		return size, s.complete(hash)
	case err == nil:
		return 0, fmt.Errorf("%w: declared %d bytes, it has %d", ErrBadSize, size, info.Size)
	case errors.Is(err, ErrDamaged):
		if err := s.setAside(hash); err != nil {
			return 0, err
		}
	case !errors.Is(err, ErrNotFound):
		return 0, err
	}
	p, err := s.join(hash, size, mediaType)
	if err != nil {
		return 0, err
	}
	if p, err = s.settle(hash, p); err != nil {
		return 0, err
	}
	if p.synced < p.size {
		return p.synced, nil
	}
	// A stop came between the last byte and the check of the whole.
	if err := s.finish(hash, p, w); err != nil {
		return 0, err
	}
	return size, ErrComplete
}

// join finds the upload under way or makes a new one.
func (s *Store) join(hash string, size int64, mediaType string) (partial, error) {
	p, ok := s.lookup(hash)
	if ok && (p.size != size || p.declared != mediaType && p.declared != "" && mediaType != "") {
		if err := s.drop(hash); err != nil {
			return partial{}, err
		}
		ok = false
	}
	if ok && (p.declared == mediaType || mediaType == "") {
		return p, nil
	}
	fresh := partial{size: size, declared: mediaType}
	if ok { // the first declaration of its type
		fresh.synced = p.synced
		if err := s.disk.Rename(s.partialPath(hash, p), s.partialPath(hash, fresh)); err != nil {
			return partial{}, describe(err)
		}
	} else {
		f, err := s.disk.OpenAppend(s.partialPath(hash, fresh))
		if err != nil {
			return partial{}, describe(err)
		}
		if err := f.Close(); err != nil {
			return partial{}, describe(err)
		}
	}
	s.remember(hash, fresh)
	if err := s.disk.SyncDir(filepath.Join(s.dir, partialDir)); err != nil {
		return partial{}, s.lost(hash, err)
	}
	return fresh, nil
}

// Append adds what r gives to an upload that Begin started, and returns how
// many bytes are durably here afterwards, also beside an error. offset has to
// be that number as it is now; otherwise an *OffsetError tells it.
//
// What r gave before it failed is kept, so that a cut line costs nothing
// twice. When the last byte arrives the content is checked against its hash
// and type; what does not pass is deleted (*MismatchError, *TypeError).
func (s *Store) Append(ctx context.Context, hash string, offset int64, r io.Reader) (newOffset int64, err error) {
	return s.appendBy(ctx, hash, offset, r, s.between())
}

func (s *Store) appendBy(ctx context.Context, hash string, offset int64, r io.Reader, w way) (newOffset int64, err error) {
	newOffset, err = s.appendAll(ctx, hash, offset, r, w)
	if err != nil {
		return newOffset, fmt.Errorf("append to upload: %w", err)
	}
	return newOffset, nil
}

func (s *Store) appendAll(ctx context.Context, hash string, offset int64, r io.Reader, w way) (int64, error) {
	if err := CheckHash(hash); err != nil {
		return 0, err
	}
	p, err := s.at(hash, offset)
	if err != nil {
		return p.synced, err
	}
	if p.size > w.most { // begun elsewhere, or before the limit was made less
		return p.synced, &SizeError{p.size, w.most}
	}
	buf := s.pieces.Get().(*[]byte)
	defer s.pieces.Put(buf)
	for {
		if err := ctx.Err(); err != nil {
			return offset, err
		}
		left := p.size - offset
		n, rerr := io.ReadFull(r, (*buf)[:min(pieceBytes, left+1)])
		if int64(n) > left {
			return offset, fmt.Errorf("%w: declared %d bytes, more came", ErrTooLarge, p.size)
		}
		if n > 0 {
			if offset, err = s.appendPiece(hash, offset, (*buf)[:n], w); err != nil || offset == p.size {
				return offset, err
			}
		}
		switch {
		case rerr == io.EOF || rerr == io.ErrUnexpectedEOF:
			return offset, nil
		case rerr != nil:
			return offset, fmt.Errorf("read what is uploaded: %w", rerr)
		}
	}
}

// at finds the upload under way at this offset, before anything is read.
func (s *Store) at(hash string, offset int64) (partial, error) {
	defer s.locks.lock(hash)()
	return s.underWay(hash, offset)
}

// underWay is at for who holds the object's lock. Beside an error the
// result's synced is where the content stands.
func (s *Store) underWay(hash string, offset int64) (partial, error) {
	if err := s.Failed(); err != nil {
		return partial{}, err
	}
	p, ok := s.lookup(hash)
	if !ok {
		info, err := s.object(hash)
		if err == nil {
			err = s.complete(hash)
		}
		return partial{synced: info.Size}, err
	}
	p, err := s.settle(hash, p)
	if err != nil {
		return partial{}, err
	}
	if p.synced != offset {
		return p, &OffsetError{Want: p.synced, Got: offset}
	}
	return p, nil
}

// appendPiece writes one piece and makes it durable.
func (s *Store) appendPiece(hash string, offset int64, piece []byte, w way) (int64, error) {
	defer s.locks.lock(hash)()
	p, err := s.underWay(hash, offset)
	if err != nil {
		return p.synced, err
	}
	end := offset + int64(len(piece))
	if offset == 0 && (len(piece) >= magicBytes || end == p.size) {
		if err := checkHead(piece, p.declared); err != nil {
			return 0, errors.Join(err, s.drop(hash))
		}
	}
	err = s.writePiece(s.partialPath(hash, p), offset, piece)
	var unsure *unsureError
	switch {
	case errors.As(err, &unsure):
		return 0, s.lost(hash, unsure.cause)
	case err != nil:
		return offset, describe(err)
	}
	p.synced = end
	s.remember(hash, p)
	if end < p.size {
		return end, nil
	}
	if err := s.finish(hash, p, w); err != nil {
		if _, still := s.lookup(hash); !still {
			end = 0
		}
		return end, err
	}
	return end, nil
}

// unsureError: what the disk now has of a file is unknown.
type unsureError struct{ cause error }

func (e *unsureError) Error() string { return "state of the file is unknown: " + e.cause.Error() }

// writePiece writes durably at the end of a file, or leaves it as it was, or
// gives an *unsureError. The file is closed then: Windows neither renames nor
// deletes an open one.
func (s *Store) writePiece(path string, offset int64, piece []byte) error {
	f, err := s.disk.OpenAppend(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(piece, offset); err != nil {
		if f.Truncate(offset) != nil {
			return &unsureError{err}
		}
		return err
	}
	fault.Point("blob.append.written")
	if err := f.Sync(); err != nil {
		return &unsureError{err}
	}
	fault.Point("blob.append.synced")
	return nil
}

// finish checks an upload whose bytes are all durably here and makes it an
// object. A crash before the rename leaves the upload, after it the object.
func (s *Store) finish(hash string, p partial, w way) error {
	path := s.partialPath(hash, p)
	got, mediaType, err := s.examine(path, p.size, w)
	var wrong *TypeError
	var cut *IncompleteError
	switch {
	case err != nil && !errors.As(err, &wrong) && !errors.As(err, &cut):
		return fmt.Errorf("check upload: %w", describe(err))
	case got != hash: // said first: mangled content looks like anything
		return errors.Join(&MismatchError{Want: hash, Got: got}, s.drop(hash))
	case wrong != nil:
		return errors.Join(wrong, s.drop(hash))
	case p.declared != "" && p.declared != mediaType:
		return errors.Join(&TypeError{Found: mediaType, Reason: "declared as " + p.declared}, s.drop(hash))
	case cut != nil:
		return errors.Join(cut, s.drop(hash))
	}
	if err := s.publish(path, hash); err != nil {
		return err
	}
	s.forget(hash)
	return nil
}

// examine reads a file to the end and tells its hash and type. The hash is
// told beside a *TypeError, too, and both beside an *IncompleteError.
func (s *Store) examine(path string, size int64, w way) (hash, mediaType string, err error) {
	f, err := s.disk.Open(path)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	if hash, _, err = hashOf(f); err != nil {
		return "", "", err
	}
	mediaType, err = s.limits.inspect(f, size)
	if err == nil && w.whole {
		err = whole(mediaType, f, size)
	}
	return hash, mediaType, err
}

// publish makes a checked and synced file the object of this hash, durably.
func (s *Store) publish(path, hash string) error {
	object := s.objectPath(hash)
	folder := filepath.Dir(object)
	if _, err := s.disk.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		if err := s.disk.MkdirAll(folder); err != nil {
			return describe(err)
		}
		if err := s.disk.SyncDir(filepath.Dir(folder)); err != nil {
			return s.fail(err)
		}
	}
	fault.Point("blob.publish.checked")
	if err := s.disk.Rename(path, object); err != nil {
		return fmt.Errorf("make object visible: %w", describe(err))
	}
	fault.Point("blob.publish.renamed")
	if err := s.disk.SyncDir(folder); err != nil {
		return errors.Join(s.lost(hash, err), s.disk.Remove(object))
	}
	return s.unmark(hash)
}

// Progress tells how far an upload has come, without starting one. Complete
// content gives ErrComplete and its size; else ErrNotFound.
func (s *Store) Progress(hash string) (Progress, error) {
	if err := CheckHash(hash); err != nil {
		return Progress{}, fmt.Errorf("progress of upload: %w", err)
	}
	defer s.locks.lock(hash)()
	p, ok := s.lookup(hash)
	if !ok {
		info, err := s.object(hash)
		if err == nil {
			err = s.complete(hash)
		}
		return Progress{info.Size, info.Size}, err
	}
	p, err := s.settle(hash, p)
	if err != nil {
		return Progress{}, fmt.Errorf("progress of upload: %w", err)
	}
	return Progress{p.synced, p.size}, nil
}

// RemoveStale deletes uploads that got no byte since before, and tells how
// many and how many bytes they had.
func (s *Store) RemoveStale(ctx context.Context, before time.Time) (removed int, freed int64, err error) {
	for _, hash := range s.underWayHashes() {
		if err := ctx.Err(); err != nil {
			return removed, freed, err
		}
		size, err := s.removeIfStale(hash, before)
		if err != nil {
			return removed, freed, fmt.Errorf("remove stale uploads: %w", err)
		}
		if size >= 0 {
			removed++
			freed += size
		}
	}
	own, bytes, err := s.removeStaleOwn(ctx, before)
	if err != nil {
		return removed, freed, fmt.Errorf("remove stale uploads: %w", err)
	}
	return removed + own, freed + bytes, nil
}

// removeIfStale returns the bytes it freed, or -1 when the upload stays.
func (s *Store) removeIfStale(hash string, before time.Time) (int64, error) {
	defer s.locks.lock(hash)()
	p, ok := s.lookup(hash)
	if !ok {
		return -1, nil
	}
	st, err := s.disk.Stat(s.partialPath(hash, p))
	if err != nil {
		return -1, err
	}
	if !st.ModTime().Before(before) {
		return -1, nil
	}
	return st.Size(), s.drop(hash)
}
