package store

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/tongban/tongban/node/archive"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
)

// What becomes of a case's results is what its entries add up to (package
// result). The table results is made anew from them.

const resultKinds = `'result.propose', 'result.state', 'result.decide', 'result.reissue', 'result.serve'`

// prepareResult holds an entry about a result against what became of it before.
// What comes before its case is known here is taken, and counts once it is.
func (a *applier) prepareResult(c *casework.Case, e *ledger.Entry, body ledger.Body, from origin) (func() error, error) {
	if c == nil {
		return func() error { return a.nameAttachments(e, archive.Files(body)) }, nil
	}
	keep := func(f result.File) func() error {
		return func() error { return errors.Join(a.nameAttachments(e, archive.Files(body)), a.saveResults(c, f)) }
	}
	if a.told { // it stands, and may have come before
		f, stood, err := a.foldResults(c, "", e.ID)
		if err != nil {
			return nil, err
		}
		if !stood {
			f, _ = result.Apply(f, c, e, body, result.Authority(c))
		}
		return keep(f), nil
	}
	f, err := a.resultsOf(c, e.ID)
	if err != nil {
		return nil, err
	}
	next, err := result.Apply(f, c, e, body, from.Division)
	if err != nil {
		return nil, err
	}
	if err := a.mayMakeOut(c, e, body, &f, &next); err != nil {
		return nil, err
	}
	return keep(next), nil
}

// mayMakeOut holds a result that an entry makes out, or proposes to, against the
// others of its authority and against its item. was and next are the case's
// results before and after it.
func (a *applier) mayMakeOut(c *casework.Case, e *ledger.Entry, body ledger.Body, was, next *result.File) error {
	for _, r := range next.Results[len(was.Results):] {
		if err := a.numbersFree(c, ledger.IssuedDocument{Name: r.Name, Number: r.Number}); err != nil {
			return err
		}
	}
	b, ok := body.(*ledger.ResultProposeV1)
	if !ok || b.Measure != ledger.ResultCorrect {
		return nil
	}
	item, err := a.itemOf(c)
	if err != nil {
		return err
	}
	replacement := b.Replacement
	if err := c.CheckTerm(item, &replacement, calendar.DateOf(time.UnixMilli(e.OccurredAt))); err != nil {
		return err
	}
	return a.numbersFree(c, replacement)
}

// numbersFree refuses a number that the authority of a case gave to a result of
// the same kind in another one.
func (a *applier) numbersFree(c *casework.Case, documents ...ledger.IssuedDocument) error {
	for _, d := range documents {
		if d.Number == "" {
			continue
		}
		others, err := a.casesWhere(`SELECT c.body FROM results r JOIN cases c ON c.id = r.case_id WHERE r.number = ? AND r.name = ? AND r.department = ? AND r.case_id <> ?`,
			d.Number, d.Name, c.Department, c.ID)
		if err != nil {
			return err
		}
		for _, other := range others {
			if result.Authority(other) == result.Authority(c) {
				return casework.NumberTaken(d)
			}
		}
	}
	return nil
}

func (a *applier) casesWhere(query string, args ...any) ([]*casework.Case, error) {
	rows, err := a.w.query(a.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []*casework.Case
	for rows.Next() {
		var body []byte
		c := new(casework.Case)
		if err := rows.Scan(&body); err != nil {
			return nil, storage("read cases", err)
		}
		if err := json.Unmarshal(body, c); err != nil {
			return nil, storage("read case", err)
		}
		found = append(found, c)
	}
	return found, storage("read cases", rows.Err())
}

// resultsOf is the file of a case as the entries that stand make it, without one
// of them.
func (a *applier) resultsOf(c *casework.Case, without string) (result.File, error) {
	f, _, err := a.foldResults(c, without, "")
	return f, err
}

const pastResults = restOf + ` AND kind IN (` + resultKinds + `) AND status = 'applied' AND id <> ?2`

// foldResults is resultsOf, and whether one of the entries was among them.
func (a *applier) foldResults(c *casework.Case, without, one string) (f result.File, among bool, err error) {
	f = result.Of(c)
	if len(f.Results) == 0 {
		return f, false, nil
	}
	entries, err := a.past(pastResults, c.ID, without)
	if err != nil {
		return f, false, err
	}
	for i := range entries {
		e := &entries[i].e
		body, err := e.Decode()
		if err != nil {
			return f, among, err
		}
		among = among || e.ID == one
		// Who may was seen to when it came; what does not add up counts for nothing.
		f, _ = result.Apply(f, c, e, body, result.Authority(c))
	}
	return f, among, nil
}

// resultsAnew makes the rows of a case anew, after an entry about one of its
// results was taken back.
func (a *applier) resultsAnew(id string) error {
	c, err := a.caseByID(id)
	if err != nil {
		return err
	}
	a.read = nil
	if c == nil {
		return a.forgetResults(id)
	}
	f, err := a.resultsOf(c, "")
	if err != nil {
		return err
	}
	return a.saveResults(c, f)
}

// issueResults keeps the rows of a case's results with the case: they change when
// it is issued, or was not after all.
func (a *applier) issueResults(was, c *casework.Case) error {
	if was == nil && len(c.Documents) == 0 || was != nil && was.IssuedMS == c.IssuedMS && len(was.Documents) == len(c.Documents) {
		return nil
	}
	f, err := a.resultsOf(c, "")
	if err != nil {
		return err
	}
	return a.saveResults(c, f)
}

func (a *applier) forgetResults(id string) error {
	return a.w.exec(a.ctx, `DELETE FROM results WHERE case_id = ?`, id)
}

func (a *applier) saveResults(c *casework.Case, f result.File) error {
	if err := a.forgetResults(c.ID); err != nil {
		return err
	}
	for i, r := range f.Results {
		until, ended := "", ""
		if !r.Until.IsZero() {
			until = r.Until.String()
		}
		if !r.EndedOn.IsZero() {
			ended = r.EndedOn.String()
		}
		if err := a.w.exec(a.ctx, `INSERT INTO results (case_id, place, result, name, number, until, state, ended_on, division, department) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			c.ID, i, r.ID, r.Name, r.Number, until, string(r.State), ended, string(c.Division), c.Department); err != nil {
			return err
		}
	}
	return nil
}

// mayRenew holds the hand-in of a renewal against what it renews. Only the person
// at the desk is told: what became of it may not be known everywhere at the same
// time.
func (a *applier) mayRenew(e *ledger.Entry, b *ledger.CaseSubmitV1) error {
	if b.Renews == (ledger.Renewal{}) || !a.desk {
		return nil
	}
	old, err := a.caseByID(b.Renews.Case)
	a.read = nil
	if err != nil {
		return err
	}
	if old == nil {
		return refuse("renewal_unknown", "本机没有原办件，请到县中心或原办理地点申请延续", "the case it was issued in is not known here; hand it in at the county, or where that case was")
	}
	f, err := a.resultsOf(old, "")
	if err != nil {
		return err
	}
	asked, err := a.casesWhere(`SELECT c.body FROM renewals r JOIN cases c ON c.id = r.case_id WHERE r.of_case = ? ORDER BY c.handed_in, c.id`, old.ID)
	if err != nil {
		return err
	}
	return result.CheckRenewal(f, old, asked, b, calendar.DateOf(time.UnixMilli(e.OccurredAt)))
}

// noteRenewal notes what a case renews, to be found from there.
func (a *applier) noteRenewal(c *casework.Case) error {
	if c.Renews == (ledger.Renewal{}) {
		return nil
	}
	return a.w.exec(a.ctx, `INSERT INTO renewals (case_id, of_case, result) VALUES (?, ?, ?) ON CONFLICT (case_id) DO NOTHING`, c.ID, c.Renews.Case, c.Renews.Result)
}
