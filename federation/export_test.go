package federation

import (
	"context"

	"github.com/tongban/tongban/node/ledger"
)

// AtPoint has f called at every moment at which a renewal may be cut off, until
// the returned function is called.
func AtPoint(f func(name string)) (restore func()) {
	before := point
	point = f
	return func() { point = before }
}

// Reads has a node's program read entries of a level, until it is restarted.
func (n *Node) Reads(level int) { n.ahead.Store(int32(level - ledger.Level)) }

// SetDisk replaces what is known of the room a node has.
func (n *Node) SetDisk(d Disk) { n.disk = d }

// LookForUnnamed makes a look for uploads that nothing names, if one is due.
func (n *Node) LookForUnnamed(ctx context.Context) error { return n.removeUnnamed(ctx) }
