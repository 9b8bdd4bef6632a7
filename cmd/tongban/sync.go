package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node"
)

func syncCommand() *cobra.Command {
	return group("sync", "同步 (how far what was done has come)",
		"  tongban sync status\n  tongban sync now",
		syncStatusCommand(), syncNowCommand())
}

func syncStatusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "本节点及下级的线路、待传与滞后 (line, queue and lag, here and below)",
		Example: "  tongban sync status\n  tongban sync status --json",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return ask(cmd.Context(), c, func() (*http.Response, error) { return c.api.GetSync(cmd.Context(), &client.GetSyncParams{}) }, func(w io.Writer, v *client.SyncReport) {
			t := newTable(c.pick("节点", "NODE"), c.pick("名称", "NAME"), c.pick("线路", "LINE"), c.pick("最近联系", "CONTACT"), c.pick("待传", "QUEUE"), c.pick("最早", "OLDEST"), c.pick("待传附件", "FILES"), c.pick("滞后", "LAG"), c.pick("目录", "EDITION"), c.pick("时钟差", "CLOCK"), c.pick("版本", "VERSION"), c.pick("需处理", "ATTENTION"), c.pick("提示", "NOTE"))
			for _, s := range append([]client.SyncState{v.Self}, v.Below...) {
				t.row(s.Node, s.Name, lineName(c.language, s.Line), moment(s.LastContactMs), queue(c.language, &s), age(c.language, s.OutboxOldestMs), number(s.AttachmentsOutstanding), lag(c.language, &s), count(s.Edition), skew(c.language, &s), s.Version, number(s.NeedsAttention), syncNote(c.language, &s))
			}
			t.write(w, c.language)
		})
	})
}

// queue is what waits for the county's word, and how much of it is nowhere but
// here.
func queue(lang language, s *client.SyncState) string {
	if s.OutboxUnsent > 0 {
		return fmt.Sprintf(lang.pick("%d（未发出 %d）", "%d (%d unsent)"), s.OutboxEntries, s.OutboxUnsent)
	}
	return number(s.OutboxEntries)
}

// age is since when the oldest of a queue waits.
func age(lang language, since int64) string {
	if since == 0 {
		return ""
	}
	return fmt.Sprintf(lang.pick("%s（%s）", "%s (%s)"), moment(since), minutes(lang, time.Since(time.UnixMilli(since))))
}

// minutes is a time as an operator counts it.
func minutes(lang language, d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf(lang.pick("%d 秒", "%d s"), int(max(d, 0).Seconds()))
	}
	return fmt.Sprintf(lang.pick("%d 分钟", "%d min"), int(d.Minutes()))
}

// skew is by how much a node's clock is ahead of the county's, where it has
// been compared.
func skew(lang language, s *client.SyncState) string {
	if s.Tier == node.County || s.LastContactMs == 0 {
		return ""
	}
	tenths := math.Round(float64(s.SkewMs)/100) + 0 // no minus before a zero
	return fmt.Sprintf(lang.pick("%+.1f 秒", "%+.1f s"), tenths/10)
}

func lag(lang language, s *client.SyncState) string {
	if s.LagMs > 0 {
		return fmt.Sprintf(lang.pick("%d 条，%s", "%d, %s"), s.LagEntries, minutes(lang, time.Duration(s.LagMs)*time.Millisecond))
	}
	return number(s.LagEntries)
}

// syncNote is the one thing an operator must know first.
func syncNote(lang language, s *client.SyncState) string {
	switch {
	case s.Forked:
		return lang.pick("分叉，已停用：硬盘恢复自旧副本", "forked: its disk is an old copy")
	case s.Revoked && s.Problem.Code == "node_revoked": // this node itself
		return lang.pick(s.Problem.Zh, s.Problem.En)
	case s.Revoked:
		return lang.pick("已吊销", "revoked")
	case s.SkewWarning:
		return fmt.Sprintf(lang.pick("时钟偏差 %s", "clock off by %s"), time.Duration(s.SkewMs)*time.Millisecond)
	}
	return lang.pick(s.Problem.Zh, s.Problem.En)
}

func syncNowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "now",
		Short:   "立即同步，不等结果 (try now; does not wait for the outcome)",
		Example: "  tongban sync now",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return c.do(cmd.Context(), "正在同步", "being tried", func(ctx context.Context) (*http.Response, error) { return c.api.SyncNow(ctx) })
	})
}

func attentionCommand() *cobra.Command {
	return group("attention", "需处理 (what the county refused)",
		"  tongban attention list\n  tongban attention resolve 01979c5e-8a7b-7000-8000-000000000001 --note 已重新提交",
		attentionListCommand(), attentionShowCommand(), attentionResolveCommand())
}

func attentionListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "需处理的条目与原因 (entries that need attention, and why)",
		Example: "  tongban attention list\n  tongban attention list --resolved",
		Args:    noArguments,
	}
	var params client.ListAttentionParams
	cmd.Flags().BoolVar(&params.Resolved, "resolved", false, "已处理的 (those that were resolved)")
	pageFlags(cmd, &params.Limit, &params.Cursor)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListAttention(cmd.Context(), &params) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.AttentionList) {
			t := newTable(c.pick("条目", "ENTRY"), c.pick("时间", "TIME"), c.pick("内容", "WHAT"), c.pick("办件", "CASE"), c.pick("经办", "WHO"), c.pick("原因", "WHY"), c.pick("下一步", "NEXT"), c.pick("处理", "NOTE"))
			for _, a := range v.Items {
				t.row(a.Entry, moment(a.OccurredAt), c.pick(a.What, a.Kind), a.Number, a.Actor.Name, c.pick(a.Zh, a.En)+" ["+a.Code+"]", a.Next+wayCommand(a.Way, a.Entry), a.Note)
			}
			t.write(w, c.language)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

func attentionShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show ENTRY",
		Short:   "需处理的一件：原因与全部内容 (one of them in full: why, and what was handed in)",
		Example: "  tongban attention show 01979c5e-8a7b-7000-8000-000000000001",
		Args:    oneArgument("ENTRY"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetAttention(cmd.Context(), args[0]) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.AttentionDetail) { showAttention(w, c, c.places(cmd.Context()), v) })
	})
}

func showAttention(w io.Writer, c *connection, places places, v *client.AttentionDetail) {
	a, lang := &v.Item, c.language
	var s sheet
	s.line(lang.pick("条目", "entry"), a.Entry)
	s.line(lang.pick("内容", "what"), lang.pick(a.What, a.Kind))
	s.line(lang.pick("办件", "case"), a.Number)
	s.line(lang.pick("时间", "time"), moment(a.OccurredAt))
	s.line(lang.pick("经办", "who"), strings.TrimSpace(a.Actor.Name+" "+string(a.Actor.Role)))
	s.line(lang.pick("来自", "from"), strings.TrimSpace(a.OriginName+" "+a.Origin))
	s.line(lang.pick("原因", "why"), lang.pick(a.Zh, a.En)+" ["+a.Code+"]")
	s.line(lang.pick("意见", "said"), v.Entry.Said)
	s.line(lang.pick("下一步", "next"), a.Next+wayCommand(a.Way, a.Entry))
	s.line(lang.pick("处理", "settled"), strings.TrimSpace(a.ResolvedBy+" "+a.Note))
	s.line(lang.pick("替代条目", "replaced by"), a.ReplacedBy)
	s.write(w)
	switch {
	case v.Case.Summary.Id != "":
		fmt.Fprintln(w)
		showCase(w, lang, places, &v.Case)
	case a.Number != "":
		c.warn("所收内容只给可查看办件的人员看：收件单位及其上级的工作人员、事项主管部门、监察和审计人员",
			"what was handed in is shown to those who may read cases: the desk and those above it, the item's department, supervisors, auditors")
	}
}

// wayCommand is the command for a way out, where there is one.
func wayCommand(way client.WayOut, entry string) string {
	switch way {
	case client.WayResubmit, client.WayResubmitAtDepartment:
		return "：tongban case resubmit " + entry
	case client.WayFindPapers:
		return "：tongban custody receive"
	}
	return ""
}

func attentionResolveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "resolve ENTRY",
		Short:   "标记已处理 (mark as resolved)",
		Example: "  tongban attention resolve 01979c5e-8a7b-7000-8000-000000000001 --note 已重新提交",
		Args:    oneArgument("ENTRY"),
	}
	note := cmd.Flags().String("note", "", "如何处理的 (what was done)")
	replaced := cmd.Flags().String("replaced-by", "", "替代它的条目 (entry that replaces it)")
	required(cmd, "note")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		return c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) {
			return c.api.ResolveAttention(ctx, args[0], nil, client.ResolveRequest{Note: *note, ReplacedBy: *replaced})
		})
	})
}

func reconcileCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "reconcile",
		Short:   "对账：收件与县账本相符否 (what was handed in against what arrived)",
		Example: "  tongban reconcile\n  tongban reconcile --node http://127.0.0.1:8080 --json",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		return ask(cmd.Context(), c, func() (*http.Response, error) { return c.api.Reconcile(cmd.Context()) }, func(w io.Writer, v *client.Reconciliation) {
			var s sheet
			s.line(c.pick("节点", "node"), v.Node)
			s.line(c.pick("收件", "handed in"), number(v.HandedIn))
			s.line(c.pick("县账本已确认", "confirmed"), number(v.Confirmed))
			s.line(c.pick("待确认", "waiting"), number(v.Waiting))
			s.line(c.pick("重复", "duplicated"), number(v.Duplicated))
			s.line(c.pick("需处理", "needs attention"), number(v.NeedsAttention))
			s.line(c.pick("未通过（含已处理）", "refused, resolved or not"), number(v.Refused))
			s.line(c.pick("上传中", "on the way up"), number(v.Outbox))
			s.line(c.pick("账本至", "ledger up to"), count(v.Index))
			s.write(w)
		})
	})
}
