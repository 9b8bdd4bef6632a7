package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/tongban/tongban/node/ledger"
)

// What hubs had done and the county's ledger lost: nodes below keep it (table
// lost), and show it to the county, which lists it among what asks for attention.

// prepareLost lists an entry of the former ledger among what asks for attention.
func (a *applier) prepareLost(b *ledger.CountyLostV1) (func() error, error) {
	var was ledger.Entry
	if err := json.Unmarshal(b.Entry, &was); err != nil || was.ID == "" || was.Seq != 0 {
		return nil, refuse("malformed", "原条目格式有误", "the former entry cannot be read, or was not recorded at a hub")
	}
	if err := a.lacks(was.ID); err != nil {
		return nil, err
	}
	return func() error {
		return a.ask(was.ID, was.Case, was.Origin, &Refused{Code: "lost_record", ZH: fmt.Sprintf("账本恢复前曾记录（原第 %d 条，%s），恢复后缺失，请核对后按原样重记或重新办理", b.Index, was.Kind),
			EN: fmt.Sprintf("recorded before the ledger went back (%d, %s) and missing since: record it again as it was, or do it anew", b.Index, was.Kind)})
	}, nil
}

// prepareUnlisted lists in words what cannot be recorded again as it was.
func (a *applier) prepareUnlisted(b *ledger.CountyUnlistedV1) (func() error, error) {
	if err := a.lacks(b.Entry); err != nil {
		return nil, err
	}
	if listed, err := a.wasLost(b.Entry); listed || err != nil {
		if err == nil {
			err = refuse("not_lost", "该缺失记录已列出", "it is listed already")
		}
		return nil, err
	}
	why := UnlistedWhy(b.Code)
	return func() error {
		return a.ask(b.Entry, "", b.Origin, &Refused{Code: "lost_unlisted", ZH: fmt.Sprintf("账本恢复前曾记录（原第 %d 条，%s，%d 字节，由 %s 出示），恢复后缺失：%s", b.Index, b.Kind, b.Bytes, b.SeenBy, why.ZH),
			EN: fmt.Sprintf("recorded before the ledger went back (%d, %s, %d bytes, shown by %s) and missing since: %s", b.Index, b.Kind, b.Bytes, b.SeenBy, why.EN)})
	}, nil
}

// UnlistedWhy says why a lost record cannot be recorded again as it was, and what
// to do.
func UnlistedWhy(code string) *Refused {
	no := &Refused{Code: code}
	switch code {
	case ledger.UnlistedMalformed:
		no.ZH, no.EN = "内容无法读取，请重新办理", "it cannot be read; do it anew"
	case ledger.UnlistedNewer:
		no.ZH, no.EN = "由更新版本的 tongban 记录，请升级县中心后再看", "a newer tongban made it; upgrade the hubs and look again"
	case ledger.UnlistedSignature:
		no.ZH, no.EN = "签名与县中心主机不符，不可采信，请查明出示节点", "its hub did not sign it: do not trust it, and look into the node that showed it"
	case ledger.UnlistedNoHub:
		no.ZH, no.EN = "不是县中心主机所记，请查明出示节点", "it was not done at a hub: look into the node that showed it"
	case ledger.UnlistedUnknown:
		no.ZH, no.EN = "记录它的县中心主机尚未登记，请先重记该主机的入网记录，随后自动列出", "the hub it was done at is not known; record that hub's enrolment again, then it is listed by itself"
	}
	return no
}

// lacks refuses what the ledger has.
func (a *applier) lacks(id string) error {
	known, err := a.find(`id = ?`, id)
	if err == nil && known != nil {
		err = refuse("not_lost", "账本中已有该条目", "the ledger has this entry")
	}
	return err
}

// ask asks the county for attention to a lost record; what was listed in words only
// gives way to the record itself.
func (a *applier) ask(id, caseID, origin string, no *Refused) error {
	return a.w.exec(a.ctx, `INSERT INTO attention (entry, idx, case_id, origin, scope, code, reason, at) VALUES (?, 0, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (entry) DO UPDATE SET case_id = excluded.case_id, origin = excluded.origin, code = excluded.code, reason = excluded.reason, at = excluded.at,
			resolved_by = '', resolved_at = 0, note = '' WHERE code = 'lost_unlisted'`, id, caseID, origin, string(a.s.self.County()), no.Code, no.Reason(), a.now)
}

// wasLost reports whether an entry was in the former ledger, as a node showed.
func (a *applier) wasLost(id string) (bool, error) {
	n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM attention WHERE entry = ? AND code = 'lost_record')`, id)
	return n != 0, err
}

// Lost is an entry of the county's former ledger.
type Lost struct {
	Index      uint64          `json:"index"`
	RecordedAt int64           `json:"recorded_at"`
	Entry      json.RawMessage `json:"entry"`
}

// UntoldLost are the lost records that this node has not shown the county yet,
// oldest first.
func (s *Store) UntoldLost(ctx context.Context, limit int) ([]Lost, error) {
	return rowsOf(ctx, s.read, scanLost, `SELECT idx, recorded_at, entry FROM lost WHERE told = 0 ORDER BY idx, id LIMIT ?`, limit)
}

func scanLost(r *sql.Rows) (l Lost, err error) {
	var raw []byte
	err = r.Scan(&l.Index, &l.RecordedAt, &raw)
	l.Entry = raw
	return l, err
}

// ToldLost notes that the county was shown the lost records through the last of
// those that UntoldLost gave, and which of them are to be shown again later, by
// their entries' ids.
func (s *Store) ToldLost(ctx context.Context, last Lost, later []string) error {
	var e struct{ ID string }
	if err := json.Unmarshal(last.Entry, &e); err != nil {
		return storage("read entry", err)
	}
	return s.write(ctx, func(w *writer) error {
		if err := w.exec(ctx, `UPDATE lost SET told = 1 WHERE told = 0 AND (idx, id) <= (?, ?)`, last.Index, e.ID); err != nil {
			return err
		}
		for _, id := range later {
			if err := w.exec(ctx, `UPDATE lost SET told = 2 WHERE told = 1 AND id = ?`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// LostForLater tells whether there are lost records that are to be shown again.
func (s *Store) LostForLater(ctx context.Context) (some bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM lost WHERE told = 2)`).Scan(&some)
	return some, storage("read lost records", err)
}

// LostIsLater has what is to be shown again be untold.
func (s *Store) LostIsLater(ctx context.Context) error {
	return s.write(ctx, func(w *writer) error { return w.exec(ctx, `UPDATE lost SET told = 0 WHERE told = 2`) })
}

// LostRecord is, at the county, a record of the former ledger that a node
// showed.
type LostRecord struct {
	ledger.CountyLostV1
	// Was is the entry; of one that cannot be recorded again, what is known of it.
	Was ledger.Entry
	// Why says that it cannot be recorded again as it was: a code of
	// ledger.CountyUnlistedV1.
	Why string
	// Again says that the entry is in the ledger again.
	Again bool
	// Resolved says that a person has dealt with it.
	Resolved bool
}

// LostPlace is the place of a lost record among all: after it the next page
// begins. The zero place is before the first.
type LostPlace struct {
	Index uint64
	ID    string
}

// maxLostPage bounds what a page of lost records holds; each may be as large as
// an entry can be.
const maxLostPage = 8 << 20

// LostRecords are those that nodes showed the county, in the order of the former
// ledger: at most limit after a place, at least one if there are any. more tells
// that there are others behind them.
func (s *Store) LostRecords(ctx context.Context, after LostPlace, limit int) (page []LostRecord, more bool, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT b.kind, b.entry, EXISTS (SELECT 1 FROM entries x WHERE x.id = b.id), coalesce(t.resolved_by <> '', 0)
		FROM (SELECT kind, entry, json_extract(entry, '$.body.index') AS idx,
				CASE kind WHEN ?1 THEN json_extract(entry, '$.body.entry.id') ELSE json_extract(entry, '$.body.entry') END AS id
			FROM entries WHERE kind IN (?1, ?2) AND status = 'applied') b LEFT JOIN attention t ON t.entry = b.id
		WHERE (b.idx, b.id) > (?3, ?4) AND (b.kind = ?1 OR t.code = 'lost_unlisted') ORDER BY b.idx, b.id LIMIT ?5`,
		ledger.CountyLost, ledger.CountyUnlisted, int64(after.Index), after.ID, limit+1)
	if err != nil {
		return nil, false, storage("read lost records", err)
	}
	defer rows.Close()
	for size := 0; rows.Next(); {
		var kind ledger.Kind
		var raw []byte
		var l LostRecord
		if err := rows.Scan(&kind, &raw, &l.Again, &l.Resolved); err != nil {
			return nil, false, storage("read lost records", err)
		}
		if size += len(raw); len(page) == limit || size > maxLostPage && len(page) > 0 {
			return page, true, nil
		}
		if err := l.read(kind, raw); err != nil {
			return nil, false, err
		}
		page = append(page, l)
	}
	return page, false, storage("read lost records", rows.Err())
}

func (l *LostRecord) read(kind ledger.Kind, raw []byte) error {
	if kind == ledger.CountyLost {
		if err := bodyOf(raw, &l.CountyLostV1); err != nil {
			return err
		}
		return storage("read entry", json.Unmarshal(l.Entry, &l.Was))
	}
	var b ledger.CountyUnlistedV1
	if err := bodyOf(raw, &b); err != nil {
		return err
	}
	l.SeenBy, l.Index, l.RecordedAt, l.Why = b.SeenBy, b.Index, b.RecordedAt, b.Code
	l.Was = ledger.Entry{ID: b.Entry, Kind: ledger.Kind(b.Kind), Origin: b.Origin, OccurredAt: b.RecordedAt}
	return nil
}

// Place is where the record stands among all.
func (l *LostRecord) Place() LostPlace { return LostPlace{l.Index, l.Was.ID} }

// bodyOf reads the body of an entry that is in the ledger.
func bodyOf(raw []byte, body any) error {
	var e ledger.Entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return storage("read entry", err)
	}
	return storage("read entry", json.Unmarshal(e.Body, body))
}
