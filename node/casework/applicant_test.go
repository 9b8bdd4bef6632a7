package casework

import (
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

func TestCheckApplicant(t *testing.T) {
	today, err := calendar.Parse("2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	form := func(keys ...string) []catalog.Field {
		var fields []catalog.Field
		for _, k := range keys {
			fields = append(fields, catalog.Field{Key: k, Type: catalog.TypeString})
		}
		return fields
	}
	natural := &catalog.Item{Subject: catalog.SubjectNatural, Form: form("applicant_name", "id_number")}
	foreign := &catalog.Item{Subject: catalog.SubjectNatural, Form: form("id_number", catalog.KeyIDType)}
	legal := &catalog.Item{Subject: catalog.SubjectLegal, Form: form("uscc")}
	founded := &catalog.Item{Subject: catalog.SubjectLegal, Form: form("company_name")}
	both := &catalog.Item{Subject: catalog.SubjectBoth, Form: form("applicant_type", "id_number", "uscc")}
	person := ledger.Applicant{Type: "person", Name: "王芳", IDNumber: "33059919850412005X", Phone: "13800000000"}
	company := ledger.Applicant{Type: "organisation", Name: "梅溪竹业（安吉）有限公司2号店", IDNumber: "91330599MA000TB146", Phone: "0572-5123456"}
	agent := ledger.Agent{Name: "李四", IDNumber: "330599200103152464", Phone: "13900000000", Authority: "授权委托书"}
	type sub = ledger.CaseSubmitV1
	with := func(a ledger.Applicant, change func(*sub)) *sub {
		b := &sub{Applicant: a}
		if change != nil {
			change(b)
		}
		return b
	}
	named := func(name string) *sub { return with(person, func(b *sub) { b.Applicant.Name = name }) }
	numbered := func(id string) *sub { return with(person, func(b *sub) { b.Applicant.IDNumber = id }) }
	reached := func(phone string) *sub { return with(person, func(b *sub) { b.Applicant.Phone = phone }) }
	coded := func(code string) *sub { return with(company, func(b *sub) { b.Applicant.IDNumber = code }) }
	filled := func(a ledger.Applicant, key, value string) *sub {
		return with(a, func(b *sub) { b.Form = []catalog.FieldValue{{Key: key, Value: value}} })
	}
	sent := func(change func(*ledger.Agent)) *sub {
		return with(person, func(b *sub) { b.Agent = agent; change(&b.Agent) })
	}
	for i, row := range []struct {
		b    *sub
		item *catalog.Item
		want string // paths and codes
	}{
		{with(person, nil), natural, ""},
		{with(company, nil), legal, ""},
		{named("买买提·吐尔逊"), natural, ""}, {named("Anne-Marie O'Neil"), natural, ""}, {named("王〇"), natural, ""}, {named("𠮷田"), natural, ""},
		{named(""), natural, "applicant.name missing"}, {named("王"), natural, "applicant.name length"}, {named(strings.Repeat("王", 51)), natural, "applicant.name length"},
		{named("王*"), natural, "applicant.name text"}, {named("王芳1"), natural, "applicant.name text"}, {named("·王芳"), natural, "applicant.name text"}, {named("王芳 "), natural, "applicant.name text"},
		{named("王\u200b芳"), natural, "applicant.name text"}, {named("<b>王"), natural, "applicant.name text"}, {named("王\xff"), natural, "applicant.name text"},
		{numbered(""), natural, "applicant.id_number missing"}, {numbered("330599200103152464"), natural, ""},
		{numbered("330599199002290010"), natural, "applicant.id_number format"}, {numbered("330599198504120051"), natural, "applicant.id_number format"},
		{numbered("33059919850412005x"), natural, "applicant.id_number format"}, {numbered("E12345678"), natural, "applicant.id_number format"}, {numbered("330599********005X"), natural, "applicant.id_number format"},
		{filled(with(person, func(b *sub) { b.Applicant.IDNumber = "E12345678" }).Applicant, "id_type", "护照"), foreign, ""},
		{filled(with(person, func(b *sub) { b.Applicant.IDNumber = "E1" }).Applicant, "id_type", "护照"), foreign, "applicant.id_number format"},
		{filled(with(person, func(b *sub) { b.Applicant.IDNumber = "E12345678" }).Applicant, "id_type", catalog.ResidentIDCard), foreign, "applicant.id_number format"},
		{filled(with(person, func(b *sub) { b.Applicant.IDNumber = "E12345678" }).Applicant, "id_type", "护照"), natural, "applicant.id_number format"},
		{reached(""), natural, ""}, {reached("0572-5123456"), natural, ""}, {reached("12800000000"), natural, "applicant.phone format"}, {reached("1380000000"), natural, "applicant.phone format"},
		{reached("138 0000 0000"), natural, "applicant.phone format"},
		{coded("5133059900TB00038P"), legal, "applicant.id_number format"}, {coded(""), legal, "applicant.id_number missing"}, {coded(""), founded, ""}, {coded("33059919850412005X"), legal, "applicant.id_number format"},
		{with(company, func(b *sub) { b.Applicant.Name = "竹\n业" }), legal, "applicant.name text"}, {with(company, func(b *sub) { b.Applicant.Name = "1234" }), legal, "applicant.name text"},
		{with(company, nil), natural, "applicant.type conflict"}, {with(person, nil), legal, "applicant.type conflict"}, {with(person, nil), founded, ""},
		{with(ledger.Applicant{Type: "person", Name: "王芳"}, nil), founded, ""},
		{filled(person, "applicant_type", catalog.ApplicantNatural), both, ""}, {filled(company, "applicant_type", catalog.ApplicantLegal), both, ""},
		{filled(company, "applicant_type", catalog.ApplicantNatural), both, "applicant.type conflict"}, {filled(person, "applicant_type", catalog.ApplicantLegal), both, "applicant.type conflict"},
		{with(ledger.Applicant{Type: "x", Name: "王芳", IDNumber: person.IDNumber}, nil), natural, "applicant.type unknown"},
		{sent(func(*ledger.Agent) {}), natural, ""},
		{sent(func(a *ledger.Agent) { a.Phone = "" }), natural, ""},
		{sent(func(a *ledger.Agent) { a.Authority = "" }), natural, "agent.authority missing"}, {sent(func(a *ledger.Agent) { a.Authority = strings.Repeat("书", 101) }), natural, "agent.authority length"},
		{sent(func(a *ledger.Agent) { a.Authority = "书\x00" }), natural, "agent.authority text"},
		{sent(func(a *ledger.Agent) { a.Name = "" }), natural, "agent.name missing"}, {sent(func(a *ledger.Agent) { a.IDNumber = "" }), natural, "agent.id_number missing"},
		{sent(func(a *ledger.Agent) { a.IDNumber = "1" }), natural, "agent.id_number format"}, {sent(func(a *ledger.Agent) { a.Phone = "1" }), natural, "agent.phone format"},
		{sent(func(a *ledger.Agent) { a.IDNumber = person.IDNumber }), natural, "agent.id_number conflict"},
		{with(ledger.Applicant{Type: "person", Phone: "1"}, func(b *sub) { b.Agent.Name = "x" }), natural,
			"agent.authority missing, agent.id_number missing, agent.name length, applicant.id_number missing, applicant.name missing, applicant.phone format"},
	} {
		var got []string
		for _, f := range CheckApplicant(row.b, row.item, today) {
			got = append(got, f.Path+" "+string(f.Code))
			if f.ZH == "" || f.EN == "" || row.b.Applicant.IDNumber != "" && len(row.b.Applicant.IDNumber) > 4 && strings.Contains(f.ZH+f.EN, row.b.Applicant.IDNumber) {
				t.Errorf("row %d: says %q / %q", i, f.ZH, f.EN)
			}
		}
		slices.Sort(got)
		if strings.Join(got, ", ") != row.want {
			t.Errorf("row %d: %v, want %s", i, got, row.want)
		}
	}
}

func TestNormaliseApplicant(t *testing.T) {
	got := NormaliseApplicant(ledger.Applicant{Type: "person", Name: " 王芳　", IDNumber: "３３０５９９ 19850412 005x", Phone: "138 0000 0000"})
	if got != (ledger.Applicant{Type: "person", Name: "王芳", IDNumber: "33059919850412005X", Phone: "13800000000"}) || NormaliseApplicant(got) != got {
		t.Errorf("%+v", got)
	}
	agent := NormaliseAgent(ledger.Agent{Name: " 李四 ", IDNumber: "33059919850412005x ", Authority: " 授权委托书 "})
	if agent != (ledger.Agent{Name: "李四", IDNumber: "33059919850412005X", Authority: "授权委托书"}) {
		t.Errorf("%+v", agent)
	}
}
