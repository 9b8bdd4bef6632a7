package store

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/blob"
	"github.com/tongban/tongban/store/fault"
)

// An archive is a node's backup in one file: a tar, compressed with zstd, of
//
//	manifest.json      what is in it (Manifest)
//	state.db           the state as of one moment
//	attachments/HASH   every attachment, by its SHA-256
//	membership.json    only with keys: the node's place in its county
//	keys/…             only with keys: its private keys
//	manifest.sha256    SHA-256 of manifest.json, in hex
//
// in this order. What may be lost (local.db) is not in it.

// Manifest says what an archive holds.
type Manifest struct {
	Format   int           `json:"format"`
	Node     string        `json:"node"`
	Tier     node.Tier     `json:"tier"`
	Division division.Code `json:"division"`
	Ordinal  int           `json:"ordinal"`
	// Predecessors are the nodes that its machine was before.
	Predecessors []string `json:"predecessors,omitempty"`
	// MadeAt is Unix milliseconds.
	MadeAt int64 `json:"made_at"`
	// Applied is the Raft index in the state, at the county; Cursor the
	// county index followed and LastSeq the node's own counter, below it.
	Applied uint64 `json:"applied,omitempty"`
	Cursor  uint64 `json:"cursor,omitempty"`
	LastSeq uint64 `json:"last_seq,omitempty"`
	// Records are those of the county's ledger in the state. Only ExportArchive
	// tells; it is not in the file, which older programs read too.
	Records uint64 `json:"-"`

	State       ArchivedFile   `json:"state"`
	Attachments []ArchivedFile `json:"attachments"`
	// Damaged are attachments that no longer fitted their hash and are left
	// out.
	Damaged []string `json:"damaged,omitempty"`
	// Keys are the private keys in the archive; whoever reads it is the node.
	Keys []ArchivedFile `json:"keys,omitempty"`
}

// ArchivedFile is one file of an archive.
type ArchivedFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// HasKeys says that the archive must be kept like the keys themselves.
func (m *Manifest) HasKeys() bool { return len(m.Keys) > 0 }

// WasNode says whether the machine of the archive's node was another before.
func (m *Manifest) WasNode(node string) bool { return slices.Contains(m.Predecessors, node) }

// Typed failures of archives.
var (
	ErrArchiveMalformed = errors.New("store: 该文件不是通办备份 (this file is not a tongban archive)")
	ErrArchiveDamaged   = errors.New("store: 备份文件不完整或已损坏 (the archive is incomplete or damaged)")
	ErrArchiveNewer     = errors.New("store: 备份由更新版本的通办生成，请先升级 (a newer tongban made the archive; upgrade first)")
)

const (
	archiveFormat = 1
	manifestName  = "manifest.json"
	sealName      = "manifest.sha256"
	// attachmentsFolder, keysFolder and membershipFile lie beside the
	// databases in a node's directory.
	attachmentsFolder = "attachments"
	keysFolder        = "keys"
	membershipFile    = "membership.json"
	maxManifest       = 256 << 20

	// BackupsFolder is where a hub keeps its own backups, unless it is told another
	// place.
	BackupsFolder = "backups"
)

// ArchiveOptions say what goes into an archive.
type ArchiveOptions struct {
	// MadeAt is now, Unix milliseconds.
	MadeAt int64
	// Blobs are the node's attachments; nil leaves them out.
	Blobs *blob.Store
	// IncludeKeys puts the node's private keys in. A file that the archive is
	// written to is then made readable by its owner only.
	IncludeKeys bool
	// Progress, if set, is told how much of what there is was written, in bytes
	// before compression; first with nothing, before anything is. An error ends
	// the archive.
	Progress func(done, total int64) error
}

// ExportArchive writes a backup of the node while it runs. Every attachment is
// held against its hash; one that does not fit is set aside and left out.
func (s *Store) ExportArchive(ctx context.Context, w io.Writer, o ArchiveOptions) (*Manifest, error) {
	m, err := s.exportArchive(ctx, w, o)
	if err != nil {
		return nil, fmt.Errorf("export archive: %w", err)
	}
	return m, nil
}

func (s *Store) exportArchive(ctx context.Context, w io.Writer, o ArchiveOptions) (*Manifest, error) {
	if f, ok := w.(*os.File); ok && o.IncludeKeys {
		if err := f.Chmod(0o600); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp(s.dir, "archive-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	state := filepath.Join(dir, stateFile)
	m := &Manifest{Format: archiveFormat, Node: s.self.Node, Tier: s.self.Tier, Division: s.self.Division, Ordinal: s.self.Ordinal, MadeAt: o.MadeAt, Attachments: []ArchivedFile{}}
	if m.Applied, err = s.Backup(ctx, state); err != nil {
		return nil, err
	}
	fault.Point("store.archive.state")
	if err := m.read(ctx, s.key, state); err != nil {
		return nil, err
	}
	// After the state: what it names was stored before the entry was.
	if err := m.listAttachments(ctx, o.Blobs); err != nil {
		return nil, err
	}
	if o.IncludeKeys {
		if err := m.listKeys(s.dir); err != nil {
			return nil, err
		}
	}
	return m, m.write(ctx, w, o.Progress, func(name string) (io.ReadCloser, error) {
		if hash, ok := strings.CutPrefix(name, attachmentsFolder+"/"); ok {
			content, _, err := o.Blobs.Open(hash)
			return content, err
		}
		if name == stateFile {
			return openCopy(s.key, state)
		}
		return os.Open(filepath.Join(s.dir, filepath.FromSlash(name)))
	})
}

// openCopy gives the content of a copy of the state: what leaves the node is
// sealed for its reader and not with this node's key.
func openCopy(k *atrest.Key, path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{k.DatabaseReader(f), f}, nil
}

// read fills in what the copied state says.
func (m *Manifest) read(ctx context.Context, k *atrest.Key, state string) (err error) {
	db, err := openReaders(k, state)
	if err != nil {
		return err
	}
	defer db.Close()
	cursor, err := count(ctx, db, `SELECT value FROM meta WHERE key = 'cursor'`)
	if err != nil {
		return err
	}
	seq, err := count(ctx, db, `SELECT last_seq FROM origins WHERE node = ?`, m.Node)
	if err != nil {
		return err
	}
	records, err := count(ctx, db, `SELECT max(idx) FROM entries`)
	if err != nil {
		return err
	}
	m.Cursor, m.LastSeq, m.Records = uint64(cursor), uint64(seq), uint64(records)
	before, err := predecessorsOf(ctx, db, m.Node)
	if err != nil {
		return err
	}
	if len(before) > 0 {
		m.Predecessors = before
	}
	content, err := openCopy(k, state)
	if err != nil {
		return err
	}
	defer content.Close()
	m.State, err = describe(content, stateFile)
	return err
}

func (m *Manifest) listAttachments(ctx context.Context, blobs *blob.Store) error {
	after := ""
	for blobs != nil {
		page, err := blobs.List(after, 1000)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, info := range page {
			after = info.Hash
			err := blobs.Verify(ctx, info.Hash)
			switch {
			case errors.Is(err, blob.ErrDamaged):
				m.Damaged = append(m.Damaged, info.Hash)
			case err != nil:
				return err
			default:
				m.Attachments = append(m.Attachments, ArchivedFile{Name: attachmentsFolder + "/" + info.Hash, Size: info.Size, SHA256: info.Hash})
			}
		}
	}
	return nil
}

func (m *Manifest) listKeys(dir string) error {
	names := []string{membershipFile}
	entries, err := os.ReadDir(filepath.Join(dir, keysFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && keyName(keysFolder+"/"+e.Name()) {
			names = append(names, keysFolder+"/"+e.Name())
		}
	}
	for _, name := range names {
		f, err := describeFile(filepath.Join(dir, filepath.FromSlash(name)), name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		m.Keys = append(m.Keys, f)
	}
	return nil
}

// keyName says whether a name is one that keys may have: nothing from an
// archive leads anywhere else.
func keyName(name string) bool {
	base, ok := strings.CutPrefix(name, keysFolder+"/")
	return name == membershipFile || ok && base != "" && base[0] != '.' && !strings.ContainsFunc(base, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

func describeFile(path, name string) (ArchivedFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return ArchivedFile{}, err
	}
	defer f.Close()
	return describe(f, name)
}

func describe(r io.Reader, name string) (ArchivedFile, error) {
	h := sha256.New()
	size, err := io.Copy(h, r)
	return ArchivedFile{Name: name, Size: size, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// files are the archive's files between manifest and seal, in their order.
func (m *Manifest) files() []ArchivedFile {
	return slices.Concat([]ArchivedFile{m.State}, m.Attachments, m.Keys)
}

func (m *Manifest) write(ctx context.Context, w io.Writer, progress func(done, total int64) error, open func(name string) (io.ReadCloser, error)) error {
	if progress == nil {
		progress = func(int64, int64) error { return nil }
	}
	var done, total int64
	for _, f := range m.files() {
		total += f.Size
	}
	if err := progress(0, total); err != nil {
		return err
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	if err := addBytes(t, manifestName, text); err != nil {
		return err
	}
	for _, f := range m.files() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := addFile(t, f, open, func(n int) error {
			done += int64(n)
			return errors.Join(ctx.Err(), progress(done, total))
		}); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	sum := sha256.Sum256(text)
	if err := addBytes(t, sealName, []byte(hex.EncodeToString(sum[:])+"\n")); err != nil {
		return err
	}
	return errors.Join(t.Close(), z.Close())
}

func addBytes(t *tar.Writer, name string, content []byte) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o600, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err := t.Write(content)
	return err
}

func addFile(t *tar.Writer, f ArchivedFile, open func(name string) (io.ReadCloser, error), written func(n int) error) error {
	content, err := open(f.Name)
	if err != nil {
		return err
	}
	defer content.Close()
	if err := t.WriteHeader(&tar.Header{Name: f.Name, Size: f.Size, Mode: 0o600, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = io.CopyN(told{t, written}, content, f.Size)
	return err
}

// told tells of each write.
type told struct {
	io.Writer
	written func(n int) error
}

func (t told) Write(b []byte) (int, error) {
	n, err := t.Writer.Write(b)
	return n, errors.Join(err, t.written(n))
}
