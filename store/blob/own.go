package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// An upload of one's own is for people who must prove that they have a file
// before they may name it: knowing its hash is not having it. Nothing of it is
// shared, neither with another's upload under way nor with content that is here
// already; it becomes an object, and is told to be, when all of it came from
// its owner.

// ownDir holds uploads of one's own: OWNER.HASH.SIZE, whose length is their
// progress.
const ownDir = "own"

// MaxOwn is how many uploads of one's own may be under way at once; Begin of one
// more is ErrTooMany.
const MaxOwn = 20

// ownUpload is what the name of such a file says.
type ownUpload struct {
	owner, hash string
	size        int64
}

func ownKey(owner string) string {
	sum := sha256.Sum256([]byte(owner))
	return hex.EncodeToString(sum[:16])
}

func (s *Store) ownPath(u ownUpload) string {
	return filepath.Join(s.dir, ownDir, u.owner+"."+u.hash+"."+strconv.FormatInt(u.size, 10))
}

func parseOwn(name string) (u ownUpload, ok bool) {
	part := strings.Split(name, ".")
	if len(part) != 3 || CheckHash(part[1]) != nil {
		return u, false
	}
	size, err := strconv.ParseInt(part[2], 10, 64)
	return ownUpload{part[0], part[1], size}, err == nil && size > 0
}

// owned lists the uploads of one owner under way; of everybody with "".
func (s *Store) owned(owner string) ([]ownUpload, error) {
	files, err := s.disk.ReadDir(filepath.Join(s.dir, ownDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, describe(err)
	}
	var all []ownUpload
	for _, f := range files {
		if u, ok := parseOwn(f.Name()); ok && (owner == "" || u.owner == owner) {
			all = append(all, u)
		}
	}
	return all, nil
}

// BeginOwn starts an upload of owner's own or finds the one under way, and
// returns how many of its bytes are durably here. It says nothing of what others
// brought. One that was declared with another size starts again.
func (s *Store) BeginOwn(ctx context.Context, owner, hash string, size int64) (offset int64, err error) {
	return s.beginOwnBy(ctx, owner, hash, size, s.between())
}

func (s *Store) beginOwnBy(ctx context.Context, owner, hash string, size int64, w way) (offset int64, err error) {
	if err := checkBegin(ctx, hash, size, "", w); err != nil {
		return 0, fmt.Errorf("begin own upload: %w", err)
	}
	key := ownKey(owner)
	defer s.locks.lock(ownDir + key)()
	defer s.locks.lock(ownDir + key + hash)()
	if offset, err = s.beginOwn(ownUpload{key, hash, size}); err != nil {
		return 0, fmt.Errorf("begin own upload: %w", err)
	}
	return offset, nil
}

func (s *Store) beginOwn(want ownUpload) (int64, error) {
	if err := s.Failed(); err != nil {
		return 0, err
	}
	all, err := s.owned(want.owner)
	if err != nil {
		return 0, err
	}
	there := false
	for _, u := range all {
		switch {
		case u == want:
			there = true
		case u.hash == want.hash:
			if err := s.disk.Remove(s.ownPath(u)); err != nil {
				return 0, describe(err)
			}
		}
	}
	if !there && len(all) >= MaxOwn {
		return 0, ErrTooMany
	}
	dir := filepath.Join(s.dir, ownDir)
	if _, err := s.disk.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := s.disk.MkdirAll(dir); err != nil {
			return 0, describe(err)
		}
		if err := s.disk.SyncDir(s.dir); err != nil {
			return 0, s.fail(err)
		}
	}
	f, err := s.disk.OpenAppend(s.ownPath(want))
	if err != nil {
		return 0, describe(err)
	}
	defer f.Close()
	// What a stop left behind is made sure of before it is told.
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	offset := st.Size()
	if offset >= want.size { // whole but never checked: the last byte is asked for again
		offset = want.size - 1
		if err := f.Truncate(offset); err != nil {
			return 0, describe(err)
		}
	}
	if err := f.Sync(); err != nil {
		return 0, s.fail(err)
	}
	if err := s.disk.SyncDir(dir); err != nil {
		return 0, s.fail(err)
	}
	return offset, nil
}

// AppendOwn adds what r gives to an upload that BeginOwn started, as Append
// does. With the last byte the content is checked and becomes an object, which
// is then told; what does not pass is deleted. ErrNotFound: not started.
func (s *Store) AppendOwn(ctx context.Context, owner, hash string, offset int64, r io.Reader) (newOffset int64, done *Info, err error) {
	return s.appendOwnBy(ctx, owner, hash, offset, r, s.between())
}

func (s *Store) appendOwnBy(ctx context.Context, owner, hash string, offset int64, r io.Reader, w way) (newOffset int64, done *Info, err error) {
	if err := CheckHash(hash); err != nil {
		return 0, nil, fmt.Errorf("append to own upload: %w", err)
	}
	newOffset, done, err = s.appendOwn(ctx, ownKey(owner), hash, offset, r, w)
	if err != nil {
		return newOffset, nil, fmt.Errorf("append to own upload: %w", err)
	}
	return newOffset, done, nil
}

// appendOwn holds no lock while r is waited for, so that a dead connection does
// not keep the next one out.
func (s *Store) appendOwn(ctx context.Context, key, hash string, offset int64, r io.Reader, w way) (int64, *Info, error) {
	u, at, err := s.ownAt(key, hash, offset)
	if err != nil {
		return at, nil, err
	}
	if u.size > w.most { // begun before the limit was made less
		return at, nil, &SizeError{u.size, w.most}
	}
	buf := s.pieces.Get().(*[]byte)
	defer s.pieces.Put(buf)
	for {
		if err := ctx.Err(); err != nil {
			return offset, nil, err
		}
		left := u.size - offset
		n, rerr := io.ReadFull(r, (*buf)[:min(pieceBytes, left+1)])
		if int64(n) > left {
			return offset, nil, fmt.Errorf("%w: declared %d bytes, more came", ErrTooLarge, u.size)
		}
		if n > 0 {
			var done *Info
			if offset, done, err = s.appendOwnPiece(ctx, u, offset, (*buf)[:n], w); err != nil || done != nil {
				return offset, done, err
			}
		}
		switch {
		case rerr == io.EOF || rerr == io.ErrUnexpectedEOF:
			return offset, nil, nil
		case rerr != nil:
			return offset, nil, fmt.Errorf("read what is uploaded: %w", rerr)
		}
	}
}

// ownAt finds an owner's upload of a hash at this offset; beside an error it
// tells where the upload stands.
func (s *Store) ownAt(key, hash string, offset int64) (u ownUpload, at int64, err error) {
	if err := s.Failed(); err != nil {
		return u, 0, err
	}
	all, err := s.owned(key)
	if err != nil {
		return u, 0, err
	}
	for _, x := range all {
		if x.hash == hash {
			u = x
		}
	}
	if u.hash == "" {
		return u, 0, ErrNotFound
	}
	st, err := s.disk.Stat(s.ownPath(u))
	if err != nil {
		return u, 0, describe(err)
	}
	if st.Size() != offset {
		return u, st.Size(), &OffsetError{Want: st.Size(), Got: offset}
	}
	return u, offset, nil
}

// appendOwnPiece writes one piece and makes it durable; with the last one the
// content is there.
func (s *Store) appendOwnPiece(ctx context.Context, want ownUpload, offset int64, piece []byte, w way) (int64, *Info, error) {
	defer s.locks.lock(ownDir + want.owner + want.hash)()
	u, at, err := s.ownAt(want.owner, want.hash, offset)
	if err != nil {
		return at, nil, err
	}
	path, end := s.ownPath(u), offset+int64(len(piece))
	if end > u.size {
		return offset, nil, fmt.Errorf("%w: declared %d bytes, more came", ErrTooLarge, u.size)
	}
	if offset == 0 && (len(piece) >= magicBytes || end == u.size) {
		if err := checkHead(piece, ""); err != nil {
			return 0, nil, errors.Join(err, s.disk.Remove(path))
		}
	}
	err = s.writePiece(path, offset, piece)
	var unsure *unsureError
	switch {
	case errors.As(err, &unsure):
		return 0, nil, s.fail(unsure.cause)
	case err != nil:
		return offset, nil, describe(err)
	case end < u.size:
		return end, nil, nil
	}
	done, err := s.takeOwn(ctx, u, path, w)
	return end, done, err
}

// takeOwn makes an object of an upload that came whole.
func (s *Store) takeOwn(ctx context.Context, u ownUpload, path string, w way) (*Info, error) {
	f, err := s.disk.Open(path)
	if err != nil {
		return nil, describe(err)
	}
	got, _, err := hashOf(f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil && got == u.hash {
		var info Info
		info, err = s.put(ctx, f, w)
		err = errors.Join(err, f.Close())
		if err == nil || errors.Is(err, ErrType) || errors.Is(err, ErrIncomplete) {
			return &info, errors.Join(err, s.disk.Remove(path))
		}
		return nil, err
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, describe(err)
	}
	return nil, errors.Join(&MismatchError{Want: u.hash, Got: got}, s.disk.Remove(path))
}

// removeStaleOwn deletes uploads of their own that got no byte since before.
func (s *Store) removeStaleOwn(ctx context.Context, before time.Time) (removed int, freed int64, err error) {
	all, err := s.owned("")
	if err != nil {
		return 0, 0, err
	}
	for _, u := range all {
		if err := ctx.Err(); err != nil {
			return removed, freed, err
		}
		size, err := s.removeOwnIfStale(u, before)
		if err != nil {
			return removed, freed, err
		}
		if size >= 0 {
			removed++
			freed += size
		}
	}
	return removed, freed, nil
}

// removeOwnIfStale returns the bytes it freed, or -1 when the upload stays.
func (s *Store) removeOwnIfStale(u ownUpload, before time.Time) (int64, error) {
	defer s.locks.lock(ownDir + u.owner + u.hash)()
	st, err := s.disk.Stat(s.ownPath(u))
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil // it came whole meanwhile
	}
	if err != nil || !st.ModTime().Before(before) {
		return -1, err
	}
	return st.Size(), s.disk.Remove(s.ownPath(u))
}
