package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/tongban/tongban/api/client"
)

const (
	chunkBytes  = 1 << 20         // of one PATCH: seconds on a village line
	uploadTries = 5               // of one file, when the line breaks
	uploadPause = 2 * time.Second // before the second; longer before each after it
)

// upload brings a file to the node, going on where an earlier try stopped, and
// is what a case says of it.
func upload(ctx context.Context, c *connection, path string) (client.AttachmentRef, error) {
	file, err := os.Open(path)
	if err != nil {
		return client.AttachmentRef{}, usagef("无法读取附件 (cannot read the attachment): %v", err)
	}
	defer file.Close()
	ref, err := fingerprint(file, path)
	if err != nil {
		return ref, err
	}
	if ref.Size == 0 {
		return client.AttachmentRef{}, usagef("附件是空文件 (the attachment is empty): %s", path)
	}
	state, err := uploadPatiently(ctx, c, file, ref)
	if err != nil {
		return ref, aboutFile(path, err)
	}
	ref.Type = state.Type
	if ref.Type == "" {
		ref.Type, err = contentType(file)
	}
	return ref, err
}

// everyNodeTakes is the least that limits.attachment_mb may be.
const everyNodeTakes = 1 << 20

// fitsNode refuses what the node would refuse, before it is sent.
func fitsNode(ctx context.Context, c *connection, size int64) error {
	if size <= everyNodeTakes {
		return nil
	}
	n, err := answered[client.ThisNode](c.api.GetThisNode(ctx))
	if most := n.value.Papers.AttachmentBytes; err == nil && size > most {
		mb := func(bytes int64) string {
			return strconv.FormatFloat(math.Ceil(float64(bytes)/(1<<20)*10)/10, 'f', -1, 64) + " MB"
		}
		return &refusal{Problem: client.Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large",
			Detail:    "the file has " + mb(size) + ", more than the " + mb(most) + " that are allowed",
			MessageZh: "附件为 " + mb(size) + "，超过 " + mb(most) + " 的上限", Next: "请压缩或拆分后再上传", NextEn: "make it smaller or split it"}}
	}
	return err
}

// aboutFile says which file went wrong: the node knows content alone.
func aboutFile(path string, err error) error {
	var refused *refusal
	if !errors.As(err, &refused) {
		return fmt.Errorf("upload %s: %w", path, err)
	}
	p := refused.Problem
	p.MessageZh, p.Detail = path+"："+p.MessageZh, path+": "+p.Detail
	return &refusal{Problem: p}
}

// uploadPatiently tries again while the line comes and goes.
func uploadPatiently(ctx context.Context, c *connection, file io.ReaderAt, ref client.AttachmentRef) (client.AttachmentState, error) {
	for try := 1; ; try++ {
		state, err := uploadOnce(ctx, c, file, ref)
		var away *unreachable
		if err == nil || !errors.As(err, &away) || try == uploadTries {
			return state, err
		}
		c.warn(fmt.Sprintf("上传中断，稍后从断点继续（第 %d 次）", try), fmt.Sprintf("the upload broke off; going on from there soon (%d)", try))
		select {
		case <-ctx.Done():
			return state, ctx.Err()
		case <-time.After(time.Duration(try) * uploadPause):
		}
	}
}

func uploadOnce(ctx context.Context, c *connection, file io.ReaderAt, ref client.AttachmentRef) (client.AttachmentState, error) {
	begun, err := answered[client.AttachmentState](c.api.BeginAttachment(ctx, client.AttachmentRequest{Hash: ref.Hash, Size: ref.Size}))
	state := begun.value
	chunk := make([]byte, chunkBytes)
	for err == nil && !state.Complete {
		at := state.Offset
		if at < 0 || at >= ref.Size {
			return state, fmt.Errorf("节点报告的上传进度不正确 (the node's upload offset makes no sense): %d of %d", at, ref.Size)
		}
		n, readErr := file.ReadAt(chunk[:min(int64(len(chunk)), ref.Size-at)], at)
		if readErr != nil && readErr != io.EOF || n == 0 {
			return state, fmt.Errorf("文件在上传时变化 (the file changed during the upload): %w", readErr)
		}
		var next answer[client.AttachmentState]
		next, err = answered[client.AttachmentState](c.api.AppendAttachmentWithBody(ctx, ref.Hash,
			&client.AppendAttachmentParams{UploadOffset: at}, "application/octet-stream", bytes.NewReader(chunk[:n])))
		var refused *refusal
		if errors.As(err, &refused) && refused.Code == "wrong_offset" {
			// Somebody else uploads the same file, or an answer was lost.
			next, err = answered[client.AttachmentState](c.api.BeginAttachment(ctx, client.AttachmentRequest{Hash: ref.Hash, Size: ref.Size}))
		}
		if err == nil && !next.value.Complete && next.value.Offset <= at {
			return state, fmt.Errorf("上传没有进展 (the upload makes no progress): %d of %d", at, ref.Size)
		}
		state = next.value
	}
	return state, err
}

// contentType recognises a file by its first bytes, as the node does.
func contentType(file io.ReaderAt) (string, error) {
	head := make([]byte, 512)
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("read the attachment: %w", err)
	}
	return http.DetectContentType(head[:n]), nil
}
