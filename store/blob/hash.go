package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// HashLen is the length of a hash as text.
const HashLen = 2 * sha256.Size

// CheckHash returns an error wrapping ErrBadHash unless hash is a SHA-256 as
// 64 lower-case hex digits. Only such text ever becomes part of a path.
func CheckHash(hash string) error {
	if len(hash) != HashLen || !isLowerHex(hash) {
		return fmt.Errorf("%w: %d bytes", ErrBadHash, len(hash))
	}
	return nil
}

func isLowerHex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// hashOf reads r to its end.
func hashOf(r io.Reader) (hash string, size int64, err error) {
	h := sha256.New()
	size, err = io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), size, err
}
