package feed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Block types.
const (
	blockEntries   byte = 1
	blockHeartbeat byte = 2
	blockProblem   byte = 3
)

const (
	blockHeader = 5
	// maxBlock bounds a block on the wire, maxPageBytes what its entries may
	// unpack to.
	maxBlock     = 8 << 20
	maxPageBytes = 32 << 20
	// maxAskPage is the page size a follower asks for on a good link,
	// minAskPage on the worst.
	maxAskPage = 256 << 10
	minAskPage = 8 << 10
)

// errCut is a connection that ended inside a block.
var errCut = errors.New("the connection ended inside a block")

// appendBlockHeader starts a block whose payload has the given length.
func appendBlockHeader(b []byte, kind byte, length int) []byte {
	return binary.BigEndian.AppendUint32(append(b, kind), uint32(length))
}

// readBlock reads one block. io.EOF is a connection that ended between
// blocks; memory grows with what arrives and not with what is announced.
func readBlock(r io.Reader, buf *bytes.Buffer) (kind byte, payload []byte, err error) {
	var head [blockHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: %w", errCut, err)
		}
		return 0, nil, err
	}
	kind = head[0]
	length := binary.BigEndian.Uint32(head[1:])
	switch {
	case kind < blockEntries || kind > blockProblem:
		return 0, nil, ErrMalformed.Becausef("block of type %d", kind)
	case length > maxBlock:
		return 0, nil, ErrMalformed.Becausef("block of %d bytes, at most %d", length, maxBlock)
	}
	buf.Reset()
	if _, err := io.CopyN(buf, r, int64(length)); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", errCut, err)
	}
	return kind, buf.Bytes(), nil
}
