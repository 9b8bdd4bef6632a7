package federation

// AtPoint has f called at every moment at which a renewal may be cut off, until
// the returned function is called.
func AtPoint(f func(name string)) (restore func()) {
	before := point
	point = f
	return func() { point = before }
}

// Reads has this program say that it reads entries of a level.
func Reads(level int) (restore func()) {
	before := reads
	reads = level
	return func() { reads = before }
}

// SetDisk replaces what is known of the room a node has.
func (n *Node) SetDisk(d Disk) { n.disk = d }
