package casework

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/catalog/catalogtest"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

var update = flag.Bool("update", false, "rewrite the golden file")

func mustItems(tb testing.TB) []catalog.Item {
	tb.Helper()
	return catalogtest.Items(tb)
}

func mustItem(tb testing.TB, code string) *catalog.Item {
	tb.Helper()
	return catalogtest.Item(tb, code)
}

// desks is where a case of each tier is handed in, in one line of divisions.
var desks = map[node.Tier]division.Code{node.County: "330523", node.Township: "330523110", node.Village: "330523110200"}

// The way of every real item from every tier that takes it in.
func TestPlanOfEveryItem(t *testing.T) {
	var b strings.Builder
	items := mustItems(t)
	if len(items) != 226 {
		t.Fatalf("%d items", len(items))
	}
	for i := range items {
		item := &items[i]
		for _, tier := range item.AcceptTiers {
			steps := Plan(item, tier)
			fmt.Fprintf(&b, "%s %s", item.Code, tier)
			for _, s := range steps {
				fmt.Fprintf(&b, " %s%s", s.Tier.Chinese(), VerbZH(s.Verb))
			}
			b.WriteString("\n")
			checkPlan(t, item, tier, steps)
		}
	}
	const golden = "testdata/plans.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != b.String() {
		t.Errorf("the plans differ from %s (%v); run with -update and look at the difference", golden, err)
	}
}

// checkPlan holds a plan against what must be true of any.
func checkPlan(t *testing.T, item *catalog.Item, tier node.Tier, steps []ledger.Step) {
	t.Helper()
	count := map[ledger.Verb]int{}
	for i, s := range steps {
		count[s.Verb]++
		if !s.Tier.Valid() || KindOf(s.Verb) == "" && s.Verb != ledger.VerbCollect {
			t.Errorf("%s %s: step %d is %+v", item.Code, tier, i, s)
		}
		if _, ok := holderOf(s, desks[node.Village], desks[tier]); !ok {
			t.Errorf("%s %s: nobody holds step %d", item.Code, tier, i)
		}
	}
	for _, v := range []ledger.Verb{ledger.VerbAccept, ledger.VerbDecide, ledger.VerbIssue, ledger.VerbDeliver} {
		if count[v] != 1 {
			t.Errorf("%s %s: %d times %s", item.Code, tier, count[v], v)
		}
	}
	last, decide := steps[len(steps)-1], slices.IndexFunc(steps, func(s ledger.Step) bool { return s.Verb == ledger.VerbDecide })
	switch {
	case steps[0].Tier != tier || last.Tier != tier || last.Verb != ledger.VerbDeliver:
		t.Errorf("%s %s: is not taken in and delivered there: %v", item.Code, tier, steps)
	case steps[0].Verb != ledger.VerbCollect && steps[0].Verb != ledger.VerbAccept:
		t.Errorf("%s %s begins with %s", item.Code, tier, steps[0].Verb)
	case steps[decide].Tier != item.DecideTier || steps[decide+1].Verb != ledger.VerbIssue || steps[decide+1].Tier != item.DecideTier:
		t.Errorf("%s %s is decided and issued at %v", item.Code, tier, steps[decide:])
	case len(steps) > 16:
		t.Errorf("%s %s has %d steps", item.Code, tier, len(steps))
	}
}

func TestHolderOf(t *testing.T) {
	rows := []struct {
		tier             node.Tier
		matter, handedIn division.Code
		want             division.Code
		ok               bool
	}{
		{node.County, "330523110200", "330523110200", "330523", true},
		{node.Township, "330523110200", "330523110200", "330523110", true},
		{node.Village, "330523110200", "330523110200", "330523110200", true},
		{node.Township, "330523110200", "330523", "330523110", true},
		{node.Village, "330523110200", "330523", "330523110200", true},
		{node.Township, "330523110", "330523", "330523110", true},
		{node.Village, "330523110", "330523", "", false},
		{node.Township, "330523", "330523", "", false},
		{node.Village, "330523", "330523", "", false},
		{node.County, "330523", "330523", "330523", true},
		{node.Township, "330523110", "330523110", "330523110", true},
	}
	for _, row := range rows {
		if got, ok := holderOf(ledger.Step{Tier: row.tier, Verb: ledger.VerbReview}, row.matter, row.handedIn); got != row.want || ok != row.ok {
			t.Errorf("%s step of %s handed in at %s: %s %v, want %s %v", row.tier, row.matter, row.handedIn, got, ok, row.want, row.ok)
		}
	}
}

// catalogItems are the items by their codes.
var catalogItems = sync.OnceValue(func() map[string]*catalog.Item {
	items, faults := catalog.ParseItems(catalogtest.ItemsFile)
	if len(faults) > 0 {
		panic(faults[0].EN)
	}
	byCode := make(map[string]*catalog.Item, len(items))
	for i := range items {
		byCode[items[i].Code] = &items[i]
	}
	return byCode
})
