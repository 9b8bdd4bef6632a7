package catalog_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/catalog"
)

// one is a file of one item of the catalog, changed.
func one(t *testing.T, code string, change func(materials []map[string]any)) []byte {
	t.Helper()
	data, err := os.ReadFile("catalogtest/items.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Items []map[string]any `json:"items"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(file.Items, func(i map[string]any) bool { return i["code"] == code })
	var materials []map[string]any
	for _, m := range file.Items[i]["materials"].([]any) {
		materials = append(materials, m.(map[string]any))
	}
	change(materials)
	file.Items[i]["materials"] = materials
	out, err := json.Marshal(map[string]any{"count": 1, "items": file.Items[i : i+1]})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Which papers may come after acceptance (容缺受理) the catalog says; where it does not, a
// rule does when it is imported, and tells of which.
func TestMinorPapers(t *testing.T) {
	const code = "TB-SCJG-001"
	minor := func(items []catalog.Item) (names []string) {
		for _, m := range items[0].Materials {
			if m.Minor == "" {
				t.Errorf("nothing is said of %s", m.Name)
			}
			if m.Tolerable() {
				names = append(names, m.Name)
			}
		}
		return names
	}
	items, ruled, faults := catalog.ParseItemsRuled(one(t, code, func([]map[string]any) {}))
	if len(faults) > 0 || len(ruled) != 1 || ruled[0].Item != code {
		t.Fatalf("%v, %v", ruled, faults)
	}
	if got := minor(items); !slices.Equal(got, []string{"住所使用证明（产权证明或租赁合同）"}) || !slices.Equal(got, ruled[0].Materials) {
		t.Errorf("by the rule: %v, told %v", got, ruled[0].Materials)
	}
	zh, _ := catalog.RuledWords(ruled)
	if !strings.Contains(zh, "1 份（1 项") {
		t.Error(zh)
	}

	items, ruled, faults = catalog.ParseItemsRuled(one(t, code, func(m []map[string]any) {
		for i := range m {
			m[i]["tolerable"] = "no"
		}
		m[1]["tolerable"] = "yes" // the articles, which only the applicant can bring
	}))
	if got := minor(items); len(faults) > 0 || len(ruled) != 0 || !slices.Equal(got, []string{"公司章程"}) {
		t.Errorf("as the file says: %v, %v, %v", got, ruled, faults)
	}

	for what, change := range map[string]func([]map[string]any){
		"unknown": func(m []map[string]any) { m[1]["tolerable"] = "maybe" },
		"law":     func(m []map[string]any) { m[0]["tolerable"] = "yes" }, // the application itself
	} {
		if _, _, faults := catalog.ParseItemsRuled(one(t, code, change)); len(faults) != 1 || string(faults[0].Code) != what || !strings.HasSuffix(faults[0].Path, ".tolerable") {
			t.Errorf("%s: %v", what, faults)
		}
	}

	// A draft that says nothing of a paper leaves it for nobody.
	raw, err := json.Marshal(catalog.Item{Materials: []catalog.Material{{Name: "住所使用证明", Shareable: true}}})
	if err != nil || strings.Contains(string(raw), "tolerable") {
		t.Fatalf("%s, %v", raw, err)
	}
	if (catalog.Material{Name: "住所使用证明", Shareable: true}).Tolerable() {
		t.Error("left for later, and nobody said so")
	}
}
