package feed

import (
	"context"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// County is what a serving node knows of the county: a hub's own ledger
// (Ledger) or, at a township, what it follows itself (Follower).
type County interface {
	// Sighting is the present knowledge.
	Sighting() Sighting
	// Links lead from the checkpoint of size after to the newest known, each
	// with the proof that it continues the one before; none when after is the
	// newest. When no such chain is known, the newest link alone is given.
	Links(ctx context.Context, after uint64) ([]Link, error)
	// Inclusion proves that the record of an index is in the tree of a size,
	// Consistency that the tree of size to continues that of size from.
	// ErrNoProof when it cannot be had now.
	Inclusion(ctx context.Context, index, size uint64) (tlog.RecordProof, error)
	Consistency(ctx context.Context, from, to uint64) (tlog.TreeProof, error)
}

// Sighting is what a node knows of the county at an instant.
type Sighting struct {
	// Head is the newest index known to exist; zero when nothing is known.
	Head uint64
	// Time is the county's clock; TimeKnown is false when this node never
	// could compare.
	Time      time.Time
	TimeKnown bool
	// Heard is how long ago the county was last heard of; negative when never.
	Heard time.Duration
	// WentBack: the county has less than this node had from it.
	WentBack bool
}

// Link is a signed checkpoint and how it continues an older one.
type Link struct {
	// Note is the checkpoint, as trust.SignCheckpoint made it.
	Note string `json:"note"`
	// From is the size of the older tree, 0 for none; Proof is the proof of
	// tlog.ProveTree.
	From  uint64      `json:"from,omitempty"`
	Proof []tlog.Hash `json:"proof,omitempty"`
}
