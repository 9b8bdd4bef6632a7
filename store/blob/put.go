package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Put stores what r gives, made or received at this node, and tells its hash.
// Nothing is visible before all of it was read, checked and made durable.
// Content that is here already is only looked at again.
func (s *Store) Put(ctx context.Context, r io.Reader) (Info, error) {
	return s.putBy(ctx, r, s.between())
}

func (s *Store) putBy(ctx context.Context, r io.Reader, w way) (Info, error) {
	info, err := s.put(ctx, r, w)
	if err != nil {
		return Info{}, fmt.Errorf("put attachment: %w", err)
	}
	return info, nil
}

func (s *Store) put(ctx context.Context, r io.Reader, w way) (_ Info, err error) {
	if err := s.Failed(); err != nil {
		return Info{}, err
	}
	f, path, err := s.disk.CreateTemp(s.scratch())
	if err != nil {
		return Info{}, describe(err)
	}
	placed := false
	defer func() {
		if !placed {
			f.Close()
			err = errors.Join(err, s.disk.Remove(path))
		}
	}()
	info, err := s.fill(ctx, f, r, w)
	if err != nil {
		return Info{}, err
	}
	if err := f.Close(); err != nil {
		return Info{}, describe(err)
	}

	defer s.locks.lock(info.Hash)()
	switch have, err := s.object(info.Hash); {
	case err == nil && have.Size == info.Size:
		return have, s.unmark(info.Hash)
	case err == nil, errors.Is(err, ErrDamaged):
		if err := s.setAside(info.Hash); err != nil {
			return Info{}, err
		}
	case !errors.Is(err, ErrNotFound):
		return Info{}, err
	}
	if err := s.publish(path, info.Hash); err != nil {
		return Info{}, err
	}
	placed = true
	return info, s.drop(info.Hash)
}

// fill copies r into f, checks it and makes it durable.
func (s *Store) fill(ctx context.Context, f file, r io.Reader, w way) (Info, error) {
	h := sha256.New()
	size, err := s.copy(ctx, io.MultiWriter(h, io.NewOffsetWriter(f, 0)), r, w.most)
	if err != nil {
		return Info{}, err
	}
	if size == 0 {
		return Info{}, fmt.Errorf("%w: empty", ErrBadSize)
	}
	mediaType, err := s.limits.inspect(f, size)
	if err == nil && w.whole {
		err = whole(mediaType, f, size)
	}
	if err != nil {
		return Info{}, err
	}
	if err := f.Sync(); err != nil {
		if isNoSpace(err) {
			return Info{}, describe(err)
		}
		return Info{}, s.fail(err)
	}
	return Info{Hash: hex.EncodeToString(h.Sum(nil)), Size: size, Type: mediaType}, nil
}

// copy is io.Copy with the size limit, refusing early what is of no allowed
// type, so that a wrong file costs no disk.
func (s *Store) copy(ctx context.Context, w io.Writer, r io.Reader, most int64) (int64, error) {
	buf := s.pieces.Get().(*[]byte)
	defer s.pieces.Put(buf)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return size, err
		}
		n, rerr := io.ReadFull(r, *buf)
		if size == 0 && n > 0 {
			if err := checkHead((*buf)[:n], ""); err != nil {
				return 0, err
			}
		}
		if size += int64(n); size > most {
			return size, &SizeError{0, most}
		}
		if _, err := w.Write((*buf)[:n]); err != nil {
			return size, describe(err)
		}
		switch {
		case rerr == io.EOF || rerr == io.ErrUnexpectedEOF:
			return size, nil
		case rerr != nil:
			return size, fmt.Errorf("read what is stored: %w", rerr)
		}
	}
}
