// Package atrest seals what a node keeps on its disk: the databases, the
// attachments and the county's log. All of it hangs on one key of 32 bytes, the
// node's storage key, which lies in a file of its own and in no backup. Every
// purpose has a key derived from it, so that no two of them share one.
//
// What it promises: who has the disk and not the key learns sizes, times and
// names of files, and nothing of their content. It hides and does not prove: who
// can write to the disk can damage what is there, which is found by the checks
// there were before (checksums, hashes, the ledger's tree).
package atrest

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// KeyBytes is the length of a storage key.
const KeyBytes = 32

// Typed failures, in Chinese and English for those who start the node.
var (
	// ErrOtherKey: it was sealed with another key.
	ErrOtherKey = errors.New("数据不是用这把存储密钥加密的，或开头已损坏：请换上原来的密钥文件（storage.key_file） (this was not sealed with this storage key, or is damaged at its beginning; put the right key file back)")
	// ErrClear: it is not sealed, where it should be.
	ErrClear = errors.New("数据尚未加密：请停止节点后运行 tongban key seal (this is not sealed yet; stop the node and run tongban key seal)")
	// ErrDamaged: it was sealed and was changed since.
	ErrDamaged = errors.New("加密数据已损坏 (sealed data was changed)")
)

// Key is a node's storage key. A nil *Key seals nothing: everything stands in
// the clear.
type Key struct {
	secret [KeyBytes]byte
	id     [8]byte
}

// NewKey makes a storage key.
func NewKey(rand io.Reader) (*Key, error) {
	secret := make([]byte, KeyBytes)
	if _, err := io.ReadFull(rand, secret); err != nil {
		return nil, fmt.Errorf("make storage key: %w", err)
	}
	return keyOf(secret)
}

func keyOf(secret []byte) (*Key, error) {
	if len(secret) != KeyBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrKeyFile, len(secret))
	}
	k := &Key{secret: [KeyBytes]byte(secret)}
	copy(k.id[:], k.derive("id", len(k.id)))
	return k, nil
}

// ID names the key without telling it.
func (k *Key) ID() string { return hex.EncodeToString(k.id[:]) }

// derive makes the key of one purpose (HKDF-SHA-256).
func (k *Key) derive(purpose string, n int) []byte {
	b, err := hkdf.Key(sha256.New, k.secret[:], nil, "tongban storage "+purpose, n)
	if err != nil {
		panic("atrest: " + err.Error()) // a length that HKDF has not: the code is wrong
	}
	return b
}
