package division_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
)

// Rules: 10.6.
func TestParse(t *testing.T) {
	rows := []struct {
		text   string
		tier   node.Tier
		kind   division.Kind
		reason division.Reason
	}{
		{"330523", node.County, division.KindCounty, ""},
		{"330523110", node.Township, division.KindTown, ""},
		{"330523110200", node.Village, division.KindVillage, ""},
		{"330523001", node.Township, division.KindStreet, ""},
		{"330523099", node.Township, division.KindStreet, ""},
		{"330523199", node.Township, division.KindTown, ""},
		{"330523200", node.Township, division.KindTownship, ""},
		{"330523399", node.Township, division.KindTownship, ""},
		{"330523001001", node.Village, division.KindCommunity, ""},
		{"330523001199", node.Village, division.KindCommunity, ""},
		{"330523111400", node.Village, division.KindSimilar, ""},
		{"330523111999", node.Village, division.KindSimilar, ""},
		{"", "", "", division.ReasonEmpty},
		{"33052311", "", "", division.ReasonLength},
		{"3305", "", "", division.ReasonLength},
		{"3305231102001", "", "", division.ReasonLength},
		{"330523000", "", "", division.ReasonTownship},
		{"330523400", "", "", division.ReasonTownship},
		{"330523999200", "", "", division.ReasonTownship},
		{"330523110000", "", "", division.ReasonVillage},
		{"33052a", "", "", division.ReasonDigits},
		{" 330523", "", "", division.ReasonDigits},
		{"３３０５２３", "", "", division.ReasonDigits},
		{"-30523", "", "", division.ReasonDigits},
		{strings.Repeat("1", 1<<20), "", "", division.ReasonLength},
	}
	for _, row := range rows {
		code, err := division.Parse(row.text)
		if row.reason == "" {
			if err != nil {
				t.Errorf("Parse(%q): %v", row.text, err)
			} else if code.Tier() != row.tier || code.Kind() != row.kind {
				t.Errorf("Parse(%q) is %s %s, want %s %s", row.text, code.Tier(), code.Kind(), row.tier, row.kind)
			}
			continue
		}
		var bad *division.CodeError
		if !errors.As(err, &bad) || bad.Reason != row.reason {
			t.Errorf("Parse(%.40q) = %v, want reason %s", row.text, err, row.reason)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("Parse(%.40q): message of %d bytes", row.text, len(err.Error()))
		}
	}
}

// Rules: 10.6.
func TestFamily(t *testing.T) {
	const county, town, village = division.Code("330523"), division.Code("330523110"), division.Code("330523110200")
	if got := village.Parent(); got != town {
		t.Errorf("village's parent = %q", got)
	}
	if got := town.Parent(); got != county {
		t.Errorf("town's parent = %q", got)
	}
	if got := county.Parent(); got != "" {
		t.Errorf("county's parent = %q", got)
	}
	if got := fmt.Sprint(village.Ancestors()); got != "[330523110 330523]" {
		t.Errorf("village's ancestors = %s", got)
	}
	if got := county.Ancestors(); len(got) != 0 {
		t.Errorf("county's ancestors = %v", got)
	}
	for _, c := range []division.Code{county, town, village} {
		if c.County() != county {
			t.Errorf("%s.County() = %q", c, c.County())
		}
	}
	if county.Township() != "" || town.Township() != town || village.Township() != town {
		t.Error("Township is wrong")
	}
	if !county.Contains(village) || !town.Contains(town) || village.Contains(town) {
		t.Error("Contains is wrong")
	}
	if division.Code("330523111").Contains(village) {
		t.Error("a neighbouring town contains the village")
	}
}

// A damaged or empty code must never widen what somebody may see.
func TestMalformedCodeContainsNothing(t *testing.T) {
	for _, bad := range []division.Code{"", "3", "3305", "33052311", "330523000", "x"} {
		if bad.Contains("330523110200") || division.Code("330523").Contains(bad) || bad.Contains(bad) {
			t.Errorf("%q takes part in Contains", bad)
		}
		if bad.Tier() != "" || bad.Kind() != "" || bad.Parent() != "" || bad.County() != "" ||
			bad.Township() != "" || bad.Padded() != "" || bad.Valid() || len(bad.Ancestors()) != 0 {
			t.Errorf("%q has relations", bad)
		}
	}
}

func TestParsePaddedRefuses(t *testing.T) {
	for _, text := range []string{"", "330523", "330523110", "330523000200", "3305230000000", "33052311020x"} {
		if code, err := division.ParsePadded(text); err == nil {
			t.Errorf("ParsePadded(%q) = %q", text, code)
		}
	}
}

func TestCodeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCode(t, "code")
		again, err := division.Parse(string(c))
		if err != nil || again != c {
			t.Fatalf("Parse(%q) = %q, %v", c, again, err)
		}
		if padded, err := division.ParsePadded(c.Padded()); err != nil || padded != c {
			t.Fatalf("ParsePadded(%q) = %q, %v", c.Padded(), padded, err)
		}
		if !c.Contains(c) || !c.County().Contains(c) {
			t.Fatalf("%q is outside itself or its county", c)
		}
		last := c
		for _, a := range c.Ancestors() {
			if !a.Contains(last) || last.Contains(a) || !a.Tier().Above(last.Tier()) {
				t.Fatalf("%q is no proper ancestor of %q", a, last)
			}
			last = a
		}
		if last.Tier() != node.County {
			t.Fatalf("the top ancestor of %q is %q", c, last)
		}
	})
}

// Contains is a partial order: what two codes say of each other agrees with
// their ancestors.
func TestContainsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawCode(t, "a"), drawCode(t, "b")
		if rapid.Bool().Draw(t, "related") {
			b = rapid.SampledFrom(append(a.Ancestors(), a)).Draw(t, "relative")
		}
		if a.Contains(b) && b.Contains(a) && a != b {
			t.Fatalf("%q and %q contain each other", a, b)
		}
		isAncestor := a == b
		for _, up := range b.Ancestors() {
			isAncestor = isAncestor || up == a
		}
		if a.Contains(b) != isAncestor {
			t.Fatalf("%q.Contains(%q) = %v, ancestors say %v", a, b, a.Contains(b), isAncestor)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"330523", "330523110", "330523110200", "33052311", "", "330523000000", "３３０５２３"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := division.Parse(text)
		if (err == nil) != division.Code(text).Valid() {
			t.Fatalf("Parse(%q) and Valid disagree", text)
		}
		if err == nil && (string(code) != text || !code.Tier().Valid() || code.Kind() == "") {
			t.Fatalf("Parse(%q) = %q of tier %q", text, code, code.Tier())
		}
		if padded, err := division.ParsePadded(text); err == nil && padded.Padded() != text {
			t.Fatalf("ParsePadded(%q).Padded() = %q", text, padded.Padded())
		}
	})
}

func drawCode(t *rapid.T, label string) division.Code {
	text := fmt.Sprintf("%06d", rapid.IntRange(110000, 829999).Draw(t, label+" county"))
	tier := rapid.IntRange(0, 2).Draw(t, label+" tier")
	if tier > 0 {
		text += fmt.Sprintf("%03d", rapid.IntRange(1, 399).Draw(t, label+" township"))
	}
	if tier > 1 {
		text += fmt.Sprintf("%03d", rapid.IntRange(1, 999).Draw(t, label+" village"))
	}
	return division.Code(text)
}
