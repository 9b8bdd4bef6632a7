// Package blob keeps a node's attachments on disk, found by the SHA-256 of
// their content.
//
//	objects/ab/abcd…        whole, checked content; never changed
//	partial/HASH.SIZE.KIND  an upload under way; its length is its progress
//	own/OWNER.HASH.SIZE     an upload that its owner alone brings (own.go)
//	scratch/put-…           content made here whose hash is not yet known
//	damaged/HASH            content that no longer fits its hash, kept aside
//	unnamed/HASH.LOOKS      what nothing has named so far (unnamed.go)
//	whole/ab/HASH.SIZE.TIME what was found to go on to its end (seen.go)
//
// With a storage key all content is sealed (sealed.go); names are not, so whoever
// has the disk and a certain file can tell that it is there.
//
// # What is promised
//
// A number of bytes that Begin, Append or Progress gives, and the presence of
// an object, are told only after fsync of the file and of the folders that
// lead to it. Content becomes visible whole, by one rename, after its hash and
// its type were checked. So a crash at any moment leaves an upload that can go
// on, or a complete object; Open finishes nothing and asks nothing.
//
// After a failed fsync nobody can say what is on the disk: the upload is
// dropped and the store takes nothing more until it is opened anew (Failed).
// Reading goes on.
//
// # Who may use a folder
//
// One process. Every method may be called from several goroutines: the steps
// of one object exclude each other, and no lock is held while an upload's
// reader is waited for, so a dead connection never blocks a live one.
package blob

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store/atrest"
)

// Defaults of Options. DefaultMaxBytes is the largest file that any node can be
// set to take from people (catalog.CeilingBytes), so that every node holds what
// another acknowledged, whatever its own setting. The pixel limits let an A3 page at 600 dots an inch
// through and refuse what would need gigabytes to show.
const (
	DefaultMaxBytes  = catalog.CeilingBytes
	DefaultMaxPixels = 100_000_000
	DefaultMaxSide   = 30_000
)

// Options are the limits of a Store; a zero means the default.
type Options struct {
	MaxBytes  int64 // largest content; a Door may take less
	MaxPixels int64 // width times height of an image
	MaxSide   int64 // width or height of an image, in pixels
	// Key seals the content on the disk; nil leaves it in the clear, which a node
	// that serves never does.
	Key *atrest.Key
}

// Info describes complete content.
type Info struct {
	Hash string // SHA-256, 64 lower-case hex digits
	Size int64  // bytes
	Type string // media type by content: one of Types
}

// Store is one folder of attachments.
type Store struct {
	dir    string
	limits Options
	disk   disk
	locks  locks
	pieces sync.Pool // *[]byte of pieceBytes

	mu      sync.Mutex
	partial map[string]partial // by hash
	marks   map[string]int     // looks that found content unnamed, or gone, by hash
	failed  error
	seen    seen
}

// Open opens the folder and makes it when it is missing. Uploads that a stop
// interrupted can go on.
func Open(dir string, opts Options) (*Store, error) {
	return open(dir, opts, osDisk{})
}

func open(dir string, opts Options, d disk) (*Store, error) {
	if opts.MaxBytes < 0 || opts.MaxPixels < 0 || opts.MaxSide < 0 {
		return nil, fmt.Errorf("open attachments: negative limit in %+v", opts)
	}
	if opts.Key != nil {
		d = sealedDisk{d, opts.Key}
	}
	s := &Store{dir: dir, limits: opts.withDefaults(), disk: d, partial: map[string]partial{}, marks: map[string]int{}}
	s.pieces.New = func() any { b := make([]byte, pieceBytes); return &b }
	if err := s.prepare(); err != nil {
		return nil, fmt.Errorf("open attachments in %s: %w", dir, describe(err))
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxPixels == 0 {
		o.MaxPixels = DefaultMaxPixels
	}
	if o.MaxSide == 0 {
		o.MaxSide = DefaultMaxSide
	}
	return o
}

// Failed is the fsync error after which the store takes nothing more, or nil.
// It wraps ErrFailed.
func (s *Store) Failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// MaxBytes is the largest content this store takes.
func (s *Store) MaxBytes() int64 { return s.limits.MaxBytes }

// prepare makes the folders, forgets scratch files and learns what is half
// there.
func (s *Store) prepare() error {
	_, err := s.disk.Stat(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.disk.MkdirAll(s.dir); err == nil {
			err = s.disk.SyncDir(filepath.Dir(s.dir))
		}
	}
	if err != nil {
		return err
	}
	for _, name := range []string{objectsDir, partialDir, scratchDir, damagedDir, unnamedDir, wholeDir} {
		if err := s.disk.MkdirAll(filepath.Join(s.dir, name)); err != nil {
			return err
		}
	}
	if err := s.disk.SyncDir(s.dir); err != nil {
		return err
	}
	if err := s.clearScratch(); err != nil {
		return err
	}
	if err := s.findPartials(); err != nil {
		return err
	}
	if err := s.settleObjects(); err != nil {
		return err
	}
	return s.findMarks()
}

// settleObjects makes sure that what is visible is durable: a kill may have
// come between the rename of an object and the fsync of its folder, and the
// object would be acknowledged from now on.
func (s *Store) settleObjects() error {
	root := filepath.Join(s.dir, objectsDir)
	folders, err := s.disk.ReadDir(root)
	if err != nil {
		return err
	}
	for _, f := range folders {
		if !f.IsDir() || !isFolderName(f.Name()) {
			continue
		}
		if err := s.disk.SyncDir(filepath.Join(root, f.Name())); err != nil {
			return err
		}
	}
	return s.disk.SyncDir(root)
}

func (s *Store) clearScratch() error {
	left, err := s.disk.ReadDir(filepath.Join(s.dir, scratchDir))
	if err != nil {
		return err
	}
	for _, f := range left {
		if f.IsDir() {
			continue
		}
		err := s.disk.Remove(filepath.Join(s.dir, scratchDir, f.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

const (
	objectsDir = "objects"
	partialDir = "partial"
	scratchDir = "scratch"
	damagedDir = "damaged"
)

// objectPath is where complete content lies. The hash was checked by the
// caller: no text from outside becomes a path.
func (s *Store) objectPath(hash string) string {
	return filepath.Join(s.dir, objectsDir, hash[:2], hash)
}

func isFolderName(name string) bool {
	return len(name) == 2 && isLowerHex(name)
}
