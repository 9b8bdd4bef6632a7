package catalog

import "testing"

// A paper or a question of an item goes by the name under which the package collects
// it: what Split takes apart again.
func TestNamesOfTheOneSet(t *testing.T) {
	p := &Package{Items: []string{"A", "B"}, Merged: []MergedMaterial{{Material: "场所使用证明", Items: []string{"A", "B"}}}}
	items := []Item{
		{Code: "A", Form: []Field{{Key: "area", Type: "number"}}, Materials: []Material{{Name: "场所使用证明（产权证明或租赁合同）", Required: true}}},
		{Code: "B", Form: []Field{{Key: "area", Type: "text"}, {Key: "name", Type: "text"}}, Materials: []Material{{Name: "场所使用证明", Required: true}, {Name: "照片", Required: true}}},
	}
	j := NewJoint(p, items)
	for _, row := range [][5]string{ // paper, key, item: under which names
		{"场所使用证明（产权证明或租赁合同）", "", "A", "场所使用证明", ""},
		{"照片", "", "B", "照片", ""},
		{"", "area", "A", "", "area"},
		{"", "area", "B", "", "area@B"},
		{"", "name", "B", "", "name"},
	} {
		paper, question := j.Asked(row[0], row[1], row[2])
		if paper != row[3] || question != row[4] {
			t.Errorf("%v: %q %q", row, paper, question)
		}
		form, papers, _ := j.Split(row[2], []FieldValue{{Key: question, Value: "1"}}, []SubmittedMaterial{{Name: paper}}, nil)
		if row[0] != "" && (len(papers) != 1 || papers[0].Name != row[0]) || row[1] != "" && (len(form) != 1 || form[0].Key != row[1]) {
			t.Errorf("%v taken apart: %v %v", row, form, papers)
		}
	}
}
