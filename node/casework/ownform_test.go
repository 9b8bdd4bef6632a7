package casework

import (
	"slices"
	"testing"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/catalog/catalogtest"
	"github.com/tongban/tongban/node/ledger"
)

// Whoever the form asks for is the applicant, or the agent where it asks for who comes;
// of all shipped items each way to hand in that is lawful passes.
func TestOtherPerson(t *testing.T) {
	person := ledger.Applicant{Type: "person", Name: "王芳", IDNumber: "33059919850412005X"}
	firm := ledger.Applicant{Type: "organisation", Name: "梅溪竹业（集团）有限公司", IDNumber: "91330599MA000TB146"}
	other := map[string]string{keyApplicantName: "李强", catalog.KeyIDNumber: "330599200103152464", catalog.KeyUSCC: "92330599MA0TB002XF"}
	held := map[string]int{}
	items := catalogtest.Items(t)
	for i := range items {
		item := &items[i]
		for _, a := range []ledger.Applicant{person, firm} {
			own := map[string]string{keyApplicantName: a.Name, catalog.KeyIDNumber: a.IDNumber, catalog.KeyUSCC: a.IDNumber}
			var form []catalog.FieldValue
			for _, f := range item.Form {
				if value := own[f.Key]; value != "" && (f.Key != catalog.KeyIDNumber || a.Type == "person") && (f.Key != catalog.KeyUSCC || a.Type == "organisation") {
					form = append(form, catalog.FieldValue{Key: f.Key, Value: value})
				}
			}
			if faults := OtherPerson(a, ledger.Agent{}, form, item); len(faults) > 0 {
				t.Errorf("%s for %s: %+v", item.Code, a.Name, faults)
			}
			for j := range form {
				key := form[j].Key
				wrong := slices.Clone(form)
				wrong[j].Value = other[key]
				faults := OtherPerson(a, ledger.Agent{Name: "赵六"}, wrong, item)
				if len(faults) == 0 {
					continue
				}
				held[key+" "+a.Type]++
				if len(faults) != 1 || faults[0].Path != "form."+key || faults[0].Code != catalog.FaultPerson {
					t.Errorf("%s: %+v", item.Code, faults)
				}
			}
		}
	}
	for key, least := range map[string]int{"applicant_name person": 200, "applicant_name organisation": 200, "id_number person": 130, "uscc organisation": 140} {
		if held[key] < least {
			t.Errorf("%s is held against the applicant in %d items, want %d", key, held[key], least)
		}
	}

	form := func(label string) *catalog.Item {
		return &catalog.Item{Form: []catalog.Field{{Key: keyApplicantName, Label: label}, {Key: catalog.KeyIDNumber, Label: "居民身份证号码"}, {Key: catalog.KeyIDType, Label: "证件类型"}}}
	}
	name := func(n string) []catalog.FieldValue { return []catalog.FieldValue{{Key: keyApplicantName, Value: n}} }
	li := ledger.Agent{Name: "李强"}
	for what, c := range map[string]struct {
		a     ledger.Applicant
		agent ledger.Agent
		form  []catalog.FieldValue
		items []*catalog.Item
		fits  bool
	}{
		"a husband's name, the wife applying":         {person, ledger.Agent{}, name("李强"), []*catalog.Item{form("男方姓名")}, true},
		"a husband's in one item of two":              {person, ledger.Agent{}, name("李强"), []*catalog.Item{form("申请人姓名"), form("男方姓名")}, true},
		"another's in both":                           {person, ledger.Agent{}, name("李强"), []*catalog.Item{form("申请人姓名"), form("申请人姓名（名称）")}, false},
		"who comes, being the agent":                  {person, li, name("李强"), []*catalog.Item{form(handlerLabel)}, true},
		"who comes, being neither":                    {person, ledger.Agent{}, name("李强"), []*catalog.Item{form(handlerLabel)}, false},
		"who comes for a firm":                        {firm, ledger.Agent{}, name("李强"), []*catalog.Item{form(handlerLabel)}, true},
		"brackets of the other width":                 {firm, ledger.Agent{}, name("梅溪竹业(集团)有限公司"), []*catalog.Item{form("单位名称")}, true},
		"the agent in the applicant's place":          {person, li, name("李强"), []*catalog.Item{form("申请人姓名")}, false},
		"a passport beside what is no ID number":      {ledger.Applicant{Type: "person", Name: "ANNA", IDNumber: "E12345678"}, ledger.Agent{}, []catalog.FieldValue{{Key: catalog.KeyIDType, Value: "护照"}, {Key: catalog.KeyIDNumber, Value: "330599200103152464"}}, []*catalog.Item{form("申请人姓名")}, true},
		"nothing yet, which is told as missing alone": {ledger.Applicant{Type: "person"}, ledger.Agent{}, name("李强"), []*catalog.Item{form("申请人姓名")}, true},
	} {
		if faults := OtherPerson(c.a, c.agent, c.form, c.items...); (len(faults) == 0) != c.fits {
			t.Errorf("%s: %+v", what, faults)
		}
	}
}

// A slip is put right; another person is not made of the applicant.
func TestCheckCorrection(t *testing.T) {
	was := ledger.Applicant{Name: "王芳", IDNumber: "33059919850412005X"}
	for _, c := range []struct {
		name, number string
		fits         bool
	}{
		{"王芳", "330599200103152464", true}, {"李强", "33059919850412005X", true}, {"王方", "330599198504120068", true}, {"李强", "330599200103152464", false}, {"王方", "330599200103152464", false},
	} {
		if err := CheckCorrection(was, ledger.Applicant{Name: c.name, IDNumber: c.number}); (err == nil) != c.fits {
			t.Errorf("%s %s: %v", c.name, c.number, err)
		}
	}
	if err := CheckCorrection(ledger.Applicant{Name: "王芳"}, ledger.Applicant{Name: "李强", IDNumber: "330599200103152464"}); err != nil {
		t.Errorf("where there was no number: %v", err)
	}
}
