package api

import (
	"context"
	"errors"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/node/supervision"
	"github.com/tongban/tongban/store"
)

// Cards (监察牌) and what becomes of them. Reading them is recorded nowhere.
//
//	GET  /api/v1/cards               ListCards
//	GET  /api/v1/cards/{id}          GetCard
//	POST /api/v1/cards/{id}/actions  ActOnCard

// ListCards lists the cards that the caller may see.
func (s *Server) ListCards(ctx context.Context, in gen.ListCardsRequestObject) (gen.ListCardsResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	within, err := s.within(ctx, identity.CardRead, in.Params.Division)
	if err != nil {
		return nil, err
	}
	_, department, _ := actor.Reach(identity.CardRead)
	f := store.CardFilter{Within: within, Department: department, Colour: in.Params.Colour, State: in.Params.State, Person: in.Params.Person, Open: in.Params.Waiting, Live: in.Params.Live}
	if in.Params.Mine {
		f.Person = actor.Staff
	}
	if f.BeforeDay, f.BeforeID, err = cursorOf(in.Params.Cursor); err != nil {
		return nil, err
	}
	f.Limit = limitOf(in.Params.Limit) + 1 // one more tells whether there is a next page
	cards, err := s.store.Cards(ctx, f)
	if err != nil {
		return nil, err
	}
	out := gen.ListCards200JSONResponse{Cards: []gen.Card{}}
	for i := range cards {
		if i == f.Limit-1 {
			out.NextCursor = cursor(store.DayNumber(cards[i-1].On), cards[i-1].ID)
			break
		}
		shown, err := s.cardView(ctx, &cards[i])
		if err != nil {
			return nil, err
		}
		out.Cards = append(out.Cards, shown)
	}
	return out, nil
}

// GetCard shows one card with all that became of it.
func (s *Server) GetCard(ctx context.Context, in gen.GetCardRequestObject) (gen.GetCardResponseObject, error) {
	c, err := s.readableCard(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	shown, err := s.cardView(ctx, c)
	return gen.GetCard200JSONResponse(shown), err
}

// readableCard finds a card that the caller may see; one that they may not is
// not there.
func (s *Server) readableCard(ctx context.Context, id string) (*supervision.Card, error) {
	c, err := s.store.Card(ctx, id)
	if err != nil {
		return nil, found(err)
	}
	if !maySee(ctx, c.Desk) {
		return nil, errNotFound
	}
	return c, nil
}

// maySee reports whether the caller may see what supervision says of a desk.
func maySee(ctx context.Context, desk ledger.Desk) bool {
	_, err := as(ctx, identity.CardRead, targetAt(desk))
	return err == nil
}

func targetAt(desk ledger.Desk) identity.Target {
	return identity.Target{Division: desk.Division, Department: desk.Department}
}

// ActOnCard explains a card, finds on it, decides on a breach, contests it.
func (s *Server) ActOnCard(ctx context.Context, in gen.ActOnCardRequestObject) (gen.ActOnCardResponseObject, error) {
	c, err := s.readableCard(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	kind, action, body, err := s.cardAction(ctx, c, in.Body)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, action, targetAt(c.Desk))
	if err != nil {
		return nil, err
	}
	a := Action{Actor: actor, Kind: kind, Case: c.Case, Body: body, Key: in.Params.IdempotencyKey}
	if b, ok := body.(*ledger.CardFindV1); ok && b.Breach && !s.recordedBefore(ctx, a) {
		if err := casework.CheckHeardDays(b.StatementBy, s.today()); err != nil {
			return nil, err
		}
	}
	if _, err := s.record(ctx, a); err != nil {
		return nil, err
	}
	if c, err = s.store.Card(ctx, c.ID); err != nil {
		return nil, err
	}
	shown, err := s.cardView(ctx, c)
	return gen.ActOnCard200JSONResponse(shown), err
}

// cardAction is what a request to act on a card says.
func (s *Server) cardAction(ctx context.Context, c *supervision.Card, in *gen.CardAction) (ledger.Kind, identity.Action, ledger.Body, error) {
	need := needs{}
	switch in.Kind {
	case gen.CardActAnswer:
		return ledger.CardAnswer, identity.CardAnswer, &ledger.CardAnswerV1{Card: c.ID, Text: in.Text}, nil
	case gen.CardActFind:
		b := &ledger.CardFindV1{Card: c.ID, Breach: in.Breach, Reasons: in.Text}
		if !in.Breach {
			return ledger.CardFind, identity.CardFind, b, nil
		}
		person, err := s.answerable(ctx, c, in.Person)
		if err != nil {
			return "", "", nil, err
		}
		b.Person, b.StatementBy = person, in.StatementBy
		if b.StatementBy.IsZero() {
			if b.StatementBy, err = s.inWorkingDays(ctx); b.StatementBy.DaysSince(s.today()) < casework.HeardDays {
				b.StatementBy = s.today().AddDays(casework.HeardDays)
			}
		}
		return ledger.CardFind, identity.CardFind, b, err
	case gen.CardActState:
		return ledger.CardState, identity.CardAnswer, &ledger.CardStateV1{Card: c.ID, Text: in.Text}, nil
	case gen.CardActMeasure:
		need.text("measure", string(in.Measure))
		return ledger.CardMeasure, identity.CardMeasure, &ledger.CardMeasureV1{Card: c.ID, Measure: ledger.Measure(in.Measure), Reasons: in.Text}, need.err()
	case gen.CardActAppeal:
		return ledger.CardAppeal, identity.CardAnswer, &ledger.CardAppealV1{Card: c.ID, Reasons: in.Text}, nil
	case gen.CardActSettle:
		return ledger.CardSettle, identity.CardFind, &ledger.CardSettleV1{Card: c.ID, Upheld: in.Upheld, Reasons: in.Text}, nil
	}
	return "", "", nil, errInvalid
}

// answerable is who is found in breach: whoever is named, else the handler that
// the card names.
func (s *Server) answerable(ctx context.Context, c *supervision.Card, staff string) (ledger.NamedPerson, error) {
	if staff == "" && len(c.Asked) > 0 {
		staff = c.Asked[0].Staff
	}
	if staff == "" {
		return ledger.NamedPerson{}, errInvalid.with(fault("person", "required"))
	}
	p, err := s.store.Staff(ctx, staff)
	if errors.Is(err, store.ErrNotFound) {
		return ledger.NamedPerson{}, errInvalid.with(catalog.Fault{Path: "person", Code: catalog.FaultConflict, ZH: "没有这名工作人员", EN: "there is no such member of staff"})
	}
	if err != nil {
		return ledger.NamedPerson{}, err
	}
	return ledger.NamedPerson{Staff: p.ID, Name: p.Name}, nil
}

// inWorkingDays is the last day for an answer that is asked for today.
func (s *Server) inWorkingDays(ctx context.Context) (calendar.Date, error) {
	t, err := s.store.Thresholds(ctx)
	if err != nil {
		return calendar.Date{}, err
	}
	days, err := s.workingDays(ctx)
	if err != nil {
		return calendar.Date{}, err
	}
	r, err := days.Due(calendar.Period{Start: calendar.DateOf(s.o.Now()), Days: t.AnswerDays})
	return r.Due, err
}

// cardView is a card as it is shown. What people wrote may hold personal data of
// the applicant, which is masked.
func (s *Server) cardView(ctx context.Context, c *supervision.Card) (gen.Card, error) {
	number, hide, err := s.aboutCase(ctx, c.Case)
	if err != nil {
		return gen.Card{}, err
	}
	zh, en := supervision.RuleZH(c.Rule)
	out := gen.Card{Id: c.ID, Case: c.Case, Number: number, Rule: string(c.Rule), RuleZh: zh, RuleEn: en, Colour: c.Colour, State: c.State(), Level: int(c.Level), Desk: c.Desk,
		Due: c.Due, IssuedOn: c.On, AnswerBy: c.AnswerBy, To: c.To, Asked: c.Asked, Head: c.Head, Supervisor: c.Supervisor, LineDownMinutes: c.LineDown, Excused: c.Excused, Answers: []gen.Said{}}
	for _, a := range c.Answers {
		out.Answers = append(out.Answers, saidView(&a, hide))
	}
	if f := c.Finding; f != nil {
		out.Finding = gen.CardFinding{Breach: f.Breach, Said: saidView(&f.Said, hide), Person: f.Person, StatementBy: f.StatementBy}
	}
	out.Statement, out.Appeal = saidView(c.Statement, hide), saidView(c.Appeal, hide)
	if m := c.Measure; m != nil {
		out.Measure, out.Decision = string(m.Measure), saidView(&m.Said, hide)
	}
	if d := c.Settled; d != nil {
		out.Settled, out.Upheld = saidView(&d.Said, hide), !d.Breach
	}
	return out, nil
}

// aboutCase is a case's number as it is printed, and what hides the personal
// data in what was written about it.
func (s *Server) aboutCase(ctx context.Context, id string) (number string, hide func(string) string, err error) {
	c, err := s.store.Case(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return id, privacy.Text, nil
	}
	if err != nil {
		return "", nil, err
	}
	veil, err := s.veil(ctx, c)
	if err != nil {
		return "", nil, err
	}
	return printed(c.Number), veil.Text, nil
}

func saidView(s *supervision.Said, hide func(string) string) gen.Said {
	if s == nil {
		return gen.Said{}
	}
	return gen.Said{By: s.By, At: s.At, Text: hide(s.Text)}
}

func worstOf(cards []gen.Card) gen.CaseSupervisionColour {
	worst := supervision.Green
	for _, c := range cards {
		if c.Colour.Rank() > worst.Rank() {
			worst = c.Colour
		}
	}
	return gen.CaseSupervisionColour(worst)
}
