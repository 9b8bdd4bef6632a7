package main

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

func TestParse(t *testing.T) {
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]string{
		{"-only", "nothing"}, {"-clients", "0"}, {"-clients", "1,x"}, {"-drains", "-5"}, {"-cases", "x"}, {"-large", "0"}, {"-nothing"}, {"-binary", "/absent"},
	} {
		if _, err := parse(append([]string{"-binary", binary}, bad...)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	s, err := parse([]string{"-binary", binary, "-short", "-only", "intake,drain", "-clients", "1,7", "-during", "2s"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.only, []string{"intake", "drain"}) || !slices.Equal(s.clients, []int{1, 7}) || s.during != 2*time.Second || s.cases != 2000 {
		t.Errorf("%+v", s)
	}
	if s, err = parse([]string{"-binary", binary, "-long"}); err != nil || !slices.Contains(s.drains, 100_000) {
		t.Errorf("-long: %+v, %v", s, err)
	}
}

func TestSpread(t *testing.T) {
	var took []time.Duration
	for i := 100; i > 0; i-- {
		took = append(took, time.Duration(i)*time.Millisecond)
	}
	s := spreadOf(took)
	if s.at(0.5) != 51*time.Millisecond || s.at(0.99) != 100*time.Millisecond || s.at(1) != 100*time.Millisecond {
		t.Errorf("%s", s)
	}
	if took[0] != 100*time.Millisecond {
		t.Error("the caller's durations were sorted")
	}
	if (spread)(nil).at(1) != 0 {
		t.Error("nothing has a percentile")
	}
	if got := longestGap([]time.Duration{9, 1, 3}); got != 6 {
		t.Errorf("longest gap %d, want 6", got)
	}
}

func TestTable(t *testing.T) {
	tab := new(table)
	tab.least(figure{Section: "intake", Name: "1 client", Value: 0.5, Unit: "×"}, 0.75)
	tab.most(figure{Section: "sizes", Name: "binary", Value: 22.4, Unit: "MB"}, 25)
	tab.failed("drain", errors.New("no line\nand more"))
	var text, doc strings.Builder
	tab.write(&text)
	for _, want := range []string{"missed", "≥ 0.75", "ok", "≤ 25", "not measured: drain: no line"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "and more") {
		t.Error("the table shows more than an error's first line")
	}
	if err := tab.writeJSON(&doc); err == nil {
		t.Error("a part that was not measured is no error")
	}
	var read struct{ Figures []figure }
	if err := json.Unmarshal([]byte(doc.String()), &read); err != nil || len(read.Figures) != 2 || *read.Figures[0].Met || !*read.Figures[1].Met {
		t.Errorf("%+v, %v", read, err)
	}
	if v, ok := tab.find("sizes", "binary"); !ok || v != 22.4 {
		t.Errorf("found %v, %v", v, ok)
	}
}

// What is handed in must be what the item asks for, or refusals are measured.
func TestSubmissionsAreValid(t *testing.T) {
	s, err := newSubmissions()
	if err != nil {
		t.Fatal(err)
	}
	today := calendar.DateOf(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	for _, n := range []int{0, 1, 999, 1000, 123_456} {
		raw, err := s.of(n)
		if err != nil {
			t.Fatal(err)
		}
		var sub client.Submission
		if err := json.Unmarshal(raw, &sub); err != nil {
			t.Fatal(err)
		}
		if faults := catalog.ValidateForm(s.item, catalog.NormaliseForm(s.item, sub.Form), today); len(faults) > 0 {
			t.Errorf("%d: %v", n, faults)
		}
	}
}

func TestChangedItemDiffersEachTime(t *testing.T) {
	first, err := changedItem(0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := changedItem(1)
	if err != nil {
		t.Fatal(err)
	}
	if string(first) == string(second) {
		t.Error("two rounds change nothing between them")
	}
	if items, faults := catalog.ParseItems(first); len(faults) > 0 || len(items) != 1 {
		t.Errorf("%d items, %v", len(items), faults)
	}
}
