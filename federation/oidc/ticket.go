package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// Purpose is what somebody goes to the provider for. It begins the state, so that
// the page they come back to knows what to ask.
type Purpose string

// The purposes.
const (
	Login Purpose = "login" // into an account
	Link  Purpose = "link"  // the identity to an account that is logged in
)

// TicketLife is how long somebody may take at the provider.
const TicketLife = 10 * time.Minute

// Ticket is what a browser keeps while its owner is at the provider.
type Ticket struct {
	State, Nonce, Verifier string
	Purpose                Purpose
	// Account and Session are whose it is, and in which login, where an account
	// is to be linked.
	Account, Session string
	// At is the address the browser comes back to.
	At string
	// Until is when it ends, Unix milliseconds.
	Until int64
}

func newTicket(purpose Purpose, accountID, session, at string, now time.Time) *Ticket {
	return &Ticket{State: string(purpose) + "." + rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		Purpose: purpose, Account: accountID, Session: session, At: at, Until: now.Add(TicketLife).UnixMilli()}
}

// sealer seals tickets with a key that all hubs have.
type sealer struct{ aead cipher.AEAD }

func newSealer(secret []byte, issuer, clientID string) (*sealer, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "tongban oidc ticket v1\n"+issuer+"\n"+clientID, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sealer{aead}, err
}

func (s *sealer) seal(t *Ticket) (string, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, body, nil)), nil
}

var errTicket = errors.New("no ticket of this county")

func (s *sealer) open(text string) (*Ticket, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, errTicket
	}
	body, err := s.aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, errTicket
	}
	t := new(Ticket)
	if err := json.Unmarshal(body, t); err != nil {
		return nil, errTicket
	}
	return t, nil
}

// maxSpent bounds what a hub remembers of states that were used: half of it lasts
// far longer than a ticket at the rate that logins are let through.
const maxSpent = 100_000

// spent remembers the states that were used at this hub. At another hub the code
// is refused by the provider, which takes each once (RFC 6749, 4.1.2).
type spent struct {
	most int

	mu            sync.Mutex
	recent, older map[[sha256.Size]byte]struct{}
}

func newSpent(most int) *spent {
	return &spent{most: most, recent: map[[sha256.Size]byte]struct{}{}}
}

// take uses a state up, and reports whether it was there to use.
func (s *spent) take(state string) bool {
	key := digest(state)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, recent := s.recent[key]
	_, older := s.older[key]
	if recent || older {
		return false
	}
	if len(s.recent) >= s.most/2 {
		s.older, s.recent = s.recent, map[[sha256.Size]byte]struct{}{}
	}
	s.recent[key] = struct{}{}
	return true
}
