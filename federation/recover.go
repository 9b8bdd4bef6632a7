package federation

import (
	"context"
	"path/filepath"

	"github.com/tongban/tongban/federation/county"
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
	n.Store, err = store.Open(ctx, store.Options{Dir: o.Dir, Self: n.self, Limits: o.Limits, Logger: n.log})
	if err != nil {
		return err
	}
	defer n.Store.Close()
	return county.Recover(county.Options{ID: n.self.Node, Cluster: string(n.self.County()), Dir: filepath.Join(o.Dir, "raft"),
		Advertise: o.PeerAdvertise, StateMachine: machine{n.Store}, Logger: n.log})
}
