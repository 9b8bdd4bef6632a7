package carry

import (
	"context"
	"io"
	"time"

	"github.com/tongban/tongban/federation/seal"
)

const (
	// batchLines and batchBytes bound what is applied in one transaction.
	batchLines = 4096
	batchBytes = 16 << 20
	// clockTolerance is by how much a bundle may be ahead of this node's
	// clock: nothing but a person's confidence hangs on its time, and the
	// clocks of machines without a line are what they are.
	clockTolerance = 24 * time.Hour
	// sealBytes is more than the head of a sealed file may have.
	sealBytes = 3 << 20
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
	file := &countingReader{r: &limitedReader{r: r, left: limits.Bytes + limits.Bytes/256 + sealBytes}}
	outside, plain, err := seal.Open(file, n.addressed, n.keys()...)
	if err != nil {
		return Summary{}, unsealed(err, outside)
	}
	c := &checker{n: n, ctx: ctx, from: map[string]uint64{}}
	if _, err := read(io.TeeReader(&unsealing{plain, outside}, spool{copied}), limits, c); err != nil {
		return Summary{}, err
	}
	if err := c.finish(); err != nil {
		return Summary{}, err
	}
	copied.Rewind()
	a := &applier{n: n, ctx: ctx, c: c, sum: c.h.summary()}
	a.sum.Bytes, a.sum.Unverified, a.sum.Personal = file.n, c.unverified, c.personal
	if n.Taken != nil {
		defer n.Taken()
	}
	if _, err := read(copied, limits, a); err != nil {
		return a.sum, stored(err)
	}
	return a.sum, stored(a.finish())
}

// unsealing reads the content of a sealed file.
type unsealing struct {
	r       io.Reader
	outside seal.Header
}

func (u *unsealing) Read(b []byte) (int, error) {
	n, err := u.r.Read(b)
	if err != nil && err != io.EOF {
		err = unsealed(err, u.outside)
	}
	return n, err
}

// countingReader counts what is read.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}
