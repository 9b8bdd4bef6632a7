package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/tongban/tongban/store/atrest"
)

// Stat describes complete content, or gives ErrNotFound. ErrDamaged is content
// whose very beginning is wrong; Verify looks at the rest.
func (s *Store) Stat(hash string) (Info, error) {
	if err := CheckHash(hash); err != nil {
		return Info{}, fmt.Errorf("look at attachment: %w", err)
	}
	// Under the lock, what a rename made visible is durable, too.
	defer s.locks.lock(hash)()
	info, err := s.object(hash)
	if err == nil {
		err = s.unmark(hash) // who asks may name it
	}
	if err != nil {
		return Info{}, fmt.Errorf("look at attachment: %w", err)
	}
	return info, nil
}

// Has says whether the content is here, whole and durable.
func (s *Store) Has(hash string) (bool, error) {
	_, err := s.Stat(hash)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
		return false, nil
	}
	return err == nil, err
}

// Open gives the content to read. Who passes it on checks it against its hash
// at the far end; bytes are not hashed again here.
func (s *Store) Open(hash string) (io.ReadSeekCloser, Info, error) {
	if err := CheckHash(hash); err != nil {
		return nil, Info{}, fmt.Errorf("open attachment: %w", err)
	}
	defer s.locks.lock(hash)()
	f, info, err := s.openObject(hash)
	if err != nil {
		return nil, Info{}, fmt.Errorf("open attachment: %w", err)
	}
	return f, info, nil
}

// List gives complete content in the order of hashes, from the first one after
// the given hash ("" for the first of all), at most limit. Damaged content is
// not listed.
func (s *Store) List(after string, limit int) ([]Info, error) {
	var found []Info
	err := s.walk(after, func(hash string) (more bool, err error) {
		if len(found) >= limit {
			return false, nil
		}
		info, err := s.listed(hash)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
			return true, nil
		}
		found = append(found, info)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// listed is Stat for those who go through all there is, and name nothing.
func (s *Store) listed(hash string) (Info, error) {
	defer s.locks.lock(hash)()
	return s.object(hash)
}

// Hashes are those of the content that is here, as List gives them, without a look
// at it.
func (s *Store) Hashes(after string, limit int) ([]string, error) {
	var found []string
	err := s.walk(after, func(hash string) (more bool, err error) {
		if len(found) >= limit {
			return false, nil
		}
		found = append(found, hash)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// walk visits the hashes of content in their order, from the first one after the
// given hash, while there are more wanted.
func (s *Store) walk(after string, visit func(hash string) (more bool, err error)) error {
	if after != "" {
		if err := CheckHash(after); err != nil {
			return fmt.Errorf("list attachments: %w", err)
		}
	}
	folders, err := s.names(filepath.Join(s.dir, objectsDir))
	if err != nil {
		return fmt.Errorf("list attachments: %w", err)
	}
	for _, folder := range folders {
		if !isFolderName(folder) || after != "" && folder < after[:2] {
			continue
		}
		names, err := s.names(filepath.Join(s.dir, objectsDir, folder))
		if err != nil {
			return fmt.Errorf("list attachments: %w", err)
		}
		for _, name := range names {
			if name <= after || CheckHash(name) != nil || name[:2] != folder {
				continue
			}
			more, err := visit(name)
			if err != nil {
				return fmt.Errorf("list attachments: %w", err)
			}
			if !more {
				return nil
			}
		}
	}
	return nil
}

// Verify reads the content again and compares it with its hash. What no longer
// fits gives ErrDamaged and is set aside in damaged/, so that from then on the
// store lacks it and it is fetched again from who has it.
func (s *Store) Verify(ctx context.Context, hash string) error {
	if err := CheckHash(hash); err != nil {
		return fmt.Errorf("verify attachment: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	defer s.locks.lock(hash)()
	f, _, err := s.openObject(hash)
	if err == nil {
		var got string
		got, _, err = hashOf(f)
		f.Close()
		if err == nil && got != hash {
			err = fmt.Errorf("%w: hash is now %s", ErrDamaged, got)
		}
	}
	if errors.Is(err, ErrDamaged) {
		err = errors.Join(err, s.setAside(hash))
	}
	if err != nil {
		return fmt.Errorf("verify attachment %s: %w", hash, err)
	}
	return nil
}

// object is Stat for who holds the lock.
func (s *Store) object(hash string) (Info, error) {
	f, info, err := s.openObject(hash)
	if err != nil {
		return Info{}, err
	}
	return info, f.Close()
}

func (s *Store) openObject(hash string) (_ file, _ Info, err error) {
	path := s.objectPath(hash)
	// Never through a link, which nothing here makes.
	st, err := s.disk.Stat(path)
	if err != nil {
		return nil, Info{}, describe(err)
	}
	if !st.Mode().IsRegular() {
		return nil, Info{}, fmt.Errorf("%w: not a plain file", ErrDamaged)
	}
	f, err := s.disk.Open(path)
	if errors.Is(err, atrest.ErrDamaged) || errors.Is(err, atrest.ErrOtherKey) || errors.Is(err, atrest.ErrClear) {
		// The databases opened with this key, so the file is not what it was.
		return nil, Info{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return nil, Info{}, describe(err)
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	var head [magicBytes]byte
	n, err := readAt(f, head[:], 0, st.Size())
	if err != nil {
		return nil, Info{}, fmt.Errorf("read the beginning: %w", err)
	}
	info := Info{Hash: hash, Size: st.Size(), Type: Sniff(head[:n])}
	if info.Type == "" {
		return nil, Info{}, fmt.Errorf("%w: its beginning is of no allowed type", ErrDamaged)
	}
	return f, info, nil
}

// setAside takes damaged content out of the way.
func (s *Store) setAside(hash string) error {
	if err := s.Failed(); err != nil {
		return err
	}
	from, to := s.objectPath(hash), filepath.Join(s.dir, damagedDir, hash)
	if err := s.disk.Rename(from, to); err != nil {
		return fmt.Errorf("set damaged content aside: %w", describe(err))
	}
	for _, dir := range []string{filepath.Dir(to), filepath.Dir(from)} {
		if err := s.disk.SyncDir(dir); err != nil {
			return s.fail(err)
		}
	}
	return nil
}

// names are the names in a folder, sorted.
func (s *Store) names(dir string) ([]string, error) {
	entries, err := s.disk.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	slices.Sort(names)
	return names, nil
}

func (s *Store) scratch() string { return filepath.Join(s.dir, scratchDir) }
