package blob

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"sync"
)

// Content that another node took is looked at when somebody brings it to the door
// here (objectWhole). That reads all of it, for a request of a few bytes; so it is
// done once. What goes on to its end is remembered on the disk, as the name
//
//	whole/ab/HASH.SIZE.CHANGED
//
// and holds for the file that had that size and that time of change. What does not
// is remembered until the store is opened anew.

const (
	wholeDir = "whole"
	// mostCut is how many files that do not go on to their end are remembered.
	mostCut = 10_000
)

// seen is what is remembered. One file is read at a time, however many ask.
type seen struct {
	reading sync.Mutex
	mu      sync.Mutex
	cut     map[string]*IncompleteError // by the name under whole/
}

func seenName(hash string, st fs.FileInfo) string {
	return filepath.Join(hash[:2], hash+"."+strconv.FormatInt(st.Size(), 10)+"."+strconv.FormatInt(st.ModTime().UnixNano(), 10))
}

// objectWhole checks content that is here, for who holds its lock.
func (s *Store) objectWhole(info Info) error {
	st, err := s.disk.Stat(s.objectPath(info.Hash))
	if err != nil {
		return err
	}
	name := seenName(info.Hash, st)
	if known, err := s.seenWhole(name); known || err != nil {
		return err
	}
	s.seen.reading.Lock()
	defer s.seen.reading.Unlock()
	f, err := s.disk.Open(s.objectPath(info.Hash))
	if err != nil {
		return err
	}
	defer f.Close()
	return s.noteSeen(name, whole(info.Type, f, info.Size))
}

func (s *Store) seenWhole(name string) (known bool, err error) {
	s.seen.mu.Lock()
	cut := s.seen.cut[name]
	s.seen.mu.Unlock()
	if cut != nil {
		return true, cut
	}
	_, err = s.disk.Stat(filepath.Join(s.dir, wholeDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (s *Store) noteSeen(name string, verdict error) error {
	var cut *IncompleteError
	if errors.As(verdict, &cut) {
		s.seen.mu.Lock()
		defer s.seen.mu.Unlock()
		if s.seen.cut == nil || len(s.seen.cut) >= mostCut {
			s.seen.cut = map[string]*IncompleteError{}
		}
		s.seen.cut[name] = cut
		return verdict
	}
	if verdict != nil || s.Failed() != nil {
		return verdict
	}
	path := filepath.Join(s.dir, wholeDir, name)
	if err := s.disk.MkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := s.disk.OpenAppend(path)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, dir := range []string{filepath.Join(s.dir, wholeDir), filepath.Dir(path)} {
		if err := s.disk.SyncDir(dir); err != nil {
			return s.fail(err)
		}
	}
	return nil
}

// forgetSeen is called when content leaves its place. What is left behind is of no
// harm: it holds for no other file.
func (s *Store) forgetSeen(hash string, st fs.FileInfo) {
	_ = s.disk.Remove(filepath.Join(s.dir, wholeDir, seenName(hash, st)))
}
