package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func lookupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lookup NUMBER CODE",
		Short: "凭编号与查询码查询进度，无需登录 (how far a case is, by its number and query code)",
		Long: `查询码印在收件凭证和受理通知书上。线路中断时向村、乡镇节点查询，结果注明截至何时。
The query code stands on the receipt. Needs no login; a village answers too, and says as of when.`,
		Example: "  tongban lookup 330523110200-20261123-01-000045-7 PSR5Q-PGNN6",
		Args:    arguments(2, 2, "NUMBER, CODE"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) {
			return c.api.LookUpCase(cmd.Context(), client.LookupRequest{Number: caseID(args[0]), Code: args[1]})
		}
		return look(c, send, func(w io.Writer, v *client.LookupAnswer) {
			t := newTable("", "")
			t.row(c.pick("办件编号", "case"), v.Number)
			t.row(c.pick("事项", "item"), clean(v.ItemName))
			t.row(c.pick("进度", "word"), wordName(c.language, v.Word, v.WordZh))
			t.row(c.pick("状态", "status"), c.pick(v.StatusZh, v.Status))
			for _, s := range v.Steps {
				t.row(c.pick("环节", "step"), stepMark[s.State]+" "+s.Name)
			}
			t.row(c.pick("下一步", "what to do"), c.pick(v.ToDo, v.ToDoEn))
			if len(v.Bring) > 0 {
				t.row(c.pick("须补正", "bring"), clean(strings.Join(v.Bring, "、")))
			}
			for _, d := range []struct {
				name, day string
			}{{c.pick("补正期限", "bring before"), v.BringBefore.String()}, {c.pick("承诺办结", "promised"), v.Promised.String()}, {c.pick("法定办结", "statutory"), v.Statutory.String()}} {
				if d.day != "" {
					t.row(d.name, d.day)
				}
			}
			for _, x := range v.Visits {
				t.row(c.pick("可评价", "visit"), strings.Join([]string{digits(x.At), moment(x.At), x.Place, x.KindZh}, " "))
			}
			for _, p := range v.Parts {
				t.row(p.Number, clean(p.ItemName)+"　"+c.pick(p.StatusZh, p.Status))
			}
			t.row(c.pick("数据截至", "as of"), moment(v.AsOf))
			t.write(w, c.language)
			fmt.Fprintln(w)
		})
	})
}

var stepMark = map[client.LookupStepState]string{client.StepDone: "✓", client.StepNow: "▶", client.StepAhead: "·", client.StepNotTaken: "－"}
