package blob

import (
	"errors"
	"fmt"
	"io/fs"
)

// Errors callers branch on. They are wrapped with what was being done.
var (
	// ErrBadHash: not 64 lower-case hex digits.
	ErrBadHash = errors.New("附件编号无效 (not a SHA-256 in lower-case hex)")
	// ErrBadSize: a declared size or an offset under the possible.
	ErrBadSize = errors.New("附件大小无效 (size or offset is not valid)")
	// ErrNotFound: neither complete here nor, where that would do, under way.
	ErrNotFound = errors.New("没有这个附件 (no such attachment)")
	// ErrComplete: the content is here already, whole. Nothing needs sending.
	ErrComplete = errors.New("附件已完整 (attachment is complete already)")
	// ErrTooLarge: over Options.MaxBytes, or more bytes than were declared.
	ErrTooLarge = errors.New("附件过大 (attachment is too large)")
	// ErrNoSpace: the disk is full. What was acknowledged is still there.
	ErrNoSpace = errors.New("磁盘空间不足 (no space left on the disk)")
	// ErrTooMany: an owner has as many uploads under way as they may (MaxOwn).
	ErrTooMany = errors.New("同时上传的附件过多 (too many uploads under way)")
	// ErrDamaged: the disk no longer gives the content that was stored.
	ErrDamaged = errors.New("附件已损坏 (attachment is damaged on this disk)")
	// ErrIncomplete is what every *IncompleteError is.
	ErrIncomplete = errors.New("附件不完整 (attachment does not go on to its end)")
	// ErrFailed: an fsync failed; the store takes nothing until opened anew.
	ErrFailed = errors.New("附件存储因磁盘故障停止写入 (attachment store stopped writing after a disk failure)")

	// ErrOffset is what every *OffsetError is.
	ErrOffset = errors.New("续传位置不符 (upload does not continue where the stored bytes end)")
	// ErrMismatch is what every *MismatchError is.
	ErrMismatch = errors.New("附件内容与编号不符 (content does not have this hash)")
	// ErrType is what every *TypeError is.
	ErrType = errors.New("附件类型不允许 (attachment type is not allowed)")
)

// OffsetError tells an uploader where to go on.
type OffsetError struct {
	Want int64 // bytes that are durably here
	Got  int64 // where the caller meant to go on
}

func (e *OffsetError) Error() string {
	return fmt.Sprintf("%v: have %d, got %d", ErrOffset, e.Want, e.Got)
}

// Unwrap makes it an ErrOffset.
func (e *OffsetError) Unwrap() error { return ErrOffset }

// MismatchError: the upload is complete and is something else. It was deleted.
type MismatchError struct{ Want, Got string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%v: want %s, got %s", ErrMismatch, e.Want, e.Got)
}

// Unwrap makes it an ErrMismatch.
func (e *MismatchError) Unwrap() error { return ErrMismatch }

// SizeError: the content is larger than attachments may be here.
type SizeError struct {
	Size  int64 // what came or was declared; 0 when more came than may
	Limit int64
}

func (e *SizeError) Error() string {
	if e.Size == 0 {
		return fmt.Sprintf("%v: the limit is %d bytes", ErrTooLarge, e.Limit)
	}
	return fmt.Sprintf("%v: %d bytes, the limit is %d", ErrTooLarge, e.Size, e.Limit)
}

// Unwrap makes it an ErrTooLarge.
func (e *SizeError) Unwrap() error { return ErrTooLarge }

// TypeError: the content, or the type it was said to have, is not one that
// attachments may have. The upload was deleted.
type TypeError struct {
	Found  string // media type by content, "" when unknown
	Reason string // for logs, in English
}

func (e *TypeError) Error() string {
	if e.Found == "" {
		return fmt.Sprintf("%v: %s", ErrType, e.Reason)
	}
	return fmt.Sprintf("%v: %s: %s", ErrType, e.Found, e.Reason)
}

// Unwrap makes it an ErrType.
func (e *TypeError) Unwrap() error { return ErrType }

// describe gives a failure of the disk the name that callers branch on.
func describe(err error) error {
	switch {
	case err == nil:
		return nil
	case isNoSpace(err):
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// NoSpace marks an error of the disk as ErrNoSpace where it says that the disk is
// full, for files that are written beside the store. Others are as they were.
func NoSpace(err error) error {
	if isNoSpace(err) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return err
}
