package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/node/calendar"
)

// dueFlags is what `calendar due` was asked.
type dueFlags struct {
	from, file, approved string
	days, natural        int
	extend               once
	suspend              []string
	online, explain      bool
}

// once is a number of days that is given at most once.
type once struct {
	days  int
	given bool
}

// String implements pflag.Value.
func (o *once) String() string { return strconv.Itoa(o.days) }

// Type implements pflag.Value.
func (o *once) Type() string { return "int" }

// Set implements pflag.Value.
func (o *once) Set(text string) error {
	if o.given {
		return errors.New("只能延长一次（行政许可法第四十二条） (a limit is extended once)")
	}
	days, err := strconv.Atoi(text)
	o.days, o.given = days, err == nil
	return err
}

func calendarDueCommand() *cobra.Command {
	var f dueFlags
	cmd := &cobra.Command{
		Use:   "due",
		Short: "计算到期日，无需连接节点 (when a time limit ends; needs no node)",
		Long: `按国务院放假安排计算到期日。起始日不计入（民法典第201条）；特别程序的时间不计入
（行政许可法第45条）；自然日期限的最后一日为非工作日的，顺延至下一工作日。
Says when a time limit ends: on the calendar carried in this program, or on
--calendar FILE. The starting day is not counted.`,
		Example: `  tongban calendar due --from 2026-09-29T15:00 --days 5
  tongban calendar due --from 2026-04-24 --days 20 --suspend 2026-04-28..2026-05-12=专家评审 --explain
  tongban calendar due --from 2026-09-29 --days 20 --extend 10 --json
  tongban calendar due --from 2026-09-29 --natural-days 60`,
		Args: noArguments,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "起始日：受理或收到材料之日 (the starting day: acceptance, or receipt of the papers)")
	flags.IntVar(&f.days, "days", 0, "工作日数 (limit in working days)")
	flags.IntVar(&f.natural, "natural-days", 0, "自然日数 (limit in natural days)")
	flags.StringArrayVar(&f.suspend, "suspend", nil, "特别程序 起..止[=名称]，止可空，可重复 (time not counted: FROM..TO[=REASON]; repeatable)")
	flags.Var(&f.extend, "extend", "批准延长的工作日数 (days the authority's head added)")
	flags.StringVar(&f.approved, "approved", "", "批准延长之日，须不晚于原到期日；默认起始日 (when the extension was approved; default the starting day)")
	flags.BoolVar(&f.online, "online", false, "网上提交：非工作日收到视为下一工作日收到 (handed in online)")
	flags.StringVar(&f.file, "calendar", "", "日历文件，默认随程序附带 (calendar file; default the one in this program)")
	flags.BoolVar(&f.explain, "explain", false, "逐日说明 (day by day)")
	flags.Bool("json", false, "以 JSON 输出 (print JSON)")
	required(cmd, "from")
	cmd.MarkFlagsOneRequired("days", "natural-days")
	cmd.MarkFlagsMutuallyExclusive("days", "natural-days")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return due(printerOf(cmd), f) }
	return cmd
}

func due(p printer, f dueFlags) error {
	period, err := f.period()
	if err != nil {
		return err
	}
	days, err := loadCalendar(f.file)
	if err != nil {
		return err
	}
	result, err := days.Due(period)
	var year *calendar.MissingYearError
	if err != nil && !errors.As(err, &year) {
		return advised{err, "calendar_period", "请按提示更正期限后再算", "correct the limit as it says, then compute again"}
	}
	if err != nil {
		return err
	}
	if p.json {
		return p.showValue(struct {
			calendar.Result
			Warning string `json:"warning,omitempty"`
		}{result, result.Warning()})
	}
	switch {
	case f.explain:
		fmt.Fprintln(p.out, p.pick(result.Explanation(), result.EnglishExplanation()))
	case result.Due.IsZero():
		fmt.Fprintf(p.out, p.pick("尚无到期日：特别程序自 %s 起未结束\n", "no due date yet: suspended since %s\n"), result.Suspended)
	default:
		fmt.Fprintf(p.out, p.pick("到期日 %s %s（下班前）\n", "due %s %s, until the close of business\n"), result.Due, p.pick(weekdayZH(result.Due), result.Due.Weekday().String()))
	}
	if warning := result.Warning(); warning != "" {
		fmt.Fprintln(p.errors, warning)
	}
	return nil
}

func weekdayZH(d calendar.Date) string {
	return "星期" + []string{"日", "一", "二", "三", "四", "五", "六"}[d.Weekday()]
}

// period is the time limit the flags describe. Limits are computed in dates:
// of a time of day only its date in Beijing is used.
func (f dueFlags) period() (calendar.Period, error) {
	start, err := parseDate("from", f.from)
	if err != nil {
		return calendar.Period{}, err
	}
	p := calendar.Period{Start: start, Days: f.days, Unit: calendar.WorkingDays, Online: f.online}
	if f.natural != 0 {
		p.Days, p.Unit = f.natural, calendar.NaturalDays
	}
	if p.Days <= 0 {
		return p, usagef("天数须为正数 (the number of days must be positive)")
	}
	for _, text := range f.suspend {
		s, err := parseSuspension(text)
		if err != nil {
			return p, err
		}
		p.Suspensions = append(p.Suspensions, s)
	}
	if most := calendar.LongestExtension(p.Days); f.extend.days > most {
		return p, usagef("--extend 最多 %d 个工作日，且只能延长一次（行政许可法第四十二条） (at most %d, once)", most, most)
	}
	if f.extend.days != 0 {
		p.Extension = calendar.Extension{Days: f.extend.days, Approved: start}
		if f.approved != "" {
			p.Extension.Approved, err = parseDate("approved", f.approved)
		}
	} else if f.approved != "" {
		return p, usagef("--approved 须与 --extend 同用 (needs --extend)")
	}
	return p, err
}

func parseSuspension(text string) (calendar.Suspension, error) {
	dates, reason, _ := strings.Cut(text, "=")
	from, to, ok := strings.Cut(dates, "..")
	if !ok {
		return calendar.Suspension{}, usagef("--suspend %q：应如 2026-04-28..2026-05-12 (should be FROM..TO)", text)
	}
	s := calendar.Suspension{Reason: reason}
	var err error
	if s.Start, err = parseDate("suspend", from); err != nil {
		return s, err
	}
	if to != "" {
		s.End, err = parseDate("suspend", to)
	}
	return s, err
}

func parseDate(flag, text string) (calendar.Date, error) {
	at, err := parseTime(text)
	if err != nil {
		return calendar.Date{}, usagef("--%s %q 不是日期，应如 2026-09-29 或 2026-09-29T15:00 (not a date)", flag, text)
	}
	date := calendar.DateOf(at)
	if date.IsZero() {
		return date, usagef("--%s %q 超出日历范围 (out of range)", flag, text)
	}
	return date, nil
}

// loadCalendar reads a calendar file, or the one in this program.
func loadCalendar(file string) (*calendar.Calendar, error) {
	content := data.Calendar
	if file != "" {
		var err error
		if content, err = os.ReadFile(file); err != nil {
			return nil, usagef("无法读取日历文件 (cannot read the calendar file): %v", err)
		}
	}
	years, err := calendar.ParseFile(content)
	if err != nil {
		return nil, importFaults(err)
	}
	return calendar.New(years)
}
