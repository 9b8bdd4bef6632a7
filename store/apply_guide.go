package store

import (
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/tongban/tongban/node/guide"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

var guideUnknown = refuse("guide_unknown", "没有这条咨询，请核对后再办", "there is no such question; look it up again")

const selectGuideDivision = `SELECT division FROM guides WHERE id = ?`

// prepareGuide decides what happens to a question at a window.
func (a *applier) prepareGuide(e *ledger.Entry, body ledger.Body, from origin) (func() error, error) {
	if b, ok := body.(*ledger.GuideOpenV1); ok {
		known, err := a.guide(b.Guide)
		if err != nil {
			return nil, err
		}
		switch {
		case known != nil && known.Entry != e.ID:
			return nil, refuse("guide_known", "该咨询已登记", "it was recorded already")
		case b.Division != from.Division:
			return nil, refuse("guide_elsewhere", "只能登记本单位的咨询", "an office records what was asked at its own windows")
		case known != nil:
			return func() error { return nil }, nil // what followed it stays when it is applied again
		}
		return func() error { return a.saveGuide(guide.New(e, b)) }, nil
	}
	g, err := a.guide(subjectOf(body))
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, guideUnknown
	}
	next, err := guide.Apply(g, e, body, from.Division)
	if err != nil {
		if a.told && refusalOf(err) != nil {
			return func() error { return nil }, nil
		}
		return nil, err
	}
	return func() error { return a.saveGuide(next) }, nil
}

// guideTarget is the window that may do something with a question: the one that
// answers for it, or to accept it the one it was taken to.
func (a *applier) guideTarget(body ledger.Body, from origin) (identity.Target, error) {
	if b, ok := body.(*ledger.GuideOpenV1); ok {
		return identity.Target{Division: b.Division, Department: b.Department}, nil
	}
	g, err := a.guide(subjectOf(body))
	if err != nil {
		return identity.Target{}, err
	}
	if g == nil {
		return identity.Target{}, guideUnknown
	}
	return GuideTarget(g, body, from.subject.Department), nil
}

// GuideTarget is what an action on a question touches, for the permission table. A
// window is any at its office where no department is named.
func GuideTarget(g *guide.Guide, body ledger.Body, own string) identity.Target {
	desk := g.At
	if _, accepts := body.(*ledger.GuideAcceptV1); accepts {
		desk = g.To
	}
	if desk.Department == "" {
		desk.Department = own
	}
	return identity.Target{Division: desk.Division, Department: desk.Department}
}

func (a *applier) guide(id string) (*guide.Guide, error) {
	var body []byte
	err := a.w.row(a.ctx, `SELECT body FROM guides WHERE id = ?`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read guide", err)
	}
	g := new(guide.Guide)
	return g, storage("read guide", json.Unmarshal(body, g))
}

func (a *applier) saveGuide(g *guide.Guide) error {
	body, err := json.Marshal(g)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO guides (id, division, at_div, at_dept, to_div, to_dept, staff, state, opened, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET at_div = excluded.at_div, at_dept = excluded.at_dept, to_div = excluded.to_div, to_dept = excluded.to_dept, staff = excluded.staff, state = excluded.state, body = excluded.body`,
		g.ID, string(g.Asked.Division), string(g.At.Division), g.At.Department, string(g.To.Division), g.To.Department, g.Responsible.Staff, string(g.State), g.OpenedMS, body)
}

// mayName holds whom a hand-in names as asked first against the question that it
// came of, where that is known here.
func (a *applier) mayName(e *ledger.Entry, b *ledger.CaseSubmitV1) error {
	if b.Guide == "" || !a.desk {
		return nil
	}
	g, err := a.guide(b.Guide)
	if err != nil {
		return err
	}
	if g == nil {
		return guideUnknown
	}
	if b.First.Staff != g.First.Staff || b.First.Name != g.First.Name {
		return refuse("guide_first", "首问负责人与登记不符", "whoever was asked first is not as recorded")
	}
	return nil
}
