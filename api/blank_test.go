package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// textsOf calls see with every place of a schema where a text is free, and a body that
// has nothing but one there.
func textsOf(s *openapi3.Schema, path string, wrap func(any) any, above []*openapi3.Schema, see func(path, name string, body func(text string) any)) {
	if slices.Contains(above, s) {
		return
	}
	above = append(slices.Clip(above), s)
	for _, parts := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
		for _, p := range parts {
			textsOf(p.Value, path, wrap, above, see)
		}
	}
	for name, p := range s.Properties {
		textsOf(p.Value, join(path, []string{name}), func(v any) any { return wrap(map[string]any{name: v}) }, above, see)
	}
	if s.Items != nil {
		textsOf(s.Items.Value, pathAt(path, 0), func(v any) any { return wrap([]any{v}) }, above, see)
	}
	if s.Type.Is("string") && len(s.Enum) == 0 && path != "" {
		parts := strings.Split(path, ".")
		name, _, _ := strings.Cut(parts[len(parts)-1], "[")
		see(path, name, func(text string) any { return wrap(text) })
	}
}

// Wherever a request that hands something over has a text, one of nothing but space is
// refused at its place, and one without a word too, unless it is of those that need
// none. Whatever is added to the document is under the rule without more ado.
func TestNothingBlankIsRecorded(t *testing.T) {
	doc, err := loadDocument()
	check(t, err)
	texts := 0
	for path, item := range doc.Paths.Map() {
		if !strings.HasPrefix(path, "/api/v1/") {
			continue
		}
		for _, op := range item.Operations() {
			if op.RequestBody == nil || bodies[op.OperationID].raw || unsaid(op.OperationID) {
				continue
			}
			media := op.RequestBody.Value.Content.Get(jsonType)
			if media == nil {
				continue
			}
			textsOf(media.Schema.Value, "", func(v any) any { return v }, nil, func(at, name string, body func(string) any) {
				texts++
				told := func(text string) []catalog.Fault {
					raw, err := json.Marshal(body(text))
					check(t, err)
					return blanks(op.OperationID, raw)
				}
				for _, blank := range []string{" ", "\u3000\u200b", "\u3164"} {
					if got := told(blank); len(got) != 1 || got[0].Path != at || got[0].Code != catalog.FaultMissing || got[0].ZH == "" || got[0].EN == "" {
						t.Errorf("%s %s of %q: %+v", op.OperationID, at, blank, got)
					}
				}
				signs := wordless[name] || op.OperationID == "giveRating"
				if got := told("。…"); signs != (len(got) == 0) || !signs && (got[0].Path != at || got[0].Code != catalog.FaultText) {
					t.Errorf("%s %s of a full stop: %+v", op.OperationID, at, got)
				}
				for _, says := range []string{"", "是", "7", "准予。"} {
					if got := told(says); len(got) != 0 {
						t.Errorf("%s %s of %q: %+v", op.OperationID, at, says, got)
					}
				}
			})
		}
	}
	if texts < 300 {
		t.Errorf("only %d texts were found in the document", texts)
	}
}

// What says nothing stops a case nowhere: at a desk, in an account and from nobody.
func TestBlankReasons(t *testing.T) {
	h := newHub(t)
	const item, department = "TB-SCJG-001", "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	in := h.submission(item, theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	path := "/api/v1/cases/" + receipt.Case.Id
	for i, c := range []struct {
		path, field string
		body        any
	}{
		{path + "/actions", "authority", gen.CaseAction{Kind: gen.ActReject, Ground: gen.RejectCompetence, Reason: "不属本机关职权", Authority: " "}},
		{path + "/actions", "reason", gen.CaseAction{Kind: gen.ActWithdraw, Reason: "。"}},
		{path + "/actions", "points[0].how", `{"kind":"request_supplement","points":[{"material":"章程","problem":"missing","how":"　"}]}`},
		{path + "/actions", "text", gen.CaseAction{Kind: gen.ActComment, Text: "……"}},
		{"/api/v1/guides", "about", gen.GuideRequest{About: " "}},
	} {
		r := h.send(request0{method: "POST", path: c.path, body: c.body, token: h.token("window"), header: map[string]string{"Idempotency-Key": fmt.Sprintf("blank-key-%d", i)}})
		if r.Code != 400 || !strings.Contains(r.Body.String(), fmt.Sprintf("%q:%q", "path", c.field)) {
			t.Errorf("%s: %d %s", c.field, r.Code, r.Body)
		}
	}
	if r := h.send(request0{method: "GET", path: path + "?reveal=true", token: h.token("window"), header: map[string]string{"Tongban-Why": "%20"}}); r.Code != 400 {
		t.Errorf("looked at for no reason: %d %s", r.Code, r.Body)
	}
	if r := h.send(request0{method: "POST", path: "/api/v1/complaints", body: `{"type":"complaint","division":"330523","text":"。"}`, header: map[string]string{"Idempotency-Key": "blank-complaint"}}); r.Code != 400 || !strings.Contains(r.Body.String(), `"path":"text"`) {
		t.Errorf("a complaint of nothing: %d %s", r.Code, r.Body)
	}
}
