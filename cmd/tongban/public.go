package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func publicCommand() *cobra.Command {
	return group("public", "公示与开放数据，无需登录 (what is published; needs no login)",
		"  tongban public cases --decided\n  tongban public relief\n  tongban public decisions --atom > decisions.xml",
		publicCasesCommand(), publicReliefCommand(), openItemsCommand(), openDecisionsCommand())
}

func publicCasesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cases",
		Short:   "办件公示，姓名已遮盖 (cases that were taken up or decided, persons masked)",
		Example: "  tongban public cases\n  tongban public cases --decided --limit 20",
		Args:    noArguments,
	}
	var params client.ListPublicCasesParams
	decided := cmd.Flags().Bool("decided", false, "只列已决定的 (those that were decided)")
	pageFlags(cmd, &params.Limit, &params.Cursor)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if *decided {
			params.Stage = "decided"
		}
		send := func() (*http.Response, error) { return c.api.ListPublicCases(cmd.Context(), &params) }
		return look(c, send, func(w io.Writer, v *client.PublicCaseList) {
			t := newTable(c.pick("编号", "NUMBER"), c.pick("事项", "ITEM"), c.pick("部门", "DEPARTMENT"), c.pick("申请人", "APPLICANT"), c.pick("状态", "STATUS"), c.pick("受理", "ACCEPTED"), c.pick("决定", "DECIDED"))
			for _, p := range v.Cases {
				t.row(p.Number, p.ItemName, p.Department, p.Applicant, c.pick(p.StatusZh, p.Status), p.AcceptedOn.String(), p.DecidedOn.String())
			}
			t.write(w, c.language)
			asOf(w, c.language, v.AsOf)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

func publicReliefCommand() *cobra.Command {
	return atNode(&cobra.Command{
		Use:   "relief",
		Short: "救助与补贴公示，可提异议 (relief that is posted for objections)",
		Long: `公示期内可向公示单位提出异议：tongban complaint open。期满即不再列出。
Objections while it is posted: tongban complaint open. Gone when its days are over.`,
		Example: "  tongban public relief",
		Args:    noArguments,
	}, func(cmd *cobra.Command, c *connection, _ []string) error {
		return look(c, func() (*http.Response, error) { return c.api.ListRelief(cmd.Context()) }, func(w io.Writer, v *client.ReliefList) {
			t := newTable(c.pick("姓名", "NAME"), c.pick("村（社区）", "VILLAGE"), c.pick("种类", "KIND"), c.pick("金额", "AMOUNT"), c.pick("公示自", "FROM"), c.pick("公示至", "UNTIL"))
			for _, p := range v.Relief {
				t.row(p.Name, p.Village, p.Kind, p.Amount, p.From.String(), p.Until.String())
			}
			t.write(w, c.language)
			asOf(w, c.language, v.AsOf)
		})
	})
}

func openItemsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "items",
		Short:   "开放数据：在用事项 (open data: the items in force)",
		Example: "  tongban public items\n  tongban public items --atom > items.xml",
		Args:    noArguments,
	}
	atom := atomFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		params := &client.OpenItemsParams{}
		if *atom {
			params.Format = "atom"
		}
		return openFeed(c, *atom, func() (*http.Response, error) { return c.api.OpenItems(cmd.Context(), params) })
	})
}

func openDecisionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "decisions",
		Short:   "开放数据：公开的决定 (open data: published decisions)",
		Example: "  tongban public decisions --limit 20\n  tongban public decisions --atom > decisions.xml",
		Args:    noArguments,
	}
	params := &client.OpenDecisionsParams{}
	pageFlags(cmd, &params.Limit, &params.Cursor)
	atom := atomFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if *atom {
			params.Format = "atom"
		}
		return openFeed(c, *atom, func() (*http.Response, error) { return c.api.OpenDecisions(cmd.Context(), params) })
	})
}

func atomFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("atom", false, "原样输出 Atom (Atom, as it is served)")
}

func openFeed(c *connection, atom bool, send func() (*http.Response, error)) error {
	if !atom {
		return look(c, send, func(w io.Writer, v *client.OpenFeed) {
			t := newTable(c.pick("更新", "UPDATED"), c.pick("类别", "CATEGORY"), c.pick("标题", "TITLE"), c.pick("部门", "AUTHOR"))
			for _, e := range v.Entries {
				t.row(e.Updated, e.Category, e.Title, e.Author)
			}
			t.write(w, c.language)
			morePages(w, c.language, v.NextCursor)
		})
	}
	res, err := send()
	return passOn(c, res, err)
}

func asOf(w io.Writer, lang language, at int64) {
	fmt.Fprintf(w, lang.pick("数据截至 %s\n", "as of %s\n"), moment(at))
}
