package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/supervision"
)

// What each command of supervision and of the roster asks a node, and says.
func TestSupervisionCommands(t *testing.T) {
	day, err := calendar.Parse("2029-12-31")
	if err != nil {
		t.Fatal(err)
	}
	number := "330523110200-20261123-01-000045-" + checkDigit(t)
	said := client.Said{By: identity.Actor{Name: "王伟"}, At: at20261123, Text: "当日外出勘验"}
	desk := client.Desk{Division: "330523110", Verb: ledger.VerbDecide}
	card := client.Card{Id: "card-1", Number: number, RuleZh: "超过承诺时限", RuleEn: "the promised limit has passed", Colour: supervision.Yellow, State: supervision.Explained, Desk: desk,
		AnswerBy: day, To: client.NamedPerson{Staff: "s-7", Name: "王伟"}, LineDownMinutes: 45, IssuedOn: day, Asked: []client.NamedPerson{{Staff: "s-7", Name: "王伟"}}, Answers: []client.Said{said}}
	person := client.Staff{Id: "s-7", Login: "meixi-lingdao", Name: "王伟", Division: "330523110", Roles: []identity.Role{identity.TownshipLeader},
		Roster: client.Roster{Established: true, Rank: identity.RankVice, Heads: identity.InCharge, Qualifications: []client.Qualification{{Kind: "行政执法证", Until: day}}},
		Duty:   []client.Duty{{Substitute: "s-8", From: day, Until: day}}}
	staff := client.StaffList{Staff: []client.Staff{person, {Id: "s-8", Login: "meixi-shenhe", Name: "陈静", Division: "330523110", Roles: []identity.Role{identity.TownshipReviewer}}}}
	inquiry := client.Inquiry{Id: "q-1", Number: number, Desk: desk, Asked: said, AnswerBy: day, Answers: []client.Said{said}}
	for _, row := range []struct {
		args    string
		answers map[string]any
		asks    []string
		says    []string
		english []string
	}{
		{"supervise board --division 330523110", map[string]any{"getBoard": client.Board{Cases: 9, Green: 6, Amber: 1, Yellow: 2, Desks: []client.BoardDesk{{Desk: desk, Cases: 9}}, People: []client.BoardPerson{{Desk: desk, Yellow: 2}}}},
			[]string{"getBoard /api/v1/supervision/board?division=330523110"}, []string{"在办 9：正常 6，预警 1，黄牌 2，红牌 0", "（窗口）"}, []string{"9 cases: green 6", "(the desk)"}},
		{"supervise cards --waiting --colour yellow", map[string]any{"listCards": client.CardList{Cards: []client.Card{card}}},
			[]string{"listCards /api/v1/cards?colour=yellow&live=false&mine=false&waiting=true"}, []string{"黄牌", "超过承诺时限", "待认定", "王伟"}, []string{"yellow", "answered"}},
		{"supervise card card-1", map[string]any{"getCard": card}, []string{"getCard /api/v1/cards/card-1"}, []string{"工作时间 45 分钟，不计入个人", "当日外出勘验"}, []string{"45 minutes of business"}},
		{"supervise answer card-1 --text 当日外出勘验 --key 12345678", map[string]any{"actOnCard": card}, []string{`actOnCard /api/v1/cards/card-1/actions {"kind":"answer","text":"当日外出勘验"}`}, []string{"待认定"}, nil},
		{"supervise find card-1 --breach --person s-7 --statement-by 2029-12-31 --text 无理由 --key 12345678", map[string]any{"actOnCard": card},
			[]string{`actOnCard /api/v1/cards/card-1/actions {"breach":true,"kind":"find","person":"s-7","statement_by":"2029-12-31","text":"无理由"}`}, nil, nil},
		{"supervise measure card-1 --measure talk --text 初次 --key 12345678", map[string]any{"actOnCard": card}, []string{`actOnCard /api/v1/cards/card-1/actions {"kind":"measure","measure":"talk","text":"初次"}`}, nil, nil},
		{"supervise settle card-1 --upheld --text 属实 --key 12345678", map[string]any{"actOnCard": card}, []string{`actOnCard /api/v1/cards/card-1/actions {"kind":"settle","text":"属实","upheld":true}`}, nil, nil},
		{"supervise case " + number, map[string]any{"getCaseSupervision": client.CaseSupervision{Colour: "yellow", Cards: []client.Card{card}, Inquiries: []client.Inquiry{inquiry}, Urges: []client.Said{said}, Outages: []client.Outage{{From: 1, Until: 2}}, LineDownMinutes: 45}},
			[]string{"getCaseSupervision /api/v1/cases/" + number + "/supervision"}, []string{"黄牌", "催办", "q-1", "不计入个人"}, []string{"urged"}},
		{"supervise urge " + number + " --text 请尽快 --key 12345678", map[string]any{"superviseCase": atCounty}, []string{`superviseCase /api/v1/cases/` + number + `/supervision {"kind":"urge","text":"请尽快"}`}, []string{"已到县中心"}, nil},
		{"supervise ask " + number + " --text 为何 --answer-by 2029-12-31 --key 12345678", map[string]any{"superviseCase": atCounty}, []string{`superviseCase /api/v1/cases/` + number + `/supervision {"answer_by":"2029-12-31","kind":"ask","text":"为何"}`}, nil, nil},
		{"supervise reply " + number + " q-1 --text 今日办结 --key 12345678", map[string]any{"superviseCase": savedHere}, []string{`superviseCase /api/v1/cases/` + number + `/supervision {"inquiry":"q-1","kind":"reply","text":"今日办结"}`}, []string{"已存本机"}, nil},
		{"supervise inquiries", map[string]any{"listInquiries": client.InquiryList{Inquiries: []client.Inquiry{inquiry}}}, []string{"listInquiries /api/v1/inquiries"}, []string{"q-1"}, nil},
		{"supervise thresholds", map[string]any{"getThresholds": client.ThresholdsAnswer{Thresholds: supervision.Defaults, Changes: []client.ThresholdsChange{}}}, []string{"getThresholds /api/v1/supervision/thresholds"}, []string{"08:30–17:00"}, []string{"working days over"}},
		{"supervise thresholds --amber-left 0 --closes 17:30 --reason 试行", map[string]any{"setThresholds": atCounty}, []string{`setThresholds /api/v1/supervision/thresholds {"amber_left":0,"closes":1050,"reason":"试行"}`}, []string{"已到县中心"}, nil},

		{"staff roster list", map[string]any{"listStaff": staff}, []string{"listStaff /api/v1/staff"}, []string{"在编", "单位副职", "行政执法证 →2029-12-31", "未登记", "s-8 2029-12-31..2029-12-31"}, []string{"no record", "vice_leader"}},
		{"staff roster set meixi-lingdao --established --qualification 行政执法证=2029-12-31 --rank vice_leader --heads charge --reason 任职", map[string]any{"listStaff": staff, "setStaffRoster": atCounty},
			[]string{"listStaff /api/v1/staff", `setStaffRoster /api/v1/staff/s-7/roster {"established":true,"heads":"charge","qualifications":[{"kind":"行政执法证","until":"2029-12-31"}],"rank":"vice_leader","reason":"任职"}`}, []string{"已到县中心"}, nil},
		{"staff substitute meixi-lingdao meixi-shenhe --from 2029-12-30 --until 2029-12-31 --reason 休假", map[string]any{"listStaff": staff, "setSubstitute": atCounty},
			[]string{"listStaff /api/v1/staff", "listStaff /api/v1/staff", `setSubstitute /api/v1/staff/s-7/substitute {"from":"2029-12-30","reason":"休假","substitute":"s-8","until":"2029-12-31"}`}, nil, nil},
	} {
		n := signedIn(t, row.answers)
		n.asked = nil
		r := tongban(t, strings.Fields(row.args)...)
		if r.code != exitOK {
			t.Errorf("%s: %+v", row.args, r)
			continue
		}
		asked := make([]string, len(n.asked))
		for i, c := range n.asked {
			asked[i] = strings.Join(slices.DeleteFunc([]string{c.operation, c.path + question(c.query), c.body}, func(s string) bool { return s == "" }), " ")
		}
		if !slices.Equal(asked, row.asks) {
			t.Errorf("asked %q,\nwant  %q", asked, row.asks)
		}
		holds(t, r.out, row.says)
		holds(t, tongban(t, append(strings.Fields(row.args), "--lang", "en")...).out, row.english)
	}
	n := signedIn(t, map[string]any{"listStaff": staff})
	n.asked = nil
	for args, says := range map[string]string{
		"staff roster set s-7 --rank king --reason x":                        "--rank",
		"staff roster set s-7 --rank clerk --reason x --qualification 行政执法证": "--qualification",
		"supervise thresholds --red-over 3":                                  "--reason",
		"supervise thresholds --opens nine --reason x":                       "--opens",
	} {
		if r := tongban(t, strings.Fields(args)...); r.code == exitOK || !strings.Contains(r.err, says) {
			t.Errorf("%s: %+v", args, r)
		}
	}
}
