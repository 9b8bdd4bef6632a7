package catalog

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/importfile"
)

func TestRealItemsPass(t *testing.T) {
	items := realItems(t)
	if len(items) != 226 {
		t.Fatalf("%d items, want 226", len(items))
	}
	for _, item := range items {
		again, faults := ParseItem(Canonical(item))
		if len(faults) > 0 {
			t.Fatalf("%s: canonical form does not parse: %v", item.Code, faults)
		}
		if Hash(again) != Hash(item) {
			t.Errorf("%s: hash changes on the way through JSON", item.Code)
		}
	}
}

func TestParseItemsReportsEveryFaultOfShape(t *testing.T) {
	const document = `{"count": 1.5, "extra": [{"deep": [1]}], "items": [
		{"code": 7, "Name": "x", "name": "a", "name": "b", "type": null, "legal_basis": {"law": "x"},
		 "instant": "yes", "fee": [], "statutory_working_days": 99999999999999999999,
		 "materials": [{"name": "甲", "copies": 1e2}], "form": "none"}, null]}`
	items, faults := ParseItems([]byte(document))
	if items != nil {
		t.Error("items were accepted")
	}
	want := []string{
		"count type", "extra unknown", "items[0].code type", "items[0].Name unknown",
		"items[0].name duplicate", "items[0].type type", "items[0].legal_basis type",
		"items[0].instant type", "items[0].fee type", "items[0].statutory_working_days type",
		"items[0].materials[0].copies type", "items[0].materials[0].form missing",
		"items[0].materials[0].required missing", "items[0].form type",
		"items[0].department missing", "items[0].results missing", "items[1] type",
	}
	got := summary(faults)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("missing fault %q in %q", w, got)
		}
	}
	mustBeTold(t, faults)
}

func TestParseItemsRefusesWholeDocument(t *testing.T) {
	for name, document := range map[string]string{
		"empty":          ``,
		"cut off":        `{"count": 0, "items": [`,
		"cut in an item": `{"count": 0, "items": [{"code": "x"`,
		"trailing text":  `{"count": 0, "items": []} {}`,
		"not UTF-8":      "{\"count\": 0, \"items\": [], \"notes\": [\"\xff\"]}",
		"an array":       `[]`,
		"too large":      strings.Repeat(" ", importfile.MaxBytes+1),
		"deep":           `{"x": ` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			items, faults := ParseItems([]byte(document))
			if items != nil || len(faults) == 0 {
				t.Fatalf("accepted: %d items", len(items))
			}
			mustBeTold(t, faults)
		})
	}
}

func TestParseItemsAcceptsNothingUnlessAllIsWell(t *testing.T) {
	file := itemsFile{Count: 4, Items: []Item{sample(), sample(), sample()}}
	file.Items[1].Code = "TB-SCJG-002"
	file.Items[1].LegalBasis = nil
	data, err := json.Marshal(struct {
		Count int    `json:"count"`
		Items []Item `json:"items"`
	}{file.Count, []Item{normal(file.Items[0]), normal(file.Items[1]), normal(file.Items[2])}})
	if err != nil {
		t.Fatal(err)
	}
	items, faults := ParseItems(data)
	if items != nil {
		t.Error("items were accepted")
	}
	want := []string{"count conflict", "items[1].legal_basis law", "items[2].code duplicate"}
	if got := summary(faults); !slices.Equal(got, want) {
		t.Errorf("faults %q, want %q", got, want)
	}
}

func TestFaultReportIsBounded(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`{"count": 0, "items": [`)
	for range 5000 {
		b.WriteString(`0,`)
	}
	b.WriteString(`0]}`)
	_, faults := ParseItems(b.Bytes())
	if len(faults) != maxFaults+1 || faults[maxFaults].Code != FaultLimit {
		t.Errorf("%d faults, the last %v", len(faults), faults[len(faults)-1])
	}
}

// A small file must not be able to fill the memory: nonsense is given up early
// and lists are cut off, but what follows a list is still read.
func TestNonsenseIsNotReadToTheEnd(t *testing.T) {
	nonsense := []byte(`{"count": 0, "items": [` + strings.Repeat("{},", 1<<20) + `{}]}`)
	var file itemsFile
	if faults := decodeStrict(nonsense, &file); len(faults) != maxFaults+1 || len(file.Items) > maxFaults {
		t.Errorf("%d faults, %d items kept", len(faults), len(file.Items))
	}
	_, faults := ParseItems([]byte(`{"notes": [` + strings.Repeat(`"",`, importfile.MaxElements) + `""], "items": [], "count": "x"}`))
	if got := summary(faults); !slices.Equal(got, []string{"notes limit", "count type"}) {
		t.Errorf("faults %q", got)
	}
}

// FuzzParseItems: whatever arrives, items and faults exclude each other, every
// fault is told in both languages, and what is accepted survives its own
// canonical form.
func FuzzParseItems(f *testing.F) {
	one, _ := json.Marshal(map[string]any{"count": 1, "items": []Item{normal(sample())}})
	for _, seed := range []string{
		string(one), `{"count":0,"items":[]}`, `{"count":0,"items":null}`, `[]`, `{`, `{"items":[{"materials":[{}]}]}`,
		`{"":{"":[]}}`, "{\"a\u202e\":1}", `{"%!s(x)":1}`, strings.Repeat("[", 500), `{"count":-0,"items":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		items, faults := ParseItems(data)
		if len(faults) > 0 && items != nil {
			t.Fatal("items beside faults")
		}
		mustBeWorded(t, faults)
		for _, item := range items {
			again, faults := ParseItem(Canonical(item))
			if len(faults) > 0 || !bytes.Equal(Canonical(again), Canonical(item)) {
				t.Fatalf("not canonical: %v", faults)
			}
		}
	})
}

func BenchmarkParseItems(b *testing.B) {
	data := mustRead(b, "items.json")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, faults := ParseItems(data); len(faults) > 0 {
			b.Fatal(faults[0])
		}
	}
}

// sample is a small item that passes every check.
func sample() Item {
	return Item{
		Code: "TB-SCJG-001", Name: "食品经营许可", Type: Licence, Department: "县市场监督管理局",
		LegalBasis:  []LegalBasis{{Law: "食品安全法", Article: "第三十五条"}},
		Subject:     SubjectBoth,
		AcceptTiers: []node.Tier{node.County, node.Township, node.Village},
		ReviewSteps: []ReviewStep{{Tier: node.Village, Role: StepAcceptance}, {Tier: node.Township, Role: StepPreReview}, {Tier: node.County, Role: StepDecide}},
		DecideTier:  node.County, StatutoryWorkingDays: 20, PromisedWorkingDays: 5,
		SpecialProcedures: []SpecialProcedure{{Name: "现场勘验", TypicalDays: 3, Unit: WorkingDays}},
		Fee:               Fee{Standard: "不收费"},
		Materials: []Material{
			{Name: "申请书", Form: FormOriginal, Copies: 1, Required: true, Source: "申请人自备"},
			{Name: "身份证", Form: FormCopy, Copies: 2, Required: true, Source: "政府部门核发", Shareable: true},
			{Name: "合同", Form: FormOriginalAndCopy, Copies: 1, Required: true, Source: "申请人自备"},
			{Name: "照片", Form: FormElectronic, Copies: 1, Required: true, Source: "申请人自备"},
			{Name: "委托书", Form: FormOriginal, Copies: 1, Source: "申请人自备", Condition: "委托他人办理"},
		},
		Form: []Field{
			{Key: KeyApplicantType, Label: "申请人类型", Type: TypeEnum, Required: true, Options: []string{ApplicantNatural, ApplicantLegal}},
			{Key: "applicant_name", Label: "申请人姓名（名称）", Type: TypeString, Required: true},
			{Key: KeyIDNumber, Label: "居民身份证号码", Type: TypeIDNumber},
			{Key: KeyUSCC, Label: "统一社会信用代码", Type: TypeUSCC},
			{Key: "phone", Label: "联系电话", Type: TypePhone, Required: true},
			{Key: "premises_address", Label: "经营场所", Type: TypeAddress, Required: true},
			{Key: "business_area", Label: "面积（㎡）", Type: TypeNumber, Required: true},
			{Key: KeyStartDate, Label: "开始日期", Type: TypeDate},
			{Key: KeyEndDate, Label: "结束日期", Type: TypeDate},
			{Key: "reason", Label: "说明", Type: TypeText},
		},
		Results: []Result{{Name: "食品经营许可证", ValidityYears: 5}},
		Phone:   "0000-11001", Location: "县政务服务中心一楼 A01 窗口",
	}
}

func realItems(t testing.TB) []Item {
	t.Helper()
	items, faults := ParseItems(mustRead(t, "items.json"))
	for _, f := range faults {
		t.Error(f)
	}
	if len(faults) > 0 {
		t.FailNow()
	}
	return items
}

func mustRead(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("catalogtest/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// summary is each fault as "path code", for comparison.
func summary(faults []Fault) []string {
	lines := make([]string, len(faults))
	for i, f := range faults {
		lines[i] = f.Path + " " + string(f.Code)
	}
	return lines
}

// mustBeTold checks that people and programs can use every fault, and that no
// message was formatted with the wrong arguments.
func mustBeTold(t testing.TB, faults []Fault) {
	t.Helper()
	mustBeWorded(t, faults)
	for _, f := range faults {
		if strings.Contains(f.ZH+f.EN, "%!") {
			t.Errorf("badly formatted: %+v", f)
		}
	}
}

// mustBeWorded is mustBeTold for arbitrary input, whose own text, quoted in
// a message, may look like a formatting error.
func mustBeWorded(t testing.TB, faults []Fault) {
	t.Helper()
	for _, f := range faults {
		if f.Code == "" || f.ZH == "" || f.EN == "" || !utf8.ValidString(f.String()) {
			t.Errorf("fault is not fit to be shown: %+v", f)
		}
	}
}

// One fault of shape does not hide what the rules find in the same file, nor
// does what could not be read come back as a broken rule.
func TestFaultsOfShapeHideNoOthers(t *testing.T) {
	var file map[string]any
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(json.Unmarshal(mustRead(t, "items.json"), &file))
	items := file["items"].([]any)
	at := func(i int) map[string]any { return items[i].(map[string]any) }
	at(0)["extra"] = true                 // unknown
	at(0)["legal_basis"] = []any{}        // a rule, in the same item
	at(1)["statutory_working_days"] = "3" // of the wrong kind: what is held against it says nothing
	at(1)["phone"] = "请致电"
	delete(at(2), "subject")
	at(3)["materials"].([]any)[0].(map[string]any)["name"] = "其他材料"
	at(4)["promised_working_days"] = 99
	at(5)["code"] = 7
	delete(at(6)["materials"].([]any)[0].(map[string]any), "required")
	document, err := json.Marshal(file)
	must(err)
	got, faults := ParseItems(document)
	if got != nil {
		t.Fatal("items were accepted")
	}
	said := summary(faults)
	slices.Sort(said)
	want := []string{
		"items[0].extra unknown", "items[0].legal_basis law", "items[1].phone format", "items[1].statutory_working_days type", "items[2].subject missing",
		"items[3].materials[0].name law", "items[4].promised_working_days law", "items[5].code type", "items[6].materials[0].required missing",
	}
	said = slices.DeleteFunc(said, func(s string) bool { return s == "items[4].promise_reason missing" })
	if !slices.Equal(said, want) {
		t.Errorf("faults %q, want %q", said, want)
	}
	for _, f := range faults {
		if f.Line == 0 {
			t.Errorf("%s has no line", f.Path)
		}
	}
	mustBeTold(t, faults)
}

// A value that could not be read hides the rules that read it, and no others.
func TestFaultsThatHideOthers(t *testing.T) {
	for _, row := range []struct {
		what   string
		change func(item map[string]any)
		want   []string
	}{
		{"a field without required, and without options", func(item map[string]any) {
			f := item["form"].([]any)[0].(map[string]any)
			delete(f, "required")
			f["type"], f["options"] = "enum", []any{}
		}, []string{"form[0].options", "form[0].required"}},
		{"without type, and with options", func(item map[string]any) {
			f := item["form"].([]any)[0].(map[string]any)
			delete(f, "type")
			f["options"] = []any{"x", "x"}
		}, []string{"form[0].type"}},
		{"one step, at a tier that is none", func(item map[string]any) {
			item["review_steps"] = []any{map[string]any{"tier": "province", "role": "审批"}}
		}, []string{"review_steps", "review_steps[0].tier"}},
	} {
		item := sample()
		item.Subject = SubjectNatural
		item.Form = []Field{{Key: "x", Label: "甲", Type: TypeEnum, Required: true, Options: []string{"一", "二"}}}
		raw, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		var changed map[string]any
		if err := json.Unmarshal(raw, &changed); err != nil {
			t.Fatal(err)
		}
		row.change(changed)
		file, err := json.Marshal(map[string]any{"count": 1, "items": []any{changed}})
		if err != nil {
			t.Fatal(err)
		}
		_, faults := ParseItems(file)
		var got []string
		for _, f := range faults {
			got = append(got, strings.TrimPrefix(f.Path, "items[0]."))
		}
		slices.Sort(got)
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", row.what, got, row.want)
		}
	}
}
