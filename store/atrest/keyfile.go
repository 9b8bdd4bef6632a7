package atrest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
)

// Typed failures of key files.
var (
	ErrKeyFile = errors.New("存储密钥文件无效 (this is not a storage key file)")
	// ErrLocked: the key file is locked and no passphrase was given.
	ErrLocked = errors.New("存储密钥文件已用口令锁定，需要口令 (the storage key file is locked with a passphrase, which is needed)")
	// ErrPassphrase: the passphrase does not open the key file.
	ErrPassphrase = errors.New("口令不对，打不开存储密钥文件 (the passphrase does not open the storage key file)")
)

// Keys is what a key file holds: the key, and the one before while the data
// is being sealed anew.
type Keys struct {
	Key      *Key
	Previous *Key
}

type keyFile struct {
	Kind   string     `json:"kind"`
	Format int        `json:"format"`
	ID     string     `json:"id"`
	Key    []byte     `json:"key,omitempty"`
	Before []byte     `json:"previous,omitempty"`
	Lock   *keyLocker `json:"locked,omitempty"`
}

// keyLocker is the keys sealed under a passphrase: Argon2id makes it a key for
// AES-256-GCM.
type keyLocker struct {
	Salt    []byte `json:"salt"`
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory_kib"`
	Threads uint8  `json:"threads"`
	Box     []byte `json:"box"`
}

const (
	keyKind   = "tongban storage key"
	keyFormat = 1
	// Of RFC 9106, the choice where memory is scarce.
	lockTime, lockMemory, lockThreads = 3, 64 << 10, 4
	// A file from elsewhere must not ask for more than a machine has.
	mostLockTime, mostLockMemory = 64, 4 << 20
)

// ParseKeys reads a key file. A locked one wants its passphrase (ErrLocked).
func ParseKeys(data, passphrase []byte) (Keys, error) {
	var f keyFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil || f.Kind != keyKind {
		return Keys{}, ErrKeyFile
	}
	if f.Format != keyFormat {
		return Keys{}, fmt.Errorf("%w: format %d", ErrKeyFile, f.Format)
	}
	if f.Lock != nil {
		if len(passphrase) == 0 {
			return Keys{}, ErrLocked
		}
		inner, err := f.Lock.open(passphrase, f.ID)
		if err != nil {
			return Keys{}, err
		}
		f.Key, f.Before = inner.Key, inner.Before
	}
	var k Keys
	var err error
	if k.Key, err = keyOf(f.Key); err == nil && len(f.Before) > 0 {
		k.Previous, err = keyOf(f.Before)
	}
	if err != nil {
		return Keys{}, err
	}
	if k.Key.ID() != f.ID {
		return Keys{}, fmt.Errorf("%w: its id does not fit its key", ErrKeyFile)
	}
	return k, nil
}

// KeyFileLocked tells whether a key file wants a passphrase.
func KeyFileLocked(data []byte) bool {
	var f keyFile
	return json.Unmarshal(data, &f) == nil && f.Lock != nil
}

// Encode makes a key file, locked where there is a passphrase.
func (k Keys) Encode(rand io.Reader, passphrase []byte) ([]byte, error) {
	f := keyFile{Kind: keyKind, Format: keyFormat, ID: k.Key.ID(), Key: k.Key.secret[:]}
	if k.Previous != nil {
		f.Before = k.Previous.secret[:]
	}
	if len(passphrase) > 0 {
		inner := keyFile{Key: f.Key, Before: f.Before}
		lock, err := lockKeys(rand, inner, passphrase, f.ID)
		if err != nil {
			return nil, err
		}
		f.Key, f.Before, f.Lock = nil, nil, lock
	}
	b, err := json.MarshalIndent(f, "", " ")
	return append(b, '\n'), err
}

func lockKeys(rand io.Reader, inner keyFile, passphrase []byte, id string) (*keyLocker, error) {
	l := &keyLocker{Salt: make([]byte, 16), Time: lockTime, Memory: lockMemory, Threads: lockThreads}
	if _, err := io.ReadFull(rand, l.Salt); err != nil {
		return nil, fmt.Errorf("lock storage key: %w", err)
	}
	text, err := json.Marshal(inner)
	if err != nil {
		return nil, err
	}
	// The salt is new each time, and the key with it: its one nonce is zero.
	l.Box = l.cipher(passphrase).Seal(nil, make([]byte, gcmNonce), text, []byte(id))
	return l, nil
}

func (l *keyLocker) open(passphrase []byte, id string) (inner keyFile, err error) {
	if len(l.Salt) < 16 || l.Time == 0 || l.Time > mostLockTime || l.Memory > mostLockMemory || l.Threads == 0 {
		return inner, ErrKeyFile
	}
	text, err := l.cipher(passphrase).Open(nil, make([]byte, gcmNonce), l.Box, []byte(id))
	if err != nil {
		return inner, ErrPassphrase
	}
	if err := json.Unmarshal(text, &inner); err != nil {
		return inner, ErrKeyFile
	}
	return inner, nil
}

func (l *keyLocker) cipher(passphrase []byte) cipher.AEAD {
	return newGCM(argon2.IDKey(passphrase, l.Salt, l.Time, l.Memory, l.Threads, KeyBytes))
}

func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("atrest: " + err.Error())
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("atrest: " + err.Error())
	}
	return gcm
}

// String keeps a key out of logs.
func (k *Key) String() string { return "storage key " + hex.EncodeToString(k.id[:]) }

// GoString keeps a key out of logs, too.
func (k *Key) GoString() string { return k.String() }
