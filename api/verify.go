package api

import (
	"context"
	"errors"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/node/proof"
	"github.com/tongban/tongban/store"
)

// Documents held against their codes, by anybody:
//
//	POST /api/v1/verify       VerifyDocument
//	GET  /api/v1/verify/keys  GetKeyring

var verdictZH = map[proof.Verdict]string{
	proof.Genuine: "真实有效", proof.Superseded: "真实，但已换发新文书", proof.Revoked: "已作废或签名已吊销",
	proof.Unsealed: "未加盖电子印章，无效", proof.UnknownKey: "无法确认签名者", proof.NotHere: "本机暂时无法核验", proof.Forged: "伪造或被改动",
}

// VerifyDocument tells what a document is worth.
func (s *Server) VerifyDocument(ctx context.Context, in gen.VerifyDocumentRequestObject) (gen.VerifyDocumentResponseObject, error) {
	asOf, err := s.asOf(ctx)
	if err != nil {
		return nil, err
	}
	code, err := proof.Parse(in.Body.Code)
	if err != nil {
		return gen.VerifyDocument200JSONResponse{Verdict: proof.Forged, VerdictZh: verdictZH[proof.Forged], AsOf: asOf, Reasons: []proof.Reason{
			{Code: "malformed", ZH: "不是本系统的文书二维码，或扫描不完整、被改动", EN: "not the code of a document, or cut off or changed"}}}, nil
	}
	text, strange := canonicalOf(in.Body.Document)
	keys, err := s.provedKeys(ctx)
	if err != nil {
		return nil, err
	}
	report := proof.Judge(code, keys, text, nil)
	if report.Verdict == proof.UnknownKey {
		told, err := s.node.ForeignKey(ctx, code.Key)
		if err != nil {
			return nil, err
		}
		if keys = told.Keys; len(keys) > 0 {
			report, asOf = proof.Judge(code, keys, text, nil), min(asOf, told.AsOf)
		} else {
			report.Unlisted(told.Certain)
		}
	}
	if report.Key != nil && !strange {
		known, err := s.standingOf(ctx, code)
		if err != nil {
			return nil, err
		}
		report = proof.Judge(code, keys, text, &known)
	}
	if strange && report.Key != nil {
		report.Verdict, report.Reasons = proof.Forged, []proof.Reason{{Code: "content", ZH: "所附内容不是文书的规范内容", EN: "what came with the code is not a document as a node gives it"}}
	}
	out := s.verifyReport(ctx, &report)
	out.AsOf = asOf
	return gen.VerifyDocument200JSONResponse(out), nil
}

// verifyReport is a report as it is answered. Of a code that proves nothing
// only the verdict is told: what it says may be anything.
func (s *Server) verifyReport(ctx context.Context, r *proof.Report) gen.VerifyReport {
	out := gen.VerifyReport{Verdict: r.Verdict, VerdictZh: verdictZH[r.Verdict], Reasons: r.Reasons}
	if out.Reasons == nil {
		out.Reasons = []proof.Reason{}
	}
	if r.Key == nil {
		return out
	}
	c := r.Code
	out.Kind, out.Title, out.Number, out.Item, out.Applicant = string(c.Kind), c.Kind.Name(), c.Number(), c.Item, c.Applicant
	out.Date, out.Signer, out.Key, out.Sealed = c.Date, r.Key.Holder, c.Key, r.Key.Seal
	if !c.Case.IsZero() {
		out.Case = c.Case.String()
	}
	if item, err := s.itemInForce(ctx, c.Item); err == nil {
		out.ItemName = item.Name
	} else if p, err := s.store.PackageInForce(ctx, c.Item, s.o.Now().UnixMilli()); err == nil {
		out.ItemName = p.Name
	}
	return out
}

// canonicalOf is the canonical text of a document as somebody sent it; nil for
// none. strange says that it has what no document has, which would be read and
// not be signed.
func canonicalOf(sent string) (text []byte, strange bool) {
	if sent == "" {
		return nil, false
	}
	d, err := document.Parse([]byte(sent))
	if err != nil {
		return nil, true
	}
	text, err = d.Canonical()
	return text, err != nil
}

// standingOf is what the ledger here knows of a document whose signature holds.
func (s *Server) standingOf(ctx context.Context, code proof.Code) (proof.Standing, error) {
	if code.Case.IsZero() {
		return proof.Standing{Known: true, Recorded: 1}, nil // a notice sheet, of which nothing is kept
	}
	c, err := s.store.Case(ctx, code.Case.Compact())
	if errors.Is(err, store.ErrNotFound) {
		return s.standingOfJoint(ctx, code)
	}
	if err != nil {
		return proof.Standing{}, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return proof.Standing{}, err
	}
	papers := papersOf(entries, code.Number())
	known := standing(papers, code.HashText())
	if known.Recorded == 0 {
		known.Recorded = openedAt(entries, code.HashText())
	}
	if code.Kind == document.PaymentNotice {
		account, err := s.store.FeeAccount(ctx, c)
		if err != nil {
			return proof.Standing{}, err
		}
		chargesNow(account, code.Nth, printedAt(papers, code.HashText()), &known)
	}
	if err := s.grantNow(ctx, c, code.Kind, &known); err != nil {
		return proof.Standing{}, err
	}
	veil, err := s.veil(ctx, c)
	known.Why, known.VoidedWhy, known.EndedWhy = veilText(veil, known.Why), veilText(veil, known.VoidedWhy), veilText(veil, known.EndedWhy)
	return known, err
}

// openedAt is when the county recorded that an applicant opened a document from home,
// which says what it was as much as a print does; 0 when nobody did.
func openedAt(entries []store.EntryView, hash string) int64 {
	for i := range entries {
		e := &entries[i]
		if e.Kind != ledger.CaseOpened || e.Status != ledger.Applied || e.Index == 0 {
			continue
		}
		if body, err := e.Decode(); err == nil {
			if b, ok := body.(*ledger.CaseOpenedV1); ok && b.Hash == hash {
				return e.RecordedAt
			}
		}
	}
	return 0
}

// standingOfJoint is the same of a document of a joint matter.
func (s *Server) standingOfJoint(ctx context.Context, code proof.Code) (proof.Standing, error) {
	c, err := s.store.Joint(ctx, code.Case.Compact())
	if errors.Is(err, store.ErrNotFound) {
		return proof.Standing{}, nil
	}
	if err != nil {
		return proof.Standing{}, err
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return proof.Standing{}, err
	}
	known := standing(papersOf(entries, code.Number()), code.HashText())
	known.Why, known.VoidedWhy = privacy.Text(known.Why), privacy.Text(known.VoidedWhy)
	if known.Recorded == 0 {
		known.Held, err = s.heldJoint(ctx, c, code, entries)
	}
	return known, err
}

// heldJoint reports whether what the county has of a joint matter makes a document to the
// letter: its applicant reads it from home, and nothing records that.
func (s *Server) heldJoint(ctx context.Context, c *joint.Case, code proof.Code, entries []store.EntryView) (bool, error) {
	if slices.ContainsFunc(entries, func(e store.EntryView) bool { return e.Index == 0 }) {
		return false, nil
	}
	members, err := s.store.JointMembers(ctx, c)
	if err != nil || !slices.Contains(document.JointReady(document.JointSubject{Case: c, Members: members}), code.Kind) {
		return false, err
	}
	fresh, err := s.jointDocument(ctx, c, members, code.Kind, "")
	if errors.Is(err, errNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	d := jointDesk(c, members, code.Kind, fresh, entries)
	same, err := proof.Of(d.fresh, d.applicant, d.nth)
	return err == nil && same.HashText() == code.HashText(), err
}

// chargesNow says what was cancelled of the charges that a payment notice asks for: of
// as many as had been made by then, those that were not cancelled when it was printed.
func chargesNow(account fee.Account, made int, printed int64, known *proof.Standing) {
	asked := account[:min(made, len(account))]
	var since, cancelled int64
	for i := range asked {
		at := asked[i].CancelledMS()
		if at > 0 && at >= printed {
			since, cancelled = max(since, at), cancelled+asked[i].Total
		}
	}
	switch {
	case cancelled == 0:
	case !asked.Charged():
		known.Cancelled = since
	default:
		known.Changed = append(known.Changed, proof.Reason{Code: "charge_cancelled", ZH: "所列收费中 " + fee.Yuan(cancelled) + " 元已撤销，无需缴纳", EN: fee.Yuan(cancelled) + " yuan of what it lists were cancelled and are not to be paid"})
	}
}

// grantNow says what became of what a decision grants.
func (s *Server) grantNow(ctx context.Context, c *casework.Case, kind document.Kind, known *proof.Standing) error {
	if kind != document.GrantDecision && kind != document.ServiceReceipt {
		return nil
	}
	f, err := s.store.Results(ctx, c)
	if err != nil {
		return err
	}
	if on, _, why := f.Ended(); !on.IsZero() {
		known.Ended, known.EndedWhy = on.Midnight().UnixMilli(), why
		return nil
	}
	for _, r := range f.Results {
		if r.By != "" {
			known.Changed = append(known.Changed, proof.Reason{Code: "result_" + string(r.State), ZH: r.Name + "（" + r.Number + "）" + resultZH[r.State] + "，" + r.EndedOn.Chinese(),
				EN: "its " + r.Name + " " + r.Number + " was " + string(r.State) + " on " + r.EndedOn.String()})
		}
	}
	return nil
}

func veilText(v interface{ Text(string) string }, text string) string {
	if text == "" {
		return ""
	}
	return v.Text(text)
}

// ring is the keys documents are checked with, and the state of rights of
// which they are.
type ring struct {
	rights uint64
	keys   []proof.Key
}

// provedKeys are the keys of the county as this node knows them. Proving each
// takes a signature, so they are kept until a node, a seal or a key changes.
func (s *Server) provedKeys(ctx context.Context) ([]proof.Key, error) {
	rights := s.store.Rights()
	if known := s.ring.Load(); known != nil && known.rights == rights {
		return known.keys, nil
	}
	k, err := s.node.Keyring(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := k.Keys()
	if err != nil {
		return nil, err
	}
	s.ring.Store(&ring{rights, keys})
	return keys, nil
}

// GetKeyring gives the county's trust file.
func (s *Server) GetKeyring(ctx context.Context, _ gen.GetKeyringRequestObject) (gen.GetKeyringResponseObject, error) {
	k, err := s.node.Keyring(ctx)
	return gen.GetKeyring200JSONResponse(k), err
}

// asOf is of when what is known here is: now at a hub, below it the county's
// last word.
func (s *Server) asOf(ctx context.Context) (int64, error) {
	if s.node.Hub() != nil {
		return s.o.Now().UnixMilli(), nil
	}
	if f, ok := s.node.Following(); ok && f.LagMS >= 0 {
		return s.o.Now().UnixMilli() - f.LagMS, nil
	}
	return s.store.LastRecorded(ctx)
}
