package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/tongban/tongban/node/archive"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
)

// openAbout is what is still open about a case, as far as it is known here.
func openAbout(ctx context.Context, db rowReader, c *casework.Case, itemOf func(*casework.Case) (*catalog.Item, error)) (o archive.Open, err error) {
	occasion := c.OpenedBy()
	if err := db.row(ctx, `SELECT EXISTS (SELECT 1 FROM attachments WHERE case_id = ?1 AND confirmed = 0),
		EXISTS (SELECT 1 FROM ratings WHERE occasion = ?2 AND open = 1),
		EXISTS (SELECT 1 FROM complaints WHERE state <> 'replied' AND json_extract(body, '$.case') = ?1),
		EXISTS (SELECT 1 FROM cards WHERE case_id = ?1 AND open = 1),
		EXISTS (SELECT 1 FROM inquiries WHERE case_id = ?1 AND open = 1)`, c.ID, occasion).Scan(&o.Unsaved, &o.Rating, &o.Complain, &o.Card, &o.Inquiry); err != nil {
		return o, storage("read what is open", err)
	}
	book, err := readBook(ctx, db, c.ID)
	if err != nil {
		return o, err
	}
	o.Papers, o.Results, o.Names = book.Places(), result.Of(c), map[division.Code]string{}
	for _, p := range o.Papers {
		var name string
		if err := db.row(ctx, `SELECT coalesce(max(name), '') FROM divisions WHERE code = ?`, string(p.At)).Scan(&name); err != nil {
			return o, storage("read the name of an office", err)
		}
		o.Names[p.At] = name
	}
	item, err := itemOf(c)
	if err != nil {
		return o, err
	}
	entries, err := standingEntries(ctx, db, c.ID)
	if err != nil {
		return o, err
	}
	for _, e := range entries {
		body, err := e.Decode()
		if err != nil {
			return o, err
		}
		switch b := body.(type) {
		case *ledger.CaseSupplementV1:
			for _, m := range b.Materials {
				o.Brought = append(o.Brought, m.Name)
			}
		case *ledger.PackageSupplementV1:
			for _, m := range b.Materials {
				o.Brought = append(o.Brought, m.Name)
			}
		case *ledger.FeeChargeV1, *ledger.FeePayV1, *ledger.FeeWaiveV1, *ledger.FeeRefundV1, *ledger.FeeCancelV1:
			if next, err := fee.Apply(o.Account, item, e, body); err == nil {
				o.Account = next
			}
		case *ledger.ResultProposeV1, *ledger.ResultStateV1, *ledger.ResultDecideV1, *ledger.ResultReissueV1, *ledger.ResultServeV1:
			o.Results, _ = result.Apply(o.Results, c, e, body, result.Authority(c))
		}
	}
	return o, nil
}

// standingEntries are the entries of a case that stand, in their order.
func standingEntries(ctx context.Context, db rowReader, id string) ([]*ledger.Entry, error) {
	rows, err := db.query(ctx, `SELECT e.entry FROM entries e WHERE `+ofCase+` AND e.status = 'applied' ORDER BY e.idx IS NULL, e.idx, e.n`, id)
	if err != nil {
		return nil, storage("read case entries", err)
	}
	defer rows.Close()
	var all []*ledger.Entry
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, storage("read case entries", err)
		}
		e, err := ledger.ParseEntry(raw)
		if err != nil {
			return nil, storage("read case entries", err)
		}
		all = append(all, &e)
	}
	return all, storage("read case entries", rows.Err())
}

// dutiesLeft refuses to archive a case, with all that is still open at once.
func dutiesLeft(duties []archive.Duty) error {
	no := &Refused{Code: "archive_duties", ZH: "尚有未了事项，不能归档", EN: "something is still open about the case, which is not archived before"}
	for _, d := range duties {
		no.Faults = append(no.Faults, catalog.Fault{Path: d.Code, Code: catalog.FaultConflict, ZH: d.ZH, EN: d.EN})
	}
	return no
}

// ArchiveDuties are what keeps a case from being archived, as far as it is known
// here.
func (s *Store) ArchiveDuties(ctx context.Context, c *casework.Case) ([]archive.Duty, error) {
	open, err := openAbout(ctx, committed{s.read}, c, func(c *casework.Case) (*catalog.Item, error) {
		v, err := s.Item(ctx, c.Item, c.ItemVersion)
		if err != nil {
			return nil, err
		}
		return &v.Item, nil
	})
	if err != nil {
		return nil, err
	}
	return archive.Duties(c, open), nil
}

// Standing are the entries of a case that stand, in their order.
func (s *Store) Standing(ctx context.Context, id string) ([]*ledger.Entry, error) {
	return standingEntries(ctx, committed{s.read}, id)
}

// Archived is a case that has ended with its volume.
type Archived struct {
	Volume string
	// AtMS is when it was archived, EndedMS when it ended; Entry says so.
	AtMS, EndedMS int64
	Entry         string
	casework.Case
}

const selectArchived = `SELECT a.volume, a.archived, a.ended, a.entry, c.body FROM archives a JOIN cases c ON c.id = a.case_id WHERE `

func scanArchived(r *sql.Rows) (x Archived, err error) {
	var body []byte
	if err := r.Scan(&x.Volume, &x.AtMS, &x.EndedMS, &x.Entry, &body); err != nil {
		return x, err
	}
	return x, json.Unmarshal(body, &x.Case)
}

// Archives lists cases that have ended, of those that an office keeps: the volumes,
// the latest first, or else what is still to be archived, the oldest first.
func (s *Store) Archives(ctx context.Context, within division.Code, department string, due bool, limit int) ([]Archived, error) {
	where, order := `a.volume <> ''`, `a.archived DESC, a.case_id DESC`
	if due {
		where, order = `a.volume = ''`, `a.ended, a.case_id`
	}
	return rowsOf(ctx, s.read, scanArchived, selectArchived+where+` AND a.keeper >= ?1 AND a.keeper < ?2 AND (?3 = '' OR a.department = ?3) ORDER BY `+order+` LIMIT ?4`,
		string(within), string(within)+":", department, limit)
}

// ArchiveOf is the volume of a case; ErrNotFound while it has not ended.
func (s *Store) ArchiveOf(ctx context.Context, id string) (*Archived, error) {
	found, err := rowsOf(ctx, s.read, scanArchived, selectArchived+`a.case_id = ?`, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}
