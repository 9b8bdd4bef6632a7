package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// Scanned papers, by the SHA-256 of their content:
//
//	POST  /api/v1/attachments         BeginAttachment
//	HEAD  /api/v1/attachments/{hash}  HeadAttachment
//	PATCH /api/v1/attachments/{hash}  AppendAttachment
//	GET   /api/v1/attachments/{hash}  GetAttachment

// BeginAttachment announces a file and says how much of it is here.
func (s *Server) BeginAttachment(ctx context.Context, in gen.BeginAttachmentRequestObject) (gen.BeginAttachmentResponseObject, error) {
	offset, err := s.door.Begin(ctx, in.Body.Hash, in.Body.Size)
	if errors.Is(err, blob.ErrComplete) {
		return gen.BeginAttachment200JSONResponse(s.attachment(in.Body.Hash, in.Body.Size, true)), nil
	}
	if err != nil {
		return nil, err
	}
	return gen.BeginAttachment200JSONResponse(s.attachment(in.Body.Hash, offset, false)), nil
}

// HeadAttachment says how far an upload is.
func (s *Server) HeadAttachment(_ context.Context, in gen.HeadAttachmentRequestObject) (gen.HeadAttachmentResponseObject, error) {
	p, err := s.blobs.Progress(in.Hash)
	complete := errors.Is(err, blob.ErrComplete)
	if err != nil && !complete {
		return nil, err
	}
	return gen.HeadAttachment200Response{Headers: gen.HeadAttachment200ResponseHeaders{
		UploadOffset: p.Offset, UploadComplete: strconv.FormatBool(complete)}}, nil
}

// AppendAttachment stores a chunk; it is on disk when the answer comes.
func (s *Server) AppendAttachment(ctx context.Context, in gen.AppendAttachmentRequestObject) (gen.AppendAttachmentResponseObject, error) {
	offset, err := s.door.Append(ctx, in.Hash, in.Params.UploadOffset, in.Body)
	if err != nil && !errors.Is(err, blob.ErrComplete) {
		return nil, err
	}
	complete, err := s.blobs.Has(in.Hash)
	if err != nil {
		return nil, err
	}
	if complete {
		s.node.Kick() // the file can go up now
	}
	return gen.AppendAttachment200JSONResponse(s.attachment(in.Hash, offset, complete)), nil
}

// GetAttachment shows a file of a case. What is on a paper is personal data:
// it takes the right to see the case unmasked, and is recorded like that.
func (s *Server) GetAttachment(ctx context.Context, in gen.GetAttachmentRequestObject) (gen.GetAttachmentResponseObject, error) {
	c, err := s.readableCase(ctx, in.Params.Case)
	if err != nil {
		return nil, err
	}
	uses, err := s.store.AttachmentsOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(uses, func(a store.Attachment) bool { return a.Hash == in.Hash }) {
		return nil, errNotFound
	}
	if err := s.reveal(ctx, c, ledger.RevealAttachment+in.Hash, in.Params.TongbanWhy); err != nil {
		return nil, err
	}
	here, err := s.blobs.Has(in.Hash)
	if err == nil && !here {
		err = s.fetch(ctx, in.Hash)
	}
	if err != nil {
		return nil, errors.Join(err, errNotHere)
	}
	return file{s.blobs, in.Hash, requestOf(ctx).http}, nil
}

// fetchTime bounds how long a person waits for content from another node.
const fetchTime = 20 * time.Second

func (s *Server) fetch(ctx context.Context, hash string) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	return s.node.FetchAttachment(ctx, hash)
}

func (s *Server) attachment(hash string, offset int64, complete bool) gen.AttachmentState {
	state := gen.AttachmentState{Hash: hash, Offset: offset, Complete: complete}
	if info, err := s.blobs.Stat(hash); complete && err == nil {
		state.Type, state.Offset = info.Type, info.Size
	}
	return state
}

// file answers with the content of an attachment, or the range asked for.
type file struct {
	blobs *blob.Store
	hash  string
	r     *http.Request
}

// shownPolicy has a file shown, never run. Browsers do not show a PDF in a
// sandbox of ours; their viewer of it is one of its own, without scripts here.
func shownPolicy(mediaType string) string {
	if mediaType == "application/pdf" {
		return "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
	}
	return "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
}

// VisitGetAttachmentResponse implements gen.GetAttachmentResponseObject.
func (f file) VisitGetAttachmentResponse(w http.ResponseWriter) error {
	content, info, err := f.blobs.Open(f.hash)
	if err != nil {
		return err
	}
	defer content.Close()
	h := w.Header()
	h.Set("Content-Type", info.Type)
	h.Set("ETag", `"`+f.hash+`"`)
	h.Set("Content-Disposition", "inline; filename="+f.hash[:12])
	h.Set("Content-Security-Policy", shownPolicy(info.Type))
	h.Set("X-Frame-Options", "SAMEORIGIN")
	http.ServeContent(w, f.r, "", time.Time{}, content)
	return nil
}
