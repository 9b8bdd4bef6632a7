package federation

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/node"
)

// TestTokenOfAnotherPlace: the setting that differs is named, and no other.
func TestTokenOfAnotherPlace(t *testing.T) {
	inv := invitation{Node: "v-330523111218-2", Tier: node.Village, Division: "330523111218"}
	for _, c := range []struct {
		place Place
		name  string
	}{
		{Place{"v-330523111218-1", "village", "330523111218"}, "node: v-330523111218-1"},
		{Place{"", "township", "330523111218"}, "tier: township"},
		{Place{"", "village", "330523111217"}, "division: 330523111217"},
	} {
		err := c.place.check(inv)
		if err == nil || !strings.Contains(err.Error(), c.name) || strings.Count(err.Error(), "≠") != 1 {
			t.Errorf("%+v: %v", c.place, err)
		}
	}
	if err := (Place{Tier: "village"}).check(inv); err != nil {
		t.Error(err)
	}
}
