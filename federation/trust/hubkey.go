package trust

import (
	"fmt"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
)

// VerifyHubKey checks the entry by which a hub tells of its own key where the
// ledger went back to before the hub renewed it, so that the key before, which
// should have signed it, is gone: the county's root vouches for the new key, as
// for a county's first hub, and the entry is signed with it. It is for hubs
// alone, about themselves, and for entries that the county's ledger has as
// applied. Errors: ErrMalformed, ErrWrongCounty, ErrSignature, ErrExpired.
func (t CountyTrust) VerifyHubKey(e *ledger.Entry) error {
	body, err := e.Decode()
	if err != nil {
		return fmt.Errorf("verify a hub's key: %w: %w", ErrMalformed, err)
	}
	b, ok := body.(*ledger.NodeRenewV1)
	if !ok || e.Seq != 0 || b.Credential.Node != e.Origin || b.Credential.Tier != node.County {
		return fmt.Errorf("verify a hub's key: %w: %s", ErrMalformed, e.ID)
	}
	if err := t.VerifyCredential(SignedCredential{Credential: b.Credential, Sig: b.Root}, time.UnixMilli(b.Credential.IssuedAt)); err != nil {
		return err
	}
	if err := e.Verify(b.Credential.SignKey); err != nil {
		return fmt.Errorf("verify a hub's key: %w: %w", ErrSignature, err)
	}
	return nil
}
