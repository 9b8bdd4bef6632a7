package joint

import (
	"errors"
	"strings"
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// A package is offered to exactly those from whom its hand-in is taken.
func TestPackagesAreOfferedToWhoMayApply(t *testing.T) {
	items, packages := shipped(t)
	seen := map[catalog.Subject]bool{}
	for i := range packages {
		p := &packages[i]
		p.AcceptTiers = []node.Tier{node.County} // where it is taken in is not what this is about
		var asked []string
		for _, code := range p.Items {
			if !p.Optional(code) {
				asked = append(asked, code)
			}
		}
		for who, applicant := range map[catalog.Subject]ledger.Applicant{
			catalog.SubjectNatural: {Type: "person", Name: "王芳", IDNumber: "330599200103152464"},
			catalog.SubjectLegal:   {Type: "organisation", Name: "甲子茶业有限公司", IDNumber: "91330599MA000TB146"}} {
			e, b, own, from := handIn(t, p, items, asked)
			b.Applicant = applicant
			kind := map[string]string{"person": catalog.ApplicantNatural, "organisation": catalog.ApplicantLegal}[applicant.Type]
			b.Form = append(b.Form, catalog.FieldValue{Key: catalog.KeyApplicantType, Value: kind})
			_, _, err := Open(e, b, p, own, from, catalog.DefaultLimits())
			taken := true
			var no *casework.Incomplete
			if errors.As(err, &no) {
				for _, f := range no.Faults {
					taken = taken && !(f.Path == "applicant.type" && strings.HasPrefix(f.EN, "only "))
				}
			}
			subject := catalog.NewJoint(p, own).Subject()
			seen[subject] = true
			if subject.Serves(who) != taken {
				t.Errorf("%s (%s) is for %s, and taken from %s: %v (%v)", p.Code, p.Name, subject, who, taken, err)
			}
		}
	}
	if !seen[catalog.SubjectNatural] || !seen[catalog.SubjectLegal] || !seen[catalog.SubjectBoth] {
		t.Errorf("the packages are for %v", seen)
	}
}
