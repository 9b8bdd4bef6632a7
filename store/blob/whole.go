package blob

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/png"
	"io"
	"regexp"
	"strconv"
)

// wholes tell whether content of a type goes on to its end: a scan that was cut
// off, or a page saved under another name, begins like a paper and is none. They
// read the content once, with a buffer of wholeBuffer, and decode no pixel: what
// a decoder here would refuse an examiner's browser may well show. Bytes after
// the end are passed over, for cameras and scanners add some.
//
// What they give is an *IncompleteError, an end of the content, which means the
// same, or an error of the disk.
var wholes = map[string]func(r io.ReaderAt, size int64) error{
	PNG: wholePNG, JPEG: wholeJPEG, WebP: wholeWebP, PDF: wholePDF,
}

const wholeBuffer = 64 << 10

// whole checks content whose type inspect told. The error is an
// *IncompleteError or the disk's.
func whole(mediaType string, r io.ReaderAt, size int64) error {
	err := wholes[mediaType](r, size)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &IncompleteError{mediaType, "it ends too early"}
	}
	var reason damage
	if errors.As(err, &reason) {
		return &IncompleteError{mediaType, string(reason)}
	}
	return err
}

// damage is what is wrong with content.
type damage string

func (d damage) Error() string { return string(d) }

func reading(r io.ReaderAt, from, size int64) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(r, from, size-from), wholeBuffer)
}

// skip passes over n bytes, all of which have to be there.
func skip(r *bufio.Reader, n int64) error {
	got, err := io.CopyN(io.Discard, r, n)
	if err == nil && got < n {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// wholePNG walks the chunks to IEND (PNG specification, 5.3) and checks the sums
// of those that a reader needs.
func wholePNG(r io.ReaderAt, size int64) error {
	var format png.FormatError
	var unsupported png.UnsupportedError
	switch _, err := png.DecodeConfig(io.NewSectionReader(r, 0, size)); {
	case errors.As(err, &format), errors.As(err, &unsupported):
		return damage("its header is broken")
	case err != nil:
		return err
	}
	in := reading(r, 8, size)
	pixels := false
	for {
		var head [8]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return err
		}
		length, kind := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		if kind[0]&0x20 != 0 { // a reader may do without it
			if err := skip(in, length+4); err != nil {
				return err
			}
			continue
		}
		sum := crc32.NewIEEE()
		sum.Write(head[4:])
		if _, err := io.CopyN(sum, in, length); err != nil {
			return err
		}
		var want [4]byte
		if _, err := io.ReadFull(in, want[:]); err != nil {
			return err
		}
		if sum.Sum32() != binary.BigEndian.Uint32(want[:]) {
			return damage("a chunk does not fit its checksum")
		}
		switch kind {
		case "IDAT":
			pixels = pixels || length > 0
		case "IEND":
			if !pixels {
				return damage("it has no pixels")
			}
			return nil
		}
	}
}

// wholeJPEG walks the segments and what is coded between them to the end of the
// image (ITU-T T.81, B.1). Pictures within segments, as cameras put them, are
// passed over with their segments.
func wholeJPEG(r io.ReaderAt, size int64) error {
	in := reading(r, 2, size)
	frame, pixels := false, false
	for {
		marker, coded, err := nextMarker(in)
		if err != nil {
			return err
		}
		pixels = pixels || frame && coded
		switch {
		case marker == 0xD9: // EOI
			if !pixels {
				return damage("it has no pixels")
			}
			return nil
		case marker == 0x01, marker >= 0xD0 && marker <= 0xD8:
			continue // stands alone
		}
		var length [2]byte
		if _, err := io.ReadFull(in, length[:]); err != nil {
			return err
		}
		n := int64(binary.BigEndian.Uint16(length[:]))
		if n < 2 {
			return damage("a segment has no length")
		}
		if err := skip(in, n-2); err != nil {
			return err
		}
		frame = frame || isFrameHeader(marker)
	}
}

// nextMarker reads to the next marker that is none of coded data, and tells
// whether any bytes came before it.
func nextMarker(in *bufio.Reader) (marker byte, coded bool, err error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, false, err
		}
		if b != 0xFF {
			coded = true
			continue
		}
		for b == 0xFF { // fill bytes
			if b, err = in.ReadByte(); err != nil {
				return 0, false, err
			}
		}
		if b == 0 || b >= 0xD0 && b <= 0xD7 { // a coded 0xFF, a restart
			coded = true
			continue
		}
		return b, coded, nil
	}
}

// wholeWebP walks the chunks, which have to fit into the length that the file
// gives itself, and that into the file (RFC 9649, 2.3 and 2.4).
func wholeWebP(r io.ReaderAt, size int64) error {
	in := reading(r, 4, size)
	var head [8]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return err
	}
	left := int64(binary.LittleEndian.Uint32(head[:])) - 4
	if left > size-12 {
		return io.ErrUnexpectedEOF
	}
	pixels := false
	for left >= 8 {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		if left -= 8; n > left {
			return damage("a chunk is longer than the image")
		}
		switch string(head[:4]) {
		case "VP8 ", "VP8L", "ANMF":
			pixels = pixels || n > 0
		}
		n = min(n+n&1, left) // padded to be even
		if err := skip(in, n); err != nil {
			return err
		}
		left -= n
	}
	if !pixels {
		return damage("it has no pixels")
	}
	return nil
}

// pdfTail is how far from the end of a PDF its last lines may be: readers look
// at the last kilobyte, and some scanners and mail programs add more than that.
const pdfTail = wholeBuffer

// pdfNear is by how much the place of the cross-references may be off. Readers
// look for them around there, and line ends that were changed on the way move them.
const pdfNear = 1024

var (
	pdfEnd  = regexp.MustCompile(`startxref\s+(\d{1,19})\s+%%EOF`)
	pdfRefs = regexp.MustCompile(`xref|\d\s+obj`)
)

// wholePDF looks for the last lines (ISO 32000-2, 7.5.5), and for cross-references
// where they point. A document that was saved again has several such ends; any of
// them in the tail is one. The first end of a linearized document, which gives the
// place 0, is none: the document goes on.
func wholePDF(r io.ReaderAt, size int64) error {
	from := max(0, size-pdfTail)
	tail := make([]byte, size-from)
	if _, err := readAt(r, tail, from, size); err != nil {
		return err
	}
	ends := pdfEnd.FindAllSubmatchIndex(tail, -1)
	if len(ends) == 0 {
		return io.ErrUnexpectedEOF
	}
	for _, end := range ends {
		at, err := strconv.ParseInt(string(tail[end[2]:end[3]]), 10, 64)
		if err != nil || at <= 0 || at > from+int64(end[0]) {
			continue
		}
		near := make([]byte, 2*pdfNear)
		start := max(0, at-pdfNear)
		n, err := readAt(r, near, start, from+int64(end[0]))
		if err != nil {
			return err
		}
		if pdfRefs.Match(bytes.TrimSpace(near[:n])) {
			return nil
		}
	}
	return damage("its cross-references are not where it says")
}

// IncompleteError: the content begins as a paper does and does not go on to its
// end, so that nobody could read it. The upload was deleted.
type IncompleteError struct {
	Type   string // media type by its first bytes
	Reason string
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("%v: %s: %s", ErrIncomplete, e.Type, e.Reason)
}

// Unwrap makes it an ErrIncomplete.
func (e *IncompleteError) Unwrap() error { return ErrIncomplete }
