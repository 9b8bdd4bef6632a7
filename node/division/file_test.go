package division_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/importfile"
)

func TestParseFileOfAnji(t *testing.T) {
	divisions, err := division.ParseFile(mustRead(t))
	if err != nil {
		t.Fatal(err)
	}
	tiers := map[node.Tier]int{}
	for i, d := range divisions {
		tiers[d.Code.Tier()]++
		if d.Kind != d.Code.Kind() || d.Kind.Tier() != d.Code.Tier() || d.Name == "" || d.OfficialName == "" {
			t.Errorf("divisions[%d] = %+v", i, d)
		}
		if d.Code.County() != "330523" {
			t.Errorf("%s is outside the county", d.Code)
		}
	}
	if tiers[node.County] != 1 || tiers[node.Township] != 15 || tiers[node.Village] != 217 {
		t.Errorf("tiers = %v", tiers)
	}
	want := []division.Division{
		{Code: "330523", Name: "安吉县", OfficialName: "安吉县", Kind: division.KindCounty},
		{Code: "330523001", Name: "递铺街道", OfficialName: "递铺街道", Kind: division.KindStreet},
		{Code: "330523001001", Name: "苕秀社区", OfficialName: "苕秀社区居委会", Kind: division.KindCommunity, UrbanRural: "121"},
	}
	for i, d := range want {
		if divisions[i] != d {
			t.Errorf("divisions[%d] = %+v, want %+v", i, divisions[i], d)
		}
	}
}

const small = `{
  "province": {"code": "33", "name": "浙江省"},
  "prefecture": {"code": "3305", "name": "湖州市"},
  "county": {"code": "330523", "name": "安吉县"},
  "township_count": 2, "village_count": 2,
  "townships": [
    {"code": "330523110", "name": "梅溪镇", "type": "镇", "villages": [
      {"code": "330523110001", "name": "红旗社区", "type": "社区"},
      {"code": "330523110200", "name": "荆湾村", "type": "村", "urban_rural_code": "220"}
    ]},
    {"code": "330523201", "name": "溪龙乡", "type": "乡", "villages": []}
  ]
}`

func TestParseFileFaults(t *testing.T) {
	rows := []struct{ name, from, to, path, says string }{
		{"unknown field", `"type": "乡"`, `"type": "乡", "kind": "x"`, "townships[1].kind", "unknown field"},
		{"missing villages", `, "villages": []`, ``, "townships[1].villages", "missing"},
		{"township code", `"330523201"`, `"330523901"`, "townships[1].code", "digits 7-9"},
		{"township elsewhere", `"330523201"`, `"330524201"`, "townships[1].code", "does not lie in 330523"},
		{"township twice", `"code": "330523201", "name": "溪龙乡", "type": "乡"`, `"code": "330523110", "name": "甲镇", "type": "镇"`,
			"townships[1].code", "already used at townships[0].code"},
		{"township code too long", `"330523201"`, `"330523201200"`, "townships[1].code", "code of a township"},
		{"village elsewhere", `"330523110200"`, `"330523111200"`, "townships[0].villages[1].code", "does not lie in 330523110"},
		{"village twice", `"330523110200", "name": "荆湾村", "type": "村"`, `"330523110001", "name": "乙社区", "type": "社区"`,
			"townships[0].villages[1].code", "already used at townships[0].villages[0].code"},
		{"village code", `"330523110200"`, `"330523110000"`, "townships[0].villages[1].code", "digits 10-12"},
		{"type", `"type": "村"`, `"type": "社区"`, "townships[0].villages[1].type", "the code says"},
		{"class", `"220"`, `"221"`, "townships[0].villages[1].urban_rural_code", "no urban-rural class"},
		{"no name", `"荆湾村"`, `" "`, "townships[0].villages[1].name", "empty"},
		{"spaces", `"荆湾村"`, `"荆湾村 "`, "townships[0].villages[1].name", "spaces"},
		{"long name", `"荆湾村"`, `"` + strings.Repeat("荆", 61) + `"`, "townships[0].villages[1].name", "longer than 60"},
		{"control character", `"荆湾村"`, `"荆\u0007湾村"`, "townships[0].villages[1].name", "unprintable"},
		{"townships counted", `"township_count": 2`, `"township_count": 3`, "township_count", "says 3 but there are 2"},
		{"villages counted", `"village_count": 2`, `"village_count": 1`, "village_count", "says 1 but there are 2"},
		{"province", `"33",`, `"3x",`, "province.code", "must be 2 digits"},
		{"prefecture", `"3305"`, `"3405"`, "prefecture.code", `beginning with "33"`},
		{"county elsewhere", `"330523", "name": "安吉县"`, `"330623", "name": "安吉县"`, "county.code", "prefecture 3305"},
		{"county code", `"330523", "name": "安吉县"`, `"33052", "name": "安吉县"`, "county.code", "6 (county)"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			text := strings.Replace(small, row.from, row.to, 1)
			if text == small {
				t.Fatal("the row changes nothing")
			}
			divisions, err := division.ParseFile([]byte(text))
			if len(divisions) != 0 {
				t.Error("a faulty file gave divisions")
			}
			var faults importfile.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("ParseFile: %v", err)
			}
			for _, fault := range faults {
				if fault.Path == row.path && strings.Contains(fault.EN, row.says) {
					return
				}
			}
			t.Errorf("no fault at %s saying %q in %v", row.path, row.says, faults)
		})
	}
}

func TestParseFileReportsAll(t *testing.T) {
	text := strings.NewReplacer(`"330523201"`, `"33052320"`, `"220"`, `"x"`, `"village_count": 2`, `"village_count": 9`,
		`"红旗社区"`, `""`).Replace(small)
	_, err := division.ParseFile([]byte(text))
	var faults importfile.Faults
	if !errors.As(err, &faults) || len(faults) != 4 {
		t.Errorf("want four faults: %v", err)
	}
}

// A fault of shape hides none of the rules' elsewhere in the file.
func TestParseFileReportsRulesBesideFaultsOfShape(t *testing.T) {
	text := strings.NewReplacer(`"220"`, `"x"`, `"village_count": 2`, `"village_count": "2"`).Replace(small)
	_, err := division.ParseFile([]byte(text))
	var faults importfile.Faults
	errors.As(err, &faults)
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	slices.Sort(paths)
	if len(paths) != 2 || !strings.HasSuffix(paths[0], ".urban_rural_code") || paths[1] != "village_count" {
		t.Errorf("%v", err)
	}
}

// What is wrong inside a township or village leaves it counted; a list that could not be
// read is not.
func TestCountsBesideOtherFaults(t *testing.T) {
	const counts = "township_count village_count"
	for _, row := range []struct{ name, from, to, want string }{
		{"a village without a name", `, "name": "荆湾村"`, ``, counts},
		{"a village's name is a number", `"荆湾村"`, `7`, counts},
		{"a township without a type", `, "type": "乡"`, ``, counts},
		{"the county's name is missing", `, "name": "安吉县"`, ``, counts},
		{"no villages", `, "villages": []`, ``, "township_count"},
		{"villages are no list", `"villages": []`, `"villages": 0`, "township_count"},
		{"townships are no list", `"townships": [`, `"townships": 1, "rest": [`, ""},
	} {
		text := strings.NewReplacer(`"township_count": 2`, `"township_count": 5`, `"village_count": 2`, `"village_count": 9`, row.from, row.to).Replace(small)
		_, err := division.ParseFile([]byte(text))
		var faults importfile.Faults
		errors.As(err, &faults)
		var got []string
		for _, f := range faults {
			if strings.HasSuffix(f.Path, "_count") {
				got = append(got, f.Path)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != row.want || len(faults) == len(got) {
			t.Errorf("%s: %q, want %q: %v", row.name, got, row.want, err)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(strings.Replace(small, `"330523201"`, `"330523110"`, 1)))
	f.Add([]byte(`{"townships":[{"villages":[{}]}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		divisions, err := division.ParseFile(data)
		if err != nil {
			return
		}
		seen := map[division.Code]bool{}
		for i, d := range divisions {
			if !d.Code.Valid() || seen[d.Code] || d.Kind != d.Code.Kind() || d.Name == "" {
				t.Fatalf("accepted %+v", d)
			}
			if i > 0 && !seen[d.Code.Parent()] {
				t.Fatalf("%s stands before its parent", d.Code)
			}
			seen[d.Code] = true
		}
	})
}

func mustRead(tb testing.TB) []byte {
	tb.Helper()
	data, err := os.ReadFile("testdata/divisions.json")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
