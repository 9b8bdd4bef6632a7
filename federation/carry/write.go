package carry

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

const (
	magic         = "tbcarry\n"
	format        = 1
	signingDomain = "tongban carry v1\n"
)

// Block kinds.
const (
	blockLines byte = 1 + iota
	blockAttachment
	blockPiece
	blockEnd
)

const (
	blockHead = 5
	endBytes  = sha256.Size + ed25519.SignatureSize
	// maxPlain bounds a lines block unpacked, maxPacked any block as it is:
	// zstd adds a few bytes to what does not compress.
	maxPlain  = 4 << 20
	maxPacked = maxPlain + maxPlain/128 + 1024
	// pieceBytes is how much of an attachment goes into one block.
	pieceBytes = 256 << 10
	// fillBytes is when a lines block is full enough.
	fillBytes = 1 << 20
	// maxLine bounds one line: an entry's body is at most ledger.MaxEntryBytes
	// and what is around it small, but for what it resolves.
	maxLine = 2 << 20
)

var (
	packer = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	})
	unpacker = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPlain), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// writer writes a bundle to w, hashing what it writes.
type writer struct {
	w    io.Writer
	hash hash.Hash
	n    int64
	buf  []byte
}

func newWriter(w io.Writer) *writer { return &writer{w: w, hash: sha256.New()} }

func (w *writer) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	w.hash.Write(b[:n])
	w.n += int64(n)
	return n, err
}

// begin writes what comes before the blocks.
func (w *writer) begin(h *Header) error {
	if err := h.check(); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if len(b) > maxHeader {
		return ErrTooLarge.Becausef("header of %d bytes", len(b))
	}
	head := binary.BigEndian.AppendUint16([]byte(magic), format)
	head = binary.BigEndian.AppendUint32(head, uint32(len(b)))
	_, err = w.Write(append(head, b...))
	return err
}

// attachment writes content of a known hash and size.
func (w *writer) attachment(name string, size int64, content io.Reader) error {
	sum, err := hex.DecodeString(name)
	if err != nil || len(sum) != sha256.Size {
		return fmt.Errorf("attachment %q is no hash", name)
	}
	if err := writeBlock(w, blockAttachment, binary.BigEndian.AppendUint64(sum, uint64(size))); err != nil {
		return err
	}
	piece := make([]byte, pieceBytes)
	for left := size; left > 0; {
		n := min(left, pieceBytes)
		if _, err := io.ReadFull(content, piece[:n]); err != nil {
			return fmt.Errorf("read attachment %s: %w", name, err)
		}
		w.buf = packer().EncodeAll(piece[:n], w.buf[:0])
		if err := writeBlock(w, blockPiece, w.buf); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// end signs what was written.
func (w *writer) end(key ed25519.PrivateKey) error {
	sum := w.hash.Sum(nil)
	sig := ed25519.Sign(key, append([]byte(signingDomain), sum...))
	return writeBlock(w, blockEnd, append(sum, sig...))
}

func writeBlock(w io.Writer, kind byte, payload []byte) error {
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)))
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

// lineWriter gathers lines into blocks.
type lineWriter struct {
	w     io.Writer
	plain []byte
	buf   []byte
}

func (l *lineWriter) add(line []byte) error {
	if len(line) > maxLine {
		return fmt.Errorf("line of %d bytes", len(line))
	}
	l.plain = append(append(l.plain, line...), '\n')
	if len(l.plain) < fillBytes {
		return nil
	}
	return l.flush()
}

func (l *lineWriter) flush() error {
	if len(l.plain) == 0 {
		return nil
	}
	l.buf = packer().EncodeAll(l.plain, l.buf[:0])
	l.plain = l.plain[:0]
	return writeBlock(l.w, blockLines, l.buf)
}
