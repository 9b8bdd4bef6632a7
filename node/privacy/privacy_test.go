package privacy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

const (
	theName    = "欧阳小芳"
	theID      = "33059919850412005X"
	thePhone   = "13800000000"
	theAddress = "安吉县梅溪镇荆湾村3组12号"
	theAccount = "6222021205001234567"
)

// item has a field of every type, and keys of every rule.
var item = catalog.Item{
	Form: []catalog.Field{
		{Key: "applicant_name", Type: catalog.TypeString}, {Key: "agent_name", Type: catalog.TypeString},
		{Key: "id_number", Type: catalog.TypeIDNumber}, {Key: "phone", Type: catalog.TypePhone}, {Key: "address", Type: catalog.TypeAddress},
		{Key: "bank_account", Type: catalog.TypeString}, {Key: "uscc", Type: catalog.TypeUSCC}, {Key: "project_name", Type: catalog.TypeString},
		{Key: "village_name", Type: catalog.TypeString}, {Key: "disability_type", Type: catalog.TypeEnum}, {Key: "family_income", Type: catalog.TypeNumber},
		{Key: "child_name", Type: catalog.TypeString}, {Key: "child_id_number", Type: catalog.TypeIDNumber}, {Key: "birth_date", Type: catalog.TypeDate},
		{Key: "start_date", Type: catalog.TypeDate}, {Key: "reason", Type: catalog.TypeText}, {Key: "build_content", Type: catalog.TypeText},
		{Key: "employer", Type: catalog.TypeString}, {Key: "apply_kind", Type: catalog.TypeEnum}, {Key: "newly_added", Type: catalog.TypeString},
		{Key: "marriage_cert_no", Type: catalog.TypeString}, {Key: "building_area", Type: catalog.TypeNumber},
	},
	Materials: []catalog.Material{{Name: "居民身份证"}},
}

func person() Content {
	return Content{
		Applicant: ledger.Applicant{Type: "person", Name: theName, IDNumber: theID, Phone: thePhone},
		Form: []catalog.FieldValue{{Key: "applicant_name", Value: theName}, {Key: "agent_name", Value: "张三丰"}, {Key: "id_number", Value: theID},
			{Key: "phone", Value: thePhone}, {Key: "address", Value: theAddress}, {Key: "bank_account", Value: theAccount},
			{Key: "disability_type", Value: "听力残疾"}, {Key: "employer", Value: "梅溪竹器厂"}},
		Documents: []ledger.IssuedDocument{{Name: theName + "的登记单", Number: "2026-000045"}},
	}
}

// Rules: 9.5, 9.6, 9.7, 9.8, 9.9.
func TestFields(t *testing.T) {
	v := New(item, person())
	for _, row := range []struct{ key, value, want string }{
		{"applicant_name", theName, "欧**"},
		{"agent_name", "张三丰", "张**"},
		{"id_number", theID, "**************005X"},
		{"phone", thePhone, "138****0000"},
		{"address", theAddress, "安吉县梅溪镇荆湾村***"},
		{"bank_account", theAccount, "***************4567"},
		{"uscc", "91330599MA000TB146", "91330599MA000TB146"},
		{"project_name", "竹林步道", "竹林步道"},
		{"project_name", theName + "住宅", "欧**住宅"},
		{"village_name", "荆湾村", "荆湾村"},
		{"start_date", "2026-11-24", "2026-11-24"},
		{"apply_kind", "新办", "新办"},
		{"building_area", "120.5", "120.5"},
		{"build_content", "两层，联系" + thePhone, "两层，联系****"},
		{"disability_type", "听力残疾", Hidden},
		{"family_income", "32000", Hidden},
		{"child_name", "欧阳一", Hidden},
		{"child_id_number", "330599201503152464", Hidden},
		{"birth_date", "1985-04-12", Hidden},
		{"reason", "家里有病人", Hidden},
		{"employer", "梅溪竹器厂", Hidden},
		{"newly_added", "随便写的", Hidden},
		{"marriage_cert_no", "J330523-2010-000001", Hidden},
		{"not_in_the_item", "随便写的", Hidden},
		{"reason", "", ""},
	} {
		if got := v.Form([]catalog.FieldValue{{Key: row.key, Value: row.value}})[0].Value; got != row.want {
			t.Errorf("%s %q is shown as %q, want %q", row.key, row.value, got, row.want)
		}
	}
	unknown := New(catalog.Item{}, person())
	for _, f := range unknown.Form(person().Form) {
		if f.Value != Hidden {
			t.Errorf("of an item that is not known %s is shown as %q", f.Key, f.Value)
		}
	}
}

func TestText(t *testing.T) {
	v := New(item, person())
	v.Name("王二小")
	number, err := casework.NewNumber("330523110200", calendar.DateOf(time.Unix(1795000000, 0)), 1, 45)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ rule, text, want string }{
		{"applicant", "欧阳小芳材料齐全", "欧**材料齐全"},
		{"spaced name", "欧阳 小　芳、欧阳·小芳", "欧**、欧**"},
		{"agent", "由张三丰代办", "由张**代办"},
		{"recipient", "王二小签收", "王**签收"},
		{"ID number", "证号33059919850412005x核过", "证号****核过"},
		{"ID number in groups", "330599 19850412 005X", "****"},
		{"full-width ID number", "３３０５９９１９８５０４１２００５Ｘ", "****"},
		{"phone with hyphens", "电话138-0000-0000。", "电话****。"},
		{"address", "住安吉县梅溪镇荆湾村3组12号", "住安吉县梅溪镇荆湾村***"},
		{"the house alone", "荆湾村3组12号", "荆湾村***"},
		{"account", "打到6222 0212 0500 1234 567", "打到****"},
		{"hidden choice", "系听力残疾，符合条件", "系****，符合条件"},
		{"hidden text", "在梅溪竹器厂上班", "在****上班"},
		{"another's ID of 18", "配偶330599200103152464", "配偶****"},
		{"another's ID of 15", "旧证330599850412005", "旧证****"},
		{"another's mobile", "邻居13911112222说", "邻居****说"},
		{"landline", "0572-5123467", "****"},
		{"landline, local", "打5123467", "打****"},
		{"another's account", "6228480031234567", "****"},
		{"birth date together", "19850412生", "****生"},
		{"invisible characters", "138\u200b0000\u20600000", "****"},
		{"date stays", "2026-11-24 前补齐", "2026-11-24 前补齐"},
		{"amount stays", "补助32000元，120.5㎡", "补助32000元，120.5㎡"},
		{"case number stays", "见" + number.String() + "和" + number.Compact(), "见" + number.String() + "和" + number.Compact()},
		{"rest stays", "材料齐全，符合条件。", "材料齐全，符合条件。"},
		{"damage", "欧阳小芳\xff\xfe", "欧**\xff\xfe"},
		{"", "", ""},
	} {
		if got := v.Text(row.text); got != row.want {
			t.Errorf("%s: %q is shown as %q, want %q", row.rule, row.text, got, row.want)
		}
	}
	if got := Text("欧阳小芳 13800000000"); got != "欧阳小芳 ****" {
		t.Errorf("without a case: %q", got)
	}
}

// Rules: 9.12.
func TestContent(t *testing.T) {
	c := person()
	c.Materials = []catalog.SubmittedMaterial{{Name: "居民身份证", Attachments: []catalog.AttachmentRef{{Name: theName + ".jpg", Type: "image/jpeg"}, {Name: thePhone + ".pdf", Type: "application/pdf"}}},
		{Name: theName + "的信", Attachments: []catalog.AttachmentRef{{Name: "x", Type: "text/odd"}}}}
	c.Applying = []string{"居民身份证", "欧阳小芳说的"}
	before := fmt.Sprint(c)
	got := New(item, c).Content(c)
	if fmt.Sprint(c) != before {
		t.Error("the case itself was changed")
	}
	names := []string{got.Materials[0].Name, got.Materials[0].Attachments[0].Name, got.Materials[0].Attachments[1].Name, got.Materials[1].Name, got.Materials[1].Attachments[0].Name}
	if want := []string{"居民身份证", "附件1.jpg", "附件2.pdf", Hidden, "附件3"}; !reflect.DeepEqual(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if want := []string{"居民身份证", Hidden}; !reflect.DeepEqual(got.Applying, want) {
		t.Errorf("%q, want %q", got.Applying, want)
	}
	if d := got.Documents[0]; d.Name != "欧**的登记单" || d.Number != Hidden {
		t.Errorf("%+v", d)
	}
	if a := got.Applicant; a.Name != "欧**" || a.IDNumber != "**************005X" || a.Phone != "138****0000" {
		t.Errorf("%+v", a)
	}
	company := Content{Applicant: ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司", IDNumber: "91330599MA000TB146", Phone: thePhone},
		Documents: []ledger.IssuedDocument{{Name: "营业执照", Number: "JY133"}}}
	shown := New(item, company).Content(company)
	if shown.Applicant.Name != company.Applicant.Name || shown.Applicant.IDNumber != company.Applicant.IDNumber || shown.Applicant.Phone == thePhone || shown.Documents[0].Number != "JY133" {
		t.Errorf("%+v", shown)
	}
}

// Every key of the real catalog that is shown plainly is one of those listed
// here, and the list names no key twice as two things.
//
// Rules: 9.10.
func TestTheCatalogIsClosed(t *testing.T) {
	raw, err := os.ReadFile(filepath.FromSlash("../catalog/catalogtest/items.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Items []catalog.Item }
	if err := json.Unmarshal(raw, &all); err != nil || len(all.Items) == 0 {
		t.Fatalf("%d items, %v", len(all.Items), err)
	}
	for key := range known {
		if sensitive(key) {
			t.Errorf("%s is both known and sensitive", key)
		}
	}
	const secret = "绝不能出现的值9"
	for _, i := range all.Items {
		v := New(i, Content{Applicant: ledger.Applicant{Type: "person", Name: "某某"}})
		for _, f := range i.Form {
			got := v.Form([]catalog.FieldValue{{Key: f.Key, Value: secret}})[0].Value
			if got == secret && !known[f.Key] && f.Type != catalog.TypeUSCC {
				t.Errorf("%s shows %s plainly", i.Code, f.Key)
			}
		}
	}
}

// Whatever is written, and however what is secret is spaced in it, it does not
// come through.
func FuzzText(f *testing.F) {
	f.Add("材料", "齐全", uint8(0))
	f.Add("330", "005X", uint8(1))
	f.Add("\xff·", "芳", uint8(2))
	v := New(item, person())
	secrets := []string{theName, theID, thePhone, theAccount}
	f.Fuzz(func(t *testing.T, before, after string, which uint8) {
		secret := secrets[int(which)%len(secrets)]
		for _, form := range []string{secret, strings.ToLower(secret), strings.Join(strings.Split(secret, ""), " "), strings.Join(strings.Split(secret, ""), "-")} {
			got := v.Text(before + "，" + form + "，" + after)
			if strings.Contains(got, form) && !strings.Contains(before+after, form) {
				t.Fatalf("%q came through in %q", form, got)
			}
			if utf8.ValidString(before) && utf8.ValidString(after) && !utf8.ValidString(got) {
				t.Fatalf("%q is no text any more", got)
			}
		}
		v.Text(before + after)
	})
}
