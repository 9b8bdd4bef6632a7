package trust

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

// Directory is what a verifier knows about nodes and people: its copy of the
// ledger. A node that is not in it does not exist.
type Directory interface {
	// Credential is a node's signed credential, and whether the county has
	// revoked it.
	Credential(nodeID string) (c SignedCredential, revoked, ok bool)
	// Staff is what is known now of a person.
	Staff(id string) (StaffState, bool)
	// SessionEnded tells whether the session was logged out or withdrawn, as
	// far as this node knows.
	SessionEnded(sid string) bool
}

// StaffState is the present standing of a member of staff.
type StaffState struct {
	Disabled   bool
	Division   division.Code
	Department string
	Roles      []identity.Role
	// Epoch grows with every change that ends tokens issued before it
	// (password, roles, department). The time of the change in milliseconds
	// or the ledger's index will do.
	Epoch int64
}

// Reason says why a token was refused, for logs and metrics only. It is the
// name of a claim or one of a few words, and never holds anything sent in.
type Reason string

// TokenError is the refusal of a token. It is ErrUnauthenticated, and its text
// says no more than that.
type TokenError struct{ Reason Reason }

func (e *TokenError) Error() string { return "请重新登录 unauthenticated" }

// Is makes every TokenError ErrUnauthenticated.
func (e *TokenError) Is(target error) bool { return target == ErrUnauthenticated }

func refuse(r Reason) error { return &TokenError{Reason: r} }

// Verifier checks staff tokens. It may be used by many goroutines.
type Verifier struct {
	trust     func() CountyTrust
	directory Directory
	parser    *jwt.Parser

	mu sync.Mutex
	// recent and older remember signatures found good, so that a page with
	// thirty requests costs one verification. Everything that can change is
	// looked at every time. Two generations bound the memory.
	recent, older map[[sha256.Size]byte]verified
}

type verified struct {
	claims Claims
	// by is the credential whose signature and key were checked, with the
	// bundle it was checked against.
	by     [sha256.Size]byte
	serial int64
}

// maxRemembered is the size of a generation.
const maxRemembered = 2048

// NewVerifier makes a verifier. trust gives the node's current bundle.
func NewVerifier(trust func() CountyTrust, directory Directory) *Verifier {
	return &Verifier{
		trust: trust, directory: directory,
		// The claims are checked by this package, with a clock that is given.
		parser: jwt.NewParser(jwt.WithValidMethods([]string{tokenAlg}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation()),
		recent: make(map[[sha256.Size]byte]verified),
	}
}

// Verify checks the whole chain: the token's form, the county's signature on
// the issuing node's credential, the node's signature on the token, that the
// token stays within the credential, and what the ledger knows of the node
// and the person. Every error is a *TokenError.
func (v *Verifier) Verify(token string, now time.Time) (Claims, error) {
	if len(token) > maxToken {
		return Claims{}, refuse("size")
	}
	unverified, err := v.decode(token)
	if err != nil {
		return Claims{}, err
	}
	signed, revoked, ok := v.directory.Credential(unverified.Issuer)
	cred := signed.Credential
	switch {
	case !ok || cred.Node != unverified.Issuer:
		return Claims{}, refuse("unknown_node")
	case revoked:
		return Claims{}, refuse("revoked_node")
	case checkValidity(cred, now) != nil:
		return Claims{}, refuse("expired_node")
	}
	trust := v.trust()
	c, err := v.checkSignatures(token, unverified, signed, trust)
	if err != nil {
		return Claims{}, err
	}
	if c.Audience != Audience(trust.County) {
		return Claims{}, refuse("aud")
	}
	if reason := c.checkWithin(cred); reason != "" {
		return Claims{}, refuse(reason)
	}
	if reason := c.checkTime(now); reason != "" {
		return Claims{}, refuse(reason)
	}
	return c, v.checkPerson(c)
}

// decode takes a token apart, from memory when the same bytes were found good
// before: what they say does not change, only what is thought of it.
func (v *Verifier) decode(token string) (Claims, error) {
	if known, ok := v.remembered(sha256.Sum256([]byte(token))); ok {
		return known.claims, nil
	}
	return decodeToken(token)
}

// checkSignatures checks the county's signature on the credential and the
// node's on the token, unless that was done before for the same three things.
func (v *Verifier) checkSignatures(token string, c Claims, signed SignedCredential, trust CountyTrust) (Claims, error) {
	message, err := credentialMessage(signed.Credential)
	if err != nil {
		return Claims{}, refuse("credential")
	}
	key := sha256.Sum256([]byte(token))
	by := sha256.Sum256(append(message, signed.Sig...))
	if known, ok := v.remembered(key); ok && known.by == by && known.serial == trust.Serial {
		known.claims.Roles = slices.Clone(known.claims.Roles) // the caller's own
		return known.claims, nil
	}
	if err := trust.verifyCredentialSignature(signed); err != nil {
		return Claims{}, refuse("credential")
	}
	_, err = v.parser.ParseWithClaims(token, &Claims{}, func(*jwt.Token) (any, error) {
		return ed25519.PublicKey(signed.Credential.SignKey), nil
	})
	if err != nil {
		return Claims{}, refuse("signature")
	}
	v.remember(key, verified{claims: c, by: by, serial: trust.Serial})
	c.Roles = slices.Clone(c.Roles)
	return c, nil
}

// checkPerson narrows the token to what the person may be now.
func (v *Verifier) checkPerson(c Claims) error {
	if v.directory.SessionEnded(c.Session) {
		return refuse("session")
	}
	staff, ok := v.directory.Staff(c.Subject)
	switch {
	case !ok:
		return refuse("unknown_staff")
	case staff.Disabled:
		return refuse("disabled")
	case c.Epoch < staff.Epoch:
		return refuse("epoch")
	case staff.Division != c.Division:
		return refuse("staff_division")
	case staff.Department != c.Department:
		return refuse("staff_department")
	}
	for _, r := range c.Roles {
		if !slices.Contains(staff.Roles, r) {
			return refuse("role")
		}
	}
	return nil
}

func (c Claims) checkTime(now time.Time) Reason {
	skew := int64(clockSkew / time.Second)
	switch at := now.Unix(); {
	case at >= c.ExpiresAt:
		return "exp"
	case at+skew < c.NotBefore:
		return "nbf"
	case at+skew < c.IssuedAt:
		return "iat"
	}
	return ""
}

// decodeToken takes a token apart more strictly than package jwt does: three
// parts, exactly the header this package writes, only known claims, each
// once, spelt exactly. So a header cannot bring its own key or point to one.
func decodeToken(token string) (Claims, error) {
	if strings.Count(token, ".") != 2 {
		return Claims{}, refuse("parts")
	}
	// Package base64 passes over line breaks, which would give one token many
	// spellings.
	if strings.ContainsFunc(token, notInToken) {
		return Claims{}, refuse("characters")
	}
	head, rest, _ := strings.Cut(token, ".")
	body, _, _ := strings.Cut(rest, ".")
	strict := base64.RawURLEncoding.Strict()

	raw, err := strict.DecodeString(head)
	if err != nil {
		return Claims{}, refuse("header")
	}
	var h struct {
		Alg string `json:"alg"`
		Typ string `json:"typ"`
		Kid string `json:"kid"`
	}
	if err := decodeStrict(raw, maxToken, &h, "alg", "typ", "kid"); err != nil {
		return Claims{}, refuse("header")
	}
	if h.Alg != tokenAlg {
		return Claims{}, refuse("alg")
	}
	if h.Typ != tokenType {
		return Claims{}, refuse("typ")
	}
	if !ValidNodeID(h.Kid) {
		return Claims{}, refuse("kid")
	}

	raw, err = strict.DecodeString(body)
	if err != nil {
		return Claims{}, refuse("claims")
	}
	var c Claims
	if err := decodeStrict(raw, maxToken, &c, claimFields...); err != nil {
		return Claims{}, refuse("claims")
	}
	if c.Issuer != h.Kid {
		return Claims{}, refuse("iss")
	}
	if reason := c.checkForm(); reason != "" {
		return Claims{}, refuse(reason)
	}
	return c, nil
}

func notInToken(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

func (v *Verifier) remembered(key [sha256.Size]byte) (verified, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	known, ok := v.recent[key]
	if !ok {
		known, ok = v.older[key]
	}
	return known, ok
}

func (v *Verifier) remember(key [sha256.Size]byte, good verified) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.recent) >= maxRemembered {
		v.older, v.recent = v.recent, make(map[[sha256.Size]byte]verified, maxRemembered)
	}
	v.recent[key] = good
}
