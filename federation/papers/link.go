package papers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// mostProblemBytes bounds what is read of an answer that is no success.
const mostProblemBytes = 16 << 10

// link speaks the protocol with one node, a request at a time.
type link struct {
	client  *http.Client
	base    string
	timeout time.Duration // of a request and its answer; of each wait of a download
}

// standing is how far the other node has come.
type standing struct {
	offset   int64
	complete bool
}

func (l link) head(ctx context.Context, hash string) (standing, error) {
	at, err := l.ask(ctx, http.MethodHead, "/"+hash, nil, nil)
	if p, ok := err.(*Problem); ok && p.Code == NotFound {
		return standing{}, nil
	}
	return at, err
}

func (l link) patch(ctx context.Context, hash string, size, offset, length int64, body io.Reader) (standing, error) {
	return l.ask(ctx, http.MethodPatch, "/"+hash+"?size="+strconv.FormatInt(size, 10), body, func(r *http.Request) {
		r.ContentLength = length
		r.Header.Set(headerOffset, strconv.FormatInt(offset, 10))
		r.Header.Set("Content-Type", "application/octet-stream")
	})
}

// ask sends a request whose answer is a standing.
func (l link) ask(ctx context.Context, method, path string, body io.Reader, prepare func(*http.Request)) (standing, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	resp, err := l.do(ctx, method, path, body, prepare)
	if err != nil {
		return standing{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNoContent {
		return standing{}, readProblem(resp)
	}
	complete := resp.Header.Get(headerComplete)
	offset, ok := parseBytes(resp.Header.Get(headerOffset))
	if !ok || complete != structuredTrue && complete != structuredFalse {
		// Something else answers at this address; it must not pass for a receipt.
		return standing{}, newReplyProblem()
	}
	return standing{offset: offset, complete: complete == structuredTrue}, nil
}

// get opens the content from offset on.
func (l link) get(ctx context.Context, hash string, offset, size int64) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	stall := time.AfterFunc(l.timeout, cancel)
	resp, err := l.do(ctx, http.MethodGet, "/"+hash, nil, func(r *http.Request) {
		// As it is: the hash is over these bytes, and offsets count them.
		r.Header.Set("Accept-Encoding", "identity")
		if offset > 0 {
			r.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		}
	})
	if err != nil {
		stall.Stop()
		cancel()
		return nil, err
	}
	body := &stallingBody{ReadCloser: resp.Body, stall: stall, timeout: l.timeout, cancel: cancel}
	switch {
	case offset == 0 && resp.StatusCode == http.StatusOK && resp.ContentLength == size:
		return body, nil
	case offset > 0 && resp.StatusCode == http.StatusPartialContent &&
		resp.Header.Get("Content-Range") == fmt.Sprintf("bytes %d-%d/%d", offset, size-1, size):
		return body, nil
	}
	defer body.Close()
	if resp.StatusCode < 300 {
		return nil, newReplyProblem()
	}
	return nil, readProblem(resp)
}

func (l link) do(ctx context.Context, method, path string, body io.Reader, prepare func(*http.Request)) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, l.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("address of the other node: %w", err)
	}
	if prepare != nil {
		prepare(req)
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLine, err)
	}
	return resp, nil
}

func readProblem(resp *http.Response) *Problem {
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostProblemBytes))
	if err != nil {
		body = nil
	}
	return decodeProblem(resp.StatusCode, body)
}

func newReplyProblem() *Problem { return decodeProblem(http.StatusOK, nil) }

// stallingBody ends a download that brings nothing for too long.
type stallingBody struct {
	io.ReadCloser
	stall   *time.Timer
	timeout time.Duration
	cancel  context.CancelFunc
}

func (b *stallingBody) Read(p []byte) (int, error) {
	b.stall.Reset(b.timeout)
	return b.ReadCloser.Read(p)
}

func (b *stallingBody) Close() error {
	b.stall.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}

// countingReader counts what passes. A transport may go on reading a request's
// body for a moment after it gave its answer: stop ends that.
type countingReader struct {
	mu     sync.Mutex
	r      io.Reader
	moving func(int64)
	total  *int64
	done   bool
}

func (c *countingReader) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.r.Read(p)
	*c.total += int64(n)
	if c.moving != nil && n > 0 {
		c.moving(int64(n))
	}
	return n, err
}

func (c *countingReader) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = true
}
