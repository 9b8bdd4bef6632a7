package blob

import (
	"encoding/binary"
	"io"
)

// measures tell the width and height of an image from its header, without
// decoding it. 0, 0 is a header that does not say; an error is the disk's.
var measures = map[string]func(r io.ReaderAt, size int64) (w, h int64, err error){
	PNG: measurePNG, JPEG: measureJPEG, WebP: measureWebP,
}

func measurePNG(r io.ReaderAt, size int64) (w, h int64, err error) {
	var b [24]byte
	n, err := readAt(r, b[:], 0, size)
	// IHDR has to come first and is 13 bytes long (PNG specification, 5.6).
	if err != nil || n < len(b) || binary.BigEndian.Uint32(b[8:]) != 13 || string(b[12:16]) != "IHDR" {
		return 0, 0, err
	}
	return int64(binary.BigEndian.Uint32(b[16:])), int64(binary.BigEndian.Uint32(b[20:])), nil
}

func measureWebP(r io.ReaderAt, size int64) (w, h int64, err error) {
	var b [30]byte
	n, err := readAt(r, b[:], 0, size)
	if err != nil || n < 25 {
		return 0, 0, err
	}
	switch string(b[12:16]) {
	case "VP8X":
		if n < 30 {
			return 0, 0, nil
		}
		return 1 + uint24(b[24:]), 1 + uint24(b[27:]), nil
	case "VP8L":
		if b[20] != 0x2F {
			return 0, 0, nil
		}
		bits := binary.LittleEndian.Uint32(b[21:])
		return 1 + int64(bits&0x3FFF), 1 + int64(bits>>14&0x3FFF), nil
	case "VP8 ":
		if n < 30 || b[23] != 0x9D || b[24] != 0x01 || b[25] != 0x2A {
			return 0, 0, nil
		}
		w = int64(binary.LittleEndian.Uint16(b[26:]) & 0x3FFF)
		h = int64(binary.LittleEndian.Uint16(b[28:]) & 0x3FFF)
		return w, h, nil
	}
	return 0, 0, nil
}

func uint24(b []byte) int64 { return int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16 }

// jpegSegments bounds how many segments may come before the frame header.
// Cameras write some dozens; a file of nothing but empty segments would cost
// a read each.
const jpegSegments = 1000

// measureJPEG walks the segments to the frame header (ITU-T T.81, B.1 and B.2.2).
func measureJPEG(r io.ReaderAt, size int64) (w, h int64, err error) {
	off := int64(2)
	for range jpegSegments {
		var b [9]byte
		n, err := readAt(r, b[:], off, size)
		if err != nil || n < 4 || b[0] != 0xFF {
			return 0, 0, err
		}
		marker := b[1]
		switch {
		case marker == 0xFF: // fill byte
			off++
			continue
		case isFrameHeader(marker):
			if n < len(b) {
				return 0, 0, nil
			}
			return int64(binary.BigEndian.Uint16(b[7:])), int64(binary.BigEndian.Uint16(b[5:])), nil
		case marker < 0xC0, marker >= 0xD0 && marker <= 0xDA: // no segment, or pixels before any frame
			return 0, 0, nil
		}
		length := int64(binary.BigEndian.Uint16(b[2:]))
		if length < 2 {
			return 0, 0, nil
		}
		off += 2 + length
	}
	return 0, 0, nil
}

// isFrameHeader tells SOF0 to SOF15 from the three other markers among them.
func isFrameHeader(marker byte) bool {
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
}
