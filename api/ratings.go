package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/node/rating"
	"github.com/tongban/tongban/store"
)

// What applicants think of the service, and what follows:
//
//	POST /api/v1/cases/{id}/rating-ticket  OfferRating
//	POST /api/v1/ratings                   GiveRating
//	GET  /api/v1/ratings                   ListRatings
//	GET  /api/v1/ratings/figures           GetRatingFigures
//	POST /api/v1/ratings/{rating}/actions  ActOnRating
//
// Whoever was rated must not learn who rated: single ratings are shown to
// supervisors and auditors, to none of them what was said about themselves, and
// the rest see counts that rest on several.

// ticketFor is how long a device at the desk may be used to rate a visit.
const ticketFor = 30 * time.Minute

// visit is what a ticket lets somebody rate.
type visit struct {
	caseID, occasion string
	until            time.Time
	means            string
}

// OfferRating gives the desk a ticket to put before the applicant. It says
// nothing of whether the visit was rated already.
func (s *Server) OfferRating(ctx context.Context, in gen.OfferRatingRequestObject) (gen.OfferRatingResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	if _, err := as(ctx, identity.RatingOffer, targetOf(c)); err != nil {
		return nil, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	occasion, about := "", "" // of a joint matter, the visit is about all its cases
	for _, e := range entries {
		if !slices.Contains(rating.Occasions, e.Kind) || in.Body.Occasion != "" && e.ID != in.Body.Occasion {
			continue
		}
		n, err := s.store.Node(ctx, e.Origin)
		if err != nil {
			return nil, found(err)
		}
		if n.Division == s.self.Division {
			occasion, about = e.ID, e.Case
		}
	}
	if occasion == "" {
		return nil, errNoVisit
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	ticket := hex.EncodeToString(secret)
	until := s.o.Now().Add(ticketFor)
	s.tickets.set(ticket, visit{about, occasion, until, ledger.RatedOnDevice})
	return gen.OfferRating201JSONResponse{Ticket: ticket, Occasion: occasion, ExpiresAt: until.UnixMilli()}, nil
}

// GiveRating takes a rating. The node records it, and not who holds the device;
// whoever is logged in as staff there does not rate, and in a browser of theirs
// nobody does with the code of a receipt, which a clerk may have seen.
func (s *Server) GiveRating(ctx context.Context, in gen.GiveRatingRequestObject) (gen.GiveRatingResponseObject, error) {
	if requestOf(ctx).actor != nil {
		return nil, errStaffRates
	}
	if in.Body.Ticket == "" && atDesk(requestOf(ctx).http) {
		return nil, errDeskRates
	}
	var above gen.Recorded
	v, err := s.provenVisit(ctx, in.Body, func(number string) error {
		return s.elsewhere(ctx, number, ratingsPath, in.Params.IdempotencyKey, in.Body, &above)
	})
	if errors.Is(err, errHandedOn) {
		return gen.GiveRating201JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(above)}, nil
	}
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: s.system(), Kind: ledger.RatingGive, Key: in.Params.IdempotencyKey, Body: &ledger.RatingGiveV1{
		Case: v.caseID, Occasion: v.occasion, At: s.self.Division, Institution: in.Body.Institution, Platform: in.Body.Platform, Person: in.Body.Person,
		Tags: in.Body.Tags, Text: strings.TrimSpace(in.Body.Text), Means: v.means}})
	if err != nil {
		return nil, err
	}
	return gen.GiveRating201JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// provenVisit is the one place that checks whether somebody is the applicant of
// the visit they rate: by a desk's ticket, or by the code on their receipt, with
// which they say which visit, or mean the latest one.
func (s *Server) provenVisit(ctx context.Context, in *gen.RatingRequest, elsewhere func(number string) error) (visit, error) {
	if in.Ticket == "" {
		return s.visitByCode(ctx, in.Number, in.Code, in.VisitAt, elsewhere)
	}
	v, ok := s.tickets.get(in.Ticket)
	if !ok || s.o.Now().After(v.until) {
		return visit{}, errTicket
	}
	return v, nil
}

func (s *Server) visitByCode(ctx context.Context, number, code string, at int64, elsewhere func(number string) error) (visit, error) {
	c, err := s.proven(ctx, number, code, elsewhere)
	if err != nil {
		return visit{}, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return visit{}, err
	}
	v := visit{means: ledger.RatedByCode}
	for _, e := range entries {
		if slices.Contains(rating.Occasions, e.Kind) && (at == 0 || e.OccurredAt == at) {
			v.caseID, v.occasion = e.Case, e.ID
		}
	}
	if v.occasion == "" {
		return v, errNoVisit
	}
	return v, nil
}

// system is the node itself, which records what no member of staff does.
func (s *Server) system() identity.Actor {
	return identity.Actor{Staff: s.self.Node, Role: identity.System}
}

// ListRatings lists single ratings.
func (s *Server) ListRatings(ctx context.Context, in gen.ListRatingsRequestObject) (gen.ListRatingsResponseObject, error) {
	p := in.Params
	f, reader, err := s.officeFilter(ctx, identity.RatingRead, p.Division, p.Department, p.Cursor, p.Limit)
	if err != nil {
		return nil, err
	}
	f.Not, f.From, f.To, f.Open = reader.Staff, p.From, p.To, p.Open
	list, err := s.store.Ratings(ctx, f)
	if err != nil {
		return nil, err
	}
	clock, err := s.serviceClock(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.ListRatings200JSONResponse{Ratings: []gen.Rating{}}
	for i := range list {
		if i == f.Limit-1 {
			out.NextCursor = cursor(list[i-1].GivenMS, list[i-1].ID)
			break
		}
		shown, err := s.shownRating(ctx, &list[i], clock)
		if err != nil {
			return nil, err
		}
		out.Ratings = append(out.Ratings, shown)
	}
	return out, nil
}

// officeFilter is what a listing may show the caller: what they ask for, within
// their reach.
func (s *Server) officeFilter(ctx context.Context, action identity.Action, asked division.Code, department, page string, limit int) (store.OfficeFilter, *Actor, error) {
	reader, err := actorOf(ctx)
	if err != nil {
		return store.OfficeFilter{}, nil, err
	}
	within, err := s.within(ctx, action, asked)
	if err != nil {
		return store.OfficeFilter{}, nil, err
	}
	f := store.OfficeFilter{Within: within, Department: department, Limit: limitOf(limit) + 1} // one more tells whether there is a next page
	if _, own, _ := reader.Reach(action); own != "" {
		if department != "" && department != own {
			return f, nil, &identity.Denied{Role: reader.Roles[0], Action: action, Why: "department"}
		}
		f.Department = own
	}
	f.BeforeMS, f.BeforeID, err = cursorOf(page)
	return f, reader, err
}

// serviceClock is what due dates of ratings and complaints are computed from.
type serviceClock struct {
	rules ledger.ServiceRulesV1
	days  *calendar.Calendar
	today calendar.Date
}

func (s *Server) serviceClock(ctx context.Context) (serviceClock, error) {
	c := serviceClock{today: calendar.DateOf(s.o.Now())}
	var err error
	if c.rules, err = s.store.ServiceRules(ctx); err != nil {
		return c, err
	}
	c.days, err = s.workingDays(ctx)
	return c, err
}

// shownRating is a rating for a supervisor. Without a calendar of its year its
// due dates are left out.
func (s *Server) shownRating(ctx context.Context, v *store.RatingView, clock serviceClock) (gen.Rating, error) {
	state := v.State()
	out := gen.Rating{Id: v.ID, Division: v.Division, Department: v.Department, Item: v.Item, GivenAt: v.GivenMS, Means: gen.RatingMeans(v.Means),
		Institution: v.Institution, Platform: v.Platform, Person: v.Person, Tags: masked(v.Tags), Text: privacy.Text(v.Text), State: gen.RatingState(state),
		Verified: v.Contact != nil && v.Contact.Verified, Contacts: shownContacts(&v.Rating), Unreachable: v.Unreachable()}
	if v.Mark != nil {
		out.Malicious, out.MarkReason = true, privacy.Text(v.Mark.Reason)
	}
	if v.Report != nil {
		out.Again = v.Report.Again
	}
	if v.Rectification != nil {
		out.Rectification = shownRectification(v.Rectification, clock.today)
	}
	if v.Bad() {
		contact, finish, err := v.Due(clock.rules, clock.days)
		if err == nil {
			out.ContactDue, out.FinishDue, out.Overdue = contact, finish, rating.Overdue(state, contact, finish, clock.today)
		} else if lifeProblem(err) == nil {
			return out, err
		}
	}
	c, err := s.store.Case(ctx, v.Case)
	if err == nil {
		out.Number = printed(c.Number)
	}
	if errors.Is(err, store.ErrNotFound) {
		joint, err := s.store.Joint(ctx, v.Case)
		if err == nil {
			out.Number = printed(joint.Number)
		}
		return out, ignoreMissing(err)
	}
	return out, err
}

func masked(texts []string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, privacy.Text(t))
	}
	return out
}

// ActOnRating takes a supervisor's step with a rating.
func (s *Server) ActOnRating(ctx context.Context, in gen.ActOnRatingRequestObject) (gen.ActOnRatingResponseObject, error) {
	actor, err := as(ctx, identity.RatingHandle, identity.Target{})
	if err != nil {
		return nil, err
	}
	r, err := s.store.Rating(ctx, in.Rating)
	if err != nil {
		return nil, found(err)
	}
	if r.Staff == actor.Staff {
		return nil, errNotFound // as if it were not there
	}
	a := Action{Actor: actor, Key: in.Params.IdempotencyKey}
	need := needs{}
	switch b := in.Body; b.Kind {
	case gen.RatingActContact:
		a.Kind = ledger.RatingContact
		if a.Body, err = s.callBack(ctx, a, r.ID, b, &need); err != nil {
			return nil, err
		}
	case gen.RatingActOrder:
		need.that("before", !b.Before.IsZero())
		a.Kind, a.Body = ledger.RatingOrder, &ledger.RatingOrderV1{Rating: r.ID, Division: r.Division, Department: r.Department, What: b.Note, Before: b.Before}
	case gen.RatingActReport:
		a.Kind, a.Body = ledger.RatingReport, &ledger.RatingReportV1{Rating: r.ID, Note: b.Note, Again: b.Again}
	default:
		a.Kind, a.Body = ledger.RatingMark, &ledger.RatingMarkV1{Rating: r.ID, Malicious: b.Kind == gen.RatingActMark, Reason: b.Note}
	}
	if err := need.err(); err != nil {
		return nil, err
	}
	if !s.recordedBefore(ctx, a) {
		if err := s.mayHandle(ctx, r, in.Body); err != nil {
			return nil, err
		}
	}
	recorded, err := s.record(ctx, a)
	if err != nil {
		return nil, err
	}
	return gen.ActOnRating200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

var channelZH = map[ledger.ContactChannel]string{ledger.ByPhone: "电话", ledger.ByVisit: "上门", ledger.AtWindow: "到窗口面谈", ledger.ByMessage: "短信、即时消息", ledger.ByLetter: "信函"}

// callBack is what a call-back becomes: from level 3 of the county on with its way and
// moment; before that they are written into its note. A repeat says what the first said.
func (s *Server) callBack(ctx context.Context, a Action, id string, in *gen.RatingAction, need *needs) (ledger.Body, error) {
	said, err := s.recordedBody(ctx, a)
	if err != nil {
		return nil, err
	}
	level, err := s.store.Level(ctx)
	if err != nil {
		return nil, err
	}
	_, before := said.(*ledger.RatingContactV1)
	return callBackOf(id, in, before || said == nil && level < 3, need), nil
}

func callBackOf(id string, in *gen.RatingAction, old bool, need *needs) ledger.Body {
	channel := ledger.ContactChannel(in.Channel)
	if old {
		b := &ledger.RatingContactV1{Rating: id, Reached: in.Reached, Verified: in.Verified, Note: in.Note}
		if channel != "" && in.ContactedAt > 0 {
			b.Note = channelZH[channel] + "，" + time.UnixMilli(in.ContactedAt).In(beijing).Format("2006-01-02 15:04") + "：" + in.Note
		}
		need.that("note", b.Check() == nil)
		return b
	}
	need.that("channel", channel != "")
	need.that("contacted_at", in.ContactedAt > 0)
	need.that("reached", in.Reached || !in.Verified && !in.Satisfied)
	return &ledger.RatingContactV2{Rating: id, Channel: channel, AtMS: in.ContactedAt, Reached: in.Reached, Verified: in.Verified, Satisfied: in.Satisfied, Note: in.Note}
}

// shownContacts are the call-backs of a rating, in their order.
func shownContacts(r *rating.Rating) (out []gen.RatingContact) {
	all := slices.Clone(r.Attempts)
	if r.Contact != nil {
		all = append(all, *r.Contact)
	}
	for _, c := range all {
		out = append(out, gen.RatingContact{Channel: gen.ContactChannel(c.Channel), At: c.AtMS, Reached: c.Reached, Verified: c.Verified, Satisfied: c.Satisfied,
			Note: privacy.Text(c.Note), By: c.By, RecordedAt: c.MS})
	}
	return out
}

// mayHandle refuses a day by which nobody could put a rating right in time, and
// taking back a mark that there is not.
func (s *Server) mayHandle(ctx context.Context, r *store.RatingView, in *gen.RatingAction) error {
	switch {
	case in.Kind == gen.RatingActMark || in.Kind == gen.RatingActUnmark:
		return r.CheckMark(in.Kind == gen.RatingActMark)
	case in.Kind != gen.RatingActOrder || rating.May(ledger.RatingOrder, &r.Rating, r.Rectification) != nil:
		return nil
	}
	clock, err := s.serviceClock(ctx)
	if err != nil {
		return err
	}
	last, err := r.OrderUntil(clock.rules, clock.days, clock.today)
	if err != nil {
		if p := lifeProblem(err); p != nil {
			return p
		}
		return err
	}
	return rating.CheckOrder(in.Before, clock.today, last)
}

// GetRatingFigures counts ratings. What could tell the rated who said what is
// left out for those who may not read single ratings: months that are not over,
// sums of several, and small numbers.
func (s *Server) GetRatingFigures(ctx context.Context, in gen.GetRatingFiguresRequestObject) (gen.GetRatingFiguresResponseObject, error) {
	p := in.Params
	f, reader, err := s.officeFilter(ctx, identity.RatingFigures, p.Division, p.Department, "", 0)
	if err != nil {
		return nil, err
	}
	f.From, f.To = p.From, p.To
	persons := p.By == gen.RatedPerson
	least := int64(0)
	if !reader.Can(identity.RatingRead) {
		if f.From == "" || f.From != f.To || f.To >= calendar.DateOf(s.o.Now()).String()[:7] {
			return nil, errFigureMonth
		}
		rules, err := s.store.ServiceRules(ctx)
		if err != nil {
			return nil, err
		}
		least = int64(rules.LeastShown)
	}
	figures, err := s.store.RatingFigures(ctx, f, persons)
	if err != nil {
		return nil, err
	}
	if !persons {
		if err := s.addClosed(ctx, f, figures); err != nil {
			return nil, err
		}
	}
	out := gen.GetRatingFigures200JSONResponse{Units: []gen.RatedUnit{}}
	for u, n := range figures {
		if persons && u.Staff != reader.Staff && least > 0 && !reader.Can(identity.RatingAnswer) {
			continue
		}
		unit := gen.RatedUnit{Division: u.Division, Department: u.Department, Staff: u.Staff}
		if n.Rated < least {
			unit.Suppressed = true
		} else {
			unit.Rated, unit.Satisfied, unit.Bad, unit.Rectified, unit.Malicious, unit.Grades = n.Rated, n.Satisfied, n.Bad, n.Rectified, n.Malicious, n.Grades[:]
			unit.Closed, unit.RatePermille = n.Closed, n.Rate()
			unit.SatisfactionPermille, unit.RectificationPermille = n.Satisfaction(), n.Rectification()
		}
		out.Units = append(out.Units, unit)
	}
	slices.SortFunc(out.Units, func(a, b gen.RatedUnit) int {
		return strings.Compare(string(a.Division)+"\x00"+a.Department+"\x00"+a.Staff, string(b.Division)+"\x00"+b.Department+"\x00"+b.Staff)
	})
	return out, nil
}

// addClosed adds how many cases that were handed in at each office were decided in
// the same months: at the county by department, below it by division.
func (s *Server) addClosed(ctx context.Context, f store.OfficeFilter, figures map[store.RatedUnit]*rating.Figures) error {
	offices, err := s.store.Statistics(ctx, store.StatisticsFilter{From: f.From, To: f.To, Within: f.Within, By: store.ByDivision})
	if err != nil {
		return err
	}
	departments, err := s.store.Statistics(ctx, store.StatisticsFilter{From: f.From, To: f.To, At: s.self.County(), By: store.ByDepartment})
	if err != nil {
		return err
	}
	for i := range offices {
		if n := figures[store.RatedUnit{Division: division.Code(offices[i].Key)}]; n != nil {
			n.Closed = offices[i].Decided()
		}
	}
	for i := range departments {
		if n := figures[store.RatedUnit{Division: s.self.County(), Department: departments[i].Key}]; n != nil {
			n.Closed = departments[i].Decided()
		}
	}
	return nil
}

// GetServiceRules shows the limits in force.
func (s *Server) GetServiceRules(ctx context.Context, _ gen.GetServiceRulesRequestObject) (gen.GetServiceRulesResponseObject, error) {
	rules, err := s.store.ServiceRules(ctx)
	return gen.GetServiceRules200JSONResponse(rules), err
}

// SetServiceRules sets the limits of the county.
func (s *Server) SetServiceRules(ctx context.Context, in gen.SetServiceRulesRequestObject) (gen.SetServiceRulesResponseObject, error) {
	actor, err := as(ctx, identity.ServiceRules, identity.Target{})
	if err != nil {
		return nil, err
	}
	if err := in.Body.Check(); err != nil {
		return nil, errInvalid.with(fault("finish_days", "minimum"))
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.ServiceRules, Body: in.Body})
	if err != nil {
		return nil, err
	}
	return gen.SetServiceRules200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

var (
	errTicket      = &problem{http.StatusForbidden, "rating_ticket", "the ticket is not valid or has run out; ask the desk for another", "评价凭据无效或已过期", "请窗口重新提供评价界面", nil, 0}
	errDeskRates   = &problem{http.StatusForbidden, "rating_at_desk", "a member of staff logged in in this browser; with a receipt's code nobody rates here", "本浏览器由工作人员使用，不能凭查询码评价", "请申请人用自己的手机、自助终端或窗口的评价器评价", nil, 0}
	errStaffRates  = &problem{http.StatusForbidden, "rating_by_staff", "whoever is logged in as staff does not rate; the applicant does, on a device where nobody is logged in or with the code on their receipt", "工作人员登录状态下不能评价", "请申请人在未登录的评价设备上，或用凭证上的查询码评价", nil, 0}
	errNoVisit     = &problem{http.StatusConflict, "occasion_unknown", "there was no visit to this office to rate", "本处没有该件的办事记录，不能评价", "请在办事的窗口评价", nil, 0}
	errFigureMonth = &problem{http.StatusBadRequest, "figure_month", "ask for one month that is over, with from and to the same", "请查询一个已结束的月份（from 与 to 相同）", nextMend, nil, 0}
)
