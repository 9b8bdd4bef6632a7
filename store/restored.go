package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tongban/tongban/node"
)

const (
	// restoredKey marks, in meta, a state that came from a backup, or was begun
	// anew after the disk was lost. It may lack what this node had done.
	restoredKey = "restored"
	// successorKey is the node as which the machine goes on from there.
	successorKey = "successor"
)

const selectRestored = `SELECT value FROM meta WHERE key = 'restored'`

// Restored says whether this node's state came from a backup, or was begun anew
// after its disk was lost. Nothing is recorded in its name any more: whatever it
// did since the backup may turn up, on a stick or at its township. Its machine
// goes on as another node (Succeed).
func (s *Store) Restored(ctx context.Context) (bool, error) {
	n, err := count(ctx, s.read, selectRestored)
	return n != 0, err
}

// OwnThrough says whether this node has its own entries through seq.
func (s *Store) OwnThrough(ctx context.Context, seq uint64) (bool, error) {
	last, _, err := s.LastSeq(ctx, s.self.Node)
	return last >= seq, err
}

// Succeed notes that the machine of this restored node goes on as another one,
// from the next start on. Until then nothing changes.
func (s *Store) Succeed(ctx context.Context, successor string) error {
	err := s.write(ctx, func(w *writer) error {
		restored, err := w.number(ctx, selectRestored)
		if err != nil || restored == 0 {
			return err
		}
		return w.setMeta(ctx, successorKey, successor)
	})
	if err != nil {
		return fmt.Errorf("succeed as %s: %w", successor, err)
	}
	return nil
}

// checkRestored refuses what could be numbered a second time.
func (a *applier) checkRestored() error {
	n, err := a.w.number(a.ctx, selectRestored)
	if err != nil || n == 0 {
		return err
	}
	return refuse("restored", "本机数据由备份恢复，正在与上级核对并换用新的节点编号，完成前不能办理，请接通网络",
		"this node was restored from a backup: it asks the nodes above what it had sent since and goes on under a new id; connect the line, nothing is recorded until then")
}

// meta reads a single value; known is false where there is none.
func (w *writer) meta(ctx context.Context, key string) (value string, known bool, err error) {
	err = w.row(ctx, `SELECT value FROM meta WHERE key = ?`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, storage("read meta", err)
}

// claim ties a new database to its node and refuses one that belongs to
// another. Hubs hold one common state, so only their county is compared. A
// restored state goes with the machine: what the machine was before is no other
// node.
func (s *Store) claim(ctx context.Context, o Options) error {
	return s.w.transaction(ctx, func(w *writer) error {
		if err := keyNumbers(ctx, w); err != nil {
			return err
		}
		want := owner(s.self)
		for _, key := range []string{"county", "tier", "division", "node"} {
			value, ok := want[key]
			if !ok {
				continue
			}
			have, known, err := w.meta(ctx, key)
			switch {
			case err != nil:
				return err
			case !known:
				err = w.setMeta(ctx, key, value)
				if key == "node" && o.Lost && err == nil {
					err = w.setMeta(ctx, restoredKey, 1)
				}
			case have != value && key == "node":
				err = s.inherit(ctx, w, have, o.Predecessors)
			case have != value:
				err = fmt.Errorf("%w: its %s is %s, this node's is %s", ErrOtherNode, key, have, value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// inherit takes over the restored state of a node that this machine was before,
// or became later. If this node is the one that the machine goes on as, it may
// record; else it has to be succeeded like any restored node.
func (s *Store) inherit(ctx context.Context, w *writer, have string, predecessors []string) error {
	other := fmt.Errorf("%w: it is of %s, this node is %s", ErrOtherNode, have, s.self.Node)
	if s.self.Tier == node.County {
		return other
	}
	restored, err := w.number(ctx, selectRestored)
	if err != nil {
		return err
	}
	successor, _, err := w.meta(ctx, successorKey)
	if err != nil {
		return err
	}
	related, err := relatedIn(ctx, w, have, s.self.Node)
	switch {
	case err != nil:
		return err
	case restored == 0, !related && !slices.Contains(predecessors, have):
		return other
	case successor == s.self.Node:
		if err := w.exec(ctx, `DELETE FROM meta WHERE key = 'restored'`); err != nil {
			return err
		}
	}
	return errors.Join(w.exec(ctx, `DELETE FROM meta WHERE key = 'successor'`), w.setMeta(ctx, "node", s.self.Node))
}

// relatedIn tells whether a state knows two nodes as one machine's.
func relatedIn(ctx context.Context, db lookup, a, b string) (bool, error) {
	var n int
	err := db.row(ctx, `SELECT EXISTS (SELECT 1 FROM (`+selectPredecessors+`) WHERE id = ?2) OR EXISTS (SELECT 1 FROM (`+
		strings.ReplaceAll(selectPredecessors, "?1", "?2")+`) WHERE id = ?1)`, a, b).Scan(&n)
	return n != 0, storage("read predecessors", err)
}
