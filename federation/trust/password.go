package trust

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// maxPassword bounds what is hashed, in bytes.
const maxPassword = 256

// PasswordParams are the costs of a password hash.
type PasswordParams struct {
	// MemoryKiB is the memory of one hash, in KiB.
	MemoryKiB  uint32
	Iterations uint32
	Threads    uint8
	// AtOnce is how many hashes may run at one time. Logins beyond that wait,
	// or a flood of them would take all memory.
	AtOnce int
}

// DefaultPasswordParams suit a village PC: about 40 ms and 19 MiB a hash, four
// at a time.
var DefaultPasswordParams = PasswordParams{MemoryKiB: 19 << 10, Iterations: 2, Threads: 1, AtOnce: 4}

// The bounds keep a stored hash from asking for more than a node can give:
// hashes arrive through the ledger. The least is for tests, which hash a lot;
// nodes hash with DefaultPasswordParams.
const (
	minMemoryKiB  = 64
	maxMemoryKiB  = 256 << 10
	maxIterations = 16
	maxThreads    = 16
	saltBytes     = 16
	keyBytes      = 32
)

// ErrPasswordLength is a password too long to hash.
var ErrPasswordLength = errors.New("密码过长 password is too long")

// Hasher hashes and checks passwords with argon2id, a few at a time.
type Hasher struct {
	params argon2id.Params
	slots  chan struct{}
	// decoy is checked when there is no hash to check, so that an unknown
	// login takes as long as a wrong password.
	decoy string
}

// NewHasher makes a hasher; it hashes once itself.
func NewHasher(p PasswordParams) (*Hasher, error) {
	if p.MemoryKiB < minMemoryKiB || p.MemoryKiB > maxMemoryKiB || p.Iterations < 1 || p.Iterations > maxIterations ||
		p.Threads < 1 || p.Threads > maxThreads || p.AtOnce < 1 {
		return nil, fmt.Errorf("password parameters: %w: memory %d KiB of %d to %d, iterations %d of 1 to %d, threads %d of 1 to %d, %d at once",
			ErrMalformed, p.MemoryKiB, minMemoryKiB, maxMemoryKiB, p.Iterations, maxIterations, p.Threads, maxThreads, p.AtOnce)
	}
	h := &Hasher{
		params: argon2id.Params{Memory: p.MemoryKiB, Iterations: p.Iterations, Parallelism: p.Threads, SaltLength: saltBytes, KeyLength: keyBytes},
		slots:  make(chan struct{}, p.AtOnce),
	}
	unknown, err := InitialPassword()
	if err != nil {
		return nil, err
	}
	h.decoy, err = h.Hash(context.Background(), unknown)
	return h, err
}

// Hash gives the password's hash in PHC form. It waits for a free slot, or
// for the end of ctx.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > maxPassword {
		return "", ErrPasswordLength
	}
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	hash, err := argon2id.CreateHash(normal(password), &h.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Check is the result of comparing a password with a hash.
type Check struct {
	OK bool
	// Rehash says that the password is right but its hash was made with
	// other costs than today's, and should be made again.
	Rehash bool
}

// Verify compares a password with a stored hash. An empty hash means that
// there is no such person: it costs the same and is never OK. A hash that
// cannot be read is an error, for the log; the person is told no more than
// that login failed. Costs above this package's bounds are refused.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (Check, error) {
	tooLong := len(password) > maxPassword
	if tooLong {
		password = ""
	}
	known := hash != ""
	params, salt, key, err := readHash(hash)
	if !known || err != nil {
		params, salt, key, _ = readHash(h.decoy)
	}
	if err := h.enter(ctx); err != nil {
		return Check{}, err
	}
	got := argon2.IDKey([]byte(normal(password)), salt, params.Iterations, params.Memory, params.Parallelism, params.KeyLength)
	h.leave()
	if known && err != nil {
		return Check{}, err
	}
	same := subtle.ConstantTimeCompare(got, key) == 1
	ok := same && known && !tooLong
	return Check{OK: ok, Rehash: ok && *params != h.params}, nil
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to check a password: %w", ctx.Err())
	}
}

func (h *Hasher) leave() { <-h.slots }

// readHash takes a PHC string apart and refuses costs that would harm the
// node (argon2 panics on zeros and allocates whatever it is told).
func readHash(hash string) (*argon2id.Params, []byte, []byte, error) {
	if len(hash) > 512 || !strings.HasPrefix(hash, "$argon2id$") {
		return nil, nil, nil, fmt.Errorf("password hash: %w", ErrMalformed)
	}
	p, salt, key, err := argon2id.DecodeHash(hash)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("password hash: %w: %w", ErrMalformed, err)
	}
	if p.Memory < 8 || p.Memory > maxMemoryKiB || p.Iterations < 1 || p.Iterations > maxIterations ||
		p.Parallelism < 1 || p.Parallelism > maxThreads || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return nil, nil, nil, fmt.Errorf("password hash: %w: costs out of bounds", ErrMalformed)
	}
	return p, salt, key, nil
}

// normal makes one spelling of what an input method may compose in several
// ways (RFC 8265).
func normal(password string) string { return norm.NFC.String(password) }
