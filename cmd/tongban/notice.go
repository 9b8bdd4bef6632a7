package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func noticeCommand() *cobra.Command {
	return group("notice", "告知：发给申请人的消息及其结果 (what applicants are told)",
		"  tongban notice list\n  tongban notice case 330523110200-20261123-01-000045-7\n  tongban notice retry NOTICE --channel sms",
		noticeListCommand(), noticeCaseCommand(), noticeShowCommand(), noticeRetryCommand())
}

func noticeListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "告知通道的状况，以及待发和未达的告知 (channels, and what waits or reached nobody)",
		Example: `  tongban notice list
  tongban notice list --state failed --channel sms`,
		Args: noArguments,
	}
	var params client.ListNoticesParams
	cmd.Flags().StringVar((*string)(&params.State), "state", "", "queued 待发、failed 失败、expired 超时，默认 queued (which)")
	cmd.Flags().StringVar((*string)(&params.Channel), "channel", "", "只列一个通道：file、sms、mail (one channel)")
	cmd.Flags().Int64Var(&params.After, "after", 0, "从上一页之后继续 (continue a listing)")
	cmd.Flags().IntVar(&params.Limit, "limit", 0, "最多列多少条，默认 50 (at most this many; default 50)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListNotices(cmd.Context(), &params) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.NoticeBoard) {
			t := newTable(c.pick("通道", "CHANNEL"), c.pick("已配置", "CONFIGURED"), c.pick("待发", "QUEUED"), c.pick("最早", "OLDEST"), c.pick("失败", "FAILED"), c.pick("超时", "EXPIRED"), c.pick("不通自", "FAILING SINCE"))
			for _, ch := range v.Channels {
				configured := c.pick("是", "yes")
				if !ch.Configured {
					configured = c.pick("否", "no")
				}
				t.row(ch.Channel, configured, fmt.Sprint(ch.Queued), moment(ch.OldestMs), fmt.Sprint(ch.Failed), fmt.Sprint(ch.Expired), moment(ch.TroubledSinceMs))
			}
			t.write(w, c.language)
			if len(v.Notices) == 0 {
				return
			}
			fmt.Fprintln(w)
			q := newTable(c.pick("告知", "NOTICE"), c.pick("办件编号", "NUMBER"), c.pick("内容", "KIND"), c.pick("通道", "CHANNEL"), c.pick("状态", "STATE"), c.pick("自", "SINCE"))
			for _, n := range v.Notices {
				q.row(n.Id, n.Number, n.Kind, n.Channel, n.State, moment(n.SinceMs))
			}
			q.write(w, c.language)
			if v.NextAfter > 0 {
				fmt.Fprintf(w, "--after %d\n", v.NextAfter)
			}
		})
	})
}

func noticeCaseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "case NUMBER",
		Short:   "一件办件的告知记录 (what the applicant of a case was told)",
		Example: "  tongban notice case 330523110200-20261123-01-000045-7",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetCaseNotices(cmd.Context(), caseID(args[0])) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.NoticeList) { showNotices(w, c.language, v.Notices) })
	})
}

func showNotices(w io.Writer, lang language, list []client.ApplicantNotice) {
	t := newTable(lang.pick("告知", "NOTICE"), lang.pick("时间", "TIME"), lang.pick("环节", "STEP"), lang.pick("要做什么", "TO DO"), lang.pick("通道", "CHANNEL"), lang.pick("结果", "OUTCOME"), lang.pick("发往", "TO"))
	for _, n := range list {
		step, todo := lang.pick(n.StepZh, n.StepEn), lang.pick(n.TodoZh, n.TodoEn)
		if len(n.Deliveries) == 0 {
			t.row(n.Id, moment(n.AtMs), step, todo, lang.pick("账户", "account"), "", "")
		}
		for _, d := range n.Deliveries {
			t.row(n.Id, moment(n.AtMs), step, todo, d.Channel, outcomeOf(lang, d), d.To)
		}
	}
	t.write(w, lang)
}

func outcomeOf(lang language, d client.NoticeDelivery) string {
	text := lang.pick(d.StateZh, d.State)
	if d.Reason != "" {
		text += " " + d.Reason
	}
	return text
}

func noticeShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NOTICE",
		Short:   "一条告知及其结果 (one notice)",
		Example: "  tongban notice show 0f5c2a1e-1111-8aaa-9bbb-000000000001",
		Args:    oneArgument("NOTICE"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetNotice(cmd.Context(), args[0]) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.ApplicantNotice) { showNotice(w, c.language, v) })
	})
}

func showNotice(w io.Writer, lang language, v *client.ApplicantNotice) {
	var s sheet
	s.line(lang.pick("办件编号", "number"), v.Number)
	s.line(lang.pick("环节", "step"), lang.pick(v.StepZh, v.StepEn))
	s.line(lang.pick("要做什么", "to do"), lang.pick(v.TodoZh, v.TodoEn))
	s.line(lang.pick("入账时间", "in the ledger"), moment(v.AtMs))
	s.line(lang.pick("电子送达", "served electronically"), lang.pick(map[bool]string{true: "已同意", false: "未同意：消息仅为提醒"}[v.Electronic], map[bool]string{true: "agreed", false: "not agreed: messages are reminders"}[v.Electronic]))
	for _, d := range v.Deliveries {
		text := outcomeOf(lang, d)
		if d.To != "" {
			text += " → " + d.To
		}
		if d.Attempts > 0 {
			text += lang.pick(fmt.Sprintf("，尝试 %d 次", d.Attempts), fmt.Sprintf(", attempt %d", d.Attempts))
		}
		if d.EndedMs > 0 {
			text += " " + moment(d.EndedMs)
		}
		s.line(d.Channel, text)
	}
	s.write(w)
}

func noticeRetryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "retry NOTICE",
		Short:   "重新发送未达的告知 (send again what reached nobody)",
		Example: "  tongban notice retry 0f5c2a1e-1111-8aaa-9bbb-000000000001 --channel sms",
		Args:    oneArgument("NOTICE"),
	}
	var body client.NoticeRetry
	cmd.Flags().StringVar((*string)(&body.Channel), "channel", "sms", "通道：file、sms、mail (channel)")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		params := &client.RetryNoticeParams{IdempotencyKey: *key}
		send := func() (*http.Response, error) { return c.api.RetryNotice(cmd.Context(), args[0], params, body) }
		err := ask(cmd.Context(), c, send, func(w io.Writer, v *client.NoticeReceipt) { showNotice(w, c.language, &v.Notice) })
		return uncertain(c, err, *key)
	})
}
