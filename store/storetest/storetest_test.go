package storetest_test

import (
	"testing"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/store/storetest"
)

// Every item goes from hand-in to delivery at each tier that takes it in,
// through the nodes that hold it.
func TestCasesGoTheirWay(t *testing.T) {
	c := storetest.NewCounty(t)
	desks := []*storetest.Node{c.Hub(), c.Township("330523110"), c.Village("330523110200")}
	for _, item := range storetest.Items(t) {
		for _, desk := range desks {
			accepts := false
			for _, tier := range item.AcceptTiers {
				accepts = accepts || tier == desk.Credential.Tier
			}
			if !accepts {
				continue
			}
			opened := desk.Submit(item.Code)
			for steps := 0; !opened.Status.Ended(); steps++ {
				if steps > 10 {
					t.Fatalf("%s from %s does not end", item.Code, desk.ID())
				}
				c.Settle()
				holder := c.Node(opened.Holder)
				opened = holder.Advance(opened.ID)
			}
			c.Settle()
			for _, at := range []*storetest.Node{c.Hub(), desk} {
				if got := at.MustCase(opened.ID); got.Status != casework.Closed || got.Head != opened.Head {
					t.Errorf("%s from %s at %s: %s %s, want %s", item.Code, desk.ID(), at.ID(), got.Status, got.Head, opened.Head)
				}
			}
		}
	}
}
