package blob

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

var errPower = errors.New("the power is gone")

// memDisk is a disk that forgets: what was not synced, names included, is gone
// after powerLoss. After a number of changes every further one fails.
type memDisk struct {
	mu   sync.Mutex
	left int // changes until the stop; negative: no stop
	fail func(op, path string) error
	live map[string]*memFile
	kept map[string]*memFile // what the folders durably name
	dirs map[string]bool     // folders are kept: their loss is that of all names in them
	made int
	read int64 // bytes
}

type memFile struct {
	data, synced []byte
	changed      time.Time
}

func newMemDisk() *memDisk {
	return &memDisk{left: -1, live: map[string]*memFile{}, kept: map[string]*memFile{}, dirs: map[string]bool{"/": true}}
}

// powerLoss leaves what is durable, and mends the power.
func (d *memDisk) powerLoss() {
	d.left = -1
	d.live = map[string]*memFile{}
	for path, f := range d.kept {
		f.data = slices.Clone(f.synced)
		d.live[path] = f
	}
}

func (d *memDisk) change(op, path string) error {
	if d.left == 0 {
		return errPower
	}
	d.left--
	if d.fail != nil {
		return d.fail(op, path)
	}
	return nil
}

func (d *memDisk) MkdirAll(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirs[path] {
		return nil
	}
	if err := d.change("mkdir", path); err != nil {
		return err
	}
	d.dirs[path] = true
	return nil
}

func (d *memDisk) ReadDir(path string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []fs.DirEntry
	for p, f := range d.live {
		if filepath.Dir(p) == path {
			found = append(found, fs.FileInfoToDirEntry(memInfo{name: filepath.Base(p), size: int64(len(f.data))}))
		}
	}
	for p := range d.dirs {
		if filepath.Dir(p) == path && p != path {
			found = append(found, fs.FileInfoToDirEntry(memInfo{name: filepath.Base(p), dir: true}))
		}
	}
	slices.SortFunc(found, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return found, nil
}

func (d *memDisk) Stat(path string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.live[path]; f != nil {
		return memInfo{name: filepath.Base(path), size: int64(len(f.data)), changed: f.changed}, nil
	}
	if d.dirs[path] {
		return memInfo{name: filepath.Base(path), dir: true}, nil
	}
	return nil, fs.ErrNotExist
}

func (d *memDisk) Open(path string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.live[path]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return &memHandle{disk: d, path: path, f: f}, nil
}

func (d *memDisk) OpenAppend(path string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.live[path]
	if f == nil {
		if err := d.change("create", path); err != nil {
			return nil, err
		}
		f = &memFile{}
		d.live[path] = f
	}
	return &memHandle{disk: d, path: path, f: f}, nil
}

func (d *memDisk) CreateTemp(dir string) (file, string, error) {
	d.mu.Lock()
	d.made++
	path := filepath.Join(dir, "put-"+strconv.Itoa(d.made))
	d.mu.Unlock()
	f, err := d.OpenAppend(path)
	return f, path, err
}

func (d *memDisk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.change("rename", to); err != nil {
		return err
	}
	if d.live[from] == nil {
		return fs.ErrNotExist
	}
	d.live[to] = d.live[from]
	delete(d.live, from)
	return nil
}

func (d *memDisk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.change("remove", path); err != nil {
		return err
	}
	if d.live[path] == nil {
		return fs.ErrNotExist
	}
	delete(d.live, path)
	return nil
}

func (d *memDisk) SyncDir(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.change("syncdir", path); err != nil {
		return err
	}
	for p := range d.kept {
		if filepath.Dir(p) == path && d.live[p] == nil {
			delete(d.kept, p)
		}
	}
	for p, f := range d.live {
		if filepath.Dir(p) == path {
			d.kept[p] = f
		}
	}
	return nil
}

type memHandle struct {
	disk *memDisk
	path string
	f    *memFile
	pos  int64
}

func (h *memHandle) Read(p []byte) (int, error) {
	n, err := h.ReadAt(p, h.pos)
	h.pos += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (h *memHandle) ReadAt(p []byte, off int64) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	n, err := bytes.NewReader(h.f.data).ReadAt(p, off)
	h.disk.read += int64(n)
	return n, err
}

// WriteAt tears when it fails: half of p is written.
func (h *memHandle) WriteAt(p []byte, off int64) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	err := h.disk.change("write", h.path)
	if err != nil {
		p = p[:len(p)/2]
	}
	if end := int(off) + len(p); end > len(h.f.data) {
		h.f.data = append(h.f.data, make([]byte, end-len(h.f.data))...)
	}
	copy(h.f.data[off:], p)
	return len(p), err
}

func (h *memHandle) Truncate(size int64) error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.change("truncate", h.path); err != nil {
		return err
	}
	h.f.data = h.f.data[:size]
	return nil
}

func (h *memHandle) Sync() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.disk.change("sync", h.path); err != nil {
		return err
	}
	h.f.synced = slices.Clone(h.f.data)
	return nil
}

func (h *memHandle) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		off += h.pos
	case io.SeekEnd:
		off += int64(len(h.f.data))
	}
	h.pos = off
	return off, nil
}

func (h *memHandle) Stat() (fs.FileInfo, error) { return h.disk.Stat(h.path) }
func (h *memHandle) Close() error               { return nil }

type memInfo struct {
	name    string
	size    int64
	dir     bool
	changed time.Time
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) ModTime() time.Time { return i.changed }
func (i memInfo) IsDir() bool        { return i.dir }
func (i memInfo) Sys() any           { return nil }
func (i memInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o700
	}
	return 0o600
}
