package document

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/catalog/catalogtest"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

var update = flag.Bool("update", false, "write the golden documents anew")

func mustItem(tb testing.TB, code string) *catalog.Item {
	tb.Helper()
	return catalogtest.Item(tb, code)
}

// lived is a case to which everything has happened that makes a document, as
// changed at the end.
func lived(tb testing.TB, change func(*casework.Case)) Subject {
	tb.Helper()
	item := mustItem(tb, "TB-XFJY-001")
	at := func(day string) int64 {
		return calendartest.Date(tb, day).Midnight().Add(9*time.Hour + 5*time.Minute).UnixMilli()
	}
	number, err := casework.NewNumber("330523110220", calendartest.Date(tb, "2026-11-23"), 1, 45)
	if err != nil {
		tb.Fatal(err)
	}
	c := &casework.Case{ID: "e0", Number: number.Compact(), Item: item.Code, ItemName: item.Name, Department: item.Department,
		Applicant:  ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司", IDNumber: "91330599MA000TB146"},
		Materials:  []catalog.SubmittedMaterial{{Name: item.Materials[0].Name, Form: catalog.SubmittedOriginal, Copies: 1}},
		Lacking:    []string{item.Materials[1].Name, item.Form[0].Key},
		HandedInMS: at("2026-11-23"), AcceptedMS: at("2026-11-25"), AcceptedOn: calendartest.Date(tb, "2026-11-25"), Status: casework.Accepted,
		AcceptedBy: &identity.Actor{Name: "窗口甲"},
		Notice: &casework.Notice{On: calendartest.Date(tb, "2026-11-23"), Before: calendartest.Date(tb, "2026-11-30"), Points: []ledger.SupplementPoint{
			{Material: item.Materials[1].Name, Problem: ledger.ProblemMissing, How: "请提交原件一份"}, {Field: item.Form[0].Key, Problem: ledger.ProblemWrong, How: "请按执照填写"}}},
		Tolerated:   []ledger.ToleratedMaterial{{Material: item.Materials[2].Name, Before: calendartest.Date(tb, "2026-12-04")}},
		Suspensions: []casework.Suspension{{Procedure: "检验", Lawful: true, From: calendartest.Date(tb, "2026-11-26"), Until: calendartest.Date(tb, "2026-12-02")}},
		ExtendedBy:  10, ExtendedOn: calendartest.Date(tb, "2026-11-27"), ExtendReason: "情况复杂", Extender: "分管领导", Told: ledger.Dues{Statutory: calendartest.Date(tb, "2026-12-30")}}
	if change != nil {
		change(c)
	}
	limits, err := c.Limits(item, calendartest.Calendar(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return Subject{Case: c, Item: item, Limits: limits, QueryCode: "7K3M-Q2XF", Government: "安吉县人民政府",
		Issuer: Issuer{Centre: "安吉县政务服务中心", Department: item.Department, Window: "A01", Phone: "0572-0000000", Supervision: "0572-0000001", Clerk: "窗口甲"}}
}

func decided(granted bool) func(*casework.Case) {
	return func(c *casework.Case) {
		c.Decision, c.Opinion, c.DecidedMS = casework.Declined, "疏散通道宽度不足，不符合规定", c.AcceptedMS+86400_000
		if granted {
			c.Decision, c.Opinion = casework.Granted, "符合条件"
		}
		c.Status = c.Decision
	}
}

// Each document and what the law and the handbook (section 3) want in it.
//
// Rules: 2.7, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 3.7, 3.9, 3.10, 3.11, 3.12, 3.13.
func TestGoldenDocuments(t *testing.T) {
	for _, row := range []struct {
		kind   Kind
		change func(*casework.Case)
		holds  []string
	}{
		{ReceiptSlip, nil, []string{"收到的材料", "收件时间", "2026年11月23日 09:05", "尚缺的材料", "查询码"}},
		{AcceptanceNotice, nil, []string{"受理日期", "承诺办结日期", "法定办结日期", "2026年12月30日", "查询码", "容缺受理"}},
		{RejectionNotice, func(c *casework.Case) {
			c.Status, c.RejectedMS, c.Reason, c.RightAuthority = casework.NotAccepted, c.HandedInMS, "不属于本机关职权范围", "县公安局"
		}, []string{"不属于本机关职权范围", "第三十二条", "县公安局", "行政复议", "安吉县人民政府"}},
		{SupplementNotice, nil, []string{"请提交原件一份", "申请表：", "一次性", "2026年11月30日"}},
		{SpecialProcedureNotice, nil, []string{"检验", "第四十五条", "2026年12月2日"}},
		{ExtensionNotice, nil, []string{"10 个工作日", "情况复杂", "分管领导", "2026年12月30日", "第四十二条"}},
		{GrantDecision, decided(true), []string{"准予行政许可决定书", "十个工作日"}},
		{RefusalDecision, decided(false), []string{"疏散通道宽度不足", "法律依据", "行政复议", "行政诉讼", "六十日", "六个月"}},
		{TerminationNotice, func(c *casework.Case) {
			c.Status, c.Cause, c.Reason, c.PapersReturned, c.TerminatedMS = casework.Terminated, ledger.CauseWithdrawn, "改日再办", true, c.AcceptedMS
		}, []string{"申请人撤回申请", "改日再办", "已退还"}},
		{ServiceReceipt, func(c *casework.Case) {
			decided(true)(c)
			c.Status, c.DeliveredMS, c.Recipient, c.Method = casework.Closed, c.DecidedMS, "李某", "direct"
			c.Documents = []ledger.IssuedDocument{{Name: "合格证", Number: "安消〔2026〕1号"}}
		}, []string{"准予行政许可决定书 准〔2026〕", "安消〔2026〕1号", "李某", "直接送达", "受送达人"}},
	} {
		s := lived(t, row.change)
		d, err := Make(row.kind, s)
		if err != nil {
			t.Errorf("%s: %v", row.kind, err)
			continue
		}
		golden(t, string(row.kind), d, append(row.holds, "安吉县政务服务中心", "窗口甲", "330523110220-20261123-01-000045-", "〔2026〕", "0572-0000001", "梅溪竹业有限公司", s.Item.Name))
		if !slices.Contains(Ready(s.Case), row.kind) {
			t.Errorf("%s is made, but not ready: %s", row.kind, Ready(s.Case))
		}
	}
}

// Rules: 8.1.
func TestSheet(t *testing.T) {
	item := *mustItem(t, "TB-XFJY-001")
	o := item.With(catalog.Overlay{Item: item.Code, Office: "330523110", Window: "3 号窗口", Hours: "8:30–17:00", Phone: "0572-1111111"})
	d := Sheet(o, Issuer{Centre: "梅溪镇便民服务中心", Department: "安吉县消防救援大队", Supervision: "0572-0000001", Clerk: "窗口甲（工号 s-17）"}, map[node.Tier]string{node.County: "安吉县政务服务中心"}, calendartest.Date(t, "2026-11-23"), []string{item.Materials[1].Name})
	golden(t, string(NoticeSheet), d, []string{item.Name, "法律依据", "谁可以申请", "法定时限", "承诺时限", "收费", "3 号窗口", "8:30–17:00", "0572-1111111", "安吉县政务服务中心", "实施机关", "安吉县消防救援大队", "□" + item.Materials[1].Name, "0572-0000001", "窗口甲（工号 s-17）", "一式两份", "窗口人员", "申请人", string(item.Materials[1].Form), "2026-11-23"})
	if strings.Contains(mustJSON(t, d), "□"+item.Materials[0].Name) {
		t.Error("a material that is there is ticked as missing")
	}
}

// Art. 30: what has to be met is told before anybody applies. Where the catalog does
// not say it of a licence, the sheet says that, and makes nothing up.
// Rules: 8.1.
func TestSheetTellsConditions(t *testing.T) {
	item := *mustItem(t, "TB-XFJY-001")
	sheet := func() string {
		return mustJSON(t, Sheet(item.With(), Issuer{Centre: "安吉县政务服务中心"}, nil, calendartest.Date(t, "2026-11-23"), nil))
	}
	if text := sheet(); !strings.Contains(text, "许可条件") || !strings.Contains(text, "目录尚未写明") || strings.Contains(text, "数量限制") {
		t.Error(text)
	}
	item.Conditions = []catalog.Condition{{Text: "疏散通道畅通", Basis: "消防法第十五条"}, {Text: "消防设施完好"}}
	item.Quantity = "每条街一家"
	item.Fee = catalog.Fee{Charged: true, Standard: "按省级标准", Rates: []catalog.FeeRate{{Name: "工本费", Unit: "证", AmountFen: 1050, Basis: "某规定第三条"}}}
	for _, want := range []string{"按省级标准（工本费 10.50 元/证，依据：某规定第三条）", "许可条件", "1. 疏散通道畅通（消防法第十五条）", "2. 消防设施完好", "数量限制", "每条街一家"} {
		if text := sheet(); !strings.Contains(text, want) || strings.Contains(text, "目录尚未写明") {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	item = *mustItem(t, "TB-XZRZ-005")
	if text := sheet(); strings.Contains(text, "条件") {
		t.Errorf("what is no licence and has no conditions says nothing of them: %s", text)
	}
}

func golden(t *testing.T, name string, d *Document, holds []string) {
	t.Helper()
	text := mustJSON(t, d)
	for _, want := range holds {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q:\n%s", name, want, text)
		}
	}
	path := filepath.Join("testdata", name+".v1.json")
	if *update {
		if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != text+"\n" {
		t.Errorf("%s is not as the golden file has it (%v); run with -update and look", name, err)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNotYet(t *testing.T) {
	s := lived(t, func(c *casework.Case) {
		*c = casework.Case{Number: c.Number, Status: casework.HandedIn, HandedInMS: c.HandedInMS}
	})
	for _, k := range order {
		_, err := Make(k, s)
		var no *NotYet
		if (k == ReceiptSlip) != (err == nil) || err != nil && !errors.As(err, &no) {
			t.Errorf("%s of a case just handed in: %v", k, err)
		}
	}
	if _, err := Make("letter", s); err == nil {
		t.Error("a document of no kind")
	}
	if got := Ready(s.Case); !slices.Equal(got, []Kind{ReceiptSlip}) {
		t.Errorf("ready: %s", got)
	}
}

// The applicant's number is never on a paper in full, and a query code only
// where the applicant gets it.
func TestNothingTooMuch(t *testing.T) {
	s := lived(t, decided(true))
	for _, k := range Ready(s.Case) {
		d, err := Make(k, s)
		if err != nil {
			t.Fatal(err)
		}
		text := mustJSON(t, d)
		if strings.Contains(text, s.Case.Applicant.IDNumber) {
			t.Errorf("%s shows the whole number", k)
		}
		if strings.Contains(text, s.QueryCode) != (k == ReceiptSlip || k == AcceptanceNotice) {
			t.Errorf("%s and the query code", k)
		}
	}
}

func TestEveryKindHasItsWords(t *testing.T) {
	for _, k := range append(slices.Clone(order), NoticeSheet) {
		if titles[k] == "" || k != NoticeSheet && (signs[k] == "" || makers[k].fill == nil) {
			t.Errorf("%s lacks words", k)
		}
	}
	if len(makers) != len(order) {
		t.Errorf("%d makers, %d in order", len(makers), len(order))
	}
}

// Which of its kind a document is stands in its number, from the second on.
func TestNthOfANumber(t *testing.T) {
	on := calendartest.Date(t, "2026-11-23")
	for nth := 1; nth < 12; nth++ {
		if got := NthOf(Number(SpecialProcedureNotice, on, "330523110220-20261123-01-000045-4", nth)); got != nth {
			t.Errorf("%d of %d", got, nth)
		}
	}
	for _, odd := range []string{"", "之", "特〔2026〕1之二"} {
		if got := NthOf(odd); got != 1 {
			t.Errorf("%q is %d", odd, got)
		}
	}
}
