package county

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A frame is the payload of one Raft entry: a batch of proposals and the
// leader's clock when it was formed.
//
//	version (1 byte) | at, unix ms (8 bytes, big endian) | count (uvarint) |
//	count × ( length (uvarint) | data )
//
// A frame with count 0 is the barrier a new leader commits first: unlike
// Raft's own barrier it reaches the FSM, so the FSM's index passes it.
const frameVersion = 1

var errFrame = errors.New("malformed batch frame")

// maxFrameCommands bounds what a decoder allocates for; batches are formed far
// below it.
const maxFrameCommands = 1 << 16

func encodeFrame(at int64, data [][]byte) []byte {
	size := 1 + 8 + binary.MaxVarintLen64
	for _, d := range data {
		size += frameCost(d)
	}
	b := make([]byte, 0, size)
	b = append(b, frameVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	b = binary.AppendUvarint(b, uint64(len(data)))
	for _, d := range data {
		b = binary.AppendUvarint(b, uint64(len(d)))
		b = append(b, d...)
	}
	return b
}

// frameCost is an upper bound of what a proposal adds to a frame.
func frameCost(d []byte) int { return len(d) + 5 }

// decodeFrame is exact: only what encodeFrame can produce decodes. The commands
// point into b.
func decodeFrame(index uint64, b []byte) ([]Command, error) {
	if len(b) < 10 {
		return nil, fmt.Errorf("%w: %d bytes", errFrame, len(b))
	}
	if b[0] != frameVersion {
		return nil, fmt.Errorf("%w: batch frame version %d", ErrNewer, b[0])
	}
	at := int64(binary.BigEndian.Uint64(b[1:9]))
	b = b[9:]
	n, used := uvarint(b)
	if used <= 0 || n > maxFrameCommands || n > uint64(len(b)) {
		return nil, fmt.Errorf("%w: count", errFrame)
	}
	b = b[used:]
	cmds := make([]Command, 0, n)
	for range n {
		size, used := uvarint(b)
		if used <= 0 || size > uint64(len(b)-used) {
			return nil, fmt.Errorf("%w: length of command %d", errFrame, len(cmds))
		}
		b = b[used:]
		cmds = append(cmds, Command{Index: index, At: at, Data: b[:size:size]})
		b = b[size:]
	}
	if len(b) != 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", errFrame, len(b))
	}
	return cmds, nil
}

// uvarint refuses the longer spellings binary.Uvarint accepts.
func uvarint(b []byte) (uint64, int) {
	v, n := binary.Uvarint(b)
	if n > 1 && b[n-1] == 0 {
		return 0, -1
	}
	return v, n
}
