package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
)

// beijing is the time people here read and write, whatever the machine's.
var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)

// moment is an instant of the API for people; empty for none.
func moment(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(beijing).Format("2006-01-02 15:04")
}

// momentOf is an instant by a machine's clock, and by how much that was known to
// be off where it was, ahead when positive, in milliseconds.
func momentOf(lang language, ms, skew int64) string {
	if skew == 0 {
		return moment(ms)
	}
	way := lang.pick("快", "fast")
	if skew < 0 {
		way, skew = lang.pick("慢", "slow"), -skew
	}
	const second, minute, hour = 1000, 60_000, 3_600_000
	by := fmt.Sprintf(lang.pick("%d 分 %d 秒", "%d min %d s"), skew/minute, skew%minute/second)
	if skew >= hour {
		by = fmt.Sprintf(lang.pick("%d 小时 %d 分", "%d h %d min"), skew/hour, skew%hour/minute)
	}
	return moment(ms) + lang.pick("（时钟"+way+" "+by+"）", " (clock "+by+" "+way+")")
}

// parseMoment reads 2026-11-23, 2026-11-23T08:00 (Beijing time) or an instant
// with its zone, as Unix milliseconds; 0 for empty text.
func parseMoment(flag, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	at, err := parseTime(text)
	if err != nil {
		return 0, usagef("--%s %q 不是日期时间，应如 2026-11-23T08:00 (not a date and time)", flag, text)
	}
	return at.UnixMilli(), nil
}

func parseTime(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, text, beijing); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("not a date and time: %q", text)
}

// parseDivision reads a division flag; an empty one is no division.
func parseDivision(flag, text string) (division.Code, error) {
	if text == "" {
		return "", nil
	}
	code, err := division.Parse(text)
	if err != nil {
		return "", usagef("--%s: %v", flag, err)
	}
	return code, nil
}

func tierName(lang language, t node.Tier) string {
	switch t {
	case node.County:
		return lang.pick("县", "county")
	case node.Township:
		return lang.pick("乡镇", "township")
	case node.Village:
		return lang.pick("村", "village")
	}
	return string(t)
}

func lineName(lang language, l client.Line) string {
	switch l.State {
	case client.LineUp:
		return lang.pick("通", "up")
	case client.LineDown:
		return lang.pick("断", "down")
	case client.LineConnecting:
		return lang.pick("正在首次接通", "first contact under way")
	}
	return lang.pick("不明", "unknown")
}

// wordName is how far an entry has come, in the four words people know.
func wordName(lang language, w client.Word, zh string) string {
	return lang.pick(zh, strings.ReplaceAll(string(w), "_", " "))
}

// recordedLine says that something was recorded and how far it has come.
func recordedLine(lang language, r client.Recorded) string {
	line := lang.pick("已记录", "recorded") + ": " + clean(wordName(lang, r.Word, r.WordZh))
	if r.Index > 0 {
		line += fmt.Sprintf(lang.pick("（账本第 %d 条）", " (ledger %d)"), r.Index)
	}
	return line + "  " + clean(r.Entry)
}

func yes(lang language, is bool) string {
	if is {
		return lang.pick("是", "yes")
	}
	return ""
}

func number[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// count is number, empty for none.
func count[N int | int64](n N) string {
	if n == 0 {
		return ""
	}
	return number(n)
}

// joined lists things of a string type.
func joined[S ~string](list []S) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}

// oneArgument, and its sisters, refuse a wrong number of words after a
// command, naming what is missing.
func oneArgument(what string) cobra.PositionalArgs { return arguments(1, 1, what) }

func someArguments(what string) cobra.PositionalArgs { return arguments(1, 1<<20, what) }

func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least {
			return usagef("缺少 %s (missing: %[1]s)", what)
		}
		if len(args) > most {
			return usagef("多余的参数 %q (unexpected argument)", args[most])
		}
		return nil
	}
}
