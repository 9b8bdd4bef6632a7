package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// figure is one line of the table.
type figure struct {
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	// Detail is what else was measured with it: percentiles, bytes.
	Detail string `json:"detail,omitempty"`
	// Target is what it is held against, Met whether it keeps to it; both
	// empty where there is none.
	Target string `json:"target,omitempty"`
	Met    *bool  `json:"met,omitempty"`
}

// table collects figures.
type table struct {
	figures  []figure
	failures []string
}

func (t *table) add(f figure) { t.figures = append(t.figures, f) }

// least and most are figures with a target.
func (t *table) least(f figure, atLeast float64) {
	met := f.Value >= atLeast
	f.Target, f.Met = "≥ "+short(atLeast), &met
	t.add(f)
}

func (t *table) most(f figure, atMost float64) {
	met := f.Value <= atMost
	f.Target, f.Met = "≤ "+short(atMost), &met
	t.add(f)
}

// find is an earlier figure's value; ok is false when it was not measured.
func (t *table) find(section, name string) (value float64, ok bool) {
	for _, f := range t.figures {
		if f.Section == section && f.Name == name {
			return f.Value, true
		}
	}
	return 0, false
}

func (t *table) failed(section string, err error) {
	first, _, _ := strings.Cut(err.Error(), "\n")
	t.failures = append(t.failures, section+": "+first)
}

// err tells that a part could not be measured. A target that is missed is a
// figure, not an error.
func (t *table) err() error {
	if len(t.failures) > 0 {
		return fmt.Errorf("not measured: %s", strings.Join(t.failures, "; "))
	}
	return nil
}

func (t *table) write(w io.Writer) {
	rows := [][]string{{"section", "figure", "value", "", "target", "", "detail"}}
	last := ""
	for _, f := range t.figures {
		section := f.Section
		if section == last {
			section = ""
		}
		last = f.Section
		verdict := ""
		if f.Met != nil {
			verdict = "missed"
			if *f.Met {
				verdict = "ok"
			}
		}
		rows = append(rows, []string{section, f.Name, short(f.Value), f.Unit, f.Target, verdict, f.Detail})
	}
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, r := range rows {
		var line strings.Builder
		for i, cell := range r {
			pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i == 2 {
				line.WriteString(pad + cell + " ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
	for _, f := range t.failures {
		fmt.Fprintln(w, "not measured:", f)
	}
}

func (t *table) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(struct {
		Figures  []figure `json:"figures"`
		Failures []string `json:"failures,omitempty"`
	}{t.figures, t.failures}); err != nil {
		return err
	}
	return t.err()
}

// short writes a number with as many digits as it is worth.
func short(v float64) string {
	switch {
	case v >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// spread is a set of durations, sorted.
type spread []time.Duration

func spreadOf(took []time.Duration) spread {
	s := slices.Clone(took)
	slices.Sort(s)
	return s
}

// at is a percentile, from 0 to 1.
func (s spread) at(p float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(int(p*float64(len(s))), len(s)-1)]
}

func (s spread) String() string {
	return fmt.Sprintf("p50 %s p99 %s max %s", ms(s.at(0.5)), ms(s.at(0.99)), ms(s.at(1)))
}

func ms(d time.Duration) string { return short(inMS(d)) + " ms" }

func inMS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
