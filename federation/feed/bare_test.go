package feed

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"testing"
	"time"

	"github.com/tongban/tongban/store"
)

// bareClient reads a feed from a socket with next to no memory of its own, so
// that what is measured is the server's.
type bareClient struct {
	conn net.Conn
	in   *bufio.Reader
	body io.Reader
}

func dialBare(t testing.TB, url string, f store.Follower, after uint64) *bareClient {
	t.Helper()
	conn, err := net.Dial("tcp", url[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET %s?after=%d HTTP/1.1\r\nHost: hub\r\nNode: %s\r\nDivision: %s\r\n\r\n", PathFeed, after, f.Node, f.Division)
	return &bareClient{conn: conn}
}

// open reads the answer's header when the first block is wanted.
func (c *bareClient) open(t testing.TB) {
	if c.in != nil {
		return
	}
	c.in = bufio.NewReader(c.conn)
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\r\n" {
			break
		}
	}
	c.body = httputil.NewChunkedReader(c.in)
}

func (c *bareClient) readBlocks(t testing.TB, n int) {
	t.Helper()
	c.open(t)
	var buf bytes.Buffer
	for range n {
		if _, _, err := readBlock(c.body, &buf); err != nil {
			t.Fatal(err)
		}
	}
}

// readPage reads up to the next page, and tells when it came and its size on
// the wire.
func (c *bareClient) readPage(t testing.TB) (time.Time, int) {
	c.open(t)
	var buf bytes.Buffer
	for {
		kind, payload, err := readBlock(c.body, &buf)
		if err != nil {
			t.Error(err)
			return time.Now(), 0
		}
		if kind == blockEntries {
			return time.Now(), len(payload) + blockHeader
		}
	}
}
