package federation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store"
)

// Recover makes a stopped hub the only one of its county, with the data it
// has: after its database was restored from a backup, or when the majority of
// the hubs is lost for good. The other hubs must be emptied before they join
// again.
func Recover(ctx context.Context, o Options) error {
	n, err := newNode(o)
	if err != nil {
		return err
	}
	defer n.stop()
	n.Store, err = store.Open(ctx, store.Options{Dir: o.Dir, Key: o.Key, Self: n.self, Limits: o.Limits, Logger: n.log})
	if err != nil {
		return err
	}
	defer n.Store.Close()
	if err := n.checkFounding(ctx, o.Membership); err != nil {
		return err
	}
	if err := n.refreshTrust(ctx); err != nil {
		return err
	}
	if err := n.checkOwn(); err != nil {
		return err
	}
	// What the log has beyond the database may never have been committed.
	if err := n.Store.MarkWentBack(ctx, n.now()); err != nil {
		return err
	}
	return county.Recover(county.Options{ID: n.self.Node, Cluster: string(n.self.County()), Dir: filepath.Join(o.Dir, "raft"), Key: o.Key,
		Advertise: o.PeerAdvertise, StateMachine: machine{n.Store}, Logger: n.log})
}

// ErrOtherCounty is a backup of another county, or of another node.
var ErrOtherCounty = errors.New("备份不属于本节点：请核对是否拿错了备份文件 (the backup is another node's or another county's)")

// CheckBackup holds a backup against what a directory is enrolled as: below
// the county the very node, everywhere a county with the same keys. The place
// names alone would let another county's data in. A directory without a
// membership is checked when it gets one.
func CheckBackup(dir string, m *store.Manifest, chain []json.RawMessage) error {
	own, err := LoadMembership(dir)
	if errors.Is(err, ErrNotEnrolled) {
		return nil
	}
	if err != nil {
		return err
	}
	is := own.Credential.Credential
	if m.Tier != is.Tier || m.Division != is.Division || m.Tier != node.County && !own.IsOrWas(m.Node) && !m.WasNode(is.Node) {
		return fmt.Errorf("%w: %s", ErrOtherCounty, m.Node)
	}
	for _, b := range chain {
		signed, err := trust.DecodeSignedTrust(b)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrOtherCounty, err)
		}
		bundle, err := trust.DecodeTrust(signed.Bundle)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrOtherCounty, err)
		}
		for _, root := range bundle.Roots {
			for _, known := range own.Trust.Roots {
				if bytes.Equal(root, known) {
					return nil
				}
			}
		}
	}
	return ErrOtherCounty
}
