package blob

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Nothing of an attachment stands on the disk in the clear, at any step.
func TestContentIsSealed(t *testing.T) {
	dir := t.TempDir()
	s, content := mustOpen(t, dir), pdfSample(40_000, 2)
	hash := hashHex(content)
	if _, err := s.Begin(t.Context(), hash, int64(len(content)), ""); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(content); {
		end := min(at+7001, len(content))
		if _, err := s.Append(t.Context(), hash, int64(at), bytes.NewReader(content[at:end])); err != nil {
			t.Fatal(err)
		}
		at = end
		mustNotStand(t, dir, content)
	}
	other := pdfSample(9_000, 3)
	if _, err := s.Put(t.Context(), bytes.NewReader(other)); err != nil {
		t.Fatal(err)
	}
	mustNotStand(t, dir, other)
	mustHold(t, s, content)

	// It can be read from anywhere.
	f, info, err := s.Open(hash)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if end, err := f.Seek(0, io.SeekEnd); err != nil || end != info.Size || info.Size != int64(len(content)) {
		t.Errorf("size %d, end %d, %v", info.Size, end, err)
	}
	if _, err := f.Seek(-101, io.SeekCurrent); err != nil {
		t.Fatal(err)
	}
	if tail, err := io.ReadAll(f); err != nil || !bytes.Equal(tail, content[len(content)-101:]) {
		t.Errorf("%d bytes at the end, %v", len(tail), err)
	}
}

func mustNotStand(t *testing.T, dir string, content []byte) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		for at := 0; at+16 <= len(content); at += 16 {
			if bytes.Contains(b, content[at:at+16]) && !bytes.Equal(content[at:at+16], make([]byte, 16)) {
				t.Errorf("%s has byte %d of the content in the clear", path, at)
				break
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("looked at %d files: %v", files, err)
	}
}
