package catalog

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
)

// Shared field keys are filled in from earlier cases (handbook: SharedForm).
func TestPrefill(t *testing.T) {
	item := &Item{Form: []Field{
		{Key: "applicant_name", Type: TypeString}, {Key: "id_number", Type: TypeIDNumber}, {Key: "address", Type: TypeAddress}, {Key: "kind", Type: TypeEnum, Options: []string{"甲", "乙"}},
		{Key: "reason", Type: TypeText}, {Key: "amount", Type: TypeNumber}, {Key: "start_date", Type: TypeDate}, {Key: "phone", Type: TypePhone},
	}}
	day, err := calendar.Parse("2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	newer := []FieldValue{{"address", "梅溪镇甲子村"}, {"kind", "丙"}, {"reason", "因病"}, {"amount", "50"}, {"start_date", "2026-01-01"}, {"phone", "12800000000"}, {"other", "x"}}
	older := []FieldValue{{"address", "梅溪镇乙丑村"}, {"kind", "乙"}, {"id_number", "33059919850412005X"}, {"phone", "13800000000"}, {"applicant_name", ""}}
	want := []Filled{{FieldValue{"id_number", "33059919850412005X"}, 1}, {FieldValue{"address", "梅溪镇甲子村"}, 0}, {FieldValue{"kind", "乙"}, 1}, {FieldValue{"phone", "13800000000"}, 1}}
	if got := Prefill(item, [][]FieldValue{newer, older}, day); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := Prefill(item, nil, day); len(got) != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

// Whatever was handed in before, nothing is filled in that the item does not ask
// for or would refuse.
func TestPrefillOfTheShippedCatalog(t *testing.T) {
	items, _ := searchable(t)
	day, err := calendar.Parse("2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		item := rapid.SampledFrom(items).Draw(t, "item")
		var forms [][]FieldValue
		for range rapid.IntRange(0, 3).Draw(t, "forms") {
			var form []FieldValue
			for _, f := range rapid.SampledFrom(items).Draw(t, "other").Form {
				form = append(form, FieldValue{f.Key, rapid.SampledFrom([]string{"", "王芳", "33059919850412005X", "13800000000", "50", "2026-01-01", "一孩", "91330599MA000TB146", "\x00"}).Draw(t, "value")})
			}
			forms = append(forms, form)
		}
		for _, f := range Prefill(item, forms, day) {
			i := slices.IndexFunc(item.Form, func(x Field) bool { return x.Key == f.Key })
			if i < 0 || len(ValidateForm(Item{Form: item.Form[i : i+1]}, []FieldValue{f.FieldValue}, day)) > 0 || !slices.Contains(forms[f.Form], f.FieldValue) {
				t.Fatalf("%s: %+v", item.Code, f)
			}
		}
	})
}
