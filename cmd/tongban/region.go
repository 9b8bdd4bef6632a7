package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
)

func divisionCommand() *cobra.Command {
	return group("division", "区划 (divisions)",
		"  tongban division import divisions.json\n  tongban division list --parent 330523110",
		divisionListCommand(),
		importCommand("divisions.json", "导入区划，全部或全不 (add and rename divisions from a file, all or nothing)",
			`新增文件中的区划，并按文件更新已有区划的名称。文件中没有的已有区划不会删除（其办件、人员、节点仍在），结果中列出其个数。
Adds the divisions of the file and gives those known before the names it has. What
the file does not have is not removed, for cases, people and nodes are there; the
answer says how many those are.`, "tongban division import divisions.json",
			func(ctx context.Context, api *client.Client, file io.Reader) (*http.Response, error) {
				return api.ImportDivisionsWithBody(ctx, nil, "application/json", file)
			}))
}

func divisionListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "区划列表 (the divisions)",
		Example: "  tongban division list\n  tongban division list --parent 330523110",
		Args:    noArguments,
	}
	parent := cmd.Flags().String("parent", "", "只列其直接下级 (only those directly below)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		code, err := parseDivision("parent", *parent)
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.ListDivisions(cmd.Context(), &client.ListDivisionsParams{Parent: code})
		}
		return look(c, send, func(w io.Writer, v *client.DivisionList) {
			t := newTable(c.pick("代码", "CODE"), c.pick("名称", "NAME"), c.pick("全称", "OFFICIAL NAME"), c.pick("类别", "KIND"))
			for _, d := range v.Divisions {
				t.row(string(d.Code), d.Name, d.OfficialName, string(d.Kind))
			}
			t.write(w, c.language)
		})
	})
}

// importCommand sends a whole file to the node and prints what was imported.
func importCommand(file, short, long, example string, send func(ctx context.Context, api *client.Client, file io.Reader) (*http.Response, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "import FILE",
		Short:   short,
		Long:    long,
		Example: "  " + example,
		Args:    oneArgument("FILE (" + file + ")"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		data, err := readInput(cmd, args[0])
		if err != nil {
			return err
		}
		request := func() (*http.Response, error) { return send(cmd.Context(), c.api, strings.NewReader(string(data))) }
		return ask(cmd.Context(), c, request, func(w io.Writer, v *client.ImportReport) {
			fmt.Fprintf(w, c.pick("已导入 %d 条\n", "imported: %d\n"), v.Count)
			fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
			if v.Kept > 0 {
				fmt.Fprintf(w, c.pick("注意: 文件中没有的已有区划 %d 个，导入不删除，仍然保留\n", "note: %d divisions known before are not in the file; an import removes none, they stay\n"), v.Kept)
			}
		})
	})
}

// readInput is the content of a file named on the command line, - being
// standard input.
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(cmd.InOrStdin())
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, usagef("无法读取文件 (cannot read the file): %v", err)
	}
	return data, nil
}

func calendarCommand() *cobra.Command {
	return group("calendar", "工作日日历与期限 (working days and time limits)",
		"  tongban calendar due --from 2026-09-29T15:00 --days 5\n  tongban calendar show --year 2026",
		calendarDueCommand(), calendarShowCommand(),
		importCommand("calendar.json", "导入日历，全部或全不 (set the working days of whole years, all or nothing)", "", "tongban calendar import calendar.json",
			func(ctx context.Context, api *client.Client, file io.Reader) (*http.Response, error) {
				return api.ImportCalendarWithBody(ctx, nil, "application/json", file)
			}))
}

func calendarShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "节点所用的日历 (the calendar a node uses)",
		Example: "  tongban calendar show\n  tongban calendar show --year 2026",
		Args:    noArguments,
	}
	year := cmd.Flags().Int("year", 0, "年份，列出每一天 (one year, day by day)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) {
			return c.api.GetCalendar(cmd.Context(), &client.GetCalendarParams{Year: *year})
		}
		return look(c, send, func(w io.Writer, v *client.CalendarYears) {
			if *year != 0 {
				showDays(w, c.language, v.Years)
				return
			}
			t := newTable(c.pick("年份", "YEAR"), c.pick("状态", "STATUS"), c.pick("放假", "OFF"), c.pick("调休上班", "WORKED"), c.pick("依据", "SOURCE"))
			for _, y := range v.Years {
				t.row(strconv.Itoa(y.Year), yearStatus(c.language, y.Status), strconv.Itoa(len(y.Holidays)), strconv.Itoa(len(y.Workdays)), strings.Join(y.Source, " "))
			}
			t.write(w, c.language)
		})
	})
}

func yearStatus(lang language, s calendar.Status) string {
	if s == calendar.Provisional {
		return lang.pick("暂定", "provisional")
	}
	return lang.pick("已公布", "announced")
}

// showDays lists what differs from an ordinary week.
func showDays(w io.Writer, lang language, years []calendar.Year) {
	t := newTable(lang.pick("日期", "DATE"), lang.pick("安排", "DAY"), lang.pick("名称", "NAME"))
	for _, y := range years {
		names := make(map[calendar.Date]string, len(y.Names))
		for _, n := range y.Names {
			names[n.Date] = n.Name
		}
		off, worked := y.Holidays, y.Workdays
		for len(off)+len(worked) > 0 {
			if len(worked) == 0 || len(off) > 0 && off[0].Before(worked[0]) {
				t.row(off[0].String(), lang.pick("放假", "off"), names[off[0]])
				off = off[1:]
				continue
			}
			t.row(worked[0].String(), lang.pick("上班", "worked"), names[worked[0]])
			worked = worked[1:]
		}
	}
	t.write(w, lang)
}
