package document

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/catalog/catalogtest"
	"github.com/tongban/tongban/node/ledger"
)

// domain.md section 2: benefits, confirmations and public services are not
// licences. No paper of any item of the catalog that is none names the Licence
// Law, and those of a licence do.
//
// Rules: 2.26.
func TestPapersNameTheLawOfTheirItem(t *testing.T) {
	items := catalogtest.Items(t)
	seen := map[catalog.ItemType]bool{}
	var lives []Subject
	for _, change := range []func(*casework.Case){
		nil,
		func(c *casework.Case) { c.Flags = []string{casework.FlagDeemed} },
		decided(true), decided(false),
		func(c *casework.Case) {
			c.Status, c.RejectedMS, c.Reason = casework.NotAccepted, c.HandedInMS, "不属于本机关"
		},
		func(c *casework.Case) {
			c.Hearing = &casework.Hearing{ToldOn: c.AcceptedOn, Before: c.AcceptedOn, NoticeOn: c.AcceptedOn, On: c.AcceptedOn}
		},
	} {
		lives = append(lives, lived(t, change))
	}
	for i := range items {
		item := &items[i]
		seen[item.Type] = true
		for _, s := range lives {
			s.Item, s.Case.Item, s.Case.ItemName, s.Case.Department = item, item.Code, item.Name, item.Department
			law := false
			for _, k := range Ready(s.Case) {
				d, err := Make(k, s)
				if err != nil {
					t.Fatal(err)
				}
				d.Lists = withoutBases(d.Lists, item)
				names := strings.Contains(mustJSON(t, d), "行政许可")
				law = law || names
				if names && item.Type != catalog.Licence {
					t.Errorf("%s is %s: its %s names the Licence Law: %s", item.Code, item.Type, k, mustJSON(t, d))
				}
			}
			if item.Type == catalog.Licence && !law {
				t.Errorf("%s: no paper names the Licence Law", item.Code)
			}
		}
		for _, g := range ledger.GroundsOf(ledger.ResultRevoke) {
			s := Subject{Item: item}
			if strings.Contains(s.ground(g), "行政许可法") != (item.Type == catalog.Licence) || s.ground(g) == "" {
				t.Errorf("%s %s: %q", item.Type, g, s.ground(g))
			}
		}
	}
	if len(seen) < 6 {
		t.Errorf("the catalog has items of %d types", len(seen))
	}
}

// withoutBases leaves out the laws that an item names itself, and its results.
func withoutBases(lists []List, item *catalog.Item) []List {
	var rest []List
	for _, l := range lists {
		if item.Type == catalog.Licence || l.Heading != "法律依据" && l.Heading != "将制发" {
			rest = append(rest, l)
		}
	}
	return rest
}
