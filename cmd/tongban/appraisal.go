package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/importfile"
	"github.com/tongban/tongban/node/ledger"
)

func appraisalCommand() *cobra.Command {
	return group("appraisal", "考核：窗口、部门、乡镇、村和人员 (monthly appraisal)",
		"  tongban appraisal show 2026-10 --now\n  tongban appraisal draft 2026-10\n  tongban appraisal show 2026-10 --out 考核.xlsx\n  tongban appraisal mine",
		appraisalListCommand(), appraisalShowCommand(), appraisalDraftCommand(),
		appraisalStepCommand("sign", "复核签字，由拟稿人以外的第二人 (sign a draft, by a second person)", client.AppraisalActSign),
		appraisalStepCommand("publish", "公布，公布后冻结 (publish; it is frozen then)", client.AppraisalActPublish),
		appraisalMarkCommand(), appraisalMarksCommand(), appraisalMineCommand(), appraisalObjectCommand(), appraisalObjectionsCommand(), appraisalAnswerCommand(), appraisalScorecardCommand())
}

func points(hundredths int) string {
	sign := ""
	if hundredths < 0 {
		sign, hundredths = "-", -hundredths
	}
	return fmt.Sprintf("%s%d.%02d", sign, hundredths/100, hundredths%100)
}

func appraisalListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "考核期次 (months and editions)",
		Example: "  tongban appraisal list",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListAppraisals(cmd.Context()) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.AppraisalList) {
			t := newTable(c.pick("月份", "MONTH"), c.pick("版次", "EDITION"), c.pick("状态", "STATE"))
			for _, a := range v.Appraisals {
				t.row(a.Month, number(a.Edition), appraisalState(c.language, a.State))
			}
			t.write(w, c.language)
		})
	})
}

func appraisalState(lang language, s client.AppraisalState) string {
	return lang.pick(map[appraisal.State]string{appraisal.Drafted: "拟稿", appraisal.Signed: "已签字", appraisal.Published: "已公布"}[s], string(s))
}

func appraisalShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show MONTH",
		Short: "一个月的考核；--now 为当前数据，--out 写成 CSV 或 Excel (an appraisal)",
		Long: `默认显示最后一版。--now 按账本现有数据重新计算，不保存。
Shows the last edition. --now computes of what the ledger has now, and keeps nothing.`,
		Example: "  tongban appraisal show 2026-10 --kind village\n  tongban appraisal show 2026-10 --now\n  tongban appraisal show 2026-10 --out 考核.xlsx",
		Args:    oneArgument("MONTH"),
	}
	var p client.GetAppraisalParams
	cmd.Flags().IntVar(&p.Edition, "edition", 0, "版次，默认最后一版 (edition; the last by default)")
	cmd.Flags().BoolVar(&p.Now, "now", false, "按现有数据 (the figures as they stand)")
	kind := cmd.Flags().String("kind", "", strings.Join(ledger.AppraisedKinds, "、"))
	completeFlag(cmd, "kind", completeWords(ledger.AppraisedKinds...))
	out := cmd.Flags().String("out", "", "写入 .csv 或 .xlsx 文件 (file to write)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		p.Kind = client.GetAppraisalParamsKind(*kind)
		if *out != "" {
			format, err := tableFormat(*out)
			if err != nil {
				return err
			}
			p.Format = client.GetAppraisalParamsFormat(format)
			return saveTable(cmd, c, *out, func() (*http.Response, error) { return c.api.GetAppraisal(cmd.Context(), args[0], &p) })
		}
		send := func() (*http.Response, error) { return c.api.GetAppraisal(cmd.Context(), args[0], &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.AppraisalReport) { showAppraisal(w, c.language, v) })
	})
}

func showAppraisal(w io.Writer, lang language, v *client.AppraisalReport) {
	var s sheet
	s.line(lang.pick("月份", "month"), v.Month)
	if v.Edition > 0 {
		s.line(lang.pick("版次", "edition"), number(v.Edition)+" "+appraisalState(lang, v.State)+" "+v.Reason)
	}
	s.line(lang.pick("拟稿", "drafted by"), v.Drafted.By.Name)
	s.line(lang.pick("签字", "signed by"), v.Signed.By.Name)
	s.line(lang.pick("摘要", "hash"), v.Hash)
	s.write(w)
	t := newTable(lang.pick("类别", "KIND"), lang.pick("单位", "OFFICE"), lang.pick("人员", "PERSON"), lang.pick("办件", "CASES"), lang.pick("按时", "IN TIME"), lang.pick("超期", "LATE"),
		lang.pick("补正", "CORRECTED"), lang.pick("黄/红牌", "CARDS"), lang.pick("好评", "SATISFIED"), lang.pick("加减", "BY HAND"), lang.pick("得分", "SCORE"), lang.pick("名次", "RANK"))
	for _, r := range v.Rows {
		f := r.Figures
		t.row(r.Of.Kind, strings.TrimSpace(string(r.Of.Division)+" "+r.Of.Department), strings.TrimSpace(r.Name+" "+r.Of.Staff), count(f.Volume), count(f.OnTime), count(f.Overdue),
			count(f.Corrected), fmt.Sprintf("%d/%d", f.Yellow, f.Red), fmt.Sprintf("%d/%d", f.Satisfied, f.Rated), points(int(f.Plus-f.Minus)), points(r.Score), number(r.Rank))
	}
	t.write(w, lang)
}

func appraisalDraftCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "draft MONTH",
		Short: "拟稿：把现有数据定为一稿 (draft: keep the figures as they stand)",
		Long: `月末后按账本数据计算并定稿，由第二人签字后公布。已公布的，另出新版并说明理由。
Of a month that is over. What was published is corrected by a new edition, with its reason.`,
		Example: "  tongban appraisal draft 2026-10\n  tongban appraisal draft 2026-10 --reason 申诉成立，更正考勤",
		Args:    oneArgument("MONTH"),
	}
	in := client.AppraisalAction{Kind: client.AppraisalActDraft}
	cmd.Flags().StringVar(&in.Reason, "reason", "", "更正理由 (why it is corrected)")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		now, err := answered[client.AppraisalReport](c.api.GetAppraisal(cmd.Context(), args[0], &client.GetAppraisalParams{Now: true}))
		if err != nil {
			return err
		}
		in.Hash = now.value.Hash
		return actOnAppraisal(cmd, c, args[0], key, in)
	})
}

func actOnAppraisal(cmd *cobra.Command, c *connection, month string, key *string, in client.AppraisalAction) error {
	if err := checkKey(*key); err != nil {
		return err
	}
	sayKey(c, key)
	err := c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
		return c.api.ActOnAppraisal(ctx, month, &client.ActOnAppraisalParams{IdempotencyKey: *key}, in)
	})
	return uncertain(c, err, *key)
}

func appraisalStepCommand(verb, short string, kind client.AppraisalActionKind) *cobra.Command {
	cmd := &cobra.Command{
		Use:     verb + " MONTH",
		Short:   short,
		Example: "  tongban appraisal " + verb + " 2026-10 --hash 3f9a61c2d05b",
		Args:    oneArgument("MONTH"),
	}
	hash := cmd.Flags().String("hash", "", "所看到的那一稿的摘要 (hash of the draft that was looked at)")
	key := keyFlag(cmd)
	required(cmd, "hash")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return actOnAppraisal(cmd, c, args[0], key, client.AppraisalAction{Kind: kind, Hash: *hash})
	})
}

func appraisalMarkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "mark MONTH",
		Short:   "加减分，须有理由 (points by hand, with the reason)",
		Example: "  tongban appraisal mark 2026-10 --kind person --staff s-12 --points 1 --reason 群众来信表扬\n  tongban appraisal mark 2026-10 --kind village --division 330523110200 --points=-0.5 --reason 公示栏未更新",
		Args:    oneArgument("MONTH"),
	}
	var in client.MarkRequest
	flags := cmd.Flags()
	flags.StringVar(&in.Of.Kind, "kind", "", strings.Join(ledger.AppraisedKinds, "、"))
	completeFlag(cmd, "kind", completeWords(ledger.AppraisedKinds...))
	place := flags.String("division", "", "区划 (division)")
	completeFlag(cmd, "division", completeDivisions)
	flags.StringVar(&in.Of.Department, "department", "", "部门 (department)")
	flags.StringVar(&in.Of.Staff, "staff", "", "工号 (staff number)")
	value := flags.String("points", "", "分，减分为负 (points; below 0 to take off)")
	flags.StringVar(&in.Reason, "reason", "", "理由 (why)")
	key := keyFlag(cmd)
	required(cmd, "kind", "points", "reason")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		var err error
		if in.Of.Division, err = parseDivision("division", *place); err != nil {
			return err
		}
		if in.Points, err = parsePoints(*value); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		err = c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
			return c.api.MarkAppraisal(ctx, args[0], &client.MarkAppraisalParams{IdempotencyKey: *key}, in)
		})
		return uncertain(c, err, *key)
	})
}

// parsePoints reads 1, -0.5 or 2.25 as hundredths.
func parsePoints(text string) (int, error) {
	whole, part, _ := strings.Cut(strings.TrimLeft(text, "+-"), ".")
	n, err := strconv.Atoi(whole + (part + "00")[:2])
	if err != nil || len(part) > 2 || n == 0 || n > 100_00 || whole == "" {
		return 0, usagef("--points %q：应为至多两位小数、绝对值不超过 100 的非零数 (not 0, two decimals at most, up to 100)", text)
	}
	if strings.HasPrefix(text, "-") {
		n = -n
	}
	return n, nil
}

func appraisalMarksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "marks MONTH",
		Short:   "加减分记录 (points given by hand)",
		Example: "  tongban appraisal marks 2026-10",
		Args:    oneArgument("MONTH"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.ListMarks(cmd.Context(), args[0]) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MarkList) {
			t := newTable(c.pick("对象", "OF"), c.pick("分", "POINTS"), c.pick("理由", "REASON"), c.pick("记录人", "BY"))
			for _, m := range v.Marks {
				t.row(strings.Join(strings.Fields(m.Of.Kind+" "+string(m.Of.Division)+" "+m.Of.Department+" "+m.Of.Staff), " "), points(m.Points), m.Reason, m.By.Name)
			}
			t.write(w, c.language)
		})
	})
}

func appraisalMineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "mine",
		Short:   "本人的考核结果 (what was published of you)",
		Example: "  tongban appraisal mine",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.GetMyAppraisal(cmd.Context()) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyAppraisal) {
			t := newTable(c.pick("月份", "MONTH"), c.pick("指标", "MEASURE"), c.pick("得分", "POINTS"), c.pick("满分", "OF"))
			for _, r := range v.Results {
				for i, k := range r.Criteria {
					words, got := appraisal.Measures[k.Measure], c.pick("无数据", "no data")
					if i < len(r.Row.Points) && r.Row.Points[i] >= 0 {
						got = points(r.Row.Points[i])
					}
					t.row(r.Month, c.pick(words[0], words[1]), got, points(k.Points))
				}
				t.row(r.Month, c.pick("总分", "SCORE"), points(r.Row.Score), c.pick("第 ", "rank ")+number(r.Row.Rank)+c.pick(" 名", ""))
			}
			t.write(w, c.language)
			showObjections(w, c.language, v.Objections)
		})
	})
}

func showObjections(w io.Writer, lang language, all []client.Objection) {
	if len(all) == 0 {
		return
	}
	t := newTable(lang.pick("月份", "MONTH"), lang.pick("申诉人", "BY"), lang.pick("申诉", "OBJECTION"), lang.pick("答复", "ANSWER"))
	for _, o := range all {
		answer := o.Answer
		if o.Answered {
			answer = lang.pick(map[bool]string{true: "成立：", false: "不成立："}[o.Upheld], map[bool]string{true: "upheld: ", false: "not upheld: "}[o.Upheld]) + o.Answer
		}
		t.row(o.Month, o.By.Name+" "+o.By.Staff, o.Text, answer)
	}
	t.write(w, lang)
}

func appraisalObjectCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "object MONTH",
		Short:   "对本人考核申诉，每月一次 (object to your own, once a month)",
		Example: "  tongban appraisal object 2026-10 --text 当日因公外出",
		Args:    oneArgument("MONTH"),
	}
	text := cmd.Flags().String("text", "", "理由 (why)")
	key := keyFlag(cmd)
	required(cmd, "text")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		err := c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
			return c.api.ObjectToAppraisal(ctx, args[0], &client.ObjectToAppraisalParams{IdempotencyKey: *key}, client.ObjectionRequest{Text: *text})
		})
		return uncertain(c, err, *key)
	})
}

func appraisalObjectionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "objections MONTH",
		Short:   "考核申诉清单 (the objections)",
		Example: "  tongban appraisal objections 2026-10",
		Args:    oneArgument("MONTH"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.ListObjections(cmd.Context(), args[0]) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.ObjectionList) { showObjections(w, c.language, v.Objections) })
	})
}

func appraisalAnswerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "answer MONTH STAFF",
		Short:   "答复申诉；成立的另出新版 (answer an objection)",
		Example: "  tongban appraisal answer 2026-10 s-12 --upheld --text 属实，更正考勤",
		Args:    arguments(2, 2, "MONTH STAFF"),
	}
	var in client.ObjectionAnswerRequest
	cmd.Flags().BoolVar(&in.Upheld, "upheld", false, "成立 (upheld)")
	cmd.Flags().StringVar(&in.Text, "text", "", "答复 (the answer)")
	key := keyFlag(cmd)
	required(cmd, "text")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		err := c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
			return c.api.AnswerObjection(ctx, args[0], args[1], &client.AnswerObjectionParams{IdempotencyKey: *key}, in)
		})
		return uncertain(c, err, *key)
	})
}

func appraisalScorecardCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scorecard [FILE]",
		Short: "评分标准；给出文件则自所列月份起调整 (what is appraised by; with a file, change it)",
		Long: `不给文件则显示现行标准（加 --json 可作为文件的样本：取其中一项，写明 from、offices、persons、reason）。
分值以百分之一分计，给分项合计 10000。
Without FILE it shows the scorecards; one of them, from --json, is the form of FILE.`,
		Example: "  tongban appraisal scorecard\n  tongban appraisal scorecard 评分标准.json",
		Args:    arguments(0, 1, "FILE"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if len(args) == 0 {
			send := func() (*http.Response, error) { return c.api.GetScorecard(cmd.Context()) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.ScorecardList) { showScorecard(w, c.language, &v.Scorecards[0]) })
		}
		text, err := readBounded(args[0], 1<<20)
		if err != nil {
			return err
		}
		var card client.ScorecardRequest
		if faults := importfile.Decode(text, &card); len(faults) > 0 {
			return faults.Err()
		}
		return c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) { return c.api.SetScorecard(ctx, card) })
	})
}

func showScorecard(w io.Writer, lang language, card *client.Scorecard) {
	t := newTable(lang.pick("对象", "FOR"), lang.pick("指标", "MEASURE"), lang.pick("分值", "POINTS"), lang.pick("计分", "HOW"))
	for _, part := range []struct {
		name string
		list []ledger.AppraisalCriterion
	}{{lang.pick("单位", "offices"), card.Offices}, {lang.pick("人员", "persons"), card.Persons}} {
		for _, k := range part.list {
			how := fmt.Sprintf("%d‰ → %d‰", k.None, k.All)
			if k.Each > 0 {
				how = lang.pick("每次扣 ", "for each ") + points(k.Each)
			} else if k.Measure == ledger.AppraisalManual {
				how = "±"
			}
			words := appraisal.Measures[k.Measure]
			t.row(part.name, lang.pick(words[0], words[1]), points(k.Points), how)
		}
	}
	t.write(w, lang)
}

func attendanceCommand() *cobra.Command {
	return group("attendance", "考勤 (who was there)",
		"  tongban attendance import 考勤.csv --division 330523110\n  tongban attendance list 2026-10 --division 330523110",
		attendanceImportCommand(), attendanceListCommand())
}

func attendanceImportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "导入一个单位的考勤 CSV (import an office's attendance from CSV)",
		Long: `列为：工号,日期,上午,下午（首行为表头）。上午、下午填 在岗、公出、请假、缺勤，或 present、away、leave、absent，未知留空。
有一行有误则全部不导入。同一人同一天以最后登记为准。
Columns: staff number, day, morning, afternoon; the first line is a heading. One line that is wrong and
nothing is imported. The last word on a day stands.`,
		Example: "  tongban attendance import 考勤.csv --division 330523110\n  tongban attendance import 民政窗口.csv --division 330523 --department 县民政局",
		Args:    oneArgument("FILE"),
	}
	var in client.AttendanceRequest
	place := cmd.Flags().String("division", "", "区划 (division)")
	completeFlag(cmd, "division", completeDivisions)
	cmd.Flags().StringVar(&in.Department, "department", "", "县级部门 (a department of the county)")
	key := keyFlag(cmd)
	required(cmd, "division")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		var err error
		if in.Division, err = parseDivision("division", *place); err != nil {
			return err
		}
		f, err := os.Open(args[0])
		if err != nil {
			return usagef("无法打开文件 (cannot open the file): %v", err)
		}
		defer f.Close()
		if in.Days, err = attendanceDays(f); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		err = c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
			return c.api.RecordAttendance(ctx, &client.RecordAttendanceParams{IdempotencyKey: *key}, in)
		})
		return uncertain(c, err, *key)
	})
}

var halfDays = map[string]string{"": "", "在岗": ledger.Present, "公出": ledger.Away, "请假": ledger.Leave, "缺勤": ledger.Absent,
	ledger.Present: ledger.Present, ledger.Away: ledger.Away, ledger.Leave: ledger.Leave, ledger.Absent: ledger.Absent}

// attendanceDays reads a CSV file, and says everything that is wrong with it.
func attendanceDays(from io.Reader) ([]ledger.AttendanceDay, error) {
	r := csv.NewReader(from)
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) < 2 || len(lines)-1 > ledger.MaxAttendance {
		return nil, fmt.Errorf("应有表头和 1 至 %d 行 (a heading and 1 to %d lines)", ledger.MaxAttendance, ledger.MaxAttendance)
	}
	var days []ledger.AttendanceDay
	var faults []error
	for i, line := range lines[1:] {
		for j := range line {
			line[j] = strings.TrimSpace(line[j])
		}
		line = append(line, "", "", "", "")
		on, err := calendar.Parse(line[1])
		morning, ok := halfDays[line[2]]
		afternoon, ok2 := halfDays[line[3]]
		if err != nil || !ok || !ok2 || line[0] == "" || morning+afternoon == "" {
			faults = append(faults, fmt.Errorf("第 %d 行有误 (line %d): %s", i+2, i+2, strings.Join(line[:4], ",")))
			continue
		}
		days = append(days, ledger.AttendanceDay{Staff: line[0], Day: on, Morning: morning, Afternoon: afternoon})
	}
	return days, errors.Join(faults...)
}

func attendanceListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list MONTH",
		Short:   "一个月的考勤 (a month)",
		Example: "  tongban attendance list 2026-10 --division 330523110\n  tongban attendance list 2026-10 --staff s-12",
		Args:    oneArgument("MONTH"),
	}
	var p client.GetAttendanceParams
	place := cmd.Flags().String("division", "", "区划及以下 (division, and below)")
	completeFlag(cmd, "division", completeDivisions)
	cmd.Flags().StringVar(&p.Staff, "staff", "", "工号 (staff number)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		var err error
		if p.Division, err = parseDivision("division", *place); err != nil {
			return err
		}
		if _, err := time.Parse("2006-01", args[0]); err != nil {
			return usagef("MONTH %q：应为 2026-10 (a month)", args[0])
		}
		p.Month = args[0]
		send := func() (*http.Response, error) { return c.api.GetAttendance(cmd.Context(), &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.AttendanceList) {
			t := newTable(c.pick("工号", "STAFF"), c.pick("日期", "DAY"), c.pick("上午", "MORNING"), c.pick("下午", "AFTERNOON"))
			for _, d := range v.Days {
				t.row(d.Staff, d.Day.String(), d.Morning, d.Afternoon)
			}
			t.write(w, c.language)
		})
	})
}
