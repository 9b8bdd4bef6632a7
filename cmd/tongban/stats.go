package main

import (
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func statsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "办件统计 (counts of cases)",
		Long: `按月、事项、部门、区划、层级或渠道统计收件、受理、准予、不予、按时、提前、超期、平均工作日和
90% 工作日。--out 写成 CSV 或 Excel（按文件名后缀）。
Counts by month, item, department, division, tier or channel. --out writes CSV or
Excel, by the ending of the name.`,
		Example: `  tongban stats --by month --from 2026-01
  tongban stats --by item --division 330523110 --out items.xlsx
  tongban stats catalog`,
		Args: noArguments,
	}
	f := officeFlags(cmd)
	by := cmd.Flags().String("by", "all", "all、month、item、department、division、tier、channel")
	completeFlag(cmd, "by", completeWords("all", "month", "item", "department", "division", "tier", "channel"))
	item := cmd.Flags().String("item", "", "事项代码 (code of an item)")
	out := cmd.Flags().String("out", "", "写入 .csv 或 .xlsx 文件 (file to write)")
	atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		p := client.GetStatisticsParams{By: client.GetStatisticsParamsBy(*by), From: f.from, To: f.to, Department: f.department, Item: *item}
		if !p.By.Valid() {
			return usagef("--by %q：应为 all、month、item、department、division、tier 或 channel (one of these)", *by)
		}
		var err error
		if p.Division, err = parseDivision("division", f.place); err != nil {
			return err
		}
		if *out != "" {
			format, err := tableFormat(*out)
			if err != nil {
				return err
			}
			p.Format = client.GetStatisticsParamsFormat(format)
			return saveTable(cmd, c, *out, func() (*http.Response, error) { return c.api.GetStatistics(cmd.Context(), &p) })
		}
		send := func() (*http.Response, error) { return c.api.GetStatistics(cmd.Context(), &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.StatisticsReport) {
			t := newTable(c.pick("项目", "OF"), c.pick("收件", "IN"), c.pick("受理", "TAKEN UP"), c.pick("准予", "GRANTED"), c.pick("不予", "REFUSED"), c.pick("按时", "ON TIME"), c.pick("提前", "EARLY"), c.pick("超期", "OVERDUE"), c.pick("平均工作日", "MEAN DAYS"), c.pick("90%", "90TH"))
			for _, r := range v.Rows {
				mean, p90 := "", ""
				if r.Timed > 0 {
					mean, p90 = fmt.Sprintf("%d.%02d", r.MeanDaysHundredths/100, r.MeanDaysHundredths%100), number(r.P90Days)
				}
				t.row(r.Key+" "+r.Name, count(r.HandedIn), count(r.TakenUp), count(r.Granted), count(r.Declined+r.NotAccepted), count(r.OnTime), count(r.Early), count(r.Overdue), mean, p90)
			}
			t.write(w, c.language)
		})
	})
	cmd.AddCommand(statsCatalogCommand())
	return cmd
}

func statsCatalogCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "catalog",
		Short:   "事项精简：各期目录的在办、新增、取消 (items in force, added and cut over time)",
		Example: "  tongban stats catalog",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.GetCatalogStatistics(cmd.Context()) }
		return look(c, send, func(w io.Writer, v *client.CatalogStatistics) {
			t := newTable(c.pick("期", "EDITION"), c.pick("生效", "FROM"), c.pick("在办事项", "IN FORCE"), c.pick("新增", "ADDED"), c.pick("取消合并", "CUT"))
			for _, e := range v.Editions {
				t.row(number(e.Edition), moment(e.EffectiveFrom), number(e.InForce), number(e.Added), number(e.Cut))
			}
			t.write(w, c.language)
		})
	})
}

// tableFormat is how a table is written into a file, by the ending of its name.
func tableFormat(name string) (string, error) {
	for _, format := range []string{"csv", "xlsx"} {
		if len(name) > len(format)+1 && name[len(name)-len(format)-1:] == "."+format {
			return format, nil
		}
	}
	return "", usagef("--out %q：应以 .csv 或 .xlsx 结尾 (must end in one of these)", name)
}

// saveTable writes a table that a node answers into a file.
func saveTable(cmd *cobra.Command, c *connection, name string, send func() (*http.Response, error)) error {
	if err := c.loggedIn(cmd.Context()); err != nil {
		return err
	}
	res, err := send()
	if err := accepted(res, err); err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return &unreachable{err}
	}
	if err := os.WriteFile(name, body, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
