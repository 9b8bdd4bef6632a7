// Package seal encrypts a file that leaves a node (a bundle for a stick, a
// backup) to the keys of those who may read it, and opens one.
//
// Nodes and the county have ed25519 keys, so files are encrypted to those, in
// age's way for such keys (age-encryption.org/v1 with "ssh-ed25519" stanzas:
// X25519 on the converted key, salted with it; the payload in
// ChaCha20-Poly1305 chunks of 64 KiB). No second set of keys has to be made,
// kept in a safe and rotated. A seal says who can read a file, and nothing
// about who made it: that is for the signatures within.
//
// # The file
//
//	magic   8 bytes "tbsealed"
//	format  2 bytes, big-endian, now 1
//	length  4 bytes, big-endian, at most 4096
//	header  JSON (Header), in the clear: what it is, of which node, for whom
//	age     an age file; its plaintext is the SHA-256 (32 bytes) of all that
//	        stands before it, and then the content
//	end     8 bytes "tbsealed"
//
// The header names nodes and a time, and nothing of people. It cannot be
// changed unseen by whoever can open the file; who cannot must not rely on it.
// The end tells a file that was cut off from one that was changed.
package seal

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"github.com/tongban/tongban/node/division"
)

// Kind is what is in a sealed file.
type Kind string

// The kinds.
const (
	Bundle Kind = "bundle"
	Backup Kind = "backup"
)

// Header says, in the clear, what a file is.
type Header struct {
	Kind   Kind          `json:"kind"`
	County division.Code `json:"county"`
	// From is the node that made it; To the one it is for, where it is for
	// one.
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	// MadeAt is Unix milliseconds.
	MadeAt int64 `json:"made_at"`
}

// Typed failures of opening.
var (
	ErrNotSealed = errors.New("seal: 该文件不是通办封装文件 (this is no sealed tongban file)")
	ErrNewer     = errors.New("seal: 文件由更新版本的通办封装，请先升级 (a newer tongban sealed it; upgrade first)")
	ErrTruncated = errors.New("seal: 文件不完整，或末尾多出了内容 (the file ends early, or something was appended to it)")
	ErrDamaged   = errors.New("seal: 文件已损坏或被改动 (the file is damaged or was changed)")
	ErrNotForUs  = errors.New("seal: 没有能打开该文件的密钥 (none of the keys at hand opens it)")
)

const (
	magic     = "tbsealed"
	format    = 1
	maxHeader = 4096
	maxID     = 64
)

// Writer seals what is written to it. Close ends the file; one that was not
// closed is no file.
type Writer struct {
	to  io.Writer
	age io.WriteCloser
}

// Create begins a sealed file that the holder of any of these keys can read.
func Create(w io.Writer, h Header, to ...ed25519.PublicKey) (*Writer, error) {
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("seal: header: %w", err)
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("seal: header: %w", err)
	}
	recipients := make([]age.Recipient, len(to))
	for i, key := range to {
		if recipients[i], err = recipient(key); err != nil {
			return nil, fmt.Errorf("seal: key %d: %w", i, err)
		}
	}
	head := binary.BigEndian.AppendUint16([]byte(magic), format)
	head = append(binary.BigEndian.AppendUint32(head, uint32(len(text))), text...)
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	s := &Writer{to: w}
	if s.age, err = age.Encrypt(w, recipients...); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	sum := sha256.Sum256(head)
	if _, err := s.age.Write(sum[:]); err != nil {
		return nil, err
	}
	return s, nil
}

// Write implements io.Writer.
func (s *Writer) Write(b []byte) (int, error) { return s.age.Write(b) }

// Close ends the file and leaves what it was written to open.
func (s *Writer) Close() error {
	if err := s.age.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(s.to, magic)
	return err
}

func recipient(key ed25519.PublicKey) (age.Recipient, error) {
	if len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("a key of %d bytes", len(key))
	}
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		return nil, err
	}
	return agessh.NewEd25519Recipient(public)
}

// Open reads the header of a sealed file and gives its content. check, if
// set, may refuse the file by its header before anything is opened. The
// content's reader fails with ErrTruncated or ErrDamaged where the file does;
// what it gave before is as it was sealed, and not all of it. Memory is bounded
// whatever the input.
func Open(r io.Reader, check func(Header) error, keys ...ed25519.PrivateKey) (Header, io.Reader, error) {
	source := &source{r: bufio.NewReaderSize(r, 64<<10)}
	h, head, err := readHeader(source.r)
	if err != nil {
		return Header{}, nil, err
	}
	if check != nil {
		if err := check(h); err != nil {
			return h, nil, err
		}
	}
	identities := make([]age.Identity, len(keys))
	for i, key := range keys {
		if identities[i], err = agessh.NewEd25519Identity(key); err != nil {
			return h, nil, fmt.Errorf("seal: %w", err)
		}
	}
	if len(keys) == 0 {
		return h, nil, ErrNotForUs
	}
	plain, err := age.Decrypt(source, identities...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return h, nil, ErrNotForUs
	}
	if err != nil {
		return h, nil, source.failure(err)
	}
	c := &content{plain: plain, source: source}
	var sum [sha256.Size]byte
	if _, err := io.ReadFull(c, sum[:]); err != nil {
		return h, nil, short(err)
	}
	if sum != sha256.Sum256(head) {
		return h, nil, fmt.Errorf("%w: its header was changed", ErrDamaged)
	}
	return h, c, nil
}

// readHeader reads what stands before the age file.
func readHeader(r io.Reader) (h Header, head []byte, err error) {
	head = make([]byte, len(magic)+6)
	switch n, err := io.ReadFull(r, head); {
	case err == nil:
	case !ended(err):
		return h, nil, err
	case n == 0 || !bytes.HasPrefix([]byte(magic), head[:min(n, len(magic))]):
		return h, nil, ErrNotSealed
	default:
		return h, nil, ErrTruncated
	}
	if string(head[:len(magic)]) != magic {
		return h, nil, ErrNotSealed
	}
	switch v := binary.BigEndian.Uint16(head[len(magic):]); {
	case v == 0:
		return h, nil, fmt.Errorf("%w: format 0", ErrDamaged)
	case v > format:
		return h, nil, fmt.Errorf("%w: format %d", ErrNewer, v)
	}
	length := binary.BigEndian.Uint32(head[len(magic)+2:])
	if length > maxHeader {
		return h, nil, fmt.Errorf("%w: header of %d bytes", ErrDamaged, length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, nil, short(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return Header{}, nil, fmt.Errorf("%w: header: %w", ErrDamaged, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Header{}, nil, fmt.Errorf("%w: data after the header", ErrDamaged)
	}
	if err := h.check(); err != nil {
		return Header{}, nil, fmt.Errorf("%w: header: %w", ErrDamaged, err)
	}
	return h, append(head, text...), nil
}

func (h *Header) check() error {
	switch {
	case h.Kind != Bundle && h.Kind != Backup:
		return fmt.Errorf("kind %.20q", h.Kind)
	case !h.County.Valid() || h.County != h.County.County():
		return fmt.Errorf("county %.20q", h.County)
	case h.From == "" || len(h.From) > maxID || len(h.To) > maxID:
		return fmt.Errorf("from %.80q to %.80q", h.From, h.To)
	case h.MadeAt <= 0:
		return fmt.Errorf("made at %d", h.MadeAt)
	}
	return nil
}

// content is the plaintext, with failures as this package names them.
type content struct {
	plain  io.Reader
	source *source
}

func (c *content) Read(b []byte) (int, error) {
	n, err := c.plain.Read(b)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, c.source.failure(err)
}

// source is the age file without the end mark, and why reading it failed.
type source struct {
	r   *bufio.Reader
	err error
}

func (s *source) Read(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	have, err := s.r.Peek(min(len(b), s.r.Size()-len(magic)) + len(magic))
	if n := len(have) - len(magic); n > 0 {
		n = copy(b, have[:n])
		_, err := s.r.Discard(n)
		return n, err
	}
	switch {
	case len(b) == 0:
		return 0, nil
	case err != nil && err != io.EOF:
		s.err = err
	case string(have) == magic:
		return 0, io.EOF
	default:
		s.err = ErrTruncated
	}
	return 0, s.err
}

// failure is why opening failed: the file could not be read, it was cut off,
// or it is not what was sealed.
func (s *source) failure(err error) error {
	if s.err == nil {
		// What fails before the end may fail because there is none.
		_, rest := io.Copy(io.Discard, io.LimitReader(s, probe))
		if rest == nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return s.err
}

// probe is how much more is read to tell a file that was cut off from one
// that was changed: no more than a chunk is needed.
const probe = 128 << 10

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// short makes an early end a cut-off file.
func short(err error) error {
	if ended(err) {
		return ErrTruncated
	}
	return err
}
