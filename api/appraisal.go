package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// The monthly appraisal (考核). It is drawn up at the county; what was published
// of offices is everywhere, of persons at their own office and above.
//
//	GET/PUT /api/v1/appraisal/scorecard                    GetScorecard, SetScorecard
//	GET     /api/v1/appraisals                             ListAppraisals
//	GET     /api/v1/appraisals/mine                        GetMyAppraisal
//	GET     /api/v1/appraisals/{month}                     GetAppraisal
//	POST    /api/v1/appraisals/{month}/actions             ActOnAppraisal
//	GET/POST /api/v1/appraisals/{month}/marks              ListMarks, MarkAppraisal
//	GET/POST /api/v1/appraisals/{month}/objections         ListObjections, ObjectToAppraisal
//	POST    /api/v1/appraisals/{month}/objections/{staff}  AnswerObjection

// Bounds of lists.
const (
	maxEditions = 200
	maxPersons  = 20_000
)

// GetScorecard shows what is appraised by.
func (s *Server) GetScorecard(ctx context.Context, _ gen.GetScorecardRequestObject) (gen.GetScorecardResponseObject, error) {
	cards, err := s.store.Scorecards(ctx)
	return gen.GetScorecard200JSONResponse{Scorecards: append(cards, appraisal.Default)}, err
}

// SetScorecard sets it, from a month on.
func (s *Server) SetScorecard(ctx context.Context, in gen.SetScorecardRequestObject) (gen.SetScorecardResponseObject, error) {
	actor, err := s.manages(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Body.Check(); err != nil {
		return nil, errScorecard
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AppraisalScorecard, Body: in.Body})
	return gen.SetScorecard200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

var errScorecard = &problem{http.StatusBadRequest, "scorecard", "a scorecard names each measure once; what gives points adds up to a hundred (10000), with none and all apart; what takes off has each", "评分标准有误", "每项指标只列一次；给分项合计 100 分（10000），并给出 none 与 all；扣分项给出 each", nil, 0}

// manages is the caller as one who draws up appraisals, at the county.
func (s *Server) manages(ctx context.Context) (identity.Actor, error) {
	actor, err := as(ctx, identity.AppraisalManage, identity.Target{})
	if err == nil && s.self.Tier != node.County {
		err = errCountyOnly
	}
	return actor, err
}

// ListAppraisals lists months and editions: at the county to who reads them all,
// else those that were published.
func (s *Server) ListAppraisals(ctx context.Context, _ gen.ListAppraisalsRequestObject) (gen.ListAppraisalsResponseObject, error) {
	out := gen.ListAppraisals200JSONResponse{Appraisals: []gen.AppraisalEdition{}}
	if s.readsAll(ctx) {
		list, err := s.store.Appraisals(ctx, maxEditions)
		for _, e := range list {
			out.Appraisals = append(out.Appraisals, gen.AppraisalEdition{Month: e.Month, Edition: e.Edition, State: e.State})
		}
		return out, err
	}
	months, err := s.store.PublishedMonths(ctx, maxEditions)
	if err != nil {
		return nil, err
	}
	for _, m := range months {
		p, err := s.store.PublishedOffices(ctx, m)
		if err != nil {
			return nil, err
		}
		out.Appraisals = append(out.Appraisals, gen.AppraisalEdition{Month: m, Edition: p.Edition, State: appraisal.Published})
	}
	return out, nil
}

// readsAll reports whether the caller may read drafts, and every person's row.
func (s *Server) readsAll(ctx context.Context) bool {
	if s.self.Tier != node.County {
		return false
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return false
	}
	within, department, ok := actor.Reach(identity.AppraisalRead)
	return ok && department == "" && within.Tier() == node.County
}

// GetMyAppraisal shows what was published of the caller.
func (s *Server) GetMyAppraisal(ctx context.Context, _ gen.GetMyAppraisalRequestObject) (gen.GetMyAppraisalResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.GetMyAppraisal200JSONResponse{Results: []gen.PersonResult{}, Objections: []gen.Objection{}}
	results, err := s.store.PersonResults(ctx, "", actor.Staff, "", "", maxEditions)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		out.Results = append(out.Results, gen.PersonResult{Month: r.Month, Edition: r.Edition, Criteria: r.Criteria, Row: r.Row})
	}
	said, err := s.store.Objections(ctx, "", actor.Staff, "", "")
	for i := range said {
		out.Objections = append(out.Objections, objectionView(&said[i]))
	}
	return out, err
}

// GetAppraisal shows an appraisal as far as the caller may see it.
func (s *Server) GetAppraisal(ctx context.Context, in gen.GetAppraisalRequestObject) (gen.GetAppraisalResponseObject, error) {
	if _, err := s.within(ctx, identity.AppraisalRead, ""); err != nil {
		return nil, err
	}
	report, err := s.appraisalFor(ctx, &in)
	if err != nil {
		return nil, err
	}
	if kind := in.Params.Kind; kind != "" {
		report.Rows = slices.DeleteFunc(report.Rows, func(r ledger.AppraisalRow) bool { return r.Of.Kind != string(kind) })
	}
	names, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	file, err := appraisalSheet(report, names).as(string(in.Params.Format))
	if err != nil || file != nil {
		return file, err
	}
	return gen.GetAppraisal200JSONResponse(*report), nil
}

func (s *Server) appraisalFor(ctx context.Context, in *gen.GetAppraisalRequestObject) (*gen.AppraisalReport, error) {
	if in.Params.Now {
		if _, err := s.manages(ctx); err != nil {
			return nil, err
		}
		rows, card, hash, err := s.store.Appraise(ctx, in.Month)
		if err != nil {
			return nil, err
		}
		return &gen.AppraisalReport{Month: in.Month, Hash: hash, Offices: card.Offices, Persons: card.Persons, Rows: rows}, nil
	}
	if s.readsAll(ctx) {
		x, err := s.store.Appraisal(ctx, in.Month, in.Params.Edition)
		if err != nil {
			return nil, found(err)
		}
		out := &gen.AppraisalReport{Month: x.Month, Edition: x.Edition, State: x.State(), Reason: x.Reason, Hash: x.Hash, Offices: x.Card.Offices, Persons: x.Card.Persons, Drafted: x.Drafted, Rows: x.Rows}
		if x.Signed != nil {
			out.Signed = *x.Signed
		}
		if x.Public != nil {
			out.Published = *x.Public
		}
		return out, nil
	}
	p, err := s.store.PublishedOffices(ctx, in.Month)
	if err != nil {
		return nil, found(err)
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	within, department, _ := actor.Reach(identity.AppraisalRead)
	persons, err := s.store.PersonResults(ctx, in.Month, "", within, department, maxPersons)
	if err != nil {
		return nil, err
	}
	out := &gen.AppraisalReport{Month: p.Month, Edition: p.Edition, State: appraisal.Published, Reason: p.Reason, Hash: p.Hash, Offices: p.Criteria, Persons: []ledger.AppraisalCriterion{}, Rows: p.Offices}
	for _, r := range persons {
		out.Rows, out.Persons = append(out.Rows, r.Row), r.Criteria
	}
	return out, nil
}

var appraisedZH = map[string]string{"window": "窗口", "department": "部门", "township": "乡镇（街道）", "village": "村（社区）", "person": "人员"}

// appraisalSheet is an appraisal as a table: what is counted, and what it comes
// to.
func appraisalSheet(r *gen.AppraisalReport, names places) *spreadsheet {
	t := &spreadsheet{name: "appraisal-" + r.Month, heads: strings.Split("类别,区划,名称,部门,工号,姓名,办件量,办结,按时,提前,超期,补正,黄牌,红牌,评价数,满意,差评,已整改,考勤半日数,在岗半日数,加分,减分,得分,名次", ",")}
	for _, row := range r.Rows {
		f := row.Figures
		t.rows = append(t.rows, []any{appraisedZH[row.Of.Kind], string(row.Of.Division), names[row.Of.Division].Name, row.Of.Department, row.Of.Staff, row.Name,
			f.Volume, f.Decided, f.OnTime, f.Early, f.Overdue, f.Corrected, f.Yellow, f.Red, f.Rated, f.Satisfied, f.Bad, f.Rectified, f.HalfDays, f.Present,
			hundredths(f.Plus), hundredths(f.Minus), hundredths(int64(row.Score)), int64(row.Rank)})
	}
	return t
}

// ActOnAppraisal drafts, signs and publishes.
func (s *Server) ActOnAppraisal(ctx context.Context, in gen.ActOnAppraisalRequestObject) (gen.ActOnAppraisalResponseObject, error) {
	actor, err := s.manages(ctx)
	if err != nil {
		return nil, err
	}
	last, err := s.store.Appraisal(ctx, in.Month, 0)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	a, err := appraisalAction(in.Month, in.Body, last)
	if err != nil {
		return nil, err
	}
	a.Actor, a.Key = actor, in.Params.IdempotencyKey
	if a.Kind != ledger.AppraisalDraft && last != nil && last.State() != appraisal.Published && !s.recordedBefore(ctx, a) {
		now, _, _, err := s.store.Appraise(ctx, in.Month)
		if err != nil {
			return nil, err
		}
		if err := last.Unchanged(now); err != nil {
			return nil, err
		}
	}
	recorded, err := s.record(ctx, a)
	return gen.ActOnAppraisal200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

func appraisalAction(month string, in *gen.AppraisalAction, last *appraisal.Appraisal) (Action, error) {
	edition := 1
	if last != nil {
		edition = last.Edition
	}
	if in.Hash == "" && in.Kind != gen.AppraisalActPublish {
		return Action{}, errInvalid.with(fault("hash", "required"))
	}
	switch in.Kind {
	case gen.AppraisalActDraft:
		if last != nil && last.State() == appraisal.Published {
			edition++
		}
		if edition > 1 && in.Reason == "" {
			return Action{}, errInvalid.with(fault("reason", "required"))
		}
		return Action{Kind: ledger.AppraisalDraft, Body: &ledger.AppraisalDraftV1{Month: month, Edition: edition, Reason: in.Reason, Hash: in.Hash}}, nil
	case gen.AppraisalActSign:
		return Action{Kind: ledger.AppraisalSign, Body: &ledger.AppraisalSignV1{Month: month, Edition: edition, Hash: in.Hash}}, nil
	}
	if last == nil {
		return Action{}, errNotFound
	}
	return Action{Kind: ledger.AppraisalPublish, Body: &ledger.AppraisalPublishV1{Month: month, Edition: edition, Hash: cmp.Or(in.Hash, last.Hash), Criteria: last.Card.Offices,
		Offices: last.Offices(), Reason: last.Reason}}, nil
}

// ListMarks lists the points given by hand.
func (s *Server) ListMarks(ctx context.Context, in gen.ListMarksRequestObject) (gen.ListMarksResponseObject, error) {
	within, err := s.within(ctx, identity.AppraisalRead, "")
	if err != nil {
		return nil, err
	}
	if s.self.Tier != node.County {
		return nil, errCountyOnly
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	_, department, _ := actor.Reach(identity.AppraisalRead)
	marks, err := s.store.AppraisalMarks(ctx, in.Month)
	out := gen.ListMarks200JSONResponse{Marks: []gen.Mark{}}
	for _, m := range marks {
		if !within.Contains(m.Of.Division) || department != "" && m.Of.Department != department {
			continue
		}
		out.Marks = append(out.Marks, gen.Mark{Id: m.ID, Of: m.Of, Points: m.Points, Reason: m.Reason, By: m.By, At: m.At})
	}
	return out, err
}

// MarkAppraisal gives or takes points by hand.
func (s *Server) MarkAppraisal(ctx context.Context, in gen.MarkAppraisalRequestObject) (gen.MarkAppraisalResponseObject, error) {
	actor, err := s.manages(ctx)
	if err != nil {
		return nil, err
	}
	body := &ledger.AppraisalMarkV1{Month: in.Month, Of: in.Body.Of, Points: in.Body.Points, Reason: in.Body.Reason}
	if body.Of.Staff != "" {
		who, err := s.store.Staff(ctx, body.Of.Staff)
		if err != nil {
			return nil, found(err)
		}
		body.Of.Division, body.Of.Department = who.Division, who.Department
	}
	if err := body.Check(); err != nil {
		return nil, errInvalid.with(fault("of", "required"))
	}
	a := Action{Actor: actor, Kind: ledger.AppraisalMark, Body: body, Key: in.Params.IdempotencyKey}
	last, err := s.store.Appraisal(ctx, in.Month, 0)
	if ignoreMissing(err) != nil {
		return nil, err
	}
	if err := appraisal.MayMark(last); err != nil && !s.recordedBefore(ctx, a) {
		return nil, err
	}
	recorded, err := s.record(ctx, a)
	return gen.MarkAppraisal200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

func objectionView(o *appraisal.Objection) gen.Objection {
	out := gen.Objection{Month: o.Month, Division: string(o.Division), By: o.By, At: o.At, Text: o.Text}
	if o.Answer != nil {
		out.Answered, out.Upheld, out.Answer = true, o.Answer.Upheld, o.Answer.Text
	}
	return out
}

// ListObjections lists what persons said against their appraisal.
func (s *Server) ListObjections(ctx context.Context, in gen.ListObjectionsRequestObject) (gen.ListObjectionsResponseObject, error) {
	within, err := s.within(ctx, identity.AppraisalRead, "")
	if err != nil {
		return nil, err
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	_, department, _ := actor.Reach(identity.AppraisalRead)
	said, err := s.store.Objections(ctx, in.Month, "", within, department)
	out := gen.ListObjections200JSONResponse{Objections: []gen.Objection{}}
	for i := range said {
		out.Objections = append(out.Objections, objectionView(&said[i]))
	}
	return out, err
}

// ObjectToAppraisal is a person's objection.
func (s *Server) ObjectToAppraisal(ctx context.Context, in gen.ObjectToAppraisalRequestObject) (gen.ObjectToAppraisalResponseObject, error) {
	who, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	actor, err := who.As(identity.AppraisalOwn, identity.Target{Division: s.self.Division, Department: who.Department})
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AppraisalObject, Key: in.Params.IdempotencyKey,
		Body: &ledger.AppraisalObjectV1{Month: in.Month, Division: s.self.Division, Staff: actor.Staff, Text: in.Body.Text}})
	return gen.ObjectToAppraisal200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

// AnswerObjection answers it.
func (s *Server) AnswerObjection(ctx context.Context, in gen.AnswerObjectionRequestObject) (gen.AnswerObjectionResponseObject, error) {
	actor, err := s.manages(ctx)
	if err != nil {
		return nil, err
	}
	said, err := s.store.Objections(ctx, in.Month, in.Staff, "", "")
	if err != nil {
		return nil, err
	}
	if len(said) == 0 {
		return nil, errNotFound
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AppraisalAnswer, Key: in.Params.IdempotencyKey,
		Body: &ledger.AppraisalAnswerV1{Month: in.Month, Division: said[0].Division, Staff: in.Staff, Upheld: in.Body.Upheld, Text: in.Body.Text}})
	return gen.AnswerObjection200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

// GetAttendance lists who was there.
//
//	GET/POST /api/v1/attendance  GetAttendance, RecordAttendance
func (s *Server) GetAttendance(ctx context.Context, in gen.GetAttendanceRequestObject) (gen.GetAttendanceResponseObject, error) {
	within, err := s.within(ctx, identity.AppraisalRead, in.Params.Division)
	if err != nil {
		return nil, err
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	_, department, _ := actor.Reach(identity.AppraisalRead)
	days, err := s.store.Attendance(ctx, in.Params.Month, in.Params.Staff, within, department)
	return gen.GetAttendance200JSONResponse{Days: append([]ledger.AttendanceDay{}, days...)}, err
}

// RecordAttendance records who was there.
func (s *Server) RecordAttendance(ctx context.Context, in gen.RecordAttendanceRequestObject) (gen.RecordAttendanceResponseObject, error) {
	actor, err := as(ctx, identity.AttendanceRecord, identity.Target{Division: division.Code(in.Body.Division), Department: in.Body.Department})
	if err != nil {
		return nil, err
	}
	if err := in.Body.Check(); err != nil {
		return nil, errInvalid.with(fault("days", "format"))
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.AttendanceRecord, Body: in.Body, Key: in.Params.IdempotencyKey})
	return gen.RecordAttendance200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

// VisitGetAppraisalResponse implements gen.GetAppraisalResponseObject.
func (f *tableFile) VisitGetAppraisalResponse(w http.ResponseWriter) error { return f.write(w) }
