package blob

import (
	"io"
	"io/fs"
	"os"
)

// disk is the part of a file system that the store uses; tests make it fail.
type disk interface {
	MkdirAll(path string) error
	ReadDir(path string) ([]fs.DirEntry, error)
	Stat(path string) (fs.FileInfo, error)
	Open(path string) (file, error)
	// OpenAppend opens for writing, and makes the file when it is missing.
	OpenAppend(path string) (file, error)
	// CreateTemp makes a new file of a name nobody else has.
	CreateTemp(dir string) (f file, path string, err error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(path string) error
}

type file interface {
	io.ReadSeekCloser
	io.ReaderAt
	io.WriterAt
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
}

// Attachments are personal papers: only the node's own account may read them.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

type osDisk struct{}

func (osDisk) MkdirAll(path string) error                 { return os.MkdirAll(path, dirMode) }
func (osDisk) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }
func (osDisk) Stat(path string) (fs.FileInfo, error)      { return os.Lstat(path) }
func (osDisk) Rename(from, to string) error               { return os.Rename(from, to) }
func (osDisk) Remove(path string) error                   { return os.Remove(path) }
func (osDisk) SyncDir(path string) error                  { return syncDir(path) }

func (osDisk) Open(path string) (file, error) { return wrap(os.Open(path)) }

func (osDisk) OpenAppend(path string) (file, error) {
	return wrap(os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode))
}

func (osDisk) CreateTemp(dir string) (file, string, error) {
	f, err := os.CreateTemp(dir, "put-*")
	if err != nil {
		return nil, "", err
	}
	return f, f.Name(), nil
}

// wrap keeps a nil *os.File from becoming a file that is not nil.
func wrap(f *os.File, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}
