package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/onfile"
	"github.com/tongban/tongban/store"
)

// One form, filled once, at a desk (一表制):
//
//	POST /api/v1/records/consents        RecordConsent
//	POST /api/v1/records/withdrawals     WithdrawConsent
//	POST /api/v1/records/lookups         LookUpRecord
//	POST /api/v1/records/trace           TraceRecord
//	POST /api/v1/cases/{id}/papers/void  VoidPaper

// recordCases is through how many of somebody's earlier cases papers are looked
// for, the latest first.
const recordCases = 100

// consentLife is for how many days somebody agrees who says nothing else.
const consentLife = 365

var errNoConsentKnown = &problem{http.StatusNotFound, "consent_missing", "no consent of this person is known here", "本处没有该申请人的同意登记", "请先征得同意并登记；如有疑问请核对证件号码", nil, 0}

// RecordConsent records that somebody agreed in person.
func (s *Server) RecordConsent(ctx context.Context, in gen.RecordConsentRequestObject) (gen.RecordConsentResponseObject, error) {
	at := in.Body.Division
	if at == "" {
		at = s.self.Division
	}
	target := s.thisDesk(ctx)
	target.Division = at
	actor, err := as(ctx, identity.RecordConsent, target)
	if err != nil {
		return nil, err
	}
	who := casework.NormaliseApplicant(ledger.Applicant{Type: string(in.Body.Type), Name: in.Body.Name, IDNumber: in.Body.Number})
	body := &ledger.RecordConsentV1{Consent: uuid.Must(uuid.NewV7()).String(), Type: who.Type, Number: who.IDNumber, Name: who.Name, Division: at,
		Purposes: purposesOf(in.Body.Purposes), Until: s.consentEnd(in.Body.Until), Shown: in.Body.Shown}
	out, err := s.consented(ctx, Action{Actor: actor, Kind: ledger.RecordConsent, Body: body, Key: in.Params.IdempotencyKey})
	return gen.RecordConsent201JSONResponse(out), err
}

// consented records a consent; a repeat is answered with the first.
func (s *Server) consented(ctx context.Context, a Action) (gen.ConsentRecorded, error) {
	recorded, err := s.record(ctx, a)
	if err != nil {
		return gen.ConsentRecorded{}, err
	}
	e, err := s.store.Entry(ctx, recorded.Entry)
	if err != nil {
		return gen.ConsentRecorded{}, err
	}
	body, err := e.Decode()
	if err != nil {
		return gen.ConsentRecorded{}, err
	}
	b, ok := body.(*ledger.RecordConsentV1)
	if !ok {
		return gen.ConsentRecorded{}, errKeyReused
	}
	return gen.ConsentRecorded{Consent: b.Consent, Until: b.Until, Recorded: recorded}, nil
}

func (s *Server) consentEnd(asked calendar.Date) calendar.Date {
	if asked.IsZero() {
		return calendar.DateOf(s.o.Now()).AddDays(consentLife)
	}
	return asked
}

func purposesOf(all []gen.Purpose) []string {
	out := make([]string, len(all))
	for i, p := range all {
		out[i] = string(p)
	}
	return out
}

// WithdrawConsent withdraws all that somebody agreed to.
func (s *Server) WithdrawConsent(ctx context.Context, in gen.WithdrawConsentRequestObject) (gen.WithdrawConsentResponseObject, error) {
	consents, err := s.store.Consents(ctx, string(in.Body.Type), plainNumber(in.Body.Number))
	if err != nil {
		return nil, err
	}
	desk := s.thisDesk(ctx)
	var actor identity.Actor
	consents = slices.DeleteFunc(consents, func(c onfile.Consent) bool {
		desk.Division = c.Division
		who, err := as(ctx, identity.RecordConsent, desk)
		if err == nil {
			actor = who
		}
		return err != nil
	})
	if len(consents) == 0 {
		return nil, errNoConsentKnown
	}
	out, err := s.withdrawn(ctx, actor, consents, in.Body.Reason, in.Params.IdempotencyKey)
	return gen.WithdrawConsent200JSONResponse(out), err
}

// withdrawn withdraws those of somebody's consents that were not, each by an entry
// of its own, for each is known at another place. A repeat counts those that it
// withdrew the first time.
func (s *Server) withdrawn(ctx context.Context, actor identity.Actor, consents []onfile.Consent, reason, key string) (gen.ConsentsWithdrawn, error) {
	var out gen.ConsentsWithdrawn
	for _, c := range consents {
		own := key + ":" + c.ID
		if c.WithdrawnMS > 0 {
			_, err := s.store.Entry(ctx, s.node.ActionID(actor.Staff, own))
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return out, err
			}
		}
		recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.RecordWithdraw, Key: own, Body: &ledger.RecordWithdrawV1{Consent: c.ID, Reason: reason}})
		if err != nil {
			return out, err
		}
		out.Recorded, out.Withdrawn = recorded, out.Withdrawn+1
	}
	if out.Withdrawn == 0 {
		return out, &store.Refused{Code: "consent_withdrawn", ZH: "同意已全部撤回", EN: "everything was withdrawn already"}
	}
	return out, nil
}

// asking is what an item or a package asks for.
type asking struct {
	code, department string
	version          int
	form             catalog.Item
	papers           []askedPaper
}

// askedPaper is a paper of the set, with what each item that it goes to says of
// it.
type askedPaper struct {
	name string
	as   []catalog.Material
}

// servedBy reports whether a paper on file may stand for it, in every item.
func (p askedPaper) servedBy(name string) bool {
	return !slices.ContainsFunc(p.as, func(m catalog.Material) bool { return !m.Reusable() || !catalog.SamePaper(name, m.Name) })
}

// askingOf is what an item in force, or a package, asks for.
func (s *Server) askingOf(ctx context.Context, item, pack string, items []string) (*asking, error) {
	if (item == "") == (pack == "") {
		return nil, errInvalid.with(fault("item", "required"))
	}
	if item != "" {
		v, err := s.itemInForce(ctx, item)
		if err != nil {
			return nil, found(err)
		}
		a := &asking{code: item, version: v.Version, department: v.Department, form: v.Item}
		for _, m := range v.Materials {
			a.papers = append(a.papers, askedPaper{m.Name, []catalog.Material{m}})
		}
		return a, nil
	}
	laid, err := s.layOut(ctx, pack, items)
	if err != nil {
		return nil, err
	}
	a := &asking{code: pack, version: laid.version.Version, department: laid.version.LeadDepartment}
	for _, f := range laid.joint.Form {
		a.form.Form = append(a.form.Form, f.Field)
	}
	for _, m := range laid.joint.Materials {
		asked := askedPaper{name: m.Name}
		for _, code := range m.Items {
			for _, own := range laid.joint.Member(code).Materials {
				if laid.joint.Collects(m.Name, own.Name, code) {
					asked.as = append(asked.as, own)
				}
			}
		}
		a.papers = append(a.papers, asked)
	}
	return a, nil
}

// LookUpRecord shows what is on file of somebody for an item or a package, and has
// it in the ledger first that it was looked at.
func (s *Server) LookUpRecord(ctx context.Context, in gen.LookUpRecordRequestObject) (gen.LookUpRecordResponseObject, error) {
	asks, err := s.askingOf(ctx, in.Body.Item, in.Body.Package, in.Body.Items)
	if err != nil {
		return nil, err
	}
	kind, number, now := string(in.Body.Type), plainNumber(in.Body.Number), s.o.Now().UnixMilli()
	consents, err := s.store.Consents(ctx, kind, number)
	if err != nil {
		return nil, err
	}
	var agreed *onfile.Consent
	var why error = errNoConsentKnown
	for _, c := range slices.Backward(consents) {
		if agreed != nil {
			break
		}
		for _, p := range c.Purposes {
			if agreed, err = onfile.Agreed(consents, c.Name, p, now); err == nil {
				break
			}
			why = err
		}
	}
	if agreed == nil {
		return nil, why
	}
	actor, err := as(ctx, identity.RecordUse, identity.Target{Division: agreed.Division, Department: asks.department})
	if err != nil {
		return nil, err
	}
	out := gen.LookUpRecord200JSONResponse{Consent: agreed.ID, Until: agreed.Until, Purposes: []gen.Purpose{}, Fields: []gen.PrefilledField{}, Papers: []gen.PaperOnFile{}}
	cases, err := s.store.CasesOf(ctx, kind, number, func(name string) bool { return account.SameName(name, agreed.Name) }, recordCases)
	if err != nil {
		return nil, err
	}
	if _, err := onfile.Agreed(consents, agreed.Name, ledger.ConsentPapers, now); err == nil {
		out.Purposes = append(out.Purposes, gen.ForPapers)
		papers, err := s.onFileOf(ctx, cases)
		if err != nil {
			return nil, err
		}
		for _, p := range asks.papers {
			if is := best(papers, p, now); is != nil {
				out.Papers = append(out.Papers, shownPaper(p.name, is, is.Good(now)))
			}
		}
	}
	if _, err := onfile.Agreed(consents, agreed.Name, ledger.ConsentFields, now); err == nil {
		out.Purposes = append(out.Purposes, gen.ForFields)
		who := &account.Account{Type: kind, Name: agreed.Name, Number: number}
		forms, numbers := [][]catalog.FieldValue{ofAccount(who)}, []string{""}
		for i := range cases {
			forms, numbers = append(forms, cases[i].Form), append(numbers, printed(cases[i].Number))
		}
		for _, f := range catalog.Prefill(&asks.form, forms, calendar.DateOf(s.o.Now())) {
			i := slices.IndexFunc(asks.form.Form, func(x catalog.Field) bool { return x.Key == f.Key })
			out.Fields = append(out.Fields, gen.PrefilledField{Key: f.Key, Label: asks.form.Form[i].Label, Value: f.Value, Case: numbers[f.Form]})
		}
	}
	return out, s.looked(ctx, actor, agreed.ID, asks.code)
}

// looked has a look in the ledger; what is not recorded is not shown.
func (s *Server) looked(ctx context.Context, actor identity.Actor, consent, code string) error {
	v, now := view{actor.Staff, consent, code, sha256.Sum256(nil)}, s.o.Now()
	if at, seen := s.views.get(v); seen && now.Sub(at) < sameView && !now.Before(at) {
		return nil
	}
	if _, err := s.record(ctx, Action{Actor: actor, Kind: ledger.RecordLook, Body: &ledger.RecordLookV1{Consent: consent, For: code}}); err != nil {
		return err
	}
	s.views.set(v, now)
	return nil
}

// onFileOf are the papers of cases, those of the latest first.
func (s *Server) onFileOf(ctx context.Context, cases []casework.Case) ([]onfile.Paper, error) {
	var all []onfile.Paper
	for i := range cases {
		papers, err := s.store.PapersOnFile(ctx, &cases[i])
		if err != nil {
			return nil, err
		}
		slices.Reverse(papers)
		all = append(all, papers...)
	}
	return all, nil
}

// best is the paper that stands for one that is asked for: one that is good, for
// longest; else the latest, to say why not. nil when there is none.
func best(papers []onfile.Paper, asked askedPaper, at int64) *onfile.Paper {
	var is *onfile.Paper
	for i := range papers {
		p := &papers[i]
		switch {
		case !asked.servedBy(p.Material):
		case is == nil, is.Good(at) != nil && p.Good(at) == nil, p.Good(at) == nil && p.Until().After(is.Until()):
			is = p
		}
	}
	return is
}

func shownPaper(name string, p *onfile.Paper, why error) gen.PaperOnFile {
	out := gen.PaperOnFile{Material: name, OnFile: p.OnFile, BroughtOn: p.BroughtOn, IssuedOn: p.IssuedOn, ValidUntil: p.Until(), Usable: why == nil}
	var no *casework.Refusal
	if errors.As(why, &no) {
		out.Code, out.WhyZh, out.WhyEn = no.Code, no.ZH, no.EN
	}
	return out
}

// fromFile puts the files of papers on file into what names them. Whether they may
// be used is for whoever takes the hand-in in to say.
func (s *Server) fromFile(ctx context.Context, materials []catalog.SubmittedMaterial) ([]catalog.SubmittedMaterial, error) {
	if !slices.ContainsFunc(materials, isOnFile) {
		return materials, nil
	}
	materials = slices.Clone(materials)
	for i := range materials {
		m := &materials[i]
		if !isOnFile(*m) {
			continue
		}
		m.Form, m.Copies, m.Attachments = catalog.SubmittedElectronic, max(m.Copies, 1), []catalog.AttachmentRef{}
		p, err := s.fileNamed(ctx, m.OnFile)
		if err != nil {
			return nil, err
		}
		if p != nil {
			m.Attachments = p.Attachments
		}
	}
	return materials, nil
}

func isOnFile(m catalog.SubmittedMaterial) bool { return m.OnFile != catalog.OnFile{} }

// broughtOnly refuses papers on file in a supplement.
func broughtOnly(materials []catalog.SubmittedMaterial) error {
	i := slices.IndexFunc(materials, isOnFile)
	if i < 0 {
		return nil
	}
	return errInvalid.with(catalog.Fault{Path: fmt.Sprintf("materials[%d].on_file", i), Code: catalog.FaultConflict, ZH: "补正须提交材料本身；存档材料在收件时使用", EN: "a supplement brings papers; those on file are named at hand-in"})
}

func (s *Server) fileNamed(ctx context.Context, is catalog.OnFile) (*onfile.Paper, error) {
	c, err := s.store.Case(ctx, is.Case)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	papers, err := s.store.PapersOnFile(ctx, c)
	if i := slices.IndexFunc(papers, func(p onfile.Paper) bool { return p.OnFile == is }); i >= 0 {
		return &papers[i], err
	}
	return nil, err
}

// checkOnFile says before anything is handed in what would be refused of papers on
// file.
func (s *Server) checkOnFile(ctx context.Context, who ledger.Applicant, materials []catalog.SubmittedMaterial) error {
	for _, m := range materials {
		if !isOnFile(m) {
			continue
		}
		p, err := s.fileNamed(ctx, m.OnFile)
		if err != nil {
			return err
		}
		consents, err := s.store.Consents(ctx, who.Type, who.IDNumber)
		if err != nil {
			return err
		}
		use := onfile.Use{Type: who.Type, Number: who.IDNumber, Name: who.Name, AtMS: s.o.Now().UnixMilli(), Attachments: m.Attachments}
		if err := onfile.Check(p, consents, use); err != nil {
			return err
		}
	}
	return nil
}

// VoidPaper declares a paper of a case not good any more.
func (s *Server) VoidPaper(ctx context.Context, in gen.VoidPaperRequestObject) (gen.VoidPaperResponseObject, error) {
	c, err := s.readableCase(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, identity.PaperVoid, targetOf(c))
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.PaperVoid, Case: c.ID, Key: in.Params.IdempotencyKey,
		Body: &ledger.PaperVoidV1{Brought: in.Body.Brought, Material: in.Body.Material, Reason: in.Body.Reason}})
	return gen.VoidPaper200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}
