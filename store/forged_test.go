package store_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// A node that signs whatever it likes, of any kind and about any place, is refused by
// the county, and what is refused stops nobody who follows the ledger.
func TestNoForgedEntryStopsAFollower(t *testing.T) {
	files, err := filepath.Glob("../node/ledger/testdata/*.v*.json")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	c := storetest.NewCounty(t)
	forger, township, next, hub := c.Village(here), c.Township(town), c.Village(next), c.Hub()
	c.Settle()
	taken := map[ledger.Outcome]int{}
	for i, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e, err := ledger.ParseEntry(raw)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		e.ID, e.Origin, e.Seq, e.Actor.Node, e.Scope = ledger.IDFromKey(forger.ID(), "forged", strconv.Itoa(i)), forger.ID(), uint64(i+1), forger.ID(), []division.Code{here, town, storetest.Code}[i%3]
		if err := e.Sign(forger.Key); err != nil {
			t.Fatal(err)
		}
		for _, r := range hub.Take(forger.Raw(e)) {
			taken[r.Outcome]++
		}
		for _, n := range []*storetest.Node{township, next} {
			cursor, err := n.Cursor(ctx)
			if err != nil {
				t.Fatal(err)
			}
			page, err := hub.Feed(ctx, n.Follower(), cursor, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if err := n.FollowPage(page); err != nil {
				t.Fatalf("%s stops at %s: %v", n.ID(), filepath.Base(file), err)
			}
		}
	}
	t.Logf("%v", taken)
	if taken[ledger.Refused] < len(files)*3/4 {
		t.Errorf("%v of %d", taken, len(files))
	}
}
