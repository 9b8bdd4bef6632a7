package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

// What an applicant sees of their own:
//
//	GET /api/v1/my/cases                        ListMyCases
//	GET /api/v1/my/cases/{id}                   GetMyCase
//	GET /api/v1/my/cases/{id}/timeline          GetMyTimeline
//	GET /api/v1/my/cases/{id}/documents         ListMyDocuments
//	GET /api/v1/my/attachments/{hash}           GetMyAttachment

var errNoConsent = &problem{http.StatusConflict, "no_consent", "a decision is opened by who agreed to be served electronically; agree first, or collect it at the window", "尚未同意电子送达", "请先选择电子送达，或到窗口领取", nil, 0}

// ListMyCases lists the applicant's own cases.
func (s *Server) ListMyCases(ctx context.Context, in gen.ListMyCasesRequestObject) (gen.ListMyCasesResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	mine, err := s.principals(ctx, v)
	if err != nil {
		return nil, err
	}
	if in.Params.ActingFor != "" {
		mine = slices.DeleteFunc(mine, func(k account.Account) bool { return k.ID != in.Params.ActingFor })
	}
	before, beforeID, err := cursorOf(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(in.Params.Limit)
	var cases []casework.Case
	for i := range mine {
		found, err := s.store.CasesOwnedBy(ctx, &mine[i], before, beforeID, limit+1)
		if err != nil {
			return nil, err
		}
		cases = append(cases, found...)
	}
	slices.SortFunc(cases, func(a, b casework.Case) int {
		return cmp.Or(cmp.Compare(b.HandedInMS, a.HandedInMS), cmp.Compare(b.ID, a.ID))
	})
	cases = slices.CompactFunc(cases, func(a, b casework.Case) bool { return a.ID == b.ID })
	out := gen.ListMyCases200JSONResponse{Cases: []gen.MyCaseSummary{}}
	for i := range cases {
		if i == limit {
			out.NextCursor = cursor(cases[i-1].HandedInMS, cases[i-1].ID)
			break
		}
		summary, err := s.mySummaryNow(ctx, &cases[i])
		if err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, summary)
	}
	return out, nil
}

// GetMyCase shows one's own case in full.
func (s *Server) GetMyCase(ctx context.Context, in gen.GetMyCaseRequestObject) (gen.GetMyCaseResponseObject, error) {
	v, c, err := s.ownCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	service, err := s.store.Service(ctx, c)
	if err != nil {
		return nil, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	dues, err := s.heardDues(ctx, c)
	if err != nil {
		return nil, err
	}
	more, err := s.rightsOf(ctx, c, entries)
	if err != nil {
		return nil, err
	}
	out := gen.GetMyCase200JSONResponse{Summary: mySummary(c), Applicant: c.Applicant, Agent: c.Agent, Form: c.Form, Materials: c.Materials, Authority: c.Authority,
		Due: dues.Promised, Service: gen.MyCaseService(service), Actions: more.actions(c), Hearing: more.hearing, Refusal: more.refusal, Proposals: more.proposals, Renews: c.Renews}
	out.Summary.ToDo = more.toDo(s.today())
	if i := slices.IndexFunc(entries, func(e store.EntryView) bool { return e.Kind == ledger.CaseSubmit }); i >= 0 && c.Package == nil {
		out.LookupCode = proof.QueryCode(&entries[i].Entry)
	}
	out.Division, out.Applying = c.Division, c.Applying
	if out.ActingFor, out.ForOther, err = s.asWhom(ctx, v, c); err != nil {
		return nil, err
	}
	if out.Results, err = s.myResults(ctx, c, &more); err != nil {
		return nil, err
	}
	if out.Due.IsZero() {
		out.Due = dues.Statutory
	}
	if c.Notice != nil {
		out.Notice, out.SupplementBefore = c.Notice.Points, c.Notice.Before
	}
	if service == ledger.ServiceElectronic || c.Status == casework.Closed {
		out.Documents = c.Documents
	}
	out.Supplements, out.WithdrawalAsked = supplements(entries)
	if out.WithdrawalAsked && c.Decision == "" {
		out.Actions = slices.DeleteFunc(out.Actions, func(k gen.MyActionKind) bool {
			return k == gen.MySupplement || k == gen.MyAskHearing || k == gen.MyWaiveHearing
		})
	}
	for i := range out.Supplements {
		out.Supplements[i].By = identity.Actor{}
	}
	return out, nil
}

// asWhom is whose a case is for who looks at it: of a firm they act for, or of another
// person for whom they acted.
func (s *Server) asWhom(ctx context.Context, v *Visitor, c *casework.Case) (firm string, other bool, err error) {
	mine, err := s.principals(ctx, v)
	if err != nil {
		return "", false, err
	}
	for i := range mine {
		if k := &mine[i]; k.ID != v.ID && c.BelongsTo(k) {
			return k.ID, false, nil
		}
	}
	return "", !v.Is(c.Applicant.Type, c.Applicant.IDNumber, c.Applicant.Name), nil
}

// toldAtHome reports whether an applicant's pages may show something of an entry of a
// kind.
func toldAtHome(k ledger.Kind) bool {
	_, _, told := casework.PlainStep(k)
	switch k {
	case ledger.CaseComment, ledger.CaseCorrect, ledger.PackageSubmit, ledger.PackageNotice, ledger.PackageSupplement, ledger.PackageWithdraw, ledger.FeeCharge, ledger.FeePay, ledger.FeeWaive, ledger.FeeRefund, ledger.FeeCancel:
		return true
	}
	return told
}

// GetMyTimeline tells what happened to one's own case.
func (s *Server) GetMyTimeline(ctx context.Context, in gen.GetMyTimelineRequestObject) (gen.GetMyTimelineResponseObject, error) {
	_, c, err := s.ownCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	out := gen.GetMyTimeline200JSONResponse{Case: c.ID, Number: printed(c.Number), Steps: []gen.MyStep{}}
	for i := range entries {
		e := &entries[i]
		zh, en, told := casework.PlainStep(e.Kind)
		if e.Kind == ledger.CaseComment && e.Actor.Role == identity.Applicant {
			zh, en, told = "留言", "you left a message", true
		}
		if !told || e.Status != ledger.Applied {
			continue
		}
		step := gen.MyStep{At: e.OccurredAt, SkewMs: e.SkewMS, Kind: string(e.Kind), WhatZh: zh, WhatEn: en}
		if body, err := e.Decode(); err == nil {
			step.Said = toldToApplicant(body)
			switch b := body.(type) {
			case *ledger.CaseWithdrawV1:
				step.WhatZh, step.WhatEn = casework.PlainWithdrawal(b)
			case *ledger.HearingAskV1, *ledger.HearingAskV2:
				w, _ := ledger.WishOf(b)
				step.WhatZh, step.WhatEn = casework.PlainWish(w)
			case *ledger.RefusalStateV1:
				step.WhatZh, step.WhatEn = casework.PlainStatement(b)
			}
		}
		out.Steps = append(out.Steps, step)
	}
	return out, nil
}

// toldToApplicant is what was said to the applicant with an entry. What offices
// write for each other is not.
func toldToApplicant(body ledger.Body) string {
	switch b := body.(type) {
	case *ledger.CaseRejectV1, *ledger.CaseDecideV1, *ledger.CaseSupplementV1, *ledger.CaseWithdrawV1, *ledger.CaseTerminateV1, *ledger.CaseSuspendV1, *ledger.CaseExtendV1, *ledger.CaseCommentV1:
		return said(body)
	case *ledger.HearingTellV1, *ledger.HearingConveneV1, *ledger.RefusalTellV1, *ledger.ResultProposeV1, *ledger.ResultStateV1, *ledger.ResultDecideV1, *ledger.ResultReissueV1:
		return said(body)
	case *ledger.HearingAskV1, *ledger.HearingAskV2:
		if w, _ := ledger.WishOf(b); !w.Interested { // what others say of it is theirs
			return w.Reason
		}
	case *ledger.RefusalStateV1:
		if !b.Interested {
			return b.Text
		}
	case *ledger.CaseRequestSupplementV1:
		text := ""
		for _, p := range b.Points {
			text += p.Material + p.Field + "：" + p.How + "\n"
		}
		return text
	}
	return ""
}

// ListMyDocuments lists the documents of one's own case; of a kind that came more than
// once the newest first.
func (s *Server) ListMyDocuments(ctx context.Context, in gen.ListMyDocumentsRequestObject) (gen.ListMyDocumentsResponseObject, error) {
	_, c, err := s.ownCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return nil, found(err)
	}
	out := gen.ListMyDocuments200JSONResponse{Documents: []gen.DocumentTitle{}}
	for _, k := range document.Ready(c) {
		titles := titlesOf(k, c, &item.Item)
		slices.Reverse(titles)
		out.Documents = append(out.Documents, titles...)
	}
	results, err := s.store.Results(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, k := range document.ResultKinds {
		if document.NthResult(k, results) > 0 {
			out.Documents = append(out.Documents, gen.DocumentTitle{Kind: k, Title: document.Title(k, &item.Item)})
		}
	}
	return out, nil
}

// GetMyAttachment shows a file of one's own case.
func (s *Server) GetMyAttachment(ctx context.Context, in gen.GetMyAttachmentRequestObject) (gen.GetMyAttachmentResponseObject, error) {
	_, c, err := s.ownCase(ctx, in.Params.Case)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(filesOf(c), func(a catalog.AttachmentRef) bool { return a.Hash == in.Hash }) {
		entries, err := s.store.Timeline(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(entries, func(e store.EntryView) bool { return brought(&e, in.Hash) }) {
			return nil, errNotFound
		}
	}
	here, err := s.blobs.Has(in.Hash)
	if err == nil && !here {
		err = s.fetch(ctx, in.Hash)
	}
	if err != nil {
		return nil, errors.Join(err, errNotHere)
	}
	return file{s.blobs, in.Hash, requestOf(ctx).http}, nil
}

// VisitGetMyAttachmentResponse implements gen.GetMyAttachmentResponseObject.
func (f file) VisitGetMyAttachmentResponse(w http.ResponseWriter) error {
	return f.VisitGetAttachmentResponse(w)
}

func filesOf(c *casework.Case) []catalog.AttachmentRef {
	all := slices.Clone(c.Authority)
	for _, m := range c.Materials {
		all = append(all, m.Attachments...)
	}
	return all
}

// brought reports whether a supplement of the case, or what its applicant had to say
// before a decision, brought a file.
func brought(e *store.EntryView, hash string) bool {
	if e.Kind != ledger.CaseSupplement && e.Kind != ledger.ResultState && e.Kind != ledger.RefusalState || e.Status == ledger.Refused {
		return false
	}
	body, err := e.Decode()
	if err != nil {
		return false
	}
	is := func(a catalog.AttachmentRef) bool { return a.Hash == hash }
	switch b := body.(type) {
	case *ledger.CaseSupplementV1:
		return slices.ContainsFunc(b.Materials, func(m catalog.SubmittedMaterial) bool { return slices.ContainsFunc(m.Attachments, is) })
	case *ledger.ResultStateV1:
		return slices.ContainsFunc(b.Proof, is)
	case *ledger.RefusalStateV1:
		return !b.Interested && slices.ContainsFunc(b.Proof, is)
	}
	return false
}

// opened are the documents that the applicant opened, each with the first time.
func opened(entries []store.EntryView) (all []gen.OpenedDocument) {
	for i := range entries {
		e := &entries[i]
		if e.Kind != ledger.CaseOpened || e.Status != ledger.Applied {
			continue
		}
		if body, err := e.Decode(); err == nil {
			b, ok := body.(*ledger.CaseOpenedV1)
			before := ok && slices.ContainsFunc(all, func(o gen.OpenedDocument) bool { return string(o.Kind) == b.Document })
			if ok && !before {
				all = append(all, gen.OpenedDocument{Kind: document.Kind(b.Document), At: e.OccurredAt})
			}
		}
	}
	return all
}

// mySummary is a case as its applicant's list shows it.
func mySummary(c *casework.Case) gen.MyCaseSummary {
	zh, en := c.Plain()
	return gen.MyCaseSummary{Id: c.ID, Number: printed(c.Number), Item: c.Item, ItemName: c.ItemName, Department: c.Department, Status: c.Status, StatusZh: zh, StatusEn: en,
		HandedInMs: c.HandedInMS, ReceivedOn: c.Online.ReceivedOn, ApplicantName: c.Applicant.Name, Online: c.Online.Account != "", Joint: numberOfJoint(c)}
}
