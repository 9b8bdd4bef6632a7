package county

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
)

// Header is what a snapshot consists of; a copy of the database follows it only
// on its way to a peer and until that peer has restored it.
type Header struct {
	Format  int    `json:"format"`
	Cluster string `json:"cluster"`
	// Index and Term are the Raft entry the snapshot stands for.
	Index uint64 `json:"index"`
	Term  uint64 `json:"term"`
	// Applied is the index a database must have reached to contain every
	// command up to Index (entries that carry no command do not move it).
	Applied uint64 `json:"applied"`
	// Covered is how far the database had come when it was last taken from a
	// peer: it may be ahead of this hub's own log up to there.
	Covered uint64 `json:"covered,omitempty"`
	// Body, Schema, Size and SHA256 (hex) describe the database that follows:
	// the index stored in it, the version of its schema, its bytes. All zero in
	// a header that stands alone.
	Body   uint64 `json:"body,omitempty"`
	Schema int    `json:"schema,omitempty"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

const (
	headerFormat = 1
	// maxRecord bounds the JSON of a record, so that a reader allocates little
	// on a stranger's word.
	maxRecord = 1 << 16
	// recordOverhead is magic, length and checksum.
	recordOverhead = 12
)

var recordMagic = [4]byte{'T', 'B', 'S', 'N'}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (h Header) check() error {
	if h.Format > headerFormat {
		return fmt.Errorf("%w: snapshot format %d", ErrNewer, h.Format)
	}
	if h.Format != headerFormat || h.Cluster == "" || h.Size < 0 || h.Applied > h.Index {
		return fmt.Errorf("%w: header %+v", ErrSnapshotDamaged, h)
	}
	if h.Size > 0 {
		if sum, err := hex.DecodeString(h.SHA256); err != nil || len(sum) != 32 || h.Body < h.Applied {
			return fmt.Errorf("%w: header %+v", ErrSnapshotDamaged, h)
		}
	}
	return nil
}

// alone is the header without the database that followed it.
func (h Header) alone() Header {
	h.Body, h.Schema, h.Size, h.SHA256 = 0, 0, 0, ""
	return h
}

// encodeRecord frames JSON as magic | length (4, big endian) | CRC-32C (4) | JSON.
func encodeRecord(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(body) > maxRecord {
		return nil, fmt.Errorf("record of %d bytes", len(body))
	}
	b := append([]byte(nil), recordMagic[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(body, castagnoli))
	return append(b, body...), nil
}

// readRecord reads one record and nothing after it.
func readRecord(r io.Reader, v any) error {
	var head [recordOverhead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshotDamaged, err)
	}
	size := binary.BigEndian.Uint32(head[4:8])
	if !bytes.Equal(head[:4], recordMagic[:]) || size > maxRecord {
		return fmt.Errorf("%w: not a snapshot record", ErrSnapshotDamaged)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshotDamaged, err)
	}
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(head[8:]) {
		return fmt.Errorf("%w: checksum of a record", ErrSnapshotDamaged)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshotDamaged, err)
	}
	return nil
}

// readHeader reads and checks the header at the start of a snapshot's content.
func readHeader(r io.Reader) (Header, error) {
	var h Header
	if err := readRecord(r, &h); err != nil {
		return Header{}, fmt.Errorf("read snapshot header: %w", err)
	}
	return h, h.check()
}
