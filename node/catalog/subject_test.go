package catalog

import "testing"

// Who may apply for a package is whom all of its items serve together; to found an
// organisation a person applies.
func TestSubjectOfAPackage(t *testing.T) {
	uscc := []Field{{Key: KeyUSCC, Type: TypeUSCC}}
	paper := []Material{{Name: "营业执照", Required: true}}
	items := map[string]Item{
		"person": {Code: "person", Subject: SubjectNatural},
		"firm":   {Code: "firm", Subject: SubjectLegal, Form: uscc, Materials: paper},
		"both":   {Code: "both", Subject: SubjectBoth, Form: uscc},
		"found":  {Code: "found", Subject: SubjectLegal},
	}
	founds := []InternalResult{{Result: "营业执照", Producer: "found", Consumers: []string{"firm"}}}
	for _, row := range []struct {
		codes    []string
		internal []InternalResult
		want     Subject
	}{
		{[]string{"person"}, nil, SubjectNatural},
		{[]string{"firm"}, nil, SubjectLegal},
		{[]string{"both"}, nil, SubjectBoth},
		{[]string{"person", "both"}, nil, SubjectNatural},
		{[]string{"firm", "both"}, nil, SubjectLegal},
		{[]string{"found", "firm"}, nil, SubjectLegal},
		{[]string{"found", "firm"}, founds, SubjectBoth},
		{[]string{"person", "firm"}, nil, ""},
	} {
		p := &Package{Items: row.codes, Internal: row.internal}
		var asked []Item
		for _, code := range row.codes {
			asked = append(asked, items[code])
		}
		got := NewJoint(p, asked).Subject()
		if got != row.want {
			t.Errorf("%v: %q, want %q", row.codes, got, row.want)
		}
		for who, serves := range map[Subject]bool{SubjectNatural: row.want == SubjectNatural || row.want == SubjectBoth, SubjectLegal: row.want == SubjectLegal || row.want == SubjectBoth} {
			if got.Serves(who) != serves {
				t.Errorf("%v serves %s: %v", row.codes, who, got.Serves(who))
			}
		}
	}
}
