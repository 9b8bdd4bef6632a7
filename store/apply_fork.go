package store

import (
	"context"
	"database/sql"
	"errors"

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
	o, err := a.originRow(origin)
	if err != nil {
		return err
	}
	o.forked, o.changed = true, true
	reason := (&Refused{
		ZH: "该节点用同一序号发来了两份不同的内容，可能是从旧备份恢复。已停止接收，请吊销该节点并重新登记",
		EN: "this node sent two different entries under one number; its disk was probably restored from an old copy. Revoke it and enrol it anew",
	}).Reason()
	return a.w.exec(a.ctx, `INSERT OR IGNORE INTO attention (entry, idx, case_id, origin, scope, code, reason, at) VALUES (?, 0, '', ?, ?, 'forked_origin', ?, ?)`,
		"fork:"+origin, origin, string(scope), reason, a.now)
}

// maxForked bounds what the county keeps of a forked origin.
const maxForked = 500

// keepForked keeps at the county what a forked origin recorded and the ledger
// has no place for: people were told that it was saved. It is as readable as
// what is refused, and stands for nothing. taken: another entry has its id.
func (a *applier) keepForked(e *ledger.Entry, raw []byte, taken bool) error {
	if !isCounty(a.s.self.Tier) {
		return nil
	}
	if _, err := e.Decode(); err != nil {
		return nil // not even its kind can be told
	}
	kept := *e
	kept.Seq = 0
	if taken {
		kept.ID = "evicted:" + e.ID
	}
	if known, err := a.find(`id = ?`, kept.ID); err != nil || known != nil {
		return err
	}
	if n, err := a.w.number(a.ctx, `SELECT count(*) FROM entries WHERE origin = ? AND idx IS NULL AND seq = 0`, e.Origin); err != nil || n >= maxForked {
		return err
	}
	h := ledger.Head{Outcome: ledger.Refused, Code: forkedEntry.Code, Reason: forkedEntry.Reason()}
	if err := a.insert(&kept, raw, &h, nil); err != nil {
		return err
	}
	if err := a.nameAside(&kept); err != nil {
		return err
	}
	return a.attend(&kept, 0, h.Code, h.Reason, a.now)
}

// forkedEntry is why an entry of a forked origin does not stand.
var forkedEntry = &Refused{Code: "forked_origin", ZH: "该节点的数据与县中心的记录冲突（可能从旧备份恢复），这一件未入账。请县中心重新登记该节点，并按此内容重新办理",
	EN: "the node's numbers conflict with the county's ledger (restored from an old copy?), so this has no place in it; have the county enrol the node anew, and do it again from what is kept here"}

// MarkForked stops an origin here, after a node above answered that it
// forked: nothing more is recorded or taken under its name. At is now, Unix
// milliseconds.
func (s *Store) MarkForked(ctx context.Context, origin string, at int64) error {
	if _, forked, err := s.LastSeq(ctx, origin); err != nil || forked {
		return err
	}
	return s.write(ctx, func(w *writer) error {
		a, err := s.applier(ctx, w)
		if err != nil {
			return err
		}
		a.at(at)
		scope, err := divisionOf(ctx, w, selectNodeDivision, origin, nodeUnknown)
		if refusalOf(err) != nil {
			scope, err = s.self.Division, nil
		}
		if err != nil {
			return err
		}
		if err := a.forkOrigin(origin, scope); err != nil {
			return err
		}
		return a.flush()
	})
}

// ForkEvidence lists, for each origin that forked, the entries here that the
// county's ledger has no room for, as their origin signed them. Whoever has the
// true one under the number of the first sees by it that the origin forked, and
// the county keeps them all, for people to see.
func (s *Store) ForkEvidence(ctx context.Context) ([]OutboxEntry, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (OutboxEntry, error) {
		var e OutboxEntry
		err := r.Scan(&e.N, &e.Origin, &e.Raw)
		return e, err
	}, `SELECT n, origin, entry FROM entries WHERE idx IS NULL AND seq = 0 AND code = 'forked_origin' AND origin IN (SELECT node FROM origins WHERE forked) ORDER BY origin, n LIMIT 5000`)
}

// evict makes room for an entry of the county's ledger whose number another
// one has here: that origin's disk was restored from an old copy, and what it
// recorded since cannot become part of the ledger under that number, nor
// anything that it numbered after it. The same action repeated there with its
// key has the same id as well.
func (a *applier) evict(e *ledger.Entry) error {
	if e.Seq == 0 {
		return nil
	}
	rival, err := a.find(`origin = ? AND seq = ? AND seq > 0 AND idx IS NULL`, e.Origin, e.Seq)
	if err == nil && rival != nil {
		err = a.evictFrom(e)
	}
	if err != nil {
		return err
	}
	rival, err = a.find(`id = ? AND idx IS NULL`, e.ID)
	if err == nil && rival != nil {
		err = a.evictAll(e, []stored{*rival})
	}
	return err
}

// evictFrom evicts all that the origin of an entry recorded from its number on
// and that the county has not confirmed.
func (a *applier) evictFrom(e *ledger.Entry) error {
	rows, err := a.w.query(a.ctx, selectStored+`origin = ? AND seq >= ? AND seq > 0 AND idx IS NULL ORDER BY seq`, e.Origin, e.Seq)
	if err != nil {
		return err
	}
	defer rows.Close()
	var rivals []stored
	for rows.Next() {
		var r stored
		if err := rows.Scan(&r.id, &r.n, &r.idx, &r.status, &r.code, &r.reason, &r.raw); err != nil {
			return storage("read entries", err)
		}
		rivals = append(rivals, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return storage("read entries", err)
	}
	return a.evictAll(e, rivals)
}

// evictAll takes back what rivals of an entry of the county's ledger did here,
// and leaves them to people.
func (a *applier) evictAll(e *ledger.Entry, rivals []stored) error {
	if err := a.fork(e); err != nil {
		return err
	}
	lost := make([]ledger.Entry, len(rivals))
	for i, r := range rivals {
		var err error
		if lost[i], err = ledger.ParseEntry(r.raw); err != nil {
			return storage("read entry", err)
		}
		if err := a.giveUp(&lost[i], r.n, lost[i].ID == e.ID); err != nil {
			return err
		}
	}
	for i := range lost {
		var err error
		if info, _ := ledger.Lookup(lost[i].Kind, lost[i].V); info.Case && !info.Beside {
			err = a.rebuild(&lost[i])
		} else {
			err = a.undo(&lost[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// giveUp refuses an entry that cannot be sent any more and says what to do. It
// keeps its id unless that is needed for the one in the county's ledger.
func (a *applier) giveUp(lost *ledger.Entry, n int64, rename bool) error {
	no := &Refused{Code: "forked_origin", ZH: "本机数据与县中心的记录冲突（可能从旧备份恢复），这一件无法再上报。请县中心重新登记本机，登记后重新办理这一件",
		EN: "this node's numbers conflict with the county's ledger (restored from an old copy?), so this can no longer be sent; have the county enrol this node anew, then do it again there"}
	if err := a.w.exec(a.ctx, `DELETE FROM outbox WHERE id = ?`, lost.ID); err != nil {
		return err
	}
	original := lost.ID
	if rename {
		lost.ID = "evicted:" + lost.ID
	}
	if err := a.w.exec(a.ctx, `UPDATE attachments SET entry = ?1 WHERE entry = ?2 AND (case_id = ?3 OR case_id IN (SELECT case_id FROM joint_members WHERE joint = ?3))`, lost.ID, original, lost.Case); err != nil {
		return err
	}
	if err := a.w.exec(a.ctx, `UPDATE entries SET id = ?, seq = 0, status = ?, code = ?, reason = ? WHERE n = ?`, lost.ID, string(ledger.Refused), no.Code, no.Reason(), n); err != nil {
		return err
	}
	return a.attend(lost, 0, no.Code, no.Reason(), a.now)
}
