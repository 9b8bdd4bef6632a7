// Package proof makes a document on paper something that anybody can check: the
// code printed on it says what it is, signed, and a verdict tells what the code
// is worth. It needs nothing but the code and the county's public keys; what
// the ledger knows besides (a newer one took its place) is asked where there is
// a line.
//
// # The code
//
// The QR code's text is "TB1:" and, in base32 without padding (so that a QR code
// holds it in its alphanumeric mode), these bytes:
//
//	 1  version, now 1
//	 1  kind of document, see kinds
//	 1  which of its kind in the case, from 1
//	13  case number: its 29 digits as an integer, big-endian; 0 for none
//	 2  date: days since 2000-01-01, big-endian
//	32  SHA-256 of the document's canonical JSON
//	 8  key: the beginning of the SHA-256 of the signer's public key
//	 1  length of the item code, and the item code
//	 1  length of the applicant, and the applicant: a person masked, an
//	    organisation by its name, cut to 45 bytes
//	64  ed25519 signature over "tongban document v1\n" and all bytes before
//
// Every code has one spelling: what does not encode to itself is refused.
package proof

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

const (
	prefix       = "TB1:"
	codeVersion  = 1
	signDomain   = "tongban document v1\n"
	caseBytes    = 13
	headBytes    = 3 + caseBytes + 2 + sha256.Size + keyIDBytes
	keyIDBytes   = 8
	maxItem      = 40
	maxApplicant = 45
	// maxText is more than any code has: what is longer is not looked at.
	maxText = 1024
)

// ErrMalformed is a text that is no code.
var ErrMalformed = errors.New("proof: not a document code")

// Code is what a document's QR code says.
type Code struct {
	Kind document.Kind
	// Nth is which of its kind in its case it is, from 1.
	Nth       int
	Case      casework.Number // zero for a paper that is about no case
	Date      calendar.Date
	Hash      [sha256.Size]byte
	Key       string // identity.KeyID of the signer's key
	Item      string
	Applicant string
	Sig       []byte
}

// kinds are the numbers of the kinds of documents. They are never changed or
// given out again.
var kinds = map[document.Kind]byte{
	document.ReceiptSlip: 1, document.AcceptanceNotice: 2, document.RejectionNotice: 3, document.SupplementNotice: 4,
	document.SpecialProcedureNotice: 5, document.ExtensionNotice: 6, document.GrantDecision: 7, document.RefusalDecision: 8,
	document.TerminationNotice: 9, document.ServiceReceipt: 10, document.NoticeSheet: 11, document.PaymentNotice: 12,
	document.HearingNotice: 13, document.HearingSummons: 14, document.CorrectionDecision: 15, document.RevocationNotice: 16, document.RevocationDecision: 17,
	document.JointReceipt: 18, document.JointSupplementNotice: 19, document.JointAcceptanceNotice: 20, document.JointExtensionNotice: 21, document.JointResult: 22,
	document.RefusalNotice: 23, document.ResultServiceReceipt: 24,
}

// epoch is the day from which dates are counted.
var epoch, _ = calendar.NewDate(2000, 1, 1)

// Of is the code of a document, to be signed. Personal data in it is masked as
// for the public.
func Of(d *document.Document, applicant ledger.Applicant, nth int) (Code, error) {
	text, err := d.Canonical()
	if err != nil {
		return Code{}, err
	}
	c := Code{Kind: d.Kind, Nth: nth, Date: d.Date, Hash: sha256.Sum256(text), Item: d.Item.Code, Applicant: shown(applicant)}
	if d.Case != "" {
		if c.Case, err = casework.ParseNumber(d.Case); err != nil {
			return c, err
		}
	}
	return c, nil
}

// shown is an applicant as the public may read it.
func shown(a ledger.Applicant) string {
	if a.Type != "organisation" {
		return identifier.MaskName(a.Name)
	}
	name := a.Name
	for len(name) > maxApplicant {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name
}

// Number is the number of the document.
func (c Code) Number() string {
	if c.Case.IsZero() {
		return ""
	}
	return document.Number(c.Kind, c.Date, c.Case.String(), c.Nth)
}

// HashText is the hash in lower-case hexadecimal, as entries have it.
func (c Code) HashText() string { return hex.EncodeToString(c.Hash[:]) }

// Sign signs the code with a key and puts its id in.
func (c *Code) Sign(key ed25519.PrivateKey) error {
	c.Key = identity.KeyID(key.Public().(ed25519.PublicKey))
	payload, err := c.payload()
	if err != nil {
		return err
	}
	c.Sig = ed25519.Sign(key, append([]byte(signDomain), payload...))
	return nil
}

// SignedBy reports whether a key signed the code.
func (c Code) SignedBy(public []byte) bool {
	payload, err := c.payload()
	return err == nil && len(public) == ed25519.PublicKeySize && identity.KeyID(public) == c.Key &&
		ed25519.Verify(public, append([]byte(signDomain), payload...), c.Sig)
}

// Text is the code as it is printed. It must have been signed.
func (c Code) Text() (string, error) {
	payload, err := c.payload()
	if err != nil {
		return "", err
	}
	if len(c.Sig) != ed25519.SignatureSize {
		return "", fmt.Errorf("proof: a code without a signature")
	}
	return prefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(append(payload, c.Sig...)), nil
}

func (c Code) payload() ([]byte, error) {
	key, err := hex.DecodeString(c.Key)
	days := c.Date.DaysSince(epoch)
	switch {
	case kinds[c.Kind] == 0:
		return nil, fmt.Errorf("proof: no code for %q", c.Kind)
	case c.Nth < 1 || c.Nth > 255 || c.Date.IsZero() || days < 0 || days > 0xffff:
		return nil, fmt.Errorf("proof: number %d of its kind, date %s", c.Nth, c.Date)
	case err != nil || len(key) != keyIDBytes:
		return nil, fmt.Errorf("proof: key %q", c.Key)
	case c.Item == "" || len(c.Item) > maxItem || len(c.Applicant) > maxApplicant || !utf8.ValidString(c.Item) || !utf8.ValidString(c.Applicant):
		return nil, fmt.Errorf("proof: item of %d bytes, applicant of %d", len(c.Item), len(c.Applicant))
	}
	b := []byte{codeVersion, kinds[c.Kind], byte(c.Nth)}
	number := new(big.Int)
	if !c.Case.IsZero() {
		number.SetString(c.Case.Compact(), 10)
	}
	b = append(b, number.FillBytes(make([]byte, caseBytes))...)
	b = binary.BigEndian.AppendUint16(b, uint16(days))
	b = append(b, c.Hash[:]...)
	b = append(b, key...)
	b = append(append(b, byte(len(c.Item))), c.Item...)
	return append(append(b, byte(len(c.Applicant))), c.Applicant...), nil
}

// Parse reads a code as a scanner gives it or as somebody typed it: letter case
// and white space make no difference. The signature is not checked. The error
// is ErrMalformed.
func Parse(text string) (Code, error) {
	if len(text) > maxText {
		return Code{}, fmt.Errorf("%w: %d characters", ErrMalformed, len(text))
	}
	text = strings.ToUpper(strings.Join(strings.Fields(text), ""))
	body, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return Code{}, fmt.Errorf("%w: it does not begin with %s", ErrMalformed, prefix)
	}
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(body)
	if err != nil {
		return Code{}, fmt.Errorf("%w: base32", ErrMalformed)
	}
	c, err := decode(b)
	if err != nil {
		return Code{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if again, err := c.Text(); err != nil || again != text {
		return Code{}, fmt.Errorf("%w: not in its one spelling", ErrMalformed)
	}
	return c, nil
}

func decode(b []byte) (c Code, err error) {
	if len(b) < headBytes+2+ed25519.SignatureSize {
		return c, fmt.Errorf("cut off: %d bytes", len(b))
	}
	if b[0] != codeVersion {
		return c, fmt.Errorf("version %d needs another tongban", b[0])
	}
	for k, n := range kinds {
		if n == b[1] {
			c.Kind = k
		}
	}
	if c.Kind == "" {
		return c, fmt.Errorf("kind %d needs another tongban", b[1])
	}
	c.Nth = int(b[2])
	at := 3
	if number := b[at : at+caseBytes]; !bytes.Equal(number, make([]byte, caseBytes)) {
		if c.Case, err = casework.ParseNumber(fmt.Sprintf("%029s", new(big.Int).SetBytes(number))); err != nil {
			return c, err
		}
	}
	at += caseBytes
	c.Date = epoch.AddDays(int(binary.BigEndian.Uint16(b[at:])))
	at += 2
	at += copy(c.Hash[:], b[at:])
	c.Key = hex.EncodeToString(b[at : at+keyIDBytes])
	rest := b[at+keyIDBytes : len(b)-ed25519.SignatureSize]
	c.Sig = bytes.Clone(b[len(b)-ed25519.SignatureSize:])
	if c.Item, rest, err = cutText(rest); err != nil {
		return c, err
	}
	if c.Applicant, rest, err = cutText(rest); err != nil {
		return c, err
	}
	if len(rest) != 0 {
		return c, fmt.Errorf("%d bytes too many", len(rest))
	}
	return c, nil
}

func cutText(b []byte) (text string, rest []byte, err error) {
	if len(b) == 0 || len(b)-1 < int(b[0]) {
		return "", nil, fmt.Errorf("a text is cut off")
	}
	return string(b[1 : 1+b[0]]), b[1+b[0]:], nil
}
