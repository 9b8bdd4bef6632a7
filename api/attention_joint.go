package api

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/privacy"
	"github.com/tongban/tongban/store"
)

// A hand-in of a package that the county refused made neither a joint matter nor cases:
// it is read from its entry, masked, by those who may read it.

// attentionJoint is what a refused hand-in of a package said; nothing for those who
// may not read it.
func (s *Server) attentionJoint(ctx context.Context, entry string) (gen.AttentionJoint, error) {
	b, err := s.refusedPackage(ctx, entry)
	var standing *store.Refused
	var denied *identity.Denied
	if errors.Is(err, errNotFound) || errors.As(err, &denied) || errors.As(err, &standing) {
		return gen.AttentionJoint{}, nil
	}
	if err != nil {
		return gen.AttentionJoint{}, err
	}
	p, laid, err := s.packageOf(ctx, b)
	if err != nil {
		return gen.AttentionJoint{}, err
	}
	shown := veilOfPackage(laid, b).Content(contentOfPackage(b))
	out := gen.AttentionJoint{Package: b.Package, Version: b.Version, Name: cmp.Or(p.Name, b.Package), Department: b.Department, Division: b.Division,
		Applicant: shown.Applicant, Agent: shown.Agent, Form: shown.Form, Materials: shown.Materials, Items: []string{}, Online: b.Online.Account != ""}
	for _, m := range b.Members {
		name := m.Item
		if i := slices.IndexFunc(laid.Items, func(item catalog.Item) bool { return item.Code == m.Item }); i >= 0 {
			name = laid.Items[i].Name
		}
		out.Items = append(out.Items, name)
	}
	return out, nil
}

// packageOf is the package of a hand-in with what it asks for, as far as this node
// has it: the package may be what is wrong with the hand-in.
func (s *Server) packageOf(ctx context.Context, b *ledger.PackageSubmitV1) (*catalog.Package, *catalog.Joint, error) {
	p, err := s.store.Package(ctx, b.Package, b.Version)
	if errors.Is(err, store.ErrNotFound) {
		return &catalog.Package{}, &catalog.Joint{}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var items []catalog.Item
	for _, m := range b.Members {
		item, err := s.store.Item(ctx, m.Item, m.ItemVersion)
		if errors.Is(err, store.ErrNotFound) {
			continue // what only it asks for stays hidden
		}
		if err != nil {
			return nil, nil, err
		}
		items = append(items, item.Item)
	}
	return &p.Package, catalog.NewJoint(&p.Package, items), nil
}

// veilOfPackage is what hides the people of a hand-in of a package.
func veilOfPackage(laid *catalog.Joint, b *ledger.PackageSubmitV1) *privacy.Veil {
	var asked catalog.Item
	for _, f := range laid.Form {
		asked.Form = append(asked.Form, f.Field)
	}
	for _, m := range laid.Materials {
		asked.Materials = append(asked.Materials, m.Material)
	}
	return privacy.New(asked, contentOfPackage(b))
}

func contentOfPackage(b *ledger.PackageSubmitV1) privacy.Content {
	return privacy.Content{Applicant: b.Applicant, Agent: b.Agent, Form: b.Form, Materials: b.Materials, Applying: b.Applying}
}
