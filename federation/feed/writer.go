package feed

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// takeOver takes a request's connection from net/http, which would keep two
// goroutines and their buffers for as long as the feed is open, and begins the
// answer. From here on this package writes HTTP/1.1's chunks itself. What the
// other end sends is not read any more: that it is gone shows at a heartbeat.
func takeOver(w http.ResponseWriter) (net.Conn, error) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, fmt.Errorf("take the connection over: %w", err)
	}
	// The server's timeouts are meant for requests, and would end feeds.
	_ = conn.SetDeadline(time.Time{})
	return conn, nil
}

// blockWriter writes blocks to a follower, each within a deadline: one that
// takes nothing any more must not hold a connection for ever. It has a buffer
// only between write and flush.
type blockWriter struct {
	w       net.Conn
	timeout time.Duration
	total   *atomic.Int64
	buf     *bytes.Buffer
	err     error
	// ending: what is left to be said has little time.
	ending atomic.Bool
}

// endTime is how long a connection has to take the last of a feed.
const endTime = 3 * time.Second

// maxUnsent is how much is gathered before it is sent unasked; larger buffers
// are not kept.
const maxUnsent = 64 << 10

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// write adds a block whose payload comes in parts, as a chunk of HTTP/1.1.
func (b *blockWriter) write(kind byte, parts ...[]byte) error {
	if b.err != nil {
		return b.err
	}
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	b.buffer()
	var size [16]byte
	b.buf.Write(strconv.AppendUint(size[:0], uint64(blockHeader+length), 16))
	b.buf.WriteString("\r\n")
	b.buf.Write(appendBlockHeader(size[:0], kind, length))
	for _, p := range parts {
		b.buf.Write(p)
	}
	b.buf.WriteString("\r\n")
	b.total.Add(int64(blockHeader + length))
	if b.buf.Len() > maxUnsent {
		return b.flush()
	}
	return nil
}

// begin adds the head of the answer.
func (b *blockWriter) begin(header http.Header) {
	b.buffer()
	b.buf.WriteString("HTTP/1.1 200 OK\r\n")
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	header.Set("Transfer-Encoding", "chunked")
	header.Set("Connection", "close")
	header.Write(b.buf)
	b.buf.WriteString("\r\n")
}

func (b *blockWriter) buffer() {
	if b.buf == nil {
		b.buf = buffers.Get().(*bytes.Buffer)
	}
}

// flush sends what was added.
func (b *blockWriter) flush() error {
	if b.buf == nil {
		return b.err
	}
	if b.err == nil {
		_ = b.w.SetWriteDeadline(time.Now().Add(b.timeout))
		if b.ending.Load() { // looked at after the deadline was set, for it may just have been shortened
			_ = b.w.SetWriteDeadline(time.Now().Add(min(b.timeout, endTime)))
		}
		_, b.err = b.w.Write(b.buf.Bytes())
	}
	if b.buf.Cap() <= maxUnsent {
		b.buf.Reset()
		buffers.Put(b.buf)
	}
	b.buf = nil
	return b.err
}

// end ends the answer and its connection.
func (b *blockWriter) end() {
	if b.err == nil {
		b.buffer()
		b.buf.WriteString("0\r\n\r\n")
	}
	_ = b.flush()
	_ = b.w.Close()
}
