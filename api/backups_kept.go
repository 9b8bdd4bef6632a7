package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/store/blob"
)

// Backups say where a hub keeps its own backups.
type Backups struct {
	Folder string
	// Config is the settings file it was started with, which the commands of a
	// restore name.
	Config string
	// Room is what may be written into the folder, in bytes; nil measures nothing.
	Room func() (int64, error)
}

// backups are a hub's kept backups: files in one folder, and one job at a time.
type backups struct {
	o    Backups
	node string

	mu   sync.Mutex
	busy bool
	job  gen.BackupJob
	ctx  context.Context // of jobs
	stop context.CancelFunc
	jobs sync.WaitGroup
}

// draftSuffix ends the name of a backup that is being written.
const draftSuffix = ".part"

// newBackups clears what a kill left half written.
func newBackups(o Backups, node string) (*backups, error) {
	b := &backups{o: o, node: node}
	b.ctx, b.stop = context.WithCancel(context.Background())
	if o.Folder == "" {
		return b, nil
	}
	left, err := filepath.Glob(filepath.Join(o.Folder, node+"-*"+draftSuffix))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return nil, fmt.Errorf("api: left-over backups: %w", err)
	}
	return b, nil
}

// Close ends what runs beside the requests, and waits for it.
func (s *Server) Close() {
	s.backups.mu.Lock()
	s.backups.stop()
	s.backups.mu.Unlock()
	s.backups.jobs.Wait()
}

func (b *backups) path(file string) string { return filepath.Join(b.o.Folder, file) }

// ready makes the folder and sees that something can be written into it.
func (b *backups) ready() error {
	if err := os.MkdirAll(b.o.Folder, 0o700); err != nil {
		return fmt.Errorf("backup folder: %w", blob.NoSpace(err))
	}
	return b.roomFor(0)
}

func (b *backups) roomFor(bytes int64) error {
	if b.o.Room == nil {
		return nil
	}
	room, err := b.o.Room()
	if err != nil {
		return fmt.Errorf("backup folder: %w", err)
	}
	if room < bytes {
		return errBackupRoom
	}
	return nil
}

// backupName is what a backup's file may be called: no name leads out of the
// folder.
var backupName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.backup$`)

// files are the folder's backups.
func (b *backups) files() ([]os.FileInfo, error) {
	entries, err := os.ReadDir(b.o.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("backup folder: %w", err)
	}
	var all []os.FileInfo
	for _, e := range entries {
		if !e.Type().IsRegular() || !backupName.MatchString(e.Name()) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("backup folder: %w", err)
		}
		all = append(all, info)
	}
	return all, nil
}

// open opens one of the folder's backups, and nothing else: no other name, no
// folder, and nothing that a link leads to.
func (b *backups) open(file string) (*os.File, os.FileInfo, error) {
	if !backupName.MatchString(file) {
		return nil, nil, errNotFound
	}
	root, err := os.OpenRoot(b.o.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, errNotFound
	}
	if err != nil {
		return nil, nil, fmt.Errorf("backup folder: %w", err)
	}
	defer root.Close()
	is, err := root.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !is.Mode().IsRegular() {
		return nil, nil, errNotFound
	}
	if err != nil {
		return nil, nil, fmt.Errorf("backup folder: %w", err)
	}
	f, err := root.Open(file)
	if err != nil {
		return nil, nil, fmt.Errorf("backup folder: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(is, info) { // exchanged in between
		err = errNotFound
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

// create begins a backup's file; it takes the name of none that there is.
func (b *backups) create(file string) (*os.File, error) {
	if _, err := os.Lstat(b.path(file)); err == nil {
		return nil, errBackupBusy
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("backup folder: %w", err)
	}
	f, err := os.OpenFile(b.path(file)+draftSuffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("backup folder: %w", err)
	}
	return f, nil
}

// place gives a whole backup its name, once it is on the disk.
func (b *backups) place(draft *os.File, file string) error {
	if err := draft.Sync(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Rename(draft.Name(), b.path(file)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	dir, err := os.Open(b.o.Folder)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// begin runs a job unless one runs, or the node stops.
func (b *backups) begin(job gen.BackupJob, run func(context.Context)) (gen.BackupJob, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy {
		return gen.BackupJob{}, errBackupBusy
	}
	if err := b.ctx.Err(); err != nil {
		return gen.BackupJob{}, err
	}
	b.busy, b.job = true, job
	b.jobs.Go(func() { run(b.ctx) })
	return job, nil
}

func (b *backups) now() gen.BackupJob {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.job
}

func (b *backups) tell(stage gen.BackupJobStage, done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.job.Stage, b.job.Done, b.job.Total = stage, done, total
}

func (b *backups) end(as gen.BackupJob) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy = false
	b.job.Stage, b.job.EndedAt, b.job.Code, b.job.Zh, b.job.En = as.Stage, as.EndedAt, as.Code, as.Zh, as.En
}

func newestFirst(all []gen.KeptBackup) {
	slices.SortFunc(all, func(a, b gen.KeptBackup) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.File, a.File)) })
}

// backupNote is what a hub knows of a file in its folder. It holds of the file as
// it was then: Bytes and Modified tell another one of the same name.
type backupNote struct {
	Bytes       int64  `json:"bytes"`
	Modified    int64  `json:"modified"`
	Node        string `json:"node,omitempty"`
	At          int64  `json:"at"`
	By          string `json:"by,omitempty"`
	Records     uint64 `json:"records,omitempty"`
	Attachments int    `json:"attachments,omitempty"`
	Damaged     int    `json:"damaged,omitempty"`
	CheckedAt   int64  `json:"checked_at,omitempty"`
	Code        string `json:"code,omitempty"`
}

// settingKept is before the name of a file, where notes are kept.
const settingKept = "backup/"

// backupNote is what is known of a file as it lies there; nil where nothing is.
func (s *Server) backupNote(ctx context.Context, f os.FileInfo) (*backupNote, error) {
	text, err := s.store.Setting(ctx, settingKept+f.Name())
	if err != nil || text == "" {
		return nil, err
	}
	n := new(backupNote)
	if err := json.Unmarshal([]byte(text), n); err != nil {
		return nil, fmt.Errorf("what is noted of a backup: %w", err)
	}
	if n.Bytes != f.Size() || n.Modified != f.ModTime().UnixNano() {
		return nil, nil
	}
	return n, nil
}

func (s *Server) noteKept(ctx context.Context, file string, n backupNote) error {
	f, info, err := s.backups.open(file)
	if err != nil {
		return err
	}
	f.Close()
	n.Bytes, n.Modified = info.Size(), info.ModTime().UnixNano()
	text, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("note a backup: %w", err)
	}
	return s.store.SetSetting(ctx, settingKept+file, string(text))
}
