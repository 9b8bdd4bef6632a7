package catalog

import (
	"strings"
	"testing"
)

func TestNobodyThere(t *testing.T) {
	item := func(department string) Item { i := sample(); i.Department = department; return i }
	staffed := []string{"县民政局", "县市场监督管理局"}
	items := []Item{item("县民政局"), item("县民政居"), item("县民政居"), item("市场监督管理局"), item("县气象局")}
	got := NobodyThere(items, staffed)
	if len(got) != 3 {
		t.Fatalf("%v", got)
	}
	for i, want := range []struct{ path, near string }{{"items[1].department", "县民政局"}, {"items[3].department", "县市场监督管理局"}, {"items[4].department", ""}} {
		if got[i].Path != want.path || want.near != "" != strings.Contains(got[i].ZH, "是否应为") || !strings.Contains(got[i].ZH, want.near) || !strings.Contains(got[i].EN, want.near) {
			t.Errorf("%v, want %v", got[i], want)
		}
	}
	township := sample()
	township.Department = "乡镇人民政府（街道办事处）"
	township.ReviewSteps = township.ReviewSteps[:0]
	if got := NobodyThere([]Item{township}, staffed); len(got) > 0 {
		t.Errorf("what never comes to the county: %v", got)
	}
	mustBeTold(t, got)
}
