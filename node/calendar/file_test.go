package calendar_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/calendar/calendartest"
	"github.com/tongban/tongban/node/importfile"
)

func TestParseFileAsPublished(t *testing.T) {
	years := calendartest.Years(t)
	rows := []struct {
		year               int
		status             calendar.Status
		verified           bool
		holidays, workdays int
	}{
		{2024, calendar.Announced, true, 28, 8},
		{2025, calendar.Announced, true, 28, 5},
		{2026, calendar.Announced, true, 33, 6},
		{2027, calendar.Provisional, false, 13, 0},
	}
	if len(years) != len(rows) {
		t.Fatalf("%d years", len(years))
	}
	for i, row := range rows {
		y := years[i]
		if y.Year != row.year || y.Status != row.status || y.Verified != row.verified ||
			len(y.Holidays) != row.holidays || len(y.Workdays) != row.workdays || len(y.Names) != row.holidays+row.workdays {
			t.Errorf("%d: %s, %v, %d holidays, %d workdays, %d names", y.Year, y.Status, y.Verified,
				len(y.Holidays), len(y.Workdays), len(y.Names))
		}
	}
	if n := years[2].Names[0]; n.Date.String() != "2026-01-01" || n.Name != "元旦" {
		t.Errorf("first name of 2026: %+v", n)
	}
}

// A year travels as JSON in the ledger: what is read back must be the same, and
// so must the bytes.
func TestYearJSON(t *testing.T) {
	for _, y := range calendartest.Years(t) {
		data, err := json.Marshal(y)
		if err != nil {
			t.Fatal(err)
		}
		var again calendar.Year
		if err := json.Unmarshal(data, &again); err != nil || !reflect.DeepEqual(y, again) {
			t.Errorf("%d: %v\n%+v\n%+v", y.Year, err, y, again)
		}
	}
}

const small = `{"years": [{
  "year": 2026, "status": "announced", "verified": true, "source": ["国办发明电〔2025〕7号"],
  "holidays": ["2026-01-01", "2026-01-03", "2026-01-02"],
  "workdays": ["2026-01-04"],
  "names": {"2026-01-01": "元旦", "2026-01-02": "元旦", "2026-01-03": "元旦", "2026-01-04": "元旦"}
}]}`

func TestParseFileSorts(t *testing.T) {
	years, err := calendar.ParseFile([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if got := years[0].Holidays[1].String(); got != "2026-01-02" {
		t.Errorf("second holiday = %s", got)
	}
}

func TestParseFileFaults(t *testing.T) {
	rows := []struct{ name, from, to, path, says string }{
		{"unknown field", `"verified"`, `"checked": 1, "verified"`, "years[0].checked", "unknown field"},
		{"missing list", `"workdays": ["2026-01-04"],`, ``, "years[0].workdays", "missing"},
		{"status", `"announced"`, `"sure"`, "years[0].status", "announced or provisional"},
		{"verified provisional", `"announced"`, `"provisional"`, "years[0].verified", "cannot be verified"},
		{"no source", `["国办发明电〔2025〕7号"]`, `[]`, "years[0].source", "address or number"},
		{"empty source", `"国办发明电〔2025〕7号"`, `" "`, "years[0].source[0]", "empty"},
		{"no holidays", `"holidays": ["2026-01-01", "2026-01-03", "2026-01-02"]`, `"holidays": []`, "years[0].holidays", "incomplete"},
		{"year", `"year": 2026`, `"year": 20266`, "years[0].year", "from 1992 to 2199"},
		{"other year", `["2026-01-01"`, `["2025-12-31"`, "years[0].holidays[0]", "put it under 2025"},
		{"bad date", `["2026-01-01"`, `["2026-02-30"`, "years[0].holidays[0]", "no such date"},
		{"bad name date", `{"2026-01-01"`, `{"1 Jan"`, `years[0].names["1 Jan"]`, "no such date"},
		{"holiday twice", `["2026-01-01"`, `["2026-01-03"`, "years[0].holidays[1]", "given twice, see holidays[0]"},
		{"holiday and workday", `["2026-01-04"]`, `["2026-01-03"]`, "years[0].workdays[0]", "both holiday and working day, see holidays[1]"},
		{"ordinary weekday", `["2026-01-04"]`, `["2026-01-05"]`, "years[0].workdays[0]", "a Monday, a working day anyway"},
		{"no name", `"2026-01-01": "元旦", `, ``, "years[0].holidays[0]", "has no name"},
		{"empty name", `"2026-01-01": "元旦"`, `"2026-01-01": ""`, `years[0].names["2026-01-01"]`, "empty"},
		{"long name", `"2026-01-01": "元旦"`, `"2026-01-01": "` + strings.Repeat("元", 31) + `"`, `years[0].names["2026-01-01"]`, "longer"},
		{"name of an ordinary day", `"2026-01-01": "元旦"`, `"2026-01-01": "元旦", "2026-03-03": "x"`, `years[0].names["2026-03-03"]`, "neither"},
		{"name twice", `"2026-01-01": "元旦"`, `"2026-01-01": "元旦", "2026-01-01": "x"`, `years[0].names["2026-01-01"]`, "given twice"},
		{"year twice", `{"years": [`, `{"years": [{"year":2026,"status":"provisional","verified":false,"source":[],"holidays":[],"workdays":[],"names":{}},`,
			"years[1].year", "given twice"},
		{"no years", small, `{"years": []}`, "years", "no years"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			text := strings.Replace(small, row.from, row.to, 1)
			if text == small {
				t.Fatal("the row changes nothing")
			}
			years, err := calendar.ParseFile([]byte(text))
			if len(years) != 0 {
				t.Error("a faulty file gave years")
			}
			var faults importfile.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("ParseFile: %v", err)
			}
			for _, fault := range faults {
				if fault.Path == row.path && strings.Contains(fault.EN, row.says) && fault.ZH != "" {
					return
				}
			}
			t.Errorf("no fault at %s saying %q in %v", row.path, row.says, faults)
		})
	}
}

func TestParseFileReportsAll(t *testing.T) {
	text := strings.NewReplacer(`["2026-01-04"]`, `["2026-01-01", "soon"]`, `"announced"`, `"x"`, `, "2026-01-04": "元旦"`, ``).Replace(small)
	_, err := calendar.ParseFile([]byte(text))
	var faults importfile.Faults
	errors.As(err, &faults)
	var paths []string
	for _, fault := range faults {
		paths = append(paths, fault.Path)
	}
	// 2026-01-01 is at fault twice: it is a holiday too, and an ordinary Thursday.
	want := "years[0].workdays[1] years[0].status years[0].workdays[0] years[0].workdays[0]"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("paths = %s, want %s", got, want)
	}
}

// A fault of shape hides none of the rules' elsewhere in the file.
func TestParseFileReportsRulesBesideFaultsOfShape(t *testing.T) {
	text := strings.NewReplacer(`["2026-01-04"]`, `["soon"]`, `{`, `{"extra": 1, `).Replace(small)
	_, err := calendar.ParseFile([]byte(text))
	var faults importfile.Faults
	errors.As(err, &faults)
	if !slices.ContainsFunc(faults, func(f importfile.Fault) bool { return f.Path == "extra" }) ||
		!slices.ContainsFunc(faults, func(f importfile.Fault) bool { return f.Path == "years[0].workdays[0]" }) {
		t.Errorf("%v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	years := calendartest.Years(t)
	if _, err := calendar.New([]calendar.Year{years[0], years[0]}); err == nil {
		t.Error("a year given twice was accepted")
	}
	broken := years[0]
	broken.Holidays = append([]calendar.Date{{}}, broken.Holidays...)
	var faults importfile.Faults
	if _, err := calendar.New([]calendar.Year{broken}); !errors.As(err, &faults) {
		t.Errorf("a holiday without a date: %v", err)
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(strings.Replace(small, "2026-01-04", "2026-01-05", 2)))
	f.Add([]byte(`{"years":[{}]}`))
	f.Add([]byte(`{"years":[{"year":2027,"status":"provisional","verified":false,"source":[],"holidays":[],"workdays":[],"names":{}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		years, err := calendar.ParseFile(data)
		if err != nil {
			return
		}
		c, err := calendar.New(years)
		if err != nil {
			t.Fatalf("ParseFile accepted what New refuses: %v", err)
		}
		for _, y := range years {
			for _, d := range y.Holidays {
				if working, err := c.IsWorkingDay(d); working || err != nil {
					t.Fatalf("holiday %s works: %v", d, err)
				}
			}
			for _, d := range y.Workdays {
				if working, err := c.IsWorkingDay(d); !working || err != nil {
					t.Fatalf("working day %s does not: %v", d, err)
				}
			}
		}
	})
}
