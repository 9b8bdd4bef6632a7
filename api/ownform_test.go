package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// answer sets what a form says under a key.
func answer(form []gen.FieldValue, key, value string) []gen.FieldValue {
	out := append([]gen.FieldValue{}, form...)
	for i := range out {
		if out[i].Key == key {
			out[i].Value = value
		}
	}
	return out
}

// The form names who applies, and nobody else: at a desk, from home, and in what is
// brought afterwards.
func TestFormOfAnother(t *testing.T) {
	g := newGuests(t)
	for key, value := range map[string]string{"applicant_name": "李强", catalog.KeyIDNumber: storetest.IDNumber(77)} {
		in := g.village.submission("TB-XZRZ-005", theVillage)
		in.Form = answer(in.Form, key, value)
		r := g.village.send(request0{method: "POST", path: "/api/v1/cases", body: in, token: g.village.token("worker"), header: map[string]string{"Idempotency-Key": "another-" + key}})
		if r.Code != 422 || !strings.Contains(r.Body.String(), "other_person") || !strings.Contains(r.Body.String(), `"form.`+key+`"`) || !strings.Contains(r.Body.String(), "代办人") {
			t.Errorf("%s at a desk: %d %s", key, r.Code, r.Body)
		}
		var report gen.CheckReport
		g.village.decode(g.village.must("worker", "POST", "/api/v1/cases/check", in, 200), &report)
		if report.Ok || len(report.Faults) != 1 || report.Faults[0].Path != "form."+key || report.Faults[0].Code != catalog.FaultPerson {
			t.Errorf("%s looked at before: %+v", key, report)
		}
		mine := g.one.application("TB-XZRZ-005")
		mine.Form = answer(mine.Form, key, value)
		if r := g.one.ask("POST", "/api/v1/my/cases", mine); r.Code != 422 || !strings.Contains(r.Body.String(), "other_person") {
			t.Errorf("%s from home: %d %s", key, r.Code, r.Body)
		}
		g.one.want("POST", "/api/v1/my/cases/check", mine, 200, &report)
		if report.Ok || len(report.Faults) != 1 || report.Faults[0].Path != "form."+key {
			t.Errorf("%s from home, looked at before: %+v", key, report)
		}
	}
	var made gen.CaseReceipt
	g.village.decode(g.village.must("worker", "POST", "/api/v1/cases", g.village.submission("TB-XZRZ-005", theVillage), 201), &made)
	path := "/api/v1/cases/" + made.Case.Id + "/actions"
	supplement := gen.CaseAction{Kind: gen.ActSupplement, Form: []gen.FieldValue{{Key: "applicant_name", Value: "李强"}}}
	if r := g.village.as("worker", "POST", path, supplement); r != "422 incomplete" {
		t.Errorf("brought afterwards: %s", r)
	}

	// Another person is not made of the applicant, by one correction or by two.
	c, err := g.village.node.Store.Case(t.Context(), made.Case.Id)
	check(t, err)
	correct := func(name, number string) string {
		return g.village.as("worker", "POST", path, fmt.Sprintf(`{"kind":"correct","name":%q,"id_number":%q,"shown":"居民身份证","reason":"录入有误"}`, name, number))
	}
	if r := correct("李强", storetest.IDNumber(77)); r != "409 applicant_swapped" {
		t.Errorf("swapped: %s", r)
	}
	if r := correct("王芳", storetest.IDNumber(77)); !strings.HasPrefix(r, "200") {
		t.Errorf("the number alone: %s", r)
	}
	if r := correct("李强", storetest.IDNumber(77)); r != "409 applicant_swapped" {
		t.Errorf("swapped in two steps: %s", r)
	}
	if r := correct("王芳", c.Applicant.IDNumber); !strings.HasPrefix(r, "200") {
		t.Errorf("back again: %s", r)
	}

	// What was said of an older state is not taken for said of this one.
	comment := gen.CaseAction{Kind: gen.ActComment, Text: "已电话核对", ExpectedHead: c.Head}
	if r := g.village.as("worker", "POST", path, comment); r != "409 stale" {
		t.Errorf("a comment on what has moved on: %s", r)
	}
	var now gen.Case
	g.village.get("worker", "/api/v1/cases/"+made.Case.Id, &now)
	comment.ExpectedHead = now.Head
	g.village.must("worker", "POST", path, comment, 200)

	// Of taking a withdrawal back it is said so.
	g.village.must("worker", "POST", path, gen.CaseAction{Kind: gen.ActWithdraw, Reason: "暂不办理"}, 200)
	g.village.must("worker", "POST", path, gen.CaseAction{Kind: gen.ActWithdraw, Reason: "继续办理", TakeBack: true}, 200)
	var line gen.Timeline
	g.village.get("worker", "/api/v1/cases/"+made.Case.Id+"/timeline", &line)
	var said []string
	for _, e := range line.Entries {
		if e.Kind == string(ledger.CaseWithdraw) {
			said = append(said, e.What)
		}
	}
	if got := strings.Join(said, "，"); got != "申请撤回，收回撤回申请" && got != "收回撤回申请，申请撤回" {
		t.Errorf("the timeline says %s", got)
	}

	// A resident is sent to a window for a password, and to no administrator.
	r := g.hub.send(request0{method: "POST", path: "/api/v1/my/session", body: gen.MyLogin{Type: gen.TypePerson, Number: g.one.number, Password: "something else"}})
	if r.Code != 401 || !strings.Contains(r.Body.String(), "窗口重新激活") || strings.Contains(r.Body.String(), "管理员") {
		t.Errorf("a wrong password: %d %s", r.Code, r.Body)
	}
}

// How long a password must be is said alike wherever it is said.
func TestPasswordLengthIsSaidAlike(t *testing.T) {
	for file, want := range map[string]string{"zh": "至少%d个字符", "en": "At least %d characters"} {
		text := string(readFile(t, "web/src/locales/"+file+".json"))
		if !strings.Contains(text, fmt.Sprintf(want, trust.DefaultMinPassword)) {
			t.Errorf("%s does not say %d", file, trust.DefaultMinPassword)
		}
	}
	if p := trustProblem(trust.ErrPasswordShort); !strings.Contains(p.zh, fmt.Sprintf("至少%d个字符", trust.DefaultMinPassword)) {
		t.Errorf("%s", p.zh)
	}
}
