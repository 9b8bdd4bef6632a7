package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/ledger"
)

func resultCommand() *cobra.Command {
	return group("result", "证照的更正、补发、撤销、注销与到期 (what becomes of what was issued)",
		"  tongban result show 330523110200-20261123-01-000045-7\n  tongban result expiring --until 2027-03-31",
		resultShowCommand(), resultActCommand(), resultExpiringCommand(), resultVerifyCommand())
}

func resultShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NUMBER",
		Short:   "办件的证照及其效力 (the results of a case and what they are worth)",
		Example: "  tongban result show 330523110200-20261123-01-000045-7",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetCaseResults(cmd.Context(), caseID(args[0])) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.CaseResults) { showResults(w, c.language, v) })
	})
}

func showResults(w io.Writer, lang language, v *client.CaseResults) {
	var s sheet
	s.line(lang.pick("办件编号", "number"), v.Number)
	s.line(lang.pick("事项", "item"), v.ItemName)
	s.line(lang.pick("延续申请", "renewals"), strings.Join(v.Renewals, " "))
	s.line(lang.pick("可办理", "you may"), joined(v.Actions))
	s.write(w)
	fmt.Fprintln(w)
	t := newTable(lang.pick("结果", "RESULT"), lang.pick("名称", "NAME"), lang.pick("编号", "NUMBER"), lang.pick("有效期至", "UNTIL"), lang.pick("状态", "STATE"), lang.pick("日期", "SINCE"))
	for _, r := range v.Results {
		t.row(r.Id, r.Name, r.Number, r.Until.String(), lang.pick(r.StateZh, string(r.State)), r.EndedOn.String())
	}
	t.write(w, lang)
	for _, p := range v.Proposals {
		state := lang.pick("待决定", "open")
		if p.Decision != nil {
			state = lang.pick(map[bool]string{true: "同意", false: "不同意"}[p.Decision.Agreed], map[bool]string{true: "agreed", false: "left"}[p.Decision.Agreed]) + "：" + p.Decision.Reasons
			if served := p.Decision.Served; served != nil {
				state += lang.pick("；已送达 ", "; served ") + served.Recipient + " " + moment(served.AtMS)
			}
		}
		fmt.Fprintln(w, p.ID, p.Measure, p.Result, p.Reason, state)
	}
}

var resultKinds = []client.ResultActionKind{client.ResultActPropose, client.ResultActState, client.ResultActDecide, client.ResultActServe, client.ResultActReissue}

func resultActCommand() *cobra.Command {
	var a client.ResultAction
	var measure, ground, replacement, before, since string
	var proof []string
	var agreed, dropped bool
	cmd := &cobra.Command{
		Use:   "act NUMBER KIND",
		Short: "更正、补发、撤销、注销 (put right, make out again, revoke, cancel)",
		Long: `propose 提出更正、撤销或注销（窗口、审核人员）
state 登记持有人的陈述申辩（任一窗口）
decide 决定（负责人，不能是提出人；撤销须听取申辩或期满）
serve 送达决定书（先盖章；任一窗口，留存送达回证）
reissue 补发遗失的证照`,
		Example: `  tongban result act 330523110200-20261123-01-000045-7 propose --result 1 --measure correct --reason 门牌号有误 --replacement 食品经营许可证=JY-2@2031-11-15
  tongban result act 330523110200-20261123-01-000045-7 propose --result 1 --measure revoke --ground deceit --reason 提交虚假材料 --before 2026-12-08
  tongban result act 330523110200-20261123-01-000045-7 state --proposal ENTRY --text 当时已如实申报
  tongban result act 330523110200-20261123-01-000045-7 decide --proposal ENTRY --agreed --reasons 经核对属实
  tongban result act 330523110200-20261123-01-000045-7 serve --proposal ENTRY --recipient 王芳 --method direct --proof 送达回证.jpg
  tongban result act 330523110200-20261123-01-000045-7 reissue --result 1 --number JY-3 --reason 持有人声明遗失`,
		Args: aboutCase(arguments(2, 2, "NUMBER, KIND")),
	}
	flags := cmd.Flags()
	flags.StringVar(&a.Result, "result", "", "结果序号或条目：propose、reissue (which result)")
	flags.StringVar(&measure, "measure", "", "correct 更正、revoke 撤销、cancel 注销：propose")
	flags.StringVar(&ground, "ground", "", "法定情形，如 deceit、expired：propose (the ground in law)")
	flags.StringVar(&a.Reason, "reason", "", "事实与理由：propose、reissue；留置、公告送达的事由：serve (why)")
	flags.StringVar(&replacement, "replacement", "", "更正后的证照 NAME=NUMBER[@VALID-UNTIL]：propose (what takes its place)")
	flags.StringVar(&before, "before", "", "陈述申辩的期限：propose (last day to be heard)")
	flags.StringVar(&a.Proposal, "proposal", "", "拟办条目：state、decide、serve (the proposal)")
	flags.StringVar(&a.Text, "text", "", "持有人的意见：state (what the holder says)")
	flags.BoolVar(&a.Waived, "waived", false, "放弃陈述申辩：state (the right is given up)")
	flags.StringSliceVar(&proof, "proof", nil, "持有人书面声明的扫描件，放弃陈述申辩时须附：state；送达凭证：serve (scan of what the holder wrote, or signed)")
	flags.BoolVar(&agreed, "agreed", false, "同意：decide")
	flags.BoolVar(&dropped, "dropped", false, "不同意：decide (it stays as it is)")
	flags.StringVar(&a.Reasons, "reasons", "", "决定的理由：decide (reasons)")
	flags.StringVar(&a.Number, "number", "", "新编号：reissue (the new number)")
	flags.StringVar(&a.Recipient, "recipient", "", "签收人：serve (who took it)")
	flags.StringVar(&a.Method, "method", "", "direct、left、post、electronic、entrusted、notice：serve (how)")
	flags.StringVar(&a.Relation, "relation", "", "签收人与持有人的关系：serve (what they are to the holder)")
	flags.StringVar(&a.Witness, "witness", "", "留置送达的见证人：serve (before whom it was left)")
	flags.StringVar(&since, "since", "", "公告之日：serve (since when the notice stands)")
	key := keyFlag(cmd)
	cmd.MarkFlagsMutuallyExclusive("agreed", "dropped")
	completeFlag(cmd, "measure", completeWords("correct", "revoke", "cancel"))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		a.Kind, a.Measure, a.Ground = client.ResultActionKind(args[1]), ledger.ResultMeasure(measure), ledger.Ground(ground)
		if !slices.Contains(resultKinds, a.Kind) {
			return usagef("没有这种办理 %q，应为 %s (no such step)", args[1], joined(resultKinds))
		}
		if a.Kind == client.ResultActDecide {
			if agreed == dropped {
				return usagef("decide 需要 --agreed 或 --dropped (needs one of them)")
			}
			a.Agreed = &agreed
		}
		if replacement != "" {
			d, err := parseDocuments([]string{replacement})
			if err != nil {
				return err
			}
			a.Replacement = d[0]
		}
		if before != "" {
			day, err := parseDate("before", before)
			if err != nil {
				return err
			}
			a.Before = day
		}
		if since != "" {
			day, err := parseDate("since", since)
			if err != nil {
				return err
			}
			a.Since = day
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		for _, path := range proof {
			ref, err := upload(cmd.Context(), c, path)
			if err != nil {
				return err
			}
			if a.Kind == client.ResultActServe && a.Method == "electronic" {
				a.Consent = append(a.Consent, ref)
			} else {
				a.Proof = append(a.Proof, ref)
			}
		}
		r, err := answered[client.ResultReceipt](c.api.ActOnCaseResults(cmd.Context(), caseID(args[0]), &client.ActOnCaseResultsParams{IdempotencyKey: *key}, a))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return r.show(c.printer, func(w io.Writer, v *client.ResultReceipt) {
			fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
			showResults(w, c.language, &v.Results)
		})
	})
}

func resultExpiringCommand() *cobra.Command {
	var p client.ListExpiringParams
	var from, until string
	cmd := &cobra.Command{
		Use:     "expiring",
		Short:   "即将到期的证照与延续申请 (what expires soon, and who asked to renew it)",
		Example: "  tongban result expiring\n  tongban result expiring --from 2026-12-01 --until 2027-03-31",
		Args:    noArguments,
	}
	cmd.Flags().StringVar(&from, "from", "", "自，默认60日前 (from)")
	cmd.Flags().StringVar(&until, "until", "", "至，默认60日后 (until)")
	cmd.Flags().IntVar(&p.Limit, "limit", 100, "最多条数 (at most)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		for _, x := range []struct {
			flag, text string
			into       *calendar.Date
		}{{"from", from, &p.From}, {"until", until, &p.Until}} {
			if x.text == "" {
				continue
			}
			day, err := parseDate(x.flag, x.text)
			if err != nil {
				return err
			}
			*x.into = day
		}
		send := func() (*http.Response, error) { return c.api.ListExpiring(cmd.Context(), &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.ExpiringList) {
			t := newTable(c.pick("有效期至", "UNTIL"), c.pick("状态", "STATE"), c.pick("名称", "NAME"), c.pick("编号", "NUMBER"), c.pick("持有人", "HOLDER"), c.pick("办件编号", "CASE"), c.pick("延续申请", "RENEWALS"))
			for _, x := range v.Results {
				t.row(x.Result.Until.String(), c.pick(x.Result.StateZh, string(x.Result.State)), x.Result.Name, x.Result.Number, x.Applicant, x.Number, strings.Join(x.Renewals, " "))
			}
			t.write(w, c.language)
		})
	})
}

func resultVerifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "verify CASE NUMBER",
		Short:   "证照是否有效，无需登录 (whether a licence or certificate holds; no login)",
		Example: "  tongban result verify 330523110200-20261123-01-000045-7 JY-1",
		Args:    arguments(2, 2, "CASE, NUMBER"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) {
			return c.api.VerifyResult(cmd.Context(), client.ResultQuestion{Case: caseID(args[0]), Number: args[1]})
		}
		return look(c, send, func(w io.Writer, v *client.ResultVerdict) {
			var s sheet
			s.line(c.pick("名称", "name"), v.Name)
			s.line(c.pick("编号", "number"), v.Number)
			s.line(c.pick("状态", "state"), c.pick(v.StateZh, string(v.State)))
			s.line(c.pick("签发日期", "from"), v.From.String())
			s.line(c.pick("有效期至", "until"), v.Until.String())
			s.line(c.pick("失效日期", "ended"), v.EndedOn.String())
			s.line(c.pick("持有人", "holder"), v.Holder)
			s.write(w)
		})
	})
}
