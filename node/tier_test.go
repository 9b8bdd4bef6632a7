package node_test

import (
	"testing"

	"github.com/tongban/tongban/node"
)

func TestTiers(t *testing.T) {
	rows := []struct {
		tier    node.Tier
		rank    int
		chinese string
	}{
		{node.Village, 1, "村"},
		{node.Township, 2, "乡镇"},
		{node.County, 3, "县"},
		{"", 0, ""},
		{"County", 0, ""},
		{"province", 0, ""},
	}
	for _, row := range rows {
		if got := row.tier.Rank(); got != row.rank {
			t.Errorf("Tier(%q).Rank() = %d, want %d", row.tier, got, row.rank)
		}
		if got, want := row.tier.Valid(), row.rank > 0; got != want {
			t.Errorf("Tier(%q).Valid() = %v, want %v", row.tier, got, want)
		}
		if got := row.tier.Chinese(); got != row.chinese {
			t.Errorf("Tier(%q).Chinese() = %q, want %q", row.tier, got, row.chinese)
		}
	}
}

func TestTierAbove(t *testing.T) {
	order := []node.Tier{node.Village, node.Township, node.County}
	for i, low := range order {
		for j, high := range order {
			if got, want := high.Above(low), j > i; got != want {
				t.Errorf("%s.Above(%s) = %v, want %v", high, low, got, want)
			}
		}
	}
	if node.County.Above("nothing") || node.Tier("nothing").Above(node.Village) {
		t.Error("text that is no tier took part in the order")
	}
}
