package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/custody"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// Who has a case's papers follows from its entries alone (package custody), in
// whatever order they came. The table custody is made anew of them.

// prepareCustody decides a hand-over or a receipt.
func (a *applier) prepareCustody(e *ledger.Entry, body ledger.Body, from origin) (func() error, error) {
	book, err := readBook(a.ctx, a.w, e.Case)
	if err != nil {
		return nil, err
	}
	place := division.Code("")
	switch b := body.(type) {
	case *ledger.CustodySendV1:
		if place = b.From; !a.told {
			err = book.CheckSend(b, a.desk)
		}
		if !book.Has(e.ID) {
			book.Send(e.ID, e.OccurredAt, *b)
		}
	case *ledger.CustodyReceiveV1:
		if place = b.At; !a.told {
			err = book.CheckReceive(b, a.desk)
		}
		if !book.Has(e.ID) {
			book.Receive(e.ID, e.OccurredAt, *b)
		}
	}
	if !a.told && place != from.Division {
		err = refuse("custody_place", "只能移交、签收本单位的材料", "an office hands over and receives its own papers")
	}
	if err != nil {
		return nil, err
	}
	return func() error {
		if b, ok := body.(*ledger.CustodyReceiveV1); ok {
			if err := a.attendPapers(e, b, book); err != nil {
				return err
			}
		}
		return a.saveCustody(e.Case, book)
	}, nil
}

// attendPapers asks for attention at both ends when papers did not arrive as
// they were sent: the lower office and those above it see it.
func (a *applier) attendPapers(e *ledger.Entry, b *ledger.CustodyReceiveV1, book *custody.Book) error {
	code, zh, en := "", "", ""
	tell := func(kind, z, w string, list []ledger.MarkedPaper, all bool) {
		var names []string
		for _, p := range list {
			if all || p.Note != "" {
				names = append(names, strings.TrimSpace(p.Material+" "+p.Note))
			}
		}
		if len(names) > 0 {
			code, zh, en = kind, zh+z+strings.Join(names, "、")+"；", en+w+strings.Join(names, ", ")+"; "
		}
	}
	tell("papers_damaged", "材料与移交时不符：", "papers are not as they were sent: ", b.Received, false)
	tell("papers_missing", "材料未收到：", "papers did not arrive: ", b.Missing, true)
	if code == "" {
		return nil
	}
	scope := b.At
	for _, s := range book.Sends() {
		if s.ID == b.Sent {
			zh, en = "交接单 "+s.List+" "+zh, "list "+s.List+": "+en
			if scope.Contains(s.From) {
				scope = s.From
			}
			if scope.Contains(s.To) {
				scope = s.To
			}
		}
	}
	return a.w.exec(a.ctx, `INSERT INTO attention (entry, idx, case_id, origin, scope, code, reason, at) VALUES (?, 0, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (entry) DO UPDATE SET scope = excluded.scope, code = excluded.code, reason = excluded.reason`,
		e.ID, e.Case, e.Origin, string(scope), code, strings.TrimSuffix(zh, "；")+" / "+strings.TrimSuffix(en, "; "), e.OccurredAt)
}

// custodyAnew makes the rows of a case anew, after an entry that moved its papers
// was taken back.
func (a *applier) custodyAnew(id string) error {
	book, err := readBook(a.ctx, a.w, id)
	if err != nil {
		return err
	}
	return a.saveCustody(id, book)
}

func (a *applier) saveCustody(id string, book *custody.Book) error {
	if err := a.w.exec(a.ctx, `DELETE FROM custody WHERE case_id = ?`, id); err != nil {
		return err
	}
	for _, s := range book.Sends() {
		for _, p := range book.Arrivals(s.ID) {
			if err := a.w.exec(a.ctx, `INSERT OR REPLACE INTO custody (sent, material, brought, case_id, list, from_div, to_div, sent_at, received, received_at, missing, note)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				s.ID, p.Material, p.Brought, id, s.List, string(s.From), string(s.To), s.MS, string(p.At), p.MS, p.Missing, p.Note); err != nil {
				return err
			}
		}
	}
	return nil
}

// rowReader reads rows of the transaction under way or of the last committed
// state.
type rowReader interface {
	lookup
	query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (c committed) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.db.QueryContext(ctx, query, args...)
}

// readBook is the papers of a case, from the entries that stand here.
func readBook(ctx context.Context, db rowReader, id string) (*custody.Book, error) {
	rows, err := db.query(ctx, `SELECT e.entry FROM entries e WHERE `+ofCase+` AND e.kind IN ('case.submit', 'case.supplement', 'package.submit', 'package.supplement', 'custody.send', 'custody.receive') AND e.status = 'applied' ORDER BY e.idx IS NULL, e.idx, e.n`, id)
	if err != nil {
		return nil, storage("read papers", err)
	}
	var entries []ledger.Entry
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, storage("read papers", errors.Join(err, rows.Close()))
		}
		e, err := ledger.ParseEntry(raw)
		if err != nil {
			return nil, storage("read papers", errors.Join(err, rows.Close()))
		}
		entries = append(entries, e)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storage("read papers", err)
	}
	book := new(custody.Book)
	for i := range entries {
		if err := enterPaper(ctx, db, book, &entries[i]); err != nil {
			return nil, err
		}
	}
	return book, nil
}

// enterPaper adds what an entry says of papers.
func enterPaper(ctx context.Context, db rowReader, book *custody.Book, e *ledger.Entry) error {
	body, err := e.Decode()
	if err != nil {
		return storage("read papers", err)
	}
	switch b := body.(type) {
	case *ledger.CaseSubmitV1:
		book.Bring(e.ID, b.HandedInAt, e.OccurredAt, b.Materials)
	case *ledger.PackageSubmitV1: // the one set of papers lies with the joint matter
		book.Bring(e.ID, b.HandedInAt, e.OccurredAt, b.Materials)
	case *ledger.CaseSupplementV1:
		return broughtLater(ctx, db, book, e, b.Materials)
	case *ledger.PackageSupplementV1:
		return broughtLater(ctx, db, book, e, b.Materials)
	case *ledger.CustodySendV1:
		book.Send(e.ID, e.OccurredAt, *b)
	case *ledger.CustodyReceiveV1:
		book.Receive(e.ID, e.OccurredAt, *b)
	}
	return nil
}

// broughtLater adds what a supplement brought to the office that took it in.
func broughtLater(ctx context.Context, db rowReader, book *custody.Book, e *ledger.Entry, materials []catalog.SubmittedMaterial) error {
	home, err := divisionOf(ctx, db, selectNodeDivision, e.Origin, nodeUnknown)
	if refusalOf(err) != nil {
		home, err = e.Scope, nil // a node that is not known here
	}
	if err != nil {
		return err
	}
	book.Bring(e.ID, home, e.OccurredAt, materials)
	return nil
}
