package api

import (
	"context"
	"errors"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// The money of cases:
//
//	GET  /api/v1/cases/{id}/fees  GetCaseFees
//	POST /api/v1/cases/{id}/fees  ActOnCaseFees
//	GET  /api/v1/fees             ListFees

// GetCaseFees shows the account of a case.
func (s *Server) GetCaseFees(ctx context.Context, in gen.GetCaseFeesRequestObject) (gen.GetCaseFeesResponseObject, error) {
	c, err := s.chargeable(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	fees, err := s.fees(ctx, c)
	return gen.GetCaseFees200JSONResponse(fees), err
}

// ActOnCaseFees charges, takes, waives or pays back money, or cancels a charge.
func (s *Server) ActOnCaseFees(ctx context.Context, in gen.ActOnCaseFeesRequestObject) (gen.ActOnCaseFeesResponseObject, error) {
	c, err := s.chargeable(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	kind, body, err := feeBody(in.Body)
	if err != nil {
		return nil, err
	}
	if err := s.freshBill(ctx, body, in.Params.IdempotencyKey); err != nil {
		return nil, err
	}
	if err := s.furtherCharge(ctx, c, body, in.Body.Further, in.Params.IdempotencyKey); err != nil {
		return nil, err
	}
	recorded, err := s.recordOf(ctx, c, kind, body, in.Params.IdempotencyKey)
	if err != nil {
		return nil, s.noteExcess(ctx, c, body, in.Params.IdempotencyKey, err)
	}
	fees, err := s.fees(ctx, c)
	return gen.ActOnCaseFees200JSONResponse{Fees: fees, Recorded: recorded}, err
}

// freshBill refuses a payment under the number of a fiscal bill that was made out for
// another.
func (s *Server) freshBill(ctx context.Context, body ledger.Body, key string) error {
	b, ok := body.(*ledger.FeePayV1)
	if !ok {
		return nil
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return err
	}
	used, err := s.store.BillUsed(ctx, b.Bill)
	if err != nil || used == "" || used == s.node.ActionID(actor.Staff, key) {
		return err
	}
	return &store.Refused{Code: "bill_used", ZH: "票据号 " + b.Bill + " 已用于另一笔缴费，请核对", EN: "the bill " + b.Bill + " was made out for another payment; look at its number again"}
}

// furtherCharge refuses a charge beside another one, unless it is meant so. What is
// outside the list or above it is refused for that.
func (s *Server) furtherCharge(ctx context.Context, c *casework.Case, body ledger.Body, meant bool, key string) error {
	b, charges := body.(*ledger.FeeChargeV1)
	if !charges || meant {
		return nil
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return err
	}
	if _, err := s.store.Entry(ctx, s.node.ActionID(actor.Staff, key)); !errors.Is(err, store.ErrNotFound) {
		return err // a repeat is answered as it was
	}
	list, err := s.store.FeeList(ctx, c, s.o.Now().UnixMilli())
	if err != nil {
		return found(err)
	}
	if fee.Excess(list, b.Lines) != nil {
		return nil
	}
	account, err := s.store.FeeAccount(ctx, c)
	if err != nil {
		return err
	}
	var no *casework.Refusal
	if err := fee.Further(account, b); errors.As(err, &no) {
		return &store.Refused{Code: no.Code, ZH: no.ZH, EN: no.EN}
	}
	return nil
}

// noteExcess records that somebody tried to charge above the published list, for
// supervision to see; the charge itself stays refused. A repeat records it once. What
// keeps it from being recorded is the answer, so that the caller repeats the request.
func (s *Server) noteExcess(ctx context.Context, c *casework.Case, body ledger.Body, key string, refusal error) error {
	charge, charges := body.(*ledger.FeeChargeV1)
	var no *store.Refused
	if !charges || !errors.As(refusal, &no) {
		return refusal
	}
	list, err := s.store.FeeList(ctx, c, s.o.Now().UnixMilli())
	if err != nil {
		return found(err)
	}
	if fee.Excess(list, charge.Lines) == nil {
		return refusal
	}
	_, err = s.recordOf(ctx, c, ledger.FeeExcess, &ledger.FeeExcessV1{Lines: charge.Lines}, key+"#excess")
	if err != nil && !errors.As(err, &no) {
		return err
	}
	return refusal
}

// ListFees lists what was charged within the caller's reach.
func (s *Server) ListFees(ctx context.Context, in gen.ListFeesRequestObject) (gen.ListFeesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	within, department, ok := actor.Reach(identity.FeeRead)
	if !ok {
		return nil, &identity.Denied{Role: actor.Roles[0], Action: identity.FeeRead, Why: "role"}
	}
	const looked = 2000
	cases, err := s.store.ChargedCases(ctx, within, looked)
	if err != nil {
		return nil, err
	}
	out := gen.ListFees200JSONResponse{Cases: []gen.CaseFees{}}
	for i := range cases {
		if department != "" && cases[i].Department != department {
			continue
		}
		fees, err := s.fees(ctx, &cases[i])
		if err != nil {
			return nil, err
		}
		if in.Params.Outstanding && fees.Outstanding == 0 {
			continue
		}
		if out.Cases = append(out.Cases, fees); len(out.Cases) == limitOf(in.Params.Limit) {
			break
		}
	}
	return out, nil
}

// chargeable finds a case whose money the caller may see, which tells nothing
// about the applicant. Any other is answered like one that does not exist.
func (s *Server) chargeable(ctx context.Context, idOrNumber string) (*casework.Case, error) {
	if n, err := casework.ParseNumber(idOrNumber); err == nil {
		idOrNumber = n.Compact()
	}
	c, err := s.store.Case(ctx, idOrNumber)
	if err != nil {
		return nil, found(err)
	}
	_, err = as(ctx, identity.FeeRead, targetOf(c))
	var denied *identity.Denied
	if errors.As(err, &denied) {
		return nil, errNotFound
	}
	return c, err
}

func (s *Server) fees(ctx context.Context, c *casework.Case) (gen.CaseFees, error) {
	list, err := s.store.FeeList(ctx, c, s.o.Now().UnixMilli())
	if err != nil {
		return gen.CaseFees{}, found(err)
	}
	account, err := s.store.FeeAccount(ctx, c)
	if err != nil {
		return gen.CaseFees{}, err
	}
	out := gen.CaseFees{Case: c.ID, Number: printed(c.Number), Item: c.Item, ItemName: c.ItemName, Department: c.Department, Charged: list.Fee.Charged,
		Standard: list.Fee.Standard, Tariff: append([]gen.FeeRate{}, list.Fee.Tariff()...), BeforeIssue: list.Fee.Charged && !list.Fee.AfterIssue, Free: c.Free, Outstanding: account.Outstanding(),
		Charges: append([]gen.FeeCharge{}, account...), Actions: []gen.FeeActionKind{}}
	actor, err := actorOf(ctx)
	if err != nil {
		return out, err
	}
	level, err := s.store.Level(ctx)
	if err != nil {
		return out, err
	}
	for _, k := range fee.Kinds {
		info, _ := ledger.Lookup(k, 1)
		if info.Level > level {
			continue
		}
		if _, err := actor.As(info.Action, targetOf(c)); err == nil && list.Fee.Charged {
			out.Actions = append(out.Actions, feeActs[k])
		}
	}
	return out, nil
}

var feeActs = map[ledger.Kind]gen.FeeActionKind{ledger.FeeCharge: gen.FeeActCharge, ledger.FeePay: gen.FeeActPay, ledger.FeeWaive: gen.FeeActWaive, ledger.FeeRefund: gen.FeeActRefund, ledger.FeeCancel: gen.FeeActCancel}

// feeBody is what a request about money says.
func feeBody(in *gen.FeeAction) (ledger.Kind, ledger.Body, error) {
	need := needs{}
	if in.Kind != gen.FeeActCharge {
		need.text("charge", in.Charge)
		need.that("amount", in.Kind == gen.FeeActCancel || in.Amount > 0)
	}
	switch in.Kind {
	case gen.FeeActCharge:
		need.that("lines", len(in.Lines) > 0)
		return ledger.FeeCharge, &ledger.FeeChargeV1{Lines: in.Lines}, need.err()
	case gen.FeeActPay:
		need.text("method", string(in.Method))
		need.text("bill", in.Bill)
		return ledger.FeePay, &ledger.FeePayV1{Charge: in.Charge, Amount: in.Amount, Method: string(in.Method), Bill: strings.TrimSpace(in.Bill)}, need.err()
	case gen.FeeActWaive:
		need.text("ground", in.Ground)
		return ledger.FeeWaive, &ledger.FeeWaiveV1{Charge: in.Charge, Amount: in.Amount, Ground: in.Ground}, need.err()
	case gen.FeeActRefund:
		need.text("reason", in.Reason)
		return ledger.FeeRefund, &ledger.FeeRefundV1{Charge: in.Charge, Amount: in.Amount, Reason: in.Reason}, need.err()
	case gen.FeeActCancel:
		need.text("reason", in.Reason)
		return ledger.FeeCancel, &ledger.FeeCancelV1{Charge: in.Charge, Reason: in.Reason}, need.err()
	}
	return "", nil, errInvalid
}
