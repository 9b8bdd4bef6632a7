package papers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tongban/tongban/store/blob"
)

// Sizes of what a Client sends at once.
const (
	DefaultChunk = 256 << 10
	leastChunk   = 16 << 10
)

// strikesMost is how often a transfer may fail in a row without a byte of
// progress before its caller has to wait and start again.
const strikesMost = 3

// Client moves attachments between this node's store and another node.
type Client struct {
	Store *blob.Store
	// Chunk is the largest PATCH in bytes; 0 means DefaultChunk. Chunks shrink
	// while the line is cut and grow again afterwards.
	Chunk int64
	// ChunkTime bounds one request; 0 means DefaultChunkTime.
	ChunkTime time.Duration
	// Before, if set, is called before each chunk and may wait: entries go
	// first.
	Before func(ctx context.Context) error
	// Moving, if set, is told of bytes as they are handed to, or come from,
	// the line.
	Moving func(bytes int64)
}

// Moved counts one transfer.
type Moved struct {
	Bytes   int64 // of content handed to, or taken from, the line; repeats too
	Size    int64 // of the whole content
	Resumed int64 // bytes that were at the far end (or here) at the start
}

// ErrLine is a request that got no answer. The line, not the content, is at
// fault.
var ErrLine = errors.New("线路不通 (no answer from the other node)")

// Push sends content to the node whose attachments are at baseURL
// (…/federation/v1/attachments) and returns nil when that node has it, whole
// and durable. It goes on where an earlier push ended, also within one call as
// long as every attempt brings something across. Errors are ErrLine, a
// *Problem, or the local store's.
func (c *Client) Push(ctx context.Context, client *http.Client, baseURL, hash string) (Moved, error) {
	content, info, err := c.Store.Open(hash)
	if err != nil {
		return Moved{}, fmt.Errorf("push attachment: %w", err)
	}
	defer content.Close()
	p := &push{Client: c, link: c.link(client, baseURL), content: content, info: info, chunk: c.chunk()}
	p.moved.Size = info.Size
	if err := p.run(ctx); err != nil {
		return p.moved, fmt.Errorf("push attachment: %w", err)
	}
	return p.moved, nil
}

type push struct {
	*Client
	link    link
	content io.ReadSeeker
	info    blob.Info
	chunk   int64
	moved   Moved

	offset    int64
	furthest  int64
	strikes   int
	restarted bool
}

func (p *push) run(ctx context.Context) error {
	at, err := p.link.head(ctx, p.info.Hash)
	if err != nil {
		return err
	}
	p.offset, p.furthest, p.moved.Resumed = at.offset, at.offset, at.offset
	for !at.complete {
		if p.Before != nil {
			if err := p.Before(ctx); err != nil {
				return err
			}
		}
		if at, err = p.send(ctx); err != nil {
			if at, err = p.recover(ctx, err); err != nil {
				return err
			}
		} else {
			p.chunk = min(2*p.chunk, p.Client.chunk())
			if at.offset <= p.offset && !at.complete {
				p.strikes++
			}
		}
		if p.offset = at.offset; p.offset > p.furthest {
			p.furthest, p.strikes = p.offset, 0
		}
		if p.strikes >= strikesMost {
			return fmt.Errorf("%w: no progress at byte %d", ErrLine, p.offset)
		}
	}
	return nil
}

func (p *push) send(ctx context.Context) (standing, error) {
	if p.offset < 0 || p.offset >= p.info.Size {
		return standing{}, fmt.Errorf("the other node claims %d of %d bytes: %w", p.offset, p.info.Size, newReplyProblem())
	}
	if _, err := p.content.Seek(p.offset, io.SeekStart); err != nil {
		return standing{}, err
	}
	n := min(p.chunk, p.info.Size-p.offset)
	body := &countingReader{r: io.LimitReader(p.content, n), moving: p.Moving, total: &p.moved.Bytes}
	defer body.stop()
	return p.link.patch(ctx, p.info.Hash, p.info.Size, p.offset, n, body)
}

// recover decides what a failed chunk means, and finds where to go on.
func (p *push) recover(ctx context.Context, cause error) (standing, error) {
	var problem *Problem
	isProblem := errors.As(cause, &problem)
	switch {
	case ctx.Err() != nil:
		return standing{}, ctx.Err()
	case isProblem && problem.Code == OffsetMismatch && problem.Offset != nil:
		p.strikes++
		return standing{offset: *problem.Offset}, nil
	case isProblem && problem.Code == HashMismatch && !p.restarted:
		// Either what was there before us was wrong, or our own copy is.
		if err := p.Store.Verify(ctx, p.info.Hash); err != nil {
			return standing{}, err
		}
		p.restarted, p.furthest = true, 0
		return standing{}, nil
	case isProblem && problem.Code == UploadCut, errors.Is(cause, ErrLine):
		p.strikes++
		p.chunk = max(p.chunk/2, leastChunk)
		return p.link.head(ctx, p.info.Hash)
	}
	return standing{}, cause
}

// Pull fetches content of the given size from another node into this node's
// store, and returns nil when it is here, whole and checked. It resumes like
// Push.
func (c *Client) Pull(ctx context.Context, client *http.Client, baseURL, hash string, size int64) (Moved, error) {
	moved := Moved{Size: size}
	l := c.link(client, baseURL)
	offset, err := c.Store.Begin(ctx, hash, size, "")
	moved.Resumed = offset
	for strikes := 0; err == nil; {
		if c.Before != nil {
			if err = c.Before(ctx); err != nil {
				break
			}
		}
		var next int64
		next, err = c.pullOnce(ctx, l, hash, size, offset, &moved)
		switch {
		case err == nil && next == size:
			return moved, nil
		case err != nil && !errors.Is(err, ErrLine) && !errors.Is(err, blob.ErrOffset):
		case next > offset:
			offset, strikes, err = next, 0, nil
		default:
			if strikes++; strikes < strikesMost {
				offset, err = c.Store.Begin(ctx, hash, size, "")
			} else if err == nil {
				err = fmt.Errorf("%w: no progress at byte %d", ErrLine, offset)
			}
		}
	}
	if errors.Is(err, blob.ErrComplete) {
		return moved, nil
	}
	return moved, fmt.Errorf("pull attachment: %w", err)
}

// Has reports whether the node whose attachments are at baseURL holds content whole.
// Errors are ErrLine or a *Problem.
func (c *Client) Has(ctx context.Context, client *http.Client, baseURL, hash string) (bool, error) {
	at, err := c.link(client, baseURL).head(ctx, hash)
	if err != nil {
		return false, fmt.Errorf("ask for attachment: %w", err)
	}
	return at.complete, nil
}

func (c *Client) pullOnce(ctx context.Context, l link, hash string, size, offset int64, moved *Moved) (int64, error) {
	body, err := l.get(ctx, hash, offset, size)
	if err != nil {
		return offset, err
	}
	defer body.Close()
	counted := &countingReader{r: body, moving: c.Moving, total: &moved.Bytes}
	watched := &watchedReader{r: counted}
	next, err := c.Store.Append(ctx, hash, offset, watched)
	if err != nil && watched.err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", ErrLine, err)
	}
	return next, err
}

func (c *Client) chunk() int64 {
	if c.Chunk <= 0 {
		return DefaultChunk
	}
	return c.Chunk
}

func (c *Client) link(client *http.Client, baseURL string) link {
	l := link{base: strings.TrimRight(baseURL, "/"), timeout: c.ChunkTime}
	if l.timeout <= 0 {
		l.timeout = DefaultChunkTime
	}
	own := *client
	// An attachment goes to the node that was chosen and to no other.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	l.client = &own
	return l
}
