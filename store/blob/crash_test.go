package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestStopAtEveryChange stops the disk after each number of changes, once as a
// killed process leaves it and once as a lost power supply does. What was
// acknowledged has to be there, and the upload has to go on to the end.
func TestStopAtEveryChange(t *testing.T) {
	content := pdfSample(pieceBytes+50_000, 7)
	hash, size := hashHex(content), int64(len(content))
	for _, power := range []bool{false, true} {
		for _, put := range []bool{false, true} {
			finished := false
			for stop := 0; !finished; stop++ {
				if stop > 200 {
					t.Fatal("never finished")
				}
				d := newMemDisk()
				d.left = stop
				acked, err := upload(d, content, put)
				finished = err == nil
				if err != nil && !errors.Is(err, errPower) {
					t.Fatalf("stop %d: %v", stop, err)
				}
				if d.left = -1; power {
					d.powerLoss()
				}
				s, err := open("/a", Options{Key: testKey}, d)
				if err != nil {
					t.Fatalf("stop %d: open again: %v", stop, err)
				}
				offset, err := s.Begin(t.Context(), hash, size, "")
				if offset < acked || err != nil && !errors.Is(err, ErrComplete) {
					t.Fatalf("power %v, put %v, stop %d: have %d (%v), acknowledged %d", power, put, stop, offset, err, acked)
				}
				// What a killed process left was acknowledged just now: it has
				// to outlast a loss of power, too.
				d.powerLoss()
				if s, err = open("/a", Options{Key: testKey}, d); err != nil {
					t.Fatalf("stop %d: open after power loss: %v", stop, err)
				}
				acked = offset
				if offset, err = s.Begin(t.Context(), hash, size, ""); offset < acked {
					t.Fatalf("stop %d: have %d (%v), acknowledged %d", stop, offset, err, acked)
				}
				if err == nil {
					if _, err := s.Append(t.Context(), hash, offset, bytes.NewReader(content[offset:])); err != nil {
						t.Fatalf("stop %d: go on: %v", stop, err)
					}
				}
				mustHold(t, s, content)
				for path := range d.live {
					if !strings.HasPrefix(path, "/a/objects/") {
						t.Fatalf("stop %d: left behind: %s", stop, path)
					}
				}
			}
		}
	}
}

// upload returns how many bytes were acknowledged.
func upload(d disk, content []byte, put bool) (int64, error) {
	ctx := context.Background()
	s, err := open("/a", Options{Key: testKey}, d)
	if err != nil {
		return 0, err
	}
	if put {
		info, err := s.Put(ctx, bytes.NewReader(content))
		return info.Size, err
	}
	hash, size := hashHex(content), int64(len(content))
	acked, err := s.Begin(ctx, hash, size, PDF)
	for err == nil && acked < size {
		var n int64
		n, err = s.Append(ctx, hash, acked, bytes.NewReader(content[acked:min(acked+90_000, size)]))
		if err == nil {
			acked = n
		}
	}
	return acked, err
}

func TestDiskFaults(t *testing.T) {
	content := pdfSample(3000, 1)
	hash := hashHex(content)
	for _, row := range []struct {
		name, op, in string
		err          error
		want         error
		stopped      bool
	}{
		{"full while writing", "write", partialDir, syscall.ENOSPC, ErrNoSpace, false},
		{"quota", "write", partialDir, syscall.EDQUOT, ErrNoSpace, false},
		{"full at fsync", "sync", partialDir, syscall.ENOSPC, ErrNoSpace, false},
		{"full at rename", "rename", objectsDir, syscall.ENOSPC, ErrNoSpace, false},
		{"full at mkdir", "mkdir", objectsDir, syscall.ENOSPC, ErrNoSpace, false},
		{"full at create", "create", partialDir, syscall.ENOSPC, ErrNoSpace, false},
		{"broken while writing", "write", partialDir, syscall.EIO, syscall.EIO, false},
		{"fsync fails", "sync", partialDir, syscall.EIO, ErrFailed, true},
		{"fsync of the folder fails", "syncdir", objectsDir, syscall.EIO, ErrFailed, true},
		{"read-only", "create", partialDir, syscall.EROFS, syscall.EROFS, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := newMemDisk()
			s, err := open("/a", Options{Key: testKey}, d)
			if err != nil {
				t.Fatal(err)
			}
			broken := true
			d.fail = func(op, path string) error {
				if broken && op == row.op && strings.Contains(path, row.in) {
					return row.err
				}
				return nil
			}
			err = beginAndAppend(s, content)
			if !errors.Is(err, row.want) || !errors.Is(err, row.err) {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if has, _ := s.Has(hash); has {
				t.Fatal("half of it is visible")
			}
			broken = false
			if stopped := s.Failed() != nil; stopped != row.stopped {
				t.Fatalf("stopped %v: %v", stopped, s.Failed())
			}
			if row.stopped {
				if err := beginAndAppend(s, content); !errors.Is(err, ErrFailed) {
					t.Fatalf("wrote on after a failed fsync: %v", err)
				}
				if _, err := s.Put(t.Context(), bytes.NewReader(content)); !errors.Is(err, ErrFailed) {
					t.Fatalf("put after a failed fsync: %v", err)
				}
				d.powerLoss()
				if s, err = open("/a", Options{Key: testKey}, d); err != nil {
					t.Fatal(err)
				}
			}
			if err := beginAndAppend(s, content); err != nil && !errors.Is(err, ErrComplete) {
				t.Fatalf("after the disk was mended: %v", err)
			}
			mustHold(t, s, content)
		})
	}
}

func TestPutFaults(t *testing.T) {
	for op, want := range map[string]error{"write": ErrNoSpace, "sync": ErrNoSpace, "rename": ErrNoSpace, "create": ErrNoSpace} {
		d := newMemDisk()
		s, err := open("/a", Options{Key: testKey}, d)
		if err != nil {
			t.Fatal(err)
		}
		d.fail = func(o, _ string) error {
			if o == op {
				return syscall.ENOSPC
			}
			return nil
		}
		if _, err := s.Put(t.Context(), bytes.NewReader(pdfSample(3000, 1))); !errors.Is(err, want) {
			t.Fatalf("%s: got %v", op, err)
		}
		if len(d.live) != 0 {
			t.Fatalf("%s: left %v", op, d.live)
		}
	}
}

func TestBitRot(t *testing.T) {
	for name, harm := range map[string]func([]byte) []byte{
		"flipped bit": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"in its mark": func(b []byte) []byte { b[2] ^= 1; return b },
		"in its key":  func(b []byte) []byte { b[9] ^= 1; return b },
		"in its salt": func(b []byte) []byte { b[20] ^= 1; return b },
		"half a head": func(b []byte) []byte { return b[:17] },
		"zeroed":      func(b []byte) []byte { clear(b); return b },
		"cut":         func(b []byte) []byte { return b[:len(b)-1] },
		"empty":       func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, content := mustOpen(t, dir), pdfSample(5000, 2)
			info, err := s.Put(t.Context(), bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(t.Context(), info.Hash); err != nil {
				t.Fatalf("sound content: %v", err)
			}
			path := filepath.Join(dir, "objects", info.Hash[:2], info.Hash)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, harm(raw), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(t.Context(), info.Hash); !errors.Is(err, ErrDamaged) {
				t.Fatalf("got %v, want ErrDamaged", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "damaged", info.Hash)); err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(t.Context(), info.Hash); !errors.Is(err, ErrNotFound) {
				t.Fatalf("got %v, want ErrNotFound", err)
			}
			if err := beginAndAppend(s, content); err != nil {
				t.Fatalf("fetch it anew: %v", err)
			}
			mustHold(t, s, content)
		})
	}
}

func TestLinkIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	s, content := mustOpen(t, dir), pdfSample(500, 2)
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, content, 0o600); err != nil {
		t.Fatal(err)
	}
	path := s.objectPath(hashHex(content))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Open(hashHex(content)); !errors.Is(err, ErrDamaged) {
		t.Fatalf("got %v, want ErrDamaged", err)
	}
}

func TestOpenRefusesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{Key: testKey}); err == nil {
		t.Fatal("opened a file as a folder")
	}
	if _, err := Open(t.TempDir(), Options{MaxBytes: -1}); err == nil {
		t.Fatal("took a negative limit")
	}
}

func beginAndAppend(s *Store, content []byte) error {
	hash := hashHex(content)
	offset, err := s.Begin(context.Background(), hash, int64(len(content)), "")
	if err != nil {
		return err
	}
	_, err = s.Append(context.Background(), hash, offset, bytes.NewReader(content[offset:]))
	return err
}

func mustHold(t testing.TB, s *Store, content []byte) {
	t.Helper()
	hash := hashHex(content)
	r, info, err := s.Open(hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, content) || info.Size != int64(len(content)) {
		t.Fatalf("content differs: %d bytes, %v, %+v", len(got), err, info)
	}
	if _, err := s.Append(context.Background(), hash, 0, bytes.NewReader(nil)); !errors.Is(err, ErrComplete) {
		t.Fatalf("append to complete content: %v", err)
	}
	if _, err := s.disk.Stat(s.partialPath(hash, partial{size: info.Size})); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the upload is still there: %v", err)
	}
}

// TestNoSpaceElsewhere: what is written beside the store is told apart too.
func TestNoSpaceElsewhere(t *testing.T) {
	if err := NoSpace(&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}); !errors.Is(err, ErrNoSpace) {
		t.Errorf("a full disk is %v", err)
	}
	if err := NoSpace(fs.ErrPermission); err != fs.ErrPermission {
		t.Errorf("another error became %v", err)
	}
}
