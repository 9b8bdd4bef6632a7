package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func trustRecoverCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "recover",
		Short: "声明账本已恢复 (declare that the county's ledger went back)",
		Long: `县中心由备份恢复（restore --lone）之后，用县根密钥签署说明并记入账本：账本以恢复的内容为准。
各乡镇、村节点核对说明后退回到同一处，自动重报恢复后缺失的收件和办理，不需重新登记。没有这份说明，它们不再跟随县中心。
After restore --lone: the county's root key signs, and the ledger says, that the ledger goes on from what
was restored. The nodes below check that, go back to the same place and send again what is missing.
Without it they do not follow the county any more.`,
		Example: "  tongban trust recover --reason 机房失火，由20261124的备份恢复",
		Args:    noArguments,
	}
	cmd.Flags().StringVar(&reason, "reason", "", "原因，记入账本，各节点可见 (why; everybody sees it)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if strings.TrimSpace(reason) == "" {
			return usagef("需要 --reason (is needed)")
		}
		send := func() (*http.Response, error) {
			return c.api.DeclareRecovery(cmd.Context(), client.RecoveryRequest{Reason: reason})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, r *client.Recovery) {
			fmt.Fprintln(w, c.pick(fmt.Sprintf("已声明：账本以第 %d 条及以前为准。各节点将自动退回并重报，可用 sync status 查看；县中心自己办过的，用 trust lost 查看", r.Kept),
				fmt.Sprintf("declared: the records through %d stand. The nodes below go back and send again (sync status); what hubs had done: trust lost", r.Kept)))
		})
	})
}

func trustLostCommand() *cobra.Command {
	var all bool
	var cursor string
	cmd := &cobra.Command{
		Use:   "lost [ENTRY...]",
		Short: "账本恢复后缺失的县中心记录 (what hubs had done and the ledger lacks)",
		Long: `列出各节点仍保存、而恢复后的账本缺失的县中心记录（审批、人员、目录等）。给出条目编号（或 --all），则按原样重记：
逐条按现有规则核对，不再符合的不记入，须重新办理。各节点都重新连上之后再用 --all，先后次序才完整。
Lists what was done at the hubs, that nodes still hold and the restored ledger lacks. With entries, or --all, it
records them again as they were signed; what does not fit any more is not recorded. Use --all once all nodes are back.
“说明”一栏有字的不能按原样重记：说明其原因和处理办法 (where a record cannot be recorded as it was, NOTE says why and what to do).`,
		Example: "  tongban trust lost\n  tongban trust lost --all\n  tongban trust lost 0190f3c2-7b1e-7cc1-8f3a-2f9c5d1e0a77",
		Args:    arguments(0, 1000, "[ENTRY...]"),
	}
	cmd.Flags().BoolVar(&all, "all", false, "全部按原样重记 (record all of them again)")
	cmd.Flags().StringVar(&cursor, "cursor", "", "接着上一页 (from where the last page ended)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, entries []string) error {
		if !all && len(entries) == 0 {
			return listLost(cmd.Context(), c, cursor)
		}
		send := func() (*http.Response, error) {
			return c.api.RecordAgain(cmd.Context(), client.AgainRequest{Entries: entries})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, r *client.AgainReport) {
			t := newTable(c.pick("条目", "ENTRY"), c.pick("已重记", "DONE"), c.pick("原因", "WHY NOT"))
			for _, e := range r.Entries {
				t.row(e.Entry, yes(c.language, e.Done), c.pick(e.Zh, e.En))
			}
			t.write(w, c.language)
		})
	})
}

func listLost(ctx context.Context, c *connection, cursor string) error {
	return ask(ctx, c, func() (*http.Response, error) {
		return c.api.GetRecovery(ctx, &client.GetRecoveryParams{Cursor: cursor})
	}, func(w io.Writer, r *client.RecoveryReport) {
		if r.Undeclared > 0 {
			fmt.Fprintln(w, c.pick(fmt.Sprintf("账本曾恢复到第 %d 条，尚未声明：请运行 tongban trust recover --reason …", r.Undeclared),
				fmt.Sprintf("the ledger was restored to record %d, which is not declared: run tongban trust recover --reason …", r.Undeclared)))
		}
		t := newTable(c.pick("原序号", "WAS"), c.pick("条目", "ENTRY"), c.pick("内容", "WHAT"), c.pick("经办人", "WHO"), c.pick("办件", "CASE"), c.pick("来自", "SEEN BY"), c.pick("已重记", "AGAIN"), c.pick("已处理", "RESOLVED"), c.pick("说明", "NOTE"))
		for _, l := range r.Lost {
			t.row(count(l.Index), l.Entry, c.pick(l.KindZh, l.Kind), l.Actor, l.Case, l.SeenBy, yes(c.language, l.Again), yes(c.language, l.Resolved), c.pick(l.WhyZh, l.WhyEn))
		}
		t.write(w, c.language)
		morePages(w, c.language, r.NextCursor)
	})
}
