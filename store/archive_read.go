package store

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/tongban/tongban/store/blob"
)

// VerifyArchive reads an archive to its end and holds everything against the
// manifest, without writing anything.
func VerifyArchive(ctx context.Context, r io.Reader) (*Manifest, error) {
	m, err := readArchive(ctx, r, nil, func(_ ArchivedFile, content io.Reader) error {
		_, err := io.Copy(io.Discard, content)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("verify archive: %w", err)
	}
	return m, nil
}

// readArchive gives each file, whose hash it checks afterwards. begin, if set,
// sees the manifest before.
func readArchive(ctx context.Context, r io.Reader, begin func(*Manifest) error, file func(ArchivedFile, io.Reader) error) (*Manifest, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<40), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	t := tar.NewReader(z)
	text, err := nextBytes(t, manifestName, maxManifest)
	if errors.Is(err, zstd.ErrMagicMismatch) || errors.Is(err, ErrArchiveMalformed) || errors.Is(err, tar.ErrHeader) {
		return nil, fmt.Errorf("%w: %w", ErrArchiveMalformed, err)
	}
	if err != nil {
		return nil, damaged(err)
	}
	m, err := decodeManifest(text)
	if err != nil {
		return nil, err
	}
	if begin != nil {
		if err := begin(m); err != nil {
			return nil, err
		}
	}
	for _, f := range m.files() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := nextFile(t, f, file); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	seal, err := nextBytes(t, sealName, 256)
	if err != nil {
		return nil, damaged(err)
	}
	sum := sha256.Sum256(text)
	if string(seal) != hex.EncodeToString(sum[:])+"\n" {
		return nil, damaged(errors.New("the manifest was changed"))
	}
	if _, err := t.Next(); err != io.EOF {
		return nil, damaged(fmt.Errorf("more than the manifest says: %w", err))
	}
	// To the end, where zstd has its own checksum.
	if n, err := io.Copy(io.Discard, io.LimitReader(z, 1<<20)); err != nil || n > 0 {
		return nil, damaged(fmt.Errorf("%d bytes after the end: %w", n, err))
	}
	return m, nil
}

func decodeManifest(text []byte) (*Manifest, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchiveMalformed, err)
	}
	if version.Format > archiveFormat {
		return nil, fmt.Errorf("%w: format %d", ErrArchiveNewer, version.Format)
	}
	m := new(Manifest)
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchiveMalformed, err)
	}
	if m.Format < 1 || m.Node == "" || m.State.Name != stateFile || !m.Division.Valid() || m.Division.Tier() != m.Tier {
		return nil, fmt.Errorf("%w: format %d of %q, %s", ErrArchiveMalformed, m.Format, m.Node, m.Division)
	}
	for _, a := range m.Attachments {
		if blob.CheckHash(a.SHA256) != nil || a.Name != attachmentsFolder+"/"+a.SHA256 {
			return nil, fmt.Errorf("%w: attachment %.80q", ErrArchiveMalformed, a.Name)
		}
	}
	for _, k := range m.Keys {
		if !keyName(k.Name) || k.Size > 1<<20 {
			return nil, fmt.Errorf("%w: key %.80q", ErrArchiveMalformed, k.Name)
		}
	}
	return m, nil
}

func nextBytes(t *tar.Reader, name string, most int64) ([]byte, error) {
	h, err := t.Next()
	if err != nil {
		return nil, err
	}
	if h.Name != name || h.Typeflag != tar.TypeReg || h.Size > most {
		return nil, fmt.Errorf("%w: %.80q of %d bytes where %s belongs", ErrArchiveMalformed, h.Name, h.Size, name)
	}
	return io.ReadAll(t)
}

func nextFile(t *tar.Reader, f ArchivedFile, give func(ArchivedFile, io.Reader) error) error {
	h, err := t.Next()
	if err != nil {
		return damaged(err)
	}
	if h.Name != f.Name || h.Typeflag != tar.TypeReg || h.Size != f.Size {
		return damaged(fmt.Errorf("%.80q of %d bytes", h.Name, h.Size))
	}
	sum := sha256.New()
	content := &archiveReader{r: io.TeeReader(t, sum)}
	if err := give(f, content); err != nil {
		if content.err != nil {
			return damaged(content.err)
		}
		return err
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return damaged(err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return damaged(errors.New("its hash does not fit"))
	}
	return nil
}

// archiveReader remembers that reading failed, to tell a damaged archive from
// a failing disk.
type archiveReader struct {
	r   io.Reader
	err error
}

func (a *archiveReader) Read(b []byte) (int, error) {
	n, err := a.r.Read(b)
	if err != nil && err != io.EOF {
		a.err = err
	}
	return n, err
}

func damaged(err error) error { return fmt.Errorf("%w: %w", ErrArchiveDamaged, err) }
