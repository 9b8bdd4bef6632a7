package api

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
)

// What supervisors see, ask and set. Reading is recorded nowhere, so that nobody
// can see that they looked.
//
//	GET  /api/v1/supervision/board       GetBoard
//	GET  /api/v1/supervision/thresholds  GetThresholds
//	PUT  /api/v1/supervision/thresholds  SetThresholds
//	GET  /api/v1/cases/{id}/supervision  GetCaseSupervision
//	POST /api/v1/cases/{id}/supervision  SuperviseCase
//	GET  /api/v1/inquiries               ListInquiries

// maxInquiries bounds a list of inquiries that wait.
const maxInquiries = 500

// GetBoard shows where cases wait, in which colour, and for whom cards wait.
func (s *Server) GetBoard(ctx context.Context, in gen.GetBoardRequestObject) (gen.GetBoardResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	within, err := s.within(ctx, identity.SupervisionRead, in.Params.Division)
	if err != nil {
		return nil, err
	}
	_, department, _ := actor.Reach(identity.SupervisionRead)
	waiting, err := s.store.WaitingCases(ctx, within, department)
	if err != nil {
		return nil, err
	}
	out := gen.GetBoard200JSONResponse{At: s.o.Now().UnixMilli(), Desks: []gen.BoardDesk{}, People: []gen.BoardPerson{}}
	var failed error
	who, answers := s.whoIsAt(ctx, &failed), s.answerableAt(ctx, &failed)
	for _, w := range waiting {
		unmanned, nobody := who(w.Desk)
		out.Desks = append(out.Desks, gen.BoardDesk{Desk: w.Desk, Unmanned: unmanned, Nobody: nobody, Answerable: answers(w.Desk), Cases: w.Cases, Amber: w.Amber, Yellow: w.Yellow, Red: w.Red})
		out.Cases, out.Amber, out.Yellow, out.Red = out.Cases+w.Cases, out.Amber+w.Amber, out.Yellow+w.Yellow, out.Red+w.Red
	}
	if failed != nil {
		return nil, failed
	}
	out.Green = out.Cases - out.Amber - out.Yellow - out.Red
	slices.SortStableFunc(out.Desks, func(a, b gen.BoardDesk) int {
		if a.Nobody != b.Nobody { // no card rises there before its limit, and nothing moves
			if a.Nobody {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Red, a.Red), cmp.Compare(b.Yellow, a.Yellow), cmp.Compare(b.Amber, a.Amber), cmp.Compare(b.Cases, a.Cases))
	})
	asked, err := s.store.AskedPeople(ctx, within, department)
	if err != nil {
		return nil, err
	}
	for _, a := range asked {
		p := gen.BoardPerson{Desk: a.Desk, Staff: a.Person, Yellow: a.Yellow, Red: a.Red}
		switch known, err := s.store.Staff(ctx, a.Person); {
		case err == nil:
			p.Name = known.Name
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
		out.People = append(out.People, p)
	}
	slices.SortStableFunc(out.People, func(a, b gen.BoardPerson) int {
		return cmp.Or(cmp.Compare(b.Red, a.Red), cmp.Compare(b.Yellow, a.Yellow))
	})
	open, err := s.store.OpenInquiries(ctx, within, department, maxInquiries)
	out.Inquiries = len(open)
	return out, err
}

// whoIsAt asks whether a desk is unmanned today, and whether nobody's account can take its
// step on any day. Only the county's desks are a department's; a village's and a
// township's are for whoever works there.
func (s *Server) whoIsAt(ctx context.Context, failed *error) func(ledger.Desk) (unmanned, nobody bool) {
	roster := s.rosterOf(ctx, failed)
	today := calendar.DateOf(s.o.Now())
	return func(desk ledger.Desk) (unmanned, nobody bool) {
		// A node knows the people of its own region alone.
		if desk.Verb == "" || !s.self.Division.Contains(desk.Division) {
			return false, false
		}
		if desk.Division.Tier() != node.County {
			desk.Department = ""
		}
		return !supervision.Manned(desk, roster, today), !supervision.Staffed(desk, roster)
	}
}

// rosterOf reads who works where, each place once.
func (s *Server) rosterOf(ctx context.Context, failed *error) supervision.Roster {
	known := map[division.Code][]identity.Staff{}
	return func(d division.Code) []identity.Staff {
		people, read := known[d]
		if !read && *failed == nil {
			people, *failed = s.store.StaffAt(ctx, d)
			known[d] = people
		}
		return people
	}
}

// answerableAt asks who answers for what waits at a desk, as a card would ask them;
// nobody where the roster names nobody.
func (s *Server) answerableAt(ctx context.Context, failed *error) func(ledger.Desk) ledger.NamedPerson {
	roster, today := s.rosterOf(ctx, failed), calendar.DateOf(s.o.Now())
	return func(desk ledger.Desk) ledger.NamedPerson {
		if !s.self.Division.Contains(desk.Division) {
			return ledger.NamedPerson{}
		}
		return supervision.Answers(desk, roster, today)
	}
}

// GetThresholds shows the settings of supervision, and who changed them when and
// why.
func (s *Server) GetThresholds(ctx context.Context, _ gen.GetThresholdsRequestObject) (gen.GetThresholdsResponseObject, error) {
	now, err := s.store.Thresholds(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := s.store.ThresholdChanges(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.GetThresholds200JSONResponse{Thresholds: now, Changes: []gen.ThresholdsChange{}}
	for i := range changes {
		body, err := changes[i].Decode()
		if err != nil {
			return nil, err
		}
		if b, ok := body.(*ledger.SupervisionThresholdsV1); ok {
			out.Changes = append(out.Changes, gen.ThresholdsChange{Entry: changes[i].ID, By: changes[i].Actor, At: changes[i].OccurredAt, Thresholds: supervision.ThresholdsOf(b), Reason: b.Reason})
		}
	}
	return out, nil
}

// SetThresholds changes what is given of them.
func (s *Server) SetThresholds(ctx context.Context, in gen.SetThresholdsRequestObject) (gen.SetThresholdsResponseObject, error) {
	actor, err := as(ctx, identity.SupervisionSet, identity.Target{Division: s.self.Division})
	if err != nil {
		return nil, err
	}
	t, err := s.store.Thresholds(ctx)
	if err != nil {
		return nil, err
	}
	b := &ledger.SupervisionThresholdsV1{AmberLeft: t.AmberLeft, RedOver: cmp.Or(in.Body.RedOver, t.RedOver), RedYellows: cmp.Or(in.Body.RedYellows, t.RedYellows),
		AnswerDays: cmp.Or(in.Body.AnswerDays, t.AnswerDays), Opens: t.Opens, Closes: cmp.Or(in.Body.Closes, t.Closes),
		LineMinutes: cmp.Or(in.Body.LineMinutes, t.LineMinutes), Reason: in.Body.Reason}
	if in.Body.AmberLeft != nil {
		b.AmberLeft = *in.Body.AmberLeft
	}
	if in.Body.Opens != nil {
		b.Opens = *in.Body.Opens
	}
	if b.Closes <= b.Opens {
		return nil, errInvalid.with(fault("closes", "range"))
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.SupervisionThresholds, Body: b})
	return gen.SetThresholds200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

// GetCaseSupervision shows what supervision has to do with a case.
func (s *Server) GetCaseSupervision(ctx context.Context, in gen.GetCaseSupervisionRequestObject) (gen.GetCaseSupervisionResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	_, hide, err := s.aboutCase(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	out := gen.GetCaseSupervision200JSONResponse{Cards: []gen.Card{}, Inquiries: []gen.Inquiry{}, Urges: []gen.Said{}, Outages: []gen.Outage{}}
	cards, err := s.store.CardsOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	for i := range cards {
		if !maySee(ctx, cards[i].Desk) {
			continue
		}
		shown, err := s.cardView(ctx, &cards[i])
		if err != nil {
			return nil, err
		}
		out.Cards = append(out.Cards, shown)
	}
	out.Colour = worstOf(out.Cards)
	inquiries, err := s.store.InquiriesOf(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	for i := range inquiries {
		if maySee(ctx, inquiries[i].Desk) {
			out.Inquiries = append(out.Inquiries, inquiryView(&inquiries[i], printed(c.Number), hide))
		}
	}
	urges, err := s.store.Urges(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	for i := range urges {
		body, err := urges[i].Decode()
		if err != nil {
			return nil, err
		}
		if b, ok := body.(*ledger.CaseUrgeV1); ok && maySee(ctx, b.Desk) {
			out.Urges = append(out.Urges, gen.Said{By: urges[i].Actor, At: urges[i].OccurredAt, Text: hide(b.Text)})
		}
	}
	if _, open := c.Current(); open {
		var failed error
		out.Desk, _ = supervision.DeskOf(c, "")
		out.Unmanned, out.Nobody = s.whoIsAt(ctx, &failed)(out.Desk)
		if failed != nil {
			return nil, failed
		}
	}
	return out, s.lineOf(ctx, c, (*gen.CaseSupervision)(&out))
}

// lineOf fills in when the line to the desk of a case was down since it was
// handed in, and when a line kept the case on its way there. The county hears
// itself.
func (s *Server) lineOf(ctx context.Context, c *casework.Case, out *gen.CaseSupervision) error {
	t, err := s.store.Thresholds(ctx)
	if err != nil {
		return err
	}
	outages, err := s.store.OnTheWay(ctx, c.ID, int64(t.LineMinutes)*time.Minute.Milliseconds())
	if err != nil {
		return err
	}
	if c.Holder.Tier() != node.County {
		own, err := s.store.Outages(ctx, c.Holder, c.HandedInMS)
		if err != nil {
			return err
		}
		outages = supervision.Merge(outages, own)
	}
	for _, o := range outages {
		out.Outages = append(out.Outages, gen.Outage{From: o.From, Until: o.Until})
	}
	days, err := s.workingDays(ctx)
	if err != nil {
		return err
	}
	out.LineDownMinutes, _, err = t.Business(outages, dayOf(c.HandedInMS), calendar.DateOf(s.o.Now()), days)
	return err
}

// SuperviseCase urges, asks, opens an inquiry; at the desk that is asked,
// replies.
func (s *Server) SuperviseCase(ctx context.Context, in gen.SuperviseCaseRequestObject) (gen.SuperviseCaseResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	kind, action, on, body, err := s.supervisionAction(ctx, c, in.Body)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, action, on)
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: kind, Case: c.ID, Body: body, Key: in.Params.IdempotencyKey})
	return gen.SuperviseCase200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

func (s *Server) supervisionAction(ctx context.Context, c *casework.Case, in *gen.SupervisionAction) (kind ledger.Kind, action identity.Action, on identity.Target, body ledger.Body, err error) {
	desk, _ := supervision.DeskOf(c, "")
	switch in.Kind {
	case gen.SuperviseUrge:
		return ledger.CaseUrge, identity.CaseSupervise, targetAt(desk), &ledger.CaseUrgeV1{Desk: desk, Text: in.Text}, nil
	case gen.SuperviseAsk, gen.SuperviseInquire:
		by := in.AnswerBy
		if by.IsZero() {
			by, err = s.inWorkingDays(ctx)
		}
		return ledger.InquiryOpen, identity.CaseSupervise, targetAt(desk), &ledger.InquiryOpenV1{Desk: desk, Formal: in.Kind == gen.SuperviseInquire, Question: in.Text, AnswerBy: by}, err
	}
	asked, err := s.store.InquiriesOf(ctx, c.ID)
	if err != nil {
		return "", "", on, nil, err
	}
	i := slices.IndexFunc(asked, func(q supervision.Inquiry) bool { return q.ID == in.Inquiry && maySee(ctx, q.Desk) })
	if i < 0 {
		return "", "", on, nil, errNotFound
	}
	if in.Kind == gen.SuperviseReply {
		return ledger.InquiryAnswer, identity.CardAnswer, targetAt(asked[i].Desk), &ledger.InquiryAnswerV1{Inquiry: in.Inquiry, Text: in.Text}, nil
	}
	return ledger.InquiryClose, identity.CaseSupervise, targetAt(asked[i].Desk), &ledger.InquiryCloseV1{Inquiry: in.Inquiry, Conclusion: in.Text}, nil
}

// ListInquiries lists those that wait at desks within the caller's reach.
func (s *Server) ListInquiries(ctx context.Context, _ gen.ListInquiriesRequestObject) (gen.ListInquiriesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	within, department, _ := actor.Reach(identity.CardRead)
	open, err := s.store.OpenInquiries(ctx, within, department, maxInquiries)
	if err != nil {
		return nil, err
	}
	out := gen.ListInquiries200JSONResponse{Inquiries: []gen.Inquiry{}}
	for i := range open {
		number, hide, err := s.aboutCase(ctx, open[i].Case)
		if err != nil {
			return nil, err
		}
		out.Inquiries = append(out.Inquiries, inquiryView(&open[i], number, hide))
	}
	return out, nil
}

func inquiryView(q *supervision.Inquiry, number string, hide func(string) string) gen.Inquiry {
	out := gen.Inquiry{Id: q.ID, Case: q.Case, Number: number, Formal: q.Formal, Desk: q.Desk, Asked: saidView(&q.Asked, hide), AnswerBy: q.AnswerBy, Answers: []gen.Said{},
		Conclusion: saidView(q.Conclusion, hide), Closed: q.Closed()}
	for i := range q.Answers {
		out.Answers = append(out.Answers, saidView(&q.Answers[i], hide))
	}
	return out
}
