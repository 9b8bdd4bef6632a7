package atrest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// XTS is AES-256-XTS (IEEE 1619), which seals data in place that is written over
// and over: units of whole 16-byte blocks, each unit under its number. A block
// that stays the same stays the same when sealed, so a unit that was half
// written is, block by block, the old or the new one, as it would be in the clear.
//
// golang.org/x/crypto/xts is the same cipher at a quarter of the speed; the test
// holds the two against each other.
type XTS struct{ data, tweak cipher.Block }

// BlockBytes is what the length of a unit is a multiple of.
const BlockBytes = aes.BlockSize

// XTSKeyBytes is the length of a key of XTS: one for the data, one for the tweaks.
const XTSKeyBytes = 2 * KeyBytes

// XTSKey gives the key of one purpose.
func (k *Key) XTSKey(purpose string) []byte { return k.derive("xts "+purpose, XTSKeyBytes) }

// XTS gives the cipher of one purpose.
func (k *Key) XTS(purpose string) *XTS { return NewXTS(k.XTSKey(purpose)) }

// NewXTS makes the cipher of a key.
func NewXTS(key []byte) *XTS {
	var x XTS
	var err error
	if x.data, err = aes.NewCipher(key[:KeyBytes]); err == nil {
		x.tweak, err = aes.NewCipher(key[KeyBytes:])
	}
	if err != nil {
		panic("atrest: " + err.Error())
	}
	return &x
}

// Seal seals a unit, or its beginning, in place.
func (x *XTS) Seal(b []byte, unit uint64) {
	var tweaks [batch]byte
	for lo, hi := x.start(unit); len(b) > 0; b = b[min(batch, len(b)):] {
		part := b[:min(batch, len(b))]
		lo, hi = fill(tweaks[:len(part)], lo, hi)
		subtle.XORBytes(part, part, tweaks[:])
		for p := part; len(p) >= BlockBytes; p = p[BlockBytes:] {
			x.data.Encrypt(p, p)
		}
		subtle.XORBytes(part, part, tweaks[:])
	}
}

// Open opens a unit, or its beginning, in place.
func (x *XTS) Open(b []byte, unit uint64) {
	var tweaks [batch]byte
	for lo, hi := x.start(unit); len(b) > 0; b = b[min(batch, len(b)):] {
		part := b[:min(batch, len(b))]
		lo, hi = fill(tweaks[:len(part)], lo, hi)
		subtle.XORBytes(part, part, tweaks[:])
		for p := part; len(p) >= BlockBytes; p = p[BlockBytes:] {
			x.data.Decrypt(p, p)
		}
		subtle.XORBytes(part, part, tweaks[:])
	}
}

// batch is how much is sealed at once: the processor works at several blocks
// side by side when nothing stands between them.
const batch = 1024

// start is the tweak of a unit's first block.
func (x *XTS) start(unit uint64) (lo, hi uint64) {
	var t [BlockBytes]byte
	binary.LittleEndian.PutUint64(t[:], unit)
	x.tweak.Encrypt(t[:], t[:])
	return binary.LittleEndian.Uint64(t[:]), binary.LittleEndian.Uint64(t[8:])
}

// fill writes the tweaks of the blocks that follow, each the one before times x
// in GF(2^128) with x^128 = x^7 + x^2 + x + 1.
func fill(t []byte, lo, hi uint64) (uint64, uint64) {
	for ; len(t) >= BlockBytes; t = t[BlockBytes:] {
		binary.LittleEndian.PutUint64(t, lo)
		binary.LittleEndian.PutUint64(t[8:], hi)
		carry := hi >> 63
		hi = hi<<1 | lo>>63
		lo = lo<<1 ^ carry*0x87
	}
	return lo, hi
}
