package api

import (
	"context"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store"
)

// One form, filled once (一表制):
//
//	GET /api/v1/my/prefill      GetMyPrefill
//	GET /api/v1/figures/papers  GetPaperFigures

// lookedThrough is how many earlier cases a form is filled in from.
const lookedThrough = 20

// GetMyPrefill fills the form of an item, or of a package, in with what is known of the applicant.
func (s *Server) GetMyPrefill(ctx context.Context, in gen.GetMyPrefillRequestObject) (gen.GetMyPrefillResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	owner, err := s.actingFor(ctx, v, in.Params.ActingFor)
	if err != nil {
		return nil, err
	}
	asks, err := s.askingOf(ctx, in.Params.Item, in.Params.Package, in.Params.Items)
	if err != nil {
		return nil, err
	}
	// Of cases in the owner's own name alone: where they acted for somebody else,
	// the form is about that person.
	cases, err := s.store.CasesOf(ctx, owner.Type, owner.Number, func(name string) bool { return owner.Is(owner.Type, owner.Number, name) }, lookedThrough)
	if err != nil {
		return nil, err
	}
	forms, numbers := [][]catalog.FieldValue{ofAccount(owner)}, []string{""}
	for i := range cases {
		forms, numbers = append(forms, cases[i].Form), append(numbers, printed(cases[i].Number))
	}
	out := gen.GetMyPrefill200JSONResponse{Item: asks.code, Version: asks.version, Fields: []gen.PrefilledField{}}
	for _, f := range catalog.Prefill(&asks.form, forms, calendar.DateOf(s.o.Now())) {
		i := slices.IndexFunc(asks.form.Form, func(x catalog.Field) bool { return x.Key == f.Key })
		out.Fields = append(out.Fields, gen.PrefilledField{Key: f.Key, Label: asks.form.Form[i].Label, Value: f.Value, Case: numbers[f.Form]})
	}
	return out, nil
}

// ofAccount is what an account says of who it belongs to, by the keys of forms.
func ofAccount(k *account.Account) []catalog.FieldValue {
	if k.Type == account.Organisation {
		return []catalog.FieldValue{{Key: catalog.KeyApplicantType, Value: catalog.ApplicantLegal}, {Key: "company_name", Value: k.Name}, {Key: catalog.KeyUSCC, Value: k.Number}, {Key: "phone", Value: k.Phone}}
	}
	return []catalog.FieldValue{{Key: catalog.KeyApplicantType, Value: catalog.ApplicantNatural}, {Key: "applicant_name", Value: k.Name}, {Key: catalog.KeyIDType, Value: catalog.ResidentIDCard},
		{Key: catalog.KeyIDNumber, Value: k.Number}, {Key: "phone", Value: k.Phone}}
}

// actingFor is the account for which an applicant acts: their own, or that of an
// organisation that named them.
func (s *Server) actingFor(ctx context.Context, v *Visitor, id string) (*account.Account, error) {
	if id == "" || id == v.ID {
		return v.Account, nil
	}
	mine, err := s.principals(ctx, v)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(mine, func(k account.Account) bool { return k.ID == id })
	if i < 0 {
		return nil, errInvalid.with(fault("acting_for", "unknown"))
	}
	return &mine[i], nil
}

// GetPaperFigures tells by how much sharing lowers what people have to bring.
func (s *Server) GetPaperFigures(ctx context.Context, _ gen.GetPaperFiguresRequestObject) (gen.GetPaperFiguresResponseObject, error) {
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := s.listed(ctx, view, "")
	if err != nil {
		return nil, err
	}
	packages, err := s.store.PackagesInForce(ctx, s.o.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	shared := func(catalog.Material) bool { return true }
	figure := func(code, name string, b catalog.Burden) gen.PaperFigure {
		return gen.PaperFigure{Code: code, Name: name, Demanded: b.Demanded, Asked: b.Asked, SavedPerMille: b.Saved()}
	}
	out := gen.GetPaperFigures200JSONResponse{Items: []gen.PaperFigure{}, Packages: []gen.PaperFigure{}}
	var ofItems, ofPackages catalog.Burden
	var items []*catalog.Item
	slices.SortStableFunc(listed, func(a, b store.ItemVersion) int { return strings.Compare(a.Code, b.Code) })
	for i := range listed {
		items = append(items, &listed[i].Item)
		b := catalog.BurdenOf(&listed[i].Item, shared)
		ofItems = ofItems.Plus(b)
		out.Items = append(out.Items, figure(listed[i].Code, listed[i].Name, b))
	}
	for i := range packages {
		b := catalog.BurdenOfPackage(&packages[i].Package, items, shared)
		ofPackages = ofPackages.Plus(b)
		out.Packages = append(out.Packages, figure(packages[i].Code, packages[i].Name, b))
	}
	out.AllItems, out.AllPackages = figure("", "", ofItems), figure("", "", ofPackages)
	return out, nil
}
