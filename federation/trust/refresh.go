package trust

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

const (
	refreshBytes  = 32
	refreshDomain = "tongban refresh v1\n"
)

// NewRefresh makes a refresh token: 256 random bits for the client, and the
// hash a node keeps.
func NewRefresh() (token string, hash [sha256.Size]byte) {
	raw := make([]byte, refreshBytes)
	rand.Read(raw) // never fails: it ends the process instead
	token = base64.RawURLEncoding.EncodeToString(raw)
	return token, HashRefresh(token)
}

// HashRefresh is what a node keeps of a refresh token and looks it up by. The
// lookup needs no constant time: whoever can vary the hash byte by byte would
// have to invert SHA-256.
func HashRefresh(token string) [sha256.Size]byte {
	return sha256.Sum256([]byte(refreshDomain + token))
}
