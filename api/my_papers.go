package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/store/blob"
)

// Papers that applicants bring from home, by the SHA-256 of their content:
//
//	POST  /api/v1/my/attachments         BeginMyAttachment
//	PATCH /api/v1/my/attachments/{hash}  AppendMyAttachment
//	PUT   /api/v1/my/attachments/{hash}  PutMyAttachment

// What one applicant may upload at a hub in a day.
const (
	uploadDay   = 24 * time.Hour
	uploadFiles = 200
	uploadBytes = 500 << 20
)

var errUploads = &problem{http.StatusTooManyRequests, "upload_limit", "too much was uploaded today", "今天上传的文件过多", "请明天再试，或到窗口办理", nil, time.Hour}

// BeginMyAttachment says how much of one's own upload is here. One that this hub
// had whole from the same person is complete.
func (s *Server) BeginMyAttachment(ctx context.Context, in gen.BeginMyAttachmentRequestObject) (gen.BeginMyAttachmentResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	brought, err := s.store.Uploaded(ctx, v.ID, in.Body.Hash)
	if err != nil {
		return nil, err
	}
	if here, err := s.blobs.Has(in.Body.Hash); err != nil || brought && here {
		return gen.BeginMyAttachment200JSONResponse(s.attachment(in.Body.Hash, in.Body.Size, true)), err
	}
	if err := s.mayUpload(ctx, v); err != nil {
		return nil, err
	}
	offset, err := s.door.BeginOwn(ctx, v.ID, in.Body.Hash, in.Body.Size)
	if err != nil {
		return nil, err
	}
	return gen.BeginMyAttachment200JSONResponse(s.attachment(in.Body.Hash, offset, false)), nil
}

// AppendMyAttachment stores a chunk; it is on disk when the answer comes.
func (s *Server) AppendMyAttachment(ctx context.Context, in gen.AppendMyAttachmentRequestObject) (gen.AppendMyAttachmentResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.mayUpload(ctx, v); err != nil {
		return nil, err
	}
	offset, done, err := s.door.AppendOwn(ctx, v.ID, in.Hash, in.Params.UploadOffset, in.Body)
	if err != nil {
		return nil, err
	}
	if done != nil {
		if err := s.keepUpload(ctx, v, *done); err != nil {
			return nil, err
		}
	}
	return gen.AppendMyAttachment200JSONResponse(s.attachment(in.Hash, offset, done != nil)), nil
}

// PutMyAttachment takes a whole file. Where the content is here already it is
// read all the same: who names a file must have it.
func (s *Server) PutMyAttachment(ctx context.Context, in gen.PutMyAttachmentRequestObject) (gen.PutMyAttachmentResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.mayUpload(ctx, v); err != nil {
		return nil, err
	}
	info, err := s.door.Put(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	if info.Hash != in.Hash {
		return nil, blob.ErrMismatch
	}
	if err := s.keepUpload(ctx, v, info); err != nil {
		return nil, err
	}
	return gen.PutMyAttachment200JSONResponse(s.attachment(info.Hash, info.Size, true)), nil
}

// mayUpload refuses who has uploaded as much today as one person may.
func (s *Server) mayUpload(ctx context.Context, v *Visitor) error {
	files, bytes, err := s.store.UploadsSince(ctx, v.ID, s.o.Now().Add(-uploadDay).UnixMilli())
	if err == nil && (files >= uploadFiles || bytes >= uploadBytes) {
		err = errUploads
	}
	return err
}

// keepUpload notes that somebody brought a file, all of it.
func (s *Server) keepUpload(ctx context.Context, v *Visitor, info blob.Info) error {
	if !slices.Contains(s.o.Limits.Types, info.Type) {
		return blob.ErrType
	}
	return s.store.KeepUpload(ctx, v.ID, info.Hash, info.Size, s.o.Now().UnixMilli())
}
