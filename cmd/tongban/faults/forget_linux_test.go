package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// diskImage is the content of a disk: a folder, or a file.
type diskImage struct {
	mode    uint32
	data    []byte
	entries map[string]*diskImage // nil for a file
}

// readImage copies a folder.
func readImage(path string) (*diskImage, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	i := &diskImage{mode: uint32(info.Mode().Perm())}
	if !info.IsDir() {
		i.data, err = os.ReadFile(path)
		return i, err
	}
	i.entries = map[string]*diskImage{}
	list, err := os.ReadDir(path)
	for _, e := range list {
		if i.entries[e.Name()], err = readImage(filepath.Join(path, e.Name())); err != nil {
			break
		}
	}
	return i, err
}

// write puts an image onto a real disk.
func (i *diskImage) write(path string) error {
	if i.entries == nil {
		return os.WriteFile(path, i.data, fs.FileMode(i.mode))
	}
	if err := os.MkdirAll(path, fs.FileMode(i.mode)); err != nil {
		return err
	}
	for name, e := range i.entries {
		if err := e.write(filepath.Join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

// forgetful is a mounted file system in memory. When its power is cut it has
// what was synced: of a file the content at its last fsync, of a folder the
// names at its last fsync. How much it has of what was written since is the
// loss.
type forgetful struct {
	path   string
	root   *folder
	server *fuse.Server
}

// loss is what becomes of the writes that were not synced.
type loss int

const (
	nothing   loss = iota // they are kept: no power was lost
	forgotten             // they are gone
	torn                  // the first ones are kept, the one after them in part
	tornEarly             // the same, and at least half are gone
)

// errNoFUSE: this machine cannot mount one.
var errNoFUSE = errors.New("a FUSE file system cannot be mounted here: it takes /dev/fuse and root")

func mountForgetful(path string, content *diskImage) (*forgetful, error) {
	if _, err := os.Stat("/dev/fuse"); err != nil || os.Getuid() != 0 {
		return nil, errNoFUSE
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	f := &forgetful{path: path, root: newFolder(content.mode)}
	second := time.Second
	server, err := fusefs.Mount(path, f.root, &fusefs.Options{
		MountOptions: fuse.MountOptions{DirectMount: true, FsName: "forgetful", Name: "forgetful", MaxWrite: 128 << 10},
		AttrTimeout:  &second, EntryTimeout: &second,
		OnAdd: func(ctx context.Context) { f.root.fill(ctx, content) },
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoFUSE, err)
	}
	f.server = server
	return f, nil
}

// unmount gives what the disk has after a loss. Nobody may have the file system
// open any more.
func (f *forgetful) unmount(l loss) (*diskImage, error) {
	content := f.root.image(l)
	for try := 0; ; try++ {
		err := f.server.Unmount()
		if err == nil {
			return content, nil
		}
		if try == 50 {
			syscall.Unmount(f.path, syscall.MNT_DETACH)
			return content, fmt.Errorf("unmount %s: %w", f.path, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// folder keeps the names it had at its last fsync.
type folder struct {
	fusefs.Inode
	mu     sync.Mutex
	attr   fuse.Attr
	synced map[string]fusefs.InodeEmbedder
}

func attributes(mode uint32) fuse.Attr {
	a := fuse.Attr{Mode: mode, Nlink: 1, Owner: fuse.Owner{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}}
	now := time.Now()
	a.SetTimes(&now, &now, &now)
	return a
}

func newFolder(mode uint32) *folder {
	return &folder{attr: attributes(mode | syscall.S_IFDIR), synced: map[string]fusefs.InodeEmbedder{}}
}

// fill puts content, all of it synced, into a folder.
func (d *folder) fill(ctx context.Context, content *diskImage) {
	for name, e := range content.entries {
		if e.entries == nil {
			f := &file{attr: attributes(e.mode | syscall.S_IFREG), data: slices.Clone(e.data)}
			d.AddChild(name, d.NewPersistentInode(ctx, f, fusefs.StableAttr{Mode: syscall.S_IFREG}), true)
			d.synced[name] = f
			continue
		}
		sub := newFolder(e.mode)
		d.AddChild(name, d.NewPersistentInode(ctx, sub, fusefs.StableAttr{Mode: syscall.S_IFDIR}), true)
		d.synced[name] = sub
		sub.fill(ctx, e)
	}
}

func (d *folder) image(l loss) *diskImage {
	names := d.live()
	d.mu.Lock()
	if l != nothing {
		names = d.synced
	}
	i := &diskImage{mode: d.attr.Mode & 0o7777, entries: map[string]*diskImage{}}
	d.mu.Unlock()
	for name, node := range names {
		switch node := node.(type) {
		case *folder:
			i.entries[name] = node.image(l)
		case *file:
			i.entries[name] = node.image(l)
		}
	}
	return i
}

func (d *folder) live() map[string]fusefs.InodeEmbedder {
	all := map[string]fusefs.InodeEmbedder{}
	for name, child := range d.Children() {
		all[name] = child.Operations()
	}
	return all
}

func (d *folder) Fsync(context.Context, fusefs.FileHandle, uint32) syscall.Errno {
	names := d.live()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.synced = names
	return 0
}

func (d *folder) Create(ctx context.Context, name string, _ uint32, mode uint32, out *fuse.EntryOut) (*fusefs.Inode, fusefs.FileHandle, uint32, syscall.Errno) {
	f := &file{attr: attributes(mode&0o7777 | syscall.S_IFREG)}
	out.Attr = f.attr
	return d.NewPersistentInode(ctx, f, fusefs.StableAttr{Mode: syscall.S_IFREG}), nil, 0, 0
}

func (d *folder) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	sub := newFolder(mode & 0o7777)
	out.Attr = sub.attr
	return d.NewPersistentInode(ctx, sub, fusefs.StableAttr{Mode: syscall.S_IFDIR}), 0
}

func (d *folder) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	child := d.GetChild(name)
	if child == nil {
		return nil, syscall.ENOENT
	}
	var a fuse.AttrOut
	if n, ok := child.Operations().(fusefs.NodeGetattrer); ok {
		n.Getattr(ctx, nil, &a)
	}
	out.Attr = a.Attr
	return child, 0
}

func (d *folder) Unlink(context.Context, string) syscall.Errno { return 0 }

func (d *folder) Rmdir(_ context.Context, name string) syscall.Errno {
	if child := d.GetChild(name); child != nil && len(child.Children()) > 0 {
		return syscall.ENOTEMPTY
	}
	return 0
}

func (d *folder) Rename(_ context.Context, _ string, _ fusefs.InodeEmbedder, _ string, flags uint32) syscall.Errno {
	if flags != 0 {
		return syscall.EINVAL
	}
	return 0 // the library moves the child
}

func (d *folder) Getattr(_ context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	out.Attr = d.attr
	return 0
}

func (d *folder) Setattr(_ context.Context, _ fusefs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if mode, ok := in.GetMode(); ok {
		d.attr.Mode = mode&0o7777 | syscall.S_IFDIR
	}
	out.Attr = d.attr
	return 0
}

// file remembers how to take back what was not synced.
type file struct {
	fusefs.Inode
	mu   sync.Mutex
	attr fuse.Attr
	data []byte
	undo []change
}

// change is what was there before a write or a truncation.
type change struct {
	size   int
	offset int
	old    []byte
	// kept is how much of a torn write stays; 0 for a truncation.
	kept int
}

// note keeps what is about to be overwritten or cut off; of a write, kept
// bytes stay when it is torn.
func (f *file) note(from, to, kept int) {
	from, to = min(from, len(f.data)), min(to, len(f.data))
	f.undo = append(f.undo, change{size: len(f.data), offset: from, old: slices.Clone(f.data[from:to]), kept: kept})
}

// takenBack is data without a change, but for what is kept of it.
func (c change) takenBack(data []byte, kept int) []byte {
	size := c.size
	if kept > 0 {
		size = max(size, min(c.offset+kept, len(data)))
	}
	if size <= len(data) {
		data = data[:size]
	} else {
		data = append(data, make([]byte, size-len(data))...)
	}
	if kept < len(c.old) {
		copy(data[c.offset+kept:], c.old[kept:])
	}
	return data
}

func (f *file) resize(size int) {
	if size <= len(f.data) {
		f.data = f.data[:size]
		return
	}
	f.data = append(f.data, make([]byte, size-len(f.data))...)
}

func (f *file) image(l loss) *diskImage {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := &diskImage{mode: f.attr.Mode & 0o7777, data: slices.Clone(f.data)}
	if l == nothing || len(f.undo) == 0 {
		return i
	}
	whole := 0 // so many of the writes are kept
	switch l {
	case torn:
		whole = rand.IntN(len(f.undo))
	case tornEarly:
		whole = rand.IntN(len(f.undo)) / 2
	}
	for n := len(f.undo) - 1; n >= whole; n-- {
		kept := 0
		if l != forgotten && n == whole {
			kept = f.undo[n].kept
		}
		i.data = f.undo[n].takenBack(i.data, kept)
	}
	return i
}

func (f *file) Open(context.Context, uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

func (f *file) Read(_ context.Context, _ fusefs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := min(int(off), len(f.data))
	return fuse.ReadResultData(dest[:copy(dest, f.data[from:])]), 0
}

func (f *file) Write(_ context.Context, _ fusefs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	f.mu.Lock()
	defer f.mu.Unlock()
	end := int(off) + len(data)
	f.note(min(int(off), len(f.data)), end, int(off)-min(int(off), len(f.data))+len(data)/2)
	if end > len(f.data) {
		f.resize(end)
	}
	copy(f.data[off:], data)
	now := time.Now()
	f.attr.SetTimes(nil, &now, &now)
	return uint32(len(data)), 0
}

func (f *file) Fsync(context.Context, fusefs.FileHandle, uint32) syscall.Errno {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.undo = nil
	return 0
}

func (f *file) Flush(context.Context, fusefs.FileHandle) syscall.Errno { return 0 }

func (f *file) Allocate(_ context.Context, _ fusefs.FileHandle, off, size uint64, mode uint32) syscall.Errno {
	if mode != 0 {
		return syscall.EOPNOTSUPP
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if end := int(off + size); end > len(f.data) {
		f.note(end, end, 0)
		f.resize(end)
	}
	return 0
}

func (f *file) Getattr(_ context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell(&out.Attr)
	return 0
}

func (f *file) Setattr(_ context.Context, _ fusefs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	f.mu.Lock()
	defer f.mu.Unlock()
	if size, ok := in.GetSize(); ok {
		f.note(int(size), len(f.data), 0)
		f.resize(int(size))
	}
	if mode, ok := in.GetMode(); ok {
		f.attr.Mode = mode&0o7777 | syscall.S_IFREG
	}
	f.tell(&out.Attr)
	return 0
}

func (f *file) tell(a *fuse.Attr) {
	*a = f.attr
	a.Size = uint64(len(f.data))
	a.Blocks = (a.Size + 511) / 512
}

// Statfs says that there is room: a node on a full disk takes nothing in.
func (d *folder) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	const block, blocks = 4096, 64 << 20
	*out = fuse.StatfsOut{Bsize: block, Frsize: block, Blocks: blocks, Bfree: blocks, Bavail: blocks, Files: 1 << 20, Ffree: 1 << 20, NameLen: 255}
	return 0
}
