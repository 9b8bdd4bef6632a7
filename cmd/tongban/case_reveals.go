package main

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/ledger"
)

func caseRevealsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reveals [NUMBER]",
		Short: "谁查看过完整个人信息 (who looked at personal data unmasked)",
		Example: `  tongban case reveals --since 2026-11-01
  tongban case reveals 330523110200-20261123-01-000045-7
  tongban case reveals --staff s-12 --division 330523110`,
		Args: aboutCase(arguments(0, 1, "NUMBER")),
	}
	var params client.ListRevealsParams
	cmd.Flags().StringVar(&params.Staff, "staff", "", "人员编号 (staff number)")
	place := cmd.Flags().String("division", "", "事项所属区划及以下 (where the matter belongs, or below)")
	since := cmd.Flags().String("since", "", "自某日起 (from this day on), 2026-11-01")
	pageFlags(cmd, &params.Limit, &params.Cursor)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		var err error
		if params.Division, err = parseDivision("division", *place); err != nil {
			return err
		}
		if *since != "" {
			day, err := time.ParseInLocation(time.DateOnly, *since, beijing)
			if err != nil {
				return usagef("--since 应为日期，例如 2026-11-01 (must be a date): %s", *since)
			}
			params.Since = day.UnixMilli()
		}
		if len(args) == 1 {
			params.Case = caseID(args[0])
		}
		send := func() (*http.Response, error) { return c.api.ListReveals(cmd.Context(), &params) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.RevealList) {
			t := newTable(c.pick("时间", "TIME"), c.pick("谁", "WHO"), c.pick("角色", "ROLE"), c.pick("节点", "NODE"), c.pick("编号", "NUMBER"), c.pick("内容", "WHAT"), c.pick("理由", "WHY"), c.pick("到达", "WORD"))
			for _, r := range v.Reveals {
				number := r.Number
				if number == "" {
					number = r.Case
				}
				t.row(moment(r.At), r.Actor.Name+" "+r.Actor.Staff, string(r.Actor.Role), r.Actor.Node, number, shownParts(c.language, r.What), r.Why, wordName(c.language, r.Word, r.WordZh))
			}
			t.write(w, c.language)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

// shownParts says what was seen, for people.
func shownParts(lang language, what []string) string {
	parts := make([]string, len(what))
	for i, part := range what {
		hash, file := strings.CutPrefix(part, ledger.RevealAttachment)
		switch {
		case file:
			parts[i] = lang.pick("附件 ", "file ") + hash[:min(len(hash), 12)]
		case part == ledger.RevealTimeline:
			parts[i] = lang.pick("意见、备注", "what was written")
		default:
			parts[i] = lang.pick("办件内容", "the case")
		}
	}
	return strings.Join(parts, ", ")
}
