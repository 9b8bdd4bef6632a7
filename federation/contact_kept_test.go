package federation_test

import (
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
)

// TestLastContactIsKept: since when the line is down is known after a restart too.
func TestLastContactIsKept(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 1})
	v := f.Village(0)
	f.Cut(v.ID, "*")
	report := func() (at, since, lag int64, up bool) {
		own, err := v.Report(t.Context())
		must(t, err)
		return own.LastContact, own.LineSince, own.LagMS, own.LineUp
	}
	f.Eventually("the line to be down", func() bool { _, _, _, up := report(); return !up })
	was, _, _, _ := report()
	f.Restart(v)
	f.Eventually("it to be read", func() bool { at, _, _, _ := report(); return at != 0 })
	at, since, lag, up := report()
	if was == 0 || at != was || since != was || lag < 0 || up {
		t.Errorf("last heard %d, was %d; down since %d, lag %d, up %v", at, was, since, lag, up)
	}
}
