package store

import (
	"context"
	"encoding/json"

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

// insertFollowed inserts a record of the county's that is new here. Where this
// node holds another entry of the same origin and number, the origin forked
// and the county's word stands.
func (a *applier) insertFollowed(e *ledger.Entry, raw []byte, h *ledger.Head) error {
	if e.Seq > 0 {
		n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM entries WHERE origin = ? AND seq = ? OR id = ?)`, e.Origin, e.Seq, e.ID)
		if err != nil {
			return err
		}
		if n != 0 {
			if err := a.displace(e); err != nil {
				return err
			}
		}
	}
	return a.insert(e, raw, h, nil)
}

// displacedPrefix marks the id of an entry that lost its number.
const displacedPrefix = "displaced:"

// displace sets aside what this node holds, unconfirmed, of a forked origin
// from the number of the county's entry on. It stays here, asks for attention
// and can be handed in again.
func (a *applier) displace(e *ledger.Entry) error {
	rows, err := a.w.query(a.ctx, `SELECT id, case_id, entry FROM entries WHERE idx IS NULL AND origin = ? AND (seq >= ? OR id = ?) ORDER BY n`, e.Origin, e.Seq, e.ID)
	if err != nil {
		return err
	}
	type lost struct {
		id, caseID string
		raw        []byte
	}
	var all []lost
	for rows.Next() {
		var l lost
		if err := rows.Scan(&l.id, &l.caseID, &l.raw); err != nil {
			rows.Close()
			return storage("read forked entries", err)
		}
		all = append(all, l)
	}
	if err := rows.Close(); err != nil {
		return storage("read forked entries", err)
	}
	no := &Refused{Code: "forked_origin", ZH: "节点从旧备份恢复后登记的内容与县中心记录冲突，未被接受，请在重新登记的节点上重新提交",
		EN: "recorded after the node was restored from an old copy, in conflict with what the county has; hand it in again at the node enrolled anew"}
	for _, l := range all {
		id := displacedPrefix + l.id
		if err := a.w.exec(a.ctx, `UPDATE entries SET id = ?, seq = 0, status = 'refused', code = ?, reason = ? WHERE id = ?`, id, no.Code, no.Reason(), l.id); err != nil {
			return err
		}
		if err := a.w.exec(a.ctx, `UPDATE outbox SET id = ? WHERE id = ?`, id, l.id); err != nil {
			return err
		}
		var gone ledger.Entry
		if err := json.Unmarshal(l.raw, &gone); err != nil {
			return storage("read forked entries", err)
		}
		gone.ID = id
		if err := a.attend(&gone, 0, no.Code, no.Reason(), a.now); err != nil {
			return err
		}
		if l.caseID != "" {
			if err := a.rebuildCase(l.caseID); err != nil {
				return err
			}
		}
	}
	return a.forkOrigin(e.Origin, e.Scope)
}
