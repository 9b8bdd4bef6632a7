package feed

import (
	"net/http"
	"sync/atomic"
	"time"
)

// blockWriter writes blocks to a follower, each within a deadline: one that
// takes nothing any more must not hold a connection for ever.
type blockWriter struct {
	w       http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration
	total   *atomic.Int64
	head    [blockHeader]byte
	err     error
}

// write sends a block whose payload comes in parts.
func (b *blockWriter) write(kind byte, parts ...[]byte) error {
	if b.err != nil {
		return b.err
	}
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	// Not every ResponseWriter has deadlines; where there is none the
	// server's own timeouts hold.
	_ = b.rc.SetWriteDeadline(time.Now().Add(b.timeout))
	if _, b.err = b.w.Write(appendBlockHeader(b.head[:0], kind, length)); b.err != nil {
		return b.err
	}
	for _, p := range parts {
		if _, b.err = b.w.Write(p); b.err != nil {
			return b.err
		}
	}
	b.total.Add(int64(blockHeader + length))
	return nil
}

func (b *blockWriter) flush() error {
	if b.err == nil {
		b.err = b.rc.Flush()
	}
	return b.err
}
