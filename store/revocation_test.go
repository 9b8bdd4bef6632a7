package store_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// A revocation holds at once, and once: a moment to come is refused, and after
// it only an earlier one changes anything.
func TestRevocationTimes(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	now := c.Clock.UnixMilli()
	for _, step := range []struct {
		at   int64
		code string
		want int64
	}{
		{now + (24 * time.Hour).Milliseconds(), "revocation_ahead", 0},
		{now, "", now},
		{now, "already_revoked", now},
		{now + 1, "already_revoked", now},
		{now - 60_000, "", now - 60_000},
	} {
		got, _ := c.Hub().Do(c.Operator(), &ledger.NodeRevokeV1{Node: village.ID(), At: step.at, Reason: "电脑失窃"}, storetest.About{})
		if got.Code != step.code {
			t.Errorf("at %+d ms: %q, want %q", step.at-now, got.Code, step.code)
		}
		n, err := c.Hub().Node(ctx, village.ID())
		must(t, err)
		if n.RevokedAt != step.want {
			t.Errorf("at %+d ms: revoked at %+d ms", step.at-now, n.RevokedAt-now)
		}
	}
}
