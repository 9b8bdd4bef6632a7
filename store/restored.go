package store

import (
	"context"
	"fmt"
)

// restoredKey marks, in meta, a state that came from a backup and may lack
// entries that this node had sent.
const restoredKey = "restored"

const selectRestored = `SELECT value FROM meta WHERE key = 'restored'`

// Restored says whether this node's state came from a backup and has not been
// held against the nodes above yet. Until SettleRestored nothing is recorded.
func (s *Store) Restored(ctx context.Context) (bool, error) {
	n, err := count(ctx, s.read, selectRestored)
	return n != 0, err
}

// SettleRestored ends that, if this node has its own entries through seq: the
// last one that any node above has.
func (s *Store) SettleRestored(ctx context.Context, seq uint64) (settled bool, err error) {
	err = s.write(ctx, func(w *writer) error {
		last, err := w.number(ctx, `SELECT last_seq FROM origins WHERE node = ?`, s.self.Node)
		if err != nil || uint64(last) < seq {
			return err
		}
		settled = true
		return w.exec(ctx, `DELETE FROM meta WHERE key = 'restored'`)
	})
	if err != nil {
		return false, fmt.Errorf("settle restored state: %w", err)
	}
	return settled, nil
}

// checkRestored refuses what would be numbered a second time.
func (a *applier) checkRestored() error {
	n, err := a.w.number(a.ctx, selectRestored)
	if err != nil || n == 0 {
		return err
	}
	return refuse("restored", "本机数据由备份恢复，正在与上级核对恢复前已上报的内容，核对完成前不能办理，请接通网络",
		"this node was restored from a backup and is asking the nodes above what it had sent since; connect the line, nothing is recorded until then")
}
