package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/onfile"
)

// This file is what people agreed to have kept and used again of what they handed
// in (一表制), and what holds a paper on file against it. Only consents and what
// was declared void are kept: the papers themselves are those of the cases that
// are here.

var consentUnknown = refuse("consent_unknown", "没有这份同意", "there is no such consent here")

// moment is when an entry happened, by the county's clock as far as it is known.
func moment(e *ledger.Entry) int64 { return e.OccurredAt - e.SkewMS }

func (a *applier) prepareConsent(e *ledger.Entry, b *ledger.RecordConsentV1, from origin) (func() error, error) {
	if !from.Division.Contains(b.Division) && !a.told {
		return nil, refuse("division_elsewhere", "只能登记本辖区居民、单位的同意", "the consent is of somebody outside this office's area")
	}
	if !applicant(e.Actor) && b.Shown == "" {
		return nil, refuse("shown_missing", "请写明核对的证件", "name the document that was looked at")
	}
	if err := checkNumber(b.Type, b.Number, e.OccurredAt); err != nil {
		return nil, err
	}
	at := moment(e)
	if err := onfile.CheckTerm(calendar.DateOf(time.UnixMilli(at)), b.Until); err != nil {
		return nil, err
	}
	known, err := a.consent(b.Consent)
	if err != nil {
		return nil, err
	}
	switch {
	case known != nil && a.told:
		// The county confirms what was taken here; what followed stays.
		return func() error { return nil }, nil
	case known != nil:
		return nil, refuse("consent_taken", "该同意编号已被使用，请重新登记", "this consent id is in use; record it again")
	}
	c := &onfile.Consent{ID: b.Consent, Type: b.Type, Number: b.Number, Name: b.Name, Division: b.Division, Purposes: b.Purposes, GivenMS: at, Until: b.Until, By: e.Actor, Shown: b.Shown}
	return func() error { return a.saveConsent(c) }, nil
}

// prepareWithdrawal ends a consent. Two offices may be told of it, and neither is
// wrong: what was said first counts.
func (a *applier) prepareWithdrawal(e *ledger.Entry, b *ledger.RecordWithdrawV1) (func() error, error) {
	c, err := a.consent(b.Consent)
	if err != nil {
		return nil, err
	}
	switch {
	case c == nil:
		return nil, consentUnknown
	case c.WithdrawnMS > 0 && a.desk:
		return nil, refuse("consent_withdrawn", "该同意已撤回", "it was withdrawn already")
	}
	if at := moment(e); c.WithdrawnMS == 0 || at < c.WithdrawnMS {
		c.WithdrawnMS, c.WithdrawnBy, c.WithdrawnWhy = max(at, 1), e.Actor, b.Reason
	}
	return func() error { return a.saveConsent(c) }, nil
}

func (a *applier) prepareLook(e *ledger.Entry, b *ledger.RecordLookV1) (func() error, error) {
	c, err := a.consent(b.Consent)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, consentUnknown
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT OR IGNORE INTO record_looks (entry, consent, at) VALUES (?, ?, ?)`, e.ID, b.Consent, e.OccurredAt)
	}, nil
}

// lookTarget is whom a look is for: the department that asks for the papers, of a
// person whose consent is known at a division.
func (a *applier) lookTarget(e *ledger.Entry, b *ledger.RecordLookV1) (identity.Target, error) {
	t := identity.Target{Division: e.Scope}
	version, _, err := a.inForce(b.For, moment(e))
	if err != nil {
		return t, err
	}
	item, err := a.item(b.For, version)
	if err != nil {
		return t, err
	}
	if item != nil {
		t.Department = item.Department
		return t, nil
	}
	p, err := a.packageAt(b.For, version)
	if p != nil {
		t.Department = p.LeadDepartment
	}
	return t, err
}

func (a *applier) prepareVoid(c *casework.Case, e *ledger.Entry, b *ledger.PaperVoidV1) (func() error, error) {
	if c != nil {
		papers, err := a.papersOf(c)
		if err != nil {
			return nil, err
		}
		if fileNamed(papers, catalog.OnFile{Case: c.ID, Brought: b.Brought, Material: b.Material}) == nil {
			return nil, refuse("paper_unknown", "该办件没有这份存档材料", "the case has no such paper on file")
		}
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT OR IGNORE INTO voided_papers (case_id, brought, material, entry, at, reason) VALUES (?, ?, ?, ?, ?, ?)`,
			e.Case, b.Brought, b.Material, e.ID, moment(e), b.Reason)
	}, nil
}

// undoRecord takes back what the county refused of these kinds, where it is not
// made anew.
func (a *applier) undoRecord(e *ledger.Entry) error {
	table := "record_looks"
	if e.Kind == ledger.PaperVoid {
		table = "voided_papers"
	}
	return a.w.exec(a.ctx, `DELETE FROM `+table+` WHERE entry = ?`, e.ID)
}

// checkOnFile refuses a hand-in that names a paper on file which may not be used:
// as it was when it was handed in, with what is known by now.
func (a *applier) checkOnFile(e *ledger.Entry, who ledger.Applicant, materials []catalog.SubmittedMaterial) error {
	if a.told {
		return nil
	}
	var consents []onfile.Consent
	for _, m := range materials {
		if m.OnFile == (catalog.OnFile{}) {
			continue
		}
		source, err := a.caseByID(m.OnFile.Case)
		if err != nil {
			return err
		}
		var paper *onfile.Paper
		if source != nil {
			papers, err := a.papersOf(source)
			if err != nil {
				return err
			}
			paper = fileNamed(papers, m.OnFile)
		}
		if consents == nil {
			if consents, err = a.consentsOf(who.Type, who.IDNumber); err != nil {
				return err
			}
		}
		use := onfile.Use{Type: who.Type, Number: who.IDNumber, Name: who.Name, AtMS: moment(e), Attachments: m.Attachments}
		if err := onfile.Check(paper, consents, use); err != nil {
			return err
		}
	}
	return nil
}

// bindOnFile ties the files of papers on file, which a case names by their hash,
// to the case they came with: they are at the county when that one's are, and
// nobody sends them again.
func (a *applier) bindOnFile(caseID, entry string, materials []catalog.SubmittedMaterial) error {
	for _, m := range materials {
		if m.OnFile == (catalog.OnFile{}) {
			continue
		}
		for _, f := range m.Attachments {
			err := a.w.exec(a.ctx, `UPDATE attachments SET source = ?1,
				confirmed = NOT EXISTS (SELECT 1 FROM attachments o WHERE o.hash = ?2 AND o.case_id = ?1 AND o.confirmed = 0)
				WHERE hash = ?2 AND case_id = ?3 AND entry = ?4`, m.OnFile.Case, f.Hash, caseID, entry)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *applier) papersOf(c *casework.Case) ([]onfile.Paper, error) {
	return papersOf(c, func(query string, args ...any) (*sql.Rows, error) { return a.w.query(a.ctx, query, args...) })
}

func (a *applier) consent(id string) (*onfile.Consent, error) {
	var body []byte
	err := a.w.row(a.ctx, `SELECT body FROM consents WHERE id = ?`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read consent", err)
	}
	c := new(onfile.Consent)
	return c, storage("read consent", json.Unmarshal(body, c))
}

func (a *applier) consentsOf(kind, number string) ([]onfile.Consent, error) {
	rows, err := a.w.query(a.ctx, selectConsents, a.s.numberKey(kind, number))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []onfile.Consent{}
	for rows.Next() {
		var body []byte
		var c onfile.Consent
		if err := scanJSON(rows, &body, &c); err != nil {
			return nil, storage("read consents", err)
		}
		all = append(all, c)
	}
	return all, storage("read consents", rows.Err())
}

func (a *applier) saveConsent(c *onfile.Consent) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO consents (id, owner, division, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
		c.ID, a.s.numberKey(c.Type, c.Number), string(c.Division), body)
}

// ownsConsent lets an applicant give and withdraw their own consent.
func (a *applier) ownsConsent(acting *account.Account, body ledger.Body) error {
	other := refuse("not_authorised", "只能登记和撤回本人的同意", "one's own consent only")
	switch b := body.(type) {
	case *ledger.RecordConsentV1:
		if b.Type != acting.Type || b.Number != acting.Number || b.Name != acting.Name || b.Division != acting.Home {
			return other
		}
	case *ledger.RecordWithdrawV1:
		c, err := a.consent(b.Consent)
		if err != nil {
			return err
		}
		if c == nil || c.Type != acting.Type || c.Number != acting.Number {
			return consentUnknown
		}
	}
	return nil
}
