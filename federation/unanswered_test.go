package federation_test

import (
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
)

// TestFrozenAboveIsSaid: those above that are halted keep their connections open; the
// node below says so in seconds, and takes it back when they go on.
func TestFrozenAboveIsSaid(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 1, Heartbeat: 50 * time.Millisecond})
	for _, n := range []*federationtest.Node{f.Village(0), f.Township(0)} {
		report := func() federation.Report {
			r, err := n.Report(t.Context())
			must(t, err)
			return r
		}
		f.Eventually("the line to be up", func() bool { return report().LineUp })
		f.Freeze(n)
		began, r := n.Now(), report()
		f.Eventually("the silence to be told", func() bool {
			f.Advance(200 * time.Millisecond)
			r = report()
			return !r.LineUp
		})
		if took := n.Now().Sub(began); took > 20*time.Second || r.UnansweredMS < 5000 || r.ProblemCode != "upstream_unanswered" || r.ProblemZH == "" || r.LineSince != r.LastContact {
			t.Errorf("%s, after %s: unanswered for %d ms, %s %s, since %d of %d", n.ID, took, r.UnansweredMS, r.ProblemCode, r.ProblemZH, r.LineSince, r.LastContact)
		}
		f.Thaw(n)
		f.Eventually("the line to be up again", func() bool { r := report(); return r.LineUp && r.UnansweredMS == 0 && r.ProblemCode == "" })
	}
}
