package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tongban/tongban/node/importfile"
)

// Status says how final a year's arrangement is.
type Status string

// The two statuses.
const (
	Announced   Status = "announced"   // 已公布: from the State Council's notice
	Provisional Status = "provisional" // 暂定: statutory days only, until the notice comes
)

// The years a calendar may hold. Before 1992 the fixed zone would be wrong.
const (
	firstYear = 1992
	lastYear  = 2199
)

// Year is one year's holiday arrangement (节假日安排). It holds only what
// differs from an ordinary week, plus the holidays that fall on weekends.
type Year struct {
	Year     int       `json:"year"`
	Status   Status    `json:"status"`
	Verified bool      `json:"verified"` // compared with the notice by a person
	Source   []string  `json:"source"`   // the notice: its address or its number
	Holidays []Date    `json:"holidays"` // days off, ascending
	Workdays []Date    `json:"workdays"` // weekend days worked (调休上班), ascending
	Names    []DayName `json:"names"`    // what each of those days is for, ascending
}

// DayName names a holiday, or the holiday a make-up working day is for.
type DayName struct {
	Date Date   `json:"date"`
	Name string `json:"name"`
}

// Check returns everything that is wrong with the year, each fault with its
// path below the given one (empty when the year stands alone).
func (y Year) Check(path string) importfile.Faults { return y.check(path, true) }

// check leaves days that are no date alone when gaps is false: ParseFile has
// already said what stood there instead.
func (y Year) check(path string, gaps bool) importfile.Faults {
	c := checker{year: y, path: path, gaps: gaps, used: map[Date]string{}}
	c.head()
	c.dates("holidays", y.Holidays)
	c.dates("workdays", y.Workdays)
	for i, d := range y.Workdays {
		if day := d.Weekday(); !d.IsZero() && day != time.Saturday && day != time.Sunday {
			c.add(importfile.Index("workdays", i), d.String()+" 是"+weekdayChinese(day)+"，本来就上班",
				fmt.Sprintf("%s is a %s, a working day anyway", d, day))
		}
	}
	c.names()
	return c.faults
}

type checker struct {
	year   Year
	path   string
	gaps   bool
	used   map[Date]string // where each date stood first
	faults importfile.Faults
}

func (c *checker) add(path, zh, en string) {
	if c.path != "" {
		path = c.path + "." + path
	}
	c.faults.Add(path, zh, en)
}

func (c *checker) head() {
	y := c.year
	if y.Year < firstYear || y.Year > lastYear {
		c.add("year", fmt.Sprintf("年份应在 %d 至 %d 之间", firstYear, lastYear),
			fmt.Sprintf("the year must be from %d to %d", firstYear, lastYear))
	}
	for i, source := range y.Source {
		if strings.TrimSpace(source) == "" {
			c.add(importfile.Index("source", i), "来源没有填写", "the source is empty")
		}
	}
	switch y.Status {
	case Announced:
		if len(y.Source) == 0 {
			c.add("source", "已公布的年度要写明通知的网址或文号", "an announced year needs its notice's address or number")
		}
		if len(y.Holidays) == 0 {
			c.add("holidays", "已公布的年度没有节假日，文件可能不完整", "an announced year has no holidays; the file may be incomplete")
		}
	case Provisional:
		if y.Verified {
			c.add("verified", "暂定的年度不能标为已核对", "a provisional year cannot be verified")
		}
	default:
		c.add("status", "应为 announced（已公布）或 provisional（暂定）", "must be announced or provisional")
	}
}

func (c *checker) dates(list string, dates []Date) {
	for i, d := range dates {
		at := importfile.Index(list, i)
		switch first, twice := c.used[d]; {
		case d.IsZero():
			if c.gaps {
				c.add(at, "没有日期", "no date")
			}
		case d.Year() != c.year.Year:
			c.add(at, fmt.Sprintf("%s 不在 %d 年，请写到 %d 年下", d, c.year.Year, d.Year()),
				fmt.Sprintf("%s is not in %d; put it under %d", d, c.year.Year, d.Year()))
		case twice && !strings.HasPrefix(first, list):
			c.add(at, d.String()+" 既是节假日又是上班日，另见 "+first, d.String()+" is both holiday and working day, see "+first)
		case twice:
			c.add(at, d.String()+" 重复，另见 "+first, d.String()+" is given twice, see "+first)
		default:
			c.used[d] = at
		}
	}
}

func (c *checker) names() {
	const most = 30
	named := map[Date]bool{}
	for i, n := range c.year.Names {
		at := importfile.Key("names", n.Date.String())
		if n.Date.IsZero() {
			at = importfile.Index("names", i)
		}
		_, listed := c.used[n.Date]
		switch {
		case !listed:
			c.add(at, "有名称，但不在节假日或上班日中", "named, but neither a holiday nor a working day")
		case named[n.Date]:
			c.add(at, "名称重复", "named twice")
		case strings.TrimSpace(n.Name) == "":
			c.add(at, "名称没有填写", "the name is empty")
		case utf8.RuneCountInString(n.Name) > most:
			c.add(at, "名称超过 30 字", "the name is longer than 30 characters")
		}
		named[n.Date] = true
	}
	for i, d := range c.year.Holidays {
		if !d.IsZero() && !named[d] {
			c.add(importfile.Index("holidays", i), d.String()+" 没有名称", d.String()+" has no name")
		}
	}
}

// sorted returns the year with its lists in ascending order, so that the same
// arrangement always has the same bytes.
func (y Year) sorted() Year {
	y.Source = slices.Clone(y.Source)
	y.Holidays, y.Workdays, y.Names = slices.Clone(y.Holidays), slices.Clone(y.Workdays), slices.Clone(y.Names)
	slices.SortFunc(y.Holidays, Date.Compare)
	slices.SortFunc(y.Workdays, Date.Compare)
	slices.SortFunc(y.Names, func(a, b DayName) int { return a.Date.Compare(b.Date) })
	return y
}

func weekdayChinese(day time.Weekday) string {
	return "星期" + []string{"日", "一", "二", "三", "四", "五", "六"}[day]
}
