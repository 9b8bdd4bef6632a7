package casework

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
)

func TestNumberForms(t *testing.T) {
	n := mustNumber(t, "330523110200", "2026-11-23", 1, 45)
	const grouped = "330523110200-20261123-01-000045-0"
	if n.String() != grouped || n.Compact() != strings.ReplaceAll(grouped, "-", "") || len(n.Compact()) != 29 || n.CheckDigit() != 0 {
		t.Fatalf("forms: %s %s", n, n.Compact())
	}
	if n.Division() != "330523110200" || n.Date().String() != "2026-11-23" || n.Ordinal() != 1 || n.Counter() != 45 {
		t.Errorf("parts: %s %s %d %d", n.Division(), n.Date(), n.Ordinal(), n.Counter())
	}
	wide := strings.Map(func(c rune) rune {
		if c == '-' {
			return '－'
		}
		return c - '0' + '０'
	}, grouped)
	for _, text := range []string{grouped, n.Compact(), strings.ReplaceAll(grouped, "-", " "), " " + grouped + "\r\n",
		wide, strings.ReplaceAll(grouped, "-", "　"), strings.Join(strings.Split(n.Compact(), ""), " ")} {
		if got, err := ParseNumber(text); err != nil || got != n {
			t.Errorf("ParseNumber(%q) = %s, %v", text, got, err)
		}
	}
}

func TestNumberOfEachTier(t *testing.T) {
	rows := []struct{ code, prefix string }{
		{"330523", "330523000000-"},
		{"330523110", "330523110000-"},
		{"330523110200", "330523110200-"},
	}
	for _, row := range rows {
		n := mustNumber(t, row.code, "2026-11-23", 99, 999999)
		if !strings.HasPrefix(n.String(), row.prefix) || n.Division() != division.Code(row.code) {
			t.Errorf("%s: %s of %s", row.code, n, n.Division())
		}
	}
}

func TestNewNumberRefuses(t *testing.T) {
	on := mustDay(t, "2026-11-23")
	rows := []struct {
		at               division.Code
		on               calendar.Date
		ordinal, counter int
		reason           NumberReason
	}{
		{"", on, 1, 1, NumberDivision},
		{"330523000", on, 1, 1, NumberDivision},
		{"330523", calendar.Date{}, 1, 1, NumberDate},
		{"330523", on, 0, 1, NumberOrdinal},
		{"330523", on, 100, 1, NumberOrdinal},
		{"330523", on, -1, 1, NumberOrdinal},
		{"330523", on, 1, 0, NumberCounter},
		{"330523", on, 1, 1000000, NumberCounter},
	}
	for _, row := range rows {
		n, err := NewNumber(row.at, row.on, row.ordinal, row.counter)
		wantReason(t, fmt.Sprint(row), n, err, row.reason)
	}
}

func TestParseNumberRefuses(t *testing.T) {
	// fit gives a string the check digit it should have, so that only the part in
	// question is wrong.
	fit := func(digits string) string { return digits + string('0'+damm(digits)) }
	good := mustNumber(t, "330523110200", "2026-11-23", 1, 45).Compact()
	rows := []struct {
		text   string
		reason NumberReason
	}{
		{"", NumberLength},
		{good[:28], NumberLength},
		{good + "0", NumberLength},
		{"x" + good[1:], NumberCharacters},
		{good + "\x00", NumberCharacters},
		{good + "\xff", NumberCharacters},
		{"٣" + good[1:], NumberCharacters},
		{strings.Repeat("0", 1<<20), NumberCharacters},
		{good[:28] + string('0'+(good[28]-'0'+1)%10), NumberCheck},
		{fit("330523000200" + "20261123" + "01" + "000045"), NumberDivision},
		{fit("330523110200" + "20260230" + "01" + "000045"), NumberDate},
		{fit("330523110200" + "00000101" + "01" + "000045"), NumberDate},
		{fit("330523110200" + "20261123" + "00" + "000045"), NumberOrdinal},
		{fit("330523110200" + "20261123" + "01" + "000000"), NumberCounter},
		{strings.Repeat("0", 29), NumberDate},
	}
	for _, row := range rows {
		n, err := ParseNumber(row.text)
		wantReason(t, fmt.Sprintf("%.40q", row.text), n, err, row.reason)
	}
}

func TestNumberText(t *testing.T) {
	type body struct {
		Number Number `json:"number"`
		None   Number `json:"none"`
		Gone   Number `json:"gone,omitzero"`
	}
	n := mustNumber(t, "330523110200", "2026-11-23", 1, 45)
	data, err := json.Marshal(body{Number: n})
	if want := `{"number":"` + n.Compact() + `","none":""}`; err != nil || string(data) != want {
		t.Fatalf("Marshal = %s, %v; want %s", data, err, want)
	}
	var b body
	if err := json.Unmarshal(data, &b); err != nil || b.Number != n || !b.None.IsZero() {
		t.Errorf("Unmarshal = %+v, %v", b, err)
	}
	if err := json.Unmarshal([]byte(`{"number":"`+n.String()+`"}`), &b); err == nil {
		t.Error("a second spelling was read")
	}
	var none Number
	if none.String() != "" || none.Division() != "" || !none.Date().IsZero() || none.Ordinal() != 0 || none.Counter() != 0 || none.CheckDigit() != 0 {
		t.Error("no number has parts")
	}
}

// The table proves the check digit for numbers of any length: from every state,
// two different digits lead to different states (a wrong digit shows), and two
// digits exchanged do too (a transposition shows). Later digits cannot hide it,
// because each digit maps the states one to one.
func TestNumberDammTable(t *testing.T) {
	for c := range dammTable {
		if dammTable[c][c] != 0 {
			t.Errorf("the diagonal at %d is not zero", c)
		}
		var row, column [10]bool
		for x := range 10 {
			row[dammTable[c][x]], column[dammTable[x][c]] = true, true
			for y := range x {
				if dammTable[dammTable[c][x]][y] == dammTable[dammTable[c][y]][x] {
					t.Errorf("from %d, %d%d and %d%d lead to the same state", c, x, y, y, x)
				}
			}
		}
		for x := range 10 {
			if !row[x] || !column[x] {
				t.Errorf("row or column %d lacks %d", c, x)
			}
		}
	}
	if damm("572") != 4 {
		t.Errorf("the published example: 572 has check digit %d, want 4", damm("572"))
	}
}

func TestNumberRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, on, ordinal, counter := drawParts(t)
		n, err := NewNumber(at, on, ordinal, counter)
		if err != nil {
			t.Fatal(err)
		}
		if n.Division() != at || n.Date() != on || n.Ordinal() != ordinal || n.Counter() != counter {
			t.Fatalf("%s: %s %s %d %d", n, n.Division(), n.Date(), n.Ordinal(), n.Counter())
		}
		for _, text := range []string{n.String(), n.Compact()} {
			if again, err := ParseNumber(text); err != nil || again != n {
				t.Fatalf("ParseNumber(%q) = %s, %v", text, again, err)
			}
		}
	})
}

// Different parts give different numbers: nothing of one part can pass for
// another.
func TestNumberUnique(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := mustDraw(t)
		b := mustDraw(t)
		same := a.Division() == b.Division() && a.Date() == b.Date() && a.Ordinal() == b.Ordinal() && a.Counter() == b.Counter()
		if same != (a == b) {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

// Every single wrong digit and every exchange of neighbours is caught by the
// check digit itself, at every place of every number.
func TestNumberCatchesSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := mustDraw(t).Compact()
		for i := range len(digits) {
			for wrong := byte('0'); wrong <= '9'; wrong++ {
				if wrong != digits[i] {
					wantCheckFails(t, digits[:i]+string(wrong)+digits[i+1:])
				}
			}
			if i > 0 && digits[i] != digits[i-1] {
				wantCheckFails(t, digits[:i-1]+string(digits[i])+string(digits[i-1])+digits[i+1:])
			}
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, seed := range []string{"330523110200-20261123-01-000045-0", "330523110200-20261123-01-000045-7", "", "０", strings.Repeat("0", 29), "330523 110200", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseNumber(text)
		if err != nil {
			if !n.IsZero() || err.Error() == "" {
				t.Fatalf("ParseNumber(%q) = %s, %v", text, n, err)
			}
			return
		}
		again, err := NewNumber(n.Division(), n.Date(), n.Ordinal(), n.Counter())
		if err != nil || again != n {
			t.Fatalf("ParseNumber(%q) = %s, made again %s, %v", text, n, again, err)
		}
		var read Number
		if err := read.UnmarshalText([]byte(n.Compact())); err != nil || read != n {
			t.Fatalf("UnmarshalText(%q) = %s, %v", n.Compact(), read, err)
		}
	})
}

func wantReason(t *testing.T, what string, n Number, err error, reason NumberReason) {
	t.Helper()
	var bad *NumberError
	if !errors.As(err, &bad) || bad.Reason != reason || !n.IsZero() {
		t.Errorf("%s: %q, %v; want reason %s", what, n, err, reason)
	}
}

func wantCheckFails(t *rapid.T, digits string) {
	var bad *NumberError
	if _, err := ParseNumber(digits); !errors.As(err, &bad) || bad.Reason != NumberCheck {
		t.Fatalf("ParseNumber(%q): %v", digits, err)
	}
}

func drawParts(t *rapid.T) (at division.Code, on calendar.Date, ordinal, counter int) {
	code := fmt.Sprintf("%06d", rapid.IntRange(110000, 829999).Draw(t, "county"))
	switch rapid.IntRange(0, 2).Draw(t, "tier") {
	case 1:
		code += fmt.Sprintf("%03d", rapid.IntRange(1, 399).Draw(t, "township"))
	case 2:
		code += fmt.Sprintf("%03d%03d", rapid.IntRange(1, 399).Draw(t, "township"), rapid.IntRange(1, 999).Draw(t, "village"))
	}
	on = mustDay(t, "2000-01-01").AddDays(rapid.IntRange(0, 50000).Draw(t, "day"))
	return division.Code(code), on, rapid.IntRange(1, 99).Draw(t, "ordinal"), rapid.IntRange(1, 999999).Draw(t, "counter")
}

func mustDraw(t *rapid.T) Number {
	n, err := NewNumber(drawParts(t))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// failer is what a test and a property have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
}

func mustDay(t failer, text string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustNumber(t failer, at, on string, ordinal, counter int) Number {
	t.Helper()
	n, err := NewNumber(division.Code(at), mustDay(t, on), ordinal, counter)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
