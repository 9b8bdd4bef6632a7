package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/carry"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// Evidence, carrying and backup:
//
//	GET  /api/v1/ledger/checkpoint  GetCheckpoint
//	GET  /api/v1/ledger/proof       GetLedgerProof
//	POST /api/v1/trust/rotate       RotateTrust
//	POST /api/v1/carry/export       ExportCarry
//	POST /api/v1/carry/import       ImportCarry
//	POST /api/v1/backup             TakeBackup
//	GET  /api/v1/backup             GetLastBackup

// GetCheckpoint shows the newest signed checkpoint known here.
func (s *Server) GetCheckpoint(ctx context.Context, _ gen.GetCheckpointRequestObject) (gen.GetCheckpointResponseObject, error) {
	note, err := s.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.node.Trust().OpenCheckpoint(note)
	if err != nil {
		return nil, err
	}
	return gen.GetCheckpoint200JSONResponse{Size: c.Tree.N, Root: c.Tree.Hash.String(), Note: string(note), At: c.At}, nil
}

// GetLedgerProof proves that a record is in the tree of the newest checkpoint.
func (s *Server) GetLedgerProof(ctx context.Context, in gen.GetLedgerProofRequestObject) (gen.GetLedgerProofResponseObject, error) {
	if s.self.Tier != node.County {
		return nil, errCountyOnly
	}
	note, err := s.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.node.Trust().OpenCheckpoint(note)
	if err != nil {
		return nil, err
	}
	index := uint64(in.Params.Index)
	record, err := s.store.RecordAt(ctx, index)
	if err != nil {
		return nil, found(err)
	}
	proof, err := s.store.ProveRecord(ctx, uint64(c.Tree.N), index)
	if err != nil {
		return nil, found(err)
	}
	out := gen.GetLedgerProof200JSONResponse{Index: in.Params.Index, Size: c.Tree.N, Hashes: []string{}, Note: string(note)}
	leaf := tlog.Hash(ledger.LeafHash(record))
	out.Leaf = base64.StdEncoding.EncodeToString(leaf[:])
	for _, h := range proof {
		out.Hashes = append(out.Hashes, h.String())
	}
	return out, nil
}

// checkpoint is the newest signed checkpoint: a hub signs one, a node below
// has those it has seen.
func (s *Server) checkpoint(ctx context.Context) ([]byte, error) {
	c, err := s.node.Carry().Checkpoint(ctx, 0)
	if err == nil && c.Note == "" {
		err = errNoCheckpoint
	}
	return []byte(c.Note), err
}

// RotateTrust makes new keys for the county.
func (s *Server) RotateTrust(ctx context.Context, _ gen.RotateTrustRequestObject) (gen.RotateTrustResponseObject, error) {
	actor, err := as(ctx, identity.TrustRotate, identity.Target{})
	if err != nil {
		return nil, err
	}
	r, err := s.node.RotateCountyKeys(ctx, actor, "")
	if err != nil {
		return nil, err
	}
	recorded, err := s.recorded(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return gen.RotateTrust200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// ExportCarry writes a bundle for a USB stick.
func (s *Server) ExportCarry(ctx context.Context, in gen.ExportCarryRequestObject) (gen.ExportCarryResponseObject, error) {
	o := carry.Options{For: in.Body.For, Full: in.Body.Full,
		WithoutAttachments: in.Body.Attachments != nil && !*in.Body.Attachments}
	if after := uint64(in.Body.After); after > 0 {
		o.After = &after
	}
	return s.tempFile("carry.tnb", func(path string) error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = s.node.Carry().Export(ctx, f, o)
		return errors.Join(err, f.Close())
	})
}

// ImportCarry takes a bundle in.
func (s *Server) ImportCarry(ctx context.Context, in gen.ImportCarryRequestObject) (gen.ImportCarryResponseObject, error) {
	r, err := s.node.Carry().Import(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	refusals := make([]gen.CarryRefusal, len(r.Refusals))
	for i, no := range r.Refusals {
		refusals[i] = gen.CarryRefusal{Entry: no.Entry, Origin: no.Origin, Code: no.Code, Zh: no.ZH, En: no.EN, Kept: no.Kept}
	}
	return gen.ImportCarry200JSONResponse{From: r.From, Entries: r.Entries, Known: r.Known, Refused: r.Refused, Refusals: refusals,
		Unverified: r.Unverified, Attachments: r.Attachments, AttachmentsKnown: r.AttachmentsKnown, AttachmentsRefused: r.AttachmentsRefused}, nil
}

// TakeBackup answers with a consistent copy of the node's state, sealed.
func (s *Server) TakeBackup(ctx context.Context, _ gen.TakeBackupRequestObject) (gen.TakeBackupResponseObject, error) {
	now := s.o.Now()
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%s.backup", s.self.Node, calendar.DateOf(now).Compact())
	return s.tempFile(name, func(path string) error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, size, err := s.sealBackup(ctx, f, now, nil)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		return s.noteBackup(ctx, lastBackup{At: now.UnixMilli(), Bytes: size, By: actor.Staff})
	})
}

// lastBackup is what a node keeps of its last backup, for whoever asks how old
// it is. It is of this machine alone and may be lost.
type lastBackup struct {
	At    int64  `json:"at"`
	Bytes int64  `json:"bytes"`
	By    string `json:"by"`
}

const settingLastBackup = "last_backup"

func (s *Server) noteBackup(ctx context.Context, b lastBackup) error {
	text, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("note a backup: %w", err)
	}
	return s.store.SetSetting(ctx, settingLastBackup, string(text))
}

// GetLastBackup tells when this node was last backed up.
func (s *Server) GetLastBackup(ctx context.Context, _ gen.GetLastBackupRequestObject) (gen.GetLastBackupResponseObject, error) {
	out := gen.GetLastBackup200JSONResponse{Node: s.self.Node}
	text, err := s.store.Setting(ctx, settingLastBackup)
	if err != nil || text == "" {
		return out, err
	}
	var b lastBackup
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return nil, fmt.Errorf("what is noted of the last backup: %w", err)
	}
	out.At, out.Bytes, out.By = b.At, b.Bytes, b.By
	switch by, err := s.store.Staff(ctx, b.By); {
	case err == nil:
		out.ByName = by.Name
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	return out, nil
}

func (s *Server) sealBackup(ctx context.Context, to *os.File, now time.Time, progress func(done, total int64) error) (*store.Manifest, int64, error) {
	sealed, err := s.node.SealBackup(to)
	if err != nil {
		return nil, 0, err
	}
	m, err := s.store.ExportArchive(ctx, sealed, store.ArchiveOptions{MadeAt: now.UnixMilli(), Blobs: s.blobs, Progress: progress})
	if err != nil {
		return nil, 0, err // what was written has no end, and is no backup
	}
	if err := sealed.Close(); err != nil {
		return nil, 0, err
	}
	info, err := to.Stat()
	if err != nil {
		return nil, 0, err
	}
	return m, info.Size(), nil
}

// tempFile makes a file beside the database, opens it and removes its name at
// once: it is gone when the answer is out. What a kill leaves behind the next
// start clears (clearDownloads).
func (s *Server) tempFile(name string, write func(path string) error) (download, error) {
	dir, err := os.MkdirTemp(s.store.Dir(), downloads)
	if err != nil {
		return download{}, fmt.Errorf("%s: %w", name, blob.NoSpace(err))
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, name)
	if err := write(path); err != nil {
		return download{}, fmt.Errorf("%s: %w", name, blob.NoSpace(err))
	}
	f, err := os.Open(path)
	if err != nil {
		return download{}, fmt.Errorf("%s: %w", name, err)
	}
	return download{f, name}, nil
}

// downloads is the pattern of the folders that tempFile makes.
const downloads = "download-*"

// clearDownloads removes what a kill left of answers under way.
func clearDownloads(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, downloads))
	if err != nil {
		return fmt.Errorf("api: left-over downloads: %w", err)
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("api: left-over downloads: %w", err)
		}
	}
	return nil
}

// download answers with an open file and closes it.
type download struct {
	file *os.File
	name string
}

func (d download) write(w http.ResponseWriter) error {
	defer d.file.Close()
	info, err := d.file.Stat()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", streamType)
	h.Set("Content-Disposition", "attachment; filename="+d.name)
	h.Set("Content-Length", fmt.Sprint(info.Size()))
	_, err = io.Copy(w, d.file)
	return err
}

// VisitExportCarryResponse implements gen.ExportCarryResponseObject.
func (d download) VisitExportCarryResponse(w http.ResponseWriter) error { return d.write(w) }

// VisitGetKeptBackupResponse implements gen.GetKeptBackupResponseObject.
func (d download) VisitGetKeptBackupResponse(w http.ResponseWriter) error { return d.write(w) }

// VisitTakeBackupResponse implements gen.TakeBackupResponseObject.
func (d download) VisitTakeBackupResponse(w http.ResponseWriter) error { return d.write(w) }
