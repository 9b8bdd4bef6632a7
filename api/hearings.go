package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/store"
)

// hearingOf is what a request to act says of a hearing (听证); nothing for other
// kinds.
func hearingOf(in *gen.CaseAction) (ledger.Kind, identity.Action, ledger.Body, error) {
	need := needs{}
	switch in.Kind {
	case gen.ActTellHearing:
		need.text("matter", in.Matter)
		need.that("before", !in.Before.IsZero())
		namesOnly(&need, in.Parties)
		return ledger.HearingTell, identity.CaseSuspend, &ledger.HearingTellV1{Matter: in.Matter, Before: in.Before, Parties: in.Parties}, need.err()
	case gen.ActAskHearing:
		need.text("party", in.Party)
		return ledger.HearingAsk, identity.CaseSubmit, &ledger.HearingAskV2{Party: in.Party, Interested: in.Interested, Waived: in.Waived, Reason: in.Reason, Proof: in.Proof}, need.err()
	case gen.ActConveneHearing:
		need.that("on", !in.On.IsZero())
		need.text("time", in.Time)
		need.text("place", in.Place)
		need.text("presider", in.Presider)
		b := &ledger.HearingConveneV1{On: in.On, Time: in.Time, Place: in.Place, Presider: ledger.NamedPerson{Staff: in.Presider, Name: in.Presider}, Closed: in.Closed}
		if len(need) == 0 && b.Check() != nil {
			need.that("time", false)
		}
		return ledger.HearingConvene, identity.CaseSuspend, b, need.err()
	case gen.ActRecordHearing:
		need.that("on", !in.On.IsZero())
		need.text("summary", in.Summary)
		return ledger.HearingRecord, identity.CaseSuspend, &ledger.HearingRecordV1{On: in.On, Held: in.Held, Summary: in.Summary, Record: in.Record}, need.err()
	}
	return statementOf(in)
}

// namesOnly wants the names of those who have an interest, and no number of theirs: the
// notice that the applicant gets lists them.
func namesOnly(need *needs, parties []string) {
	for i, p := range parties {
		if privacy.Text(p) != p {
			*need = append(*need, catalog.Fault{Path: fmt.Sprintf("parties[%d]", i), Code: catalog.FaultFormat, ZH: "只填姓名或单位名称，不填证件号码、电话：告知书会送达申请人", EN: "give the name alone, no number or telephone: the notice goes to the applicant"})
		}
	}
}

// convened puts into the notice of a hearing who chairs it, who asked for it, and
// until when it should be held. A repeat says the same as the first time.
func (s *Server) convened(ctx context.Context, c *casework.Case, a Action) error {
	b, ok := a.Body.(*ledger.HearingConveneV1)
	if !ok {
		return nil
	}
	said, err := s.recordedBody(ctx, a)
	if err != nil {
		return err
	}
	if before, ok := said.(*ledger.HearingConveneV1); ok {
		*b = *before
		return nil
	}
	person, err := s.store.StaffByLogin(ctx, b.Presider.Staff)
	if errors.Is(err, store.ErrNotFound) || err == nil && (person.Now().Disabled || person.Division.County() != c.Division.County()) {
		return errInvalid.with(catalog.Fault{Path: "presider", Code: catalog.FaultUnknown, ZH: "没有这名工作人员，请填写主持人的登录名", EN: "there is no such member of staff; give the login of whoever chairs it"})
	}
	if err != nil {
		return err
	}
	b.Presider = ledger.NamedPerson{Staff: person.ID, Name: person.Name}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return err
	}
	all, err := wishesIn(entries)
	if err != nil {
		return err
	}
	var first calendar.Date
	for _, a := range all {
		if a.Waived || !stands(all, a) {
			continue
		}
		if on := calendar.DateOf(time.UnixMilli(a.entry.OccurredAt)); first.IsZero() || on.Before(first) {
			first = on
		}
		b.Asked = append(b.Asked, a.Entry)
	}
	if first.IsZero() {
		return nil
	}
	days, err := s.workingDays(ctx)
	if err != nil {
		return err
	}
	b.HeldBefore, err = casework.HearingDue(days, first)
	return err
}

// wished gives a wish for a hearing the version that every node of the county reads:
// with nothing signed the first one, before level 3. A repeat says what the first said.
func (s *Server) wished(ctx context.Context, a *Action) error {
	b, ok := a.Body.(*ledger.HearingAskV2)
	if !ok || len(b.Proof) > 0 {
		return nil
	}
	said, err := s.recordedBody(ctx, *a)
	if err != nil {
		return err
	}
	level, err := s.store.Level(ctx)
	if err != nil {
		return err
	}
	if _, before := said.(*ledger.HearingAskV1); before || said == nil && level < 3 {
		a.Body = b.V1()
	}
	return nil
}

// hearingWishes are who asked for a hearing of a case, or gave it up.
func hearingWishes(entries []store.EntryView) (out []gen.HearingWish, err error) {
	all, err := wishesIn(entries)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		out = append(out, gen.HearingWish{Entry: a.Entry, AtMs: a.entry.OccurredAt, Party: a.Party, Interested: a.Interested, Waived: a.Waived, Reason: a.Reason, Proof: a.Proof,
			Online: a.entry.Actor.Role == identity.Applicant, Replaced: !stands(all, a)})
	}
	return out, nil
}
