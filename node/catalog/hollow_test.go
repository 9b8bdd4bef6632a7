package catalog_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/catalog/catalogtest"
)

// A promise over five working days has a reason, and a word that only says that there
// is none is not one; what the ledger has is judged as it was.
func TestReasonOfALongPromise(t *testing.T) {
	item := catalogtest.Items(t)[0]
	item.Instant, item.StatutoryWorkingDays, item.PromisedWorkingDays = false, 20, 6
	for reason, hollow := range map[string]bool{
		"无": true, "/": true, "-": true, "n/a": true, "N/A": true, "无。": true, "暂无": true, "没有理由": true, "略": true, "同上": true, "不适用": true, "none": true, "——": true, "无无无": true, "1": true,
		"须现场试运行": false, "需专家评审": false, "site visit": false, "材料多": false, "无人机航测需 8 天": false,
	} {
		item.PromiseReason = reason
		faults := catalog.CheckReasons(item)
		if got := len(faults) == 1 && faults[0].Path == "promise_reason"; got != hollow {
			t.Errorf("%q: %v", reason, faults)
		}
		for _, f := range catalog.Check(item) {
			if f.Path == "promise_reason" {
				t.Errorf("%q: what the ledger has is refused: %v", reason, f)
			}
		}
	}
	item.PromisedWorkingDays, item.PromiseReason = 5, "无"
	if faults := catalog.CheckReasons(item); len(faults) != 0 {
		t.Errorf("of a promise that needs none: %v", faults)
	}
}

// An import file and item validate say it.
func TestFileWithAHollowReason(t *testing.T) {
	var file map[string]any
	if err := json.Unmarshal(catalogtest.ItemsFile, &file); err != nil {
		t.Fatal(err)
	}
	for _, one := range file["items"].([]any) {
		item := one.(map[string]any)
		if item["promised_working_days"] == 5.0 && item["statutory_working_days"].(float64) > 5 {
			item["promised_working_days"], item["promise_reason"] = 6, "n/a"
			break
		}
	}
	raw, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if _, faults := catalog.ParseItems(raw); len(faults) != 1 || faults[0].Code != catalog.FaultText || faults[0].Line == 0 || !strings.HasSuffix(faults[0].Path, "].promise_reason") {
		t.Errorf("%v", faults)
	}
}
