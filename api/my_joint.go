package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Joint matters (联办件) from home, at the county:
//
//	GET  /api/v1/my/packages                           ListOnlinePackages
//	POST /api/v1/my/joint-cases                        SubmitMyJointCase
//	POST /api/v1/my/joint-cases/check                  CheckMyJointCase
//	GET  /api/v1/my/joint-cases                        ListMyJointCases
//	GET  /api/v1/my/joint-cases/{id}                   GetMyJointCase
//	POST /api/v1/my/joint-cases/{id}/actions           ActOnMyJointCase
//	GET  /api/v1/my/joint-cases/{id}/documents         ListMyJointDocuments
//	GET  /api/v1/my/joint-cases/{id}/documents/{kind}  GetMyJointDocument

// ListOnlinePackages lists the packages and which of their items take the applicant
// in person.
func (s *Server) ListOnlinePackages(ctx context.Context, in gen.ListOnlinePackagesRequestObject) (gen.ListOnlinePackagesResponseObject, error) {
	packages, err := s.store.PackagesInForce(ctx, s.o.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	out := gen.ListOnlinePackages200JSONResponse{Packages: []gen.OnlinePackage{}}
	for i := range packages {
		p := &packages[i]
		subject, err := s.subjectOfPackage(ctx, &p.Package)
		if err != nil {
			return nil, err
		}
		if !asksFor(in.Params.Subject, subject) {
			continue
		}
		shown := gen.OnlinePackage{Subject: subject, Code: p.Code, Name: p.Name, Department: p.LeadDepartment, Version: p.Version, Online: true, NeedsDivision: node.County, Items: []gen.OnlinePackageItem{}}
		for _, code := range p.Items {
			item, err := s.itemInForce(ctx, code)
			if errors.Is(err, store.ErrNotFound) {
				shown.Online = shown.Online && p.Optional(code)
				continue
			}
			if err != nil {
				return nil, err
			}
			why := catalog.Presence(&item.Item)
			shown.Online = shown.Online && (why == "" || p.Optional(code))
			if lowest := lowestTier(&item.Item); lowest.Rank() < shown.NeedsDivision.Rank() {
				shown.NeedsDivision = lowest
			}
			shown.Items = append(shown.Items, gen.OnlinePackageItem{Code: code, Name: item.Name, Optional: p.Optional(code), Online: why == "", WhyNot: why})
		}
		out.Packages = append(out.Packages, shown)
	}
	return out, nil
}

// SubmitMyJointCase hands a package in from home.
func (s *Server) SubmitMyJointCase(ctx context.Context, in gen.SubmitMyJointCaseRequestObject) (gen.SubmitMyJointCaseResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	body, laid, err := s.onlineJoint(ctx, v, in.Body)
	if err == nil {
		err = ownForm(body.Applicant, body.Agent, body.Form, laid.members()...)
	}
	var earlier []catalog.AttachmentRef
	if err == nil && in.Body.PapersOf != "" {
		earlier, err = s.filesOfJoint(ctx, in.Body.PapersOf)
	}
	if err == nil {
		err = s.ownPapers(ctx, v, earlier, append(slices.Clip(body.Materials), catalog.SubmittedMaterial{Attachments: body.Authority}))
	}
	if err != nil {
		// A repeat is answered as it was, whatever has changed meanwhile.
		c, herr := s.store.Joint(ctx, s.node.ActionID(v.ID, in.Params.IdempotencyKey))
		if herr != nil {
			if errors.Is(herr, store.ErrNotFound) {
				herr = nil
			}
			return nil, errors.Join(err, herr)
		}
		receipt, herr := s.myJointReceipt(ctx, c, c.ID)
		return gen.SubmitMyJointCase201JSONResponse(receipt), herr
	}
	recorded, err := s.record(ctx, Action{Actor: v.actor(), Kind: ledger.PackageSubmit, Body: body, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	c, err := s.store.Joint(ctx, recorded.Entry)
	if err != nil {
		return nil, err
	}
	receipt, err := s.myJointReceipt(ctx, c, recorded.Entry)
	return gen.SubmitMyJointCase201JSONResponse(receipt), err
}

func (s *Server) myJointReceipt(ctx context.Context, c *joint.Case, entry string) (gen.MyJointReceipt, error) {
	recorded, err := s.recorded(ctx, entry)
	if err != nil {
		return gen.MyJointReceipt{}, err
	}
	members, err := s.store.JointMembers(ctx, c)
	if err != nil {
		return gen.MyJointReceipt{}, err
	}
	summary, err := s.myJointSummary(ctx, c, members)
	return gen.MyJointReceipt{Joint: summary, Recorded: recorded}, err
}

// CheckMyJointCase tells at once everything that keeps a package from being handed
// in.
func (s *Server) CheckMyJointCase(ctx context.Context, in gen.CheckMyJointCaseRequestObject) (gen.CheckMyJointCaseResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	report := gen.CheckReport{Ok: true, Faults: []catalog.Fault{}}
	body, laid, err := s.onlineJoint(ctx, v, in.Body)
	if err == nil {
		report.ItemVersion = body.Version
		err = errors.Join(s.tryHandIn(body, laid), ownForm(body.Applicant, body.Agent, body.Form, laid.members()...))
	}
	if err == nil {
		err = s.checkOnFile(ctx, body.Applicant, body.Materials)
	}
	if err := reportOn(&report, err); err != nil {
		return nil, err
	}
	return gen.CheckMyJointCase200JSONResponse(report), nil
}

// onlineJoint is what an applicant's hand-in of a package says, as the entry will
// say it. Who they are is taken from the account and not from what they sent.
func (s *Server) onlineJoint(ctx context.Context, v *Visitor, in *gen.MyPackageSubmission) (*ledger.PackageSubmitV1, *laidOut, error) {
	owner, err := s.actingFor(ctx, v, in.ActingFor)
	if err != nil {
		return nil, nil, err
	}
	submission := &gen.PackageSubmission{Package: in.Package, Version: in.Version, Items: in.Items, Division: in.Division, Form: in.Form, Materials: in.Materials, Applying: in.Applying}
	submission.Applicant, submission.Agent = whoApplies(v, owner, in.Applicant, in.Phone, in.AuthorityName)
	body, laid, err := s.handInOf(ctx, submission)
	if err != nil {
		return nil, nil, err
	}
	body.Authority = in.Authority
	body.Online = ledger.Online{Account: owner.ID, Electronic: in.Electronic}
	today := calendar.DateOf(s.o.Now())
	if body.Online.ReceivedOn, err = s.receivedOn(ctx, today); err != nil {
		return nil, nil, err
	}
	return body, laid, casework.CheckHandIn(casework.HandInOf(body), v.Account, owner, today)
}

// ownJoint finds a joint matter that is the applicant's own, or that of an
// organisation they act for. Another's is answered like one that does not exist.
func (s *Server) ownJoint(ctx context.Context, idOrNumber string) (*Visitor, *joint.Case, []*casework.Case, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	if n, err := casework.ParseNumber(idOrNumber); err == nil {
		idOrNumber = n.Compact()
	}
	c, err := s.store.Joint(ctx, idOrNumber)
	if err != nil {
		return nil, nil, nil, found(err)
	}
	mine, err := s.principals(ctx, v)
	if err != nil {
		return nil, nil, nil, err
	}
	for i := range mine {
		if c.BelongsTo(&mine[i]) {
			members, err := s.store.JointMembers(ctx, c)
			return v, c, members, err
		}
	}
	return nil, nil, nil, errNotFound
}

// ListMyJointCases lists the applicant's own joint matters, each with its one due
// date and its cases.
func (s *Server) ListMyJointCases(ctx context.Context, in gen.ListMyJointCasesRequestObject) (gen.ListMyJointCasesResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	mine, err := s.principals(ctx, v)
	if err != nil {
		return nil, err
	}
	before, beforeID, err := cursorOf(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(in.Params.Limit)
	var all []joint.Case
	for i := range mine {
		found, err := s.store.JointsOwnedBy(ctx, &mine[i], before, beforeID, limit+1)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b joint.Case) int {
		return cmp.Or(cmp.Compare(b.HandedInMS, a.HandedInMS), cmp.Compare(b.ID, a.ID))
	})
	all = slices.CompactFunc(all, func(a, b joint.Case) bool { return a.ID == b.ID })
	out := gen.ListMyJointCases200JSONResponse{Cases: []gen.MyJointListed{}}
	for i := range all {
		if i == limit {
			out.NextCursor = cursor(all[i-1].HandedInMS, all[i-1].ID)
			break
		}
		members, err := s.store.JointMembers(ctx, &all[i])
		if err != nil {
			return nil, err
		}
		due, err := s.jointDue(ctx, &all[i], members)
		if err != nil {
			return nil, err
		}
		summary, err := s.myJointSummary(ctx, &all[i], members)
		if err != nil {
			return nil, err
		}
		shown, err := s.mySummaries(ctx, members)
		if err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, gen.MyJointListed{Summary: summary, Members: shown, Due: due})
	}
	return out, nil
}

// GetMyJointCase shows one's own joint matter: its one due date, what is missing in
// all of it, and each of its cases.
func (s *Server) GetMyJointCase(ctx context.Context, in gen.GetMyJointCaseRequestObject) (gen.GetMyJointCaseResponseObject, error) {
	v, c, members, err := s.ownJoint(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	due, err := s.jointDue(ctx, c, members)
	if err != nil {
		return nil, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	summary, err := s.myJointSummary(ctx, c, members)
	if err != nil {
		return nil, err
	}
	shown, err := s.mySummaries(ctx, members)
	if err != nil {
		return nil, err
	}
	out := gen.GetMyJointCase200JSONResponse{Summary: summary, Applicant: c.Applicant, Agent: c.Agent, Materials: c.Materials,
		Members: shown, Due: due, Actions: myJointActions(c, members)}
	_, out.WithdrawalAsked = supplements(entries)
	if out.Anew = cameToNothing(members); out.Anew {
		if err := s.saidOfJoint(ctx, v, c, &out); err != nil {
			return nil, err
		}
	}
	if c.Notice == nil {
		return out, nil
	}
	j, err := s.layOutOf(ctx, c)
	if err != nil {
		return nil, err
	}
	out.Notice, out.SupplementBefore = asCollected(c, j, c.NoticeMembers), c.Notice.Before
	out.Supplements = broughtSince(c, j, entries)
	return out, nil
}

// cameToNothing reports whether all of a joint matter ended, or was refused, with
// nothing granted.
func cameToNothing(members []*casework.Case) bool {
	return !slices.ContainsFunc(members, func(m *casework.Case) bool {
		return m.Decision != casework.Declined && m.Status != casework.NotAccepted && m.Status != casework.Terminated
	})
}

// saidOfJoint adds what was said and brought when a joint matter was handed in, and
// for whom.
func (s *Server) saidOfJoint(ctx context.Context, v *Visitor, c *joint.Case, out *gen.GetMyJointCase200JSONResponse) error {
	b, err := s.handInOfJoint(ctx, c)
	if err != nil {
		return err
	}
	out.Form, out.Applying, out.Authority, out.Division = b.Form, b.Applying, b.Authority, c.Division
	out.ActingFor, out.ForOther, err = s.asWhom(ctx, v, &casework.Case{Applicant: c.Applicant, Online: c.Online})
	return err
}

// handInOfJoint is what was handed in for a joint matter.
func (s *Server) handInOfJoint(ctx context.Context, c *joint.Case) (*ledger.PackageSubmitV1, error) {
	e, err := s.store.Entry(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	body, err := e.Decode()
	if err != nil {
		return nil, err
	}
	b, ok := body.(*ledger.PackageSubmitV1)
	if !ok {
		return nil, errNotFound
	}
	return b, nil
}

// filesOfJoint are the files that were brought when a joint matter of the applicant's
// own was handed in.
func (s *Server) filesOfJoint(ctx context.Context, idOrNumber string) ([]catalog.AttachmentRef, error) {
	_, c, _, err := s.ownJoint(ctx, idOrNumber)
	if err != nil {
		return nil, err
	}
	b, err := s.handInOfJoint(ctx, c)
	if err != nil {
		return nil, err
	}
	files := slices.Clone(b.Authority)
	for _, m := range b.Materials {
		files = append(files, m.Attachments...)
	}
	return files, nil
}

// jointDue is the one date by which a joint matter is promised; none where the
// county has no calendar for it yet.
func (s *Server) jointDue(ctx context.Context, c *joint.Case, members []*casework.Case) (calendar.Date, error) {
	limits, err := s.jointLimits(ctx, c, members)
	var missing *calendar.MissingYearError
	if errors.As(err, &missing) {
		err = nil
	}
	return duesIn(limits).Promised, err
}

func (s *Server) mySummaries(ctx context.Context, members []*casework.Case) ([]gen.MyCaseSummary, error) {
	out := []gen.MyCaseSummary{}
	for _, m := range members {
		summary, err := s.mySummaryNow(ctx, m)
		if err != nil {
			return nil, err
		}
		out = append(out, summary)
	}
	return out, nil
}

// ActOnMyJointCase adds to one's own joint matter, for all its cases at once.
func (s *Server) ActOnMyJointCase(ctx context.Context, in gen.ActOnMyJointCaseRequestObject) (gen.ActOnMyJointCaseResponseObject, error) {
	v, c, members, err := s.ownJoint(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	need := needs{}
	var kind ledger.Kind
	var body ledger.Body
	var brought []catalog.SubmittedMaterial
	no := errDecided
	switch b := in.Body; b.Kind {
	case gen.MyJointSupplement:
		need.that("materials", len(b.Materials)+len(b.Form) > 0)
		err = errors.Join(need.err(), broughtOnly(b.Materials))
		kind, body, brought, no = ledger.PackageSupplement, &ledger.PackageSupplementV1{Materials: b.Materials, Form: b.Form, Note: b.Note}, b.Materials, errNoSupply
	case gen.MyJointWithdraw:
		need.text("reason", b.Reason)
		err = need.err()
		kind, body = ledger.PackageWithdraw, &ledger.PackageWithdrawV1{Reason: b.Reason, TakenBack: b.TakeBack}
	default:
		err = errInvalid
	}
	if err != nil {
		return nil, err
	}
	switch _, err := s.store.Entry(ctx, s.node.ActionID(v.ID, in.Params.IdempotencyKey)); {
	case errors.Is(err, store.ErrNotFound) && joint.Concluded(members):
		return nil, errCaseEnded
	case errors.Is(err, store.ErrNotFound) && !slices.Contains(myJointActions(c, members), in.Body.Kind):
		return nil, no
	case errors.Is(err, store.ErrNotFound):
		if err := s.jointSupplemented(ctx, c, members, in.Body.Form); err != nil {
			return nil, err
		}
		if err := s.ownPapers(ctx, v, nil, brought); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: v.actor(), Kind: kind, Body: body, Case: c.ID, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	if c, err = s.store.Joint(ctx, c.ID); err != nil {
		return nil, err
	}
	receipt, err := s.myJointReceipt(ctx, c, recorded.Entry)
	return gen.ActOnMyJointCase200JSONResponse(receipt), err
}

// myJointActions are what an applicant may do with a joint matter as it is. What is
// missing is brought while a case is still to be taken up or lets it come later; all
// is withdrawn until all is decided.
func myJointActions(c *joint.Case, members []*casework.Case) []gen.MyJointActionKind {
	actions := []gen.MyJointActionKind{}
	if joint.Concluded(members) {
		return actions
	}
	wanted, open := false, false
	for _, m := range members {
		untaken := m.AcceptedMS == 0 && !m.Status.Ended()
		wanted = wanted || untaken && (c.Notice != nil || len(m.Lacking) > 0) || len(m.Tolerated) > 0 && m.Decision == "" && !m.Status.Ended()
		open = open || m.Decision == "" && !m.Status.Ended()
	}
	if wanted {
		actions = append(actions, gen.MyJointSupplement)
	}
	if open {
		actions = append(actions, gen.MyJointWithdraw)
	}
	return actions
}

// ListMyJointDocuments lists the documents of one's own joint matter.
func (s *Server) ListMyJointDocuments(ctx context.Context, in gen.ListMyJointDocumentsRequestObject) (gen.ListMyJointDocumentsResponseObject, error) {
	_, c, members, err := s.ownJoint(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	out := gen.ListMyJointDocuments200JSONResponse{Documents: []gen.JointDocumentTitle{}}
	for _, k := range document.JointReady(document.JointSubject{Case: c, Members: members}) {
		out.Documents = append(out.Documents, gen.JointDocumentTitle{Kind: k, Title: document.JointTitle(k)})
	}
	return out, nil
}

// GetMyJointDocument shows a document of one's own joint matter. Its result says
// what each department decided, so it is for who agreed to be served electronically.
func (s *Server) GetMyJointDocument(ctx context.Context, in gen.GetMyJointDocumentRequestObject) (gen.GetMyJointDocumentResponseObject, error) {
	_, c, members, err := s.ownJoint(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	d, err := s.jointDocument(ctx, c, members, in.Kind, "")
	if err != nil {
		return nil, err
	}
	if in.Kind == document.JointResult {
		for _, m := range members {
			service, err := s.store.Service(ctx, m)
			if err != nil {
				return nil, err
			}
			if service != ledger.ServiceElectronic && m.Status != casework.Closed && m.Decision != "" {
				return nil, errNoConsent
			}
		}
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	p, err := s.paperAtHome(ctx, jointDesk(c, members, in.Kind, d, entries))
	if err != nil {
		return nil, err
	}
	if asPage(string(in.Params.Format)) {
		page, err := markedPage(&p.Document, pageMark{Code: p.Code, Mark: p.Mark, Seal: s.sealLine(ctx, p.Key)})
		return printedPage(page), err
	}
	return gen.GetMyJointDocument200JSONResponse(p), nil
}

// VisitGetMyJointDocumentResponse implements gen.GetMyJointDocumentResponseObject.
func (p printedPage) VisitGetMyJointDocumentResponse(w http.ResponseWriter) error { return p.write(w) }

func (s *Server) myJointSummary(ctx context.Context, c *joint.Case, members []*casework.Case) (gen.MyJointSummary, error) {
	status := c.StatusOf(members)
	answered, err := s.answered(ctx, c, members)
	return gen.MyJointSummary{Id: c.ID, Number: printed(c.Number), Package: c.Package, Name: c.Name, Department: c.Department, Status: status, StatusZh: jointStatus(status, answered),
		HandedInMs: c.HandedInMS, ReceivedOn: c.Online.ReceivedOn, ApplicantName: c.Applicant.Name, Online: c.Online.Account != "", Answered: answered}, err
}

// numberOfJoint is the number of the joint matter that a case is part of.
func numberOfJoint(c *casework.Case) string {
	if c.Package == nil {
		return ""
	}
	return printed(c.Package.Number)
}
