package trust

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

const (
	// TokenLife is how long a staff token is good.
	TokenLife = 15 * time.Minute
	// clockSkew is by how much a verifier's clock may be behind the
	// issuer's; from there on nodes warn.
	clockSkew = time.Minute
	// maxToken bounds a token before anything looks into it.
	maxToken     = 4096
	maxName      = 256
	maxStaffText = 64
	tokenAlg     = "EdDSA"
	tokenType    = "JWT"
)

// Claims are what a staff token says. Times are Unix seconds, as JWT has it.
type Claims struct {
	Issuer   string `json:"iss"` // node id
	Subject  string `json:"sub"` // staff id
	Audience string `json:"aud"` // Audience(county)
	ID       string `json:"jti"`
	// Session is the login the token belongs to.
	Session    string          `json:"sid"`
	Name       string          `json:"name"`
	Tier       node.Tier       `json:"tier"`
	Division   division.Code   `json:"division"`
	Department string          `json:"department,omitempty"`
	Roles      []identity.Role `json:"roles"`
	// Epoch is the StaffState.Epoch the token was issued under.
	Epoch     int64 `json:"epoch"`
	IssuedAt  int64 `json:"iat"`
	NotBefore int64 `json:"nbf"`
	ExpiresAt int64 `json:"exp"`
}

var claimFields = []string{"iss", "sub", "aud", "jti", "sid", "name", "tier", "division", "department",
	"roles", "epoch", "iat", "nbf", "exp"}

// Audience is who a county's staff tokens are for.
func Audience(county division.Code) string { return "tongban/" + string(county) }

// Issuer issues staff tokens in a node's name.
type Issuer struct {
	// County is the node's county.
	County division.Code
	// Credential is the node's own; no token goes beyond it.
	Credential identity.Credential
	// Key is the signing key the credential names.
	Key ed25519.PrivateKey
	// Life is how long its tokens are good, at most TokenLife; 0 is TokenLife.
	Life time.Duration
}

// Login is whom a token is for.
type Login struct {
	Staff      string
	Name       string
	Session    string
	Department string
	Roles      []identity.Role
	Epoch      int64
}

func (i *Issuer) life() time.Duration {
	if i.Life <= 0 || i.Life > TokenLife {
		return TokenLife
	}
	return i.Life
}

// Issue makes a token for a person of the node's own division. It is good for
// TokenLife, or until the node's credential ends. ErrNotAllowed when the node
// may not speak for those roles, ErrExpired when its credential has ended.
func (i *Issuer) Issue(l Login, now time.Time) (string, Claims, error) {
	if err := checkValidity(i.Credential, now); err != nil {
		return "", Claims{}, fmt.Errorf("issue token: %w", err)
	}
	id := make([]byte, 16)
	rand.Read(id) // never fails: it ends the process instead
	at := now.Unix()
	c := Claims{
		Issuer: i.Credential.Node, Subject: l.Staff, Audience: Audience(i.County),
		ID: base64.RawURLEncoding.EncodeToString(id), Session: l.Session, Name: l.Name,
		Tier: i.Credential.Tier, Division: i.Credential.Division, Department: l.Department,
		Roles: slices.Clone(l.Roles), Epoch: l.Epoch,
		IssuedAt: at, NotBefore: at,
		ExpiresAt: min(at+int64(i.life()/time.Second), i.Credential.ExpiresAt/1000),
	}
	if reason := c.checkForm(); reason != "" {
		return "", Claims{}, fmt.Errorf("issue token: %w: %s", ErrMalformed, reason)
	}
	if reason := c.checkWithin(i.Credential); reason != "" {
		return "", Claims{}, fmt.Errorf("issue token: %w: %s", ErrNotAllowed, reason)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
	t.Header["kid"] = i.Credential.Node
	signed, err := t.SignedString(i.Key)
	if err != nil {
		return "", Claims{}, fmt.Errorf("issue token: %w", err)
	}
	if len(signed) > maxToken {
		return "", Claims{}, fmt.Errorf("issue token: %w: %d bytes, at most %d", ErrMalformed, len(signed), maxToken)
	}
	return signed, c, nil
}

// Subject is the person as the table of permissions sees them in one of their
// roles; false when the token does not carry the role.
func (c Claims) SubjectAs(r identity.Role) (identity.Subject, bool) {
	if !slices.Contains(c.Roles, r) {
		return identity.Subject{}, false
	}
	return identity.Subject{Role: r, Tier: c.Tier, Division: c.Division, Department: c.Department}, true
}

// ActorAs is the person as an entry recorded at a node names them.
func (c Claims) ActorAs(r identity.Role, nodeID string) identity.Actor {
	return identity.Actor{Staff: c.Subject, Name: c.Name, Role: r, Node: nodeID}
}

// checkForm looks at the claims alone and tells what is wrong.
func (c Claims) checkForm() Reason {
	switch {
	case !ValidNodeID(c.Issuer):
		return "iss"
	case c.Subject == "" || len(c.Subject) > maxStaffText:
		return "sub"
	case c.ID == "" || len(c.ID) > maxStaffText:
		return "jti"
	case c.Session == "" || len(c.Session) > maxStaffText:
		return "sid"
	case len(c.Name) > maxName || !utf8.ValidString(c.Name):
		return "name"
	case len(c.Department) > maxStaffText:
		return "department"
	case len(c.Roles) == 0 || len(c.Roles) > len(identity.Roles):
		return "roles"
	case c.IssuedAt <= 0 || c.NotBefore < c.IssuedAt || c.ExpiresAt <= c.NotBefore:
		return "times"
	case c.ExpiresAt-c.IssuedAt > int64(TokenLife/time.Second):
		return "life"
	}
	for i, r := range c.Roles {
		if !r.Valid() || slices.Contains(c.Roles[:i], r) {
			return "roles"
		}
	}
	return ""
}

// checkWithin tells in what the claims go beyond the issuing node's
// credential.
func (c Claims) checkWithin(cred identity.Credential) Reason {
	switch {
	case c.Issuer != cred.Node:
		return "iss"
	case c.Tier != cred.Tier:
		return "tier"
	case c.Division != cred.Division:
		return "division"
	case c.IssuedAt+int64(clockSkew/time.Second) < cred.IssuedAt/1000 || c.ExpiresAt > cred.ExpiresAt/1000:
		return "credential_times"
	}
	for _, r := range c.Roles {
		if r.Tier() != cred.Tier {
			return "role_tier"
		}
		if r.Departmental() && c.Department == "" {
			return "department"
		}
	}
	return ""
}

// The methods below let package jwt read the claims.

// GetExpirationTime implements jwt.Claims.
func (c Claims) GetExpirationTime() (*jwt.NumericDate, error) { return numericDate(c.ExpiresAt), nil }

// GetIssuedAt implements jwt.Claims.
func (c Claims) GetIssuedAt() (*jwt.NumericDate, error) { return numericDate(c.IssuedAt), nil }

// GetNotBefore implements jwt.Claims.
func (c Claims) GetNotBefore() (*jwt.NumericDate, error) { return numericDate(c.NotBefore), nil }

// GetIssuer implements jwt.Claims.
func (c Claims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject implements jwt.Claims.
func (c Claims) GetSubject() (string, error) { return c.Subject, nil }

// GetAudience implements jwt.Claims.
func (c Claims) GetAudience() (jwt.ClaimStrings, error) { return jwt.ClaimStrings{c.Audience}, nil }

func numericDate(seconds int64) *jwt.NumericDate {
	if seconds == 0 {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(seconds, 0))
}
