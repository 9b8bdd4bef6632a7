package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/tongban/tongban/store/atrest"
)

// sealedDisk is a disk whose files are sealed with the node's storage key. Sizes
// and offsets are those of the content: the store above does not see the head
// that each file begins with. Names stay as they are.
type sealedDisk struct {
	disk
	key *atrest.Key
}

func (d sealedDisk) Stat(path string) (fs.FileInfo, error) {
	info, err := d.disk.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return info, err
	}
	return contentInfo{info}, nil
}

// contentInfo tells the size of the content.
type contentInfo struct{ fs.FileInfo }

func (i contentInfo) Size() int64 { return max(0, i.FileInfo.Size()-atrest.HeadBytes) }

func (d sealedDisk) Open(path string) (file, error) {
	f, err := d.disk.Open(path)
	if err != nil {
		return nil, err
	}
	s, err := d.stream(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &sealedFile{file: f, stream: s}, nil
}

// OpenAppend begins a file that has no whole head yet: no byte of it was ever
// acknowledged.
func (d sealedDisk) OpenAppend(path string) (file, error) {
	f, err := d.disk.OpenAppend(path)
	if err != nil {
		return nil, err
	}
	s, err := d.stream(f)
	if errors.Is(err, atrest.ErrDamaged) || errors.Is(err, atrest.ErrClear) {
		s, err = d.begin(f)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &sealedFile{file: f, stream: s}, nil
}

func (d sealedDisk) CreateTemp(dir string) (file, string, error) {
	f, path, err := d.disk.CreateTemp(dir)
	if err != nil {
		return nil, "", err
	}
	s, err := d.begin(f)
	if err != nil {
		return nil, "", errors.Join(err, f.Close(), d.disk.Remove(path))
	}
	return &sealedFile{file: f, stream: s}, path, nil
}

func (d sealedDisk) stream(f file) (*atrest.Stream, error) {
	var head [atrest.HeadBytes]byte
	n, err := f.ReadAt(head[:], 0)
	if n < len(head) && (err == nil || errors.Is(err, io.EOF)) {
		return nil, fmt.Errorf("%w: its head has %d bytes", atrest.ErrDamaged, n)
	}
	if n < len(head) {
		return nil, err
	}
	return d.key.Stream(head[:])
}

func (d sealedDisk) begin(f file) (*atrest.Stream, error) {
	s, err := d.key.NewStream()
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(s.Head(), 0)
	}
	return s, err
}

// sealedFile is the content of a sealed file.
type sealedFile struct {
	file
	stream *atrest.Stream
	at     int64
}

func (f *sealedFile) ReadAt(b []byte, off int64) (int, error) {
	n, err := f.file.ReadAt(b, off+atrest.HeadBytes)
	f.stream.XOR(b[:n], off)
	return n, err
}

func (f *sealedFile) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, err := f.ReadAt(b, f.at)
	f.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func (f *sealedFile) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		off += f.at
	case io.SeekEnd:
		info, err := f.Stat()
		if err != nil {
			return f.at, err
		}
		off += info.Size()
	}
	if off < 0 {
		return f.at, fmt.Errorf("seek to %d: %w", off, fs.ErrInvalid)
	}
	f.at = off
	return off, nil
}

func (f *sealedFile) WriteAt(b []byte, off int64) (int, error) {
	sealed := append([]byte(nil), b...)
	f.stream.XOR(sealed, off)
	return f.file.WriteAt(sealed, off+atrest.HeadBytes)
}

func (f *sealedFile) Stat() (fs.FileInfo, error) {
	info, err := f.file.Stat()
	if err != nil {
		return nil, err
	}
	return contentInfo{info}, nil
}

func (f *sealedFile) Truncate(size int64) error {
	return f.file.Truncate(size + atrest.HeadBytes)
}
