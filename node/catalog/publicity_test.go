package catalog

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var updatePublicity = flag.Bool("update-publicity", false, "write testdata/publicity.txt anew")

// What of each of the county's items is public stands in testdata/publicity.txt,
// to be read by people (domain: section 9, never public).
//
// Rules: 9.10.
func TestPublicity(t *testing.T) {
	raw, err := os.ReadFile("catalogtest/items.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Items []Item `json:"items"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# item, of a person, of a firm\n")
	for _, item := range file.Items {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", item.Code, PublicityOf(&item, true), PublicityOf(&item, false), item.Name)
	}
	const golden = "testdata/publicity.txt"
	if *updatePublicity {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != b.String() {
		t.Errorf("%s is not what the rule says (%v); run with -update-publicity and read it", golden, err)
	}
	for _, item := range file.Items {
		item.Publicity = NeverPublic
		if PublicityOf(&item, true) != NeverPublic || PublicityOf(&item, false) != NeverPublic {
			t.Errorf("%s is published although its item says never", item.Code)
		}
	}
	for code, want := range map[string]Publicity{
		"TB-MZJ-001": NeverPublic, "TB-MZJ-002": NeverPublic, // marriage
		"TB-MZJ-003": NeverPublic,                           // adoption
		"TB-MZJ-009": NeverPublic, "TB-CL-001": NeverPublic, // disability
		"TB-MZJ-010": NeverPublic, "TB-MZJ-011": NeverPublic, "TB-JYJ-005": NeverPublic, // minors
		"TB-YBJ-003": NeverPublic, "TB-YBJ-006": NeverPublic, // health
		"TB-JYJ-007": NeverPublic, "TB-ZJJ-008": NeverPublic, // a family's means
		"TB-SFJ-001": NeverPublic,                                                               // legal aid
		"TB-MZJ-004": Relief, "TB-MZJ-005": Relief, "TB-NYNC-015": Relief, "TB-MZJ-006": Relief, // 低保, 特困, 补贴
		"TB-SCJG-006": Public, "TB-XZRZ-001": Public, "TB-YCZM-001": Public,
	} {
		for _, item := range file.Items {
			if got := PublicityOf(&item, true); item.Code == code && got != want {
				t.Errorf("%s %s: %s, want %s", code, item.Name, got, want)
			}
		}
	}
}
