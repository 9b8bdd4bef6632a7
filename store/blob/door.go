package blob

import (
	"context"
	"io"
)

// Door is where people bring files. It takes less than the store does: at most
// what this node is set to, and only content that goes on to its end, as long as
// the person is there who can scan it again. What another node took at its door
// and acknowledged comes past this one: no node refuses it for ever.
//
// Its methods are the store's, for files of any of Types. Beside their errors
// there is *IncompleteError.
type Door struct {
	s *Store
	w way
}

// way is how strict the store is with what comes.
type way struct {
	most  int64 // bytes
	whole bool  // content has to go on to its end
}

// Door takes files of up to most bytes; the store's own limit holds as well.
func (s *Store) Door(most int64) Door {
	return Door{s, way{min(most, s.limits.MaxBytes), true}}
}

// between is how content comes that a door took, here or at another node.
func (s *Store) between() way { return way{most: s.limits.MaxBytes} }

// MaxBytes is the largest file that is taken.
func (d Door) MaxBytes() int64 { return d.w.most }

// Begin is Store.Begin. Content that is here already is looked at again.
func (d Door) Begin(ctx context.Context, hash string, size int64) (offset int64, err error) {
	return d.s.beginBy(ctx, hash, size, "", d.w)
}

// Append is Store.Append.
func (d Door) Append(ctx context.Context, hash string, offset int64, r io.Reader) (newOffset int64, err error) {
	return d.s.appendBy(ctx, hash, offset, r, d.w)
}

// BeginOwn is Store.BeginOwn.
func (d Door) BeginOwn(ctx context.Context, owner, hash string, size int64) (offset int64, err error) {
	return d.s.beginOwnBy(ctx, owner, hash, size, d.w)
}

// AppendOwn is Store.AppendOwn.
func (d Door) AppendOwn(ctx context.Context, owner, hash string, offset int64, r io.Reader) (newOffset int64, done *Info, err error) {
	return d.s.appendOwnBy(ctx, owner, hash, offset, r, d.w)
}

// Put is Store.Put.
func (d Door) Put(ctx context.Context, r io.Reader) (Info, error) { return d.s.putBy(ctx, r, d.w) }
