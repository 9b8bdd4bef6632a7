package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/custody"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/store"
)

// Paper originals are handed over and received:
//
//	POST /api/v1/custody/transfers                 HandOver
//	POST /api/v1/custody/transfers/{list}/receipt  ReceiveTransfer

// HandOver hands papers over to another office. Each case has an entry of its
// own under the one list; a repeat goes on where it stopped.
func (s *Server) HandOver(ctx context.Context, in gen.HandOverRequestObject) (gen.HandOverResponseObject, error) {
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	if _, known := places[in.Body.To]; !known && in.Body.To != s.self.County() {
		return nil, errInvalid.with(catalog.Fault{Path: "to", Code: catalog.FaultUnknown, ZH: "没有这个区划", EN: "there is no such division"})
	}
	var actions []Action
	var faults []catalog.Fault
	list := ""
	for i := range in.Body.Cases {
		a, said, err := s.handOverOf(ctx, in, i)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(actions, func(b Action) bool { return b.Case == a.Case }) {
			said = append(said, catalog.Fault{Path: pathAt("cases", i), Code: catalog.FaultDuplicate, ZH: "该办件重复", EN: "the case stands twice"})
		}
		if b, ok := a.Body.(*ledger.CustodySendV1); ok && b.List != "" {
			list = b.List
		}
		actions, faults = append(actions, a), append(faults, said...)
	}
	if len(faults) > 0 {
		return nil, &store.Refused{Code: "papers_not_here", ZH: "有材料不在本单位，未移交任何材料", EN: "some papers are not here; none was handed over", Faults: faults}
	}
	if list == "" {
		list = listNumber(calendar.DateOf(s.o.Now()), s.node.ActionID(actions[0].Actor.Staff, "list "+in.Params.IdempotencyKey))
	}
	for _, a := range actions {
		a.Body.(*ledger.CustodySendV1).List = list
	}
	if err := s.recordPapers(ctx, actions); err != nil {
		return nil, err
	}
	out, err := s.transfer(ctx, list)
	return gen.HandOver201JSONResponse(out), err
}

// listNumber is the number of a transfer list: its day, and letters made of the
// action, so that no office asks another for it. Letters are not taken for
// somebody's number where text is masked.
func listNumber(on calendar.Date, action string) string {
	letters := strings.Map(func(r rune) rune {
		if i := strings.IndexRune("0123456789abcdef", r); i >= 0 {
			return rune("ABCDEFGHJKLMNPQR"[i])
		}
		return -1
	}, action)
	return fmt.Sprintf("J%s-%s", on.Compact()[2:], letters[:8])
}

// recordPapers records entries of several cases; at the county all or none.
func (s *Server) recordPapers(ctx context.Context, actions []Action) error {
	if s.self.Tier == node.County {
		_, err := s.node.RecordTogether(ctx, actions)
		return err
	}
	for _, a := range actions {
		if _, err := s.record(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// handOverOf is the hand-over of one case's papers, with what is wrong with it.
// One that was recorded before is the same again.
func (s *Server) handOverOf(ctx context.Context, in gen.HandOverRequestObject, i int) (Action, []catalog.Fault, error) {
	want := in.Body.Cases[i]
	h, actor, err := s.moving(ctx, want.Case)
	if errors.Is(err, errNotFound) {
		return Action{}, []catalog.Fault{{Path: pathAt("cases", i), Code: catalog.FaultUnknown, ZH: "没有这个办件", EN: "there is no such case"}}, nil
	}
	if err != nil {
		return Action{}, nil, err
	}
	a := Action{Actor: actor, Kind: ledger.CustodySend, Case: h.id, Key: in.Params.IdempotencyKey + " " + h.id}
	if before, err := s.recordedBody(ctx, a); before != nil || err != nil {
		a.Body = before
		return a, nil, err
	}
	book, err := s.store.Papers(ctx, h.id)
	if err != nil {
		return a, nil, err
	}
	b := &ledger.CustodySendV1{From: s.self.Division, To: in.Body.To, Carrier: in.Body.Carrier, Note: in.Body.Note}
	var faults []catalog.Fault
	for _, p := range book.Places() {
		if len(want.Materials) == 0 && p.At == s.self.Division || slices.Contains(want.Materials, p.Material) {
			b.Papers = append(b.Papers, ledger.MovedPaper{Original: p.Original, After: p.After})
		}
	}
	for _, name := range want.Materials {
		if !slices.ContainsFunc(b.Papers, func(p ledger.MovedPaper) bool { return p.Material == name }) {
			faults = append(faults, catalog.Fault{Path: pathAt("cases", i), Code: catalog.FaultUnknown, ZH: "该办件没有纸质材料“" + name + "”", EN: "the case has no such paper: " + name})
		}
	}
	if len(b.Papers) == 0 && len(faults) == 0 {
		faults = append(faults, catalog.Fault{Path: pathAt("cases", i), Code: catalog.FaultConflict, ZH: "该办件没有纸质材料在本单位", EN: "no paper of the case is here"})
	}
	var no *custody.Refusal
	if err := book.CheckSend(b, true); errors.As(err, &no) && no.Code == "custody_line" {
		return a, nil, err
	} else if errors.As(err, &no) {
		faults = append(faults, catalog.Fault{Path: pathAt("cases", i), Code: catalog.FaultConflict, ZH: no.ZH, EN: no.EN})
	}
	a.Body = b
	return a, faults, nil
}

// holding is what has papers: a case, or a joint matter, whose cases share the one
// set that was collected for all.
type holding struct {
	id, number, name string
	target           identity.Target
	// returned: its papers were given back.
	returned bool
	// about is a case that it is about.
	about *casework.Case
}

// holdingOf finds what has papers by id or number: of a case of a joint matter,
// the joint matter.
func (s *Server) holdingOf(ctx context.Context, idOrNumber string) (*holding, error) {
	c, err := s.readableCase(ctx, idOrNumber)
	switch {
	case err == nil && c.Package == nil:
		return &holding{c.ID, printed(c.Number), c.ItemName, targetOf(c), c.Status == casework.Terminated && c.PapersReturned, c}, nil
	case err == nil:
		idOrNumber = c.Package.ID
	case !errors.Is(err, errNotFound):
		return nil, err
	}
	whole, members, err := s.readableJoint(ctx, idOrNumber)
	if err != nil {
		return nil, err
	}
	h := &holding{id: whole.ID, number: printed(whole.Number), name: whole.Name, target: jointTarget(whole), returned: len(members) > 0}
	for _, m := range members {
		h.about, h.returned = m, h.returned && m.Status == casework.Terminated && m.PapersReturned
	}
	return h, nil
}

// veilOver masks what people wrote about papers.
func (s *Server) veilOver(ctx context.Context, h *holding) (func(string) string, error) {
	if h.about == nil {
		return privacy.Text, nil
	}
	veil, err := s.veil(ctx, h.about)
	if err != nil {
		return nil, err
	}
	return veil.Text, nil
}

// moving is what has papers that the caller may move: those of a joint matter are
// moved by the window that leads it.
func (s *Server) moving(ctx context.Context, idOrNumber string) (*holding, identity.Actor, error) {
	h, err := s.holdingOf(ctx, idOrNumber)
	if err != nil {
		return nil, identity.Actor{}, err
	}
	actor, err := as(ctx, identity.CustodyMove, h.target)
	return h, actor, err
}

// recordedBody is what an action said when it was recorded before; nil when it
// was not.
func (s *Server) recordedBody(ctx context.Context, a Action) (ledger.Body, error) {
	e, err := s.store.Entry(ctx, s.node.ActionID(a.Actor.Staff, a.Key))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return e.Decode()
}

// ReceiveTransfer receives what is still on the way on a list.
func (s *Server) ReceiveTransfer(ctx context.Context, in gen.ReceiveTransferRequestObject) (gen.ReceiveTransferResponseObject, error) {
	rows, err := s.readableHandedOver(ctx, store.TransferFilter{List: in.List})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errNotFound
	}
	remarks, err := s.remarks(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	var actions []Action
	left := 0
	for i, h := range rows {
		if i > 0 && rows[i-1].Sent == h.Sent {
			continue
		}
		a, err := s.receiptOf(ctx, in, h, remarks)
		var denied *identity.Denied
		if errors.As(err, &denied) {
			left++
			continue
		}
		if err != nil {
			return nil, err
		}
		if a.Body != nil {
			actions = append(actions, a)
		}
	}
	for _, r := range remarks {
		if !r.used {
			return nil, &custody.Refusal{Code: "not_sent", ZH: "交接单上没有未签收的“" + r.Material + "”，请核对", EN: r.Material + " is not on the way on this list; check it"}
		}
	}
	switch {
	case len(actions) == 0 && slices.ContainsFunc(remarks, func(r *remark) bool { return r.again }):
		return nil, &custody.Refusal{Code: "reported_already", ZH: "所列材料已报告未收到，无须重复报告；找到后直接签收", EN: "it was reported as missing already; receive it once it is found"}
	case len(actions) == 0 && left > 0:
		return nil, &store.Refused{Code: "custody_desk", ZH: "这份交接单上的办件由其他窗口签收", EN: "the cases on this list are another desk's to receive"}
	case len(actions) == 0:
		return nil, &custody.Refusal{Code: "received_already", ZH: "这份交接单已全部签收", EN: "all of the list was received already"}
	}
	if err := s.recordPapers(ctx, actions); err != nil {
		return nil, err
	}
	out, err := s.transfer(ctx, in.List)
	out.Left = left
	return gen.ReceiveTransfer200JSONResponse(out), err
}

// remark is what a receiver says of one paper.
type remark struct {
	caseID string
	gen.PaperRemark
	missing, used bool
	// again says that it was reported as missing before.
	again bool
}

func (s *Server) remarks(ctx context.Context, in *gen.ReceiptRequest) ([]*remark, error) {
	var all []*remark
	add := func(path string, list []gen.PaperRemark, missing bool) error {
		for i, r := range list {
			h, err := s.holdingOf(ctx, r.Case)
			if errors.Is(err, errNotFound) {
				return errInvalid.with(catalog.Fault{Path: pathAt(path, i), Code: catalog.FaultUnknown, ZH: "没有这个办件", EN: "there is no such case"})
			}
			if err != nil {
				return err
			}
			if !missing && r.Note == "" {
				return errInvalid.with(catalog.Fault{Path: pathAt(path, i) + ".note", Code: catalog.FaultMissing, ZH: "请说明如何损坏", EN: "say how it is damaged"})
			}
			all = append(all, &remark{caseID: h.id, PaperRemark: r, missing: missing})
		}
		return nil
	}
	if err := add("missing", in.Missing, true); err != nil {
		return nil, err
	}
	return all, add("damaged", in.Damaged, false)
}

// receiptOf is the receipt of one case's papers; without a body when none of them
// is on the way any more.
func (s *Server) receiptOf(ctx context.Context, in gen.ReceiveTransferRequestObject, h store.HandedOver, remarks []*remark) (Action, error) {
	of, actor, err := s.moving(ctx, h.Case)
	if err != nil {
		return Action{}, err
	}
	a := Action{Actor: actor, Kind: ledger.CustodyReceive, Case: of.id, Key: in.Params.IdempotencyKey + " " + h.Sent}
	mine := func(p ledger.Original) *remark {
		for _, r := range remarks {
			if r.caseID == of.id && r.Material == p.Material {
				return r
			}
		}
		return nil
	}
	before, err := s.recordedBody(ctx, a)
	if err != nil {
		return a, err
	}
	if b, ok := before.(*ledger.CustodyReceiveV1); ok {
		for _, p := range append(slices.Clip(b.Received), b.Missing...) {
			if r := mine(p.Original); r != nil {
				r.used = true
			}
		}
		a.Body = b
		return a, nil
	}
	book, err := s.store.Papers(ctx, of.id)
	if err != nil {
		return a, err
	}
	b := &ledger.CustodyReceiveV1{Sent: h.Sent, At: s.self.Division, Note: in.Body.Note}
	for _, p := range book.On(h.Sent) {
		marked := ledger.MarkedPaper{Original: p.Original}
		r := mine(p.Original)
		if r != nil {
			r.used, marked.Note = true, r.Note
		}
		if r != nil && r.missing && p.Missing {
			r.again = true
		} else if r != nil && r.missing {
			b.Missing = append(b.Missing, marked)
		} else {
			b.Received = append(b.Received, marked)
		}
	}
	if len(b.Received)+len(b.Missing) == 0 {
		return a, nil
	}
	a.Body = b
	return a, book.CheckReceive(b, true)
}

// readableHandedOver is what was handed over of cases that the caller may read.
func (s *Server) readableHandedOver(ctx context.Context, f store.TransferFilter) ([]store.HandedOver, error) {
	rows, err := s.store.HandedOver(ctx, f)
	if err != nil {
		return nil, err
	}
	may := map[string]bool{}
	for _, h := range rows {
		if _, asked := may[h.Case]; asked {
			continue
		}
		_, err := s.holdingOf(ctx, h.Case)
		if err != nil && !errors.Is(err, errNotFound) {
			return nil, err
		}
		may[h.Case] = err == nil
	}
	return slices.DeleteFunc(rows, func(h store.HandedOver) bool { return !may[h.Case] }), nil
}
