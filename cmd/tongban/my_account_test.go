package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

// applicantAt is a desk where an applicant is logged in.
func applicantAt(t *testing.T, answers map[string]any) *fakeNode {
	t.Helper()
	desk(t)
	n := newFakeNode(t, nil)
	tokens := client.MySessionTokens{AccessToken: "applicants-token", RefreshToken: "applicants-refresh", ExpiresAt: time.Now().Add(time.Hour).UnixMilli(),
		Account: client.MyAccount{Account: "a-1", Type: client.TypePerson, Name: "李某", Number: "…005X", Firms: []client.MyFirm{}}}
	answers["activateAccount"] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n.mu.Lock()
		n.access = "applicants-token"
		n.mu.Unlock()
		reply(w, tokens)
	})
	answers["unlinkProvider"] = tokens
	n.answers = answers
	pw := mustFile(t, "chu-shi-mi-ma-2026\n")
	if r := tongban(t, "account", "activate", "--node", n.url, "--number", "33059919850412005X", "--code", "7KQ2-M0XV-9TRB", "--password-file", pw); r.code != exitOK {
		t.Fatalf("%+v", r)
	}
	n.mu.Lock()
	n.asked = nil
	n.mu.Unlock()
	return n
}

// What an applicant does from home, and what anybody may read, at a terminal.
func TestMyCommands(t *testing.T) {
	scan := mustFile(t, "%PDF-1.7\n%%EOF\n")
	pw := mustFile(t, "chu-shi-mi-ma-2026\n")
	joint := client.MyJointSummary{Id: "j-1", Number: "330523000000-20261123-01-000009-4", Package: "PK-06", Name: "新生儿出生一件事", Department: "县卫生健康局", ApplicantName: "李某", Status: "handed_in", StatusZh: "已收件"}
	guide := client.PackageGuide{Package: somePackage(t), Version: 1, Items: []client.PackageItem{}, Form: []client.PackageField{{Items: []string{}, Field: catalog.Field{Key: "address", Label: "住址", Type: "text"}}},
		Materials: []client.PackageMaterial{}}
	agents := client.MyAccount{Account: "a-1", Type: client.TypeOrganisation, Agents: []client.AccountAgent{{Name: "王芳", Number: "3305**********2464", Authority: "授权委托书"}}, Firms: []client.MyFirm{}}
	for _, row := range []struct {
		args    string
		answers map[string]any
		asks    []string // operations, with what their bodies have to hold after a space
		says    []string
		english string
	}{
		{"my joint packages", map[string]any{"listOnlinePackages": client.OnlinePackages{Packages: []client.OnlinePackage{{Code: "PK-06", Name: joint.Name, Department: joint.Department, Version: 1, NeedsDivision: "village", Online: true, Items: []client.OnlinePackageItem{{Code: "TB-XZRZ-005", Online: true}, {Code: "TB-XZRZ-006", Online: true}}}}}},
			[]string{"listOnlinePackages"}, []string{"PK-06", "可以"}, "ONLINE"},
		{"my joint check PK-06 --form address=甲子村 --material 身份证=" + scan, map[string]any{"getPackage": guide, "checkMyJointCase": client.CheckReport{Ok: true, Faults: []client.Fault{}}},
			[]string{"getPackage", `checkMyJointCase "package":"PK-06"`}, nil, ""},
		{"my joint submit PK-06 --electronic --form address=甲子村", map[string]any{"getPackage": guide, "submitMyJointCase": client.MyJointReceipt{Joint: joint, Recorded: atCounty}},
			[]string{"getPackage", `submitMyJointCase "electronic":true`}, []string{joint.Number, "已收件"}, "leads"},
		{"my joint list", map[string]any{"listMyJointCases": client.MyJointCases{Cases: []client.MyJointListed{{Summary: joint, Members: []client.MyCaseSummary{}}}, NextCursor: "c2"}},
			[]string{"listMyJointCases"}, []string{joint.Number, "--cursor c2"}, "PACKAGE"},
		{"my joint show " + joint.Number, map[string]any{"getMyJointCase": client.MyJointCase{Summary: joint, Actions: []client.MyJointActionKind{}, Materials: []client.SubmittedMaterial{}, Applicant: client.Applicant{Type: "person"}, Notice: []client.SupplementPoint{{Material: "身份证", Problem: "unclear", How: "请重新扫描"}}, Members: []client.MyCaseSummary{{Number: "330523000000-20261123-01-000010-1", ItemName: "出生医学证明", Status: "accepted", StatusZh: "已受理"}}}},
			[]string{"getMyJointCase"}, []string{"须补正：身份证 请重新扫描", "出生医学证明"}, "wanted:"},
		{"my joint act " + joint.Number + " withdraw --text 不再需要", map[string]any{"actOnMyJointCase": client.MyJointReceipt{Joint: joint, Recorded: atCounty}},
			[]string{`actOnMyJointCase "kind":"withdraw"`}, []string{joint.Number}, ""},
		{"my joint documents " + joint.Number, map[string]any{"listMyJointDocuments": client.JointDocumentList{Documents: []client.JointDocumentTitle{{Kind: "joint_receipt", Title: "联办件收件凭证"}}}},
			[]string{"listMyJointDocuments"}, []string{"joint_receipt  联办件收件凭证"}, ""},
		{"my complaint open --type complaint --text 中午无人 --key 12345678", map[string]any{"openMyComplaint": client.ComplaintReceipt{Number: "T1", Code: "AAAA", Recorded: atCounty}},
			[]string{`openMyComplaint "text":"中午无人"`}, []string{"受理编号 T1"}, "number T1"},
		{"my complaint list", map[string]any{"listMyComplaints": client.MyComplaints{Complaints: []client.ComplaintOutcome{{Number: "T1", Type: "complaint", State: "replied", Text: "中午无人", Reply: "已增设窗口", OpenedAt: at20261123}}}},
			[]string{"listMyComplaints"}, []string{"投诉", "已增设窗口"}, "REPLY"},
		{"my agents", map[string]any{"getMySession": agents}, []string{"getMySession"}, []string{"王芳", "授权委托书"}, "AUTHORITY"},
		{"my agents --agent 王芳,330599200103152464,授权委托书,2027-12-31", map[string]any{"setMyAgents": agents}, []string{`setMyAgents "authority":"授权委托书"`}, []string{"王芳"}, ""},
		{"my agents --none", map[string]any{"setMyAgents": client.MyAccount{Type: client.TypeOrganisation, Firms: []client.MyFirm{}}}, []string{`setMyAgents "agents":[]`}, nil, ""},
		{"my provider", map[string]any{"getProvider": client.Provider{}}, []string{"getProvider"}, []string{"没有接入"}, "there is none"},
		{"my provider", map[string]any{"getProvider": client.Provider{Configured: true, LabelZh: "浙里办", Opens: true}}, []string{"getProvider"}, []string{"浙里办", "浏览器"}, "browser"},
		{"my provider --unlink --password-file " + pw, map[string]any{}, []string{`unlinkProvider "password"`}, []string{"已解除关联"}, "unlinked"},
		{"public cases --decided", map[string]any{"listPublicCases": client.PublicCaseList{AsOf: at20261123, Cases: []client.PublicCase{{Number: "330523****", ItemName: "营业执照", Applicant: "李*", StatusZh: "已决定"}}}},
			[]string{"listPublicCases"}, []string{"李*", "数据截至"}, "as of"},
		{"public relief", map[string]any{"listRelief": client.ReliefList{AsOf: at20261123, Relief: []client.ReliefPosting{{Name: "王某", Village: "甲子村", Kind: "最低生活保障", Until: mustDay(t, "2026-11-30")}}}}, []string{"listRelief"}, []string{"甲子村", "最低生活保障"}, "UNTIL"},
		{"public items", map[string]any{"openItems": openData(client.OpenEntry{Id: "tag:x,2026:1", Updated: "2026-11-23T00:00:00+08:00", Title: "生育登记", Category: "公共服务"}, "")}, []string{"openItems"}, []string{"生育登记"}, "CATEGORY"},
		{"public decisions", map[string]any{"openDecisions": openData(client.OpenEntry{Id: "tag:x,2026:2", Updated: "2026-11-23T00:00:00+08:00", Title: "准予决定", Category: "许可"}, "c2")}, []string{"openDecisions"}, []string{"准予决定", "--cursor c2"}, "TITLE"},
	} {
		t.Run(row.args, func(t *testing.T) {
			n := applicantAt(t, row.answers)
			args := append(strings.Fields(row.args), "--node", n.url)
			r := tongban(t, args...)
			if r.code != exitOK {
				t.Fatalf("%+v", r)
			}
			var asked []string
			for i, c := range n.asked {
				name := c.operation
				if i < len(row.asks) {
					if _, holds, ok := strings.Cut(row.asks[i], " "); ok && strings.Contains(c.body, holds) {
						name = row.asks[i]
					}
				}
				asked = append(asked, name)
			}
			if !slices.Equal(asked, row.asks) {
				t.Errorf("asked %q, want %q: %+v", asked, row.asks, n.asked)
			}
			holds(t, r.out, row.says)
			if english := tongban(t, append(args, "--lang", "en")...); !strings.Contains(english.out, row.english) {
				t.Errorf("in English: %+v", english)
			}
		})
	}
}

func somePackage(t *testing.T) client.Package {
	t.Helper()
	items, faults := catalog.ParseItems(data.Items())
	packages, more := catalog.ParsePackages(data.Packages, items)
	if len(faults)+len(more) > 0 {
		t.Fatal(faults, more)
	}
	return packages[0]
}

func openData(e client.OpenEntry, next string) client.OpenFeed {
	return client.OpenFeed{Id: "tag:x,2026:0", Title: "开放数据", Updated: e.Updated, Entries: []client.OpenEntry{e}, NextCursor: next}
}

func mustDay(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAtomAsItIsServed(t *testing.T) {
	desk(t)
	const feed = `<?xml version="1.0"?><feed/>`
	n := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/open/items" || r.URL.Query().Get("format") != "atom" {
			t.Errorf("asked %s", r.URL)
		}
		w.Header().Set("Content-Type", "application/atom+xml")
		_, _ = w.Write([]byte(feed))
	}))
	defer n.Close()
	if r := tongban(t, "public", "items", "--atom", "--node", n.URL); r.code != exitOK || r.out != feed {
		t.Errorf("%+v", r)
	}
}
