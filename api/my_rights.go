package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
	"github.com/tongban/tongban/store"
)

// What the law lets an applicant say before something is decided against them: that
// they want a hearing (听证), what they have to say of a measure that is proposed
// (陈述申辩), and that what was issued to them be renewed (延续):
//
//	GET /api/v1/my/results  ListMyResults

var (
	errNoHearing = &problem{http.StatusConflict, "hearing_untold", "the right to a hearing was not told in this case", "尚未告知听证权利", "请等待窗口告知", nil, 0}
	errWished    = &problem{http.StatusConflict, "hearing_wished", "you have said so already", "您已表示过，无需重复提交", "无需再办理", nil, 0}
)

// wishEntry is one wish for a hearing, with the entry that says it.
type wishEntry struct {
	casework.Ask
	entry *store.EntryView
}

// wishesIn are the wishes for a hearing among the entries of a case, in their order.
func wishesIn(entries []store.EntryView) (all []wishEntry, err error) {
	for i := range entries {
		e := &entries[i]
		if e.Kind != ledger.HearingAsk || e.Status == ledger.Refused {
			continue
		}
		body, err := e.Decode()
		if err != nil {
			return nil, err
		}
		if b, ok := ledger.WishOf(body); ok {
			all = append(all, wishEntry{casework.Ask{Entry: e.ID, HearingAskV2: *b}, e})
		}
	}
	return all, nil
}

// lastWishes are those of them that count: everybody's last.
func lastWishes(all []wishEntry) []casework.Ask {
	asks := make([]casework.Ask, len(all))
	for i, a := range all {
		asks[i] = a.Ask
	}
	return casework.Wishes(asks)
}

// stands reports whether one of them is among those.
func stands(all []wishEntry, one wishEntry) bool {
	return slices.ContainsFunc(lastWishes(all), func(a casework.Ask) bool { return a.Entry == one.Entry })
}

// ownWish is what an applicant said last of a hearing; nil for nothing.
func ownWish(all []wishEntry) *wishEntry {
	own, said := casework.OwnWish(lastWishes(all))
	if !said {
		return nil
	}
	i := slices.IndexFunc(all, func(a wishEntry) bool { return a.Entry == own.Entry })
	return &all[i]
}

// wishOf is what an applicant says of a hearing in their case.
func wishOf(c *casework.Case, waived bool, reason string) *ledger.HearingAskV2 {
	return &ledger.HearingAskV2{Party: c.Applicant.Name, Waived: waived, Reason: reason}
}

// nowFromHome is an entry as an applicant would make it now, to ask the rules by.
func (s *Server) nowFromHome(account string) *ledger.Entry {
	return &ledger.Entry{ID: "check", OccurredAt: s.o.Now().UnixMilli(), Actor: identity.Actor{Staff: account, Role: identity.Applicant}}
}

// mayWish tells before anything is recorded that a wish for a hearing is of no use.
func (s *Server) mayWish(ctx context.Context, v *Visitor, c *casework.Case, b *ledger.HearingAskV2) error {
	if c.Hearing == nil || c.Hearing.ToldOn.IsZero() {
		return errNoHearing
	}
	if err := c.MayAsk(s.nowFromHome(v.ID), b); err != nil {
		return err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return err
	}
	all, err := wishesIn(entries)
	if err != nil {
		return err
	}
	if own := ownWish(all); own != nil && own.Waived == b.Waived {
		return errWished
	}
	return nil
}

// mayState does the same for what somebody says of a measure.
func (s *Server) mayState(ctx context.Context, v *Visitor, c *casework.Case, b *ledger.ResultStateV1) error {
	f, err := s.store.Results(ctx, c)
	if err != nil {
		return err
	}
	if _, err := result.Apply(f, c, s.nowFromHome(v.ID), b, result.Authority(c)); err != nil {
		return err
	}
	return s.ownFiles(ctx, v, "proof", b.Proof)
}

// rights are what an applicant may say of a case beside what every case lets them.
type rights struct {
	refusal   gen.MyRefusal
	spoken    bool // of the refusal that was told last
	hearing   gen.MyHearing
	wish      *wishEntry
	file      result.File
	renewals  []*casework.Case
	proposals []gen.MyProposal
}

// rightsOf finds them. entries are all of the case's.
func (s *Server) rightsOf(ctx context.Context, c *casework.Case, entries []store.EntryView) (r rights, err error) {
	all, err := wishesIn(entries)
	if err != nil {
		return r, err
	}
	r.wish = ownWish(all)
	if h := c.Hearing; h != nil {
		r.hearing = gen.MyHearing{Matter: h.Matter, ToldOn: h.ToldOn, Before: h.Before, On: h.On, Time: h.Time, Place: h.Place, Closed: h.Closed, HeldOn: h.HeldOn,
			Open: c.MayAsk(s.nowFromHome(""), wishOf(c, false, "")) == nil, NotHeld: !h.RecordedOn.IsZero() && h.HeldOn.IsZero()}
		if r.wish != nil {
			r.hearing.Wish, r.hearing.WishedMs = gen.HearingAsked, r.wish.entry.OccurredAt
			if r.wish.Waived {
				r.hearing.Wish = gen.HearingWaived
			}
		}
	}
	said, err := statementsIn(entries)
	if err != nil {
		return r, err
	}
	if c.Hears() || len(c.Intents)+len(said) > 0 {
		r.refusal = s.myRefusal(c, said)
		r.spoken = c.Intended() != nil && saidSince(c, said)
	}
	if len(c.Documents) == 0 {
		return r, nil
	}
	if r.file, err = s.store.Results(ctx, c); err != nil {
		return r, err
	}
	if r.renewals, err = s.store.Renewals(ctx, c.ID); err != nil {
		return r, err
	}
	for i := range r.file.Proposals {
		r.proposals = append(r.proposals, myProposal(&r.file, &r.file.Proposals[i]))
	}
	return r, nil
}

// myProposal is a measure as the holder of the result is told of it: not by whom in
// the office it was proposed or decided.
func myProposal(f *result.File, p *result.Proposal) gen.MyProposal {
	out := gen.MyProposal{Id: p.ID, Measure: p.Measure, Ground: p.Ground, Reason: p.Reason, Replacement: p.Replacement, Before: p.Before, AtMs: p.AtMS, Statements: []gen.MyStatement{}}
	if r := f.Find(p.Result); r != nil {
		out.Result, out.Number = r.Name, r.Number
	}
	for _, x := range p.Statements {
		out.Statements = append(out.Statements, gen.MyStatement{AtMs: x.AtMS, Text: x.Text, Waived: x.Waived, Online: x.By.Role == identity.Applicant})
	}
	if d := p.Decision; d != nil {
		out.Decision = gen.MyProposalDecision{AtMs: d.AtMS, Agreed: d.Agreed, Reasons: d.Reasons}
	}
	return out
}

// actions are what an applicant may do with a case as it is.
func (r *rights) actions(c *casework.Case) []gen.MyActionKind {
	actions := myActions(c)
	if r.hearing.Open {
		if r.wish == nil || r.wish.Waived {
			actions = append(actions, gen.MyAskHearing)
		}
		if r.wish == nil || !r.wish.Waived {
			actions = append(actions, gen.MyWaiveHearing)
		}
	}
	if r.refusal.Open || r.file.Open() != nil {
		actions = append(actions, gen.MyState)
	}
	return actions
}

// toDo are what an applicant has not said yet, and may until a day.
func (r *rights) toDo(today calendar.Date) (all []gen.MyToDo) {
	if r.hearing.Open && r.wish == nil {
		all = append(all, gen.MyToDo{Kind: gen.ToDoHearing, Before: r.hearing.Before})
	}
	if r.refusal.Open && r.refusal.Id != "" && !r.spoken && !today.After(r.refusal.Before) {
		all = append(all, gen.MyToDo{Kind: gen.ToDoStatement, Before: r.refusal.Before})
	}
	for i := range r.file.Proposals {
		p := &r.file.Proposals[i]
		if p.Decision == nil && ledger.Heard(p.Measure) && len(p.Statements) == 0 && !today.After(p.Before) {
			all = append(all, gen.MyToDo{Kind: gen.ToDoStatement, Before: p.Before})
		}
	}
	return all
}

// What an applicant reads of a case for which everything that was asked for has come.
const (
	suppliedZH = "已补交，等窗口核对，暂时不需要您做什么"
	suppliedEN = "what was asked for has come and is being checked; there is nothing for you to do"
)

// supplied reports whether everything that was asked for last has come since.
func supplied(points []ledger.SupplementPoint, entries []store.EntryView) bool {
	asked := int64(0)
	for i := range entries {
		if entries[i].Kind == ledger.CaseRequestSupplement && entries[i].Status != ledger.Refused {
			asked = max(asked, entries[i].OccurredAt)
		}
	}
	came, _ := supplements(entries)
	return asked > 0 && len(points) > 0 && !slices.ContainsFunc(points, func(p ledger.SupplementPoint) bool {
		return !slices.ContainsFunc(came, func(s gen.CaseSupplement) bool {
			return s.At >= asked && (p.Material != "" && slices.ContainsFunc(s.Materials, func(m catalog.SubmittedMaterial) bool { return m.Name == p.Material }) ||
				p.Field != "" && slices.ContainsFunc(s.Form, func(v catalog.FieldValue) bool { return v.Key == p.Field }))
		})
	})
}

// mySummaryNow is a case as its applicant's lists show it, with what they may say
// now. Few cases have anything of that, and of the others nothing more is read.
func (s *Server) mySummaryNow(ctx context.Context, c *casework.Case) (gen.MyCaseSummary, error) {
	out := mySummary(c)
	told := c.Decision == "" && (c.Hearing != nil || c.Intended() != nil)
	asked := c.Status == casework.Supplementing && c.Notice != nil
	if len(c.Documents) == 0 && !told && !asked {
		return out, nil
	}
	var entries []store.EntryView
	var err error
	if told || asked {
		if entries, err = s.store.Timeline(ctx, c.ID); err != nil {
			return out, err
		}
	}
	if asked && supplied(c.Notice.Points, entries) {
		out.StatusZh, out.StatusEn = suppliedZH, suppliedEN
	}
	r, err := s.rightsOf(ctx, c, entries)
	out.ToDo = r.toDo(s.today())
	return out, err
}

// ListMyResults lists what was issued to the applicant, and to the firms they act
// for.
func (s *Server) ListMyResults(ctx context.Context, _ gen.ListMyResultsRequestObject) (gen.ListMyResultsResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	mine, err := s.principals(ctx, v)
	if err != nil {
		return nil, err
	}
	out := gen.ListMyResults200JSONResponse{Results: []gen.MyResult{}}
	seen := map[string]bool{}
	for i := range mine {
		cases, err := s.store.CasesWithResults(ctx, &mine[i], maxMyResults)
		if err != nil {
			return nil, err
		}
		for j := range cases {
			c := &cases[j]
			if seen[c.ID] {
				continue
			}
			seen[c.ID] = true
			r, err := s.rightsOf(ctx, c, nil)
			if err != nil {
				return nil, err
			}
			results, err := s.myResults(ctx, c, &r)
			if err != nil {
				return nil, err
			}
			out.Results = append(out.Results, results...)
		}
	}
	slices.SortStableFunc(out.Results, func(a, b gen.MyResult) int {
		return cmp.Or(cmp.Compare(worth(a.Result.State), worth(b.Result.State)), cmp.Compare(lasts(a.Result), lasts(b.Result)))
	})
	return out, nil
}

// maxMyResults is how many cases of an account are looked through for what was
// issued, the latest first.
const maxMyResults = 500

// worth puts what holds first, then what expired, then what was taken back.
func worth(s result.State) int {
	switch s {
	case result.Valid, result.DeemedRenewed:
		return 0
	case result.Expired:
		return 1
	}
	return 2
}

// lasts is until when a result holds, in the order of its text; what has no end
// comes last.
func lasts(r gen.CaseResult) string {
	if r.Until.IsZero() {
		return "9"
	}
	return r.Until.String()
}

// myResults are a case's results as their holder sees them: once they were served,
// as the documents.
func (s *Server) myResults(ctx context.Context, c *casework.Case, r *rights) ([]gen.MyResult, error) {
	service, err := s.store.Service(ctx, c)
	if err != nil || service != ledger.ServiceElectronic && c.Status != casework.Closed {
		return nil, err
	}
	var out []gen.MyResult
	for i := range r.file.Results {
		one := &r.file.Results[i]
		renewal, err := s.renewalOf(ctx, c, one, r.renewals)
		if err != nil {
			return nil, err
		}
		out = append(out, gen.MyResult{Case: c.ID, CaseNumber: printed(c.Number), Item: c.Item, ItemName: c.ItemName, Department: c.Department, Holder: c.Applicant.Name,
			Result: s.shownResult(one, r.renewals), Renewal: renewal})
	}
	return out, nil
}

// renewalOf is whether a result can be renewed from home today, and what came of it.
func (s *Server) renewalOf(ctx context.Context, c *casework.Case, r *result.Result, renewals []*casework.Case) (out gen.MyRenewal, err error) {
	for _, n := range renewals {
		if n.Renews.Result == r.ID {
			out.Asked = append(out.Asked, gen.MyRenewalCase{Id: n.ID, Number: printed(n.Number), Status: n.Status})
		}
	}
	if r.Until.IsZero() || r.State != result.Valid {
		return out, nil
	}
	today := s.today()
	out.ApplyBy = casework.RenewBy(r.Until)
	err = r.Renewable(today, renewals)
	if err == nil {
		err = s.renewableFromHome(ctx, c)
	}
	var no *casework.Refusal
	switch {
	case errors.As(err, &no):
		out.WhyNot = gen.RefusalReport{Code: no.Code, Zh: no.ZH, En: no.EN}
		return out, nil
	case err != nil:
		return out, err
	}
	out.May, out.Late = true, !casework.RenewalInTime(today, r.Until)
	return out, nil
}

// renewableFromHome refuses to renew from home by an item that is no more, that
// another authority has by now, or that takes the applicant in person.
func (s *Server) renewableFromHome(ctx context.Context, c *casework.Case) error {
	item, err := s.itemInForce(ctx, c.Item)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &casework.Refusal{Code: "item_not_in_force", ZH: "该事项已不再办理，请到窗口咨询如何延续", EN: "the item is not offered any more; ask at a window how it is renewed"}
	case err != nil:
		return err
	case item.Department != c.Department:
		return &casework.Refusal{Code: "renewal_authority", ZH: "应向作出决定的机关申请延续：" + c.Department, EN: "it is renewed by the authority that granted it: " + c.Department}
	}
	if why := catalog.Presence(&item.Item); why != "" {
		return &casework.Refusal{Code: "in_person", ZH: "该事项须本人到场办理：" + why, EN: "this item takes the applicant in person: " + why}
	}
	return nil
}
