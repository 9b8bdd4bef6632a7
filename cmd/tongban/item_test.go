package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
)

// What the binary carries must be fit to be imported.
func TestCarriedDataIsSound(t *testing.T) {
	items, faults := catalog.ParseItems(data.Items())
	if len(faults) > 0 || len(items) < 200 {
		t.Errorf("%d items, %v", len(items), faults)
	}
	if packages, faults := catalog.ParsePackages(data.Packages, items); len(faults) > 0 || len(packages) == 0 {
		t.Errorf("%d packages, %v", len(packages), faults)
	}
	if years, err := calendar.ParseFile(data.Calendar); err != nil || len(years) == 0 {
		t.Errorf("%d years, %v", len(years), err)
	}
	if places, err := division.ParseFile(data.Divisions); err != nil || len(places) < 200 {
		t.Errorf("%d divisions, %v", len(places), err)
	}
}

func TestValidateWithoutANode(t *testing.T) {
	desk(t)
	if r := tongban(t, "item", "validate"); r.code != exitOK || !strings.HasPrefix(r.out, "没有错误") {
		t.Errorf("the carried items: %+v", r)
	}
	faulty := strings.Replace(string(data.Items()), `"instant": true`, `"instant": "yes"`, 1)
	faulty = strings.Replace(faulty, `"fee":`, `"fees":`, 1)
	for _, args := range [][]string{{"item", "validate", mustFile(t, faulty)}, {"item", "validate", "-"}} {
		r := typing(t, faulty, args...)
		if r.code != exitRefused || r.out != "" || strings.Count(r.err, " items[") < 2 || !strings.Contains(r.err, "[file_faults]") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	r := typing(t, faulty, "item", "validate", "-", "--json")
	var report client.FileReport
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || report.Ok || len(report.Faults) < 2 || r.code != exitRefused || r.err != "" {
		t.Errorf("--json: %v %+v", err, r)
	}
}

func TestItemIsShownAsPeopleAreToldIt(t *testing.T) {
	shown := itemOf(t, "TB-XZRZ-005")
	shown.Overlay = catalog.Overlay{Office: "330523110", Item: "TB-XZRZ-005", Window: "3号窗口", Phone: "0572-5000110"}
	n := signedIn(t, map[string]any{"getItem": shown})
	r := tongban(t, "item", "show", "TB-XZRZ-005", "--office", "330523110", "--version", "1")
	holds(t, r.out, []string{"事项  生育登记\n", "TB-XZRZ-005  v1  在用", "《中华人民共和国人口与计划生育法》", "环节  村受理 → 乡镇审批\n",
		"时限  承诺 即办，法定 1 工作日\n", "窗口  3号窗口\n", "电话  0572-5000110\n", "结婚证              复印件  1           已婚      含双方信息页和照片页", "一孩|二孩|三孩|四孩及以上"})
	if got := n.calls("getItem")[0]; got.query != "office=330523110&plain=false&version=1" {
		t.Errorf("%+v", got)
	}
	// Anybody may ask.
	tongban(t, "logout")
	if r := tongban(t, "item", "show", "TB-XZRZ-005", "--lang", "en"); r.code != exitOK || !strings.Contains(r.out, "MATERIAL") {
		t.Errorf("%+v", r)
	}
}

func TestOneVersionHasNoDifference(t *testing.T) {
	signedIn(t, map[string]any{"listItemVersions": client.VersionList{Versions: []client.ItemVersion{{Code: "A", Version: 1, Status: client.StatusDraft}}}})
	if r := tongban(t, "item", "diff", "A"); r.code != exitOK || r.out != "" || !strings.Contains(r.err, "只有一个版本") {
		t.Errorf("%+v", r)
	}
	if r := tongban(t, "item", "diff", "A", "--json"); r.code != exitOK || !strings.Contains(r.out, `"changes": []`) {
		t.Errorf("%+v", r)
	}
	if r := tongban(t, "item", "diff", "A", "--to", "1"); r.code != exitUsage {
		t.Errorf("version 0 was asked for: %+v", r)
	}
}

// The same no for every draft is said once, with how many they are; what has a
// line of its own, or a word of its own, is told one by one.
func TestTheSameFaultIsToldOnce(t *testing.T) {
	var faults []client.Fault
	for i := range 226 {
		faults = append(faults, client.Fault{Path: fmt.Sprintf("items[%d]", i), Code: catalog.FaultLaw, ZH: "须由起草人以外的人审核", EN: "somebody other than the drafter must approve"})
	}
	faults = append(faults, client.Fault{Path: "items[226]", Code: catalog.FaultUnknown, ZH: "没有这一版本的草稿", EN: "there is no draft of this version"})
	for i := range 7 {
		faults = append(faults, client.Fault{Path: fmt.Sprintf("form[%d]", i), Line: i + 1, Code: catalog.FaultMissing, ZH: "未填写", EN: "not filled in"})
	}
	signedIn(t, map[string]any{"approveItems": refusing(409, "not_approvable", "有版本不能复核，未复核任何版本", "none was approved", "请更正", faults...)})
	r := tongban(t, "item", "approve", "A@1")
	holds(t, r.err, []string{"  items[0] … items[225] 等 226 处: 须由起草人以外的人审核 [law]\n", "  items[226]: 没有这一版本的草稿 [unknown]\n"})
	if n := strings.Count(r.err, "\n"); n > 12 || strings.Count(r.err, "未填写") != 7 {
		t.Errorf("%d lines:\n%s", n, r.err)
	}
}
