package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

var birth = client.CaseSummary{Id: "c-1", Number: "330523110200-20261123-01-000045-7", Item: "TB-XZRZ-005", ItemName: "生育登记", Department: "乡镇人民政府（街道办事处）",
	Division: "330523110200", HandedInAt: "330523110200", Holder: "330523110200", Status: casework.HandedIn, StatusZh: "已收件",
	WaitsFor: ledger.Step{Tier: "village", Verb: ledger.VerbAccept}, ApplicantName: "李*", HandedInMs: at20261123, Word: client.SavedHere, WordZh: "已存本机"}

// A file that is refused is named, for the node knows its content alone, and
// what to do is said in the reader's language, with the command for it.
func TestUploadRefusedNamesTheFile(t *testing.T) {
	large := refusing(413, "too_large", "附件为 25 MB，超过 20 MB 的上限", "the file has 25 MB, more than the 20 MB that are allowed", "请压缩后再上传")
	large.NextEn = "make it smaller"
	signedIn(t, map[string]any{"getItem": itemOf(t, "TB-XZRZ-005"), "beginAttachment": large})
	path := filepath.Join(t.TempDir(), "户口簿.pdf")
	must(t, os.WriteFile(path, []byte("%PDF-1.4\n"), 0o600))
	args := []string{"case", "submit", "--item", "TB-XZRZ-005", "--division", "330523110200", "--applicant", "李某", "--id-number", "33059919850412005X",
		"--form", "birth_order=一孩", "--material", "夫妻双方居民身份证=" + path}
	r := tongban(t, args...)
	holds(t, r.err, []string{path + "：附件为 25 MB，超过 20 MB 的上限 [too_large]", "下一步: 请压缩后再上传\n"})
	r = tongban(t, append(args, "--lang", "en")...)
	holds(t, r.err, []string{path + ": the file has 25 MB", "next: make it smaller\n"})
	r = tongban(t, append(args, "--json")...)
	holds(t, r.err, []string{`"code": "too_large"`, path})
}

func TestProblemNamesTheCommand(t *testing.T) {
	no := refusing(409, "hub_no_vote", "county-2 没有表决权", "county-2 has no vote", "请先加入")
	no.NextEn = "add it first"
	signedIn(t, map[string]any{"transferLeadership": no})
	holds(t, tongban(t, "raft", "transfer-leadership", "county-2").err, []string{"下一步: 请先加入：tongban raft add HUB ADDRESS\n"})
	holds(t, tongban(t, "raft", "transfer-leadership", "county-2", "--lang", "en").err, []string{"next: add it first: tongban raft add HUB ADDRESS\n"})
}

var receipt = client.CaseReceipt{Case: birth, Recorded: savedHere}

func TestSubmitUploadsGoingOnWhereItStopped(t *testing.T) {
	store := newFakeBlobs(t)
	n := signedIn(t, store.answers(map[string]any{"getItem": itemOf(t, "TB-XZRZ-005"), "submitCase": receipt}))
	scan := append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte("x"), 2*chunkBytes)...)
	path := filepath.Join(t.TempDir(), "扫描 1.pdf")
	if err := os.WriteFile(path, scan, 0o600); err != nil {
		t.Fatal(err)
	}
	store.here = slices.Clone(scan[:100]) // of an earlier try
	store.lose = 2                        // the answer to the second chunk is an old offset

	r := tongban(t, "case", "submit", "--item", "TB-XZRZ-005", "--division", "330523110200", "--key", "key-0001",
		"--applicant", "李某", "--id-number", "33059919850412005X", "--form-file", mustFile(t, `{"birth_order":"一孩","address":"甲子村","phone":"13800000000"}`),
		"--form", "birth_order=二孩", "--material", "生育登记表", "--material", "夫妻双方居民身份证="+path)
	if r.code != exitOK {
		t.Fatalf("%+v", r)
	}
	if !strings.HasPrefix(r.out, "330523110200-20261123-01-000045-7  已存本机\n") || !strings.Contains(r.err, "幂等键: key-0001\n") {
		t.Errorf("%+v", r)
	}
	if !bytes.Equal(store.here, scan) {
		t.Errorf("%d of %d bytes arrived", len(store.here), len(scan))
	}
	sent := n.calls("submitCase")
	if len(sent) != 1 || sent[0].key != "key-0001" {
		t.Fatalf("%+v", sent)
	}
	want := `{"applicant":{"type":"person","name":"李某","id_number":"33059919850412005X","phone":"13800000000"},"division":"330523110200",` +
		`"form":[{"key":"address","value":"甲子村"},{"key":"birth_order","value":"二孩"},{"key":"phone","value":"13800000000"},{"key":"applicant_name","value":"李某"},{"key":"id_number","value":"33059919850412005X"}],` +
		`"item":"TB-XZRZ-005","materials":[{"name":"生育登记表","form":"original","copies":1,"attachments":[]},` +
		`{"name":"夫妻双方居民身份证","form":"copy","copies":1,"attachments":[{"hash":"` + store.hash + `","name":"扫描 1.pdf","size":` + strconv.Itoa(len(scan)) + `,"type":"application/pdf"}]}]}`
	if sent[0].body != want {
		t.Errorf("submitted %s\nwant      %s", sent[0].body, want)
	}
}

func TestSubmitFormsOfPapers(t *testing.T) {
	item := &catalog.Item{Subject: catalog.SubjectBoth, Form: []catalog.Field{{Key: "uscc"}, {Key: "applicant_name"}}, Materials: []catalog.Material{
		{Name: "both", Form: catalog.FormOriginalAndCopy, Copies: 2}, {Name: "e", Form: catalog.FormElectronic, Copies: 1}}}
	f := submissionFlags{item: "X", papers: []paper{{name: "both", files: []string{"a", "b"}}, {name: "e", files: []string{"c"}}, {name: "own"}}}
	f.setField("applicant_type", catalog.ApplicantLegal)
	f.setField("uscc", "91330599MA000TB146")
	f.setField("applicant_name", "甲公司")
	attach := func(path string) (client.AttachmentRef, error) { return client.AttachmentRef{Name: path}, nil }
	s, err := f.submission(item, attach)
	if err != nil {
		t.Fatal(err)
	}
	if s.Applicant != (client.Applicant{Type: "organisation", Name: "甲公司", IDNumber: "91330599MA000TB146"}) {
		t.Errorf("%+v", s.Applicant)
	}
	shape := func(list []client.SubmittedMaterial) string {
		var parts []string
		for _, m := range list {
			parts = append(parts, m.Name+":"+string(m.Form)+":"+strconv.Itoa(m.Copies)+":"+strconv.Itoa(len(m.Attachments)))
		}
		return strings.Join(parts, " ")
	}
	if got := shape(s.Materials); got != "both:original:2:0 both:copy:2:2 e:electronic:1:1 own:original:1:0" {
		t.Error(got)
	}
	f.formType = "electronic"
	if s, err = f.submission(item, attach); err != nil || shape(s.Materials) != "both:electronic:2:2 e:electronic:1:1 own:electronic:1:0" {
		t.Errorf("%s, %v", shape(s.Materials), err)
	}
}

func TestSubmitListsEverythingThatIsMissing(t *testing.T) {
	signedIn(t, map[string]any{"getItem": itemOf(t, "TB-XZRZ-005"), "submitCase": refusing(422, "incomplete", "材料不齐", "incomplete", "请补齐",
		client.Fault{Path: "form.id_number", Code: "missing", ZH: "未填写", EN: "not filled in"}, client.Fault{Path: "materials", Code: "missing", ZH: "缺少“生育登记表”", EN: "missing"})})
	r := tongban(t, "case", "submit", "--item", "TB-XZRZ-005", "--applicant", "李某")
	holds(t, r.err, []string{"幂等键: ", "未能办理: 材料不齐 [incomplete]\n", "  form.id_number: 未填写 [missing]\n", "  materials: 缺少“生育登记表” [missing]\n", "下一步: 请补齐\n"})
	if r.code != exitRefused || strings.Contains(r.err, "结果不明") {
		t.Errorf("%+v", r)
	}
}

// When nobody knows whether a case was handed in, the clerk is told the
// command that finds out without doing it twice.
func TestSubmitOutcomeUnknown(t *testing.T) {
	item := itemOf(t, "TB-XZRZ-005")
	rows := map[string]struct {
		answer any
		code   int
	}{
		"said by the node": {refusing(502, "outcome_unknown", "结果未知", "unknown", "用同一请求重试"), exitRefused},
		"the line broke":   {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), exitUnreachable},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			n := signedIn(t, map[string]any{"getItem": item, "submitCase": row.answer})
			r := tongban(t, "case", "submit", "--item", "TB-XZRZ-005", "--applicant", "李某")
			sent := n.calls("submitCase")
			// Go's transport sends a request with a key again by itself.
			sent = slices.CompactFunc(sent, func(a, b call) bool { return a.key == b.key && a.body == b.body })
			if r.code != row.code || len(sent) != 1 || !strings.Contains(r.err, "--key "+sent[0].key) {
				t.Errorf("%+v %+v", r, sent)
			}
		})
	}
}

func TestCheckDoesNotUpload(t *testing.T) {
	report := client.CheckReport{Faults: []client.Fault{{Path: "form.phone", Code: "format", ZH: "手机号码有误", EN: "not a phone"}}}
	n := signedIn(t, map[string]any{"getItem": itemOf(t, "TB-XZRZ-005"), "checkCase": report})
	args := []string{"case", "check", "--item", "TB-XZRZ-005", "--applicant", "李某", "--material", "生育登记表=" + mustFile(t, "%PDF-1.4")}
	r := tongban(t, args...)
	if r.code != exitRefused || r.out != "需补正：\n  form.phone: 手机号码有误 [format]\n" || r.err != "" {
		t.Errorf("%+v", r)
	}
	if got := n.calls("checkCase")[0].body; !strings.Contains(got, `"type":"application/pdf"`) || len(n.calls("beginAttachment")) > 0 {
		t.Errorf("checked %s", got)
	}
	n.answers["checkCase"] = client.CheckReport{Ok: true, Faults: []client.Fault{}}
	if r := tongban(t, args...); r.code != exitOK || !strings.Contains(r.out, "材料齐全") {
		t.Errorf("%+v", r)
	}
	n.answers["checkCase"] = client.CheckReport{Faults: []client.Fault{}, Refusal: client.RefusalReport{Code: "tier", Zh: "须在县办理", En: "at the county"}}
	if r := tongban(t, args...); r.code != exitRefused || !strings.Contains(r.out, "须在县办理 [tier]") {
		t.Errorf("%+v", r)
	}
}

func TestActSendsWhatItsKindNeeds(t *testing.T) {
	n := signedIn(t, newFakeBlobs(t).answers(map[string]any{"actOnCase": receipt}))
	for args, body := range map[string]string{
		"accept":                     `{"kind":"accept"}`,
		"accept --note 收 --head e-1": `{"expected_head":"e-1","kind":"accept","note":"收"}`,
		"accept --opinion 收":         `{"kind":"accept","note":"收"}`,
		"reject --ground competence --reason 不属于本机关职权 --authority 县民政局":                     `{"authority":"县民政局","ground":"competence","kind":"reject","reason":"不属于本机关职权"}`,
		"suspend --procedure 现场勘验 --until 2026-12-04 --officer 李明 --officer 周平 --reason 核对": `{"kind":"suspend","officers":["李明","周平"],"procedure":"现场勘验","reason":"核对","until":"2026-12-04"}`,
		"relay --opinion 已核":                             `{"kind":"relay","opinion":"已核"}`,
		"review --opinion 齐全":                            `{"kind":"review","opinion":"齐全"}`,
		"return --to-step 0 --reason 核对":                 `{"kind":"return","reason":"核对","to_step":0}`,
		"decide --granted --opinion 准予":                  `{"granted":true,"kind":"decide","opinion":"准予"}`,
		"decide --refused --opinion 不符":                  `{"granted":false,"kind":"decide","opinion":"不符"}`,
		"issue --document 证=1 --document 照=2@2027-01-01": `{"documents":[{"name":"证","number":"1"},{"name":"照","number":"2","valid_until":"2027-01-01"}],"kind":"issue"}`,
		"issue --document 证":                             `{"documents":[{"name":"证"}],"kind":"issue"}`,
		"deliver --recipient 李某":                         `{"kind":"deliver","method":"direct","recipient":"李某"}`,
		"deliver --recipient 李某 --method post":           `{"kind":"deliver","method":"post","recipient":"李某"}`,
		"comment --text 已电话联系":                           `{"kind":"comment","text":"已电话联系"}`,
		"request_supplement --point 户口簿=missing=请提交 --point phone=wrong=请核对 --before 2026-12-07": `{"before":"2026-12-07","kind":"request_supplement","points":[{"material":"户口簿","problem":"missing","how":"请提交"},{"field":"phone","problem":"wrong","how":"请核对"}]}`,
		"supplement --material 户口簿 --field phone=13800000000":                                    `{"form":[{"key":"phone","value":"13800000000"}],"kind":"supplement","materials":[{"name":"户口簿","form":"original","copies":1,"attachments":[]}]}`,
		"accept --supplement e-2 --tolerate 身份证@2026-12-07":                                      `{"kind":"accept","supplements":["e-2"],"tolerated":[{"material":"身份证","before":"2026-12-07"}]}`,
		"accept --deemed":                                           `{"deemed":true,"kind":"accept"}`,
		"withdraw --reason 不办了":                                     `{"kind":"withdraw","reason":"不办了"}`,
		"withdraw --take-back --reason 继续办":                         `{"kind":"withdraw","reason":"继续办","take_back":true}`,
		"terminate --cause withdrawn --reason 撤回 --papers-returned": `{"cause":"withdrawn","kind":"terminate","papers_returned":true,"reason":"撤回"}`,
		"suspend --procedure 专家评审 --until 2026-12-18 --reason 评审":   `{"kind":"suspend","procedure":"专家评审","reason":"评审","until":"2026-12-18"}`,
		"resume --procedure 专家评审 --on 2026-12-10 --result 通过":       `{"kind":"resume","on":"2026-12-10","procedure":"专家评审","result":"通过"}`,
		"extend --days 10 --reason 情况复杂":                            `{"days":10,"kind":"extend","reason":"情况复杂"}`,
	} {
		n.asked = nil
		r := tongban(t, append([]string{"case", "act", "3305231102002026112301000045" + checkDigit(t)}, strings.Fields(args)...)...)
		sent := n.calls("actOnCase")
		if r.code != exitOK || len(sent) != 1 || sent[0].body != body {
			t.Errorf("%s: %+v\nsent %+v\nwant %s", args, r, sent, body)
			continue
		}
		if want := "/api/v1/cases/" + caseID("330523110200-20261123-01-000045-"+checkDigit(t)) + "/actions"; sent[0].path != want || len(sent[0].key) < 8 {
			t.Errorf("%s: to %s with key %q, want %s", args, sent[0].path, sent[0].key, want)
		}
	}
	n.asked = nil
	proof := mustFile(t, "%PDF-1.4")
	if r := tongban(t, "case", "act", "x", "deliver", "--recipient", "李某", "--proof", proof); r.code != exitOK {
		t.Errorf("%+v", r)
	}
	if got := n.calls("actOnCase")[0].body; !strings.Contains(got, `"proof":[{"hash":"`) {
		t.Errorf("sent %s", got)
	}
}

func TestActRefusesBeforeAsking(t *testing.T) {
	n := signedIn(t, nil)
	n.asked = nil
	for args, says := range map[string]string{
		"":                                           "KIND",
		"approve":                                    "approve",
		"reject":                                     "--reason",
		"reject --reason x":                          "--ground",
		"reject --reason x --ground competence":      "--authority",
		"review":                                     "--opinion",
		"return --reason x":                          "--to-step",
		"return --to-step 1":                         "--reason",
		"decide --opinion x":                         "--granted",
		"decide --granted":                           "--opinion",
		"decide --granted --refused --opinion x":     "granted",
		"issue":                                      "--document",
		"issue --document =1":                        "--document",
		"issue --document a=1@soon":                  "--document",
		"deliver":                                    "--recipient",
		"deliver --recipient x --method pigeon":      "--method",
		"comment":                                    "--text",
		"request_supplement":                         "--point",
		"request_supplement --point 户口簿":             "--point",
		"supplement":                                 "--material",
		"supplement --field phone":                   "--field",
		"accept --tolerate 身份证":                      "--tolerate",
		"terminate --cause x --reason y":             "--cause",
		"suspend --procedure x --reason y":           "--until",
		"resume --procedure x --result y":            "--on",
		"extend --reason y --days 11":                "--days",
		"accept --reason x":                          "--reason 用于 for reject, return",
		"accept --granted --document a":              "--document",
		"accept --key short":                         "--key",
		"deliver --recipient x --proof /nowhere/too": "/nowhere/too",
	} {
		r := tongban(t, append([]string{"case", "act", "x"}, strings.Fields(args)...)...)
		if r.code != exitUsage || !strings.Contains(r.err, says) {
			t.Errorf("%s: %+v, want %q", args, r, says)
		}
	}
	if len(n.asked) > 0 {
		t.Errorf("the node was asked: %+v", n.asked)
	}
}

func TestSubmitRefusesBeforeSending(t *testing.T) {
	n := signedIn(t, map[string]any{"getItem": itemOf(t, "TB-XZRZ-005")})
	for args, says := range map[string]string{
		"":                          "item",
		"--item X --form a":         "key=value",
		"--item X --form =a":        "key=value",
		"--item X --form-type gold": "--form-type",
		"--item X --material =a":    "--material",
		"--item X --applicant y --material a=/nowhere/x":         "/nowhere/x",
		"--item X --applicant y --material a=" + mustFile(t, ""): "空文件",
		"--item X --division 1":                                  "--division",
		"--item X":                                               "--applicant",
		"--item X --form-file /nowhere/y":                        "/nowhere/y",
		"--item X --form-file " + mustFile(t, `{"a":{}}`):        "a ",
		"--item X --form-file " + mustFile(t, `{"a":null}`):      "a ",
		"--item X --form-file " + mustFile(t, `[1]`):             "JSON",
		"--item X --key 1":                                       "--key",
	} {
		if r := tongban(t, append([]string{"case", "submit"}, strings.Fields(args)...)...); r.code != exitUsage || !strings.Contains(r.err, says) {
			t.Errorf("%s: %+v, want %q", args, r, says)
		}
	}
	if len(n.calls("submitCase")) > 0 {
		t.Error("something was submitted")
	}
}

func TestParseForm(t *testing.T) {
	want := []catalog.FieldValue{{Key: "a", Value: "x"}, {Key: "b", Value: "12.50"}, {Key: "c", Value: "true"}}
	for _, text := range []string{`{"c":true,"b":12.50,"a":"x"}`, `[{"key":"a","value":"x"},{"key":"b","value":"12.50"},{"key":"c","value":"true"}]`} {
		if got, err := parseForm([]byte(text)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func FuzzParseForm(f *testing.F) {
	for _, text := range []string{`{}`, `[]`, `{"a":"x"}`, `{"a":1e9,"b":[1]}`, `[{"key":"a","value":"b"}]`, `null`, `{"a":`, "\xff"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseForm(data)
		if err != nil && len(list) > 0 {
			t.Errorf("faulty, yet %v", list)
		}
	})
}

func TestCasesAreShown(t *testing.T) {
	whole := client.Case{Summary: birth, ItemVersion: 1, Steps: []ledger.Step{{Tier: "village", Verb: ledger.VerbAccept}, {Tier: "township", Verb: ledger.VerbDecide}},
		Applicant: client.Applicant{Type: "person", Name: "李*", IDNumber: "330599********005X", Phone: "138****0000"},
		Form:      []catalog.FieldValue{{Key: "birth_order", Value: "一孩"}}, Head: "e-1", Actions: []client.CaseActionKind{client.ActAccept},
		Materials: []client.SubmittedMaterial{{Name: "身份证", Form: "copy", Copies: 1, Attachments: []client.AttachmentRef{
			{Hash: strings.Repeat("a", 64), Name: "a.pdf", Size: 1, Type: "application/pdf"}, {Hash: strings.Repeat("b", 64), Name: "b.pdf", Size: 1, Type: "application/pdf"}}}},
		Attachments: []client.CaseAttachment{{Hash: strings.Repeat("a", 64), Here: true}}}
	whole.Summary.Flags = []string{casework.FlagItemChanged, casework.FlagClockSkew, casework.FlagSecondNotice, casework.FlagLateResult, "new_flag"}
	timeline := client.Timeline{Case: "c-1", Number: birth.Number, Entries: []client.TimelineEntry{
		{Entry: "e-1", Kind: "case.submit", What: "收件", Actor: identity.Actor{Staff: "s-1", Name: "甲", Role: identity.VillageWorker, Node: "v-1"}, OccurredAt: at20261123, SkewMs: 150_000, Word: client.AtCounty, WordZh: "已到县中心"},
		{Entry: "e-2", Kind: "case.accept", What: "受理", Actor: identity.Actor{Staff: "s-2", Role: identity.TownshipClerk, Node: "t-1"}, OccurredAt: at20261123, Word: client.WordRefused, WordZh: "需处理", Said: "好", Refused: client.RefusalReport{Code: "stale", Zh: "已变动", En: "moved on"}}}}
	n := signedIn(t, map[string]any{"listCases": client.CaseList{Cases: []client.CaseSummary{birth}, NextCursor: "n"}, "getCase": whole, "getCaseTimeline": timeline})

	r := tongban(t, "case", "list", "--view", "waiting", "--status", "handed_in", "--item", "TB-XZRZ-005")
	holds(t, r.out, []string{"330523110200-20261123-01-000045-7  生育登记  李*     2026-11-24 00:00  已收件  村受理  荆湾村 330523110200  已存本机\n", "--cursor n"})
	if got := n.calls("listCases")[0].query; got != "ended=false&item=TB-XZRZ-005&status=handed_in&view=waiting" {
		t.Error(got)
	}
	r = tongban(t, "case", "show", "c-1")
	holds(t, r.out, []string{"李* 330599********005X 138****0000", "[村受理] → 乡镇审批", "birth_order  一孩", "a.pdf  已存本机", "b.pdf  未到"})
	if got := n.calls("getCase")[0]; got.query != "reveal=false" || got.path != "/api/v1/cases/c-1" {
		t.Errorf("%+v", got)
	}
	holds(t, r.out, []string{"标记      收件时或送达县中心前，事项已变更或停办；仍按收件所用的版本办理；有环节由时钟不准的机器记录；不止一次要求补正；特别程序超出告知的时间；new_flag\n"})
	holds(t, r.out, []string{"实施机关  梅溪镇人民政府\n", "办理单位  荆湾村 330523110200\n", "所属区划  荆湾村 330523110200\n", "2026-11-24 00:00 荆湾村 330523110200"})
	r = tongban(t, "case", "show", "c-1", "--lang", "en")
	holds(t, r.out, []string{"the item was changed or withdrawn by the time of hand-in, or before it arrived; the case goes on under the version it was handed in with; a step was recorded by a clock that was off; what is missing was asked for more than once; a special procedure took longer than told; new_flag\n"})
	tongban(t, "case", "show", "c-1", "--reveal")
	if got := n.calls("getCase")[2].query; got != "reveal=true" {
		t.Error(got)
	}
	r = tongban(t, "case", "timeline", "c-1")
	holds(t, r.out, []string{"收件  甲    village_worker", "s-2   township_clerk", "好 未通过：已变动"})
	if skewed := "（时钟快 2 分 30 秒）"; strings.Count(r.out, "时钟") != 1 || !strings.Contains(r.out, skewed+"  收件") {
		t.Errorf("what a fast clock recorded is not marked, or more is:\n%s", r.out)
	}
	r = tongban(t, "case", "timeline", "c-1", "--lang", "en")
	holds(t, r.out, []string{"case.accept", "refused: moved on", "(clock 2 min 30 s fast)  case.submit"})
	tongban(t, "case", "timeline", "c-1", "--why", "核对 100%")
	if got := n.calls("getCaseTimeline")[2]; got.query != "reveal=true" || got.header.Get("Tongban-Why") != "%E6%A0%B8%E5%AF%B9%20100%25" {
		t.Errorf("%+v", got)
	}
}

// What was missing, what was told of it and what came is shown with the case.
func TestWhatWasMissingIsShown(t *testing.T) {
	day := func(text string) calendar.Date {
		d, err := calendar.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	lacks := client.Case{Summary: birth, Head: "e-1", Applicant: client.Applicant{Type: "person", Name: "李*"}, Actions: []client.CaseActionKind{}, Steps: []ledger.Step{{Tier: "village", Verb: ledger.VerbAccept}}, Form: []catalog.FieldValue{}, Materials: []client.SubmittedMaterial{},
		Lacking: []string{"户口簿", "结婚证"}, Tolerated: []ledger.ToleratedMaterial{{Material: "结婚证", Before: day("2026-12-07")}}, WithdrawalAsked: true,
		Notice: casework.Notice{On: day("2026-11-24"), Before: day("2026-12-01"), By: identity.Actor{Name: "甲"},
			Points: []ledger.SupplementPoint{{Material: "户口簿", Problem: ledger.ProblemMissing, How: "请提交复印件"}, {Field: "phone", Problem: ledger.ProblemWrong, How: "请核对"}}},
		Supplements: []client.CaseSupplement{{Entry: "e-7", At: at20261123, By: identity.Actor{Staff: "s-1"}, Materials: []client.SubmittedMaterial{{Name: "户口簿", Form: "copy", Copies: 1, Attachments: []client.AttachmentRef{}}}, Form: []catalog.FieldValue{{Key: "phone", Value: "138****0000"}}}}}
	signedIn(t, map[string]any{"getCase": lacks})
	r := tongban(t, "case", "show", "c-1")
	holds(t, r.out, []string{"收件时缺    户口簿、结婚证\n", "已告知补正  户口簿 缺少 请提交复印件\n", "phone 不符合要求 请核对\n", "告知        2026-11-24 甲\n", "补正期限    2026-12-01\n",
		"容缺        结婚证，2026-12-07 前补交\n", "补正        2026-11-24 00:00 s-1 户口簿、phone=138****0000 e-7\n", "申请人已申请撤回"})
	r = tongban(t, "case", "show", "c-1", "--lang", "en")
	holds(t, r.out, []string{"lacking", "asked for", "missing", "may come later", "supplement"})
}

func TestCaseReveals(t *testing.T) {
	at := int64(at20261123)
	list := client.RevealList{NextCursor: "n", Reveals: []client.Reveal{
		{Entry: "e-1", Case: "c-1", Number: "330523110200-20261123-01-000045-7", Division: "330523110200", At: at, What: []string{ledger.RevealCase}, Why: "核对身份",
			Actor: identity.Actor{Staff: "s-9", Name: "乙", Role: identity.Supervisor, Node: "county-1"}, Word: client.TakenUp, WordZh: "已接办"},
		{Entry: "e-2", Case: "c-2", Division: "330523110200", Actor: identity.Actor{Staff: "s-1", Role: identity.VillageWorker, Node: "v-1"}, At: at, What: []string{ledger.RevealTimeline, ledger.RevealAttachment + strings.Repeat("a", 64)}, Word: client.SavedHere, WordZh: "已存本机"}}}
	n := signedIn(t, map[string]any{"listReveals": list})
	r := tongban(t, "case", "reveals", "330523110200 20261123 01 000045 "+checkDigit(t), "--since", "2026-11-01", "--staff", "s-9", "--division", "330523110")
	holds(t, r.out, []string{"乙 s-9", "supervisor", "county-1", "办件内容", "核对身份", "c-2", "意见、备注, 附件 aaaaaaaaaaaa", "--cursor n"})
	want := fmt.Sprintf("case=330523110200-20261123-01-000045-%s&division=330523110&since=%d&staff=s-9", checkDigit(t), time.Date(2026, 11, 1, 0, 0, 0, 0, beijing).UnixMilli())
	if got := n.calls("listReveals")[0].query; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if r := tongban(t, "case", "reveals", "--since", "gestern"); r.code != 2 {
		t.Errorf("a date that is none: %d %s", r.code, r.err)
	}
}

// What identifies a person does not get into the address of a request.
func TestNobodyIsAskedForByName(t *testing.T) {
	n := signedIn(t, map[string]any{})
	for _, args := range [][]string{
		{"case", "list", "--query", "李某"}, {"case", "list", "--query", "33059919850412005X"}, {"case", "list", "--query", "13800000000"},
		{"case", "show", "33059919850412005x"}, {"case", "timeline", "李某"}, {"case", "reveals", "13800000000"}, {"case", "act", "33059919850412005X", "accept"},
	} {
		if r := tongban(t, args...); r.code != exitUsage || !strings.Contains(r.err, "办件编号") {
			t.Errorf("%q: %d %s", args, r.code, r.err)
		}
	}
	for _, op := range n.asked {
		if strings.Contains(op.operation, "Case") {
			t.Errorf("asked: %+v", op)
		}
	}
}

// itemOf is an item of the data carried in the binary, in force.
func itemOf(t *testing.T, code string) client.ItemAtVersion {
	t.Helper()
	items, faults := catalog.ParseItems(data.Items())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	i := slices.IndexFunc(items, func(i catalog.Item) bool { return i.Code == code })
	if i < 0 {
		t.Fatalf("no item %s", code)
	}
	return client.ItemAtVersion{Item: items[i], Version: 1, Hash: catalog.Hash(items[i]), Status: client.StatusInForce}
}

// checkDigit is that of the case number the tests use.
func checkDigit(t *testing.T) string {
	t.Helper()
	for d := range 10 {
		if _, err := casework.ParseNumber("330523110200-20261123-01-000045-" + strconv.Itoa(d)); err == nil {
			return strconv.Itoa(d)
		}
	}
	t.Fatal("no check digit fits")
	return ""
}

// fakeBlobs takes uploads in.
type fakeBlobs struct {
	t    *testing.T
	mu   sync.Mutex
	here []byte
	hash string
	size int64
	// lose says at which chunk the offset turns out to be another.
	lose, chunks int
}

func newFakeBlobs(t *testing.T) *fakeBlobs { return &fakeBlobs{t: t} }

func (b *fakeBlobs) answers(more map[string]any) map[string]any {
	more["beginAttachment"] = http.HandlerFunc(b.begin)
	more["appendAttachment"] = http.HandlerFunc(b.append)
	return more
}

func (b *fakeBlobs) begin(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var in client.AttachmentRequest
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		b.t.Error(err)
	}
	b.hash, b.size = in.Hash, in.Size
	reply(w, b.state())
}

func (b *fakeBlobs) append(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.chunks++
	at, err := strconv.Atoi(r.Header.Get("Upload-Offset"))
	chunk, readErr := io.ReadAll(r.Body)
	if err != nil || readErr != nil {
		b.t.Error(err, readErr)
	}
	if at != len(b.here) || b.chunks == b.lose {
		if b.chunks == b.lose {
			b.here = append(b.here, chunk[:10]...) // somebody else sent a little
		}
		reply(w, refusing(409, "wrong_offset", "断点不符", "the upload stands elsewhere", "从断点继续"))
		return
	}
	b.here = append(b.here, chunk...)
	reply(w, b.state())
}

func (b *fakeBlobs) state() client.AttachmentState {
	s := client.AttachmentState{Hash: b.hash, Offset: int64(len(b.here)), Complete: int64(len(b.here)) == b.size}
	if s.Complete {
		s.Type = "application/pdf"
	}
	return s
}
