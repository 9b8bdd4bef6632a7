package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// follower is a simulated village that follows a hub's feed: the real
// protocol, on a connection with a certificate of the county, without a
// database behind it.
type follower struct {
	conn *tls.Conn
	// wire counts what came over the connection, TLS and HTTP included.
	wire *countedConn
	in   *bufio.Reader
	upTo uint64
	head uint64
	// lines are what catchUp has read; page is the last block's.
	lines [][]byte
	page  int
}

// passport is what followers show: one key for all of them, since only the
// name differs.
type passport struct {
	keys  *trust.NodeKeys
	owner *trust.CountyKeys
}

func (c *county) passport() (*passport, error) {
	c.passportOnce.Do(func() {
		p := &passport{}
		if p.owner, c.passportErr = trust.LoadCounty(filepath.Join(c.dirOf(c.hubs[0]), "data", "keys")); c.passportErr != nil {
			return
		}
		p.keys, c.passportErr = trust.GenerateNode(rand.Reader)
		c.pass = p
	})
	return c.pass, c.passportErr
}

// follower connects a new follower to a hub and asks for all after an index.
func (c *county) follower(hub *member, id, place string, after uint64) (*follower, error) {
	p, err := c.passport()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	der, err := p.owner.IssueCertificate(rand.Reader, trust.Place{County: countyCode, Node: id, Tier: division.Code(place).Tier(), Division: division.Code(place)},
		&p.keys.TLS.PublicKey, []string{"127.0.0.1"}, now, time.Hour)
	if err != nil {
		return nil, err
	}
	cert, err := p.keys.Certificate(der)
	if err != nil {
		return nil, err
	}
	raw, err := net.Dial("tcp", loopback.Address(hub.fed))
	if err != nil {
		return nil, err
	}
	f := &follower{wire: &countedConn{Conn: raw}, upTo: after}
	conf := trust.ClientConfig(trust.TLSOptions{Trust: p.owner.Trust, Certificate: func() *tls.Certificate { return cert }, Now: time.Now}, trust.Expect{Tiers: []node.Tier{node.County}})
	conf.NextProtos = []string{"http/1.1"}
	f.conn = tls.Client(f.wire, conf)
	if err := f.ask(after); err != nil {
		f.close()
		return nil, fmt.Errorf("follow %s: %w", hub.id, err)
	}
	return f, nil
}

// maxPage is the page size that villages ask for on a good line.
const maxPage = 256 << 10

func (f *follower) ask(after uint64) error {
	fmt.Fprintf(f.conn, "GET %s?after=%d&level=%d&page=%d&checkpoint=0 HTTP/1.1\r\nHost: hub\r\n\r\n", feed.PathFeed, after, ledger.Level, maxPage)
	resp, err := http.ReadResponse(bufio.NewReaderSize(f.conn, 4<<10), nil)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		return fmt.Errorf("status %d: %s", resp.StatusCode, text)
	}
	f.in = bufio.NewReaderSize(resp.Body, 4<<10)
	return nil
}

// The protocol's blocks; see package feed.
const (
	entriesBlock   = 1
	heartbeatBlock = 2
	blockHeader    = 5
)

// next reads a block; entries tells whether it was one of entries.
func (f *follower) next(keep bool) (entries bool, err error) {
	var head [blockHeader]byte
	if _, err := io.ReadFull(f.in, head[:]); err != nil {
		return false, err
	}
	payload := make([]byte, binary.BigEndian.Uint32(head[1:]))
	if _, err := io.ReadFull(f.in, payload); err != nil {
		return false, err
	}
	var told struct {
		UpTo uint64 `json:"upto"`
		Head uint64 `json:"head"`
	}
	line, frame := payload, []byte(nil)
	switch head[0] {
	case entriesBlock:
		line, frame, _ = bytes.Cut(payload, []byte{'\n'})
		f.page = len(frame)
	case heartbeatBlock:
	default:
		return false, fmt.Errorf("the hub ended the feed: %s", payload)
	}
	if err := json.Unmarshal(line, &told); err != nil {
		return false, err
	}
	f.upTo, f.head = told.UpTo, told.Head
	if keep && len(frame) > 0 {
		text, err := unpacker.DecodeAll(frame, nil)
		if err != nil {
			return true, err
		}
		for l := range bytes.Lines(text) {
			f.lines = append(f.lines, slices.Clone(bytes.TrimSuffix(l, []byte{'\n'})))
		}
	}
	return head[0] == entriesBlock, nil
}

// catchUp reads until the follower has all there is, and keeps it.
func (f *follower) catchUp() error {
	for {
		if _, err := f.next(true); err != nil {
			return err
		}
		if f.upTo == f.head {
			return nil
		}
	}
}

func (f *follower) close() { f.conn.Close() }

var (
	unpacker, _ = zstd.NewReader(nil)
	packer, _   = zstd.NewWriter(nil)
)

// packed compresses content as one piece.
func packed(content []byte) []byte { return packer.EncodeAll(content, nil) }

// countedConn counts what it reads.
type countedConn struct {
	net.Conn
	n atomic.Int64
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}
