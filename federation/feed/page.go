package feed

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// pageHeader is the first line of an entries block. What follows it is one
// zstd frame of feed lines, each ended by a line feed.
type pageHeader struct {
	// After is what the other end was last told it has everything up to, UpTo
	// what it has once it has applied the lines, Head the last index that
	// this node can pass on.
	After uint64 `json:"after"`
	UpTo  uint64 `json:"upto"`
	Head  uint64 `json:"head"`
	// Lines counts the lines, Size their bytes unpacked.
	Lines int `json:"lines,omitempty"`
	Size  int `json:"size,omitempty"`
}

const (
	maxPageHeader = 512
	maxPageLines  = 8192
	// maxIndex bounds what an index can be: no county writes 2^53 records.
	maxIndex = 1 << 53
)

// Both are stateless (EncodeAll, DecodeAll) and shared: a connection has none
// of its own.
var (
	packer = func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	}()
	unpacker = func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxPageBytes), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			panic(err)
		}
		return d
	}()
)

// packLines compresses lines into one frame.
func packLines(lines [][]byte) (frame []byte, size int) {
	for _, l := range lines {
		size += len(l) + 1
	}
	raw := make([]byte, 0, size)
	for _, l := range lines {
		raw = append(append(raw, l...), '\n')
	}
	return packer.EncodeAll(raw, nil), size
}

// openPage reads an entries block strictly. at is what the connection has had
// everything up to.
func openPage(payload []byte, at uint64) (pageHeader, []store.FeedLine, error) {
	var h pageHeader
	cut := bytes.IndexByte(payload[:min(len(payload), maxPageHeader)], '\n')
	if cut < 0 {
		return h, nil, ErrMalformed.Becausef("entries block without header")
	}
	if err := decodeStrict(payload[:cut], &h); err != nil {
		return h, nil, ErrMalformed.Becausef("entries header: %w", err)
	}
	switch {
	case h.After != at:
		return h, nil, ErrMalformed.Becausef("page follows on %d, this node has %d", h.After, at)
	case h.UpTo < h.After || h.UpTo > h.Head || h.Head > maxIndex:
		return h, nil, ErrMalformed.Becausef("page from %d up to %d of %d", h.After, h.UpTo, h.Head)
	case h.Lines < 0 || h.Lines > maxPageLines || h.Size < 0 || h.Size > maxPageBytes:
		return h, nil, ErrMalformed.Becausef("page of %d lines, %d bytes", h.Lines, h.Size)
	case h.Lines == 0:
		if len(payload) != cut+1 || h.Size != 0 {
			return h, nil, ErrMalformed.Becausef("empty page with content")
		}
		return h, nil, nil
	}
	raw, err := unpacker.DecodeAll(payload[cut+1:], make([]byte, 0, min(h.Size, 1<<20)))
	if err != nil {
		return h, nil, ErrMalformed.Becausef("unpack page: %w", err)
	}
	if len(raw) != h.Size || raw[len(raw)-1] != '\n' || bytes.Count(raw, []byte{'\n'}) != h.Lines {
		return h, nil, ErrMalformed.Becausef("page of %d bytes and %d lines unpacks to %d bytes", h.Size, h.Lines, len(raw))
	}
	lines := make([]store.FeedLine, 0, h.Lines)
	last := h.After
	for part := range bytes.SplitSeq(raw[:len(raw)-1], []byte{'\n'}) {
		l, err := store.ParseFeedLine(part)
		if err != nil {
			return h, nil, ErrMalformed.Becausef("line after %d: %w", last, err)
		}
		if err := checkLine(&l); err != nil {
			return h, nil, ErrMalformed.Becausef("line %d: %w", l.Index, err)
		}
		if l.Index <= last || l.Index > h.UpTo {
			return h, nil, ErrMalformed.Becausef("line %d between %d and %d", l.Index, last, h.UpTo)
		}
		last = l.Index
		lines = append(lines, l)
	}
	return h, lines, nil
}

func checkLine(l *store.FeedLine) error {
	if (l.Entry == nil) == (l.Confirms == "") {
		return fmt.Errorf("neither or both of entry and confirmation")
	}
	if l.Entry != nil && len(l.Entry.Body) > l.Entry.Kind.MaxBody() {
		return fmt.Errorf("body of %d bytes", len(l.Entry.Body))
	}
	switch l.Outcome {
	case ledger.Applied, ledger.Refused, ledger.Waiting:
		return nil
	}
	return fmt.Errorf("outcome %.20q", l.Outcome)
}

// decodeStrict decodes JSON of a known form: one value, known fields.
func decodeStrict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return fmt.Errorf("data after the value")
	}
	return nil
}
