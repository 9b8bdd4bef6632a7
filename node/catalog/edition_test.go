package catalog

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const codeA, codeB = "TB-SCJG-001", "TB-GAJ-002"

func history() []Edition {
	return []Edition{
		{Number: 1, EffectiveFrom: 100, Entries: []EditionItem{{Code: codeA, Version: 1}, {Code: codeB, Version: 1}}},
		{Number: 2, EffectiveFrom: 200, Entries: []EditionItem{{Code: codeA, Version: 2}}},
		{Number: 3, EffectiveFrom: 200, Entries: []EditionItem{{Code: codeA, Version: 3}, {Code: codeB, Version: 1, Withdrawn: true}}},
		{Number: 4, EffectiveFrom: 300, Entries: []EditionItem{{Code: codeB, Version: 2}}},
	}
}

func TestInForce(t *testing.T) {
	all := TermsOf(history())
	for _, c := range []struct {
		code    string
		at      int64
		version int
		ok      bool
	}{
		{codeA, 99, 0, false}, {codeA, 100, 1, true}, {codeA, 199, 1, true}, {codeA, 200, 3, true}, {codeA, 1 << 60, 3, true},
		{codeB, 199, 1, true}, {codeB, 200, 0, false}, {codeB, 299, 0, false}, {codeB, 300, 2, true},
		{"TB-X-001", 300, 0, false},
	} {
		if version, ok := all[c.code].InForce(c.at); version != c.version || ok != c.ok {
			t.Errorf("%s at %d: %d, %v; want %d, %v", c.code, c.at, version, ok, c.version, c.ok)
		}
	}
	if term, ok := all[codeB].At(250); !ok || term != (Term{Edition: 3, From: 200, Version: 1, Withdrawn: true}) {
		t.Errorf("%+v, %v", term, ok)
	}
	if after := all[codeB].After(200); len(after) != 1 || after[0].Edition != 4 || all[codeB].After(300) != nil {
		t.Errorf("%+v", after)
	}
}

// What is announced for later delays nothing: an edition published afterwards
// takes effect before it, the announced one comes at its time on top of that,
// and leaves alone what it does not name.
func TestPublishedBehindAnAnnouncedEdition(t *testing.T) {
	editions := append(history()[:1],
		Edition{Number: 2, EffectiveFrom: 900, Entries: []EditionItem{{Code: codeA, Version: 2}}},
		Edition{Number: 3, EffectiveFrom: 500, Entries: []EditionItem{{Code: codeA, Version: 1, Withdrawn: true}, {Code: codeB, Version: 2}}})
	check := func(code string, at int64, version int) {
		t.Helper()
		if got, ok := TermsOf(editions)[code].InForce(at); got != version || ok != (version != 0) {
			t.Errorf("%s at %d: %d, want %d", code, at, got, version)
		}
	}
	check(codeA, 499, 1)
	check(codeA, 500, 0)
	check(codeA, 899, 0)
	check(codeA, 900, 2)
	check(codeB, 500, 2)
	check(codeB, 900, 2)
	editions[1].CancelledAt = 600
	check(codeA, 900, 0)
	check(codeB, 900, 2)
}

// Whatever the order of publication, of taking effect and of the slice, the
// version in force is what carrying out the editions as their time comes would
// leave; an edition changes neither what held before its instant nor items it
// does not name, and a cancelled one nothing at all.
func TestInForceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var editions []Edition
		const end = 12
		for n := range rapid.IntRange(0, 8).Draw(t, "editions") {
			e := Edition{Number: n + 1, EffectiveFrom: rapid.Int64Range(1, end).Draw(t, "from")}
			for code := range 4 {
				if rapid.Bool().Draw(t, "named") {
					e.Entries = append(e.Entries, EditionItem{
						Code: fmt.Sprintf("TB-SCJG-%03d", code), Version: rapid.IntRange(1, 5).Draw(t, "version"), Withdrawn: rapid.Bool().Draw(t, "withdrawn"),
					})
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "cancelled") == 0 {
				e.CancelledAt = 1
			}
			editions = append(editions, e)
		}
		now := rapid.Int64Range(0, end+1).Draw(t, "at")
		left := map[string]EditionItem{}
		for tick := range now + 1 { // the clock runs, and what is due is carried out
			for _, e := range editions {
				for _, entry := range e.Entries {
					if e.EffectiveFrom == tick && e.CancelledAt == 0 {
						left[entry.Code] = entry
					}
				}
			}
		}
		terms := TermsOf(rapid.Permutation(editions).Draw(t, "shuffled"))
		next := Edition{Number: len(editions) + 1, EffectiveFrom: rapid.Int64Range(1, end).Draw(t, "next"),
			Entries: []EditionItem{{Code: "TB-SCJG-000", Version: 77}}}
		with := TermsOf(append(slices.Clone(editions), next))
		for code := range 4 {
			code := fmt.Sprintf("TB-SCJG-%03d", code)
			want, named := left[code]
			version, ok := terms[code].InForce(now)
			if ok != (named && !want.Withdrawn) || ok && version != want.Version {
				t.Fatalf("%s at %d: %d, %v; want %+v", code, now, version, ok, want)
			}
			if code == "TB-SCJG-000" && now >= next.EffectiveFrom {
				if v, k := with[code].InForce(next.EffectiveFrom); v != 77 || !k {
					t.Fatalf("an edition does not take effect at its own instant: %d, %v", v, k)
				}
				continue
			}
			if v, k := with[code].InForce(now); v != version || k != ok {
				t.Fatalf("another edition changes %s", code)
			}
		}
	})
}

func TestOverlays(t *testing.T) {
	item := sample()
	township := Overlay{Office: "330523110", Item: item.Code, Window: "3号窗口", Phone: "0570-1234567", Hours: "8:30-17:00"}
	village := Overlay{Office: "330523110200", Item: item.Code, Window: "代办点"}
	other := Overlay{Office: "330523110200", Item: codeB, Window: "别的事项"}
	got := item.With(township, village, other)
	if got.Office != village.Office || got.Window != "代办点" || got.Hours != township.Hours || got.Item.Phone != township.Phone || got.Item.Location != item.Location {
		t.Errorf("%+v", got)
	}
	if plain := item.With(); plain.Office != "" || len(Diff(plain.Item, item)) > 0 {
		t.Errorf("without overlays: %+v", plain)
	}
	if one := Effective(item, township); one.Window != township.Window {
		t.Errorf("Effective: %+v", one)
	}
	for name, c := range map[string]struct {
		overlay Overlay
		want    []string
	}{
		"good":     {township, nil},
		"office":   {Overlay{Office: "33", Item: codeA}, []string{"office format"}},
		"item":     {Overlay{Office: "330523110", Item: "x"}, []string{"item format"}},
		"phone":    {Overlay{Office: "330523110", Item: codeA, Phone: "电话"}, []string{"phone format"}},
		"controls": {Overlay{Office: "330523110", Item: codeA, Window: "a\x00", Hours: " 9"}, []string{"window text", "hours text"}},
		"length":   {Overlay{Office: "330523110", Item: codeA, Location: string(make([]rune, 101))}, []string{"location length"}},
	} {
		faults := CheckOverlay(c.overlay)
		if got := summary(faults); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		mustBeTold(t, faults)
	}
}
