package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

// The bodies in this file are frozen: a change is a new version. They are about
// documents that can be checked: whose seals there are, what they were put on,
// and what was printed.

// SealMakeV1 makes a seal: a department's, whose key only the county's hubs
// have, or a township's, whose key only its node has. The holder's seal of
// before, if there is one, ends with it.
type SealMakeV1 struct {
	Certificate identity.SealCertificate `json:"certificate"`
	// Sig is the signature over the certificate: the county's root key's, or
	// that of the township's node.
	Sig []byte `json:"sig"`
}

// Check implements Body.
func (b *SealMakeV1) Check() error {
	if len(b.Sig) != ed25519.SignatureSize {
		return fmt.Errorf("signature of %d bytes", len(b.Sig))
	}
	return b.Certificate.Check()
}

// SealRevokeV1 revokes a seal: what it is put on from At on is not valid, and
// what it was put on before only as far as the ledger shows that.
type SealRevokeV1 struct {
	// Key names the seal's key (identity.KeyID), Division and Department whose
	// it is.
	Key        string        `json:"key"`
	Division   division.Code `json:"division"`
	Department string        `json:"department,omitempty"`
	At         int64         `json:"at"`
	Reason     string        `json:"reason"`
}

// Check implements Body.
func (b *SealRevokeV1) Check() error {
	if len(b.Key) != 16 || b.At <= 0 {
		return fmt.Errorf("key %.32q, at %d", b.Key, b.At)
	}
	_, err := division.Parse(string(b.Division))
	return first(err, required("reason", b.Reason, maxText), optional("department", b.Department, maxName))
}

// Paper is a document of a case as it is kept: what is signed, and the code
// with the signature.
type Paper struct {
	// Kind and Number are the document's (package document).
	Kind   string `json:"kind"`
	Number string `json:"number"`
	// Hash is the SHA-256 of Text in lower-case hex. Text is the document's
	// canonical JSON; a reprint of what the ledger has leaves it out.
	Hash string `json:"hash"`
	Text string `json:"text,omitempty"`
	// Code is what the QR code says, with its signature (package proof).
	Code string `json:"code"`
	// Replaces is the hash of the document of this number that this one takes
	// the place of, and Why the reason; empty for the first.
	Replaces string `json:"replaces,omitempty"`
	Why      string `json:"why,omitempty"`
}

// maxPaper bounds the text of a document, bytes.
const maxPaper = 64 << 10

func (p *Paper) check() error {
	sum := sha256.Sum256([]byte(p.Text))
	switch {
	case len(p.Hash) != 2*sha256.Size || p.Replaces != "" && len(p.Replaces) != 2*sha256.Size:
		return fmt.Errorf("hash of %d, replaces of %d", len(p.Hash), len(p.Replaces))
	case len(p.Text) > maxPaper || p.Text != "" && hex.EncodeToString(sum[:]) != p.Hash:
		return fmt.Errorf("text of %d bytes does not fit its hash", len(p.Text))
	case (p.Replaces == "") != (p.Why == "") || p.Replaces != "" && p.Text == "":
		return fmt.Errorf("what takes another's place says which and why, and what it says itself")
	}
	return first(required("kind", p.Kind, maxIDBytes), required("number", p.Number, maxName), required("code", p.Code, 1024), optional("why", p.Why, maxText))
}

// CaseSealV1 puts a seal on a document of a case: its code is signed with the
// seal's key.
type CaseSealV1 struct {
	Paper
}

// Check implements Body.
func (b *CaseSealV1) Check() error {
	if b.Text == "" {
		return fmt.Errorf("a seal is put on a text")
	}
	return b.check()
}

// CasePrintV1 says that a document of a case was printed. Copy is 1 for the
// first print and counts the reprints (补打) after it.
type CasePrintV1 struct {
	Paper
	Copy int `json:"copy"`
}

// Check implements Body.
func (b *CasePrintV1) Check() error {
	if b.Copy < 1 || b.Copy > 10_000 {
		return fmt.Errorf("copy %d", b.Copy)
	}
	return b.check()
}

// CaseVoidV1 declares a document of a case void (作废).
type CaseVoidV1 struct {
	Kind   string `json:"kind"`
	Number string `json:"number"`
	Hash   string `json:"hash"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *CaseVoidV1) Check() error {
	if len(b.Hash) != 2*sha256.Size {
		return fmt.Errorf("hash of %d", len(b.Hash))
	}
	return first(required("kind", b.Kind, maxIDBytes), required("number", b.Number, maxName), required("reason", b.Reason, maxText))
}
