package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// lifeFlags is what changes a case beside its ordinary steps, as the command
// line describes it.
type lifeFlags struct {
	points, materials, fields, supplements, tolerate []string
	before, until, on, again                         string
	cause, procedure, result                         string
	officers                                         []string
	name, idNumber, shown                            string
	deemed, returned, complete, takeBack             bool
	days                                             int
}

func (f *lifeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.points, "point", nil, "须补正的一项：材料或字段=missing|wrong|unclear=如何补正，可重复：request_supplement、finding (NAME=PROBLEM=HOW; repeatable)")
	flags.BoolVar(&f.complete, "complete", false, "材料齐全：finding (the papers are in order)")
	flags.StringVar(&f.before, "before", "", "期限：request_supplement、tell_hearing、tell_refusal (last day to hand it in, to ask, or to be heard)")
	flags.StringVar(&f.again, "again", "", "再次告知的原因：request_supplement (why it is asked again; supervision sees it)")
	flags.StringArrayVar(&f.materials, "material", nil, "补交的材料 NAME[=FILE]，可重复：supplement (a paper, with its scan)")
	flags.StringArrayVar(&f.fields, "field", nil, "更正的字段 KEY=VALUE，可重复：supplement (an answer put right)")
	flags.StringSliceVar(&f.supplements, "supplement", nil, "已核对的补正条目：accept、request_supplement (entries that brought what was missing)")
	flags.StringArrayVar(&f.tolerate, "tolerate", nil, "容缺材料 NAME@补交期限，可重复：accept、request_supplement (a minor paper that may come later)")
	flags.BoolVar(&f.deemed, "deemed", false, "逾期未告知，自收件之日视为受理：accept (deemed accepted)")
	flags.BoolVar(&f.takeBack, "take-back", false, "申请人收回撤回申请，继续办理：withdraw (the applicant takes the wish to withdraw back)")
	flags.StringVar(&f.cause, "cause", "", "withdrawn 撤回、not_supplemented 逾期未补正、moot 不再存在、prerequisite 联办件中须先办的事项未获准：terminate")
	flags.BoolVar(&f.returned, "papers-returned", false, "材料已退还：terminate (the papers were given back)")
	flags.StringVar(&f.procedure, "procedure", "", "特别程序名称：suspend、resume (the procedure)")
	flags.StringArrayVar(&f.officers, "officer", nil, "勘验人员，两名以上，可重复：suspend 现场勘验 (who looks at the place; repeatable)")
	flags.StringVar(&f.until, "until", "", "告知申请人的截止日：suspend (the last day that is told)")
	flags.StringVar(&f.on, "on", "", "日期：resume、convene_hearing、record_hearing (when the result came, or the hearing is held)")
	flags.StringVar(&f.result, "result", "", "特别程序结果：resume (its result)")
	flags.IntVar(&f.days, "days", 0, "延长的工作日数：extend (working days)")
	flags.StringVar(&f.name, "name", "", "证件上的姓名：correct (the applicant's name as the document has it)")
	flags.StringVar(&f.idNumber, "id-number", "", "证件号码：correct (the applicant's number)")
	flags.StringVar(&f.shown, "shown", "", "核对的证件：correct (the document that was looked at)")
	completeFlag(cmd, "cause", completeWords("withdrawn", "not_supplemented", "moot", "prerequisite"))
}

// action fills in an action of those kinds, with everything it needs. Papers
// are attached later, when the node is reached.
func (f *lifeFlags) action(a *client.CaseAction, missing func(value, flag string) error) (err error) {
	day := func(flag, text string, into *calendar.Date) {
		if err == nil && text != "" {
			*into, err = parseDate(flag, text)
		}
	}
	need := func(value, flag string) {
		if err == nil {
			err = missing(value, flag)
		}
	}
	switch a.Kind {
	case client.ActRequestSupplement:
		need(strings.Join(f.points, ""), "point")
		for _, text := range f.points {
			point, wrong := parsePoint(text)
			if wrong != nil {
				return wrong
			}
			a.Points = append(a.Points, point)
		}
		day("before", f.before, &a.Before)
		a.Again = f.again
		if err == nil {
			err = f.brought(a)
		}
	case client.ActFinding:
		a.Complete = f.complete
		for _, text := range f.points {
			point, wrong := parsePoint(text)
			if wrong != nil {
				return wrong
			}
			a.Points = append(a.Points, point)
		}
		if f.complete == (len(f.points) > 0) {
			err = usagef("finding 需要 --complete 或 --point 之一 (needs one of them)")
		}
	case client.ActSupplement:
		need(strings.Join(append(f.materials, f.fields...), ""), "material")
		for _, text := range f.fields {
			key, value, ok := strings.Cut(text, "=")
			if !ok {
				return usagef("--field %q：应如 KEY=VALUE (should be)", text)
			}
			a.Form = append(a.Form, catalog.FieldValue{Key: key, Value: value})
		}
	case client.ActWithdraw:
		a.TakeBack = f.takeBack
		need(a.Reason, "reason")
	case client.ActTerminate:
		a.Cause, a.PapersReturned = client.CaseActionCause(f.cause), f.returned
		need(f.cause, "cause")
		need(a.Reason, "reason")
		if err == nil && !a.Cause.Valid() {
			err = usagef("--cause %q：应为 withdrawn、not_supplemented、moot 或 prerequisite (one of these)", f.cause)
		}
	case client.ActCorrect:
		a.Name, a.IdNumber, a.Shown = f.name, f.idNumber, f.shown
		need(f.name, "name")
		need(f.idNumber, "id-number")
		need(f.shown, "shown")
		need(a.Reason, "reason")
	case client.ActSuspend:
		a.Procedure, a.Officers = f.procedure, f.officers
		need(f.procedure, "procedure")
		need(f.until, "until")
		need(a.Reason, "reason")
		day("until", f.until, &a.Until)
	case client.ActResume:
		a.Procedure, a.Result = f.procedure, f.result
		need(f.procedure, "procedure")
		need(f.result, "result")
		need(f.on, "on")
		day("on", f.on, &a.On)
	case client.ActExtend:
		a.Days = f.days
		need(a.Reason, "reason")
		if err == nil && (f.days < 1 || f.days > ledger.MaxExtension) {
			err = usagef("--days 应为 1 至 %d (must be 1 to %[1]d)", ledger.MaxExtension)
		}
	}
	return err
}

// accept fills in what acceptance says of missing papers.
func (f *lifeFlags) accept(a *client.CaseAction) error {
	a.Deemed = f.deemed
	return f.brought(a)
}

// brought fills in which missing papers have come, or may come later.
func (f *lifeFlags) brought(a *client.CaseAction) error {
	a.Supplements = f.supplements
	for _, text := range f.tolerate {
		name, before, ok := strings.Cut(text, "@")
		if !ok || name == "" {
			return usagef("--tolerate %q：应如 身份证@2026-12-07 (should be NAME@DATE)", text)
		}
		day, err := parseDate("tolerate", before)
		if err != nil {
			return err
		}
		a.Tolerated = append(a.Tolerated, ledger.ToleratedMaterial{Material: name, Before: day})
	}
	return nil
}

// attach sends the scans of the papers that a supplement brings.
func (f *lifeFlags) attach(ctx context.Context, c *connection, a *client.CaseAction) error {
	for _, text := range f.materials {
		name, path, scanned := strings.Cut(text, "=")
		m := catalog.SubmittedMaterial{Name: name, Form: catalog.SubmittedOriginal, Copies: 1, Attachments: []catalog.AttachmentRef{}}
		if scanned {
			ref, err := upload(ctx, c, path)
			if err != nil {
				return err
			}
			m.Form, m.Attachments = catalog.SubmittedElectronic, []catalog.AttachmentRef{ref}
		}
		a.Materials = append(a.Materials, m)
	}
	return nil
}

// parsePoint reads NAME=PROBLEM=HOW. A name in ASCII is the key of a field,
// for materials have Chinese names.
func parsePoint(text string) (ledger.SupplementPoint, error) {
	parts := strings.SplitN(text, "=", 3)
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return ledger.SupplementPoint{}, usagef("--point %q：应如 户口簿=missing=请提交复印件 (should be NAME=PROBLEM=HOW)", text)
	}
	p := ledger.SupplementPoint{Material: parts[0], Problem: ledger.Problem(parts[1]), How: parts[2]}
	if strings.Trim(parts[0], "abcdefghijklmnopqrstuvwxyz0123456789_") == "" {
		p.Material, p.Field = "", parts[0]
	}
	return p, nil
}

func caseLimitsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "limits NUMBER",
		Short:   "办理时限与逐日说明 (the limits of a case, day by day)",
		Example: "  tongban case limits 330523110200-20261123-01-000045-7\n  tongban case limits 330523110200-20261123-01-000045-7 --explain",
		Args:    oneArgument("NUMBER"),
	}
	explain := cmd.Flags().Bool("explain", false, "逐日说明 (day by day)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetCaseLimits(cmd.Context(), caseID(args[0])) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.LimitReport) {
			t := newTable(c.pick("时限", "LIMIT"), c.pick("到期", "DUE"), c.pick("已告知", "TOLD"), c.pick("办结", "DONE"), c.pick("状态", "STATE"))
			for _, l := range v.Limits {
				state := ""
				switch {
				case l.Overdue:
					state = c.pick("已超期", "overdue")
				case !l.SuspendedSince.IsZero():
					state = c.pick("特别程序中", "suspended")
				}
				t.row(c.pick(limitZH[l.Kind], string(l.Kind)), l.Due.String(), l.Told.String(), l.Done.String(), state)
			}
			t.write(w, c.language)
			for _, l := range v.Limits {
				if l.Warning != "" {
					fmt.Fprintln(w, clean(l.Warning))
				}
				if !*explain {
					continue
				}
				fmt.Fprintf(w, "\n%s：%s\n", c.pick(limitZH[l.Kind], string(l.Kind)), clean(c.pick(l.RuleZh, l.RuleEn)))
				for _, d := range l.Days {
					fmt.Fprintln(w, "  "+clean(d.Chinese()))
				}
			}
		})
	})
}

var limitZH = map[client.CaseLimitKind]string{
	client.LimitNotice: "一次性告知", client.LimitPromised: "承诺时限", client.LimitStatutory: "法定时限", client.LimitService: "送达时限",
	client.LimitRenewal: "延续决定时限", client.LimitStep: "环节时限",
}

func caseDocumentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "document NUMBER [KIND]",
		Short: "出具文书：受理通知书、决定书…… (the papers of a case)",
		Long: `不给 KIND 则列出该办件可出具的文书。给出 KIND 则输出可打印的 A4 网页，或以 --json 输出内容。
文书含申请人姓名，出具须有查看原文的权限并留痕。
Without KIND lists the documents there are. With it writes a page for A4 paper.`,
		Example: `  tongban case document 330523110200-20261123-01-000045-7
  tongban case document 330523110200-20261123-01-000045-7 acceptance_notice --out notice.html`,
		Args: arguments(1, 2, "NUMBER, KIND"),
	}
	out := cmd.Flags().String("out", "", "写入文件，默认标准输出 (file to write; default standard output)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		id := caseID(args[0])
		if len(args) == 1 {
			send := func() (*http.Response, error) { return c.api.ListCaseDocuments(cmd.Context(), id) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.DocumentList) {
				t := newTable(c.pick("文书", "DOCUMENT"), c.pick("种类", "KIND"))
				for _, d := range v.Documents {
					t.row(d.Title, string(d.Kind))
				}
				t.write(w, c.language)
			})
		}
		format := client.GetCaseDocumentParamsFormat("html")
		if c.json {
			format = "json"
		}
		send := func() (*http.Response, error) {
			return c.api.GetCaseDocument(cmd.Context(), id, client.DocumentKind(args[1]), &client.GetCaseDocumentParams{Format: format})
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		return writePage(c, send, *out)
	})
}

func itemSheetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sheet CODE",
		Short: "窗口告知单，A4 打印 (the one-page notice of an item)",
		Example: `  tongban item sheet TB-XZRZ-005 --out sheet.html
  tongban item sheet TB-XZRZ-005 --missing 结婚证`,
		Args: oneArgument("CODE"),
	}
	out := cmd.Flags().String("out", "", "写入文件，默认标准输出 (file to write; default standard output)")
	missing := cmd.Flags().StringSlice("missing", nil, "本次尚缺的材料，打勾标出 (materials that are missing; ticked)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		format := client.GetItemSheetParamsFormat("html")
		if c.json {
			format = "json"
		}
		send := func() (*http.Response, error) {
			return c.api.GetItemSheet(cmd.Context(), args[0], &client.GetItemSheetParams{Missing: *missing, Format: format})
		}
		return writePage(c, send, *out)
	})
}

// writePage writes what a node answers as it is: a page, or JSON.
func writePage(c *connection, send func() (*http.Response, error), out string) error {
	res, err := send()
	if err := accepted(res, err); err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return &unreachable{err}
	}
	switch {
	case out != "":
		if err := os.WriteFile(out, body, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", out, err)
		}
		return nil
	case c.json:
		return c.showJSON(body)
	}
	_, err = c.out.Write(body)
	return err
}
