package proof

import (
	"crypto/sha256"
	"crypto/subtle"
	"math/big"
	"strings"

	"github.com/tongban/tongban/node/ledger"
)

// The query code (查询码) with which an applicant looks a case up is made from
// the signature on its hand-in. Only the node that took the case in could make
// that signature, so nobody can guess the code from the number; every node that
// has the case has it, so the code can be printed and checked with the line
// down; and nothing has to be kept, sent or changed for it. A code drawn at
// random into the entry would do the same and be one more secret in every copy;
// one made with a key that all nodes share would give away every code in the
// county with one stolen machine.

const (
	queryDomain = "tongban query code v1\n"
	// queryLetters leaves out what is misread: 0 and O, 1, I and L.
	queryLetters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	queryLength  = 10 // 31^10: over 49 bits
)

// QueryCode is the query code of the case that an entry opens, as it is printed:
// two groups of five. It is empty for an entry without a signature.
func QueryCode(submission *ledger.Entry) string {
	if len(submission.Sig) == 0 {
		return ""
	}
	code := queryCode(submission.ID, submission.Sig)
	return code[:5] + "-" + code[5:]
}

func queryCode(id string, sig []byte) string {
	sum := sha256.Sum256(append([]byte(queryDomain+id+"\n"), sig...))
	n, base, digit := new(big.Int).SetBytes(sum[:]), big.NewInt(int64(len(queryLetters))), new(big.Int)
	code := make([]byte, queryLength)
	for i := range code {
		n.DivMod(n, base, digit)
		code[i] = queryLetters[digit.Int64()]
	}
	return string(code)
}

// CheckQueryCode tells whether a code as somebody typed it is that of a case. A
// nil submission is no case: it takes the same work and is never right.
func CheckQueryCode(submission *ledger.Entry, typed string) bool {
	id, sig := "none", make([]byte, 64)
	if submission != nil && len(submission.Sig) > 0 {
		id, sig = submission.ID, submission.Sig
	}
	typed = strings.ToUpper(strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '－' || r == '　' {
			return -1
		}
		return r
	}, typed))
	same := subtle.ConstantTimeCompare([]byte(queryCode(id, sig)), []byte(typed)) == 1
	return same && submission != nil && len(submission.Sig) > 0
}
