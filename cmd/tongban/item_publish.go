package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/catalog"
)

func itemDiffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff CODE",
		Short: "两个版本的差异 (what changed between two versions)",
		Example: `  tongban item diff TB-XZRZ-005
  tongban item diff TB-XZRZ-005 --from 1 --to 3`,
		Args:              oneArgument("CODE"),
		ValidArgsFunction: completeItems,
	}
	from := cmd.Flags().Int("from", 0, "旧版本，默认新版本的前一版 (default the one before)")
	to := cmd.Flags().Int("to", 0, "新版本，默认最新版 (default the newest)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		if *to == 0 {
			known, err := answered[client.VersionList](c.api.ListItemVersions(cmd.Context(), args[0]))
			if err != nil {
				return err
			}
			for _, v := range known.value.Versions {
				*to = max(*to, v.Version)
			}
		}
		if *from == 0 {
			*from = *to - 1
		}
		if *from < 1 || *to < 1 {
			if cmd.Flags().Changed("from") || cmd.Flags().Changed("to") {
				return usagef("--from、--to 应为已有的两个版本，自 1 起 (name two versions there are, from 1)")
			}
			c.warn(args[0]+" 只有一个版本，没有可比较的", args[0]+" has only one version; there is nothing to compare")
			return c.printNothing(client.DiffReport{Code: args[0], From: *to, To: *to, Changes: []catalog.Change{}})
		}
		send := func() (*http.Response, error) {
			return c.api.DiffItem(cmd.Context(), args[0], &client.DiffItemParams{From: *from, To: *to})
		}
		return look(c, send, func(w io.Writer, v *client.DiffReport) {
			fmt.Fprintf(w, "%s v%d → v%d\n", clean(v.Code), v.From, v.To)
			for _, change := range v.Changes {
				showChange(w, change)
			}
			if len(v.Changes) == 0 {
				fmt.Fprintln(w, c.pick("没有差异", "no difference"))
			}
		})
	})
}

func showChange(w io.Writer, change catalog.Change) {
	fmt.Fprintf(w, "%s (%s)\n", clean(change.Label), clean(change.Path))
	if change.Before != "" {
		fmt.Fprintf(w, "  - %s\n", clean(change.Before))
	}
	if change.After != "" {
		fmt.Fprintf(w, "  + %s\n", clean(change.After))
	}
}

func itemApproveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "approve [CODE@VERSION…]",
		Short: "复核草稿，须与起草人不同 (approve drafts; not one's own)",
		Example: `  tongban item approve TB-XZRZ-005@1 TB-XZRZ-006@2
  tongban item approve --all`,
		Args: arguments(0, 1<<20, "CODE@VERSION"),
	}
	all := cmd.Flags().Bool("all", false, "所有待复核的草稿 (every draft)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		refs, err := parseRefs(args)
		if err != nil {
			return err
		}
		if *all == (len(refs) > 0) {
			return usagef("请列出 CODE@VERSION，或用 --all (name the versions, or --all)")
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		if *all {
			drafts, err := answered[client.VersionList](c.api.ListDrafts(cmd.Context()))
			if err != nil {
				return err
			}
			for _, v := range drafts.value.Versions {
				if v.Status == client.StatusDraft {
					refs = append(refs, client.ItemRef{Code: v.Code, Version: v.Version})
				}
			}
			if len(refs) == 0 {
				c.warn("没有待复核的草稿", "there is no draft to approve")
				return c.printNothing(client.ApproveReport{Approved: []client.ItemRef{}})
			}
		}
		send := func() (*http.Response, error) {
			return c.api.ApproveItems(cmd.Context(), nil, client.ApproveRequest{Items: refs})
		}
		return look(c, send, func(w io.Writer, v *client.ApproveReport) {
			fmt.Fprintf(w, c.pick("已复核 %d 项\n", "approved: %d\n"), len(v.Approved))
		})
	})
}

// printNothing is the empty answer, for programs.
func (p printer) printNothing(v any) error {
	if !p.json {
		return nil
	}
	return p.showValue(v)
}

func itemPublishCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "publish [CODE@VERSION…]",
		Short: "发布新一期目录 (publish an edition)",
		Long: `将已复核的版本在同一时刻在全县生效。生效时刻应留足各村收到的时间。
不列版本则发布所有已复核、未发布的版本。
有环节在县级没有人员能办理的（部门名称写错，或其人员尚未登记），不予发布；人员稍后才登记的，用 --unstaffed 明确发布，
其办件在人员登记前会停在该环节，见 tongban supervise board。
Puts approved versions into force everywhere at one moment. What has a step that
nobody at the county can do is refused: its cases would stand there. --unstaffed
publishes it deliberately, for a department whose people are registered later.`,
		Example: `  tongban item publish --note 第一期目录
  tongban item publish TB-XZRZ-005@2 --effective-from 2026-12-01T00:00
  tongban item publish --unstaffed --note 新设部门`,
		Args: arguments(0, 1<<20, "CODE@VERSION"),
	}
	from := cmd.Flags().String("effective-from", "", "生效时刻，默认现在 (when it takes effect; default now)")
	note := cmd.Flags().String("note", "", "说明 (note)")
	unstaffed := cmd.Flags().Bool("unstaffed", false, "有环节无人能办理时仍然发布 (publish also what has steps that nobody can do yet)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		refs, err := parseRefs(args)
		if err != nil {
			return err
		}
		at, err := parseMoment("effective-from", *from)
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.PublishEdition(cmd.Context(), nil, client.PublishRequest{EffectiveFrom: at, Items: refs, Note: *note, Unstaffed: *unstaffed})
		}
		return ask(cmd.Context(), c, send, editionLine(c))
	})
}

func editionLine(c *connection) func(w io.Writer, v *client.PublishedEdition) {
	return func(w io.Writer, v *client.PublishedEdition) {
		fmt.Fprintf(w, c.pick("第 %d 期，%d 项，%s 生效\n", "edition %d, %d items, in force from %s\n"), v.Edition.Number, len(v.Edition.Entries), moment(v.Edition.EffectiveFrom))
		fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
		printWarnings(w, c.language, v.Warnings)
		for _, e := range v.Coming {
			for _, i := range e.Entries {
				becomes := fmt.Sprintf(c.pick("启用第 %d 版", "version %d"), i.Version)
				if i.Withdrawn {
					becomes = c.pick("下架", "withdrawn")
				}
				fmt.Fprintf(w, c.pick("注意：已公布的第 %d 期将自 %s 起再次变更 %s：%s；不需要时请用 tongban item cancel %[1]d 取消\n",
					"note: edition %d, announced before, changes %[3]s again from %[2]s on: %[4]s; tongban item cancel %[1]d cancels it\n"),
					e.Number, moment(e.EffectiveFrom), i.Code, becomes)
			}
		}
	}
}

func itemCancelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cancel EDITION",
		Short: "取消尚未生效的一期目录 (cancel an edition before it takes effect)",
		Long: `取消已公布、尚未生效的一期目录，其中的版本恢复为未发布。线路中断的网点得知以前可能仍按其办理，所收件会标明。
Cancels an edition that is announced and not in force yet. An office without a
line may still act on it until it hears of this; what it takes in is flagged.`,
		Example: "  tongban item cancel 3 --reason 政策暂缓实施",
		Args:    oneArgument("EDITION"),
	}
	reason := cmd.Flags().String("reason", "", "原因 (why)")
	required(cmd, "reason")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		number, err := strconv.Atoi(args[0])
		if err != nil || number < 1 {
			return fmt.Errorf("期号应为正整数，用 tongban item editions 查看 (the edition is a number; tongban item editions lists them)")
		}
		send := func() (*http.Response, error) {
			return c.api.CancelEdition(cmd.Context(), number, nil, client.CancelEditionRequest{Reason: *reason})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Recorded) {
			fmt.Fprintf(w, c.pick("第 %d 期目录已取消\n", "edition %d is cancelled\n"), number)
			fmt.Fprintln(w, recordedLine(c.language, *v))
		})
	})
}

func itemEditionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "editions",
		Short:   "目录各期及生效时刻 (editions and when they take effect)",
		Example: "  tongban item editions",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListEditions(cmd.Context()) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.EditionList) {
			t := newTable(c.pick("期", "EDITION"), c.pick("生效", "FROM"), c.pick("事项数", "ITEMS"), c.pick("状态", "STATUS"), c.pick("说明", "NOTE"))
			now := time.Now().UnixMilli()
			for _, e := range v.Editions {
				status := c.pick("已生效", "in force")
				switch {
				case e.CancelledAt != 0:
					status = c.pick("已取消", "cancelled")
				case e.EffectiveFrom > now:
					status = c.pick("待生效", "coming")
				}
				t.row(number(e.Number), moment(e.EffectiveFrom), number(len(e.Entries)), status, e.Note)
			}
			t.write(w, c.language)
		})
	})
}

func itemWithdrawCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "withdraw CODE",
		Short:             "下架事项，在办件不受影响 (withdraw an item; running cases go on)",
		Example:           "  tongban item withdraw TB-XZRZ-005 --note 政策调整 --effective-from 2026-12-01T00:00",
		Args:              oneArgument("CODE"),
		ValidArgsFunction: completeItems,
	}
	from := cmd.Flags().String("effective-from", "", "下架时刻，默认现在 (when; default now)")
	note := cmd.Flags().String("note", "", "原因 (why)")
	required(cmd, "note")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		at, err := parseMoment("effective-from", *from)
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.WithdrawItem(cmd.Context(), args[0], nil, client.WithdrawRequest{EffectiveFrom: at, Note: *note})
		}
		return ask(cmd.Context(), c, send, editionLine(c))
	})
}

func itemOverlayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "overlay CODE",
		Short:             "设置本处窗口、电话、时间 (an office's own window, phone and hours)",
		Example:           "  tongban item overlay TB-XZRZ-005 --office 330523110 --window 3号窗口 --phone 0572-5000110 --hours 8:30–17:00",
		Args:              oneArgument("CODE"),
		ValidArgsFunction: completeItems,
	}
	var request client.OverlayRequest
	flags := cmd.Flags()
	office := flags.String("office", "", "哪个窗口（区划），默认本节点 (whose; default this node's)")
	flags.StringVar(&request.Window, "window", "", "窗口 (window)")
	flags.StringVar(&request.Phone, "phone", "", "电话 (phone)")
	flags.StringVar(&request.Hours, "hours", "", "办公时间 (opening hours)")
	flags.StringVar(&request.Location, "location", "", "地点 (where)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		place, err := parseDivision("office", *office)
		if err != nil {
			return err
		}
		request.Office = place
		return c.record(cmd.Context(), func(ctx context.Context) (*http.Response, error) { return c.api.SetOverlay(ctx, args[0], nil, request) })
	})
}

// parseRefs reads CODE@VERSION words.
func parseRefs(words []string) ([]client.ItemRef, error) {
	var refs []client.ItemRef
	for _, word := range words {
		code, text, ok := strings.Cut(word, "@")
		version, err := strconv.Atoi(strings.TrimPrefix(text, "v"))
		if !ok || err != nil || version < 1 || code == "" {
			return nil, usagef("%q 应如 TB-XZRZ-005@1 (should be CODE@VERSION)", word)
		}
		refs = append(refs, client.ItemRef{Code: code, Version: version})
	}
	return refs, nil
}
