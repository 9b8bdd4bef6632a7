package federation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/store"
)

// RemoteError is another node's refusal, in its words.
type RemoteError struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	ZH     string `json:"message_zh"`
	EN     string `json:"title"`
}

func (e *RemoteError) Error() string {
	return fmt.Sprintf("%s / %s (%s, status %d)", e.ZH, e.EN, e.Code, e.Status)
}

func respond(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "internal", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(body)
}

func refuseEnrolment(w http.ResponseWriter, err error) {
	e := RemoteError{Status: http.StatusServiceUnavailable, Code: "unavailable", ZH: "县中心暂不可用，请稍后重试", EN: "the county is not available; try again"}
	var no *store.Refused
	switch {
	case errors.As(err, &no):
		e = RemoteError{Status: http.StatusForbidden, Code: no.Code, ZH: no.ZH, EN: no.EN}
		if no.Code == string(outbox.CodeMalformed) {
			e.Status = http.StatusBadRequest
		}
	case errors.Is(err, county.ErrNoLeader), errors.Is(err, county.ErrNotReady), errors.Is(err, county.ErrOutside):
		e.Code = "no_leader"
	}
	body, _ := json.Marshal(e)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(e.Status)
	w.Write(body)
}

func get(ctx context.Context, c *http.Client, url string, header http.Header, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	return exchange(c, req, into)
}

func post(ctx context.Context, c *http.Client, url string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return exchange(c, req, into)
}

func exchange(c *http.Client, req *http.Request, into any) error {
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		e := &RemoteError{EN: http.StatusText(resp.StatusCode), ZH: "对方拒绝了请求", Code: "remote"}
		if err := json.Unmarshal(body, e); err != nil {
			e.EN = fmt.Sprintf("%s: %.200s", e.EN, body)
		}
		e.Status = resp.StatusCode
		return e
	}
	return json.Unmarshal(body, into)
}
