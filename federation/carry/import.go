package carry

import (
	"context"
	"io"
	"time"
)

const (
	// batchLines and batchBytes bound what is applied in one transaction.
	batchLines = 4096
	batchBytes = 16 << 20
	// clockTolerance is by how much a bundle may be ahead of this node's
	// clock: nothing but a person's confidence hangs on its time, and the
	// clocks of machines without a line are what they are.
	clockTolerance = 24 * time.Hour
)

// Import takes a bundle in. Everything is checked before anything is applied;
// see the package's crash story for what an error leaves behind.
func (n *Node) Import(ctx context.Context, r io.Reader) (Summary, error) {
	limits := n.Limits.withDefaults()
	limits.AttachmentBytes = min(limits.AttachmentBytes, n.Blobs.MaxBytes())
	copied, done, err := n.tempFile()
	if err != nil {
		return Summary{}, err
	}
	defer done()
	count := &countingWriter{w: spool{copied}}
	c := &checker{n: n, ctx: ctx, from: map[string]uint64{}}
	if _, err := read(io.TeeReader(r, count), limits, c); err != nil {
		return Summary{}, err
	}
	if err := c.finish(); err != nil {
		return Summary{}, err
	}
	if _, err := copied.Seek(0, io.SeekStart); err != nil {
		return Summary{}, ErrStorage.Because(err)
	}
	a := &applier{n: n, ctx: ctx, c: c, sum: c.h.summary()}
	a.sum.Bytes, a.sum.Unverified, a.sum.Personal = count.n, c.unverified, c.personal
	if n.Taken != nil {
		defer n.Taken()
	}
	if _, err := read(copied, limits, a); err != nil {
		return a.sum, stored(err)
	}
	return a.sum, stored(a.finish())
}
