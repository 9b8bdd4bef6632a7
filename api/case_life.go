package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// What the law knows of a case beside its steps: limits, what is missing,
// special procedures, extension, an early end.
//
//	GET /api/v1/cases/{id}/limits  GetCaseLimits

// GetCaseLimits shows the limits of a case, day by day.
func (s *Server) GetCaseLimits(ctx context.Context, in gen.GetCaseLimitsRequestObject) (gen.GetCaseLimitsResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	item, days, err := s.itemAndDays(ctx, c)
	if err != nil {
		return nil, err
	}
	limits, err := c.Limits(item, days)
	if err != nil {
		return nil, err
	}
	step, runs, err := c.StepLimit(item, days)
	if err != nil {
		return nil, err
	}
	if runs {
		limits = append(limits, step)
	}
	return gen.GetCaseLimits200JSONResponse{Limits: s.shownLimits(limits)}, nil
}

func ruleOf(k casework.LimitKind) casework.Rule {
	for _, r := range casework.Rules {
		if r.Kind == k {
			return r
		}
	}
	return casework.Rule{Kind: k}
}

// limits are the limits of a case by the calendar of this node.
func (s *Server) limits(ctx context.Context, c *casework.Case) ([]casework.Limit, error) {
	item, days, err := s.itemAndDays(ctx, c)
	if err != nil {
		return nil, err
	}
	return c.Limits(item, days)
}

func (s *Server) itemAndDays(ctx context.Context, c *casework.Case) (*catalog.Item, *calendar.Calendar, error) {
	item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return nil, nil, found(err)
	}
	days, err := s.workingDays(ctx)
	return &item.Item, days, err
}

// workingDays is the calendar that this node has.
func (s *Server) workingDays(ctx context.Context) (*calendar.Calendar, error) {
	years, err := s.store.CalendarYears(ctx)
	if err != nil {
		return nil, err
	}
	return calendar.New(years)
}

// foretold puts into the body of an action the due dates that its notice tells
// the applicant: those of the case as it will be. Where the calendar lacks a
// year none are told; that must not keep a case from being accepted.
func (s *Server) foretold(ctx context.Context, c *casework.Case, a Action) error {
	dues := duesOf(a.Body)
	if dues == nil {
		return nil
	}
	if known, err := s.toldBefore(ctx, a, dues); known || err != nil {
		return err
	}
	item, days, err := s.itemAndDays(ctx, c)
	if err != nil {
		return err
	}
	e := &ledger.Entry{ID: "foretold", Case: c.ID, Prev: c.Head, OccurredAt: s.o.Now().UnixMilli(), Actor: a.Actor}
	next, err := casework.Apply(c, item, e, a.Body, casework.Place{Division: s.self.Division, Ordinal: s.self.Ordinal})
	if err != nil {
		return nil // recording it says so, and a repeat is answered with its outcome
	}
	told, err := next.Dues(item, days)
	var missing *calendar.MissingYearError
	if errors.As(err, &missing) {
		return nil
	}
	*dues = told
	if err != nil || c.Package == nil {
		return err
	}
	dues.JointPromised, dues.JointStatutory, err = s.foretellJoint(ctx, next, days)
	if errors.As(err, &missing) {
		return nil
	}
	return err
}

// toldBefore takes the dates from the entry that the action has become already:
// a repeat says the same as the first time.
func (s *Server) toldBefore(ctx context.Context, a Action, dues *ledger.Dues) (bool, error) {
	e, err := s.store.Entry(ctx, s.node.ActionID(a.Actor.Staff, a.Key))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if body, err := e.Decode(); err == nil {
		if before := duesOf(body); before != nil {
			*dues = *before
		}
	}
	return true, nil
}

// duesOf is where a body holds the dates that its notice tells; nil for one
// that tells none.
func duesOf(body ledger.Body) *ledger.Dues {
	switch b := body.(type) {
	case *ledger.CaseAcceptV1:
		return &b.Dues
	case *ledger.CaseSuspendV1:
		return &b.Dues
	case *ledger.CaseResumeV1:
		return &b.Dues
	case *ledger.CaseExtendV1:
		return &b.Dues
	case *ledger.HearingConveneV1:
		return &b.Dues
	case *ledger.HearingRecordV1:
		return &b.Dues
	}
	return nil
}

// lawful fills in whether the law itself leaves the time of a procedure out, as
// the item says.
func (s *Server) lawful(ctx context.Context, c *casework.Case, body ledger.Body) error {
	b, ok := body.(*ledger.CaseSuspendV1)
	if !ok {
		return nil
	}
	item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return found(err)
	}
	b.Lawful = casework.Excluded(&item.Item, b.Procedure)
	return nil
}

// brought names in a notice the entries that have brought what it leaves out,
// and refuses it when something else is left out. A repeat says the same as the
// first time.
func (s *Server) brought(ctx context.Context, c *casework.Case, a Action) error {
	b, ok := a.Body.(*ledger.CaseRequestSupplementV1)
	if !ok || len(b.Supplements) > 0 {
		return nil
	}
	before, err := s.store.Entry(ctx, s.node.ActionID(a.Actor.Staff, a.Key))
	if err == nil {
		if body, err := before.Decode(); err == nil {
			if first, ok := body.(*ledger.CaseRequestSupplementV1); ok {
				b.Supplements = first.Supplements
			}
		}
		return nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return found(err)
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return err
	}
	came, _ := supplements(entries)
	var named []string
	err = c.CheckNotice(&item.Item, b, func(name string) bool {
		i := slices.IndexFunc(came, func(p gen.CaseSupplement) bool {
			return slices.ContainsFunc(p.Materials, func(m catalog.SubmittedMaterial) bool { return m.Name == name }) ||
				slices.ContainsFunc(p.Form, func(f catalog.FieldValue) bool { return f.Key == name })
		})
		asked := slices.ContainsFunc(b.Points, func(p ledger.SupplementPoint) bool { return p.Material+p.Field == name })
		if i >= 0 && !asked && !slices.Contains(named, came[i].Entry) {
			named = append(named, came[i].Entry)
		}
		return i >= 0
	})
	if len(named) > 0 {
		b.Supplements = named
	}
	return err
}

var besideKinds = []ledger.Kind{ledger.CaseSupplement, ledger.CaseWithdraw, ledger.PackageWithdraw}

// supplements are what the applicant brought to a case after hand-in, and
// whether the applicant asked to withdraw.
func supplements(entries []store.EntryView) (all []gen.CaseSupplement, withdraws bool) {
	wants := map[string]bool{} // by what was withdrawn: the case, or all of its joint matter
	for i := range entries {
		e := &entries[i]
		if e.Status == ledger.Refused || !slices.Contains(besideKinds, e.Kind) {
			continue
		}
		body, err := e.Decode()
		if err != nil {
			continue // it was checked when it came; the timeline shows it all the same
		}
		switch b := body.(type) {
		case *ledger.CaseSupplementV1:
			all = append(all, gen.CaseSupplement{Entry: e.ID, At: e.OccurredAt, By: e.Actor, Materials: b.Materials, Form: b.Form})
		case *ledger.CaseWithdrawV1:
			wants[e.Case] = !b.TakenBack
		case *ledger.PackageWithdrawV1:
			wants[e.Case] = !b.TakenBack
		}
	}
	for _, w := range wants {
		withdraws = withdraws || w
	}
	return all, withdraws
}

// broughtForAll adds what was brought for all of a joint matter to what was
// brought to one of its cases, in the order of the timeline.
func (s *Server) broughtForAll(ctx context.Context, c *casework.Case, entries []store.EntryView, all []gen.CaseSupplement) ([]gen.CaseSupplement, error) {
	if c.Package == nil {
		return all, nil
	}
	for i := range entries {
		e := &entries[i]
		if e.Kind != ledger.PackageSupplement || e.Status == ledger.Refused {
			continue
		}
		body, err := e.Decode()
		if err != nil {
			continue
		}
		part, err := s.partOfJoint(ctx, c, body.(*ledger.PackageSupplementV1))
		if err != nil {
			return nil, err
		}
		part.Entry, part.At, part.By = e.ID, e.OccurredAt, e.Actor
		all = append(all, part)
	}
	place := make(map[string]int, len(entries))
	for i := range entries {
		place[entries[i].ID] = i
	}
	slices.SortStableFunc(all, func(a, b gen.CaseSupplement) int { return cmp.Compare(place[a.Entry], place[b.Entry]) })
	return all, nil
}

// lifeOf is what a request to act says, for the actions that are not steps.
func lifeOf(in *gen.CaseAction) (ledger.Kind, identity.Action, ledger.Body, error) {
	need := needs{}
	switch in.Kind {
	case gen.ActRequestSupplement:
		need.that("points", len(in.Points) > 0)
		return ledger.CaseRequestSupplement, identity.CaseAccept, &ledger.CaseRequestSupplementV1{Points: in.Points, Before: in.Before, Again: in.Again,
			Supplements: in.Supplements, Tolerated: in.Tolerated}, need.err()
	case gen.ActFinding:
		need.that("points", in.Complete != (len(in.Points) > 0))
		return ledger.PackageFinding, identity.CaseAccept, &ledger.PackageFindingV1{Complete: in.Complete, Points: in.Points}, need.err()
	case gen.ActSupplement:
		need.that("materials", len(in.Materials)+len(in.Form) > 0)
		return ledger.CaseSupplement, identity.CaseSubmit, &ledger.CaseSupplementV1{Materials: in.Materials, Form: in.Form, Note: in.Note}, errors.Join(need.err(), broughtOnly(in.Materials))
	case gen.ActWithdraw:
		need.text("reason", in.Reason)
		return ledger.CaseWithdraw, identity.CaseSubmit, &ledger.CaseWithdrawV1{Reason: in.Reason, Proof: in.Proof, TakenBack: in.TakeBack}, need.err()
	case gen.ActTerminate:
		need.text("cause", string(in.Cause))
		need.text("reason", in.Reason)
		return ledger.CaseTerminate, identity.CaseTerminate, &ledger.CaseTerminateV1{Cause: ledger.Cause(in.Cause), Reason: in.Reason, PapersReturned: in.PapersReturned}, need.err()
	case gen.ActSuspend:
		need.text("procedure", in.Procedure)
		need.text("reason", in.Reason)
		need.that("until", !in.Until.IsZero())
		return ledger.CaseSuspend, identity.CaseSuspend, &ledger.CaseSuspendV1{Procedure: in.Procedure, Until: in.Until, Reason: in.Reason, Officers: in.Officers}, need.err()
	case gen.ActResume:
		need.text("procedure", in.Procedure)
		need.text("result", in.Result)
		need.that("on", !in.On.IsZero())
		return ledger.CaseResume, identity.CaseSuspend, &ledger.CaseResumeV1{Procedure: in.Procedure, On: in.On, Result: in.Result}, need.err()
	case gen.ActExtend:
		need.that("days", in.Days > 0)
		need.text("reason", in.Reason)
		return ledger.CaseExtend, identity.CaseExtend, &ledger.CaseExtendV1{Days: in.Days, Reason: in.Reason}, need.err()
	case gen.ActCorrect:
		need.text("name", in.Name)
		need.text("id_number", in.IdNumber)
		need.text("shown", in.Shown)
		need.text("reason", in.Reason)
		is := casework.NormaliseApplicant(ledger.Applicant{Name: in.Name, IDNumber: in.IdNumber})
		return ledger.CaseCorrect, identity.CaseCorrect, &ledger.CaseCorrectV1{Name: is.Name, IDNumber: is.IDNumber, Shown: in.Shown, Reason: in.Reason}, need.err()
	}
	return hearingOf(in)
}

// lifeProblem is about limits and documents.
func lifeProblem(err error) *problem {
	var year *calendar.MissingYearError
	var day *calendar.DateError
	var notYet *document.NotYet
	switch {
	case errors.As(err, &year):
		p := *errCalendarYear
		p.en = fmt.Sprintf("the calendar lacks the year %d; import it", year.Year)
		p.zh = fmt.Sprintf("缺少 %d 年的节假日安排，无法计算期限", year.Year)
		return &p
	case errors.As(err, &notYet):
		return errDocumentNotYet
	case errors.As(err, &day):
		return errInvalid.with(catalog.Fault{Path: "from", Code: catalog.FaultFormat, ZH: "日期不存在", EN: "there is no such day"})
	}
	for wrong, path := range periodFaults {
		if errors.Is(err, wrong) {
			zh, en, _ := strings.Cut(strings.TrimSuffix(wrong.Error(), ")"), " (")
			return errInvalid.with(catalog.Fault{Path: path, Code: catalog.FaultConflict, ZH: zh, EN: en})
		}
	}
	return nil
}

// periodFaults are what may be wrong with a time limit, and with which part.
var periodFaults = map[error]string{
	calendar.ErrDays: "days", calendar.ErrUnit: "days", calendar.ErrNaturalSuspended: "suspend", calendar.ErrSuspensionDates: "suspend",
	calendar.ErrExtensionApproval: "approved", calendar.ErrExtensionLate: "approved",
}

// errCalendarYear says that the calendar lacks a year.
var errCalendarYear = &problem{http.StatusConflict, "calendar_year", "the calendar lacks a year that is needed; import it", "缺少所需年份的节假日安排，无法计算期限", "请县中心管理员导入该年日历后再试", nil, 0}
