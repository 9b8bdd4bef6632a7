package store

import (
	"context"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// An origin forks when its disk is restored from an old copy and it numbers
// new entries with numbers that it had used before. Nobody can tell then what
// it will send next; its place is taken by a node enrolled anew.

// fork stops the origin of an entry that sent two different entries under one
// seq.
func (a *applier) fork(e *ledger.Entry) error { return a.forkOrigin(e.Origin, e.Scope) }

func (a *applier) forkOrigin(origin string, scope division.Code) error {
	if err := a.w.exec(a.ctx, `INSERT INTO origins (node, last_seq, forked) VALUES (?, 0, 1) ON CONFLICT (node) DO UPDATE SET forked = 1`, origin); err != nil {
		return err
	}
	reason := (&Refused{
		ZH: "该节点用同一序号发来了两份不同的内容，可能是从旧备份恢复。已停止接收，请吊销该节点并重新登记",
		EN: "this node sent two different entries under one number; its disk was probably restored from an old copy. Revoke it and enrol it anew",
	}).Reason()
	return a.w.exec(a.ctx, `INSERT OR IGNORE INTO attention (entry, idx, case_id, origin, scope, code, reason, at) VALUES (?, 0, '', ?, ?, 'forked_origin', ?, ?)`,
		"fork:"+origin, origin, string(scope), reason, a.now)
}

// MarkForked stops an origin here, after a node above answered that it
// forked: nothing more is recorded or taken under its name. At is now, Unix
// milliseconds.
func (s *Store) MarkForked(ctx context.Context, origin string, at int64) error {
	if _, forked, err := s.LastSeq(ctx, origin); err != nil || forked {
		return err
	}
	return s.write(ctx, func(w *writer) error {
		a, err := s.applier(ctx, w, at)
		if err != nil {
			return err
		}
		scope, err := divisionOf(ctx, w, selectNodeDivision, origin, nodeUnknown)
		if refusalOf(err) != nil {
			scope, err = s.self.Division, nil
		}
		if err != nil {
			return err
		}
		return a.forkOrigin(origin, scope)
	})
}
