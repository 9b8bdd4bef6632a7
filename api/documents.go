package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/proof"
)

// The papers of a case and of an item:
//
//	GET /api/v1/cases/{id}/documents         ListCaseDocuments
//	GET /api/v1/cases/{id}/documents/{kind}  GetCaseDocument
//	GET /api/v1/items/{code}/sheet           GetItemSheet
//	GET /api/v1/items/{code}/sample          GetPaperSample

// ListCaseDocuments lists the documents that a case has.
func (s *Server) ListCaseDocuments(ctx context.Context, in gen.ListCaseDocumentsRequestObject) (gen.ListCaseDocumentsResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	item, err := s.store.Item(ctx, c.Item, c.ItemVersion)
	if err != nil {
		return nil, found(err)
	}
	out := gen.ListCaseDocuments200JSONResponse{Documents: []gen.DocumentTitle{}}
	for _, k := range document.Ready(c) {
		out.Documents = append(out.Documents, titlesOf(k, c, &item.Item)...)
	}
	account, err := s.store.FeeAccount(ctx, c)
	if err != nil {
		return nil, err
	}
	results, err := s.store.Results(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, k := range document.ResultKinds {
		if document.NthResult(k, results) > 0 {
			out.Documents = append(out.Documents, titleOf(k, c, &item.Item))
		}
	}
	if account.Charged() {
		out.Documents = append(out.Documents, titleOf(document.PaymentNotice, c, &item.Item))
	}
	return out, nil
}

func titleOf(k document.Kind, c *casework.Case, item *catalog.Item) gen.DocumentTitle {
	_, due := document.SealedBy(k, c)
	return gen.DocumentTitle{Kind: k, Title: document.Title(k, item), TakesSeal: due}
}

// titlesOf are the documents of a kind that a case has, in the order in which they came.
func titlesOf(k document.Kind, c *casework.Case, item *catalog.Item) (titles []gen.DocumentTitle) {
	n := document.Nth(k, c)
	for nth := 1; nth <= n; nth++ {
		title := titleOf(k, c, item)
		if n > 1 {
			title.Nth, title.Title = nth, fmt.Sprintf("%s（%d）", title.Title, nth)
			if k == document.SpecialProcedureNotice {
				title.Title += c.Suspensions[nth-1].Procedure
			}
		}
		titles = append(titles, title)
	}
	return titles
}

// GetCaseDocument makes a document of a case. It is handed to the applicant, so
// that nothing in it is masked, and who made it is logged.
func (s *Server) GetCaseDocument(ctx context.Context, in gen.GetCaseDocumentRequestObject) (gen.GetCaseDocumentResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	subject, err := s.subjectOf(ctx, c, in.Kind)
	if err != nil {
		return nil, err
	}
	subject.Nth = in.Params.Nth
	d, err := s.makeDocument(ctx, in.Kind, subject)
	if err != nil {
		return nil, err
	}
	if err := s.reveal(ctx, c, ledger.RevealDocument+string(in.Kind), in.Params.TongbanWhy); err != nil {
		return nil, err
	}
	if asPage(string(in.Params.Format)) {
		page, err := markedPage(d, pageMark{Mark: lookedAt})
		return printedPage(page), err
	}
	return gen.GetCaseDocument200JSONResponse{DocumentAnswerJSONResponse: gen.DocumentAnswerJSONResponse(*d)}, nil
}

// GetItemSheet makes the notice sheet of an item as an office offers it.
func (s *Server) GetItemSheet(ctx context.Context, in gen.GetItemSheetRequestObject) (gen.GetItemSheetResponseObject, error) {
	v, err := s.itemAt(ctx, in.Code, 0)
	if err != nil {
		return nil, err
	}
	overlays, err := s.store.Overlays(ctx, v.Code)
	if err != nil {
		return nil, err
	}
	office := in.Params.Office
	if office == "" {
		office = s.self.Division
	}
	if err := unknownMaterials(&v.Item, in.Params.Missing); err != nil {
		return nil, err
	}
	offered := v.Item.With(chain(overlays, office)...)
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	issuer := document.Issuer{Centre: places.centre(office, s.name(ctx)), Department: places.authority(v.Department, office), Supervision: s.o.SupervisionPhone}
	if clerk := requestOf(ctx).actor; clerk != nil { // handed out at a window, and not printed at home
		issuer.Clerk = fmt.Sprintf("%s（工号 %s）", clerk.Name, clerk.Staff)
	}
	d := document.Sheet(offered, issuer,
		places.centres(office), calendar.DateOf(s.o.Now()), in.Params.Missing)
	d.Lines = append(d.Lines, document.Line{Label: "网页", Value: s.itemPage(v.Code)})
	if asPage(string(in.Params.Format)) {
		code, err := s.sheetCode(d)
		if err != nil {
			return nil, err
		}
		page, err := markedPage(d, pageMark{Code: code})
		return printedPage(page), err
	}
	return gen.GetItemSheet200JSONResponse{DocumentAnswerJSONResponse: gen.DocumentAnswerJSONResponse(*d)}, nil
}

// itemPage is where an item's page is: at this node's address on its local network
// where it is told one, else below whatever address people reach it by. What a request
// calls this node is not written on a paper that it signs.
func (s *Server) itemPage(code string) string {
	page := "/items/" + url.PathEscape(code)
	if len(s.o.LAN) > 0 {
		return strings.TrimSuffix(s.o.LAN[0], "/") + page
	}
	return "本中心政务服务网站 " + page
}

// GetPaperSample shows how a paper of an item has to look.
func (s *Server) GetPaperSample(ctx context.Context, in gen.GetPaperSampleRequestObject) (gen.GetPaperSampleResponseObject, error) {
	v, err := s.itemAt(ctx, in.Code, 0)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(v.Materials, func(m catalog.Material) bool { return m.Name == in.Params.Material })
	if i < 0 || !v.Materials[i].HasSample() {
		return nil, errNoSample
	}
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	issuer := document.Issuer{Centre: places.centre(s.self.Division, s.name(ctx)), Department: places.authority(v.Department, s.self.Division)}
	d := document.Sample(&v.Item, &v.Materials[i], issuer, calendar.DateOf(s.o.Now()))
	if asPage(string(in.Params.Format)) {
		return printedPage(pageOf(d, "", pageMark{Mark: "样本"})), nil
	}
	return gen.GetPaperSample200JSONResponse{DocumentAnswerJSONResponse: gen.DocumentAnswerJSONResponse(*d)}, nil
}

var errNoSample = &problem{http.StatusNotFound, "no_sample", "there is no specimen of this paper", "该材料没有样本", "请按材料清单的要求准备，或向窗口咨询", nil, 0}

// sheetCode is the code of a notice sheet, signed by this node: it is of no
// case, and nothing is kept of it.
func (s *Server) sheetCode(d *document.Document) (string, error) {
	code, err := proof.Of(d, ledger.Applicant{}, 1)
	if err != nil {
		return "", err
	}
	if err := s.node.SignCode(&code); err != nil {
		return "", err
	}
	return code.Text()
}

// makeDocument makes a document of a case; the payment notice is of its account.
func (s *Server) makeDocument(ctx context.Context, k document.Kind, subject document.Subject) (*document.Document, error) {
	if k.AboutResults() {
		results, err := s.store.Results(ctx, subject.Case)
		if err != nil {
			return nil, err
		}
		return document.MakeResult(k, subject, results)
	}
	if k != document.PaymentNotice {
		return document.Make(k, subject)
	}
	account, err := s.store.FeeAccount(ctx, subject.Case)
	if err != nil {
		return nil, err
	}
	if len(account) > 0 {
		list, err := s.store.FeeList(ctx, subject.Case, account[len(account)-1].AtMS)
		if err != nil {
			return nil, err
		}
		subject.Item = list
	}
	return document.MakePayment(subject, account)
}

// subjectOf is a case with what one of its documents needs.
func (s *Server) subjectOf(ctx context.Context, c *casework.Case, k document.Kind) (document.Subject, error) {
	item, days, err := s.itemAndDays(ctx, c)
	if err != nil {
		return document.Subject{}, err
	}
	limits, err := c.Limits(item, days)
	var missing *calendar.MissingYearError
	if err != nil && !errors.As(err, &missing) {
		return document.Subject{}, err // without a calendar the dates that were told stand
	}
	if limits, err = s.heardLimits(ctx, c, limits); err != nil {
		return document.Subject{}, err
	}
	by := document.By(k, c)
	overlays, err := s.store.Overlays(ctx, item.Code)
	if err != nil {
		return document.Subject{}, err
	}
	places, err := s.places(ctx)
	if err != nil {
		return document.Subject{}, err
	}
	submitted, err := s.store.Entry(ctx, c.OpenedBy())
	if err != nil {
		return document.Subject{}, found(err)
	}
	offered := item.With(chain(overlays, by)...)
	matter := c.Division
	if matter.Township() == "" {
		matter = c.HandedInAt
	}
	return document.Subject{Case: c, QueryCode: proof.QueryCode(&submitted.Entry), Item: item, Limits: limits, Calendar: days, Government: places.government(s.self.County()), Issuer: document.Issuer{
		Centre: places.centre(by, s.name(ctx)), Department: places.authority(c.Department, matter),
		Window: offered.Window, Phone: offered.Item.Phone, Supervision: s.o.SupervisionPhone}}, nil
}

// unknownMaterials refuses names that an item's materials do not have: ticking
// nothing would pass for nothing missing.
func unknownMaterials(item *catalog.Item, names []string) error {
	var faults []catalog.Fault
	for i, name := range names {
		if !slices.ContainsFunc(item.Materials, func(m catalog.Material) bool { return m.Name == name }) {
			faults = append(faults, catalog.Fault{Path: pathAt("missing", i), Code: catalog.FaultUnknown,
				ZH: "该事项没有材料“" + name + "”，材料名称见办事指南", EN: "the item has no material " + name + "; its guide names them"})
		}
	}
	if len(faults) > 0 {
		return errInvalid.with(faults...)
	}
	return nil
}

func asPage(format string) bool { return format == "html" }

// printedPage is a document as a page. It answers by itself: what is generated
// names neither the encoding nor the policy that lets the page have its style.
type printedPage []byte

func (p printedPage) VisitGetCaseDocumentResponse(w http.ResponseWriter) error { return p.write(w) }
func (p printedPage) VisitGetItemSheetResponse(w http.ResponseWriter) error    { return p.write(w) }
func (p printedPage) VisitGetPaperSampleResponse(w http.ResponseWriter) error  { return p.write(w) }

func (p printedPage) VisitGetTransferDocumentResponse(w http.ResponseWriter) error {
	return p.write(w)
}

func (p printedPage) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", printPolicy)
	_, err := w.Write(p)
	return err
}

// errDocumentNotYet says that a case has not come so far.
var errDocumentNotYet = &problem{http.StatusConflict, "document_not_yet", "the case has not come so far that this document exists", "办件还没有到出具该文书的环节", "可出具的文书见文书目录", nil, 0}
