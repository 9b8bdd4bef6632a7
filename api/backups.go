package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/seal"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// Backups that a hub keeps in a folder of its own:
//
//	GET  /api/v1/backups               ListBackups
//	POST /api/v1/backups               KeepBackup
//	GET  /api/v1/backups/{file}        GetKeptBackup
//	POST /api/v1/backups/{file}/check  CheckBackup

// ListBackups shows what lies in the folder and what is under way.
func (s *Server) ListBackups(ctx context.Context, _ gen.ListBackupsRequestObject) (gen.ListBackupsResponseObject, error) {
	if err := s.keepsBackups(); err != nil {
		return nil, err
	}
	// Before the files: a backup that ends meanwhile is listed.
	job := s.backups.now()
	files, err := s.backups.files()
	if err != nil {
		return nil, err
	}
	head, err := s.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.ListBackups200JSONResponse{Node: s.self.Node, Folder: s.backups.o.Folder, Config: s.backups.o.Config, DataDir: s.store.Dir(),
		Records: int64(head), Backups: []gen.KeptBackup{}, Job: job}
	for _, f := range files {
		kept, err := s.keptBackup(ctx, f)
		if err != nil {
			return nil, err
		}
		out.Backups = append(out.Backups, kept)
	}
	newestFirst(out.Backups)
	return out, nil
}

func (s *Server) keptBackup(ctx context.Context, f os.FileInfo) (gen.KeptBackup, error) {
	out := gen.KeptBackup{File: f.Name(), Path: s.backups.path(f.Name()), At: f.ModTime().UnixMilli(), Bytes: f.Size(), State: gen.Unchecked}
	n, err := s.backupNote(ctx, f)
	if err != nil || n == nil {
		return out, err
	}
	out.At, out.Node, out.Records, out.Attachments, out.Damaged, out.By, out.CheckedAt = n.At, n.Node, int64(n.Records), n.Attachments, n.Damaged, n.By, n.CheckedAt
	switch {
	case n.CheckedAt == 0:
	case n.Code == "":
		out.State = gen.Sound
	default:
		out.State, out.Code = gen.Bad, n.Code
		out.Zh, out.En = backupWords(n.Code)
	}
	if n.By != "" {
		switch by, err := s.store.Staff(ctx, n.By); {
		case err == nil:
			out.ByName = by.Name
		case !errors.Is(err, store.ErrNotFound):
			return out, err
		}
	}
	return out, nil
}

// GetKeptBackup answers with one of the folder's backups.
func (s *Server) GetKeptBackup(_ context.Context, in gen.GetKeptBackupRequestObject) (gen.GetKeptBackupResponseObject, error) {
	if err := s.keepsBackups(); err != nil {
		return nil, err
	}
	f, _, err := s.backups.open(in.File)
	if err != nil {
		return nil, err
	}
	return download{f, in.File}, nil
}

// KeepBackup starts a backup into the folder.
func (s *Server) KeepBackup(ctx context.Context, _ gen.KeepBackupRequestObject) (gen.KeepBackupResponseObject, error) {
	if err := s.keepsBackups(); err != nil {
		return nil, err
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.backups.ready(); err != nil {
		return nil, err
	}
	now := s.o.Now()
	file := fmt.Sprintf("%s-%s-%s.backup", s.self.Node, calendar.DateOf(now).Compact(), now.In(beijing).Format("150405"))
	job, err := s.begin(file, gen.BackupJobWhatTake, gen.BackupJobStageState, func(ctx context.Context) error { return s.keepBackup(ctx, file, now, actor.Staff) })
	if err != nil {
		return nil, err
	}
	return gen.KeepBackup202JSONResponse(job), nil
}

func (s *Server) keepBackup(ctx context.Context, file string, now time.Time, by string) error {
	draft, err := s.backups.create(file)
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	defer draft.Close()
	m, size, err := s.sealBackup(ctx, draft, now, func(done, total int64) error {
		if done == 0 {
			if err := s.backups.roomFor(total); err != nil {
				return err
			}
		}
		s.backups.tell(gen.BackupJobStageWrite, done, total)
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.backups.place(draft, file); err != nil {
		return err
	}
	note := backupNote{Node: m.Node, At: m.MadeAt, By: by, Records: m.Records, Attachments: len(m.Attachments), Damaged: len(m.Damaged)}
	if err := s.noteKept(ctx, file, note); err != nil {
		return err
	}
	if err := s.noteBackup(ctx, lastBackup{At: now.UnixMilli(), Bytes: size, By: by}); err != nil {
		return err
	}
	return s.checkBackup(ctx, file)
}

// CheckBackup starts to read a backup to its end.
func (s *Server) CheckBackup(_ context.Context, in gen.CheckBackupRequestObject) (gen.CheckBackupResponseObject, error) {
	if err := s.keepsBackups(); err != nil {
		return nil, err
	}
	f, _, err := s.backups.open(in.File)
	if err != nil {
		return nil, err
	}
	f.Close()
	job, err := s.begin(in.File, gen.BackupJobWhatCheck, gen.BackupJobStageCheck, func(ctx context.Context) error { return s.checkBackup(ctx, in.File) })
	if err != nil {
		return nil, err
	}
	return gen.CheckBackup202JSONResponse(job), nil
}

// checkBackup reads a backup to its end and notes what came of it. What is wrong
// with the file is noted of it; an error is that it could not be looked at.
func (s *Server) checkBackup(ctx context.Context, file string) error {
	f, info, err := s.backups.open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	note, err := s.backupNote(ctx, info)
	if err != nil {
		return err
	}
	if note == nil {
		note = &backupNote{At: info.ModTime().UnixMilli()}
	}
	content, err := s.node.OpenBackup(&counted{from: f, tell: func(done int64) { s.backups.tell(gen.BackupJobStageCheck, done, info.Size()) }})
	if err == nil {
		var m *store.Manifest
		if m, err = store.VerifyArchive(ctx, content); err == nil {
			note.Node, note.At, note.Attachments, note.Damaged = m.Node, m.MadeAt, len(m.Attachments), len(m.Damaged)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	note.Code, note.CheckedAt = "", s.o.Now().UnixMilli()
	if err != nil {
		if note.Code = backupFault(err); note.Code == "" {
			return err
		}
	}
	return s.noteKept(ctx, file, *note)
}

// counted tells how much was read.
type counted struct {
	from io.Reader
	done int64
	tell func(done int64)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.done += int64(n)
	c.tell(c.done)
	return n, err
}

// keepsBackups refuses where none are kept: below the county.
func (s *Server) keepsBackups() error {
	if s.self.Tier != node.County || s.backups.o.Folder == "" {
		return errCountyOnly
	}
	return nil
}

// begin runs a job beside the requests.
func (s *Server) begin(file string, what gen.BackupJobWhat, stage gen.BackupJobStage, work func(context.Context) error) (gen.BackupJob, error) {
	job := gen.BackupJob{File: file, What: what, Stage: stage, StartedAt: s.o.Now().UnixMilli()}
	return s.backups.begin(job, func(ctx context.Context) {
		err := work(ctx)
		ended := s.o.Now().UnixMilli()
		if err == nil {
			s.backups.end(gen.BackupJob{Stage: gen.BackupJobStageDone, EndedAt: ended})
			return
		}
		p := problemOf(blob.NoSpace(err))
		s.o.Logger.Warn("a backup did not come to its end", "file", file, "error", err)
		s.backups.end(gen.BackupJob{Stage: gen.BackupJobStageFailed, EndedAt: ended, Code: p.code, Zh: p.zh, En: p.en})
	})
}

// backupFault is the code of what is wrong with a backup's file; empty where the
// fault is not the file's.
func backupFault(err error) string {
	for _, known := range []struct {
		is   error
		code string
	}{
		{seal.ErrTruncated, "backup_incomplete"}, {seal.ErrDamaged, "backup_damaged"}, {store.ErrArchiveDamaged, "backup_damaged"},
		{seal.ErrNotForUs, "backup_keys"}, {store.ErrArchiveMalformed, "not_a_backup"}, {seal.ErrNewer, "backup_newer"}, {store.ErrArchiveNewer, "backup_newer"},
	} {
		if errors.Is(err, known.is) {
			return known.code
		}
	}
	return ""
}

// backupWords say what a backup's fault is, as tongban restore --verify does.
func backupWords(code string) (zh, en string) {
	switch code {
	case "backup_incomplete":
		return "备份不完整，或末尾被附加了别的内容，不能用于恢复", "it is not whole, or something was appended to it; it cannot be restored"
	case "backup_damaged":
		return "备份已损坏或被改动，不能用于恢复", "it is damaged or was changed; it cannot be restored"
	case "backup_keys":
		return "本机现有的密钥打不开：恢复时请用 --keys 指明做备份时的密钥目录", "no key of this hub opens it; name the folder of the keys of then with --keys"
	case "backup_newer":
		return "由更新版本的通办生成，请先升级", "a newer tongban made it; upgrade first"
	default:
		return "不是通办的备份文件", "it is not a backup of tongban"
	}
}
