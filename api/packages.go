package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Joint matters in the catalog:
//
//	GET  /api/v1/packages          ListPackages
//	GET  /api/v1/packages/{code}   GetPackage
//	POST /api/v1/packages/import   ImportPackages, at the county
//	POST /api/v1/packages/validate ValidatePackages
//	GET  /api/v1/packages/{code}/versions            ListPackageVersions
//	GET  /api/v1/packages/{code}/versions/{version}  GetPackageVersion
//
// They are approved and published together with items.

// ListPackages lists the packages in force.
func (s *Server) ListPackages(ctx context.Context, in gen.ListPackagesRequestObject) (gen.ListPackagesResponseObject, error) {
	all, err := s.store.PackagesInForce(ctx, s.o.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	out := gen.ListPackages200JSONResponse{Packages: make([]gen.PackageSummary, 0, len(all))}
	for _, p := range all {
		subject, err := s.subjectOfPackage(ctx, &p.Package)
		if err != nil {
			return nil, err
		}
		if !asksFor(in.Params.Subject, subject) {
			continue
		}
		out.Packages = append(out.Packages, gen.PackageSummary{Subject: subject, Code: p.Code, Version: p.Version, Name: p.Name, Description: p.Description,
			LeadDepartment: p.LeadDepartment, AcceptTiers: p.AcceptTiers, Items: p.Items, PromisedWorkingDays: p.CriticalPath})
	}
	return out, nil
}

// asksFor reports whether a kind of applicant may apply for something; nobody in
// particular asks for everything.
func asksFor(who gen.ApplicantType, subject catalog.Subject) bool {
	switch who {
	case gen.TypePerson:
		return subject.Serves(catalog.SubjectNatural)
	case gen.TypeOrganisation:
		return subject.Serves(catalog.SubjectLegal)
	}
	return true
}

// subjectOfPackage is who may apply for a package: for what of it is not optional.
func (s *Server) subjectOfPackage(ctx context.Context, p *catalog.Package) (catalog.Subject, error) {
	var items []catalog.Item
	for _, code := range p.Items {
		if p.Optional(code) {
			continue
		}
		item, err := s.itemInForce(ctx, code)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", err
		}
		items = append(items, item.Item)
	}
	return catalog.NewJoint(p, items).Subject(), nil
}

// GetPackage shows a package with the form and the papers of the items asked
// for.
func (s *Server) GetPackage(ctx context.Context, in gen.GetPackageRequestObject) (gen.GetPackageResponseObject, error) {
	laid, err := s.layOut(ctx, in.Code, in.Params.Items)
	if err != nil {
		return nil, err
	}
	j := laid.joint
	out := gen.GetPackage200JSONResponse{Package: laid.version.Package, Version: laid.version.Version, Hash: laid.version.Hash,
		Form: j.Form, Materials: j.Materials, PromisedWorkingDays: j.Promise(), Subject: j.Subject()}
	versions := map[string]int{}
	for _, v := range laid.items {
		versions[v.Code] = v.Version
	}
	out.Items, out.Burden = jointItems(j, versions)
	return out, nil
}

// jointItems are the items of what is laid out, each with its place in the order,
// and how many papers are asked for instead of how many.
func jointItems(j *catalog.Joint, versions map[string]int) (items []gen.PackageItem, burden gen.PackageBurden) {
	items = []gen.PackageItem{}
	var codes []string
	for _, item := range j.Items {
		codes = append(codes, item.Code)
	}
	for _, item := range j.Items {
		p := gen.PackageItem{Code: item.Code, Version: versions[item.Code], Name: item.Name, Department: item.Department, Stage: j.Package.StageOf(item.Code),
			Optional: j.Package.Optional(item.Code), After: j.Package.After(item.Code, codes), PromisedWorkingDays: item.PromisedWorkingDays}
		for _, o := range j.Package.OptionalItems {
			if o.Item == item.Code {
				p.When = o.When
			}
		}
		items = append(items, p)
		burden.Each += len(item.Materials)
	}
	burden.Once = len(j.Materials)
	return items, burden
}

// laidOut is a package in force with the items asked for.
type laidOut struct {
	version *store.PackageVersion
	items   []*store.ItemVersion
	joint   *catalog.Joint
}

// layOut finds a package in force and what it asks for the items wanted, each in
// the version that is in force; without any, for all of them.
func (s *Server) layOut(ctx context.Context, code string, wanted []string) (*laidOut, error) {
	p, err := s.store.PackageInForce(ctx, code, s.o.Now().UnixMilli())
	if errors.Is(err, store.ErrNotFound) {
		return nil, &store.Refused{Code: "package_unknown", ZH: "没有该一件事，或已下架", EN: "the catalog has no such package in force"}
	}
	if err != nil {
		return nil, err
	}
	for i, w := range wanted {
		if !slices.Contains(p.Items, w) {
			return nil, errInvalid.with(catalog.Fault{Path: pathAt("items", i), Code: catalog.FaultUnknown, ZH: "该事项不在本一件事之内", EN: "the item is not part of the package"})
		}
	}
	laid := &laidOut{version: p}
	var items []catalog.Item
	for _, code := range p.Items {
		if p.Optional(code) && len(wanted) > 0 && !slices.Contains(wanted, code) {
			continue
		}
		item, err := s.itemInForce(ctx, code)
		if errors.Is(err, store.ErrNotFound) && p.Optional(code) && !slices.Contains(wanted, code) {
			continue // not offered any more, and nobody asks for it
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil, &store.Refused{Code: "item_unknown", ZH: "一件事中的事项 " + code + " 已下架，请分别办理其余事项", EN: "item " + code + " of the package is not in force any more; apply for the others one by one"}
		}
		if err != nil {
			return nil, err
		}
		laid.items = append(laid.items, item)
		items = append(items, item.Item)
	}
	laid.joint = catalog.NewJoint(&p.Package, items)
	return laid, nil
}

// ImportPackages drafts the next version of every package of a file that
// changed. Everything is checked before the first entry is made.
func (s *Server) ImportPackages(ctx context.Context, in gen.ImportPackagesRequestObject) (gen.ImportPackagesResponseObject, error) {
	approved, _, err := s.approvedItems(ctx)
	if err != nil {
		return nil, err
	}
	packages, faults := catalog.ParsePackages(requestOf(ctx).file, approved)
	if len(faults) > 0 {
		return nil, errFile.with(faults...)
	}
	latest, err := s.store.LatestPackages(ctx)
	if err != nil {
		return nil, err
	}
	var drafts []Action
	out := gen.ImportPackages200JSONResponse{Drafted: []gen.ItemRef{}}
	for _, p := range packages {
		actor, err := as(ctx, identity.ItemDraft, identity.Target{Department: p.LeadDepartment})
		if err != nil {
			return nil, err
		}
		version, hash := 1, catalog.HashPackage(p)
		key := partKey(in.Params.IdempotencyKey, p.Code)
		first, err := recordedBefore[*ledger.PackageDraftV1](ctx, s, s.actionID(actor, key))
		if err != nil {
			return nil, err
		}
		if first != nil {
			if (*first).Hash != hash {
				return nil, errKeyReused
			}
			drafts = append(drafts, Action{Actor: actor, Kind: ledger.PackageDraft, Key: key, Body: *first})
			out.Drafted = append(out.Drafted, gen.ItemRef{Code: p.Code, Version: (*first).Version})
			continue
		}
		if i := slices.IndexFunc(latest, func(v store.PackageVersion) bool { return v.Code == p.Code }); i >= 0 {
			last := latest[i]
			if last.Hash == hash {
				out.Unchanged++
				continue
			}
			version = last.Version
			if last.Approver != "" {
				version++ // a draft is replaced until it is approved
			}
		}
		drafts = append(drafts, Action{Actor: actor, Kind: ledger.PackageDraft, Key: key,
			Body: &ledger.PackageDraftV1{Code: p.Code, Version: version, Hash: hash, Package: catalog.CanonicalPackage(p)}})
		out.Drafted = append(out.Drafted, gen.ItemRef{Code: p.Code, Version: version})
	}
	return out, s.recordBatch(ctx, in.Params.IdempotencyKey, ledger.PackageDraft, drafts)
}

// GetPackageVersion shows a version of a package as it was drafted.
func (s *Server) GetPackageVersion(ctx context.Context, in gen.GetPackageVersionRequestObject) (gen.GetPackageVersionResponseObject, error) {
	v, err := s.store.Package(ctx, in.Code, in.Version)
	if err != nil {
		return nil, found(err)
	}
	return gen.GetPackageVersion200JSONResponse{Package: v.Package, Version: v.Version, Hash: v.Hash}, nil
}

// ValidatePackages checks a file of packages, and shows what the first of them
// asks for.
func (s *Server) ValidatePackages(ctx context.Context, _ gen.ValidatePackagesRequestObject) (gen.ValidatePackagesResponseObject, error) {
	approved, versions, err := s.approvedItems(ctx)
	if err != nil {
		return nil, err
	}
	file := requestOf(ctx).file
	_, faults := catalog.ParsePackages(file, approved)
	out := gen.ValidatePackages200JSONResponse{Ok: len(faults) == 0, Faults: append([]catalog.Fault{}, faults...),
		Items: []gen.PackageItem{}, Form: []catalog.JointField{}, Materials: []catalog.JointMaterial{}}
	p := catalog.FirstPackage(file)
	if p == nil {
		return out, nil
	}
	var items []catalog.Item
	for _, code := range p.Items {
		i := slices.IndexFunc(approved, func(x catalog.Item) bool { return x.Code == code })
		if i >= 0 && !slices.ContainsFunc(items, func(x catalog.Item) bool { return x.Code == code }) {
			items = append(items, approved[i])
		}
	}
	j := catalog.NewJoint(p, items)
	out.Form, out.Materials, out.PromisedWorkingDays = append(out.Form, j.Form...), append(out.Materials, j.Materials...), j.Promise()
	out.Items, out.Burden = jointItems(j, versions)
	return out, nil
}

// ListPackageVersions lists the versions of a package, newest first.
func (s *Server) ListPackageVersions(ctx context.Context, in gen.ListPackageVersionsRequestObject) (gen.ListPackageVersionsResponseObject, error) {
	view, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.store.PackageVersions(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errNotFound
	}
	return gen.ListPackageVersions200JSONResponse{Versions: view.packageVersions(all)}, nil
}

// approvedItems are the items in their newest approved versions, and which those
// are.
func (s *Server) approvedItems(ctx context.Context) (items []catalog.Item, versions map[string]int, err error) {
	latest, err := s.store.LatestItems(ctx)
	if err != nil {
		return nil, nil, err
	}
	versions = map[string]int{}
	for _, v := range latest {
		for v.Approver == "" && v.Version > 1 {
			before, err := s.store.Item(ctx, v.Code, v.Version-1)
			if err != nil {
				return nil, nil, err
			}
			v = *before
		}
		if v.Approver != "" {
			items = append(items, v.Item)
			versions[v.Code] = v.Version
		}
	}
	return items, versions, nil
}

// approvable is a draft to be approved: of an item, or of a package by its code.
type approvable struct {
	drafter, approver string
	action            Action
}

func (s *Server) approvable(ctx context.Context, actor identity.Actor, ref gen.ItemRef) (*approvable, error) {
	if !catalog.IsPackageCode(ref.Code) {
		v, err := s.store.Item(ctx, ref.Code, ref.Version)
		if err != nil {
			return nil, err
		}
		return &approvable{v.Drafter, v.Approver, Action{Actor: actor, Kind: ledger.ItemApprove,
			Body: &ledger.ItemApproveV1{Code: v.Code, Version: v.Version, Hash: v.Hash, Item: catalog.Canonical(v.Item)}}}, nil
	}
	v, err := s.store.Package(ctx, ref.Code, ref.Version)
	if err != nil {
		return nil, err
	}
	return &approvable{v.Drafter, v.Approver, Action{Actor: actor, Kind: ledger.PackageApprove,
		Body: &ledger.PackageApproveV1{Code: v.Code, Version: v.Version, Hash: v.Hash, Package: catalog.CanonicalPackage(v.Package)}}}, nil
}

// packageVersions shows packages as versions of the catalog, as items are.
func (c *catalogView) packageVersions(all []store.PackageVersion) []gen.ItemVersion {
	var like []store.ItemVersion
	for _, p := range all {
		like = append(like, store.ItemVersion{Item: catalog.Item{Code: p.Code, Name: p.Name}, Version: p.Version, Hash: p.Hash, Drafter: p.Drafter, Approver: p.Approver})
	}
	return c.versions(like)
}

// otherPackage says why a form of another version than the one in force is not
// taken.
func otherPackage(inForce int) error {
	return &store.Refused{Code: "item_changed", ZH: fmt.Sprintf("一件事已更新，现行为第%d版，请按新版本重新核对", inForce),
		EN: fmt.Sprintf("version %d of the package is in force now; check the form again", inForce)}
}
