package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

// What reads joint matters (联办件):
//
//	GET /api/v1/joint-cases                        ListJointCases
//	GET /api/v1/joint-cases/{id}                   GetJointCase
//	GET /api/v1/joint-cases/{id}/documents         ListJointDocuments
//	GET /api/v1/joint-cases/{id}/documents/{kind}  GetJointDocument

// ListJointCases lists the joint matters within the caller's reach.
func (s *Server) ListJointCases(ctx context.Context, in gen.ListJointCasesRequestObject) (gen.ListJointCasesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	within, department, ok := actor.Reach(identity.CaseRead)
	if !ok {
		return nil, &identity.Denied{Role: actor.Roles[0], Action: identity.CaseRead, Why: "role"}
	}
	if p := in.Params.Division; p != "" {
		if !within.Contains(p) {
			return nil, &identity.Denied{Role: actor.Roles[0], Action: identity.CaseRead, Why: "division"}
		}
		within = p
	}
	size := limitOf(in.Params.Limit)
	f := store.JointFilter{Within: within, Department: department, Package: in.Params.Package, Status: in.Params.Status, Limit: size + 1}
	if in.Params.Query != "" {
		if f.Number = digitsOf(in.Params.Query); f.Number == "" {
			return nil, errInvalid.with(fault("query", "pattern"))
		}
	}
	if f.BeforeMS, f.BeforeID, err = cursorOf(in.Params.Cursor); err != nil {
		return nil, err
	}
	found, err := s.store.Joints(ctx, f)
	if err != nil {
		return nil, err
	}
	out := gen.ListJointCases200JSONResponse{Cases: []gen.JointSummary{}}
	for i := range found {
		if i == size {
			out.NextCursor = cursor(found[i-1].HandedInMS, found[i-1].ID)
			break
		}
		members, err := s.store.JointMembers(ctx, &found[i])
		if err != nil {
			return nil, err
		}
		summary, err := s.jointSummary(ctx, &found[i], members)
		if err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, summary)
	}
	return out, nil
}

// GetJointCase shows a joint matter as a board.
func (s *Server) GetJointCase(ctx context.Context, in gen.GetJointCaseRequestObject) (gen.GetJointCaseResponseObject, error) {
	c, _, err := s.readableJoint(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	board, err := s.board(ctx, c)
	if err != nil {
		return nil, err
	}
	return gen.GetJointCase200JSONResponse(board), nil
}

// readableJoint finds a joint matter that the caller's office leads or has a case
// of. Any other is answered like one that does not exist.
func (s *Server) readableJoint(ctx context.Context, idOrNumber string) (*joint.Case, []*casework.Case, error) {
	if n, err := casework.ParseNumber(idOrNumber); err == nil {
		idOrNumber = n.Compact()
	}
	c, err := s.store.Joint(ctx, idOrNumber)
	if err != nil {
		return nil, nil, noSuchNumber(idOrNumber, found(err))
	}
	members, err := s.store.JointMembers(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	_, err = as(ctx, identity.CaseRead, jointTarget(c))
	for _, m := range members {
		if err == nil {
			break
		}
		_, err = as(ctx, identity.CaseRead, targetOf(m))
	}
	var denied *identity.Denied
	if errors.As(err, &denied) {
		return nil, nil, errNotFound
	}
	return c, members, err
}

func (s *Server) jointSummary(ctx context.Context, c *joint.Case, members []*casework.Case) (gen.JointSummary, error) {
	submitted, err := s.store.Entry(ctx, c.ID)
	if err != nil {
		return gen.JointSummary{}, err
	}
	status := c.StatusOf(members)
	w := s.word(submitted, nil)
	ended := 0
	for _, m := range members {
		if m.Status.Ended() {
			ended++
		}
		if submitted.Index > 0 && takenUp(m) {
			w = gen.TakenUp
		}
	}
	answered, err := s.answered(ctx, c, members)
	return gen.JointSummary{Id: c.ID, Number: printed(c.Number), Package: c.Package, Name: c.Name, Department: c.Department, Division: c.Division,
		HandedInAt: c.HandedInAt, Holder: c.Holder, Status: status, StatusZh: jointStatus(status, answered), ApplicantName: privacy.Applicant(c.Applicant).Name,
		HandedInMs: c.HandedInMS, Word: w, WordZh: wordZH[w], Cases: len(members), Concluded: ended, Flags: c.Flags, Answered: answered}, err
}

var jointStatusZH = map[joint.Status]string{joint.HandedIn: "已收件", joint.Supplementing: "待补正", joint.Accepted: "办理中", joint.Decided: "全部已有结论", joint.Ended: "全部办结"}

// board is a joint matter with each of its cases.
func (s *Server) board(ctx context.Context, c *joint.Case) (gen.JointBoard, error) {
	members, err := s.store.JointMembers(ctx, c)
	if err != nil {
		return gen.JointBoard{}, err
	}
	summary, err := s.jointSummary(ctx, c, members)
	if err != nil {
		return gen.JointBoard{}, err
	}
	out := gen.JointBoard{Summary: summary, Version: c.Version, Head: c.Head, ExtendedBy: c.Added(members), Members: []gen.JointMember{}, Limits: []gen.CaseLimit{}}
	if c.Notice != nil {
		points, err := s.jointPoints(ctx, c)
		if err != nil {
			return out, err
		}
		out.Notice = *c.Notice
		out.Notice.Points = shownPoints(points)
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return out, err
	}
	out.WithdrawalAsked = slices.ContainsFunc(entries, func(e store.EntryView) bool {
		return e.Kind == ledger.PackageWithdraw && e.Status != ledger.Refused
	})
	findings, err := s.store.Findings(ctx, c)
	if err != nil {
		return out, err
	}
	for i, m := range members {
		shown, err := s.jointMember(ctx, c.Members[i], m)
		if err != nil {
			return out, err
		}
		shown.LookedAt = slices.ContainsFunc(findings, func(f joint.Finding) bool { return f.Case == m.ID })
		out.Members = append(out.Members, shown)
	}
	limits, err := s.jointLimits(ctx, c, members)
	var missing *calendar.MissingYearError
	if err != nil && !errors.As(err, &missing) {
		return out, err // without a calendar there are no dates to show
	}
	out.Limits = s.shownLimits(limits)
	out.Actions = jointActionsNow(ctx, c, members)
	return out, nil
}

func shownPoints(points []ledger.SupplementPoint) []ledger.SupplementPoint {
	shown := slices.Clone(points)
	for i := range shown {
		shown[i].How = privacy.Text(shown[i].How)
	}
	return shown
}

func (s *Server) jointMember(ctx context.Context, m joint.Member, c *casework.Case) (gen.JointMember, error) {
	fate := joint.FateOf(c)
	out := gen.JointMember{Id: c.ID, Number: printed(c.Number), Item: c.Item, ItemName: c.ItemName, Department: c.Department, Stage: m.Stage,
		Status: c.Status, StatusZh: statusZH[c.Status], Fate: gen.JointMemberFate(fate), FateZh: document.FateZH(fate), Gate: gen.JointMemberGate(c.Gate()),
		Holder: c.Holder, After: m.After}
	if step, open := c.Current(); open {
		out.WaitsFor = step
	}
	if c.Package != nil && c.Package.Notice != nil {
		out.Points = shownPoints(c.Package.Notice.Points)
	}
	_, err := as(ctx, identity.CaseRead, targetOf(c))
	out.Readable = err == nil
	limits, err := s.limits(ctx, c)
	var missing *calendar.MissingYearError
	if err != nil && !errors.As(err, &missing) {
		return out, err
	}
	for _, l := range limits {
		if l.Done.IsZero() && !l.Due().IsZero() && (out.Due.IsZero() || l.Due().Before(out.Due)) {
			out.Due = l.Due()
		}
	}
	out.Overdue = len(casework.Overdue(limits, s.today())) > 0
	entries, err := s.store.Timeline(ctx, c.ID)
	_, out.WithdrawalAsked = supplements(entries)
	return out, err
}

func (s *Server) today() calendar.Date { return calendar.DateOf(s.o.Now()) }

func (s *Server) jointLimits(ctx context.Context, c *joint.Case, members []*casework.Case) ([]casework.Limit, error) {
	days, err := s.workingDays(ctx)
	if err != nil {
		return nil, err
	}
	return c.Limits(members, days)
}

// foretellJoint is what the applicant of a joint matter is told of when it is due,
// as one of its cases becomes next.
func (s *Server) foretellJoint(ctx context.Context, next *casework.Case, days *calendar.Calendar) (promised, statutory calendar.Date, err error) {
	whole, members, err := s.wholeOf(ctx, next)
	if err != nil {
		return promised, statutory, err
	}
	return whole.Foretell(members, next, days)
}

func (s *Server) wholeOf(ctx context.Context, c *casework.Case) (*joint.Case, []*casework.Case, error) {
	whole, err := s.store.Joint(ctx, c.Package.ID)
	if err != nil {
		return nil, nil, err
	}
	members, err := s.store.JointMembers(ctx, whole)
	return whole, members, err
}

// heardLimits are the limits of a case that its applicant hears of: of one that is
// part of a joint matter, those of the whole in the place of its own.
func (s *Server) heardLimits(ctx context.Context, c *casework.Case, own []casework.Limit) ([]casework.Limit, error) {
	if c.Package == nil {
		return own, nil
	}
	whole, members, err := s.wholeOf(ctx, c)
	if err != nil {
		return nil, err
	}
	of, err := s.jointLimits(ctx, whole, members)
	var missing *calendar.MissingYearError
	if err != nil && !errors.As(err, &missing) {
		return nil, err
	}
	heard := slices.DeleteFunc(slices.Clone(own), func(l casework.Limit) bool {
		return l.Kind == casework.LimitPromised || l.Kind == casework.LimitStatutory
	})
	return append(heard, of...), nil
}

// heardDues are the dates by which a case is due, as its applicant hears them.
func (s *Server) heardDues(ctx context.Context, c *casework.Case) (ledger.Dues, error) {
	if c.Package == nil {
		return c.Told, nil
	}
	limits, err := s.heardLimits(ctx, c, nil)
	return duesIn(limits), err
}

// duesIn are the dates by which something has to be decided, of its limits.
func duesIn(limits []casework.Limit) ledger.Dues {
	var d ledger.Dues
	for _, l := range limits {
		switch l.Kind {
		case casework.LimitPromised:
			d.Promised = l.Due()
		case casework.LimitStatutory:
			d.Statutory = l.Due()
		}
	}
	return d
}

// shownLimits are limits as they are answered.
func (s *Server) shownLimits(limits []casework.Limit) []gen.CaseLimit {
	shown := make([]gen.CaseLimit, 0, len(limits))
	for i, l := range limits {
		rule := ruleOf(l.Kind)
		shown = append(shown, gen.CaseLimit{
			Kind: gen.CaseLimitKind(l.Kind), RuleZh: rule.ZH, RuleEn: rule.EN, Due: l.Result.Due, Told: l.Told, Done: l.Done,
			Overdue: len(casework.Overdue(limits[i:i+1], s.today())) > 0, SuspendedSince: l.Result.Suspended, Warning: l.Result.Warning(), Days: l.Result.Days,
		})
	}
	return shown
}

// jointActionsNow are the kinds of action the caller may take on a joint matter
// as it is.
func jointActionsNow(ctx context.Context, c *joint.Case, members []*casework.Case) []gen.JointActionKind {
	actions := []gen.JointActionKind{}
	actor, err := actorOf(ctx)
	if err != nil || c.AllDecided(members) || joint.Concluded(members) {
		return actions
	}
	can := func(a identity.Action) bool { _, err := actor.As(a, jointTarget(c)); return err == nil }
	if c.Holder == actor.Division && can(identity.CaseAccept) {
		actions = append(actions, gen.JointNotice)
	}
	if can(identity.CaseSubmit) {
		actions = append(actions, gen.JointSupplement, gen.JointWithdraw)
	}
	return actions
}

// ListJointDocuments lists the documents that a joint matter has.
func (s *Server) ListJointDocuments(ctx context.Context, in gen.ListJointDocumentsRequestObject) (gen.ListJointDocumentsResponseObject, error) {
	c, members, err := s.readableJoint(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	out := gen.ListJointDocuments200JSONResponse{Documents: []gen.JointDocumentTitle{}}
	for _, k := range document.JointReady(document.JointSubject{Case: c, Members: members}) {
		out.Documents = append(out.Documents, gen.JointDocumentTitle{Kind: k, Title: document.JointTitle(k)})
	}
	return out, nil
}

// GetJointDocument makes a document of a joint matter to be looked at in the
// office. Nothing in it is masked, and who made it is logged.
func (s *Server) GetJointDocument(ctx context.Context, in gen.GetJointDocumentRequestObject) (gen.GetJointDocumentResponseObject, error) {
	c, members, err := s.readableJoint(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	if _, err := as(ctx, identity.CaseReveal, jointTarget(c)); err != nil {
		return nil, err
	}
	d, err := s.jointDocument(ctx, c, members, in.Kind, "")
	if err != nil {
		return nil, err
	}
	if err := s.revealAs(ctx, c.ID, jointTarget(c), ledger.RevealDocument+string(in.Kind), in.Params.TongbanWhy); err != nil {
		return nil, err
	}
	if asPage(string(in.Params.Format)) {
		page, err := markedPage(d, pageMark{Mark: lookedAt})
		return printedPage(page), err
	}
	return gen.GetJointDocument200JSONResponse{DocumentAnswerJSONResponse: gen.DocumentAnswerJSONResponse(*d)}, nil
}

// jointDesk is a document of a joint matter with what the ledger has of it.
func jointDesk(c *joint.Case, members []*casework.Case, kind document.Kind, fresh *document.Document, entries []store.EntryView) *desk {
	d := &desk{id: c.ID, applicant: c.Applicant, department: c.Department, target: jointTarget(c), kind: kind, fresh: fresh, number: fresh.Number,
		nth: document.NthJoint(kind, c, members), before: papersOf(entries, fresh.Number)}
	d.present = present(d.before)
	return d
}

// PrintJointDocument prints a document of a joint matter for the applicant, with
// its code: the first time, or again as it was.
func (s *Server) PrintJointDocument(ctx context.Context, in gen.PrintJointDocumentRequestObject) (gen.PrintJointDocumentResponseObject, error) {
	c, members, err := s.readableJoint(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, identity.CasePrint, jointTarget(c))
	if err != nil {
		return nil, err
	}
	fresh, err := s.jointDocument(ctx, c, members, in.Kind, actor.Name)
	if err != nil {
		return nil, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	d := jointDesk(c, members, in.Kind, fresh, entries)
	printed, err := s.printFor(ctx, actor, d, in.Body, in.Params.TongbanWhy, in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	if asPage(string(in.Params.Format)) {
		return s.pageOfPrinted(ctx, printed)
	}
	return gen.PrintJointDocument200JSONResponse(printed), nil
}

func (p printedPage) VisitPrintJointDocumentResponse(w http.ResponseWriter) error { return p.write(w) }

// jointDocument is a document of a joint matter as it stands now.
func (s *Server) jointDocument(ctx context.Context, c *joint.Case, members []*casework.Case, kind document.Kind, clerk string) (*document.Document, error) {
	subject := document.JointSubject{Case: c, Members: members, Issuer: document.Issuer{Supervision: s.o.SupervisionPhone, Clerk: clerk}}
	by := c.Holder
	if kind == document.JointReceipt {
		by = c.HandedInAt
	}
	for i, m := range members {
		item, err := s.store.Item(ctx, m.Item, m.ItemVersion)
		if err != nil {
			return nil, found(err)
		}
		subject.Items = append(subject.Items, &item.Item)
		if i > 0 && m.Department != c.Department {
			continue // whom to call is the department that answers for the whole
		}
		overlays, err := s.store.Overlays(ctx, m.Item)
		if err != nil {
			return nil, err
		}
		offered := item.Item.With(chain(overlays, by)...)
		subject.Issuer.Window, subject.Issuer.Phone = offered.Window, offered.Item.Phone
	}
	days, err := s.workingDays(ctx)
	if err != nil {
		return nil, err
	}
	subject.Calendar = days
	var missing *calendar.MissingYearError
	if subject.Limits, err = c.Limits(members, days); err != nil && !errors.As(err, &missing) {
		return nil, err
	}
	submitted, err := s.store.Entry(ctx, c.ID)
	if err != nil {
		return nil, found(err)
	}
	subject.QueryCode = proof.QueryCode(&submitted.Entry)
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	matter := c.Division
	if matter.Township() == "" {
		matter = c.HandedInAt
	}
	subject.Government = places.government(s.self.County())
	subject.Issuer.Centre, subject.Issuer.Department = places.centre(by, s.name(ctx)), places.authority(c.Department, matter)
	return document.MakeJoint(kind, subject)
}

func (p printedPage) VisitGetJointDocumentResponse(w http.ResponseWriter) error { return p.write(w) }

// partOfJoint is what a supplement of a joint matter brought to one of its cases.
func (s *Server) partOfJoint(ctx context.Context, c *casework.Case, b *ledger.PackageSupplementV1) (gen.CaseSupplement, error) {
	whole, err := s.store.Joint(ctx, c.Package.ID)
	if err != nil {
		return gen.CaseSupplement{}, err
	}
	j, err := s.layOutOf(ctx, whole)
	if err != nil {
		return gen.CaseSupplement{}, err
	}
	proof, materials := casework.ProofAmong(b.Materials, c.Agent)
	form, papers, _ := j.Split(c.Item, b.Form, materials, nil)
	papers = append(papers, proof...)
	return gen.CaseSupplement{Materials: papers, Form: form}, nil
}
