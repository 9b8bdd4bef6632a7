package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Code names why entries were not taken.
type Code string

// The codes of problems.
const (
	CodeMalformed     Code = "malformed"
	CodeTooLarge      Code = "too_large"
	CodeNewer         Code = "newer_needed"
	CodeUnknownOrigin Code = "unknown_origin"
	CodeNotYours      Code = "not_yours"
	CodeSignature     Code = "signature"
	CodeUnavailable   Code = "unavailable"
	CodeStorage       Code = "storage"
	CodeNoPeer        Code = "no_node_certificate"
	CodeRevoked       Code = "node_revoked"
	// CodeBehind is found by a sender: the node above has more of its own
	// entries than it has itself.
	CodeBehind Code = "behind"
	// CodeWentBack is found by a sender: the county lacks what it had confirmed
	// and what this node does not have (any more) to offer again.
	CodeWentBack Code = "county_went_back"
)

type meaning struct {
	status int
	zh, en string
}

var meanings = map[Code]meaning{
	CodeMalformed:     {http.StatusBadRequest, "数据格式有误，请联系县中心", "the data is malformed; ask the county"},
	CodeTooLarge:      {http.StatusRequestEntityTooLarge, "一次发送过多，将分批重发", "too much at once; it is sent again in parts"},
	CodeNewer:         {http.StatusConflict, "上级节点版本过低，请先升级上级节点", "the node above is too old to read this; upgrade it first"},
	CodeUnknownOrigin: {http.StatusTooEarly, "上级节点尚未收到本节点的登记信息，稍后自动重试", "the node above does not know the origin yet; it is tried again"},
	CodeNotYours:      {http.StatusForbidden, "无权发送其他单位的数据，请联系县中心", "this node may not send that origin's entries; ask the county"},
	CodeSignature:     {http.StatusUnprocessableEntity, "签名校验未通过，请联系县中心", "a signature does not fit; ask the county"},
	CodeUnavailable:   {http.StatusServiceUnavailable, "上级节点暂不可用，稍后自动重试", "the node above is not available; it is tried again"},
	CodeStorage:       {http.StatusInsufficientStorage, "上级节点存储空间不足，稍后自动重试", "the node above has no room; it is tried again"},
	CodeNoPeer:        {http.StatusUnauthorized, "缺少节点证书，请重新登记本机", "there is no node certificate; enrol this node"},
	CodeBehind: {http.StatusConflict, "本机数据比上级记录的旧（可能从旧备份恢复），正在从县中心取回，取回前暂停上报",
		"this node has less than it sent before (restored from an old copy?); it sends nothing until the feed has brought the rest"},
	CodeWentBack: {http.StatusConflict, "县中心的账本比本机已收到的少，可能是从旧备份恢复。请立即电话联系县中心；本机数据完好，请勿删除或重装",
		"the county's ledger has less than this node received from it; it was probably restored from an older backup. Call the county at once; this node's data is whole, do not delete or reinstall it"},
	CodeRevoked: {http.StatusForbidden, "本节点已被吊销，请联系县中心", "this node was revoked; ask the county"},
}

// Problem is why entries were not taken, on either end of the line.
type Problem struct {
	Code Code
	// Err is the cause, for the log; it does not cross the line.
	Err error
}

func (p *Problem) Error() string {
	if p.Err == nil {
		return "outbox: " + string(p.Code)
	}
	return fmt.Sprintf("outbox: %s: %v", p.Code, p.Err)
}

func (p *Problem) Unwrap() error { return p.Err }

// Texts are the problem in words for people.
func (p *Problem) Texts() (zh, en string) {
	m, ok := meanings[p.Code]
	if !ok {
		m = meanings[CodeUnavailable]
	}
	return m.zh, m.en
}

// problemJSON is a problem on the wire (RFC 9457).
type problemJSON struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Code      Code   `json:"code"`
	MessageZH string `json:"message_zh"`
}

// WriteProblem answers with a problem; an error that is none is 503.
func WriteProblem(w http.ResponseWriter, err error) {
	p := &Problem{Code: CodeUnavailable, Err: err}
	errors.As(err, &p)
	m, ok := meanings[p.Code]
	if !ok {
		m = meanings[CodeUnavailable]
	}
	body, _ := json.Marshal(problemJSON{Type: "about:blank", Title: m.en, Status: m.status, Code: p.Code, MessageZH: m.zh})
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(m.status)
	w.Write(body)
}

// readProblem reads a problem off the wire.
func readProblem(status int, body []byte) error {
	var pj problemJSON
	if json.Unmarshal(body, &pj) == nil && pj.Code != "" {
		return &Problem{Code: pj.Code, Err: fmt.Errorf("status %d: %s", status, pj.Title)}
	}
	if status == http.StatusRequestEntityTooLarge {
		return &Problem{Code: CodeTooLarge, Err: fmt.Errorf("status %d", status)}
	}
	return &Problem{Code: CodeUnavailable, Err: fmt.Errorf("status %d", status)}
}
