package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/node/result"
	"github.com/tongban/tongban/store"
)

// What is served on an applicant, and how they open it from home:
//
//	GET /api/v1/my/cases/{id}/documents/{kind}  OpenMyDocument

// decisions are the documents that have to be served; who did not agree to
// electronic service collects them.
var decisions = []document.Kind{document.GrantDecision, document.RefusalDecision, document.CorrectionDecision, document.RevocationDecision}

// OpenMyDocument opens a document of one's own case as the window prints it, and has
// it in the ledger first that it was: that is the proof of electronic service.
func (s *Server) OpenMyDocument(ctx context.Context, in gen.OpenMyDocumentRequestObject) (gen.OpenMyDocumentResponseObject, error) {
	v, c, err := s.ownCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	d, err := s.deskOf(ctx, c, in.Kind, in.Params.Nth, "")
	if err != nil {
		return nil, err
	}
	if slices.Contains(decisions, in.Kind) {
		if err := s.mayOpen(ctx, c, d); err != nil {
			return nil, err
		}
	}
	p, err := s.paperAtHome(ctx, d)
	if err != nil {
		return nil, err
	}
	// Opened again it is the same opening: the first one counts.
	key := "opened:" + c.ID + ":" + string(in.Kind) + ":" + p.Hash
	if _, err := s.store.Entry(ctx, s.node.ActionID(v.ID, key)); errors.Is(err, store.ErrNotFound) {
		_, err = s.record(ctx, Action{Actor: v.actor(), Kind: ledger.CaseOpened, Case: c.ID, Key: key, Body: &ledger.CaseOpenedV1{Document: string(in.Kind), Hash: p.Hash}})
		if err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	if asPage(string(in.Params.Format)) {
		page, err := markedPage(&p.Document, pageMark{Code: p.Code, Mark: p.Mark, Seal: s.sealLine(ctx, p.Key)})
		return printedPage(page), err
	}
	return gen.OpenMyDocument200JSONResponse(p), nil
}

// VisitOpenMyDocumentResponse implements gen.OpenMyDocumentResponseObject.
func (p printedPage) VisitOpenMyDocumentResponse(w http.ResponseWriter) error { return p.write(w) }

// mayOpen tells whether a decision can be opened from home: it was served, or it was
// agreed that it is served so; and it has its seal, for nothing else is served.
func (s *Server) mayOpen(ctx context.Context, c *casework.Case, d *desk) error {
	if c.Status != casework.Closed {
		service, err := s.store.Service(ctx, c)
		if err != nil {
			return err
		}
		if service != ledger.ServiceElectronic {
			return errNoConsent
		}
	}
	if d.unsealed() {
		return errUnsealedYet
	}
	return nil
}

// relied reports whether somebody may rely on a decision by now: it was served, or
// its applicant has opened it.
func relied(kind document.Kind, c *casework.Case, entries []store.EntryView) bool {
	switch kind {
	case document.GrantDecision, document.RefusalDecision:
		if c.Status == casework.Closed {
			return true
		}
	case document.RejectionNotice, document.CorrectionDecision, document.RevocationDecision:
	default:
		return false
	}
	return slices.ContainsFunc(opened(entries), func(o gen.OpenedDocument) bool { return o.Kind == kind })
}

// unsealed reports whether a document lacks a seal that it takes.
func (d *desk) unsealed() bool {
	return d.due && (d.present == nil || !d.present.sealed || d.present.voided > 0)
}

// paperAtHome is a document as its applicant reads it: what was sealed or printed, with
// its code; what neither was, as the case stands now, signed by this node.
func (s *Server) paperAtHome(ctx context.Context, d *desk) (out gen.MyPaper, err error) {
	out.Document = *d.fresh
	if p := d.present; p != nil && p.voided == 0 {
		out.Code = p.code
		if err := json.Unmarshal([]byte(p.text), &out.Document); err != nil {
			return out, err
		}
	} else {
		code, err := proof.Of(d.fresh, d.applicant, d.nth)
		if err != nil {
			return out, err
		}
		if err := s.node.SignCode(&code); err != nil {
			return out, err
		}
		if out.Code, err = code.Text(); err != nil {
			return out, err
		}
	}
	code, err := proof.Parse(out.Code)
	if err != nil {
		return out, err
	}
	out.Hash, out.Key = code.HashText(), code.Key
	if out.Sealed, err = s.isSeal(ctx, code.Key); err != nil {
		return out, err
	}
	if out.Valid = out.Sealed || !d.due; !out.Valid {
		out.Mark = unsealedMark
	}
	return out, nil
}

var (
	// errNotOpened keeps a case open whose applicant has not seen the decision.
	errNotOpened = &problem{http.StatusConflict, "not_opened", "the applicant has not opened the decision, so it was not served electronically", "申请人尚未打开决定文书，不能按电子送达办结", "请等待申请人打开，或改用其他送达方式", nil, 0}
	// errUnsealed keeps what is no valid document from being served, in whichever way.
	errUnsealed = &problem{http.StatusConflict, "decision_unsealed", "the decision takes an electronic seal and has none: it is no valid document, and cannot be served", "决定文书尚未加盖电子印章，不作为有效文书，不能送达", "请先由作出决定的单位在办件“文书”中加盖电子印章，再送达", nil, 0}
	// errUnsealedYet tells the applicant the same.
	errUnsealedYet = &problem{http.StatusConflict, "decision_unsealed", "the decision has no electronic seal yet; it can be opened once it has", "决定文书尚未加盖电子印章，加盖后即可打开", "请稍后再看，或向办理窗口询问", nil, 0}
)

// served holds an electronic delivery against what is known of it, for a case
// that was handed in from home: the applicant agreed, and opened the decision.
func (s *Server) served(ctx context.Context, c *casework.Case, body ledger.Body) error {
	b, ok := body.(*ledger.CaseDeliverV1)
	if !ok || c.Online.Account == "" || b.Method != "electronic" {
		return nil
	}
	service, err := s.store.Service(ctx, c)
	if err != nil {
		return err
	}
	if service != ledger.ServiceElectronic {
		return errNoConsent
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(opened(entries), func(o gen.OpenedDocument) bool { return slices.Contains(decisions, o.Kind) }) {
		return errNotOpened
	}
	return nil
}

// sealedFirst keeps a decision that takes a seal from being served before it has one.
func (s *Server) sealedFirst(ctx context.Context, c *casework.Case, body ledger.Body) error {
	if _, ok := body.(*ledger.CaseDeliverV1); !ok || c.Status != casework.Issued {
		return nil
	}
	for _, k := range document.Ready(c) {
		if k != document.GrantDecision && k != document.RefusalDecision {
			continue
		}
		d, err := s.deskOf(ctx, c, k, 0, "")
		if err != nil {
			return err
		}
		if d.unsealed() {
			return errUnsealed
		}
	}
	return nil
}

// resultServed keeps a decision about what was issued from being served without its
// seal, and electronically before it was opened. Only the last of its kind is looked at:
// the one before cannot be made out any more.
func (s *Server) resultServed(ctx context.Context, c *casework.Case, b *ledger.ResultServeV1) error {
	f, err := s.store.Results(ctx, c)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(f.Proposals, func(p result.Proposal) bool { return p.ID == b.Proposal })
	if i < 0 || f.Proposals[i].Decision == nil || !f.Proposals[i].Decision.Agreed || f.Proposals[i].Decision.Served != nil {
		return nil // applying says what is wrong
	}
	kind := document.DecisionOf(f.Proposals[i].Measure)
	if last := document.DecisionNow(kind, f); last == nil || last.ID != b.Proposal {
		return nil
	}
	d, err := s.deskOf(ctx, c, kind, 0, "")
	if err != nil {
		return err
	}
	if d.unsealed() {
		return errUnsealed
	}
	if c.Online.Account == "" || b.Method != "electronic" {
		return nil
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return err
	}
	if openedAt(entries, d.present.hash) == 0 {
		return errNotOpened
	}
	return nil
}
