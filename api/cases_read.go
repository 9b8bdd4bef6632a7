package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// What reads cases:
//
//	GET /api/v1/cases                ListCases
//	GET /api/v1/cases/{id}           GetCase
//	GET /api/v1/cases/{id}/timeline  GetCaseTimeline

// ListCases lists the cases within the caller's reach.
func (s *Server) ListCases(ctx context.Context, in gen.ListCasesRequestObject) (gen.ListCasesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	f, want, err := filterOf(actor, in.Params)
	if err != nil {
		return nil, err
	}
	var failed error
	if in.Params.Voice != "" {
		f.Voiced = true
		want = s.speaks(ctx, in.Params.Voice, want, &failed)
	}
	page, next, err := s.casesIn(ctx, f, want, in.Params)
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	out := gen.ListCases200JSONResponse{Cases: make([]gen.CaseSummary, 0, len(page)), NextCursor: next}
	for _, x := range page {
		summary, err := s.summary(ctx, x.c)
		if err != nil {
			return nil, err
		}
		if x.has {
			summary.Deadline = x.deadline
		}
		if summary.Voices, err = s.store.Voices(ctx, x.c); err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, summary)
	}
	return out, nil
}

// FindCases lists the cases of a person or a firm that are in the caller's reach.
func (s *Server) FindCases(ctx context.Context, in gen.FindCasesRequestObject) (gen.FindCasesResponseObject, error) {
	const most = 100
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	if _, _, ok := actor.Reach(identity.CaseRead); !ok {
		return nil, &identity.Denied{Action: identity.CaseRead, Why: "role"}
	}
	anyName := func(string) bool { return true }
	cases, err := s.store.CasesOf(ctx, string(in.Body.Type), plainNumber(in.Body.Number), anyName, 10*most)
	if err != nil {
		return nil, err
	}
	out := gen.FindCases200JSONResponse{Cases: []gen.CaseSummary{}}
	for i := range cases {
		if len(out.Cases) == most {
			break
		}
		var denied *identity.Denied
		if _, err := as(ctx, identity.CaseRead, targetOf(&cases[i])); errors.As(err, &denied) {
			continue
		} else if err != nil {
			return nil, err
		}
		summary, err := s.summary(ctx, &cases[i])
		if err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, summary)
	}
	return out, nil
}

// casesIn reads a page of cases in the order asked for, with their deadlines.
func (s *Server) casesIn(ctx context.Context, f store.CaseFilter, want func(*casework.Case) bool, p gen.ListCasesParams) (out []due, next string, err error) {
	if p.Order == gen.CasesDue {
		if place, behind := strings.CutPrefix(p.Cursor, afterQueue); behind && p.Ended {
			if f.BeforeMS, f.BeforeID, err = cursorOf(place); err != nil {
				return nil, "", err
			}
			return s.ended(ctx, f, want)
		}
		after, err := placeOf(p.Cursor)
		if err != nil {
			return nil, "", err
		}
		if out, next, err = s.queue(ctx, f, want, after); err != nil || next != "" || !p.Ended {
			return out, next, err
		}
		if f.Limit -= len(out); f.Limit == 0 {
			return out, afterQueue, nil
		}
		rest, next, err := s.ended(ctx, f, want)
		return append(out, rest...), next, err
	}
	if f.BeforeMS, f.BeforeID, err = cursorOf(p.Cursor); err != nil {
		return nil, "", err
	}
	page, next, err := s.page(ctx, f, want)
	if err != nil {
		return nil, "", err
	}
	d, err := s.newDeadlines(ctx)
	if err != nil {
		return nil, "", err
	}
	for i := range page {
		x := due{c: &page[i]}
		if x.deadline, x.has, err = d.of(ctx, x.c); err != nil {
			return nil, "", err
		}
		out = append(out, x)
	}
	return out, next, nil
}

// GetCase shows one case, masked unless the caller may and asks to see it
// plainly, which is logged.
func (s *Server) GetCase(ctx context.Context, in gen.GetCaseRequestObject) (gen.GetCaseResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	if in.Params.Reveal {
		if err := s.reveal(ctx, c, ledger.RevealCase, in.Params.TongbanWhy); err != nil {
			return nil, err
		}
	}
	out, err := s.detail(ctx, c, in.Params.Reveal)
	if err != nil {
		return nil, err
	}
	return gen.GetCase200JSONResponse(out), nil
}

// GetCaseTimeline lists what happened to a case. Who looked at it is not part
// of that: those who supervise ask for it (ListReveals).
func (s *Server) GetCaseTimeline(ctx context.Context, in gen.GetCaseTimelineRequestObject) (gen.GetCaseTimelineResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	if in.Params.Reveal {
		if err := s.reveal(ctx, c, ledger.RevealTimeline, in.Params.TongbanWhy); err != nil {
			return nil, err
		}
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	shown, err := s.shownText(ctx, c, entries, in.Params.Reveal)
	if err != nil {
		return nil, err
	}
	out := gen.GetCaseTimeline200JSONResponse{Case: c.ID, Number: printed(c.Number), Entries: make([]gen.TimelineEntry, 0, len(entries))}
	for i := range entries {
		if entries[i].Kind != ledger.CaseReveal && !store.Supervises(entries[i].Kind) {
			out.Entries = append(out.Entries, s.timelineEntry(&entries[i], c, shown))
		}
	}
	return out, nil
}

// shownText is what is shown of what people wrote about a case.
func (s *Server) shownText(ctx context.Context, c *casework.Case, entries []store.EntryView, revealed bool) (func(string) string, error) {
	if revealed {
		return func(text string) string { return text }, nil
	}
	veil, err := s.veil(ctx, c)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if entries[i].Kind != ledger.CaseDeliver {
			continue
		}
		if body, err := entries[i].Decode(); err == nil {
			if b, ok := body.(*ledger.CaseDeliverV1); ok {
				veil.Name(b.Recipient)
				veil.Name(b.Witness)
			}
		}
	}
	return veil.Text, nil
}

// readableCase finds a case by id or number that the caller may read, or else
// what was handed in under it and refused. One
// that they may not read is answered like one that does not exist.
func (s *Server) readableCase(ctx context.Context, idOrNumber string) (*casework.Case, error) {
	if n, err := casework.ParseNumber(idOrNumber); err == nil {
		idOrNumber = n.Compact()
	}
	c, err := s.store.Case(ctx, idOrNumber)
	if errors.Is(err, store.ErrNotFound) {
		aside, err := s.readableAside(ctx, idOrNumber)
		if err != nil {
			return nil, err
		}
		if len(aside) == 0 {
			return nil, noSuchNumber(idOrNumber, errNotFound)
		}
		return s.asideCase(ctx, &aside[0])
	}
	if err != nil {
		return nil, err
	}
	if _, err := as(ctx, identity.CaseRead, targetOf(c)); err != nil {
		var denied *identity.Denied
		if errors.As(err, &denied) {
			return nil, errNotFound
		}
		return nil, err
	}
	return c, nil
}

// noSuchNumber is why there is nothing of a number: it was mistyped, which its check
// digit tells, or what is wrong otherwise.
func noSuchNumber(text string, otherwise error) error {
	_, err := casework.ParseNumber(text)
	var number *casework.NumberError
	if errors.Is(otherwise, errNotFound) && errors.As(err, &number) && number.Reason == casework.NumberCheck {
		return errNumberMistyped
	}
	return otherwise
}

// filterOf narrows what was asked for to what the caller may read. Where the
// store cannot select, want does.
func filterOf(actor *Actor, p gen.ListCasesParams) (f store.CaseFilter, want func(*casework.Case) bool, err error) {
	within, department, ok := actor.Reach(identity.CaseRead)
	if !ok {
		return f, nil, &identity.Denied{Action: identity.CaseRead, Why: "role"}
	}
	if p.Division != "" {
		if !within.Contains(p.Division) {
			return f, nil, &identity.Denied{Role: actor.Roles[0], Action: identity.CaseRead, Why: "division"}
		}
		within = p.Division
	}
	f = store.CaseFilter{Within: within, Department: department, Holder: p.Holder, Item: p.Item, Limit: limitOf(p.Limit)}
	if p.Status != "" {
		f.Statuses = []casework.Status{p.Status}
	}
	if p.Query != "" {
		f.Number = digitsOf(p.Query)
		if f.Number == "" {
			return f, nil, errInvalid.with(fault("query", "pattern"))
		}
	}
	switch p.View {
	case gen.CasesWaiting:
		f.Holder, f.Verbs = actor.Division, verbsOf(actor)
		want = func(c *casework.Case) bool { return waitsFor(actor, c) }
		if len(f.Verbs) == 0 {
			f.Verbs = []string{"none"}
		}
	case gen.CasesMine:
		want = func(c *casework.Case) bool { return c.HandedInAt == actor.Division }
	}
	return f, want, nil
}

// page reads a page of cases, going on where some were not wanted, but not
// without end.
func (s *Server) page(ctx context.Context, f store.CaseFilter, want func(*casework.Case) bool) (out []casework.Case, next string, err error) {
	const rounds = 20
	size := f.Limit
	f.Limit++ // one more tells whether there is a next page
	for range rounds {
		found, err := s.handIns(ctx, f)
		if err != nil {
			return nil, "", err
		}
		for _, c := range found {
			if len(out) == size {
				return out, cursor(f.BeforeMS, f.BeforeID), nil
			}
			f.BeforeMS, f.BeforeID = c.HandedInMS, c.ID
			if want == nil || want(&c) {
				out = append(out, c)
			}
		}
		if len(found) < f.Limit {
			return out, "", nil
		}
	}
	return out, cursor(f.BeforeMS, f.BeforeID), nil
}

// handIns reads cases and, among them, what was handed in and is none.
func (s *Server) handIns(ctx context.Context, f store.CaseFilter) ([]casework.Case, error) {
	cases, err := s.store.Cases(ctx, f)
	if err != nil {
		return nil, err
	}
	aside, err := s.store.AllSetAside(ctx, f)
	if err != nil || len(aside) == 0 {
		return cases, err
	}
	for i := range aside {
		c, err := s.asideCase(ctx, &aside[i])
		if err != nil {
			return nil, err
		}
		cases = append(cases, *c)
	}
	slices.SortFunc(cases, func(a, b casework.Case) int {
		return cmp.Or(cmp.Compare(b.HandedInMS, a.HandedInMS), cmp.Compare(b.ID, a.ID))
	})
	return cases[:min(len(cases), f.Limit)], nil
}

func (s *Server) timelineEntry(e *store.EntryView, c *casework.Case, shown func(string) string) gen.TimelineEntry {
	w := s.word(e, c)
	out := gen.TimelineEntry{
		Entry: e.ID, Kind: string(e.Kind), What: kindZH[e.Kind], Actor: e.Actor,
		OccurredAt: e.OccurredAt, SkewMs: e.SkewMS, RecordedAt: e.RecordedAt, Index: int64(e.Index), Word: w, WordZh: wordZH[w],
	}
	if e.Index == 0 {
		out.RecordedAt = 0
	}
	if body, err := e.Decode(); err == nil {
		out.Said = shown(said(body))
		switch b := body.(type) {
		case *ledger.CaseWithdrawV1:
			if b.TakenBack {
				out.What = "收回撤回申请"
			}
		case *ledger.PackageWithdrawV1:
			if b.TakenBack {
				out.What = "收回撤回联办件的申请"
			}
		case *ledger.AttachmentConfirmV1:
			out.Said = shown(fileOf(c, b.Hash))
		}
	}
	out.Standing = gen.TimelineEntryStanding(e.Status)
	if e.Code != "" && e.Status != ledger.Applied {
		zh, en := bothLanguages(shown(e.Reason))
		out.Refused = gen.RefusalReport{Code: e.Code, Zh: zh, En: en}
	}
	return out
}

// fileOf is how a file of a case is called, with the paper it is of; empty for one that
// the case does not name by now.
func fileOf(c *casework.Case, hash string) string {
	if c == nil {
		return ""
	}
	for _, m := range append(slices.Clip(c.Materials), catalog.SubmittedMaterial{Name: casework.AuthorityPaper, Attachments: c.Authority}) {
		for _, a := range m.Attachments {
			if a.Hash == hash {
				return m.Name + "：" + a.Name
			}
		}
	}
	return ""
}

// verbsOf are the kinds of steps that a person's roles may take.
func verbsOf(actor *Actor) []string {
	var verbs []string
	for verb, action := range stepActions {
		if actor.Can(action) {
			verbs = append(verbs, string(verb))
		}
	}
	slices.Sort(verbs)
	return verbs
}

// waitsFor reports whether a case waits for a step that the person may take.
func waitsFor(actor *Actor, c *casework.Case) bool {
	step, open := c.Current()
	if !open || c.Holder != actor.Division {
		return false
	}
	action, ok := stepActions[step.Verb]
	if !ok {
		return false
	}
	_, err := actor.As(action, targetOf(c))
	return err == nil
}

var stepActions = map[ledger.Verb]identity.Action{
	ledger.VerbRelay: identity.CaseRelay, ledger.VerbAccept: identity.CaseAccept,
	ledger.VerbPreReview: identity.CaseReview, ledger.VerbReview: identity.CaseReview,
	ledger.VerbDecide: identity.CaseDecide, ledger.VerbIssue: identity.CaseIssue, ledger.VerbDeliver: identity.CaseDeliver,
}

func limitOf(n int) int {
	const usual = 50
	if n <= 0 {
		return usual
	}
	return n
}

func cursor(ms int64, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(ms, 10) + "|" + id))
}

func cursorOf(text string) (ms int64, id string, err error) {
	if text == "" {
		return 0, "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		before, after, ok := strings.Cut(string(raw), "|")
		if ms, err = strconv.ParseInt(before, 10, 64); err == nil && ok && ms > 0 && after != "" {
			return ms, after, nil
		}
	}
	return 0, "", errCursor
}

// digitsOf is the beginning of a case number as people type it.
func digitsOf(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		case r == ' ' || r == '-' || r == '　' || r == '－':
		default:
			return ""
		}
	}
	return b.String()
}

// printed is a case number in the groups in which it is printed.
func printed(compact string) string {
	n, err := casework.ParseNumber(compact)
	if err != nil {
		return compact
	}
	return n.String()
}

// bothLanguages takes apart a reason as the ledger keeps it.
func bothLanguages(reason string) (zh, en string) {
	zh, en, ok := strings.Cut(reason, " / ")
	if !ok {
		return reason, reason
	}
	return zh, en
}
