package papers

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/tongban/tongban/store/blob"
)

// Code names a kind of refusal on the wire. Add only; never reused.
type Code string

// The codes.
const (
	BadHash         Code = "bad_hash"
	BadRequest      Code = "bad_request"
	NotAllowed      Code = "not_allowed"
	NotFound        Code = "not_found"
	WrongMethod     Code = "method_not_allowed"
	OffsetMismatch  Code = "offset_mismatch"
	SizeDiffers     Code = "size_differs"
	LengthRequired  Code = "length_required"
	ChunkTooLarge   Code = "chunk_too_large"
	TooLarge        Code = "attachment_too_large"
	TypeRefused     Code = "type_refused"
	HashMismatch    Code = "hash_mismatch"
	UploadCut       Code = "upload_cut"
	Busy            Code = "busy"
	StoreFailed     Code = "store_failed"
	NoSpace         Code = "no_space"
	Internal        Code = "internal"
	unexpectedReply Code = "unexpected_reply" // never sent: the answer is no problem document
)

// ErrNotAllowed is what an Allow function returns, wrapped or bare, to refuse.
// Any other error of it means that it could not tell (503).
var ErrNotAllowed = errors.New("此节点无权存取该附件 (this node may not touch this attachment)")

// words are what a code says. Status is fixed: there is one place to look.
var words = map[Code]struct {
	status int
	en, zh string
}{
	BadHash:        {http.StatusBadRequest, "the hash is not 64 lower-case hex digits", "附件编号无效"},
	BadRequest:     {http.StatusBadRequest, "size or Upload-Offset is missing or not valid", "附件大小或续传位置缺失或无效"},
	NotAllowed:     {http.StatusForbidden, "no entry that this node may see names the attachment; send the entry first", "没有本节点可见的记录引用该附件，请先上传记录"},
	NotFound:       {http.StatusNotFound, "no such attachment", "没有这个附件"},
	WrongMethod:    {http.StatusMethodNotAllowed, "use HEAD, PATCH or GET", "请使用 HEAD、PATCH 或 GET"},
	OffsetMismatch: {http.StatusConflict, "go on at Upload-Offset", "续传位置不符，请从 Upload-Offset 处继续"},
	SizeDiffers:    {http.StatusConflict, "the attachment has another size", "声明的大小与附件实际大小不符"},
	LengthRequired: {http.StatusLengthRequired, "a chunk needs a Content-Length", "分块须带 Content-Length"},
	ChunkTooLarge:  {http.StatusRequestEntityTooLarge, "the chunk is too large; send smaller ones", "分块过大，请减小分块"},
	TooLarge:       {http.StatusRequestEntityTooLarge, "the attachment is too large", "附件过大"},
	TypeRefused:    {http.StatusUnsupportedMediaType, "only JPEG, PNG, WebP and PDF of a reasonable size in pixels", "只接受 JPEG、PNG、WebP 图片和 PDF，且图片像素不得过大"},
	HashMismatch:   {http.StatusUnprocessableEntity, "the content does not have this hash; it was deleted, send it again from the start", "附件内容与编号不符，已删除，请从头重传"},
	UploadCut:      {http.StatusBadRequest, "the body ended early; what arrived is kept", "上传中断，已收到的部分已保存"},
	Busy:           {http.StatusServiceUnavailable, "too many uploads at once, or rights cannot be checked now; try again", "上传过多或暂时无法核对权限，请稍后重试"},
	StoreFailed:    {http.StatusServiceUnavailable, "the disk failed; the node takes no attachments until it is restarted", "磁盘故障，重启前不再接收附件"},
	NoSpace:        {http.StatusInsufficientStorage, "no space left on the disk", "磁盘空间不足"},
	Internal:       {http.StatusInternalServerError, "the node failed; its log says why", "节点内部错误，详见其日志"},
}

// Problem is an error as it crosses the wire (application/problem+json).
type Problem struct {
	Type      string `json:"type"` // always about:blank
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Code      Code   `json:"code"`
	Detail    string `json:"detail"`
	MessageZh string `json:"message_zh"`
	// Offset goes with offset_mismatch: bytes that are durably there.
	Offset *int64 `json:"offset,omitempty"`
}

// Error makes it an error for who receives one.
func (p *Problem) Error() string {
	return p.MessageZh + " (" + strconv.Itoa(p.Status) + " " + string(p.Code) + ": " + p.Detail + ")"
}

func newProblem(code Code) *Problem {
	w := words[code]
	return &Problem{Type: "about:blank", Title: http.StatusText(w.status), Status: w.status, Code: code, Detail: w.en, MessageZh: w.zh}
}

// problemOf is the one place where an error gets its code.
func problemOf(err error) *Problem {
	var offset *blob.OffsetError
	if errors.As(err, &offset) {
		p := newProblem(OffsetMismatch)
		p.Offset = &offset.Want
		return p
	}
	for _, row := range []struct {
		err  error
		code Code
	}{
		{blob.ErrBadHash, BadHash}, {ErrNotAllowed, NotAllowed},
		{blob.ErrMismatch, HashMismatch}, {blob.ErrType, TypeRefused}, {blob.ErrTooLarge, TooLarge},
		{blob.ErrBadSize, SizeDiffers}, {blob.ErrNoSpace, NoSpace}, {blob.ErrFailed, StoreFailed},
		// Damaged content is as good as none: the peer has to look elsewhere.
		{blob.ErrNotFound, NotFound}, {blob.ErrDamaged, NotFound},
	} {
		if errors.Is(err, row.err) {
			return newProblem(row.code)
		}
	}
	return newProblem(Internal)
}

func (p *Problem) write(w http.ResponseWriter) {
	if p.Offset != nil {
		w.Header().Set(headerOffset, strconv.FormatInt(*p.Offset, 10))
	}
	body, _ := json.Marshal(p) // of strings and numbers: cannot fail
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}

// decodeProblem reads an answer that is no success. What is not a problem
// document, a gateway's page say, becomes one by its status.
func decodeProblem(status int, body []byte) *Problem {
	p := &Problem{}
	if json.Unmarshal(body, p) == nil && words[p.Code].status == status {
		p.Status = status
		return p
	}
	p = newProblem(unexpectedReply)
	p.Status, p.Title = status, http.StatusText(status)
	p.Detail, p.MessageZh = "the answer is not of this protocol", "对方的答复不符合协议"
	switch status { // HEAD answers have no body
	case http.StatusNotFound:
		p.Code = NotFound
	case http.StatusForbidden:
		p.Code = NotAllowed
	case http.StatusServiceUnavailable:
		p.Code = Busy
	}
	if w, ok := words[p.Code]; ok {
		p.Detail, p.MessageZh = w.en, w.zh
	}
	return p
}
