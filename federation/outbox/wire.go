package outbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/tongban/tongban/node/ledger"
)

const (
	contentType = "application/vnd.tongban.entries+zstd"
	// EntriesPath and OriginsPath are served by Handler.
	EntriesPath = "/federation/v1/entries"
	OriginsPath = "/federation/v1/origins"

	// maxBody bounds a batch on the wire, maxPlain unpacked, maxBatch its
	// entries; maxLine one entry, whose body is bounded by itself; maxOrigins
	// the nodes asked after at once.
	maxBody    = 8 << 20
	maxPlain   = 32 << 20
	maxBatch   = 4096
	maxLine    = ledger.MaxWholeEntry
	maxOrigins = 200
)

// Answer tells how far the receiver has each origin's entries.
type Answer struct {
	// By is the receiver's tier, "township" or "county".
	By      string   `json:"by"`
	Origins []Origin `json:"origins"`
}

// Origin is how far one origin's entries have come at the receiver.
type Origin struct {
	Node string `json:"node"`
	// Stored: everything through this seq is on the receiver's disk.
	Stored uint64 `json:"stored"`
	// Last is the id of the entry of that seq. A sender that has another one
	// there was restored from an old copy, and must not take its entries for
	// stored.
	Last string `json:"last,omitempty"`
	// Forked: the origin sent two different entries under one seq, and
	// nothing more is taken from it.
	Forked bool `json:"forked,omitempty"`
}

func (a *Answer) origin(node string) (Origin, bool) {
	for _, o := range a.Origins {
		if o.Node == node {
			return o, true
		}
	}
	return Origin{}, false
}

var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxPlain))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// encode packs raw entries for the wire.
func encode(raws [][]byte) []byte {
	return encoder().EncodeAll(bytes.Join(raws, []byte("\n")), nil)
}

// decode unpacks a batch. It never allocates more than the limits above,
// whatever the input.
func decode(body []byte) ([]ledger.Entry, error) {
	plain, err := decoder().DecodeAll(body, nil)
	if err != nil {
		return nil, &Problem{Code: CodeMalformed, Err: err}
	}
	var entries []ledger.Entry
	for len(plain) > 0 {
		line := plain
		if i := bytes.IndexByte(plain, '\n'); i >= 0 {
			line, plain = plain[:i], plain[i+1:]
		} else {
			plain = nil
		}
		if len(entries) == maxBatch {
			return nil, &Problem{Code: CodeTooLarge, Err: fmt.Errorf("more than %d entries", maxBatch)}
		}
		if len(line) > maxLine {
			return nil, &Problem{Code: CodeMalformed, Err: fmt.Errorf("entry %d of %d bytes", len(entries), len(line))}
		}
		if e, ok := ledger.ParseCanonical(line); ok {
			entries = append(entries, e)
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		var e ledger.Entry
		if err := dec.Decode(&e); err != nil {
			return nil, &Problem{Code: CodeMalformed, Err: fmt.Errorf("entry %d: %w", len(entries), err)}
		}
		if _, err := dec.Token(); err != io.EOF {
			return nil, &Problem{Code: CodeMalformed, Err: fmt.Errorf("entry %d: data after it", len(entries))}
		}
		entries = append(entries, e)
	}
	return entries, nil
}
