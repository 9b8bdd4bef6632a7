package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
)

// What people say of the service, and what is done about it. The rows are what
// the entries make of them: each step sets its own part, so that an entry that
// is applied again, in the county's order, changes nothing.

// prepareService decides an entry of these kinds; false for one of another.
func (a *applier) prepareService(e *ledger.Entry, body ledger.Body, from origin) (func() error, bool, error) {
	var effect func() error
	var err error
	switch b := body.(type) {
	case *ledger.ServiceRulesV1:
		raw, err := json.Marshal(b)
		return func() error { return a.w.setMeta(a.ctx, metaServiceRules, string(raw)) }, true, err
	case *ledger.RatingGiveV1:
		effect, err = a.prepareRating(e, b, from)
	case *ledger.RatingContactV1:
		effect, err = a.handleRating(e, b.Rating, func(r *rating.Rating) {
			r.Contact = &rating.Contact{Reached: b.Reached, Verified: b.Verified, Note: b.Note, MS: e.OccurredAt, By: e.Actor}
		})
	case *ledger.RatingContactV2:
		effect, err = a.prepareCall(e, b)
	case *ledger.RatingReportV1:
		effect, err = a.handleRating(e, b.Rating, func(r *rating.Rating) {
			r.Report = &rating.Report{Note: b.Note, Again: b.Again, MS: e.OccurredAt, By: e.Actor}
		})
	case *ledger.RatingMarkV1:
		effect, err = a.prepareRatingMark(e, b)
	case *ledger.RatingOrderV1:
		effect, err = a.prepareOrder(e, b)
	case *ledger.RatingRectifyV1:
		effect, err = a.answerRating(e, b.Rating, func(r *rating.Rectification, by *identity.Actor) {
			r.Done, r.DoneMS, r.DoneBy = b.Done, e.OccurredAt, by
		})
	case *ledger.RatingContestV1:
		effect, err = a.answerRating(e, b.Rating, func(r *rating.Rectification, by *identity.Actor) {
			r.Contest, r.ContestMS, r.ContestedBy = b.Reason, e.OccurredAt, by
		})
	case *ledger.GuideOpenV1, *ledger.GuideHandV1, *ledger.GuideAcceptV1, *ledger.GuideCloseV1:
		effect, err = a.prepareGuide(e, body, from)
	case *ledger.ComplaintOpenV1:
		effect, err = a.prepareComplaint(e, b, from)
	case *ledger.ComplaintAssignV1:
		effect, err = a.prepareAssignment(e, b)
	case *ledger.ComplaintReplyV1:
		effect, err = a.prepareReply(e, b)
	case *ledger.ComplaintRevealV1:
		effect, err = a.prepareComplaintReveal(e, b)
	default:
		return nil, false, nil
	}
	return effect, true, err
}

const metaServiceRules = "service_rules"

var ratingUnknown = refuse("rating_unknown", "没有这条评价", "there is no such rating")

func (a *applier) prepareRating(e *ledger.Entry, b *ledger.RatingGiveV1, from origin) (func() error, error) {
	if b.At != from.Division {
		return nil, refuse("scope", "评价地点与本机不符", "the rating was not given at the node that recorded it")
	}
	visit, err := a.visit(b.Occasion)
	if err != nil {
		return nil, err
	}
	office, err := a.officeOf(visit)
	if err != nil {
		return nil, err
	}
	r, err := rating.Give(e, b, visit, office)
	if err != nil {
		return nil, err
	}
	if !a.told {
		n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM ratings WHERE occasion = ? AND id <> ?)`, b.Occasion, e.ID)
		if err != nil {
			return nil, err
		}
		if n != 0 {
			return nil, refuse("rated_already", "本次办事已评价过，一次办事只评价一次", "this visit was rated already; each is rated once")
		}
	}
	return func() error {
		// What followed a rating stays when it is applied again.
		known, err := a.rating(e.ID)
		if err != nil {
			return err
		}
		if known != nil {
			return nil
		}
		if err := a.w.exec(a.ctx, `DELETE FROM ratings WHERE occasion = ?`, b.Occasion); err != nil {
			return err
		}
		return a.saveRating(r)
	}, nil
}

// visit is the entry of a visit, or of a rating; nil when it is not here.
func (a *applier) visit(id string) (*ledger.Entry, error) {
	known, err := a.find(`id = ?`, id)
	if err != nil || known == nil {
		return nil, err
	}
	e, err := ledger.ParseEntry(known.raw)
	return &e, storage("read entry", err)
}

// officeOf is the office at which a visit was: the division of its node, and at
// the county, where the departments sit together, the case's department.
func (a *applier) officeOf(visit *ledger.Entry) (rating.Office, error) {
	if visit == nil {
		return rating.Office{}, nil
	}
	home, err := a.homeOf(visit)
	if err != nil {
		return rating.Office{}, err
	}
	o := rating.Office{Division: home}
	c, err := a.caseByID(visit.Case)
	if err != nil {
		return o, err
	}
	department := ""
	if c != nil {
		o.Item, department = c.Item, c.Department
	} else {
		switch b := decoded(visit).(type) {
		case *ledger.CaseSubmitV1:
			o.Item, department = b.Item, b.Department
		case *ledger.PackageSubmitV1:
			o.Item, department = b.Package, b.Department
		case *ledger.PackageSupplementV1:
			whole, err := a.jointByID(visit.Case)
			if err != nil {
				return o, err
			}
			if whole != nil {
				o.Item, department = whole.Package, whole.Department
			}
		}
	}
	if isCounty(home.Tier()) {
		o.Department = department
	}
	return o, nil
}

// decoded is the body of an entry, nil when it cannot be read.
func decoded(e *ledger.Entry) ledger.Body {
	body, err := e.Decode()
	if err != nil {
		return nil
	}
	return body
}

// handleRating is a supervisor's step: it is done at the county, where all
// ratings are.
func (a *applier) handleRating(e *ledger.Entry, id string, change func(*rating.Rating)) (func() error, error) {
	r, err := a.rating(id)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, ratingUnknown
	}
	if r.Staff == e.Actor.Staff && !a.told {
		return nil, refuse("rated_person", "被评价人不能处理对本人的评价", "whoever was rated does not handle it")
	}
	if e.Kind != ledger.RatingMark && !a.told {
		fix, err := a.rectification(id)
		if err != nil {
			return nil, err
		}
		if err := rating.May(e.Kind, r, fix); err != nil {
			return nil, err
		}
	}
	change(r)
	return func() error { return a.saveRating(r) }, nil
}

// prepareCall is a call-back, or an attempt at one.
func (a *applier) prepareCall(e *ledger.Entry, b *ledger.RatingContactV2) (func() error, error) {
	given, err := a.visit(b.Rating)
	if err != nil {
		return nil, err
	}
	if given != nil && !a.told {
		if err := rating.CheckCall(b.AtMS, moment(given), moment(e), clockTolerance); err != nil {
			return nil, err
		}
	}
	return a.handleRating(e, b.Rating, func(r *rating.Rating) {
		r.Called(rating.Contact{Entry: e.ID, Channel: b.Channel, AtMS: b.AtMS, Reached: b.Reached, Verified: b.Verified, Satisfied: b.Satisfied, Note: b.Note, MS: e.OccurredAt, By: e.Actor})
	})
}

// prepareRatingMark marks a rating as malicious, or takes the mark back.
func (a *applier) prepareRatingMark(e *ledger.Entry, b *ledger.RatingMarkV1) (func() error, error) {
	r, err := a.rating(b.Rating)
	if err != nil {
		return nil, err
	}
	if r != nil {
		if err := a.mayMarkRating(r, b.Malicious); err != nil {
			return nil, err
		}
	}
	return a.handleRating(e, b.Rating, func(r *rating.Rating) {
		r.Mark = nil
		if b.Malicious {
			r.Mark = &rating.Mark{Reason: b.Reason, MS: e.OccurredAt, By: e.Actor}
		}
	})
}

// prepareOrder is a rectification notice. Below the county the rating itself may
// not be known, and need not be.
func (a *applier) prepareOrder(e *ledger.Entry, b *ledger.RatingOrderV1) (func() error, error) {
	if !a.told {
		r, err := a.rating(b.Rating)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, ratingUnknown
		}
		if r.Division != b.Division || r.Department != b.Department {
			return nil, refuse("rating_office", "整改通知应发给被评价的单位", "the notice goes to the office that was rated")
		}
		if r.Staff == e.Actor.Staff {
			return nil, refuse("rated_person", "被评价人不能处理对本人的评价", "whoever was rated does not handle it")
		}
		if err := rating.May(e.Kind, r, nil); err != nil {
			return nil, err
		}
		if err := a.mayOrder(e, r, b.Before); err != nil {
			return nil, err
		}
		fix, err := a.rectification(b.Rating)
		if err != nil {
			return nil, err
		}
		if fix != nil {
			return nil, refuse("rating_step", "整改通知已发出", "the notice has been sent already")
		}
	}
	return func() error {
		fix, err := a.rectification(b.Rating)
		if err != nil {
			return err
		}
		if fix == nil {
			fix = &rating.Rectification{Rating: b.Rating}
		}
		fix.Division, fix.Department, fix.What, fix.Before = b.Division, b.Department, b.What, b.Before
		fix.OrderedMS, fix.OrderedBy = e.OccurredAt, e.Actor
		return a.saveRectification(fix)
	}, nil
}

// answerRating is a step of the office that was rated.
func (a *applier) answerRating(e *ledger.Entry, id string, change func(*rating.Rectification, *identity.Actor)) (func() error, error) {
	fix, err := a.rectification(id)
	if err != nil {
		return nil, err
	}
	r, err := a.rating(id)
	if err != nil {
		return nil, err
	}
	if fix == nil || !a.told {
		rated := ""
		if r != nil {
			rated = r.Staff
		}
		if err := rating.MayAnswer(e.Kind, fix, rated, e.Actor); err != nil {
			return nil, err
		}
	}
	by := e.Actor
	change(fix, &by)
	return func() error {
		if err := a.saveRectification(fix); err != nil || r == nil {
			return err
		}
		return a.saveRating(r)
	}, nil
}

// rectificationTarget is the office that a rectification notice went to.
func (a *applier) rectificationTarget(id string) (identity.Target, error) {
	fix, err := a.rectification(id)
	if err != nil {
		return identity.Target{}, err
	}
	if fix == nil {
		return identity.Target{}, ratingUnknown
	}
	return identity.Target{Division: fix.Division, Department: fix.Department}, nil
}

func (a *applier) rating(id string) (*rating.Rating, error) {
	return jsonOf[rating.Rating](a, `SELECT body FROM ratings WHERE id = ?`, id)
}

func (a *applier) rectification(id string) (*rating.Rectification, error) {
	return jsonOf[rating.Rectification](a, `SELECT body FROM rectifications WHERE rating = ?`, id)
}

// jsonOf reads a JSON body within the transaction; nil when there is no row.
func jsonOf[T any](a *applier, query string, args ...any) (*T, error) {
	var body []byte
	err := a.w.row(a.ctx, query, args...).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read", err)
	}
	v := new(T)
	return v, storage("read", json.Unmarshal(body, v))
}

func (a *applier) saveRating(r *rating.Rating) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO ratings (id, occasion, division, department, staff, month, given, bad, open, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET open = excluded.open, body = excluded.body`,
		r.ID, r.Occasion, string(r.Division), r.Department, r.Staff, monthOf(r.GivenMS), r.GivenMS, r.Bad(), r.Bad() && r.Report == nil, body)
}

func (a *applier) saveRectification(r *rating.Rectification) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO rectifications (rating, division, department, ordered, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (rating) DO UPDATE SET division = excluded.division, department = excluded.department, ordered = excluded.ordered, body = excluded.body`,
		r.Rating, string(r.Division), r.Department, r.OrderedMS, body)
}

// monthOf is the month of a moment (Unix milliseconds), as 2026-11.
func monthOf(ms int64) string { return calendar.DateOf(time.UnixMilli(ms)).String()[:7] }
