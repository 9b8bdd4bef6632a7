package federation

import "github.com/tongban/tongban/node/ledger"

// AtPoint has f called at every moment at which a renewal may be cut off, until
// the returned function is called.
func AtPoint(f func(name string)) (restore func()) {
	before := point
	point = f
	return func() { point = before }
}

// Reads has this program say that it reads entries of a level.
func Reads(level int) (restore func()) {
	ahead.Store(int32(level - ledger.Level))
	return func() { ahead.Store(0) }
}

// SetDisk replaces what is known of the room a node has.
func (n *Node) SetDisk(d Disk) { n.disk = d }
