package main

import (
	"context"
	"io"
	"reflect"
	"testing"
)

// small is a January in a corner of the county, and a few days more, in which it
// is appraised.
func small(t *testing.T) settings {
	return settings{seed: 7, cases: 200, townships: 1, villages: 4, days: 36, dir: t.TempDir(), again: true}
}

func lived(t *testing.T, s settings) (*world, func()) {
	t.Helper()
	h := &holder{}
	w, err := newWorld(h, s, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.live(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, h.close
}

// A year adds up, and the same seed makes the same year.
func TestYearAddsUp(t *testing.T) {
	first, err := run(t.Context(), small(t), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !first.sound() || first.HandedIn < 60 || first.Closed < 20 || first.LinesBroken == 0 || first.ReadAgain < 5 || first.Cards == 0 || first.Ratings == 0 || first.Appraised != 1 {
		t.Errorf("%+v", first)
	}
	second, err := run(t.Context(), small(t), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	first.Seconds, second.Seconds = 0, 0
	if !reflect.DeepEqual(first, second) {
		t.Errorf("the same seed made\n%+v and\n%+v", first, second)
	}
}

// What does not add up is found: an entry that was promised and is nowhere, a
// case that nobody handed in, a village that has other cases than the county.
func TestWhatDoesNotAddUpIsFound(t *testing.T) {
	s := small(t)
	s.days, s.again = 12, false
	w, end := lived(t, s)
	defer end()
	if a, err := w.reconcile(t.Context()); err != nil || !a.sound() {
		t.Fatalf("%+v %v", a, err)
	}
	for name, plant := range map[string]func(){
		"an entry that is nowhere": func() { w.hub.told = append(w.hub.told, "nowhere") },
		"a case that is nowhere":   func() { w.hub.handedIn = append(w.hub.handedIn, "nowhere") },
	} {
		told, handedIn := w.hub.told, w.hub.handedIn
		plant()
		if a, err := w.reconcile(t.Context()); err != nil || a.sound() || a.Lost != 1 {
			t.Errorf("%s: %+v %v", name, a, err)
		}
		w.hub.told, w.hub.handedIn = told, handedIn
	}
	for _, o := range w.below {
		if len(o.handedIn) == 0 {
			continue
		}
		// Somebody else's case under the id of one of this village's.
		w.at[o.node.Division()], o.handedIn = w.hub, append(o.handedIn, w.hub.handedIn[0])
		if a, err := w.reconcile(context.Background()); err != nil || a.sound() {
			t.Errorf("a case at two offices: %+v %v", a, err)
		}
		break
	}
}
