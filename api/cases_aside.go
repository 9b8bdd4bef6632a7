package api

import (
	"context"
	"errors"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// What was handed in and is no case: the county refused it, or this node leaves
// it to the county. The applicant holds a receipt for it, so it is found and
// read as a case is, by the same people and with the same masking:
//
//	POST /api/v1/cases/{id}/resubmit  ResubmitCase

// readableAside finds hand-ins without a case, by id or number, that the caller
// may read.
func (s *Server) readableAside(ctx context.Context, idOrNumber string) ([]store.SetAside, error) {
	found, err := s.store.SetAside(ctx, idOrNumber)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(a store.SetAside) bool {
		_, err := as(ctx, identity.CaseRead, targetOf(a.Case()))
		return err != nil
	}), nil
}

// asideCase is a hand-in without a case as the views show cases.
func (s *Server) asideCase(ctx context.Context, a *store.SetAside) (*casework.Case, error) {
	c := a.Case()
	item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if errors.Is(err, store.ErrNotFound) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	c.ItemName = item.Name
	return c, nil
}

// setback says of a hand-in without a case what happened, and what to do.
func (s *Server) setback(ctx context.Context, c *casework.Case, revealed bool) (gen.Setback, error) {
	found, err := s.store.SetAside(ctx, c.ID)
	if err != nil || len(found) == 0 {
		return gen.Setback{}, err
	}
	a := &found[0]
	shown, err := s.shownText(ctx, c, nil, revealed)
	if err != nil {
		return gen.Setback{}, err
	}
	zh, en := bothLanguages(shown(a.Reason))
	out := gen.Setback{Code: a.Code, Zh: zh, En: en, Index: int64(a.Index), CorrectedBy: a.CorrectedBy}
	if a.Index > 0 {
		out.RecordedAt = a.RecordedAt
	}
	settled, err := s.store.AttentionFor(ctx, c.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return out, err
	default:
		out.ResolvedBy, out.Note = settled.ResolvedBy, shown(settled.Note)
		if out.CorrectedBy == "" {
			out.CorrectedBy = settled.ReplacedBy
		}
	}
	if out.CorrectedBy != "" {
		if by, err := s.store.Case(ctx, out.CorrectedBy); err == nil {
			out.CorrectedNumber = printed(by.Number)
		}
	}
	out.Way, out.Next, out.NextEn = nextForHandIn(a, &out, s.self.Tier)
	return out, nil
}

// nextForHandIn is what the person with the receipt and the desk do next.
func nextForHandIn(a *store.SetAside, b *gen.Setback, at node.Tier) (way gen.WayOut, zh, en string) {
	switch {
	case b.CorrectedBy != "":
		by := b.CorrectedNumber
		if by == "" {
			by = b.CorrectedBy
		}
		return gen.WayNone, "已更正并重新提交，请按新编号 " + by + " 查询", "it was corrected and handed in again; look under " + by
	case a.Status != ledger.Refused:
		return gen.WayWait, "正等待县中心裁定，请稍后再查；编号不变，无需重复提交", "the county has yet to say; look again later. The number stays, do not hand it in twice"
	case a.Code == "forked_origin" && at == node.County && b.ResolvedBy == "":
		return gen.WayResubmitAtDepartment, "收件节点的数据有冲突，这一件未入账：由事项主管部门在县中心的窗口重新提交，材料不必重新扫描；该节点须吊销并重新登记",
			"the machine it was handed in at has a conflict, and this has no place in the ledger: have the window of the item's department at the county hand it in again; the papers need no new scan. The machine must be revoked and enrolled anew"
	case a.Code == "forked_origin" && b.ResolvedBy == "":
		return gen.WayReplaceNode, "请县中心重新登记本机后，凭收件凭证与原件重新收件", "have the county enrol this machine anew, then hand the case in again with the receipt and the papers"
	case b.ResolvedBy != "":
		return gen.WayNone, "已处理：" + b.Note, "settled: " + b.Note
	}
	return gen.WayResubmit, "收件未生效：请核对原因，由有权人员更正后重新提交，材料不必重新扫描",
		"it did not take effect: see why, and have somebody with the right correct it and hand it in again; the papers need no new scan"
}

// ResubmitCase hands a refused hand-in in again.
func (s *Server) ResubmitCase(ctx context.Context, in gen.ResubmitCaseRequestObject) (gen.ResubmitCaseResponseObject, error) {
	if receipt, known, err := s.handedIn(ctx, in.Params.IdempotencyKey); known || err != nil {
		return gen.ResubmitCase201JSONResponse(receipt), err
	}
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	if c.Status != casework.Refused {
		return nil, &store.Refused{Code: "corrects_standing", ZH: "这一件并未被退回，无需更正", EN: "it was not refused; there is nothing to correct"}
	}
	receipt, err := s.handIn(ctx, again(c, in.Body), in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return gen.ResubmitCase201JSONResponse(receipt), nil
}

// again is what was refused with what is different now.
func again(c *casework.Case, change *gen.Resubmission) *gen.Submission {
	if change == nil {
		change = &gen.Resubmission{}
	}
	out := &gen.Submission{Item: c.Item, ItemVersion: change.ItemVersion, Division: c.Division, Corrects: c.ID,
		Applicant: c.Applicant, Agent: c.Agent, Authority: c.Authority, Form: slices.Clone(c.Form), Applying: c.Applying}
	if change.Division != "" {
		out.Division = change.Division
	}
	a := change.Applicant
	for _, set := range []struct {
		into *string
		to   string
	}{{&out.Applicant.Type, string(a.Type)}, {&out.Applicant.Name, a.Name}, {&out.Applicant.IDNumber, a.IdNumber}, {&out.Applicant.Phone, a.Phone}} {
		if set.to != "" {
			*set.into = set.to
		}
	}
	// What the form repeats of the applicant is put right with it.
	for i, v := range out.Form {
		switch v.Value {
		case "":
		case c.Applicant.Name:
			out.Form[i].Value = out.Applicant.Name
		case c.Applicant.IDNumber:
			out.Form[i].Value = out.Applicant.IDNumber
		}
	}
	if change.WithoutAgent || change.Agent != (ledger.Agent{}) {
		out.Agent = change.Agent
		if change.WithoutAgent || change.Agent.IDNumber != c.Agent.IDNumber {
			out.Authority = nil // it names another person
		}
	}
	for _, v := range change.Form {
		out.Form = slices.DeleteFunc(out.Form, func(old catalog.FieldValue) bool { return old.Key == v.Key })
		if v.Value != "" {
			out.Form = append(out.Form, v)
		}
	}
	gone := slices.Clone(change.WithoutMaterials)
	for _, m := range change.Materials {
		gone = append(gone, m.Name)
	}
	out.Materials = append([]catalog.SubmittedMaterial{}, change.Materials...)
	for _, m := range slices.Backward(c.Materials) {
		if !slices.Contains(gone, m.Name) {
			out.Materials = slices.Insert(out.Materials, 0, m)
		}
	}
	if change.Applying != nil {
		out.Applying = change.Applying
	}
	return out
}
