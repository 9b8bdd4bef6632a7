package api

import (
	"context"
	"errors"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// What changes joint matters (联办件):
//
//	POST /api/v1/joint-cases               SubmitPackage
//	POST /api/v1/joint-cases/check         CheckPackage
//	POST /api/v1/joint-cases/{id}/resubmit ResubmitPackage
//	POST /api/v1/joint-cases/{id}/actions  ActOnJointCase

// SubmitPackage hands a package in: all of its cases come of it, or none.
func (s *Server) SubmitPackage(ctx context.Context, in gen.SubmitPackageRequestObject) (gen.SubmitPackageResponseObject, error) {
	receipt, err := s.handInPackage(ctx, in.Body, in.Body.Materials, in.Body.Authority, "", in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return gen.SubmitPackage201JSONResponse(receipt), nil
}

// handInPackage records the hand-in of a package, for a refused one where corrects
// names it. brought and proof are the papers that are new in it.
func (s *Server) handInPackage(ctx context.Context, in *gen.PackageSubmission, brought []catalog.SubmittedMaterial, proof []catalog.AttachmentRef, corrects, key string) (gen.JointReceipt, error) {
	body, laid, err := s.handInOf(ctx, in)
	if err == nil {
		err = ownForm(body.Applicant, body.Agent, body.Form, laid.members()...)
	}
	if err != nil {
		if receipt, known, herr := s.handedInBefore(ctx, key); known || herr != nil {
			return receipt, herr
		}
		return gen.JointReceipt{}, err
	}
	body.Corrects = corrects
	actor, err := as(ctx, identity.CaseSubmit, identity.Target{Division: body.HandedInAt, Department: body.Department})
	if err != nil {
		return gen.JointReceipt{}, err
	}
	if err := s.checkPapers(ctx, brought, proof...); err != nil {
		return gen.JointReceipt{}, err
	}
	return s.recordJoint(ctx, Action{Actor: actor, Kind: ledger.PackageSubmit, Body: body, Key: key})
}

// ResubmitPackage hands a refused hand-in of a package in again.
func (s *Server) ResubmitPackage(ctx context.Context, in gen.ResubmitPackageRequestObject) (gen.ResubmitPackageResponseObject, error) {
	if receipt, known, err := s.handedInBefore(ctx, in.Params.IdempotencyKey); known || err != nil {
		return gen.ResubmitPackage201JSONResponse(receipt), err
	}
	was, err := s.refusedPackage(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	change := in.Body
	if change == nil {
		change = &gen.Resubmission{}
	}
	next := again(&casework.Case{ID: in.Id, Division: was.Division, Applicant: was.Applicant, Agent: was.Agent, Authority: was.Authority, Form: was.Form, Materials: was.Materials, Applying: was.Applying}, change)
	submission := &gen.PackageSubmission{Package: was.Package, Version: change.ItemVersion, Division: next.Division, Applicant: next.Applicant, Agent: next.Agent,
		Form: next.Form, Materials: next.Materials, Applying: next.Applying, Lacking: was.Lacking, Authority: next.Authority}
	for _, m := range was.Members {
		submission.Items = append(submission.Items, m.Item)
	}
	receipt, err := s.handInPackage(ctx, submission, change.Materials, nil, in.Id, in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return gen.ResubmitPackage201JSONResponse(receipt), nil
}

// refusedPackage is a hand-in of a package that the county refused, by its entry,
// for those who may read it.
func (s *Server) refusedPackage(ctx context.Context, id string) (*ledger.PackageSubmitV1, error) {
	e, err := s.store.Entry(ctx, id)
	if err != nil {
		return nil, found(err)
	}
	body, err := e.Decode()
	b, ok := body.(*ledger.PackageSubmitV1)
	if err != nil || !ok {
		return nil, errNotFound
	}
	readers, err := s.store.RefusedScope(ctx, e.Origin, e.Scope)
	if err != nil {
		return nil, err
	}
	var denied *identity.Denied
	switch _, err := as(ctx, identity.CaseRead, identity.Target{Division: readers, Department: b.Department}); {
	case errors.As(err, &denied):
		return nil, errNotFound
	case err != nil:
		return nil, err
	case e.Status != ledger.Refused:
		return nil, &store.Refused{Code: "corrects_standing", ZH: "这一件并未被退回，无需更正", EN: "it was not refused; there is nothing to correct"}
	}
	return b, nil
}

// CheckPackage tells at once everything that keeps a package from being handed
// in here.
func (s *Server) CheckPackage(ctx context.Context, in gen.CheckPackageRequestObject) (gen.CheckPackageResponseObject, error) {
	report := gen.CheckReport{Ok: true, Faults: []catalog.Fault{}}
	body, laid, err := s.handInOf(ctx, in.Body)
	if err == nil {
		report.ItemVersion = body.Version
		_, err = as(ctx, identity.CaseSubmit, identity.Target{Division: body.HandedInAt, Department: body.Department})
	}
	if err == nil {
		err = errors.Join(s.tryHandIn(body, laid), ownForm(body.Applicant, body.Agent, body.Form, laid.members()...))
	}
	if err == nil {
		err = s.checkOnFile(ctx, body.Applicant, body.Materials)
	}
	if err := reportOn(&report, err); err != nil {
		return nil, err
	}
	return gen.CheckPackage200JSONResponse(report), nil
}

// ActOnJointCase does what is done for all of a joint matter's cases at once.
func (s *Server) ActOnJointCase(ctx context.Context, in gen.ActOnJointCaseRequestObject) (gen.ActOnJointCaseResponseObject, error) {
	c, members, err := s.readableJoint(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	info, ok := ledger.Lookup(jointKinds[in.Body.Kind], 1)
	if !ok {
		return nil, errInvalid
	}
	actor, err := as(ctx, info.Action, jointTarget(c))
	if err != nil {
		return nil, err
	}
	asked := Action{Actor: actor, Key: in.Params.IdempotencyKey}
	if c.AllDecided(members) && !s.recordedBefore(ctx, asked) {
		return nil, errDecidedAll
	}
	body, err := s.jointActionOf(ctx, c, members, in)
	if err != nil {
		return nil, err
	}
	if b, ok := body.(*ledger.PackageSupplementV1); ok {
		if err := s.jointSupplemented(ctx, c, members, b.Form); err != nil {
			return nil, err
		}
		if err := s.checkPapers(ctx, b.Materials); err != nil {
			return nil, err
		}
	}
	a := Action{Actor: actor, Kind: info.Kind, Body: body, Case: c.ID, Key: in.Params.IdempotencyKey}
	if !info.Beside {
		a.Prev = in.Body.ExpectedHead
	}
	receipt, err := s.recordJoint(ctx, a)
	if err != nil {
		return nil, err
	}
	return gen.ActOnJointCase200JSONResponse(receipt), nil
}

var errDecidedAll = &store.Refused{Code: "decided", ZH: "联办的各办件均已有结论，不能再进行此操作", EN: "every case of the joint matter has been decided or has ended; this can no longer be done"}

// jointSupplemented holds the answers that are brought for a joint matter against whom
// it is for.
func (s *Server) jointSupplemented(ctx context.Context, c *joint.Case, members []*casework.Case, form []catalog.FieldValue) error {
	var items []*catalog.Item
	for _, m := range members {
		item, err := s.store.Item(ctx, m.Item, m.ItemVersion)
		if err != nil {
			return found(err)
		}
		items = append(items, &item.Item)
	}
	return ownForm(c.Applicant, c.Agent, form, items...)
}

var jointKinds = map[gen.JointActionKind]ledger.Kind{gen.JointNotice: ledger.PackageNotice, gen.JointSupplement: ledger.PackageSupplement,
	gen.JointWithdraw: ledger.PackageWithdraw}

// jointActionOf is what a request to act on a joint matter says.
func (s *Server) jointActionOf(ctx context.Context, c *joint.Case, members []*casework.Case, in gen.ActOnJointCaseRequestObject) (ledger.Body, error) {
	need := needs{}
	b := in.Body
	switch b.Kind {
	case gen.JointNotice:
		points := b.Members
		if len(points) == 0 {
			var err error
			if points, err = s.composed(ctx, c, members, in.Params.IdempotencyKey); err != nil {
				return nil, err
			}
		}
		before, err := s.term(ctx, b.Before, in.Params.IdempotencyKey)
		return &ledger.PackageNoticeV1{Members: points, Before: before, Again: b.Again, Supplements: b.Supplements}, err
	case gen.JointSupplement:
		need.that("materials", len(b.Materials)+len(b.Form) > 0)
		return &ledger.PackageSupplementV1{Materials: b.Materials, Form: b.Form, Note: b.Note}, errors.Join(need.err(), broughtOnly(b.Materials))
	case gen.JointWithdraw:
		need.text("reason", b.Reason)
		return &ledger.PackageWithdrawV1{Reason: b.Reason, TakenBack: b.TakeBack}, need.err()
	}
	return nil, errInvalid
}

// composed is the one notice of what the windows found; a repeat says what it
// said the first time.
func (s *Server) composed(ctx context.Context, c *joint.Case, members []*casework.Case, key string) ([]ledger.MemberPoints, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	if e, err := s.store.Entry(ctx, s.node.ActionID(actor.Staff, key)); err == nil {
		if body, err := e.Decode(); err == nil {
			if b, ok := body.(*ledger.PackageNoticeV1); ok {
				return b.Members, nil
			}
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	findings, err := s.store.Findings(ctx, c)
	if err != nil {
		return nil, err
	}
	points, open := c.Compose(findings, members)
	switch {
	case len(open) > 0:
		names := ""
		for _, m := range c.Members {
			if slices.Contains(open, m.Case) {
				names += "“" + m.ItemName + "”（" + m.Department + "）"
			}
		}
		return nil, &store.Refused{Code: "findings_open", ZH: "补正须一次性告知，尚有窗口未登记审查意见：" + names, EN: "what is missing is told once, and some windows have not said yet what they found: " + names}
	case len(points) == 0:
		return nil, &store.Refused{Code: "nothing_missing", ZH: "各窗口都认为材料齐全，无需告知补正", EN: "every window found the papers in order; there is nothing to tell"}
	}
	return points, nil
}

// handInOf is what a hand-in says, as the entry will say it.
func (s *Server) handInOf(ctx context.Context, in *gen.PackageSubmission) (*ledger.PackageSubmitV1, *laidOut, error) {
	laid, err := s.layOut(ctx, in.Package, in.Items)
	if err != nil {
		return nil, nil, err
	}
	if in.Version != 0 && in.Version != laid.version.Version {
		return nil, nil, otherPackage(laid.version.Version)
	}
	at := in.Division
	if at == "" {
		at = s.self.Division
	}
	materials, err := s.fromFile(ctx, in.Materials)
	if err != nil {
		return nil, nil, err
	}
	b := &ledger.PackageSubmitV1{Package: laid.version.Code, Version: laid.version.Version, Department: laid.version.LeadDepartment, Division: at, HandedInAt: s.self.Division,
		Applicant: casework.NormaliseApplicant(in.Applicant), Agent: casework.NormaliseAgent(in.Agent),
		Form: laid.joint.Normal(in.Form), Materials: materials, Applying: in.Applying, Lacking: in.Lacking, Authority: in.Authority}
	for _, item := range laid.items {
		b.Members = append(b.Members, ledger.PackageMember{Item: item.Code, ItemVersion: item.Version})
	}
	return b, laid, nil
}

// members are the items of a package as they are handed in within it.
func (l *laidOut) members() (all []*catalog.Item) {
	for i := range l.joint.Items {
		all = append(all, l.joint.Member(l.joint.Items[i].Code))
	}
	return all
}

// tryHandIn does what handing in would do, and keeps nothing.
func (s *Server) tryHandIn(b *ledger.PackageSubmitV1, laid *laidOut) error {
	now := s.o.Now()
	trial := *b
	trial.Members = slices.Clone(b.Members)
	numbers := []*string{&trial.Number}
	for i := range trial.Members {
		numbers = append(numbers, &trial.Members[i].Number)
	}
	for i, n := range numbers {
		number, err := casework.NewNumber(s.self.Division, calendar.DateOf(now), s.self.Ordinal, i+1)
		if err != nil {
			return err
		}
		*n = number.Compact()
	}
	const id = "check"
	e := &ledger.Entry{ID: id, Case: id, Kind: ledger.PackageSubmit, V: 1, Scope: b.Division, OccurredAt: now.UnixMilli()}
	_, _, err := joint.Open(e, &trial, laid.joint.Package, laid.joint.Items, casework.Place{Division: s.self.Division, Ordinal: s.self.Ordinal}, s.o.Limits)
	return err
}

// handedInBefore answers a repeat with its first outcome, also when the package
// has changed since.
func (s *Server) handedInBefore(ctx context.Context, key string) (gen.JointReceipt, bool, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return gen.JointReceipt{}, false, err
	}
	id := s.node.ActionID(actor.Staff, key)
	c, err := s.store.Joint(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return gen.JointReceipt{}, false, nil
	}
	if err != nil {
		return gen.JointReceipt{}, false, err
	}
	recorded, err := s.recorded(ctx, id)
	if err != nil {
		return gen.JointReceipt{}, false, err
	}
	board, err := s.board(ctx, c)
	return gen.JointReceipt{Joint: board, Recorded: recorded}, true, err
}

// recordJoint records an action on a joint matter and shows it after that.
func (s *Server) recordJoint(ctx context.Context, a Action) (gen.JointReceipt, error) {
	recorded, err := s.record(ctx, a)
	if err != nil {
		return gen.JointReceipt{}, err
	}
	id := a.Case
	if id == "" {
		id = recorded.Entry
	}
	c, err := s.store.Joint(ctx, id)
	if err != nil {
		return gen.JointReceipt{}, err
	}
	board, err := s.board(ctx, c)
	return gen.JointReceipt{Joint: board, Recorded: recorded, Attachments: s.missing(a.Body)}, err
}

func jointTarget(c *joint.Case) identity.Target {
	return identity.Target{Division: c.Division, Department: c.Department}
}
