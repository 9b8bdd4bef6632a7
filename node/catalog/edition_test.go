package catalog

import (
	"errors"
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
		if version, ok := InForce(history(), c.code, c.at); version != c.version || ok != c.ok {
			t.Errorf("InForce(%s, %d) = %d, %v; want %d, %v", c.code, c.at, version, ok, c.version, c.ok)
		}
	}
	want := []EditionItem{{Code: codeB, Version: 2}, {Code: codeA, Version: 3}}
	if got := AllInForce(history(), 300); !slices.Equal(got, want) {
		t.Errorf("AllInForce = %v, want %v", got, want)
	}
}

func TestCheckEdition(t *testing.T) {
	if err := CheckEditions(history()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		next Edition
		want error
	}{
		"gap":               {Edition{Number: 6, EffectiveFrom: 400, Entries: []EditionItem{{Code: codeA, Version: 4}}}, ErrEditionNumber},
		"backwards":         {Edition{Number: 5, EffectiveFrom: 299, Entries: []EditionItem{{Code: codeA, Version: 4}}}, ErrEditionBackwards},
		"empty":             {Edition{Number: 5, EffectiveFrom: 400}, ErrEditionEmpty},
		"no change":         {Edition{Number: 5, EffectiveFrom: 400, Entries: []EditionItem{{Code: codeA, Version: 3}}}, ErrEditionEmpty},
		"twice":             {Edition{Number: 5, EffectiveFrom: 400, Entries: []EditionItem{{Code: codeA, Version: 4}, {Code: codeA, Version: 5}}}, ErrEditionDuplicate},
		"code":              {Edition{Number: 5, EffectiveFrom: 400, Entries: []EditionItem{{Code: "x", Version: 4}}}, ErrEditionCode},
		"version":           {Edition{Number: 5, EffectiveFrom: 400, Entries: []EditionItem{{Code: codeA}}}, ErrEditionVersion},
		"withdraw unknown":  {Edition{Number: 5, EffectiveFrom: 400, Entries: []EditionItem{{Code: "TB-ABC-001", Version: 1, Withdrawn: true}}}, ErrEditionWithdrawn},
		"withdraw another":  {Edition{Number: 5, EffectiveFrom: 400, Entries: []EditionItem{{Code: codeA, Version: 2, Withdrawn: true}}}, ErrEditionWithdrawn},
		"same day is fine":  {Edition{Number: 5, EffectiveFrom: 300, Entries: []EditionItem{{Code: codeA, Version: 4}}}, nil},
		"an older version":  {Edition{Number: 5, EffectiveFrom: 400, Entries: []EditionItem{{Code: codeA, Version: 2}}}, nil},
		"proper withdrawal": {Edition{Number: 5, EffectiveFrom: 400, Entries: []EditionItem{{Code: codeA, Version: 3, Withdrawn: true}}}, nil},
	} {
		err := CheckEdition(history(), c.next)
		var typed *EditionError
		if !errors.Is(err, c.want) || err != nil && (!errors.As(err, &typed) || typed.Number != c.next.Number || err.Error() == "") {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := CheckEditions([]Edition{{Number: 1, Entries: history()[0].Entries}}); !errors.Is(err, ErrEditionBackwards) {
		t.Errorf("an edition without a time: %v", err)
	}
}

// The version in force is what replaying the editions one by one would leave,
// it does not depend on the order of the slice, and a later edition changes
// nothing before it takes effect.
func TestInForceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var editions []Edition
		effective := int64(1)
		for n := range rapid.IntRange(0, 8).Draw(t, "editions") {
			effective += rapid.Int64Range(0, 3).Draw(t, "step")
			e := Edition{Number: n + 1, EffectiveFrom: effective}
			for code := range 4 {
				if rapid.Bool().Draw(t, "named") {
					e.Entries = append(e.Entries, EditionItem{
						Code: fmt.Sprintf("TB-SCJG-%03d", code), Version: rapid.IntRange(1, 5).Draw(t, "version"), Withdrawn: rapid.Bool().Draw(t, "withdrawn"),
					})
				}
			}
			editions = append(editions, e)
		}
		now := rapid.Int64Range(0, effective+2).Draw(t, "at")
		replayed := map[string]EditionItem{}
		for _, e := range editions {
			for _, entry := range e.Entries {
				if e.EffectiveFrom <= now {
					replayed[entry.Code] = entry
				}
			}
		}
		shuffled := rapid.Permutation(editions).Draw(t, "shuffled")
		count := 0
		for code := range 4 {
			code := fmt.Sprintf("TB-SCJG-%03d", code)
			want, named := replayed[code]
			version, ok := InForce(shuffled, code, now)
			if ok != (named && !want.Withdrawn) || ok && version != want.Version {
				t.Fatalf("%s at %d: %d, %v; want %+v", code, now, version, ok, want)
			}
			later := append(slices.Clone(editions), Edition{Number: 99, EffectiveFrom: now + 1, Entries: []EditionItem{{Code: code, Version: 77}}})
			if v, k := InForce(later, code, now); v != version || k != ok {
				t.Fatalf("a later edition changes the past of %s", code)
			}
			if ok {
				if !slices.Contains(AllInForce(shuffled, now), EditionItem{Code: code, Version: version}) {
					t.Fatalf("%s is not among all in force", code)
				}
				count++
			}
		}
		if all := AllInForce(shuffled, now); len(all) != count {
			t.Fatalf("%d in force, want %d", len(all), count)
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
