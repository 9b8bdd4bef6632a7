package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// Applying from home, at the county:
//
//	GET  /api/v1/my/items               ListOnlineItems
//	POST /api/v1/my/cases               SubmitMyCase
//	POST /api/v1/my/cases/check         CheckMyCase
//	POST /api/v1/my/cases/{id}/actions  ActOnMyCase

var (
	errCaseEnded = &problem{http.StatusConflict, "case_ended", "the case has ended; nothing can be added to it", "办件已经结束，不能再提交", "如有需要请重新申请或到窗口咨询", nil, 0}
	errNoSupply  = &problem{http.StatusConflict, "no_supplement_asked", "nothing more is asked for at the moment", "目前没有要求补正", "请等待窗口告知", nil, 0}
	errDecided   = &problem{http.StatusConflict, "decided", "it has been decided and cannot be withdrawn any more", "已作出决定，不能撤回", "如有异议请按决定书载明的途径救济", nil, 0}
)

// ListOnlineItems lists what can be applied for from home.
func (s *Server) ListOnlineItems(ctx context.Context, in gen.ListOnlineItemsRequestObject) (gen.ListOnlineItemsResponseObject, error) {
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := s.listed(ctx, view, "")
	if err != nil {
		return nil, err
	}
	out := gen.ListOnlineItems200JSONResponse{Items: []gen.OnlineItem{}}
	for i := range listed {
		v := &listed[i]
		if in.Params.Life != "" && !slices.Contains(v.LifeEvents, in.Params.Life) || !catalog.Match(v.Item, in.Params.Query) || in.Params.Subject == gen.ForPerson && v.Subject == catalog.SubjectLegal || in.Params.Subject == gen.ForOrganisation && v.Subject == catalog.SubjectNatural {
			continue
		}
		why := catalog.Presence(&v.Item)
		out.Items = append(out.Items, gen.OnlineItem{Code: v.Code, Name: v.Name, Department: v.Department, Version: v.Version, Online: why == "", WhyNot: why, NeedsDivision: lowestTier(&v.Item)})
	}
	slices.SortFunc(out.Items, func(a, b gen.OnlineItem) int { return cmp.Compare(a.Code, b.Code) })
	return out, nil
}

// lowestTier is the lowest tier at which an item that was applied for from home is
// worked on: the matter's own division of that tier has to be named.
func lowestTier(item *catalog.Item) node.Tier {
	lowest := node.County
	for _, step := range casework.PlanOnline(item) {
		if step.Tier.Rank() < lowest.Rank() {
			lowest = step.Tier
		}
	}
	return lowest
}

// SubmitMyCase hands a case in from home.
func (s *Server) SubmitMyCase(ctx context.Context, in gen.SubmitMyCaseRequestObject) (gen.SubmitMyCaseResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	body, item, err := s.online(ctx, v, in.Body)
	if err == nil {
		err = ownForm(body.Applicant, body.Agent, body.Form, item)
	}
	var earlier []catalog.AttachmentRef
	if err == nil && in.Body.PapersOf != "" {
		earlier, err = s.filesOfCase(ctx, in.Body.PapersOf)
	}
	if err == nil {
		err = s.ownPapers(ctx, v, earlier, append(slices.Clip(body.Materials), catalog.SubmittedMaterial{Attachments: body.Authority}))
	}
	if err != nil {
		// A repeat is answered as it was, whatever has changed meanwhile.
		c, herr := s.caseUnder(ctx, s.node.ActionID(v.ID, in.Params.IdempotencyKey))
		if c == nil || herr != nil {
			return nil, errors.Join(err, herr)
		}
		recorded, herr := s.recorded(ctx, c.ID)
		return gen.SubmitMyCase201JSONResponse{Case: mySummary(c), Recorded: recorded}, herr
	}
	recorded, err := s.record(ctx, Action{Actor: v.actor(), Kind: ledger.CaseSubmit, Body: body, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	c, err := s.store.Case(ctx, recorded.Entry)
	if err != nil {
		return nil, err
	}
	return gen.SubmitMyCase201JSONResponse{Case: mySummary(c), Recorded: recorded}, nil
}

// CheckMyCase tells at once everything that keeps a case from being handed in.
func (s *Server) CheckMyCase(ctx context.Context, in gen.CheckMyCaseRequestObject) (gen.CheckMyCaseResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	report := gen.CheckReport{Ok: true, Faults: []catalog.Fault{}}
	body, item, err := s.online(ctx, v, in.Body)
	if err == nil {
		report.ItemVersion = body.ItemVersion
		err = errors.Join(s.tryOpen(body, item), ownForm(body.Applicant, body.Agent, body.Form, item))
	}
	if err == nil {
		err = s.checkOnFile(ctx, body.Applicant, body.Materials)
	}
	if err == nil {
		err = s.checkRenewal(ctx, body)
	}
	if err := reportOn(&report, err); err != nil {
		return nil, err
	}
	return gen.CheckMyCase200JSONResponse(report), nil
}

// online is what an applicant's hand-in says, as the entry will say it. Who they
// are is taken from the account and not from what they sent.
func (s *Server) online(ctx context.Context, v *Visitor, in *gen.MySubmission) (*ledger.CaseSubmitV1, *catalog.Item, error) {
	owner, err := s.actingFor(ctx, v, in.ActingFor)
	if err != nil {
		return nil, nil, err
	}
	submission := &gen.Submission{Item: in.Item, ItemVersion: in.ItemVersion, Division: in.Division, Form: in.Form, Materials: in.Materials, Applying: in.Applying, Authority: in.Authority, Renews: in.Renews}
	submission.Applicant, submission.Agent = whoApplies(v, owner, in.Applicant, in.Phone, in.AuthorityName)
	body, item, err := s.submission(ctx, submission)
	if err != nil {
		return nil, nil, err
	}
	body.Steps = casework.PlanOnline(item)
	body.Online = ledger.Online{Account: owner.ID, Electronic: in.Electronic}
	today := calendar.DateOf(s.o.Now())
	if body.Online.ReceivedOn, err = s.receivedOn(ctx, today); err != nil {
		return nil, nil, err
	}
	return body, item, casework.CheckHandIn(body, v.Account, owner, today)
}

// whoApplies is whom something is for that is handed in from home, and who acts for
// them: by the accounts, but for another person whom a proof of authority names.
func whoApplies(v *Visitor, owner *account.Account, named ledger.Applicant, phone, authority string) (ledger.Applicant, ledger.Agent) {
	self := ledger.Applicant{Type: owner.Type, Name: owner.Name, IDNumber: owner.Number, Phone: cmp.Or(phone, owner.Phone)}
	agent := ledger.Agent{Name: v.Name, IDNumber: v.Number, Phone: cmp.Or(phone, v.Phone)}
	switch {
	case named != (ledger.Applicant{}) && !(named.Type == owner.Type && plainNumber(named.IDNumber) == owner.Number):
		agent.Authority = authority
		return named, agent
	case owner.ID != v.ID:
		agent.Authority = authorityOf(owner, v)
		return self, agent
	}
	return self, ledger.Agent{}
}

// receivedOn is the day on which what comes in from home today counts as
// received; none when that is today. A calendar that lacks the year must keep
// nobody from applying: then the day of hand-in counts.
func (s *Server) receivedOn(ctx context.Context, today calendar.Date) (calendar.Date, error) {
	days, err := s.workingDays(ctx)
	if err != nil {
		return calendar.Date{}, err
	}
	on, err := casework.ReceivedOn(days, today)
	var missing *calendar.MissingYearError
	if errors.As(err, &missing) || on == today {
		return calendar.Date{}, nil
	}
	return on, err
}

func authorityOf(firm *account.Account, v *Visitor) string {
	for _, g := range firm.Agents {
		if g.Number == v.Number {
			return g.Authority
		}
	}
	return ""
}

// ownPapers holds the files that an applicant names against those they uploaded
// themselves, and those that were brought in an earlier case of theirs, where they name
// one: nobody takes another's for their own by its hash.
func (s *Server) ownPapers(ctx context.Context, v *Visitor, earlier []catalog.AttachmentRef, materials []catalog.SubmittedMaterial) error {
	var all []catalog.Fault
	brought := map[string]bool{}
	for _, a := range earlier {
		brought[a.Hash] = true
	}
	for i, m := range materials {
		if m.OnFile != (catalog.OnFile{}) {
			continue // their own, which the ledger sees to
		}
		faults, err := s.fileFaults(ctx, v, brought, fmt.Sprintf("materials[%d].attachments", i), m.Attachments)
		if err != nil {
			return err
		}
		all = append(all, faults...)
	}
	if len(all) > 0 {
		return errInvalid.with(all...)
	}
	return nil
}

// filesOfCase are the files that were brought when a case of the applicant's own was
// handed in.
func (s *Server) filesOfCase(ctx context.Context, idOrNumber string) ([]catalog.AttachmentRef, error) {
	_, c, err := s.ownCase(ctx, idOrNumber)
	if err != nil {
		return nil, err
	}
	return filesOf(c), nil
}

// ownFiles does the same for files that stand by themselves.
func (s *Server) ownFiles(ctx context.Context, v *Visitor, path string, files []catalog.AttachmentRef) error {
	faults, err := s.fileFaults(ctx, v, nil, path, files)
	if err == nil && len(faults) > 0 {
		err = errInvalid.with(faults...)
	}
	return err
}

func (s *Server) fileFaults(ctx context.Context, v *Visitor, brought map[string]bool, path string, files []catalog.AttachmentRef) (faults []catalog.Fault, err error) {
	for j, a := range files {
		uploaded, err := s.store.Uploaded(ctx, v.ID, a.Hash)
		if err != nil {
			return nil, err
		}
		f := catalog.Fault{Path: pathAt(path, j), Code: catalog.FaultConflict}
		if !uploaded && !brought[a.Hash] {
			f.ZH, f.EN = "文件尚未上传，请先上传", "the file was not uploaded; upload it first"
			faults = append(faults, f)
			continue
		}
		info, err := s.blobs.Stat(a.Hash)
		if errors.Is(err, blob.ErrNotFound) && brought[a.Hash] && s.fetch(ctx, a.Hash) == nil {
			info, err = s.blobs.Stat(a.Hash)
		}
		switch {
		case errors.Is(err, blob.ErrNotFound):
			f.ZH, f.EN = "文件已清理，请重新上传", "the file is gone; upload it again"
		case err != nil:
			return nil, err
		case info.Size != a.Size || info.Type != a.Type:
			f.ZH, f.EN = "文件大小或类型与已上传的内容不符，请重新选择文件", "the size or type is not that of the file that was uploaded"
		default:
			continue
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// ActOnMyCase adds to one's own case.
func (s *Server) ActOnMyCase(ctx context.Context, in gen.ActOnMyCaseRequestObject) (gen.ActOnMyCaseResponseObject, error) {
	v, c, err := s.ownCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	kind, body, err := myAction(c, in.Body)
	if err != nil {
		return nil, err
	}
	_, err = s.store.Entry(ctx, s.node.ActionID(v.ID, in.Params.IdempotencyKey))
	switch {
	case errors.Is(err, store.ErrNotFound):
		if err := s.mayAdd(ctx, v, c, body); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	a := Action{Actor: v.actor(), Kind: kind, Body: body, Case: c.ID, Key: in.Params.IdempotencyKey}
	if err := s.wished(ctx, &a); err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, a)
	if err != nil {
		return nil, err
	}
	if c, err = s.store.Case(ctx, c.ID); err != nil {
		return nil, err
	}
	return gen.ActOnMyCase200JSONResponse{Case: mySummary(c), Recorded: recorded}, nil
}

// mayAdd tells before anything is recorded that it would be of no use.
func (s *Server) mayAdd(ctx context.Context, v *Visitor, c *casework.Case, body ledger.Body) error {
	switch b := body.(type) {
	case *ledger.ResultStateV1: // of what was issued, also after the end
		return s.mayState(ctx, v, c, b)
	case *ledger.HearingAskV2:
		return s.mayWish(ctx, v, c, b)
	case *ledger.RefusalStateV1:
		return s.maySpeak(ctx, v, c, b)
	}
	if c.Status.Ended() {
		return errCaseEnded
	}
	switch b := body.(type) {
	case *ledger.CaseSupplementV1:
		if !slices.Contains(myActions(c), gen.MySupplement) {
			return errNoSupply
		}
		if err := s.supplemented(ctx, c, b); err != nil {
			return err
		}
		return s.ownPapers(ctx, v, nil, b.Materials)
	case *ledger.CaseWithdrawV1:
		if !slices.Contains(myActions(c), gen.MyWithdraw) {
			return errDecided
		}
	}
	return nil
}

// myAction is what an applicant's request says.
func myAction(c *casework.Case, in *gen.MyAction) (ledger.Kind, ledger.Body, error) {
	need := needs{}
	switch in.Kind {
	case gen.MySupplement:
		need.that("materials", len(in.Materials)+len(in.Form) > 0)
		return ledger.CaseSupplement, &ledger.CaseSupplementV1{Materials: in.Materials, Form: in.Form, Note: in.Note}, errors.Join(need.err(), broughtOnly(in.Materials))
	case gen.MyWithdraw:
		need.text("reason", in.Reason)
		return ledger.CaseWithdraw, &ledger.CaseWithdrawV1{Reason: in.Reason, TakenBack: in.TakeBack}, need.err()
	case gen.MyComment:
		need.text("text", in.Text)
		return ledger.CaseComment, &ledger.CaseCommentV1{Text: in.Text}, need.err()
	case gen.MyServeElectronically:
		return ledger.CaseConsent, &ledger.CaseConsentV1{Service: ledger.ServiceElectronic}, nil
	case gen.MyServeOnPaper:
		return ledger.CaseConsent, &ledger.CaseConsentV1{Service: ledger.ServicePaper}, nil
	case gen.MyAskHearing, gen.MyWaiveHearing:
		return ledger.HearingAsk, wishOf(c, in.Kind == gen.MyWaiveHearing, in.Reason), nil
	case gen.MyState:
		need.text("text", in.Text)
		if ofRefusal(c, in.Proposal) {
			return ledger.RefusalState, statedFromHome(c, in), errors.Join(need.err(), waivedOf(in))
		}
		need.text("proposal", in.Proposal)
		return ledger.ResultState, &ledger.ResultStateV1{Proposal: in.Proposal, Text: in.Text, Waived: in.Waived, Proof: in.Proof}, need.err()
	}
	return "", nil, errInvalid
}

// myActions are what every case lets its applicant do as it is; rights.actions adds
// what they may say before something is decided against them.
func myActions(c *casework.Case) []gen.MyActionKind {
	if c.Status.Ended() {
		return []gen.MyActionKind{}
	}
	actions := []gen.MyActionKind{gen.MyComment, gen.MyServeElectronically, gen.MyServeOnPaper}
	if c.Status == casework.Supplementing || len(c.Tolerated) > 0 || c.Status == casework.HandedIn && len(c.Lacking) > 0 {
		actions = append(actions, gen.MySupplement)
	}
	if c.DecidedMS == 0 {
		actions = append(actions, gen.MyWithdraw)
	}
	return actions
}
