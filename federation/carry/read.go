package carry

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/tongban/tongban/node/catalog"
)

// Limits bound what is taken in; zero means the default.
type Limits struct {
	Bytes       int64 // the file
	Entries     int64
	EntryBytes  int64 // all lines unpacked
	Attachments int64
	// AttachmentBytes bounds one attachment.
	AttachmentBytes int64
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		limit     *int64
		otherwise int64
	}{{&l.Bytes, 8 << 30}, {&l.Entries, 1_000_000}, {&l.EntryBytes, 4 << 30}, {&l.Attachments, 100_000}, {&l.AttachmentBytes, catalog.CeilingBytes}} {
		if *d.limit <= 0 {
			*d.limit = d.otherwise
		}
	}
	return l
}

// visitor is told what a bundle holds, in its order. Everything it is told
// before the end of the bundle is reached is unproven: the hash and the
// signature come last.
type visitor interface {
	header(*Header) error
	line([]byte) error
	// attachment may read content; what it leaves is read for it. The content
	// is checked against its hash afterwards.
	attachment(name string, size int64, content io.Reader) error
}

// read reads a whole bundle, checks its form, its hash, its signature by the
// node that its header names and that its counts are true. Memory is bounded
// by a block, whatever the input.
func read(r io.Reader, limits Limits, v visitor) (*Header, error) {
	d := &decoder{r: &hashingReader{r: bufio.NewReaderSize(&limitedReader{r: r, left: limits.Bytes}, 64<<10), hash: sha256.New()}, limits: limits, v: v}
	if err := d.preamble(); err != nil {
		return nil, err
	}
	for {
		done, err := d.block()
		if err != nil {
			return d.head, err
		}
		if done {
			return d.head, d.finish()
		}
	}
}

type decoder struct {
	r      *hashingReader
	limits Limits
	v      visitor
	head   *Header
	buf    bytes.Buffer
	plain  []byte

	lines, lineBytes         int64
	attachments, attachBytes int64
}

func (d *decoder) preamble() error {
	var start [len(magic) + 6]byte
	if _, err := io.ReadFull(d.r, start[:]); err != nil {
		if !bytes.HasPrefix([]byte(magic), start[:min(len(magic), d.r.n)]) || d.r.n == 0 {
			return failure(err, ErrNotBundle)
		}
		return failure(err, ErrTruncated)
	}
	if string(start[:len(magic)]) != magic {
		return ErrNotBundle
	}
	switch version := binary.BigEndian.Uint16(start[len(magic):]); {
	case version == 0:
		return ErrDamaged.Becausef("format 0")
	case version > format:
		return ErrNewer.Becausef("format %d, this program reads %d", version, format)
	}
	data, err := d.take(binary.BigEndian.Uint32(start[len(magic)+2:]), maxHeader)
	if err != nil {
		return err
	}
	if d.head, err = decodeHeader(data); err != nil {
		return err
	}
	if d.head.Entries > d.limits.Entries || d.head.Attachments > d.limits.Attachments {
		return ErrTooLarge.Becausef("%d entries, %d attachments", d.head.Entries, d.head.Attachments)
	}
	return d.v.header(d.head)
}

// take reads so many bytes; memory grows with what arrives and not with what
// is announced. The result is good until the next call.
func (d *decoder) take(length, most uint32) ([]byte, error) {
	if length > most {
		return nil, ErrDamaged.Becausef("part of %d bytes, at most %d", length, most)
	}
	d.buf.Reset()
	if _, err := io.CopyN(&d.buf, d.r, int64(length)); err != nil {
		return nil, failure(err, ErrTruncated)
	}
	return d.buf.Bytes(), nil
}

func (d *decoder) next() (kind byte, payload []byte, err error) {
	before := d.r.hash.Sum(nil)
	var head [blockHead]byte
	if _, err := io.ReadFull(d.r, head[:]); err != nil {
		return 0, nil, failure(err, ErrTruncated)
	}
	payload, err = d.take(binary.BigEndian.Uint32(head[1:]), maxPacked)
	if err == nil && head[0] == blockEnd {
		d.r.atEnd = before
	}
	return head[0], payload, err
}

func (d *decoder) block() (done bool, err error) {
	kind, payload, err := d.next()
	if err != nil {
		return false, err
	}
	switch kind {
	case blockLines:
		return false, d.linesBlock(payload)
	case blockAttachment:
		return false, d.attachmentBlock(payload)
	case blockEnd:
		return true, d.endBlock(payload)
	}
	return false, ErrDamaged.Becausef("block of kind %d", kind)
}

func (d *decoder) unpack(payload []byte) ([]byte, error) {
	plain, err := unpacker().DecodeAll(payload, d.plain[:0])
	if err != nil {
		return nil, ErrDamaged.Becausef("unpack block: %w", err)
	}
	d.plain = plain
	if len(plain) == 0 || len(plain) > maxPlain {
		return nil, ErrDamaged.Becausef("block of %d bytes", len(plain))
	}
	return plain, nil
}

func (d *decoder) linesBlock(payload []byte) error {
	if d.attachments > 0 {
		return ErrDamaged.Becausef("lines after attachments")
	}
	plain, err := d.unpack(payload)
	if err != nil {
		return err
	}
	if plain[len(plain)-1] != '\n' {
		return ErrDamaged.Becausef("a line without end")
	}
	if d.lineBytes += int64(len(plain)); d.lineBytes > d.limits.EntryBytes {
		return ErrTooLarge.Becausef("more than %d bytes of entries", d.limits.EntryBytes)
	}
	for line := range bytes.SplitSeq(plain[:len(plain)-1], []byte{'\n'}) {
		if d.lines++; d.lines > d.head.Entries {
			return ErrDamaged.Becausef("more than the %d lines announced", d.head.Entries)
		}
		if len(line) > maxLine {
			return ErrDamaged.Becausef("line of %d bytes", len(line))
		}
		if err := d.v.line(line); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) attachmentBlock(payload []byte) error {
	if len(payload) != sha256.Size+8 {
		return ErrDamaged.Becausef("attachment block of %d bytes", len(payload))
	}
	name := hex.EncodeToString(payload[:sha256.Size])
	size := binary.BigEndian.Uint64(payload[sha256.Size:])
	if size == 0 {
		return ErrDamaged.Becausef("attachment %s is empty", name)
	}
	if size > uint64(d.limits.AttachmentBytes) {
		return ErrTooLarge.Becausef("attachment %s of %d bytes", name, size)
	}
	d.attachBytes += int64(size)
	if d.attachments++; d.attachments > d.head.Attachments || d.attachBytes > d.head.AttachmentBytes {
		return ErrDamaged.Becausef("more attachments than announced")
	}
	content := &pieces{d: d, left: int64(size), hash: sha256.New()}
	err := d.v.attachment(name, int64(size), content)
	if content.err != nil {
		return content.err
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	if hex.EncodeToString(content.hash.Sum(nil)) != name {
		return ErrDamaged.Becausef("attachment %s has other content", name)
	}
	return nil
}

func (d *decoder) endBlock(payload []byte) error {
	if len(payload) != endBytes {
		return ErrDamaged.Becausef("end of %d bytes", len(payload))
	}
	sum, sig := payload[:sha256.Size], payload[sha256.Size:]
	if !bytes.Equal(sum, d.r.atEnd) {
		return ErrDamaged.Becausef("its hash does not fit")
	}
	key := d.head.From.Credential.SignKey
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, append([]byte(signingDomain), sum...), sig) {
		return ErrSignature.Becausef("bundle of %s", d.head.From.Credential.Node)
	}
	return nil
}

func (d *decoder) finish() error {
	if d.lines != d.head.Entries || d.attachments != d.head.Attachments || d.attachBytes != d.head.AttachmentBytes {
		return ErrDamaged.Becausef("%d lines, %d attachments of %d bytes; announced were %d, %d and %d",
			d.lines, d.attachments, d.attachBytes, d.head.Entries, d.head.Attachments, d.head.AttachmentBytes)
	}
	var more [1]byte
	if _, err := io.ReadFull(d.r, more[:]); err != io.EOF {
		if err == nil {
			err = errors.New("data after the end")
		}
		return failure(err, ErrDamaged)
	}
	return nil
}

// pieces is the content of the attachment being read.
type pieces struct {
	d    *decoder
	left int64
	hash hash.Hash
	have []byte
	err  error // sticky, and never io.EOF
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	if len(p.have) == 0 {
		if p.left == 0 {
			return 0, io.EOF
		}
		if p.err = p.more(); p.err != nil {
			return 0, p.err
		}
	}
	n := copy(b, p.have)
	p.hash.Write(p.have[:n])
	p.have = p.have[n:]
	return n, nil
}

func (p *pieces) more() error {
	kind, payload, err := p.d.next()
	if err != nil {
		return err
	}
	if kind != blockPiece {
		return ErrDamaged.Becausef("block of kind %d within an attachment", kind)
	}
	plain, err := p.d.unpack(payload)
	if err != nil {
		return err
	}
	if len(plain) > pieceBytes || int64(len(plain)) > p.left {
		return ErrDamaged.Becausef("piece of %d bytes, %d are left", len(plain), p.left)
	}
	p.left -= int64(len(plain))
	p.have = plain
	return nil
}

// hashingReader hashes what is read.
type hashingReader struct {
	r    io.Reader
	hash hash.Hash
	n    int
	// atEnd is the hash of all before the end block.
	atEnd []byte
}

func (h *hashingReader) Read(b []byte) (int, error) {
	n, err := h.r.Read(b)
	h.hash.Write(b[:n])
	h.n += n
	return n, err
}

// limitedReader fails, instead of ending, where a file is too long.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(b []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(b[:min(int64(len(b)), l.left+1)])
	if l.left -= int64(n); l.left < 0 {
		return n, ErrTooLarge
	}
	return n, err
}

// failure is why reading failed: early is what an early end means.
func failure(err error, early *Fault) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return early.Because(err)
	}
	return asFault(err, early)
}
