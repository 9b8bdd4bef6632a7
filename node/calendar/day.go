package calendar

import (
	"fmt"
	"strings"
)

// Mark says what a day was to a period.
type Mark string

// The marks.
const (
	MarkStart     Mark = "start"     // the starting day, not counted
	MarkCounted   Mark = "counted"   // an ordinary day that counts
	MarkMakeup    Mark = "makeup"    // a weekend day worked (调休上班); counts
	MarkWeekend   Mark = "weekend"   // Saturday or Sunday
	MarkHoliday   Mark = "holiday"   // a day off by the yearly arrangement
	MarkSuspended Mark = "suspended" // a working day left out by a suspension
	MarkMoved     Mark = "moved"     // the working day to which a period of natural days moved
)

// Day is one line of the explanation of a due date.
type Day struct {
	Date  Date   `json:"date"`
	Mark  Mark   `json:"mark"`
	Name  string `json:"name,omitempty"`  // the holiday, or the suspension's reason
	Count int    `json:"count,omitempty"` // the number of the day in the period, 0 when not counted
}

// Chinese returns the day as one line for a clerk, as
// "2026-09-20 星期日 调休上班（国庆节） 第1日".
func (d Day) Chinese() string {
	words := map[Mark]string{
		MarkStart: "起始日，不计入", MarkMakeup: "调休上班", MarkWeekend: "周末",
		MarkHoliday: "节假日", MarkSuspended: "特别程序，不计时", MarkMoved: "顺延至此日",
	}[d.Mark]
	if d.Name != "" {
		words += "（" + d.Name + "）"
	}
	parts := []string{d.Date.String(), weekdayChinese(d.Date.Weekday())}
	if words != "" {
		parts = append(parts, words)
	}
	if d.Count > 0 {
		parts = append(parts, fmt.Sprintf("第%d日", d.Count))
	}
	return strings.Join(parts, " ")
}

// English returns the day as one line, as
// "2026-09-20 Sunday, worked instead of a holiday (国庆节), day 1".
func (d Day) English() string {
	words := map[Mark]string{
		MarkStart: "the starting day, not counted", MarkMakeup: "worked instead of a holiday", MarkWeekend: "weekend",
		MarkHoliday: "holiday", MarkSuspended: "special procedure, not counted", MarkMoved: "moved to this day",
	}[d.Mark]
	if d.Name != "" {
		words += " (" + d.Name + ")"
	}
	parts := []string{d.Date.String() + " " + d.Date.Weekday().String()}
	if words != "" {
		parts = append(parts, words)
	}
	if d.Count > 0 {
		parts = append(parts, fmt.Sprintf("day %d", d.Count))
	}
	return strings.Join(parts, ", ")
}

// Explanation returns the whole computation for a clerk, one day a line.
func (r Result) Explanation() string {
	return r.explained(Day.Chinese, "到期日 %s（下班前）", "自 %s 起计时中止，已计 %d 日，暂无到期日")
}

// EnglishExplanation is Explanation in English.
func (r Result) EnglishExplanation() string {
	return r.explained(Day.English, "due %s, until the close of business", "not counted since %s, after %d days: no due date yet")
}

func (r Result) explained(line func(Day) string, due, suspended string) string {
	lines := make([]string, 0, len(r.Days)+2)
	for _, day := range r.Days {
		lines = append(lines, line(day))
	}
	if !r.Suspended.IsZero() {
		lines = append(lines, fmt.Sprintf(suspended, r.Suspended, r.Counted))
	} else {
		lines = append(lines, fmt.Sprintf(due, r.Due))
	}
	if warning := r.Warning(); warning != "" {
		lines = append(lines, warning)
	}
	return strings.Join(lines, "\n")
}

// Warning returns what to tell people when the result rests on a year whose
// arrangement is not announced yet, and the empty string when it does not.
func (r Result) Warning() string {
	if len(r.Provisional) == 0 {
		return ""
	}
	years := make([]string, len(r.Provisional))
	for i, y := range r.Provisional {
		years[i] = fmt.Sprint(y)
	}
	return strings.Join(years, "、") + " 年的节假日安排尚未公布，到期日可能变动 (holidays not announced yet; the due date may change)"
}

// working reports whether a day with this mark is a working day by the calendar.
func (m Mark) working() bool { return m == MarkCounted || m == MarkMakeup }
