package trust

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"

	"github.com/tongban/tongban/node/ledger"
)

const recoveryDomain = "tongban recovery v1\n"

// SignRecovery signs, with the root key in use, the county's word that its
// ledger went back.
func (k *CountyKeys) SignRecovery(r ledger.Recovery) (ledger.CountyRecoveryV1, error) {
	if r.County != k.County() {
		return ledger.CountyRecoveryV1{}, fmt.Errorf("sign recovery of %s: %w", r.County, ErrWrongCounty)
	}
	message, err := recoveryMessage(r)
	if err != nil {
		return ledger.CountyRecoveryV1{}, err
	}
	return ledger.CountyRecoveryV1{Recovery: r, Sig: ed25519.Sign(k.root, message)}, nil
}

// VerifyRecovery checks that a root of the county signed a recovery and that
// it is whole. Errors: ErrMalformed, ErrWrongCounty, ErrSignature.
func (t CountyTrust) VerifyRecovery(s ledger.CountyRecoveryV1) error {
	if err := s.Check(); err != nil {
		return fmt.Errorf("verify recovery: %w: %w", ErrMalformed, err)
	}
	if s.Recovery.County != t.County {
		return fmt.Errorf("verify recovery: %w", ErrWrongCounty)
	}
	message, err := recoveryMessage(s.Recovery)
	if err != nil {
		return err
	}
	if !verifyAny(t.Roots, message, s.Sig) {
		return fmt.Errorf("verify recovery: %w", ErrSignature)
	}
	return nil
}

func recoveryMessage(r ledger.Recovery) ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode recovery: %w", err)
	}
	return append([]byte(recoveryDomain), b...), nil
}
