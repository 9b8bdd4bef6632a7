package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func figuresCommand() *cobra.Command {
	return group("figures", "统计数字 (figures)", "  tongban figures papers", paperFiguresCommand())
}

func paperFiguresCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "papers",
		Short: "材料减量：每个事项、一件事共享后还需提交多少材料 (papers still to be brought once shared ones are not asked for again)",
		Example: `  tongban figures papers
  tongban figures papers --packages
  tongban figures papers --months packages`,
		Args: noArguments,
	}
	packages := cmd.Flags().Bool("packages", false, "只看一件事 (packages only)")
	months := cmd.Flags().String("months", "", "按月统计实际减少：all 全部、items 每个事项、packages 每个一件事 (what was really saved, by month)")
	code := cmd.Flags().String("code", "", "与 --months 同用：只看一个事项或一件事 (with --months: one item or package)")
	completeFlag(cmd, "months", completeWords("all", "items", "packages"))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if *months != "" {
			of := client.GetPaperMonthsParamsOf(*months)
			if !of.Valid() {
				return usagef("--months %q：应为 all、items 或 packages (one of these)", *months)
			}
			send := func() (*http.Response, error) {
				return c.api.GetPaperMonths(cmd.Context(), &client.GetPaperMonthsParams{Of: of, Code: *code})
			}
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.PaperMonths) { showPaperMonths(w, c.language, v.Months) })
		}
		send := func() (*http.Response, error) { return c.api.GetPaperFigures(cmd.Context()) }
		a, err := answered[client.PaperFigures](send())
		if err != nil {
			return err
		}
		return a.show(c.printer, func(w io.Writer, v *client.PaperFigures) {
			t := newTable(c.pick("编码", "CODE"), c.pick("名称", "NAME"), c.pick("应交", "DEMANDED"), c.pick("共享后仍需", "STILL ASKED"), c.pick("减少", "SAVED"))
			row := func(code, name string, f client.PaperFigure) {
				t.row(code, name, number(f.Demanded), number(f.Asked), fmt.Sprintf("%d.%d%%", f.SavedPerMille/10, f.SavedPerMille%10))
			}
			if !*packages {
				for _, f := range v.Items {
					row(f.Code, f.Name, f)
				}
				row("", c.pick("全部事项", "all items"), v.AllItems)
			}
			for _, f := range v.Packages {
				row(f.Code, f.Name, f)
			}
			row("", c.pick("全部一件事", "all packages"), v.AllPackages)
			t.write(w, c.language)
		})
	})
}

func myPrefillCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "prefill",
		Short:   "一表预填：从账户和本人以往办件带出 (what need not be typed again)",
		Example: "  tongban my prefill --item TB-XZRZ-005",
		Args:    noArguments,
	}
	item := cmd.Flags().String("item", "", "事项编码 (item code)")
	actingFor := cmd.Flags().String("acting-for", "", "代办单位的账户编号 (account of the firm one acts for)")
	required(cmd, "item")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) {
			return c.api.GetMyPrefill(cmd.Context(), &client.GetMyPrefillParams{Item: *item, ActingFor: *actingFor})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Prefill) {
			t := newTable(c.pick("字段", "FIELD"), c.pick("名称", "LABEL"), c.pick("内容", "VALUE"), c.pick("来自", "FROM"))
			for _, f := range v.Fields {
				from := f.Case
				if from == "" {
					from = c.pick("账户", "account")
				}
				t.row(f.Key, f.Label, f.Value, from)
			}
			t.write(w, c.language)
		})
	})
}
