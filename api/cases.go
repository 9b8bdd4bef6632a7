package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// What changes cases:
//
//	POST /api/v1/cases               SubmitCase
//	POST /api/v1/cases/check         CheckCase
//	POST /api/v1/cases/{id}/actions  ActOnCase

// SubmitCase hands a case in.
func (s *Server) SubmitCase(ctx context.Context, in gen.SubmitCaseRequestObject) (gen.SubmitCaseResponseObject, error) {
	receipt, err := s.handIn(ctx, in.Body, in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return gen.SubmitCase201JSONResponse(receipt), nil
}

// handIn records a submission. One that does not hold any more, its item having
// changed meanwhile, and was recorded under the key before is answered as it was.
func (s *Server) handIn(ctx context.Context, submission *gen.Submission, key string) (gen.CaseReceipt, error) {
	body, item, err := s.submission(ctx, submission)
	if err == nil {
		err = ownForm(body.Applicant, body.Agent, body.Form, item)
	}
	if err == nil {
		err = s.firstAsked(ctx, submission.Guide, body)
	}
	if err != nil {
		if receipt, known, herr := s.handedIn(ctx, key); known || herr != nil {
			return receipt, herr
		}
		return gen.CaseReceipt{}, err
	}
	actor, err := as(ctx, identity.CaseSubmit, identity.Target{Division: body.HandedInAt, Department: body.Department})
	if err != nil {
		return gen.CaseReceipt{}, err
	}
	if err := s.checkPapers(ctx, body.Materials, body.Authority...); err != nil {
		return gen.CaseReceipt{}, err
	}
	receipt, err := s.recordCase(ctx, Action{Actor: actor, Kind: ledger.CaseSubmit, Body: body, Key: key})
	if err != nil {
		return receipt, err
	}
	return receipt, s.becameCase(ctx, body, receipt, key)
}

// checkPapers holds the files that a desk names, of papers and of a proof that an
// agent may act, against those that are here: they must be what the entry will say for
// good, and at the county, where all departments' papers lie together, nobody takes
// another department's for their own by its hash.
func (s *Server) checkPapers(ctx context.Context, materials []catalog.SubmittedMaterial, authority ...catalog.AttachmentRef) error {
	var faults []catalog.Fault
	for j, a := range authority {
		fault, err := s.checkPaper(ctx, a)
		if err != nil {
			return err
		}
		if fault != nil {
			fault.Path = fmt.Sprintf("authority[%d]", j)
			faults = append(faults, *fault)
		}
	}
	for i, m := range materials {
		if m.OnFile != (catalog.OnFile{}) {
			continue // whose it is agreed to it, which the ledger sees to
		}
		for j, a := range m.Attachments {
			fault, err := s.checkPaper(ctx, a)
			if err != nil {
				return err
			}
			if fault != nil {
				fault.Path = fmt.Sprintf("materials[%d].attachments[%d]", i, j)
				faults = append(faults, *fault)
			}
		}
	}
	if len(faults) > 0 {
		return errInvalid.with(faults...)
	}
	return nil
}

// checkPaper holds one file against what is here. One that is not was never uploaded,
// unless a case that the caller may read names it already: then it is on its way from
// where that was handed in, as with what is handed in again.
func (s *Server) checkPaper(ctx context.Context, a catalog.AttachmentRef) (*catalog.Fault, error) {
	info, err := s.uploaded(ctx, a)
	absent := errors.Is(err, blob.ErrNotFound)
	if err != nil && !absent {
		return nil, err
	}
	if !absent && (info.Size != a.Size || info.Type != a.Type) {
		return &catalog.Fault{Code: catalog.FaultConflict, ZH: "文件大小或类型与已上传的内容不符，请重新选择文件", EN: "the size or type is not that of the file that was uploaded"}, nil
	}
	uses, err := s.store.AttachmentUses(ctx, a.Hash)
	if err != nil {
		return nil, err
	}
	if len(uses) == 0 {
		if absent {
			return notUploaded(), nil
		}
		return nil, nil
	}
	for _, u := range uses {
		_, err := s.readableCase(ctx, u.Case)
		if err == nil {
			return nil, nil
		}
		if !errors.Is(err, errNotFound) {
			return nil, err
		}
	}
	return &catalog.Fault{Code: catalog.FaultConflict, ZH: "不能使用该文件，请重新扫描后上传", EN: "this file cannot be used; scan the paper anew"}, nil
}

// handedIn answers a repeat with its first outcome, also when the item has
// changed or was withdrawn since.
func (s *Server) handedIn(ctx context.Context, key string) (gen.CaseReceipt, bool, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return gen.CaseReceipt{}, false, err
	}
	id := s.node.ActionID(actor.Staff, key)
	c, err := s.caseUnder(ctx, id)
	if c == nil || err != nil {
		return gen.CaseReceipt{}, false, err // recording it tells
	}
	recorded, err := s.recorded(ctx, id)
	if err != nil {
		return gen.CaseReceipt{}, false, err
	}
	receipt, err := s.receipt(ctx, c, recorded)
	return receipt, true, err
}

// caseUnder is the case that a hand-in of this id became; nil for none.
func (s *Server) caseUnder(ctx context.Context, id string) (*casework.Case, error) {
	e, err := s.store.Entry(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (e.Kind != ledger.CaseSubmit || e.Status == ledger.Refused) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := s.store.Case(ctx, e.Case)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return c, err
}

// CheckCase tells at once everything that keeps a submission from being
// handed in here.
func (s *Server) CheckCase(ctx context.Context, in gen.CheckCaseRequestObject) (gen.CheckCaseResponseObject, error) {
	report := gen.CheckReport{Ok: true, Faults: []catalog.Fault{}}
	body, item, err := s.submission(ctx, in.Body)
	if err == nil {
		report.ItemVersion = body.ItemVersion
		_, err = as(ctx, identity.CaseSubmit, identity.Target{Division: body.HandedInAt, Department: body.Department})
	}
	if err == nil {
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
	return gen.CheckCase200JSONResponse(report), nil
}

// reportOn says in a report of a check what kept it from being good. What is no
// answer about the papers, but a failure of this node, is returned.
func reportOn(report *gen.CheckReport, err error) error {
	switch incomplete := faultsIn(err); {
	case err == nil:
	case len(incomplete) > 0:
		report.Ok, report.Faults = false, incomplete
	default:
		p := problemOf(err)
		if p.status >= 500 {
			return err
		}
		report.Ok, report.Refusal = false, gen.RefusalReport{Code: p.code, Zh: p.zh, En: p.en}
	}
	return nil
}

// faultsIn are the faults of all that is incomplete in an error.
func faultsIn(err error) (faults []catalog.Fault) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			faults = append(faults, faultsIn(e)...)
		}
		return faults
	}
	var incomplete *casework.Incomplete
	if errors.As(err, &incomplete) {
		faults = incomplete.Faults
	}
	return faults
}

// ownForm refuses a form that names somebody else where it asks for the applicant.
func ownForm(a ledger.Applicant, agent ledger.Agent, form []catalog.FieldValue, items ...*catalog.Item) error {
	if faults := casework.OtherPerson(a, agent, form, items...); len(faults) > 0 {
		return &casework.Incomplete{Faults: faults}
	}
	return nil
}

// supplemented holds the answers that a supplement brings against whom the case is for.
func (s *Server) supplemented(ctx context.Context, c *casework.Case, body ledger.Body) error {
	b, ok := body.(*ledger.CaseSupplementV1)
	if !ok || len(b.Form) == 0 {
		return nil
	}
	item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return found(err)
	}
	return ownForm(c.Applicant, c.Agent, catalog.NormaliseForm(item.Item, b.Form), &item.Item)
}

// ActOnCase takes the next step of a case, or comments on it.
func (s *Server) ActOnCase(ctx context.Context, in gen.ActOnCaseRequestObject) (gen.ActOnCaseResponseObject, error) {
	kind, action, body, err := actionOf(in.Body)
	if err != nil {
		return nil, err
	}
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	if c.Status.Aside() {
		return nil, &store.Refused{Code: "case_refused", ZH: "这一件未被县中心接收，不能办理；请更正后重新提交", EN: "the county did not take this in, so nothing can be done with it; correct it and hand it in again"}
	}
	actor, err := as(ctx, action, targetOf(c))
	if err != nil {
		return nil, err
	}
	a := Action{Actor: actor, Kind: kind, Body: body, Case: c.ID, Key: in.Params.IdempotencyKey}
	if info, _ := ledger.Lookup(kind, 1); !info.Beside {
		a.Prev = in.Body.ExpectedHead
	} else if err := s.asSeen(ctx, c, in.Body.ExpectedHead, a); err != nil {
		return nil, err
	}
	if err := s.sealedFirst(ctx, c, body); err != nil {
		return nil, err
	}
	if err := s.served(ctx, c, body); err != nil {
		return nil, err
	}
	if err := s.lawful(ctx, c, body); err != nil {
		return nil, err
	}
	if err := s.supplemented(ctx, c, body); err != nil {
		return nil, err
	}
	if err := numberedResults(c, body); err != nil {
		return nil, err
	}
	if err := s.samePerson(ctx, c, a); err != nil {
		return nil, err
	}
	if b, ok := body.(*ledger.CaseRequestSupplementV1); ok {
		if b.Before, err = s.term(ctx, b.Before, a.Key); err != nil {
			return nil, err
		}
	}
	if err := s.brought(ctx, c, a); err != nil {
		return nil, err
	}
	if err := s.acceptsBrought(ctx, c, a); err != nil {
		return nil, err
	}
	if err := errors.Join(s.convened(ctx, c, a), s.wished(ctx, &a)); err != nil {
		return nil, err
	}
	if err := s.foretold(ctx, c, a); err != nil {
		return nil, err
	}
	if err := s.papersHere(ctx, c, a); err != nil {
		return nil, err
	}
	if err := s.proofHere(ctx, body); err != nil {
		return nil, err
	}
	if b, ok := body.(*ledger.CaseSupplementV1); ok {
		if err := s.checkPapers(ctx, b.Materials); err != nil {
			return nil, err
		}
	}
	receipt, err := s.recordCase(ctx, a)
	if err != nil {
		return nil, err
	}
	return gen.ActOnCase200JSONResponse(receipt), nil
}

// submission is what a hand-in says, as the entry will say it: under the
// version of the item in force now, along the steps the item asks for.
func (s *Server) submission(ctx context.Context, in *gen.Submission) (*ledger.CaseSubmitV1, *catalog.Item, error) {
	item, err := s.itemInForce(ctx, in.Item)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, s.notInForce(ctx, in.Item, &store.Refused{Code: "item_unknown", ZH: "事项目录中没有该事项", EN: "the catalog has no such item in force"})
	}
	if err != nil {
		return nil, nil, err
	}
	if in.ItemVersion != 0 && in.ItemVersion != item.Version {
		return nil, nil, s.otherVersion(ctx, in.Item, in.ItemVersion, item.Version)
	}
	at := in.Division
	if at == "" {
		at = s.self.Division
	}
	renews, err := s.renewed(ctx, in.Renews)
	if err != nil {
		return nil, nil, err
	}
	materials, err := s.fromFile(ctx, in.Materials)
	if err != nil {
		return nil, nil, err
	}
	return &ledger.CaseSubmitV1{
		Renews: renews,
		Item:   item.Code, ItemVersion: item.Version, Department: item.Department, Division: at, Applicant: casework.NormaliseApplicant(in.Applicant), Agent: casework.NormaliseAgent(in.Agent),
		Form: catalog.NormaliseForm(item.Item, in.Form), Materials: materials, Applying: in.Applying,
		Steps: casework.Plan(&item.Item, s.self.Tier), HandedInAt: s.self.Division, Corrects: in.Corrects, Lacking: in.Lacking, Authority: in.Authority,
	}, &item.Item, nil
}

// otherVersion says why a form of another version than the one in force is not
// taken.
func (s *Server) otherVersion(ctx context.Context, code string, version, inForce int) error {
	view, err := s.catalog(ctx)
	if err != nil {
		return err
	}
	for _, t := range view.terms[code].After(view.now) {
		if t.Version == version && !t.Withdrawn {
			return &store.Refused{Code: "item_not_yet", ZH: fmt.Sprintf("第%d版自 %s 起生效，现请用第%d版", version, instant(t.From), inForce),
				EN: fmt.Sprintf("version %d is in force from %s on; use version %d now", version, instant(t.From), inForce)}
		}
	}
	return &store.Refused{Code: "item_changed", ZH: fmt.Sprintf("事项已更新，现行为第%d版，请按新版本重新核对", inForce),
		EN: fmt.Sprintf("version %d of the item is in force now; check the form again", inForce)}
}

// offer is an item in force, and when that was looked up.
type offer struct {
	item *store.ItemVersion
	at   int64
}

// offerFor is how long, in milliseconds, an item is taken to be still in
// force without looking again: under load it is asked for a thousand times a
// second, and a case bound to a version a moment after it was replaced is
// taken up under it and flagged, as one that arrives late is.
const offerFor = 200

func (s *Server) itemInForce(ctx context.Context, code string) (*store.ItemVersion, error) {
	now := s.o.Now().UnixMilli()
	if o, ok := s.offered.get(code); ok && now >= o.at && now < o.at+offerFor {
		return o.item, nil
	}
	item, err := s.store.ItemInForce(ctx, code, now)
	if err == nil {
		s.offered.set(code, offer{item, now})
	}
	return item, err
}

// tryOpen does what handing in would do, and keeps nothing.
func (s *Server) tryOpen(b *ledger.CaseSubmitV1, item *catalog.Item) error {
	now := s.o.Now()
	number, err := casework.NewNumber(s.self.Division, calendar.DateOf(now), s.self.Ordinal, 1)
	if err != nil {
		return err
	}
	trial := *b
	trial.Number = number.Compact()
	const id = "check"
	e := &ledger.Entry{ID: id, Case: id, Kind: ledger.CaseSubmit, V: 1, Scope: b.Division, OccurredAt: now.UnixMilli()}
	_, err = casework.Open(e, &trial, item, casework.Place{Division: s.self.Division, Ordinal: s.self.Ordinal}, s.o.Limits)
	return err
}

// recordCase records an action on a case and shows the case after it.
func (s *Server) recordCase(ctx context.Context, a Action) (gen.CaseReceipt, error) {
	recorded, err := s.record(ctx, a)
	if err != nil {
		return gen.CaseReceipt{}, err
	}
	id := a.Case
	if id == "" {
		id = recorded.Entry
	}
	c, err := s.store.Case(ctx, id)
	if err != nil {
		return gen.CaseReceipt{}, err
	}
	receipt, err := s.receipt(ctx, c, recorded)
	if err != nil {
		return receipt, err
	}
	receipt.Attachments = s.missing(a.Body)
	return receipt, nil
}

// receipt is a case as it is, with how far the entry just made has come.
func (s *Server) receipt(ctx context.Context, c *casework.Case, recorded gen.Recorded) (gen.CaseReceipt, error) {
	if recorded.Entry == c.ID {
		w := recorded.Word
		if recorded.Index > 0 && takenUp(c) {
			w = gen.TakenUp // a repeat: the case has moved on since
		}
		return gen.CaseReceipt{Case: s.summaryAs(ctx, c, w), Recorded: recorded}, nil
	}
	summary, err := s.summary(ctx, c)
	return gen.CaseReceipt{Case: summary, Recorded: recorded}, err
}

// missing lists the files that an action names and this node does not have.
func (s *Server) missing(body ledger.Body) []string {
	var files []catalog.AttachmentRef
	switch b := body.(type) {
	case *ledger.CaseSubmitV1:
		files = append(files, broughtFiles(b.Materials)...)
		files = append(files, b.Authority...)
	case *ledger.CaseSupplementV1:
		files = append(files, broughtFiles(b.Materials)...)
	case *ledger.PackageSubmitV1:
		files = append(files, broughtFiles(b.Materials)...)
		files = append(files, b.Authority...)
	case *ledger.PackageSupplementV1:
		files = append(files, broughtFiles(b.Materials)...)
	case *ledger.CaseWithdrawV1:
		files = b.Proof
	case *ledger.CaseDeliverV1:
		files = b.Proof
	case *ledger.HearingRecordV1:
		files = b.Record
	case *ledger.RefusalStateV1:
		files = b.Proof
	}
	var hashes []string
	for _, f := range files {
		if slices.Contains(hashes, f.Hash) {
			continue
		}
		if here, err := s.blobs.Has(f.Hash); err != nil || !here {
			hashes = append(hashes, f.Hash)
		}
	}
	return hashes
}

// broughtFiles are the files of papers that were brought: those of papers on file
// come from where they are.
func broughtFiles(materials []catalog.SubmittedMaterial) []catalog.AttachmentRef {
	var files []catalog.AttachmentRef
	for _, m := range materials {
		if m.OnFile == (catalog.OnFile{}) {
			files = append(files, m.Attachments...)
		}
	}
	return files
}

func targetOf(c *casework.Case) identity.Target {
	return identity.Target{Division: c.Division, Department: c.Department}
}

// actionOf is what a request to act says: the kind of entry, the right it
// takes, and its body, which is checked here so that each missing field is
// named as the request names it.
func actionOf(in *gen.CaseAction) (ledger.Kind, identity.Action, ledger.Body, error) {
	need := needs{}
	switch in.Kind {
	case gen.ActAccept:
		return ledger.CaseAccept, identity.CaseAccept, &ledger.CaseAcceptV1{Note: in.Note, Deemed: in.Deemed, Supplements: in.Supplements, Tolerated: in.Tolerated}, nil
	case gen.ActReject:
		need.text("reason", in.Reason)
		need.text("ground", string(in.Ground))
		need.that("authority", in.Ground != gen.RejectCompetence || in.Authority != "")
		return ledger.CaseReject, identity.CaseReject, &ledger.CaseRejectV1{Reason: in.Reason, Ground: ledger.RejectGround(in.Ground), Authority: in.Authority}, need.err()
	case gen.ActRelay:
		return ledger.CaseRelay, identity.CaseRelay, &ledger.CaseRelayV1{Opinion: in.Opinion}, nil
	case gen.ActReview:
		need.text("opinion", in.Opinion)
		return ledger.CaseReview, identity.CaseReview, &ledger.CaseReviewV1{Opinion: in.Opinion}, need.err()
	case gen.ActReturn:
		need.text("reason", in.Reason)
		need.that("to_step", in.ToStep != nil)
		return ledger.CaseReturn, identity.CaseReturn, &ledger.CaseReturnV1{Reason: in.Reason, ToStep: value(in.ToStep)}, need.err()
	case gen.ActDecide:
		need.text("opinion", in.Opinion)
		need.that("granted", in.Granted != nil)
		return ledger.CaseDecide, identity.CaseDecide, &ledger.CaseDecideV1{Granted: value(in.Granted), Opinion: in.Opinion, Weighed: in.Weighed}, need.err()
	case gen.ActIssue:
		need.that("documents", len(in.Documents) > 0)
		for _, d := range in.Documents {
			if d.ValidUntil != "" {
				_, err := time.Parse(time.DateOnly, d.ValidUntil)
				need.that("documents.valid_until", err == nil)
			}
		}
		return ledger.CaseIssue, identity.CaseIssue, &ledger.CaseIssueV1{Documents: in.Documents, Free: in.Free}, need.err()
	case gen.ActDeliver:
		need.text("recipient", in.Recipient)
		need.text("method", string(in.Method))
		return ledger.CaseDeliver, identity.CaseDeliver, &ledger.CaseDeliverV1{Recipient: in.Recipient, Method: string(in.Method), Proof: in.Proof, Relation: in.Relation, Witness: in.Witness, Reason: in.Reason, Since: in.Since, Consent: in.Consent}, need.err()
	case gen.ActComment:
		need.text("text", in.Text)
		return ledger.CaseComment, identity.CaseComment, &ledger.CaseCommentV1{Text: in.Text}, need.err()
	}
	return lifeOf(in)
}

// needs collects the fields that an action lacks.
type needs []catalog.Fault

func (n *needs) text(field, s string) { n.that(field, s != "") }

func (n *needs) that(field string, ok bool) {
	if !ok {
		*n = append(*n, fault(field, "required"))
	}
}

func (n needs) err() error {
	if len(n) == 0 {
		return nil
	}
	return errInvalid.with(n...)
}

func value[T any](p *T) (v T) {
	if p != nil {
		return *p
	}
	return v
}
