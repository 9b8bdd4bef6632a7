package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/atrest"
)

// A county is the one that its first bundle of keys founded. Names and division
// codes do not tell it from another founding, a trial for one, and keys are
// rotated; the first bundle stays the first entry of its ledger for ever, also
// when the ledger goes back to a backup. So what lies in a data directory is
// held against the founding that the node enrolled in, before it is used.

// ErrOtherFounding is a state.db of another founding of the county.
var ErrOtherFounding = errors.New("数据库 state.db 属于另一次组建的县（例如试运行），与本节点登记的县不同，未使用：请把 state.db*、local.db* 移到别处保存，放回本机自己的，或用 tongban restore 恢复本机备份 (state.db is of another founding of the county, a trial perhaps, and was not used: keep state.db* and local.db* elsewhere, put this node's own back, or restore this node's backup)")

// ErrOtherLocal is a local.db of another founding of the county.
var ErrOtherLocal = errors.New("local.db 属于另一次组建的县（例如试运行），未使用：请把 local.db* 移走后重新启动，其中只有登录状态等可以重建的内容 (local.db is of another founding of the county and was not used: move local.db* away and start again; it holds nothing but logins and the like)")

// foundingSetting is the founding that local.db belongs to.
const foundingSetting = "county.founding"

// checkFounding refuses databases of another founding of the county. What is
// empty belongs to nobody yet.
func (n *Node) checkFounding(ctx context.Context, m *Membership) error {
	chain, err := n.Store.TrustChain(ctx)
	if err != nil {
		return err
	}
	if err := sameFounding(chain, m.Founding); err != nil {
		return err
	}
	switch have, err := n.Store.Setting(ctx, foundingSetting); {
	case err != nil:
		return err
	case have == "":
		return n.Store.SetSetting(ctx, foundingSetting, m.Founding)
	case have != m.Founding:
		return fmt.Errorf("%w: %s, not %s", ErrOtherLocal, have, m.Founding)
	}
	return nil
}

// FoundingIn holds the databases in a node's folder against the founding that
// it enrolled in, without opening them for writing. It may run beside the node.
func FoundingIn(ctx context.Context, dir string, k *atrest.Key, m *Membership) error {
	chain, have, err := store.InspectFounding(ctx, dir, k, foundingSetting)
	if err != nil {
		return err
	}
	if err := sameFounding(chain, m.Founding); err != nil {
		return err
	}
	if have != "" && have != m.Founding {
		return fmt.Errorf("%w: %s, not %s", ErrOtherLocal, have, m.Founding)
	}
	return nil
}

// sameFounding refuses a ledger's chain of bundles that begins with another
// founding. An empty one belongs to nobody yet.
func sameFounding(chain []json.RawMessage, founding string) error {
	if len(chain) == 0 {
		return nil
	}
	first, err := trust.DecodeSignedTrust(chain[0])
	if err != nil {
		return fmt.Errorf("county keys in the ledger: %w", err)
	}
	bundle, err := trust.DecodeTrust(first.Bundle)
	if err != nil {
		return fmt.Errorf("county keys in the ledger: %w", err)
	}
	is, err := bundle.Fingerprint()
	if err != nil {
		return err
	}
	if is.String() != founding {
		return fmt.Errorf("%w: %s, not %s", ErrOtherFounding, is, founding)
	}
	return nil
}

// foundingOf is the founding at the beginning of a chain of bundles that leads
// to the one that is trusted already.
func foundingOf(chain []trust.SignedTrust, anchored trust.CountyTrust) (string, error) {
	first, err := trust.DecodeTrust(chain[0].Bundle)
	if err != nil {
		return "", err
	}
	newest, err := first.Advance(chain[1:]...)
	if err != nil {
		return "", err
	}
	if first.Serial != 1 || !sameBundle(newest, anchored) {
		return "", fmt.Errorf("the chain of bundles does not lead from the county's founding: %w", trust.ErrWrongCounty)
	}
	is, err := first.Fingerprint()
	return is.String(), err
}
