package blob

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// The media types that attachments may have. Everything else is refused,
// above all what a browser would run (HTML, SVG), what moves (GIF) and what hides
// other files (archives and the office formats built on them). A hand-in takes no
// others (catalog.DefaultLimits), so no file may come in that no case could name.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
	WebP = "image/webp"
	PDF  = "application/pdf"
)

// Types lists them.
func Types() []string { return []string{JPEG, PNG, WebP, PDF} }

// IsType says whether a media type is one that attachments may have.
func IsType(mediaType string) bool { return slices.Contains(Types(), mediaType) }

// magicBytes is how many of the first bytes Sniff looks at.
const magicBytes = 12

// Sniff tells the media type of content by its first bytes; "" when it is
// none of Types. The signature has to be the very beginning: programs that
// search for it are how a file comes to be two things at once.
func Sniff(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xD8, 0xFF}):
		return JPEG
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case len(head) >= magicBytes && bytes.HasPrefix(head, []byte("RIFF")) && string(head[8:12]) == "WEBP":
		return WebP
	case bytes.HasPrefix(head, []byte("%PDF-1.")), bytes.HasPrefix(head, []byte("%PDF-2.")):
		return PDF
	}
	return ""
}

// inspect tells the type of whole content and refuses images that are too
// large to show or whose size cannot be told.
func (o Options) inspect(r io.ReaderAt, size int64) (string, error) {
	var buf [magicBytes]byte
	n, err := readAt(r, buf[:], 0, size)
	if err != nil {
		return "", fmt.Errorf("read the beginning: %w", err)
	}
	mediaType := Sniff(buf[:n])
	if mediaType == "" {
		return "", &TypeError{Reason: "content is not JPEG, PNG, WebP or PDF"}
	}
	measure := measures[mediaType]
	if measure == nil {
		return mediaType, nil
	}
	w, h, err := measure(r, size)
	if err != nil {
		return "", err
	}
	switch {
	case w == 0 || h == 0:
		return "", &TypeError{Found: mediaType, Reason: "image header is missing or broken"}
	case w > o.MaxSide || h > o.MaxSide || w*h > o.MaxPixels:
		return "", &TypeError{Found: mediaType, Reason: fmt.Sprintf("image of %d by %d pixels", w, h)}
	}
	return mediaType, nil
}

// checkHead is inspect's first step for an upload that has only begun, so
// that a slow line does not carry megabytes to be refused at the end.
func checkHead(head []byte, declared string) error {
	found := Sniff(head)
	if found == "" {
		return &TypeError{Reason: "content is not JPEG, PNG, WebP or PDF"}
	}
	if declared != "" && declared != found {
		return &TypeError{Found: found, Reason: "declared as " + declared}
	}
	return nil
}

// readAt fills buf from off as far as the content goes.
func readAt(r io.ReaderAt, buf []byte, off, size int64) (int, error) {
	if off >= size {
		return 0, nil
	}
	buf = buf[:min(int64(len(buf)), size-off)]
	n, err := r.ReadAt(buf, off)
	if err == io.EOF {
		err = nil
	}
	return n, err
}
