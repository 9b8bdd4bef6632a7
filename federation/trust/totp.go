package trust

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // the algorithm that every authenticator knows (RFC 6238)
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// One-time codes (TOTP, RFC 6238): six digits, a step of 30 seconds, SHA-1, with
// one step of tolerance to either side. A caller remembers the last step used.

const (
	totpStep   = 30 // seconds
	totpDigits = 1_000_000
	totpSecret = 20 // bytes, as RFC 4226 recommends
	totpDrift  = 1  // steps to either side
)

// NewTOTPSecret makes a secret, in base32 as authenticators take it.
func NewTOTPSecret() string {
	secret := make([]byte, totpSecret)
	rand.Read(secret) // never fails: it ends the process instead
	return totpBase.EncodeToString(secret)
}

var totpBase = base32.StdEncoding.WithPadding(base32.NoPadding)

// TOTPAddress is the otpauth address of a secret, for a QR code. label says
// which login it is for; it is shown on the phone.
func TOTPAddress(issuer, label, secret string) string {
	return (&url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + label, RawQuery: url.Values{"secret": {secret}, "issuer": {issuer}}.Encode()}).String()
}

// ErrTOTP is a code that is not one of the moment, or was used.
var ErrTOTP = errors.New("动态码不正确 one-time code is wrong")

// CheckTOTP finds the time step that a code belongs to. A step up to used was
// used already. The error is ErrTOTP, or ErrMalformed for a secret that is none.
func CheckTOTP(secret, code string, used int64, now time.Time) (step int64, err error) {
	key, err := totpBase.DecodeString(secret)
	if err != nil || len(key) < 10 {
		return 0, fmt.Errorf("one-time code: %w: secret", ErrMalformed)
	}
	found := int64(0)
	for step := now.Unix()/totpStep - totpDrift; step <= now.Unix()/totpStep+totpDrift; step++ {
		if subtle.ConstantTimeCompare([]byte(totp(key, step)), []byte(code)) == 1 && step > used && found == 0 {
			found = step
		}
	}
	if found == 0 {
		return 0, ErrTOTP
	}
	return found, nil
}

// totp is the code of a step (RFC 4226 section 5.3).
func totp(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%totpDigits)
}

// Seal encrypts a secret with a password, so that what the ledger holds is worth
// nothing to who has the ledger alone. It costs as much as a password's hash:
// a cheaper key would be a quicker way to guess the password.
func (h *Hasher) Seal(ctx context.Context, password, secret string) ([]byte, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: it ends the process instead
	box, err := h.sealer(ctx, password, salt, h.params.Iterations, h.params.Memory, h.params.Parallelism)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, chacha20poly1305.NonceSize) // the key is used once
	head := append([]byte{1, byte(h.params.Iterations), h.params.Parallelism}, binary.BigEndian.AppendUint32(nil, h.params.Memory)...)
	head = append(head, salt...)
	return box.Seal(head, nonce, []byte(secret), head), nil
}

const sealHead = 1 + 1 + 1 + 4 + saltBytes

// Unseal gives the secret of a seal back. A wrong password is ErrMalformed, as is
// a seal that is none.
func (h *Hasher) Unseal(ctx context.Context, password string, seal []byte) (string, error) {
	bad := fmt.Errorf("unseal: %w", ErrMalformed)
	if len(seal) < sealHead || seal[0] != 1 {
		return "", bad
	}
	iterations, threads, memory := uint32(seal[1]), seal[2], binary.BigEndian.Uint32(seal[3:7])
	if iterations < 1 || iterations > maxIterations || threads < 1 || threads > maxThreads || memory > maxMemoryKiB {
		return "", bad
	}
	box, err := h.sealer(ctx, password, seal[7:sealHead], iterations, memory, threads)
	if err != nil {
		return "", err
	}
	secret, err := box.Open(nil, make([]byte, chacha20poly1305.NonceSize), seal[sealHead:], seal[:sealHead])
	if err != nil {
		return "", bad
	}
	return string(secret), nil
}

func (h *Hasher) sealer(ctx context.Context, password string, salt []byte, iterations, memory uint32, threads uint8) (cipher interface {
	Seal(dst, nonce, plaintext, additional []byte) []byte
	Open(dst, nonce, ciphertext, additional []byte) ([]byte, error)
}, err error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	defer h.leave()
	key := argon2.IDKey([]byte("tongban seal v1\n"+normal(password)), salt, iterations, memory, threads, chacha20poly1305.KeySize)
	return chacha20poly1305.New(key)
}
