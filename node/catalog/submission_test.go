package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
)

func TestCheckMaterials(t *testing.T) {
	type change func(*[]SubmittedMaterial, *[]string)
	edit := func(f func(m []SubmittedMaterial)) change { return func(m *[]SubmittedMaterial, _ *[]string) { f(*m) } }
	for name, c := range map[string]struct {
		change change
		want   []string
	}{
		"complete":            {edit(func([]SubmittedMaterial) {}), nil},
		"nothing":             {func(m *[]SubmittedMaterial, _ *[]string) { *m = nil }, []string{"materials missing", "materials missing", "materials missing", "materials missing"}},
		"declared, not there": {func(_ *[]SubmittedMaterial, a *[]string) { *a = []string{"委托书"} }, []string{"materials missing"}},
		"there, not declared": {func(m *[]SubmittedMaterial, _ *[]string) { *m = append(*m, paper("委托书", SubmittedOriginal)) }, nil},
		"unconditional":       {func(_ *[]SubmittedMaterial, a *[]string) { *a = []string{"申请书"} }, []string{"applying[0] unknown"}},
		"declared twice": {func(m *[]SubmittedMaterial, a *[]string) {
			*a = []string{"委托书", "委托书"}
			*m = append(*m, paper("委托书", SubmittedOriginal))
		}, []string{"applying[1] duplicate"}},
		"unknown name":         {func(m *[]SubmittedMaterial, _ *[]string) { *m = append(*m, paper("结婚证", SubmittedCopy)) }, []string{"materials[5].name unknown"}},
		"submitted twice":      {func(m *[]SubmittedMaterial, _ *[]string) { *m = append(*m, (*m)[0]) }, []string{"materials[5] duplicate"}},
		"copy for original":    {edit(func(m []SubmittedMaterial) { m[0].Form = SubmittedCopy }), []string{"materials[0].form missing"}},
		"original for copy":    {edit(func(m []SubmittedMaterial) { m[1].Form = SubmittedOriginal }), nil},
		"electronic for paper": {edit(func(m []SubmittedMaterial) { m[0] = file("申请书") }), nil},
		"paper for electronic": {edit(func(m []SubmittedMaterial) { m[4] = paper("照片", SubmittedOriginal) }), []string{"materials[4].form missing"}},
		"only the original":    {edit(func(m []SubmittedMaterial) { m[3] = file("照片"); m[4] = paper("委托书", SubmittedOriginal) }), []string{"materials[2].form missing"}},
		"too few":              {edit(func(m []SubmittedMaterial) { m[1].Copies = 1 }), []string{"materials[1].copies missing"}},
		"no copies":            {edit(func(m []SubmittedMaterial) { m[0].Copies = 0 }), []string{"materials[0].copies missing", "materials[0].copies range"}},
		"form":                 {edit(func(m []SubmittedMaterial) { m[0].Form = "fax" }), []string{"materials[0].form missing", "materials[0].form unknown"}},
		"electronic, no file":  {edit(func(m []SubmittedMaterial) { m[4].Attachments = nil }), []string{"materials[4].attachments missing"}},
		"hash":                 {edit(func(m []SubmittedMaterial) { m[4].Attachments[0].Hash = strings.Repeat("A", 64) }), []string{"materials[4].attachments[0].hash format"}},
		"empty file":           {edit(func(m []SubmittedMaterial) { m[4].Attachments[0].Size = 0 }), []string{"materials[4].attachments[0].size range"}},
		"large file":           {edit(func(m []SubmittedMaterial) { m[4].Attachments[0].Size = 20<<20 + 1 }), []string{"materials[4].attachments[0].size limit"}},
		"largest file":         {edit(func(m []SubmittedMaterial) { m[4].Attachments[0].Size = 20 << 20 }), nil},
		"type":                 {edit(func(m []SubmittedMaterial) { m[4].Attachments[0].Type = "text/html" }), []string{"materials[4].attachments[0].type type"}},
		"file twice":           {edit(func(m []SubmittedMaterial) { m[4].Attachments = append(m[4].Attachments, m[4].Attachments[0]) }), []string{"materials[4].attachments[1].hash duplicate"}},
		"another size":         {edit(func(m []SubmittedMaterial) { a := m[4].Attachments[0]; a.Size--; m[0].Attachments = []AttachmentRef{a} }), []string{"materials[4].attachments[0].size conflict"}},
		"too many files":       {edit(func(m []SubmittedMaterial) { m[4].Attachments = make([]AttachmentRef, 51) }), []string{"materials[4].attachments limit"}},
		"large case":           {edit(func(m []SubmittedMaterial) { m[4].Attachments = files(11) }), []string{"materials limit"}},
		"full case":            {edit(func(m []SubmittedMaterial) { m[4].Attachments = files(10) }), nil},
		"same content, again":  {edit(func(m []SubmittedMaterial) { m[4].Attachments = files(10); m[0].Attachments = files(10) }), nil},
		"too many":             {func(m *[]SubmittedMaterial, _ *[]string) { *m = make([]SubmittedMaterial, maxSubmitted+1) }, []string{"materials limit"}},
	} {
		t.Run(name, func(t *testing.T) {
			submitted, applying := complete(), []string(nil)
			c.change(&submitted, &applying)
			faults := CheckMaterials(sample(), submitted, applying, DefaultLimits())
			if got := summary(faults); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
				t.Errorf("faults %q, want %q", got, c.want)
			}
			mustBeTold(t, faults)
		})
	}
}

func TestMissingPapersAreNamed(t *testing.T) {
	faults := CheckMaterials(sample(), complete()[1:], []string{"委托书"}, DefaultLimits())
	if len(faults) != 2 || faults[0].ZH != "缺少“申请书”（原件1份）" || faults[1].ZH != "缺少“委托书”（原件1份；适用情形：委托他人办理）" {
		t.Errorf("%v", faults)
	}
}

func TestFileNames(t *testing.T) {
	for name, want := range map[string]bool{
		"照片.jpg": true, "IMG 0001.JPEG": true, "合同（签字）.jpg": true, "a.b.jpg": true, "company.jpg": true, "con1.jpg": true,
		"": false, "a.pdf": false, "a": false, "jpg": false, "a.jpg.exe": false, "../a.jpg": false, `..\a.jpg`: false, "/a.jpg": false,
		"C:a.jpg": false, "a:b.jpg": false, "a..jpg": false, ".a.jpg": false, "a.jpg.": false, "a.jpg ": false, " a.jpg": false, "CON.jpg": false,
		"nul.a.jpg": false, "COM1.jpg": false, "com¹.jpg": false, "LPT9 .jpg": false, "a\x00.jpg": false, "a\n.jpg": false, "a\u202egpj.jpg": false,
		"．．／a.jpg": false, "a／b.jpg": false, "a*.jpg": false, "a|b.jpg": false, "\xff.jpg": false, "a\u200b.jpg": false,
		strings.Repeat("a", 196) + ".jpg": true, strings.Repeat("a", 197) + ".jpg": false,
	} {
		a := AttachmentRef{Hash: strings.Repeat("a", 64), Name: name, Size: 1, Type: "image/jpeg"}
		faults := CheckAttachment(a, DefaultLimits())
		if (len(faults) == 0) != want {
			t.Errorf("%q: %v", name, faults)
		}
		mustBeTold(t, faults)
	}
}

// Every type that may be uploaded has its file endings.
func TestEveryAllowedTypeHasEndings(t *testing.T) {
	for _, mediaType := range DefaultLimits().Types {
		a := AttachmentRef{Hash: strings.Repeat("a", 64), Name: "a.exe", Size: 1, Type: mediaType}
		if faults := CheckAttachment(a, DefaultLimits()); len(faults) != 1 {
			t.Errorf("%s as .exe: %v", mediaType, faults)
		}
	}
}

// A case of any real item is complete when each paper is handed in as
// demanded, and leaving any subset out names exactly that subset.
func TestExactlyWhatIsMissingIsNamed(t *testing.T) {
	items := realItems(t)
	rapid.Check(t, func(t *rapid.T) {
		item := rapid.SampledFrom(items).Draw(t, "item")
		var submitted []SubmittedMaterial
		var applying, left []string
		for _, m := range item.Materials {
			if !m.Required {
				if !rapid.Bool().Draw(t, "applies") {
					continue
				}
				applying = append(applying, m.Name)
			}
			if rapid.Bool().Draw(t, "left out") {
				left = append(left, m.Name)
				continue
			}
			submitted = append(submitted, asDemanded(m)...)
		}
		faults := CheckMaterials(item, submitted, applying, DefaultLimits())
		if len(faults) != len(left) {
			t.Fatalf("%d faults for %q: %v", len(faults), left, faults)
		}
		for i, f := range faults {
			if f.Code != FaultMissing || !strings.Contains(f.ZH, left[i]) {
				t.Fatalf("%v does not name %q", f, left[i])
			}
		}
	})
}

func asDemanded(m Material) []SubmittedMaterial {
	switch m.Form {
	case FormElectronic:
		return []SubmittedMaterial{file(m.Name)}
	case FormOriginalAndCopy:
		return []SubmittedMaterial{{Name: m.Name, Form: SubmittedOriginal, Copies: 1}, {Name: m.Name, Form: SubmittedCopy, Copies: m.Copies}}
	case FormCopy:
		return []SubmittedMaterial{{Name: m.Name, Form: SubmittedCopy, Copies: m.Copies}}
	}
	return []SubmittedMaterial{{Name: m.Name, Form: SubmittedOriginal, Copies: m.Copies}}
}

// complete is everything the sample item always needs.
func complete() []SubmittedMaterial {
	identity := paper("身份证", SubmittedCopy)
	identity.Copies = 2
	return []SubmittedMaterial{
		paper("申请书", SubmittedOriginal), identity,
		paper("合同", SubmittedOriginal), paper("合同", SubmittedCopy), file("照片"),
	}
}

func paper(name string, form SubmittedForm) SubmittedMaterial {
	return SubmittedMaterial{Name: name, Form: form, Copies: 1}
}

func file(name string) SubmittedMaterial {
	return SubmittedMaterial{Name: name, Form: SubmittedElectronic, Copies: 1, Attachments: files(1)}
}

// files are n different contents of 20 MB each.
func files(n int) []AttachmentRef {
	refs := make([]AttachmentRef, n)
	for i := range refs {
		refs[i] = AttachmentRef{Hash: fmt.Sprintf("%064x", i+1), Name: "扫描件.pdf", Size: 20 << 20, Type: "application/pdf"}
	}
	return refs
}

// BenchmarkHandIn checks what a desk checks at each hand-in, and every hub again.
func BenchmarkHandIn(b *testing.B) {
	items := realItems(b)
	item := items[slices.IndexFunc(items, func(i Item) bool { return i.Code == "TB-YBJ-003" })]
	var form []FieldValue
	for _, f := range item.Form {
		value := "某某村第三村民小组十二号"
		switch {
		case f.Type == TypeEnum:
			value = f.Options[0]
		case f.Type == TypeDate:
			value = "2026-01-05"
		case f.Type == TypeNumber:
			value = "1"
		case f.Type == TypePhone:
			value = "13800000000"
		case f.Type == TypeIDNumber:
			value = "33059919850412005X"
		}
		form = append(form, FieldValue{Key: f.Key, Value: value})
	}
	var papers []SubmittedMaterial
	for _, m := range item.Materials {
		papers = append(papers, SubmittedMaterial{Name: m.Name, Form: SubmittedOriginal, Copies: m.Copies}, SubmittedMaterial{Name: m.Name, Form: SubmittedCopy, Copies: m.Copies})
	}
	today := calendar.DateOf(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	b.ReportAllocs()
	for b.Loop() {
		faults := append(ValidateForm(item, form, today), CheckDates(papers, today)...)
		if faults = append(faults, CheckMaterials(item, papers, nil, DefaultLimits())...); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}
