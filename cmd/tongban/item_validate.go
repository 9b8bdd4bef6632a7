package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
	"github.com/tongban/tongban/node/catalog"
)

func itemValidateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate [FILE]",
		Short: "校验事项文件，无需连接节点 (check an item file; needs no node)",
		Long: `校验事项文件，一次列出全部错误；不写入任何内容。默认在本机校验随程序附带的文件；
--at-node 由节点按其现有目录校验。
Checks an item file and lists everything that is wrong with it. Nothing is
written. Without FILE the one in this program is checked.`,
		Example: `  tongban item validate items.json
  tongban item validate items.json --at-node --node http://127.0.0.1:8080
  tongban item validate --json < /dev/null`,
		Args: arguments(0, 1, "FILE"),
	}
	connectionFlags(cmd)
	atNode := cmd.Flags().Bool("at-node", false, "由节点校验 (let the node check it)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		content := data.Items()
		if len(args) == 1 {
			var err error
			if content, err = readInput(cmd, args[0]); err != nil {
				return err
			}
		}
		if !*atNode {
			return reportFile(printerOf(cmd), validateHere(content))
		}
		return validateAtNode(cmd, content)
	}
	return cmd
}

// validateHere checks a file as the node's import does.
func validateHere(content []byte) client.FileReport {
	items, ruled, faults := catalog.ParseItemsRuled(content)
	return client.FileReport{Ok: len(faults) == 0, Count: len(items), Faults: append([]client.Fault{}, faults...), Ruled: ruled}
}

func validateAtNode(cmd *cobra.Command, content []byte) error {
	c, err := connect(cmd)
	if err != nil {
		return err
	}
	if err := c.loggedIn(cmd.Context()); err != nil {
		return err
	}
	a, err := answered[client.FileReport](c.api.ValidateItemsWithBody(cmd.Context(), "application/json", bytes.NewReader(content)))
	if err != nil {
		return err
	}
	return reportFile(c.printer, a.value)
}

// reportFile prints a report; the error of a faulty file is its list.
func reportFile(p printer, report client.FileReport) error {
	switch {
	case p.json:
		if err := p.showValue(report); err != nil || report.Ok {
			return err
		}
		return toldAlready
	case !report.Ok:
		return faultsFound(report.Faults)
	}
	if _, err := fmt.Fprintf(p.out, p.pick("没有错误，共 %d 项\n", "no faults, %d items\n"), report.Count); err != nil {
		return err
	}
	showRuled(p.out, p, report.Ruled)
	printWarnings(p.out, p.language, report.Warnings)
	return nil
}

// showRuled lists the papers that a rule took to be minor, for whoever imports the file
// to look at.
func showRuled(w io.Writer, p printer, ruled []client.RuledPapers) {
	if len(ruled) == 0 {
		return
	}
	zh, en := catalog.RuledWords(ruled)
	fmt.Fprintln(w, p.pick(zh, en))
	t := newTable(p.pick("编码", "CODE"), p.pick("可容缺材料", "MINOR PAPERS"))
	for _, r := range ruled {
		t.row(r.Item, strings.Join(r.Materials, "、"))
	}
	t.write(w, p.language)
}

func itemImportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "导入事项，形成草稿 (draft what a file changes)",
		Long: `将文件中有变化的事项形成下一版本草稿，全部或全不；重复导入同一文件不会再形成草稿。
草稿须由另一人复核 (item approve) 后发布 (item publish)。
材料可否容缺受理由文件写明 ("tolerable": "yes" 或 "no")；未写明的按规则认定并在导入后列出：
可共享核查，且不是身份、资格、许可证明或申请书表的，可容缺。
Drafts the next version of every item that differs, all or nothing. Whether a paper may
come after acceptance is for the file to say ("tolerable"); where it does not, a rule does,
and the papers it lets come later are listed.`,
		Example: "  tongban item import items.json\n  tongban item import - < items.json",
		Args:    oneArgument("FILE"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		content, err := readInput(cmd, args[0])
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.ImportItemsWithBody(cmd.Context(), nil, "application/json", bytes.NewReader(content))
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.DraftReport) {
			t := newTable(c.pick("编码", "CODE"), c.pick("版本", "VERSION"))
			for _, d := range v.Drafted {
				t.row(d.Code, number(d.Version))
			}
			if len(v.Drafted) > 0 {
				t.write(w, c.language)
			}
			fmt.Fprintf(w, c.pick("形成草稿 %d 项，未变 %d 项\n", "drafted %d, unchanged %d\n"), len(v.Drafted), v.Unchanged)
			showRuled(w, c.printer, v.Ruled)
			printWarnings(w, c.language, v.Warnings)
		})
	})
}
