package blob

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// partial is an upload under way. All but its bytes is in its file's name, so
// that one rename or one removal is the whole step.
type partial struct {
	size     int64
	declared string // media type, or ""
	synced   int64  // bytes known to be durable; unsettled after a start
}

// unsettled: the file was found at start, and how much of it the disk has was
// not yet made sure.
const unsettled = -1

// anyKind stands in a file name for a type that was not declared.
const anyKind = "any"

func (s *Store) partialPath(hash string, p partial) string {
	kind := anyKind
	if p.declared != "" {
		_, kind, _ = strings.Cut(p.declared, "/")
	}
	return filepath.Join(s.dir, partialDir, fmt.Sprintf("%s.%d.%s", hash, p.size, kind))
}

// parsePartial reads a name that partialPath made.
func parsePartial(name string) (hash string, p partial, ok bool) {
	part := strings.Split(name, ".")
	if len(part) != 3 || CheckHash(part[0]) != nil {
		return "", partial{}, false
	}
	size, err := strconv.ParseInt(part[1], 10, 64)
	if err != nil || size <= 0 || strconv.FormatInt(size, 10) != part[1] {
		return "", partial{}, false
	}
	p = partial{size: size, synced: unsettled}
	if part[2] == anyKind {
		return part[0], p, true
	}
	for _, t := range Types() {
		if _, kind, _ := strings.Cut(t, "/"); kind == part[2] {
			p.declared = t
			return part[0], p, true
		}
	}
	return "", partial{}, false
}

// findPartials learns the uploads that a stop interrupted. What is not theirs
// is removed: a second upload of one hash (a crash between two renames of the
// folder's journal), one that is complete elsewhere, names nobody made.
func (s *Store) findPartials() error {
	dir := filepath.Join(s.dir, partialDir)
	files, err := s.disk.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		hash, p, ok := parsePartial(f.Name())
		if ok && f.Type().IsRegular() {
			_, twice := s.partial[hash]
			if _, err := s.object(hash); err != nil && !twice {
				s.partial[hash] = p
				continue
			}
		}
		if err := s.disk.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// settle makes durable what a killed process wrote and perhaps never synced.
func (s *Store) settle(hash string, p partial) (partial, error) {
	if p.synced != unsettled {
		return p, nil
	}
	f, err := s.disk.OpenAppend(s.partialPath(hash, p))
	if err != nil {
		return p, describe(err)
	}
	p.synced, err = syncLength(f, p.size)
	f.Close()
	if err != nil {
		return p, s.lost(hash, err)
	}
	s.remember(hash, p)
	return p, nil
}

// syncLength makes a found file durable. One that is longer than it may be
// starts again.
func syncLength(f file, most int64) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	length := st.Size()
	if length > most {
		if err := f.Truncate(0); err != nil {
			return 0, err
		}
		length = 0
	}
	return length, f.Sync()
}

func (s *Store) lookup(hash string) (partial, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.partial[hash]
	return p, ok
}

func (s *Store) remember(hash string, p partial) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.partial[hash] = p
}

func (s *Store) forget(hash string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.partial, hash)
}

func (s *Store) underWayHashes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	hashes := make([]string, 0, len(s.partial))
	for h := range s.partial {
		hashes = append(hashes, h)
	}
	slices.Sort(hashes)
	return hashes
}

// drop deletes an upload under way.
func (s *Store) drop(hash string) error {
	p, ok := s.lookup(hash)
	if !ok {
		return nil
	}
	err := s.disk.Remove(s.partialPath(hash, p))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete upload: %w", err)
	}
	s.forget(hash)
	return nil
}

// lost gives up an upload whose fsync failed: which of its bytes the disk has
// is unknown, and asking again may be answered with a false success.
func (s *Store) lost(hash string, cause error) error {
	err := s.drop(hash)
	if isNoSpace(cause) {
		return errors.Join(describe(cause), err)
	}
	return errors.Join(s.fail(cause), err)
}

// fail stops all writing.
func (s *Store) fail(cause error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = fmt.Errorf("%w: %w", ErrFailed, cause)
	}
	return s.failed
}
