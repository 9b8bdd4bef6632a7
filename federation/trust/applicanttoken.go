package trust

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
)

// A token of an applicant is another thing than one of staff: another type in
// its header, another audience, other claims, and a verifier of its own. So
// neither can pass where the other is wanted, whatever one of these checks
// should miss.

// applicantTokenType stands in the header of applicants' tokens.
const applicantTokenType = "applicant+jwt"

// ApplicantAudience is who the tokens of a county's applicants are for.
func ApplicantAudience(county division.Code) string { return "tongban-applicant/" + string(county) }

// ApplicantClaims are what an applicant's token says. It names nobody.
type ApplicantClaims struct {
	Issuer   string `json:"iss"` // the hub's node id
	Account  string `json:"sub"`
	Audience string `json:"aud"`
	ID       string `json:"jti"`
	Session  string `json:"sid"`
	// Epoch is the account's Changed the token was issued under.
	Epoch     int64 `json:"epoch"`
	IssuedAt  int64 `json:"iat"`
	NotBefore int64 `json:"nbf"`
	ExpiresAt int64 `json:"exp"`
}

var applicantFields = []string{"iss", "sub", "aud", "jti", "sid", "epoch", "iat", "nbf", "exp"}

// IssueApplicant makes a token for an applicant. Only a hub may: applicants
// reach the county's address, and only the county knows their passwords.
func (i *Issuer) IssueApplicant(account, session string, epoch int64, now time.Time) (string, ApplicantClaims, error) {
	if err := checkValidity(i.Credential, now); err != nil {
		return "", ApplicantClaims{}, fmt.Errorf("issue applicant's token: %w", err)
	}
	if i.Credential.Tier != node.County {
		return "", ApplicantClaims{}, fmt.Errorf("issue applicant's token: %w: not a hub", ErrNotAllowed)
	}
	id := make([]byte, 16)
	rand.Read(id) // never fails: it ends the process instead
	at := now.Unix()
	c := ApplicantClaims{
		Issuer: i.Credential.Node, Account: account, Audience: ApplicantAudience(i.County), ID: base64.RawURLEncoding.EncodeToString(id),
		Session: session, Epoch: epoch, IssuedAt: at, NotBefore: at, ExpiresAt: min(at+int64(i.life()/time.Second), i.Credential.ExpiresAt/1000),
	}
	if reason := c.checkForm(); reason != "" {
		return "", ApplicantClaims{}, fmt.Errorf("issue applicant's token: %w: %s", ErrMalformed, reason)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
	t.Header["typ"], t.Header["kid"] = applicantTokenType, i.Credential.Node
	signed, err := t.SignedString(i.Key)
	if err != nil {
		return "", ApplicantClaims{}, fmt.Errorf("issue applicant's token: %w", err)
	}
	return signed, c, nil
}

func (c ApplicantClaims) checkForm() Reason {
	switch {
	case !ValidNodeID(c.Issuer):
		return "iss"
	case c.Account == "" || len(c.Account) > maxStaffText:
		return "sub"
	case c.ID == "" || len(c.ID) > maxStaffText:
		return "jti"
	case c.Session == "" || len(c.Session) > maxStaffText:
		return "sid"
	case c.IssuedAt <= 0 || c.NotBefore < c.IssuedAt || c.ExpiresAt <= c.NotBefore:
		return "times"
	case c.ExpiresAt-c.IssuedAt > int64(TokenLife/time.Second):
		return "life"
	}
	return ""
}

// ApplicantState is the present standing of an account.
type ApplicantState struct {
	// Active: it was activated and is not closed.
	Active bool
	// Epoch grows with every change that ends tokens issued before it.
	Epoch int64
}

// ApplicantDirectory is what an ApplicantVerifier knows about nodes and accounts.
type ApplicantDirectory interface {
	Credential(nodeID string) (c SignedCredential, revoked, ok bool)
	Applicant(account string) (ApplicantState, bool)
	SessionEnded(sid string) bool
}

// ApplicantVerifier checks the tokens of applicants. It may be used by many
// goroutines.
type ApplicantVerifier struct {
	trust     func() CountyTrust
	directory ApplicantDirectory
	parser    *jwt.Parser
}

// NewApplicantVerifier makes a verifier. trust gives the node's current bundle.
func NewApplicantVerifier(trust func() CountyTrust, directory ApplicantDirectory) *ApplicantVerifier {
	return &ApplicantVerifier{trust: trust, directory: directory,
		parser: jwt.NewParser(jwt.WithValidMethods([]string{tokenAlg}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())}
}

// Verify checks the whole chain, as Verifier.Verify does: form, the county's
// signature on the hub's credential, the hub's on the token, times, and what is
// known of the account now. Every error is a *TokenError.
func (v *ApplicantVerifier) Verify(token string, now time.Time) (ApplicantClaims, error) {
	c, err := decodeApplicantToken(token)
	if err != nil {
		return ApplicantClaims{}, err
	}
	no := func(r Reason) (ApplicantClaims, error) { return ApplicantClaims{}, refuse(r) }
	signed, revoked, ok := v.directory.Credential(c.Issuer)
	cred := signed.Credential
	county := v.trust()
	switch {
	case !ok || cred.Node != c.Issuer:
		return no("unknown_node")
	case revoked:
		return no("revoked_node")
	case checkValidity(cred, now) != nil:
		return no("expired_node")
	case cred.Tier != node.County:
		return no("tier")
	case c.Audience != ApplicantAudience(county.County):
		return no("aud")
	case c.IssuedAt+int64(clockSkew/time.Second) < cred.IssuedAt/1000 || c.ExpiresAt > cred.ExpiresAt/1000:
		return no("credential_times")
	}
	if err := county.verifyCredentialSignature(signed); err != nil {
		return no("credential")
	}
	if _, err := v.parser.ParseWithClaims(token, &ApplicantClaims{}, func(*jwt.Token) (any, error) { return ed25519.PublicKey(cred.SignKey), nil }); err != nil {
		return no("signature")
	}
	if reason := (Claims{IssuedAt: c.IssuedAt, NotBefore: c.NotBefore, ExpiresAt: c.ExpiresAt}).checkTime(now); reason != "" {
		return no(reason)
	}
	if v.directory.SessionEnded(c.Session) {
		return no("session")
	}
	switch state, ok := v.directory.Applicant(c.Account); {
	case !ok:
		return no("unknown_account")
	case !state.Active:
		return no("disabled")
	case c.Epoch < state.Epoch:
		return no("epoch")
	}
	return c, nil
}

// decodeApplicantToken takes a token apart as strictly as decodeToken does.
func decodeApplicantToken(token string) (ApplicantClaims, error) {
	no := func(r Reason) (ApplicantClaims, error) { return ApplicantClaims{}, refuse(r) }
	if len(token) > maxToken {
		return no("size")
	}
	if strings.Count(token, ".") != 2 || strings.ContainsFunc(token, notInToken) {
		return no("parts")
	}
	head, rest, _ := strings.Cut(token, ".")
	body, _, _ := strings.Cut(rest, ".")
	strict := base64.RawURLEncoding.Strict()
	var h struct {
		Alg string `json:"alg"`
		Typ string `json:"typ"`
		Kid string `json:"kid"`
	}
	raw, err := strict.DecodeString(head)
	if err == nil {
		err = decodeStrict(raw, maxToken, &h, "alg", "typ", "kid")
	}
	switch {
	case err != nil:
		return no("header")
	case h.Alg != tokenAlg:
		return no("alg")
	case h.Typ != applicantTokenType:
		return no("typ")
	}
	var c ApplicantClaims
	if raw, err = strict.DecodeString(body); err == nil {
		err = decodeStrict(raw, maxToken, &c, applicantFields...)
	}
	switch {
	case err != nil:
		return no("claims")
	case c.Issuer != h.Kid:
		return no("iss")
	}
	if reason := c.checkForm(); reason != "" {
		return no(reason)
	}
	return c, nil
}

// The methods below let package jwt read the claims.

// GetExpirationTime implements jwt.Claims.
func (c ApplicantClaims) GetExpirationTime() (*jwt.NumericDate, error) {
	return numericDate(c.ExpiresAt), nil
}

// GetIssuedAt implements jwt.Claims.
func (c ApplicantClaims) GetIssuedAt() (*jwt.NumericDate, error) { return numericDate(c.IssuedAt), nil }

// GetNotBefore implements jwt.Claims.
func (c ApplicantClaims) GetNotBefore() (*jwt.NumericDate, error) {
	return numericDate(c.NotBefore), nil
}

// GetIssuer implements jwt.Claims.
func (c ApplicantClaims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject implements jwt.Claims.
func (c ApplicantClaims) GetSubject() (string, error) { return c.Account, nil }

// GetAudience implements jwt.Claims.
func (c ApplicantClaims) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings{c.Audience}, nil
}
