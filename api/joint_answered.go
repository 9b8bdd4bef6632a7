package api

import (
	"context"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// What the one notice of a joint matter asks for, and whether it was brought: at home,
// at a window, for all of its cases or for one.

// answered tells that everything a joint matter's notice asks for was brought, since
// when, and which windows are to say what becomes of it; nothing while something is
// still to come.
func (s *Server) answered(ctx context.Context, c *joint.Case, members []*casework.Case) (gen.JointAnswered, error) {
	var none gen.JointAnswered
	if c.StatusOf(members) != joint.Supplementing {
		return none, nil
	}
	var asked, came []joint.Said
	for _, m := range members {
		entries, err := s.store.Timeline(ctx, m.ID)
		if err != nil {
			return none, err
		}
		skew, place := map[string]int64{}, map[string]int{} // by entry
		for i := range entries {
			e := &entries[i]
			skew[e.ID], place[e.ID] = e.SkewMS, i
			for _, p := range askedBy(e, m.ID) {
				asked = append(asked, joint.Said{Case: m.ID, Name: p.Material + p.Field, At: i, AtMS: e.OccurredAt - e.SkewMS})
			}
		}
		own, _ := supplements(entries)
		brought, err := s.broughtForAll(ctx, m, entries, own)
		if err != nil {
			return none, err
		}
		for _, b := range brought {
			at := b.At - skew[b.Entry]
			for _, p := range b.Materials {
				came = append(came, joint.Said{Case: m.ID, Name: p.Name, At: place[b.Entry], AtMS: at})
			}
			for _, v := range b.Form {
				came = append(came, joint.Said{Case: m.ID, Name: v.Key, At: place[b.Entry], AtMS: at})
			}
		}
	}
	a := c.Answered(members, asked, came)
	if a == nil {
		return none, nil
	}
	out := gen.JointAnswered{SinceMs: a.SinceMS}
	for _, m := range a.Windows {
		out.Windows = append(out.Windows, gen.JointWindow{Department: m.Department, ItemName: m.ItemName})
	}
	return out, nil
}

// askedBy is what a notice of a joint matter says of one of its cases.
func askedBy(e *store.EntryView, id string) (points []ledger.SupplementPoint) {
	if e.Kind != ledger.PackageNotice || e.Status == ledger.Refused {
		return nil
	}
	body, err := e.Decode()
	if err != nil {
		return nil // it was checked when it came
	}
	for _, m := range body.(*ledger.PackageNoticeV1).Members {
		if m.Case == id {
			points = append(points, m.Points...)
		}
	}
	return points
}

// jointStatus is how far a joint matter has come, in Chinese.
func jointStatus(status joint.Status, a gen.JointAnswered) string {
	if len(a.Windows) > 0 {
		return "已补正，待窗口受理"
	}
	return jointStatusZH[status]
}

// departments are those of the windows that a joint matter waits for, each once.
func departments(windows []gen.JointWindow) []string {
	var names []string
	for _, w := range windows {
		if !slices.Contains(names, w.Department) {
			names = append(names, w.Department)
		}
	}
	return names
}

// jointPoints are the points of a joint matter's notice under the names by which its
// papers are collected and its questions asked: what is brought goes by those.
func (s *Server) jointPoints(ctx context.Context, c *joint.Case) ([]ledger.SupplementPoint, error) {
	if c.Notice == nil {
		return nil, nil
	}
	j, err := s.layOutOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return asCollected(c, j, c.NoticeMembers), nil
}

func asCollected(c *joint.Case, j *catalog.Joint, told []ledger.MemberPoints) []ledger.SupplementPoint {
	var all []ledger.SupplementPoint
	for _, m := range told {
		i := slices.IndexFunc(c.Members, func(is joint.Member) bool { return is.Case == m.Case })
		if i < 0 {
			continue
		}
		for _, p := range m.Points {
			p.Material, p.Field = j.Asked(p.Material, p.Field, c.Members[i].Item)
			all = append(all, p)
		}
	}
	return all
}

// layOutOf is what the package asked for, in the versions that a joint matter is
// bound to.
func (s *Server) layOutOf(ctx context.Context, c *joint.Case) (*catalog.Joint, error) {
	p, err := s.store.Package(ctx, c.Package, c.Version)
	if err != nil {
		return nil, err
	}
	items := make([]catalog.Item, 0, len(c.Members))
	for _, m := range c.Members {
		item, err := s.store.Item(ctx, m.Item, m.Version)
		if err != nil {
			return nil, err
		}
		items = append(items, item.Item)
	}
	return catalog.NewJoint(&p.Package, items), nil
}

// broughtSince is what was brought for a joint matter and not asked for again since.
func broughtSince(c *joint.Case, j *catalog.Joint, entries []store.EntryView) []gen.CaseSupplement {
	var since []gen.CaseSupplement
	for i := range entries {
		e := &entries[i]
		if e.Status == ledger.Refused || e.Kind != ledger.PackageNotice && e.Kind != ledger.PackageSupplement {
			continue
		}
		body, err := e.Decode()
		if err != nil {
			continue // it was checked when it came
		}
		switch b := body.(type) {
		case *ledger.PackageNoticeV1:
			since = without(since, asCollected(c, j, b.Members))
		case *ledger.PackageSupplementV1:
			since = append(since, gen.CaseSupplement{Entry: e.ID, At: e.OccurredAt, By: e.Actor, Materials: b.Materials, Form: b.Form})
		}
	}
	return since
}

// without leaves out what points ask for.
func without(brought []gen.CaseSupplement, points []ledger.SupplementPoint) []gen.CaseSupplement {
	var kept []gen.CaseSupplement
	for _, b := range brought {
		b.Materials = slices.DeleteFunc(slices.Clone(b.Materials), func(m catalog.SubmittedMaterial) bool {
			return slices.ContainsFunc(points, func(p ledger.SupplementPoint) bool { return p.Material == m.Name })
		})
		b.Form = slices.DeleteFunc(slices.Clone(b.Form), func(v catalog.FieldValue) bool {
			return slices.ContainsFunc(points, func(p ledger.SupplementPoint) bool { return p.Field == v.Key })
		})
		if len(b.Materials)+len(b.Form) > 0 {
			kept = append(kept, b)
		}
	}
	return kept
}
