package blob

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tongban/tongban/store/fault"
)

// Content that no entry names was uploaded for something that was never handed
// in. Nobody can tell that from a folder of files, and no clock can be trusted
// with it: whoever knows the entries looks, and each look that finds content
// unnamed is counted here.
//
//	unnamed/HASH.LOOKS  content that no entry named at so many looks in a row
//	unnamed/HASH.gone   content that was removed, here or where it was uploaded, and has not come back
//
// The count is forgotten, durably, before anybody is told that the content is
// here, and before an entry that names it is made (Naming). So between being told
// of content and its removal there are always all the looks, whatever clocks,
// kills and power cuts do; and who names content that was removed is told so.
// Losing a mark only makes content stay longer.

const (
	unnamedDir = "unnamed"

	gone = -1 // in place of a number of looks
)

// ErrGone: the content was removed, for nothing had named it for long. It has to
// be uploaded again.
var ErrGone = errors.New("附件长期未使用，已清理 (the attachment was removed: nothing had named it for long)")

func (s *Store) markPath(hash string, looks int) string {
	mark := strconv.Itoa(looks)
	if looks == gone {
		mark = "gone"
	}
	return filepath.Join(s.dir, unnamedDir, hash+"."+mark)
}

func parseMark(name string) (hash string, looks int, ok bool) {
	hash, mark, _ := strings.Cut(name, ".")
	if CheckHash(hash) != nil {
		return "", 0, false
	}
	if mark == "gone" {
		return hash, gone, true
	}
	looks, err := strconv.Atoi(mark)
	return hash, looks, err == nil && looks > 0 && strconv.Itoa(looks) == mark
}

// findMarks learns the marks. What no longer holds is removed: content that came
// back, or was not removed before a stop, is not gone, and what is not here is not
// counted.
func (s *Store) findMarks() error {
	dir := filepath.Join(s.dir, unnamedDir)
	files, err := s.disk.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		hash, looks, ok := parseMark(f.Name())
		if ok {
			_, err := s.disk.Stat(s.objectPath(hash))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if _, twice := s.marks[hash]; !twice && (looks == gone) == (err != nil) {
				s.marks[hash] = looks
				continue
			}
		}
		if err := s.disk.Remove(filepath.Join(dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (s *Store) mark(hash string) (looks int, marked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	looks, marked = s.marks[hash]
	return looks, marked
}

// unmark forgets a count, or that content was gone, for who holds the object's
// lock. Without a mark it costs nothing.
func (s *Store) unmark(hash string) error {
	looks, marked := s.mark(hash)
	if !marked {
		return nil
	}
	return s.forgetMark(hash, looks)
}

func (s *Store) forgetMark(hash string, looks int) error {
	if err := s.Failed(); err != nil {
		return err
	}
	if err := s.disk.Remove(s.markPath(hash, looks)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget that nothing named it: %w", describe(err))
	}
	if err := s.disk.SyncDir(filepath.Join(s.dir, unnamedDir)); err != nil {
		return s.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.marks, hash)
	return nil
}

// complete is ErrComplete for who holds the object's lock and is about to tell.
func (s *Store) complete(hash string) error {
	if err := s.unmark(hash); err != nil {
		return err
	}
	return ErrComplete
}

// Naming is called before an entry that names content is made here. From then
// on the content, if it is here, stays for as many looks as if it had just come.
// ErrGone: it was removed, and an entry would name what nobody has. Content that
// is not here for another reason may still come; that is no error.
func (s *Store) Naming(hash string) error {
	if err := CheckHash(hash); err != nil {
		return fmt.Errorf("name attachment: %w", err)
	}
	defer s.locks.lock(hash)()
	looks, marked := s.mark(hash)
	if marked && looks == gone {
		return fmt.Errorf("name attachment: %w", ErrGone)
	}
	if err := s.unmark(hash); err != nil {
		return fmt.Errorf("name attachment: %w", err)
	}
	return nil
}

// Named forgets what was counted against content that an entry names after all.
func (s *Store) Named(hash string) error {
	if err := CheckHash(hash); err != nil {
		return fmt.Errorf("keep attachment: %w", err)
	}
	defer s.locks.lock(hash)()
	looks, marked := s.mark(hash)
	if !marked || looks == gone {
		return nil
	}
	return s.forgetMark(hash, looks)
}

// Forsake refuses from now on to name content that is not here: another store,
// where it was uploaded, is about to remove it. What is here is left alone.
func (s *Store) Forsake(hash string) error {
	if err := CheckHash(hash); err != nil {
		return fmt.Errorf("forsake attachment: %w", err)
	}
	defer s.locks.lock(hash)()
	if err := s.Failed(); err != nil {
		return err
	}
	switch _, err := s.disk.Stat(s.objectPath(hash)); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("forsake attachment: %w", describe(err))
	}
	if err := s.setMark(hash, gone); err != nil {
		return fmt.Errorf("forsake attachment: %w", err)
	}
	if err := s.disk.SyncDir(filepath.Join(s.dir, unnamedDir)); err != nil {
		return s.fail(err)
	}
	return nil
}

// setMark makes a mark, or makes one of another.
func (s *Store) setMark(hash string, looks int) error {
	to := s.markPath(hash, looks)
	before, marked := s.mark(hash)
	switch {
	case marked && before == looks:
		return nil
	case marked:
		if err := s.disk.Rename(s.markPath(hash, before), to); err != nil {
			return describe(err)
		}
	default:
		f, err := s.disk.OpenAppend(to)
		if err != nil {
			return describe(err)
		}
		if err := f.Close(); err != nil {
			return describe(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks[hash] = looks
	return nil
}

// Unnamed counts one more look at which no entry named content that is here, and
// tells how many that makes in a row.
func (s *Store) Unnamed(hash string) (looks int, err error) {
	if err := CheckHash(hash); err != nil {
		return 0, fmt.Errorf("count unnamed attachment: %w", err)
	}
	defer s.locks.lock(hash)()
	if looks, err = s.countUnnamed(hash); err != nil {
		return 0, fmt.Errorf("count unnamed attachment: %w", err)
	}
	return looks, nil
}

func (s *Store) countUnnamed(hash string) (int, error) {
	if err := s.Failed(); err != nil {
		return 0, err
	}
	if _, err := s.disk.Stat(s.objectPath(hash)); err != nil {
		return 0, describe(err)
	}
	before, _ := s.mark(hash)
	next := max(before, 0) + 1
	// Not synced: a count that is lost is made anew.
	return next, s.setMark(hash, next)
}

// RemoveUnnamed removes content that was found unnamed at so many looks in a row,
// unless anybody was told of it since, or named says that something names it. named
// is asked while nobody can be told that the content is here. freed is 0 where it
// stays.
func (s *Store) RemoveUnnamed(hash string, looks int, named func() (bool, error)) (freed int64, err error) {
	if err := CheckHash(hash); err != nil {
		return 0, fmt.Errorf("remove unnamed attachment: %w", err)
	}
	defer s.locks.lock(hash)()
	if freed, err = s.removeUnnamed(hash, looks, named); err != nil {
		return 0, fmt.Errorf("remove unnamed attachment: %w", err)
	}
	return freed, nil
}

func (s *Store) removeUnnamed(hash string, looks int, named func() (bool, error)) (int64, error) {
	if err := s.Failed(); err != nil {
		return 0, err
	}
	counted, marked := s.mark(hash)
	if !marked || looks <= 0 || counted < looks {
		return 0, nil
	}
	switch yes, err := named(); {
	case err != nil:
		return 0, err
	case yes:
		return 0, s.unmark(hash)
	}
	path := s.objectPath(hash)
	st, err := s.disk.Stat(path)
	if err != nil {
		return 0, describe(err)
	}
	// First that it is gone, for good, then that: a stop in between leaves the
	// content, and the mark is dropped when the store is opened.
	if err := s.setMark(hash, gone); err != nil {
		return 0, err
	}
	if err := s.disk.SyncDir(filepath.Join(s.dir, unnamedDir)); err != nil {
		return 0, s.fail(err)
	}
	fault.Point("blob.remove.marked")
	if err := s.disk.Remove(path); err != nil {
		return 0, errors.Join(describe(err), s.unmark(hash)) // it is here still
	}
	if err := s.disk.SyncDir(filepath.Dir(path)); err != nil {
		return 0, s.fail(err)
	}
	s.forgetSeen(hash, st)
	return st.Size(), nil
}
