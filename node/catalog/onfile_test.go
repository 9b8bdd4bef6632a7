package catalog

import (
	"testing"

	"github.com/tongban/tongban/node/calendar"
)

// The type of a paper is its name without what says nothing of it.
func TestSamePaper(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"营业执照（统一社会信用代码证书）", "营业执照", true},
		{"申请人居民身份证", "居民身份证", true},
		{"本人社会保障卡（惠民惠农“一卡通”）或银行账户复印件", "社会保障卡或银行账户", true},
		{"法定代表人（负责人）居民身份证", "法定代表人居民身份证", true},
		{"法定代表人（负责人）居民身份证", "法定代表人（负责人）任职文件", false},
		{"监护人居民身份证", "申请人居民身份证", false},
		{"申请人", "本人", false},
	} {
		if got := SamePaper(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %t", c.a, c.b, got)
		}
	}
}

// A paper on file stands for one that the item shares and for no other; what the
// office takes the original of is brought.
func TestOnFileFits(t *testing.T) {
	item := Item{Materials: []Material{
		{Name: "申请人居民身份证", Form: FormOriginalAndCopy, Copies: 1, Required: true, Shareable: true},
		{Name: "原居民身份证", Form: FormOriginal, Copies: 1, Required: true, Shareable: true},
		{Name: "申请表", Form: FormCopy, Copies: 1, Required: true},
	}}
	file := []AttachmentRef{{Hash: "ab", Name: "a.jpg", Size: 1, Type: "image/jpeg"}}
	for i := range file {
		file[i].Hash = "0000000000000000000000000000000000000000000000000000000000000000"
	}
	today, err := calendar.Parse("2026-11-26")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, material, source string
		form                   SubmittedForm
		wrong                  bool
	}{
		{"fits", "申请人居民身份证", "居民身份证", SubmittedElectronic, false},
		{"another paper", "申请人居民身份证", "居民户口簿", SubmittedElectronic, true},
		{"as an original", "申请人居民身份证", "居民身份证", SubmittedOriginal, true},
		{"the original is kept", "原居民身份证", "原居民身份证", SubmittedElectronic, true},
		{"not shared", "申请表", "申请表", SubmittedElectronic, true},
	} {
		s := []SubmittedMaterial{{Name: c.material, Form: c.form, Copies: 1, Attachments: file, OnFile: OnFile{Case: "c", Brought: "c", Material: c.source}}}
		conflict := false
		for _, f := range CheckMaterials(item, s, nil, DefaultLimits()) {
			conflict = conflict || f.Path == "materials[0].on_file"
		}
		if conflict != c.wrong {
			t.Errorf("%s: %t", c.name, conflict)
		}
	}
	for _, c := range []struct {
		issued, until string
		want          int
	}{{"", "", 0}, {"2026-01-01", "2026-11-26", 0}, {"", "2026-11-25", 1}, {"2026-11-27", "", 1}, {"2026-10-01", "2026-09-01", 1}} {
		var m SubmittedMaterial
		if c.issued != "" {
			m.IssuedOn, _ = calendar.Parse(c.issued)
		}
		if c.until != "" {
			m.ValidUntil, _ = calendar.Parse(c.until)
		}
		if got := CheckDates([]SubmittedMaterial{m}, today); len(got) != c.want {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}
