package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

// Papers that prove themselves:
//
//	POST /api/v1/cases/{id}/documents/{kind}/print  PrintCaseDocument
//	POST /api/v1/cases/{id}/documents/{kind}/seal   SealCaseDocument
//	POST /api/v1/cases/{id}/documents/{kind}/void   VoidCaseDocument

var (
	errSealFirst     = &store.Refused{Code: "reissue_by_seal", ZH: "该文书须加盖电子印章：请以盖章换发，再打印", EN: "this document takes a seal: reissue it by sealing it, then print it"}
	errWhyNeeded     = errInvalid.with(fault("why", "required"))
	errNoSealDue     = &store.Refused{Code: "no_seal_due", ZH: "该文书不加盖电子印章，由打印它的节点签名", EN: "this document takes no seal; the node that prints it signs"}
	errIsSealed      = &store.Refused{Code: "sealed", ZH: "该文书已加盖电子印章；内容确需更正的请注明原因换发", EN: "the document has its seal; to put it right, reissue it and say why"}
	errUnchanged     = &store.Refused{Code: "document_unchanged", ZH: "文书内容没有变化，无需换发，请补打", EN: "the document would say the same; print it again instead"}
	errVoid          = &store.Refused{Code: "document_void", ZH: "该文书已作废，请注明原因换发", EN: "the document was declared void; reissue it and say why"}
	errKeyReused     = &store.Refused{Code: "key_reused", ZH: "上一次提交已经记下；这次内容不同，没有记下", EN: "under this idempotency key something else was recorded before; this was not"}
	errVoidElsewhere = &store.Refused{Code: "document_elsewhere", ZH: "该文书不由本单位出具，不能在此作废", EN: "another authority made this document out; it cannot be declared void here"}
	errServedAlready = &store.Refused{Code: "decision_served", ZH: "决定已送达或申请人已打开，不能作废", EN: "the decision was served, or its applicant has opened it; it cannot be declared void any more"}
	errAsksNoMore    = &store.Refused{Code: "notice_outdated", ZH: "该缴款通知所列的收费有的已撤销，不能照原样补打，请注明原因换发", EN: "some of what this payment notice asks for was cancelled; it is not printed as it was: reissue it and say why"}
	errNoPaper       = &store.Refused{Code: "not_printed", ZH: "该文书尚未打印或盖章", EN: "the document was neither printed nor sealed yet"}
)

// desk is a document of a case, or of a joint matter, as somebody is about to print
// or seal it.
type desk struct {
	id         string
	applicant  ledger.Applicant
	department string
	target     identity.Target
	kind       document.Kind
	fresh      *document.Document // as the case stands now
	number     string
	nth        int
	before     []*paper
	present    *paper
	// due: it takes a seal, of whoever made it out.
	due bool
	// office is the division of the authority that makes it out; served says that it
	// is a decision that was served, or that its applicant has opened.
	office division.Code
	served bool
	// cancelled is when a charge that a payment notice may ask for was cancelled last,
	// Unix milliseconds.
	cancelled int64
}

// PrintCaseDocument prints a document: the first time, or again as it was.
func (s *Server) PrintCaseDocument(ctx context.Context, in gen.PrintCaseDocumentRequestObject) (gen.PrintCaseDocumentResponseObject, error) {
	actor, d, err := s.atDesk(ctx, in.Id, in.Kind, in.Params.Nth, identity.CasePrint)
	if err != nil {
		return nil, err
	}
	printed, err := s.printFor(ctx, actor, d, in.Body, in.Params.TongbanWhy, in.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	if asPage(string(in.Params.Format)) {
		return s.pageOfPrinted(ctx, printed)
	}
	return gen.PrintCaseDocument200JSONResponse(printed), nil
}

// printFor prints what is at a desk, and has it in the ledger.
func (s *Server) printFor(ctx context.Context, actor identity.Actor, d *desk, in *gen.PaperRequest, why, key string) (printed gen.PrintedPaper, err error) {
	id := s.node.ActionID(actor.Staff, key)
	if _, err := s.store.Entry(ctx, id); errors.Is(err, store.ErrNotFound) {
		body, err := s.toPrint(d, in)
		if err != nil {
			return printed, err
		}
		if err := s.revealAs(ctx, d.id, d.target, ledger.RevealDocument+string(d.kind), why); err != nil {
			return printed, err
		}
		if _, err := s.record(ctx, Action{Actor: actor, Kind: ledger.CasePrint, Case: d.id, Key: key, Body: body}); err != nil {
			return printed, err
		}
	} else if err != nil {
		return printed, err
	}
	return s.printed(ctx, d, id)
}

// pageOfPrinted is a document that was printed, as a page.
func (s *Server) pageOfPrinted(ctx context.Context, p gen.PrintedPaper) (printedPage, error) {
	return markedPage(&p.Document, pageMark{Code: p.Code, Mark: p.Mark, Seal: s.sealLine(ctx, p.Key)})
}

// toPrint is what a print says: what was printed or sealed before as it was, or
// else a text of now, signed by this node.
func (s *Server) toPrint(d *desk, in *gen.PaperRequest) (*ledger.CasePrintV1, error) {
	p := d.present
	switch {
	case in.Reissue && in.Why == "":
		return nil, errWhyNeeded
	case in.Reissue && d.due:
		return nil, errSealFirst
	case p != nil && !in.Reissue && p.voided > 0:
		return nil, errVoid
	case p != nil && !in.Reissue && p.at <= d.cancelled:
		return nil, errAsksNoMore
	case p != nil && !in.Reissue:
		return &ledger.CasePrintV1{Paper: ledger.Paper{Kind: string(d.kind), Number: d.number, Hash: p.hash, Code: p.code}, Copy: p.copies + 1}, nil
	}
	body, err := d.paper(in, s.node.SignCode)
	return &ledger.CasePrintV1{Paper: body, Copy: 1}, err
}

// SealCaseDocument puts the seal of whoever made a document out on it.
func (s *Server) SealCaseDocument(ctx context.Context, in gen.SealCaseDocumentRequestObject) (gen.SealCaseDocumentResponseObject, error) {
	actor, d, err := s.atDesk(ctx, in.Id, in.Kind, in.Params.Nth, identity.CaseSeal)
	if err != nil {
		return nil, err
	}
	id := s.node.ActionID(actor.Staff, in.Params.IdempotencyKey)
	if _, err := s.store.Entry(ctx, id); errors.Is(err, store.ErrNotFound) {
		body, err := s.toSeal(ctx, d, in.Body)
		if err != nil {
			return nil, err
		}
		if err := s.revealAs(ctx, d.id, d.target, ledger.RevealDocument+string(in.Kind), in.Params.TongbanWhy); err != nil {
			return nil, err
		}
		if _, err := s.record(ctx, Action{Actor: actor, Kind: ledger.CaseSeal, Case: d.id, Key: in.Params.IdempotencyKey, Body: body}); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	sealed, err := s.printed(ctx, d, id)
	return gen.SealCaseDocument200JSONResponse(sealed), err
}

// toSeal is a document with its seal: what was printed without one before, or
// else a text of now.
func (s *Server) toSeal(ctx context.Context, d *desk, in *gen.PaperRequest) (*ledger.CaseSealV1, error) {
	p := d.present
	switch {
	case !d.due:
		return nil, errNoSealDue
	case in.Reissue && in.Why == "":
		return nil, errWhyNeeded
	case p != nil && !in.Reissue && p.voided > 0:
		return nil, errVoid
	case p != nil && !in.Reissue && p.sealed:
		return nil, errIsSealed
	}
	sign := func(c *proof.Code) error { return s.node.SealCode(ctx, c, d.department) }
	if p == nil || in.Reissue {
		body, err := d.paper(in, sign)
		return &ledger.CaseSealV1{Paper: body}, err
	}
	code, err := proof.Parse(p.code)
	if err != nil {
		return nil, err
	}
	if err := sign(&code); err != nil {
		return nil, err
	}
	text, err := code.Text()
	return &ledger.CaseSealV1{Paper: ledger.Paper{Kind: string(d.kind), Number: d.number, Hash: p.hash, Text: p.text, Code: text}}, err
}

// VoidCaseDocument declares the present document void.
func (s *Server) VoidCaseDocument(ctx context.Context, in gen.VoidCaseDocumentRequestObject) (gen.VoidCaseDocumentResponseObject, error) {
	actor, d, err := s.atDesk(ctx, in.Id, in.Kind, in.Params.Nth, identity.CaseSeal)
	if err != nil {
		return nil, err
	}
	if d.present == nil {
		return nil, errNoPaper
	}
	if _, err := s.store.Entry(ctx, s.node.ActionID(actor.Staff, in.Params.IdempotencyKey)); errors.Is(err, store.ErrNotFound) {
		if err := s.mayVoid(d); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.CaseVoid, Case: d.id, Key: in.Params.IdempotencyKey,
		Body: &ledger.CaseVoidV1{Kind: string(d.kind), Number: d.number, Hash: d.present.hash, Reason: in.Body.Reason}})
	return gen.VoidCaseDocument200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

// mayVoid keeps a document from being declared void elsewhere than where it was made
// out, and a decision once somebody relies on it: from then on only a correction or a
// revocation undoes it, which are heard and decided.
func (s *Server) mayVoid(d *desk) error {
	switch {
	case d.office != s.self.Division:
		return errVoidElsewhere
	case d.served:
		return errServedAlready
	case d.present.voided > 0:
		return errVoid
	}
	return nil
}

// atDesk finds a document of a case that somebody may print or seal.
func (s *Server) atDesk(ctx context.Context, id string, kind document.Kind, nth int, action identity.Action) (identity.Actor, *desk, error) {
	c, err := s.readableCase(ctx, id)
	if err != nil {
		return identity.Actor{}, nil, err
	}
	actor, err := as(ctx, action, targetOf(c))
	if err != nil {
		return actor, nil, err
	}
	if c.Status.Aside() {
		return actor, nil, &store.Refused{Code: "case_refused", ZH: "这一件未被县中心接收，不能出具文书；请更正后重新提交", EN: "the county did not take this in, so there are no documents of it; correct it and hand it in again"}
	}
	d, err := s.deskOf(ctx, c, kind, nth, actor.Name)
	return actor, d, err
}

// deskOf is a document of a case with what the ledger has of it; who makes it out now
// is named, where somebody does.
func (s *Server) deskOf(ctx context.Context, c *casework.Case, kind document.Kind, nth int, clerk string) (*desk, error) {
	subject, err := s.subjectOf(ctx, c, kind)
	if err != nil {
		return nil, err
	}
	subject.Issuer.Clerk, subject.Nth = clerk, nth
	fresh, err := s.makeDocument(ctx, kind, subject)
	if err != nil {
		return nil, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	d := &desk{id: c.ID, applicant: c.Applicant, department: c.Department, target: targetOf(c), kind: kind, fresh: fresh, number: fresh.Number, nth: document.Nth(kind, c), before: papersOf(entries, fresh.Number)}
	if kind == document.PaymentNotice {
		account, err := s.store.FeeAccount(ctx, c)
		if err != nil {
			return nil, err
		}
		d.nth = max(len(account), 1)
		for i := range account {
			d.cancelled = max(d.cancelled, account[i].CancelledMS())
		}
	}
	if kind.AboutResults() {
		results, err := s.store.Results(ctx, c)
		if err != nil {
			return nil, err
		}
		d.nth = max(document.NthResult(kind, results), 1)
	}
	if nth > 0 {
		d.nth = nth
	}
	d.present = present(d.before)
	_, d.due = document.SealedBy(kind, c)
	d.office, d.served = document.Authority(kind, c), relied(kind, c, entries)
	return d, nil
}

// paper is the document as the case stands now, signed, in the place of the one
// before if there is one.
func (d *desk) paper(in *gen.PaperRequest, sign func(*proof.Code) error) (ledger.Paper, error) {
	code, err := proof.Of(d.fresh, d.applicant, d.nth)
	if err != nil {
		return ledger.Paper{}, err
	}
	text, err := d.fresh.Canonical()
	if err != nil {
		return ledger.Paper{}, err
	}
	p := ledger.Paper{Kind: string(d.kind), Number: d.number, Hash: code.HashText(), Text: string(text)}
	if d.present != nil {
		if d.present.hash == p.Hash && d.present.voided == 0 {
			return p, errUnchanged
		}
		p.Replaces, p.Why = d.present.hash, in.Why
	}
	if err := sign(&code); err != nil {
		return p, err
	}
	p.Code, err = code.Text()
	return p, err
}

// printed is the answer of a print or a seal, from the entry that says it: a
// repeat is answered with what was printed the first time.
func (s *Server) printed(ctx context.Context, d *desk, id string) (gen.PrintedPaper, error) {
	e, err := s.store.Entry(ctx, id)
	if err != nil {
		return gen.PrintedPaper{}, found(err)
	}
	body, err := e.Decode()
	if err != nil {
		return gen.PrintedPaper{}, err
	}
	var p ledger.Paper
	out := gen.PrintedPaper{}
	switch b := body.(type) {
	case *ledger.CasePrintV1:
		p, out.Copy = b.Paper, b.Copy
	case *ledger.CaseSealV1:
		p = b.Paper
	default:
		return out, errKeyReused
	}
	if e.Case != d.id || p.Kind != string(d.kind) {
		return out, errKeyReused
	}
	text := p.Text
	for _, known := range d.before {
		if text == "" && known.hash == p.Hash {
			text = known.text
		}
	}
	if err := json.Unmarshal([]byte(text), &out.Document); err != nil {
		return out, fmt.Errorf("document %s: %w", p.Number, err)
	}
	code, err := proof.Parse(p.Code)
	if err != nil {
		return out, err
	}
	out.Code, out.Hash, out.Key = p.Code, p.Hash, code.Key
	if out.Sealed, err = s.isSeal(ctx, code.Key); err != nil {
		return out, err
	}
	out.Valid = out.Sealed || !d.due
	out.Mark = markOf(out)
	w := s.word(e, nil)
	out.Recorded = gen.Recorded{Entry: e.ID, Index: int64(e.Index), Word: w, WordZh: wordZH[w]}
	return out, nil
}

// unsealedMark stands on what takes a seal and has none.
const unsealedMark = "未加盖电子印章，不作为有效文书"

// markOf is what stands on a page beside the document itself.
func markOf(p gen.PrintedPaper) string {
	mark := ""
	if !p.Valid {
		mark = unsealedMark
	}
	if p.Copy > 1 {
		if mark != "" {
			mark += "；"
		}
		mark += reprinted(p.Copy)
	}
	return mark
}

func reprinted(copies int) string { return fmt.Sprintf("副本，补打第 %d 次", copies-1) }

func (p printedPage) VisitPrintCaseDocumentResponse(w http.ResponseWriter) error { return p.write(w) }
