package storetest

import (
	"context"
	"fmt"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// PackageCode is the code of the county's package.
const PackageCode = "PK-90"

// Package is a package of three of the county's items: one that a township
// decides, one that is reviewed at every tier, and, if asked for, one of another
// department that waits for the second's result.
func Package() catalog.Package {
	const birth, welfare, aid = "TB-XZRZ-005", "TB-MZJ-004", "TB-SFJ-001"
	return catalog.Package{Code: PackageCode, Name: "困难家庭添丁一件事", LeadDepartment: "县民政局",
		AcceptTiers:   []node.Tier{node.County, node.Township, node.Village},
		Items:         []string{birth, welfare, aid},
		OptionalItems: []catalog.OptionalItem{{Item: aid, When: "需要法律援助时"}},
		Stages:        []catalog.Stage{{Number: 1, Items: []string{birth, welfare}}, {Number: 2, Items: []string{aid}}},
		Dependencies:  []catalog.Dependency{{Item: aid, After: []string{welfare}, Reason: "以低保证明经济困难"}},
		Internal:      []catalog.InternalResult{{Result: "最低生活保障证", Producer: welfare, Consumers: []string{aid}}},
		CriticalPath:  7}
}

// ApprovePackage drafts and approves a version of a package.
func (c *County) ApprovePackage(p catalog.Package, version int) {
	c.tb.Helper()
	draft := ledger.PackageDraftV1{Code: p.Code, Version: version, Hash: catalog.HashPackage(p), Package: catalog.CanonicalPackage(p)}
	c.hub.MustDo(c.Operator(), &draft)
	approve := ledger.PackageApproveV1(draft)
	c.hub.MustDo(c.SecondOperator(), &approve)
}

// OfferPackage puts the county's package into force, as edition 2.
func (c *County) OfferPackage() {
	c.tb.Helper()
	c.ApprovePackage(Package(), 1)
	c.Publish(2, catalog.EditionItem{Code: PackageCode, Version: 1})
}

// HandIn is a complete hand-in of a package for some of its items as this node's
// desk would make it; its numbers are still missing.
func (n *Node) HandIn(p catalog.Package, items ...string) *ledger.PackageSubmitV1 {
	n.County.tb.Helper()
	b := &ledger.PackageSubmitV1{Package: p.Code, Version: 1, Department: p.LeadDepartment, Division: n.Division(), HandedInAt: n.Division()}
	if n.Credential.Tier == node.County {
		b.Division = "330523110200"
	}
	var asked []catalog.Item
	for _, code := range p.Items {
		if len(items) == 0 || contains(items, code) {
			asked = append(asked, n.County.Item(code))
			b.Members = append(b.Members, ledger.PackageMember{Item: code, ItemVersion: 1})
		}
	}
	b.Form, b.Materials = FillJoint(catalog.NewJoint(&p, asked), 1)
	b.Applicant = ApplicantOf(b.Form)
	return b
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// FillJoint answers all that a package asks and hands in all papers it always
// needs.
func FillJoint(j *catalog.Joint, person int) ([]catalog.FieldValue, []catalog.SubmittedMaterial) {
	all := catalog.Item{Code: j.Package.Code}
	for _, item := range j.Items {
		if item.Subject == catalog.SubjectBoth {
			all.Subject = item.Subject
		}
	}
	for _, f := range j.Form {
		all.Form = append(all.Form, f.Field)
	}
	for _, m := range j.Materials {
		all.Materials = append(all.Materials, m.Material)
	}
	return Form(all, person), Materials(all)
}

// ApplicantOf is who a form says applies.
func ApplicantOf(form []catalog.FieldValue) ledger.Applicant {
	a := ledger.Applicant{Type: "person", Name: "王芳", Phone: "13800000000"}
	for _, v := range form {
		switch v.Key {
		case catalog.KeyIDNumber:
			a.IDNumber = v.Value
		case catalog.KeyUSCC:
			a = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司", IDNumber: v.Value}
		}
	}
	return a
}

// TryHandIn hands a package in, with all its numbers.
func (n *Node) TryHandIn(b *ledger.PackageSubmitV1) (store.Result, error) {
	n.County.tb.Helper()
	id := n.County.nextID(n.ID())
	about := About{ID: id, Case: id, Scope: b.Division}
	actor := n.actorFor(ledger.VerbAccept, b.Department)
	number := func(next func() (int, error)) error {
		set := func(to *string) error {
			counter, err := next()
			if err == nil && *to == "" {
				*to = n.Number(counter)
			}
			return err
		}
		if err := set(&b.Number); err != nil {
			return err
		}
		for i := range b.Members {
			if err := set(&b.Members[i].Number); err != nil {
				return err
			}
		}
		return nil
	}
	if n.Credential.Tier == node.County {
		last, err := n.LastCounter(context.Background(), n.prefix())
		n.County.must(err, "counter")
		n.County.must(number(func() (int, error) { last++; return last, nil }), "numbers")
		return n.Do(actor, b, about)
	}
	return n.Record(context.Background(), store.Draft{ID: id, Stamp: func(seq uint64, counter func(string) (int, error)) (ledger.Entry, error) {
		if err := number(func() (int, error) { return counter(n.prefix()) }); err != nil {
			return ledger.Entry{}, err
		}
		return n.Entry(seq, actor, b, about), nil
	}})
}

// MustHandIn is TryHandIn of what must be taken in.
func (n *Node) MustHandIn(b *ledger.PackageSubmitV1) *joint.Case {
	n.County.tb.Helper()
	r, err := n.TryHandIn(b)
	n.County.must(err, "hand in "+b.Package+" at "+n.ID())
	return n.MustJoint(r.ID)
}

// MustJoint is a joint matter that this node must have.
func (n *Node) MustJoint(id string) *joint.Case {
	n.County.tb.Helper()
	c, err := n.Joint(context.Background(), id)
	n.County.must(err, "joint matter "+id+" at "+n.ID())
	return c
}

// JointStep records an entry of a joint matter's own as the person whose task it
// is.
func (n *Node) JointStep(id string, body ledger.Body) (store.Result, error) {
	n.County.tb.Helper()
	c := n.MustJoint(id)
	about := About{Case: c.ID, Scope: c.Division, Prev: c.Head}
	verb := ledger.VerbAccept
	switch body.(type) {
	case *ledger.PackageSupplementV1, *ledger.PackageWithdrawV1:
		about.Prev = ""
	}
	return n.Do(n.actorFor(verb, c.Department), body, about)
}

// MustJointStep is JointStep of something that must be applied.
func (n *Node) MustJointStep(id string, body ledger.Body) *joint.Case {
	n.County.tb.Helper()
	_, err := n.JointStep(id, body)
	n.County.must(err, fmt.Sprintf("%s of %s at %s", KindOf(body), id, n.ID()))
	return n.MustJoint(id)
}
