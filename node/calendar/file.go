package calendar

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tongban/tongban/node/importfile"
)

// The shape of a calendar file.
type (
	file struct {
		Notes []string   `json:"notes,omitempty"`
		Years []fileYear `json:"years"`
	}
	fileYear struct {
		Year     int               `json:"year"`
		Status   string            `json:"status"`
		Verified bool              `json:"verified"`
		Source   []string          `json:"source"`
		Holidays []string          `json:"holidays"`
		Workdays []string          `json:"workdays"`
		Names    map[string]string `json:"names"`
	}
)

// ParseFile reads a calendar file and returns its years, ascending. Every fault
// is reported with its path; the error is an importfile.Faults, and no year is
// returned unless the whole file is well.
func ParseFile(data []byte) ([]Year, error) {
	var f file
	shape, read := importfile.DecodeAll(data, &f)
	if !read {
		return nil, fmt.Errorf("read calendar file: %w", shape.Err())
	}
	var faults importfile.Faults
	if len(f.Years) == 0 {
		faults.Add("years", "文件里没有年度", "the file has no years")
	}
	var years []Year
	seen := map[int]bool{}
	for i, fy := range f.Years {
		path := importfile.Index("years", i)
		year := fy.read(path, &faults)
		faults = append(faults, year.check(path, false)...)
		if seen[year.Year] {
			faults.Add(path+".year", fmt.Sprintf("%d 年重复", year.Year), fmt.Sprintf("the year %d is given twice", year.Year))
		}
		seen[year.Year] = true
		years = append(years, year.sorted())
	}
	if err := shape.Beside(importfile.Locate(data, faults)).Err(); err != nil {
		return nil, fmt.Errorf("check calendar file: %w", err)
	}
	slices.SortFunc(years, func(a, b Year) int { return a.Year - b.Year })
	return years, nil
}

// read turns the file's text into dates. A date that cannot be read is noted
// and stays "no date" in its place, so that the paths of the others still fit.
func (fy fileYear) read(path string, faults *importfile.Faults) Year {
	year := Year{Year: fy.Year, Status: Status(fy.Status), Verified: fy.Verified, Source: fy.Source, Names: []DayName{}}
	year.Holidays = readDates(fy.Holidays, path+".holidays", faults)
	year.Workdays = readDates(fy.Workdays, path+".workdays", faults)
	for _, text := range slices.Sorted(maps.Keys(fy.Names)) {
		d, err := Parse(text)
		if err != nil {
			faults.Add(importfile.Key(path+".names", text), "不是有效日期，应写成 2026-10-12", "no such date; write 2026-10-12")
			continue
		}
		year.Names = append(year.Names, DayName{Date: d, Name: fy.Names[text]})
	}
	return year
}

func readDates(texts []string, path string, faults *importfile.Faults) []Date {
	dates := make([]Date, len(texts))
	for i, text := range texts {
		d, err := Parse(text)
		if err != nil {
			text = importfile.Clip(text)
			faults.Add(importfile.Index(path, i), fmt.Sprintf("%q 不是有效日期，应写成 2026-10-12", text),
				fmt.Sprintf("%q is no such date; write 2026-10-12", text))
		}
		dates[i] = d
	}
	return dates
}
