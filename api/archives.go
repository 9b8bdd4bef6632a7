package api

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/archive"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// The archive of cases that have ended:
//
//	GET  /api/v1/cases/{id}/archive         GetCaseArchive
//	POST /api/v1/cases/{id}/archive         ArchiveCase
//	GET  /api/v1/cases/{id}/archive/export  ExportCaseArchive
//	GET  /api/v1/archives                   ListArchives

// GetCaseArchive shows the volume of a case.
func (s *Server) GetCaseArchive(ctx context.Context, in gen.GetCaseArchiveRequestObject) (gen.GetCaseArchiveResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	out, err := s.volume(ctx, c)
	return gen.GetCaseArchive200JSONResponse(out), err
}

// ArchiveCase puts a case into the archive.
func (s *Server) ArchiveCase(ctx context.Context, in gen.ArchiveCaseRequestObject) (gen.ArchiveCaseResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, identity.CaseArchive, targetOf(c))
	if err != nil {
		return nil, err
	}
	a := Action{Actor: actor, Kind: ledger.CaseArchive, Case: c.ID, Key: in.Params.IdempotencyKey}
	if a.Body, err = s.recordedBody(ctx, a); err != nil {
		return nil, err
	}
	if a.Body == nil {
		_, pieces, err := s.pieces(ctx, c)
		if err != nil {
			return nil, err
		}
		a.Body = &ledger.CaseArchiveV1{Volume: archive.Volume(c), Years: in.Body.Years, Pieces: pieces, Note: in.Body.Note}
	}
	if _, err := s.record(ctx, a); err != nil {
		return nil, err
	}
	out, err := s.volume(ctx, c)
	return gen.ArchiveCase201JSONResponse(out), err
}

// pieces are what the volume of a case holds now, with the entries they are of.
func (s *Server) pieces(ctx context.Context, c *casework.Case) ([]*ledger.Entry, []ledger.ArchivePiece, error) {
	entries, err := s.store.Standing(ctx, c.ID)
	if err != nil {
		return nil, nil, err
	}
	pieces, err := archive.Pieces(entries, func(k ledger.Kind) string { return kindZH[k] })
	return entries, pieces, err
}

// volume is a case's volume as it was archived last, or else as it would be.
func (s *Server) volume(ctx context.Context, c *casework.Case) (gen.CaseArchive, error) {
	out := gen.CaseArchive{Case: c.ID, Number: printed(c.Number), ItemName: c.ItemName, Volume: archive.Volume(c), Duties: []gen.ArchiveDuty{}}
	_, pieces, err := s.pieces(ctx, c)
	if err != nil {
		return out, err
	}
	duties, err := s.store.ArchiveDuties(ctx, c)
	if err != nil {
		return out, err
	}
	for _, d := range duties {
		out.Duties = append(out.Duties, gen.ArchiveDuty{Code: d.Code, Zh: d.ZH, En: d.EN})
	}
	out.Pieces = pieces
	kept, err := s.store.ArchiveOf(ctx, c.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return out, err
	}
	if err == nil {
		out.EndedMs = kept.EndedMS
	}
	if err == nil && kept.Volume != "" {
		e, err := s.store.Entry(ctx, kept.Entry)
		if err != nil {
			return out, found(err)
		}
		body, err := e.Decode()
		if err != nil {
			return out, err
		}
		b := body.(*ledger.CaseArchiveV1)
		out.Archived, out.Volume, out.ArchivedMs, out.Years, out.Note = true, b.Volume, kept.AtMS, b.Years, b.Note
		out.Pieces, out.Since = b.Pieces, max(len(pieces)-len(b.Pieces), 0)
	}
	actor, err := actorOf(ctx)
	if err == nil && len(duties) == 0 && archive.Keeper(c) == actor.Division && (!out.Archived || out.Since > 0) {
		_, no := actor.As(identity.CaseArchive, targetOf(c))
		out.May = no == nil
	}
	if err := s.veilPieces(ctx, c, &out); err != nil {
		return out, err
	}
	return out, nil
}

// veilPieces hides what a file's name may tell of a person: scans are numbered,
// as they are on the case.
func (s *Server) veilPieces(ctx context.Context, c *casework.Case, out *gen.CaseArchive) error {
	veil, err := s.veil(ctx, c)
	if err != nil {
		return err
	}
	shown := make([]ledger.ArchivePiece, len(out.Pieces))
	scans := 0
	for i, p := range out.Pieces {
		if p.Name = veilText(veil, p.Name); p.Kind == ledger.PieceAttachment {
			scans++
			p.Name = fmt.Sprintf("附件%d", scans)
		}
		shown[i] = p
	}
	out.Pieces, out.Note = shown, veilText(veil, out.Note)
	return nil
}

// ListArchives lists volumes, or what is still to be archived.
func (s *Server) ListArchives(ctx context.Context, in gen.ListArchivesRequestObject) (gen.ListArchivesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	within, department, ok := actor.Reach(identity.CaseRead)
	if !ok {
		return nil, &identity.Denied{Role: actor.Roles[0], Action: identity.CaseRead, Why: "role"}
	}
	rows, err := s.store.Archives(ctx, within, department, in.Params.State == gen.ArchivesDue, limitOf(in.Params.Limit))
	if err != nil {
		return nil, err
	}
	out := gen.ListArchives200JSONResponse{Volumes: []gen.ArchiveSummary{}}
	for i := range rows {
		x := &rows[i]
		if _, err := actor.As(identity.CaseRead, targetOf(&x.Case)); err != nil {
			continue
		}
		out.Volumes = append(out.Volumes, gen.ArchiveSummary{Case: x.Case.ID, Number: printed(x.Number), ItemName: x.ItemName, Department: x.Department, Division: x.Division,
			Status: string(x.Status), StatusZh: statusZH[x.Status], Volume: x.Volume, EndedMs: x.EndedMS, ArchivedMs: x.AtMS})
	}
	return out, nil
}

// manifest is what an exported volume says of itself.
type manifest struct {
	Volume   string          `json:"volume"`
	Case     string          `json:"case"`
	Item     string          `json:"item"`
	Archived string          `json:"archived,omitempty"` // RFC 3339
	Years    int             `json:"years,omitempty"`
	Exported string          `json:"exported"`
	Pieces   []manifestPiece `json:"pieces"`
}

type manifestPiece struct {
	Path string `json:"path"`
	ledger.ArchivePiece
}

// ExportCaseArchive writes the volume of a case into one file. Nothing is left
// out: a scan that is not here is fetched, or nothing is exported.
func (s *Server) ExportCaseArchive(ctx context.Context, in gen.ExportCaseArchiveRequestObject) (gen.ExportCaseArchiveResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	kept, err := s.store.ArchiveOf(ctx, c.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && kept.Volume == "" {
		return nil, &store.Refused{Code: "not_archived", ZH: "办件尚未归档，不能导出案卷", EN: "the case is not archived yet; there is no volume to export"}
	}
	if err != nil {
		return nil, err
	}
	e, err := s.store.Entry(ctx, kept.Entry)
	if err != nil {
		return nil, found(err)
	}
	body, err := e.Decode()
	if err != nil {
		return nil, err
	}
	b := body.(*ledger.CaseArchiveV1)
	if err := s.reveal(ctx, c, ledger.RevealArchive, in.Params.TongbanWhy); err != nil {
		return nil, err
	}
	m := manifest{Volume: b.Volume, Case: printed(c.Number), Item: c.ItemName, Archived: rfc3339(kept.AtMS), Years: b.Years, Exported: rfc3339(s.o.Now().UnixMilli())}
	return s.tempFile("volume-"+c.Number+".zip", func(path string) error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(s.writeVolume(ctx, f, c, m, b.Pieces), f.Close())
	})
}

// writeVolume writes the pieces of a volume and then its manifest, which names
// each with its path and hash.
func (s *Server) writeVolume(ctx context.Context, to io.Writer, c *casework.Case, m manifest, pieces []ledger.ArchivePiece) error {
	entries, err := s.store.Standing(ctx, c.ID)
	if err != nil {
		return err
	}
	byID := map[string]*ledger.Entry{}
	for _, e := range entries {
		byID[e.ID] = e
	}
	z := zip.NewWriter(to)
	for i, p := range pieces {
		path, content, err := s.pieceOf(ctx, byID[p.Entry], i+1, p)
		if err != nil {
			return err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: path, Method: zip.Deflate, Modified: time.UnixMilli(byID[p.Entry].OccurredAt)})
		if err == nil {
			_, err = io.Copy(w, content)
		}
		if err := errors.Join(err, content.Close()); err != nil {
			return err
		}
		m.Pieces = append(m.Pieces, manifestPiece{path, p})
	}
	w, err := z.Create("manifest.json")
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return err
	}
	return z.Close()
}

// pieceOf is the content of one piece, and where it lies in the volume. Names that
// people gave do not become paths.
func (s *Server) pieceOf(ctx context.Context, e *ledger.Entry, n int, p ledger.ArchivePiece) (string, io.ReadCloser, error) {
	if e == nil {
		return "", nil, fmt.Errorf("volume: entry %s does not stand any more", p.Entry)
	}
	switch p.Kind {
	case ledger.PieceAttachment:
		content, info, err := s.blobs.Open(p.Hash)
		if errors.Is(err, blob.ErrNotFound) {
			if err = s.fetch(ctx, p.Hash); err == nil {
				content, info, err = s.blobs.Open(p.Hash)
			}
		}
		if err != nil {
			return "", nil, &problem{http.StatusConflict, "volume_incomplete", "a scan of the volume is not here and could not be fetched; try again when the line is up", "案卷中有扫描件不在本机且无法取得，请在线路恢复后再导出", "请稍后再试", nil, 0}
		}
		return fmt.Sprintf("%04d-attachment-%s%s", n, p.Hash[:12], extensionOf(info.Type)), content, nil
	case ledger.PieceDocument:
		body, err := e.Decode()
		if err != nil {
			return "", nil, err
		}
		text, _ := archive.DocumentOf(body)
		return fmt.Sprintf("%04d-document.json", n), io.NopCloser(strings.NewReader(text)), nil
	}
	raw, err := e.Canonical()
	return fmt.Sprintf("%04d-%s.json", n, e.Kind), io.NopCloser(strings.NewReader(string(raw))), err
}

func extensionOf(mime string) string {
	switch mime {
	case "application/pdf":
		return ".pdf"
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	}
	return ""
}

// VisitExportCaseArchiveResponse implements gen.ExportCaseArchiveResponseObject.
func (d download) VisitExportCaseArchiveResponse(w http.ResponseWriter) error { return d.write(w) }
