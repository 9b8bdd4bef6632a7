package store_test

import (
	"testing"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/store/storetest"
)

// Whoever sees an entry sees the case with it: from the moment on at which the
// database may have the entry, the case of before is not shown from memory.
func TestCaseIsNotOlderThanItsEntries(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village("330523110200")
	village.Pull(c.Hub())
	id := village.Submit("TB-XZRZ-005").ID
	c.Settle()
	for _, n := range []*storetest.Node{village, c.Hub()} {
		if n.Remembered(id) == nil {
			t.Fatalf("%s does not remember what it wrote last", n.ID())
		}
	}
	seen := map[string][]*casework.Case{}
	for _, n := range []*storetest.Node{village, c.Hub()} {
		if err := n.AtCommit(func() { seen[n.ID()] = append(seen[n.ID()], n.Remembered(id)) }); err != nil {
			t.Fatal(err)
		}
	}
	accepted := village.Advance(id)
	village.Push(c.Hub())
	for _, n := range []*storetest.Node{village, c.Hub()} {
		if at := seen[n.ID()]; len(at) == 0 || at[0] != nil {
			t.Errorf("%s shows %+v while it commits what follows", n.ID(), at)
		}
		if now := n.Remembered(id); now == nil || now.Head != accepted.Head {
			t.Errorf("after that %s remembers %+v", n.ID(), now)
		}
	}
}
