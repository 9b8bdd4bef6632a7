// Package calendar is the legal clock's calendar: civil dates, the State
// Council's yearly holiday arrangement, and the computation of due dates from
// them (行政许可法 arts. 32, 42, 45, 82; 民法典 arts. 201, 203).
//
// All of it is computed in dates and never in instants: a time limit ends with
// a day, whatever the hour at which it began.
package calendar

import (
	"fmt"
	"time"
)

// beijing is UTC+8. Asia/Shanghai has had no daylight saving time since 1991,
// so the fixed zone gives the same dates and needs no time zone data on a
// village PC.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// Date is a civil date in Asia/Shanghai, 0001-01-01 to 9999-12-31. Its zero
// value is "no date". Dates are comparable with == and may key a map. As text,
// and so in JSON, a date is 2026-10-12 and no date is the empty string.
type Date struct{ day int32 } // 1 is 0001-01-01

const maxDay = 3652059 // 9999-12-31

// NewDate makes a date of its parts. A date that does not exist, as February
// 30, is an error and never rolls over into the next month.
func NewDate(year int, month time.Month, day int) (Date, error) {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return Date{}, &DateError{Text: fmt.Sprintf("%d-%d-%d", year, int(month), day)}
	}
	return Date{int32(daysBefore(year) + dayOfYear(year, month, day))}, nil
}

// Parse reads a date written 2026-10-12. The error is a *DateError.
func Parse(text string) (Date, error) {
	if len(text) != len("2006-01-02") || text[4] != '-' || text[7] != '-' {
		return Date{}, &DateError{Text: text}
	}
	return parse(text, text[:4], text[5:7], text[8:])
}

// ParseCompact reads a date written 20261012, as Compact writes it. The error is
// a *DateError.
func ParseCompact(text string) (Date, error) {
	if len(text) != len("20060102") {
		return Date{}, &DateError{Text: text}
	}
	return parse(text, text[:4], text[4:6], text[6:])
}

func parse(text string, parts ...string) (Date, error) {
	var n [3]int
	for i, part := range parts {
		for j := range len(part) {
			if part[j] < '0' || part[j] > '9' {
				return Date{}, &DateError{Text: text}
			}
			n[i] = n[i]*10 + int(part[j]-'0')
		}
	}
	d, err := NewDate(n[0], time.Month(n[1]), n[2])
	if err != nil {
		return Date{}, &DateError{Text: text}
	}
	return d, nil
}

// DateOf returns the date it is in Asia/Shanghai at the instant t. An instant
// outside the years 1 to 9999 has no date.
func DateOf(t time.Time) Date {
	year, month, day := t.In(beijing).Date()
	d, err := NewDate(year, month, day)
	if err != nil {
		return Date{}
	}
	return d
}

// Midnight returns the instant at which the date begins in Asia/Shanghai, and
// the zero time for no date.
func (d Date) Midnight() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, beijing)
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d.day == 0 }

// Year returns the year, 0 for no date.
func (d Date) Year() int { y, _, _ := d.parts(); return y }

// Month returns the month, 0 for no date.
func (d Date) Month() time.Month { _, m, _ := d.parts(); return m }

// Day returns the day of the month, 0 for no date.
func (d Date) Day() int { _, _, day := d.parts(); return day }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday(d.day % 7) } // 0001-01-01 was a Monday

// Compare returns -1, 0 or +1 as d is before, at or after other. No date is
// before all dates.
func (d Date) Compare(other Date) int {
	switch {
	case d.day < other.day:
		return -1
	case d.day > other.day:
		return 1
	}
	return 0
}

// Before reports whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.day < other.day }

// After reports whether d is later than other.
func (d Date) After(other Date) bool { return d.day > other.day }

// AddDays returns the date n days later, earlier when n is negative. It stops
// at the first and the last date there are; no date stays no date.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	n = max(min(n, maxDay), -maxDay)
	return Date{int32(max(min(int(d.day)+n, maxDay), 1))}
}

// DaysSince returns how many days d lies after other, negative when before.
func (d Date) DaysSince(other Date) int { return int(d.day) - int(other.day) }

// String returns 2026-10-12, and the empty string for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	year, month, day := d.parts()
	return fmt.Sprintf("%04d-%02d-%02d", year, int(month), day)
}

// Compact returns 20261012, as in case numbers, and the empty string for no date.
func (d Date) Compact() string {
	if d.IsZero() {
		return ""
	}
	year, month, day := d.parts()
	if year < 0 || year > 9999 {
		return fmt.Sprintf("%04d%02d%02d", year, int(month), day)
	}
	digits := [8]byte{}
	for i, n := 7, (year*100+int(month))*100+day; i >= 0; i, n = i-1, n/10 {
		digits[i] = byte('0' + n%10)
	}
	return string(digits[:])
}

// Chinese returns 2026年10月12日, as in documents, and the empty string for no date.
func (d Date) Chinese() string {
	if d.IsZero() {
		return ""
	}
	year, month, day := d.parts()
	return fmt.Sprintf("%d年%d月%d日", year, int(month), day)
}

// MarshalText writes the date as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes: a date or the empty string.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// DateError is what is returned for text or numbers that are no date.
type DateError struct{ Text string }

// Error says in Chinese and English what would be right.
func (e *DateError) Error() string {
	if e.Text == "" {
		return "没有填写日期 (the date is missing)"
	}
	return fmt.Sprintf("%q 不是有效日期，应写成 2026-10-12 (no such date; write 2026-10-12)", e.Text[:min(len(e.Text), 24)])
}

// parts finds year, month and day by way of the standard library, whose
// proleptic Gregorian calendar is the same.
func (d Date) parts() (year int, month time.Month, day int) {
	if d.IsZero() {
		return 0, 0, 0
	}
	return time.Date(1, time.January, int(d.day), 0, 0, 0, 0, time.UTC).Date()
}

func daysBefore(year int) int {
	y := year - 1
	return y*365 + y/4 - y/100 + y/400
}

func dayOfYear(year int, month time.Month, day int) int {
	n := day
	for m := time.January; m < month; m++ {
		n += daysIn(year, m)
	}
	return n
}

func daysIn(year int, month time.Month) int {
	switch month {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	}
	return 31
}
