package api

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/complaint"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

// Complaints, suggestions and inquiries:
//
//	POST /api/v1/complaints                  OpenComplaint
//	GET  /api/v1/complaints                  ListComplaints
//	GET  /api/v1/complaints/{number}         GetComplaint
//	POST /api/v1/complaints/{number}/assign  AssignComplaint
//	POST /api/v1/complaints/{number}/reply   ReplyComplaint
//	GET  /api/v1/complaints/{number}/notice  GetComplaintNotice

// OpenComplaint takes one in, from anybody. Whether there is a case of the
// number given is not told: numbers could be tried out.
func (s *Server) OpenComplaint(ctx context.Context, in gen.OpenComplaintRequestObject) (gen.OpenComplaintResponseObject, error) {
	out, err := s.openComplaint(ctx, in.Body, in.Params.IdempotencyKey, nil)
	if err != nil {
		return nil, err
	}
	return gen.OpenComplaint201JSONResponse(*out), nil
}

// openComplaint takes one in, for the account of a visitor where there is one.
func (s *Server) openComplaint(ctx context.Context, said *gen.ComplaintRequest, key string, by *Visitor) (*gen.ComplaintReceipt, error) {
	address := s.address(requestOf(ctx).http)
	if wait, ok := s.voices.take(address, s.o.Now()); !ok {
		return nil, errTooMany.retry(wait)
	}
	b := &ledger.ComplaintOpenV1{Type: said.Type, At: s.self.Division, Item: said.Item, Division: said.Division, Department: strings.TrimSpace(said.Department),
		Staff: said.Staff, Text: strings.TrimSpace(said.Text), Name: strings.TrimSpace(said.Name), Phone: strings.TrimSpace(said.Phone)}
	if by != nil {
		b.Account, b.Name, b.Phone = by.ID, cmp.Or(b.Name, by.Name), cmp.Or(b.Phone, by.Phone)
	}
	need := needs{}
	need.text("text", b.Text)
	need.that("division", b.Division == "" || b.Division.County() == s.self.County())
	if b.Phone != "" {
		_, err := identifier.ParsePhone(b.Phone)
		need.that("phone", err == nil)
	}
	if err := need.err(); err != nil {
		return nil, err
	}
	if said.Case != "" {
		if err := s.complainOf(ctx, said.Case, b); err != nil {
			return nil, err
		}
	}
	if b.Case+b.Item+string(b.Division)+b.Department+b.Staff == "" {
		b.Division = s.self.Division
	}
	recorded, err := s.record(ctx, Action{Actor: s.system(), Kind: ledger.ComplaintOpen, Body: b, Key: key})
	if err != nil {
		return nil, err
	}
	e, err := s.store.Entry(ctx, recorded.Entry)
	if err != nil {
		return nil, err
	}
	body, err := e.Decode()
	if err != nil {
		return nil, err
	}
	opened, ok := body.(*ledger.ComplaintOpenV1)
	if !ok {
		return nil, &store.Refused{Code: "key_reused", ZH: "上一次提交已经记下；这次内容不同，没有记下", EN: "under this idempotency key something else was recorded before; this was not"}
	}
	out := &gen.ComplaintReceipt{Number: opened.Number, Code: proof.QueryCode(&e.Entry), Recorded: recorded}
	clock, err := s.serviceClock(ctx)
	if err != nil {
		return nil, err
	}
	c, err := complaint.Open(&e.Entry, opened)
	if err != nil {
		return nil, err
	}
	if out.Due, err = c.Due(clock.rules, clock.days); err != nil && lifeProblem(err) == nil {
		return nil, err
	}
	return out, nil
}

// complainOf ties a complaint to its case where this node knows it; else the
// number stands in the text, for whoever handles it to look up.
func (s *Server) complainOf(ctx context.Context, number string, b *ledger.ComplaintOpenV1) error {
	compact := number
	if n, err := casework.ParseNumber(number); err == nil {
		compact = n.Compact()
	}
	c, err := s.store.Case(ctx, compact)
	if errors.Is(err, store.ErrNotFound) {
		b.Text = "（所称办件编号：" + number + "）" + b.Text
		if len([]rune(b.Text)) > 4000 {
			return errInvalid.with(fault("text", "maxLength"))
		}
		return nil
	}
	if err != nil {
		return err
	}
	b.Case = c.ID
	if b.Item == "" {
		b.Item = c.Item
	}
	if b.Division == "" && b.Department == "" {
		b.Division, b.Department = c.Division, c.Department
	}
	return nil
}

// ListComplaints lists what the caller may read.
func (s *Server) ListComplaints(ctx context.Context, in gen.ListComplaintsRequestObject) (gen.ListComplaintsResponseObject, error) {
	f, reader, err := s.officeFilter(ctx, identity.ComplaintRead, in.Params.Division, "", in.Params.Cursor, in.Params.Limit)
	if err != nil {
		return nil, err
	}
	f.Open = in.Params.Open
	handler := ""
	if in.Params.Mine {
		handler = reader.Staff
	}
	list, err := s.store.Complaints(ctx, f, handler)
	if err != nil {
		return nil, err
	}
	clock, err := s.serviceClock(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.ListComplaints200JSONResponse{Complaints: []gen.Complaint{}}
	for i := range list {
		if i == f.Limit-1 {
			out.NextCursor = cursor(list[i-1].OpenedMS, list[i-1].Number)
			break
		}
		concerned, err := s.concerned(ctx, &list[i])
		if err != nil {
			return nil, err
		}
		if slices.Contains(concerned, reader.Staff) {
			continue
		}
		shown, err := s.shownComplaint(ctx, &list[i], clock, false)
		if err != nil {
			return nil, err
		}
		out.Complaints = append(out.Complaints, shown)
	}
	return out, nil
}

// GetComplaint shows one, unmasked for those who handle it.
func (s *Server) GetComplaint(ctx context.Context, in gen.GetComplaintRequestObject) (gen.GetComplaintResponseObject, error) {
	c, err := s.readableComplaint(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	if in.Params.Reveal {
		if err := s.revealComplaint(ctx, c, in.Params.TongbanWhy); err != nil {
			return nil, err
		}
	}
	clock, err := s.serviceClock(ctx)
	if err != nil {
		return nil, err
	}
	shown, err := s.shownComplaint(ctx, c, clock, in.Params.Reveal)
	return gen.GetComplaint200JSONResponse(shown), err
}

// readableComplaint is a complaint that the caller may read: within their reach,
// and not about themselves.
func (s *Server) readableComplaint(ctx context.Context, number string) (*complaint.Complaint, error) {
	c, err := s.store.Complaint(ctx, number)
	if err != nil {
		return nil, found(err)
	}
	reader, err := as(ctx, identity.ComplaintRead, complaintTarget(c))
	if err != nil {
		return nil, errNotFound
	}
	concerned, err := s.concerned(ctx, c)
	if err != nil {
		return nil, err
	}
	if slices.Contains(concerned, reader.Staff) {
		return nil, errNotFound
	}
	return c, nil
}

// complaintTarget is what a complaint belongs to: the office it is about, or
// where it was recorded.
func complaintTarget(c *complaint.Complaint) identity.Target {
	t := identity.Target{Division: c.Division, Department: c.Department}
	if t.Division == "" {
		t.Division = c.At
	}
	return t
}

func (s *Server) concerned(ctx context.Context, c *complaint.Complaint) ([]string, error) {
	if c.Case == "" {
		return c.Concerned(nil), nil
	}
	of, err := s.store.Case(ctx, c.Case)
	if err := ignoreMissing(err); err != nil {
		return nil, err
	}
	return c.Concerned(of), nil
}

// revealComplaint has it in the ledger that somebody sees who complained, before
// it is shown.
func (s *Server) revealComplaint(ctx context.Context, c *complaint.Complaint, why string) error {
	actor, err := as(ctx, identity.ComplaintHandle, complaintTarget(c))
	if err != nil {
		return err
	}
	reason, err := url.PathUnescape(why)
	if err != nil {
		return errInvalid.with(fault("Tongban-Why", "format"))
	}
	if faults := blankText("Tongban-Why", reason, false); len(faults) > 0 {
		return errInvalid.with(faults...)
	}
	_, err = s.record(ctx, Action{Actor: actor, Kind: ledger.ComplaintReveal, Body: &ledger.ComplaintRevealV1{Complaint: c.Number, Why: reason}})
	return err
}

func (s *Server) shownComplaint(ctx context.Context, c *complaint.Complaint, clock serviceClock, unmasked bool) (gen.Complaint, error) {
	out := gen.Complaint{Number: c.Number, Type: c.Type, State: gen.ComplaintState(c.State()), Item: c.Item, Division: c.Division, Department: c.Department, Staff: c.Staff,
		Anonymous: c.Name == "" && c.Phone == "", OpenedAt: c.OpenedMS, Handler: c.Handler, RepliedAt: c.RepliedMS, Upheld: c.Upheld, Masked: !unmasked,
		Text: c.Text, Name: c.Name, Phone: c.Phone, Reply: c.Reply, Measures: c.Measures}
	if !unmasked {
		hide := func(text string) string {
			if c.Name != "" {
				text = strings.ReplaceAll(text, c.Name, identifier.MaskName(c.Name))
			}
			return privacy.Text(text)
		}
		out.Text, out.Reply, out.Measures = hide(c.Text), hide(c.Reply), hide(c.Measures)
		out.Name, out.Phone = identifier.MaskName(c.Name), identifier.MaskPhone(c.Phone)
	}
	due, err := c.Due(clock.rules, clock.days)
	if err == nil {
		out.Due, out.Overdue = due, c.RepliedMS == 0 && clock.today.After(due)
	} else if lifeProblem(err) == nil {
		return out, err
	}
	if c.RepliedMS != 0 {
		known, err := s.places(ctx)
		if err != nil {
			return out, err
		}
		out.RemedyZh, out.RemedyEn = complaint.Remedy(known.government(s.self.County()))
	}
	if c.Case != "" {
		of, err := s.store.Case(ctx, c.Case)
		if err := ignoreMissing(err); err != nil {
			return out, err
		}
		if err == nil {
			out.Case = printed(of.Number)
		}
	}
	return out, nil
}

// AssignComplaint names who answers for a complaint.
func (s *Server) AssignComplaint(ctx context.Context, in gen.AssignComplaintRequestObject) (gen.AssignComplaintResponseObject, error) {
	c, err := s.readableComplaint(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, identity.ComplaintAssign, complaintTarget(c))
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.ComplaintAssign, Key: in.Params.IdempotencyKey, Body: &ledger.ComplaintAssignV1{Complaint: c.Number, Handler: in.Body.Handler}})
	if err != nil {
		return nil, err
	}
	return gen.AssignComplaint200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// ReplyComplaint replies, which ends the matter here.
func (s *Server) ReplyComplaint(ctx context.Context, in gen.ReplyComplaintRequestObject) (gen.ReplyComplaintResponseObject, error) {
	c, err := s.readableComplaint(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, identity.ComplaintHandle, complaintTarget(c))
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.ComplaintReply, Key: in.Params.IdempotencyKey,
		Body: &ledger.ComplaintReplyV1{Complaint: c.Number, Upheld: in.Body.Upheld, Reply: in.Body.Reply, Measures: in.Body.Measures}})
	if err != nil {
		return nil, err
	}
	return gen.ReplyComplaint200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// GetComplaintNotice prints the reply.
func (s *Server) GetComplaintNotice(ctx context.Context, in gen.GetComplaintNoticeRequestObject) (gen.GetComplaintNoticeResponseObject, error) {
	c, err := s.readableComplaint(ctx, in.Number)
	if err != nil {
		return nil, err
	}
	if c.RepliedMS == 0 {
		return nil, errDocumentNotYet
	}
	if err := s.revealComplaint(ctx, c, in.Params.TongbanWhy); err != nil {
		return nil, err
	}
	known, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	remedy, _ := complaint.Remedy(known.government(s.self.County()))
	d := document.Reply(c, remedy, document.Issuer{Centre: s.name(ctx), Supervision: s.o.SupervisionPhone, Clerk: c.RepliedBy.Name})
	if asPage(string(in.Params.Format)) {
		return printedPage(printPage(d)), nil
	}
	return gen.GetComplaintNotice200JSONResponse{DocumentAnswerJSONResponse: gen.DocumentAnswerJSONResponse(*d)}, nil
}
