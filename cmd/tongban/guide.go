package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func guideCommand() *cobra.Command {
	return group("guide", "首问负责：登记咨询、引导到窗口、接办 (whoever was asked first stays responsible)",
		"  tongban guide open --about 低保怎么办\n  tongban guide act GUIDE hand --to 330523110\n  tongban guide list",
		guideOpenCommand(), guideActCommand(), guideListCommand())
}

func guideOpenCommand() *cobra.Command {
	var request client.GuideRequest
	cmd := &cobra.Command{
		Use:     "open",
		Short:   "登记窗口咨询，本人为首问负责人 (a question at the window; you are responsible)",
		Example: "  tongban guide open --about 老人生活补贴怎么申请 --item TB-MZJ-004",
		Args:    noArguments,
	}
	cmd.Flags().StringVar(&request.About, "about", "", "咨询内容，请勿写入证件号码 (what was asked)")
	cmd.Flags().StringVar(&request.Item, "item", "", "事项编码 (service item)")
	required(cmd, "about")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		r, err := answered[client.GuideReceipt](c.api.OpenGuide(cmd.Context(), &client.OpenGuideParams{IdempotencyKey: *key}, request))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return r.show(c.printer, func(w io.Writer, v *client.GuideReceipt) { showGuide(w, c.language, v) })
	})
}

func showGuide(w io.Writer, lang language, v *client.GuideReceipt) {
	fmt.Fprintln(w, recordedLine(lang, v.Recorded))
	g := v.Guide.Guide
	var s sheet
	s.line(lang.pick("咨询", "guide"), g.ID)
	s.line(lang.pick("内容", "about"), g.About)
	s.line(lang.pick("首问负责人", "first asked"), g.First.Name)
	s.line(lang.pick("现负责人", "responsible"), g.Responsible.Name)
	s.line(lang.pick("状态", "state"), guideState(lang, string(g.State)))
	s.line(lang.pick("期限", "due"), v.Guide.Due.String())
	s.write(w)
}

func guideState(lang language, state string) string {
	return lang.pick(map[string]string{"open": "待解答", "handed": "已引导，待接办", "closed": "已办结"}[state], state)
}

var guideKinds = []client.GuideActionKind{client.GuideActHand, client.GuideActAccept, client.GuideActClose}

func guideActCommand() *cobra.Command {
	var a client.GuideAction
	var to string
	cmd := &cobra.Command{
		Use:   "act GUIDE KIND",
		Short: "引导、接办、办结 (take to a window, accept, end)",
		Long: `hand 引导到本单位其他窗口或上级单位，对方接办前仍由本人负责
accept 接办，接办人从此负责　close 答复办结，或已转为办件
Whoever was asked stays responsible until the window accepts.`,
		Example: `  tongban guide act GUIDE hand --to 330523 --department 县民政局 --note 已陪同前往
  tongban guide act GUIDE accept
  tongban guide act GUIDE close --answer 已告知所需材料`,
		Args: arguments(2, 2, "GUIDE, KIND"),
	}
	flags := cmd.Flags()
	flags.StringVar(&to, "to", "", "窗口所在区划：hand (division of the window)")
	flags.StringVar(&a.Department, "department", "", "窗口所属部门：hand (its department)")
	flags.StringVar(&a.Note, "note", "", "说明：hand (note)")
	flags.StringVar(&a.Answer, "answer", "", "答复：close (what was answered)")
	flags.StringVar(&a.Case, "case", "", "转为的办件：close (the case that came of it)")
	key := keyFlag(cmd)
	completeFlag(cmd, "to", completeDivisions)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		a.Kind = client.GuideActionKind(args[1])
		if !slices.Contains(guideKinds, a.Kind) {
			return usagef("没有这种办理 %q，应为 %s (no such step)", args[1], joined(guideKinds))
		}
		if to != "" {
			place, err := parseDivision("to", to)
			if err != nil {
				return err
			}
			a.To = place
		}
		if a.Case != "" {
			a.Case = caseID(a.Case)
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		r, err := answered[client.GuideReceipt](c.api.ActOnGuide(cmd.Context(), args[0], &client.ActOnGuideParams{IdempotencyKey: *key}, a))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return r.show(c.printer, func(w io.Writer, v *client.GuideReceipt) { showGuide(w, c.language, v) })
	})
}

func guideListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "我负责引导的咨询和办件 (what you are guiding)",
		Example: "  tongban guide list\n  tongban guide list --view overdue",
		Args:    noArguments,
	}
	view := cmd.Flags().String("view", "mine", "mine 我负责的、desk 本窗口的、overdue 逾期的、all 全部")
	completeFlag(cmd, "view", completeWords("mine", "desk", "overdue", "all"))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) {
			return c.api.ListGuides(cmd.Context(), &client.ListGuidesParams{View: client.ListGuidesParamsView(*view)})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.GuideList) {
			t := newTable(c.pick("咨询", "GUIDE"), c.pick("内容", "ABOUT"), c.pick("首问", "FIRST"), c.pick("现负责", "RESPONSIBLE"), c.pick("状态", "STATE"), c.pick("期限", "DUE"), "")
			for _, g := range v.Guides {
				late := ""
				if g.Overdue {
					late = c.pick("逾期", "overdue")
				}
				t.row(g.Guide.ID, clean(g.Guide.About), g.Guide.First.Name, g.Guide.Responsible.Name, guideState(c.language, string(g.Guide.State)), g.Due.String(), late)
			}
			t.write(w, c.language)
			for _, x := range v.Cases {
				fmt.Fprintln(w, x.Number, x.ItemName, c.pick(x.StatusZh, string(x.Status)))
			}
		})
	})
}
