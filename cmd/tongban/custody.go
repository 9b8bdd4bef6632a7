package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func custodyCommand() *cobra.Command {
	return group("custody", "纸质材料交接：移交、签收、在谁手里 (paper originals: who has them)",
		"  tongban custody hand-over --to 330523110 330523110200-20261123-01-000045-7\n  tongban custody receive J261123-KEMQHAPB\n  tongban custody where 330523110200-20261123-01-000045-7",
		custodyHandOverCommand(), custodyReceiveCommand(), custodyListCommand(), custodyShowCommand(), custodyWhereCommand(), custodyPrintCommand())
}

func custodyHandOverCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hand-over NUMBER[=MATERIAL,MATERIAL]…",
		Short: "移交材料，生成交接单 (hand papers over, on one list)",
		Long: `将办件的纸质材料移交上级或下级单位，列入一份交接单。不列材料则移交该办件在本单位的全部材料。
有一份不在本单位，就都不移交。断网时同样可用。
Hands papers of cases over to an office above or below. Without MATERIAL all that
are here go. Nothing is handed over unless every paper is here.`,
		Example: `  tongban custody hand-over --to 330523110 330523110200-20261123-01-000045-7 330523110200-20261123-01-000046-5 --carrier 通讯员
  tongban custody hand-over --to 330523110200 330523110200-20261123-01-000045-7=户口簿,结婚证`,
		Args: papersOfCases,
	}
	to := cmd.Flags().String("to", "", "接收单位的区划代码 (who receives them)")
	completeFlag(cmd, "to", completeDivisions)
	var request client.HandOverRequest
	cmd.Flags().StringVar(&request.Carrier, "carrier", "", "送件人 (who takes them there)")
	cmd.Flags().StringVar(&request.Note, "note", "", "备注 (note)")
	key := keyFlag(cmd)
	required(cmd, "to")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		place, err := parseDivision("to", *to)
		if err != nil {
			return err
		}
		request.To = place
		for _, text := range args {
			number, names, some := strings.Cut(text, "=")
			selected := client.CaseSelection{Case: caseID(number)}
			if some {
				selected.Materials = strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == '，' })
			}
			request.Cases = append(request.Cases, selected)
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		return recordTransfer(cmd, c, key, func() (*http.Response, error) {
			return c.api.HandOver(cmd.Context(), &client.HandOverParams{IdempotencyKey: *key}, request)
		})
	})
}

// papersOfCases checks NUMBER[=MATERIAL,…] arguments.
func papersOfCases(cmd *cobra.Command, given []string) error {
	if err := arguments(1, 100, "NUMBER")(cmd, given); err != nil {
		return err
	}
	for _, text := range given {
		number, _, _ := strings.Cut(text, "=")
		if err := impersonal(number); err != nil {
			return err
		}
	}
	return nil
}

func custodyReceiveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "receive LIST",
		Short: "签收材料；移交单位用它收回未送达的 (receive what is on the way on a list)",
		Long: `签收交接单上尚未签收的材料，缺少、损坏的除外。缺少的仍由移交单位负责，双方的“需处理”中都会提示；
以后找到的，由找到的一方再次执行本命令签收。
Receives what is still on the way, but for what is named missing. That stays the
sender's to answer for, both ends are told, and whoever finds it receives it with
the same command.`,
		Example: `  tongban custody receive J261123-KEMQHAPB
  tongban custody receive J261123-KEMQHAPB --missing 330523110200-20261123-01-000045-7=结婚证
  tongban custody receive J261123-KEMQHAPB --damaged 330523110200-20261123-01-000045-7=户口簿=缺末页`,
		Args: oneArgument("LIST"),
	}
	missing := cmd.Flags().StringArray("missing", nil, "缺少的 NUMBER=MATERIAL[=说明]，可重复 (did not arrive; repeatable)")
	damaged := cmd.Flags().StringArray("damaged", nil, "损坏的 NUMBER=MATERIAL=如何损坏，可重复 (arrived, but not as sent; repeatable)")
	note := cmd.Flags().String("note", "", "备注 (note)")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		request := client.ReceiptRequest{Note: *note}
		var err error
		if request.Missing, err = parseRemarks("missing", *missing, 2); err != nil {
			return err
		}
		if request.Damaged, err = parseRemarks("damaged", *damaged, 3); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		return recordTransfer(cmd, c, key, func() (*http.Response, error) {
			return c.api.ReceiveTransfer(cmd.Context(), args[0], &client.ReceiveTransferParams{IdempotencyKey: *key}, request)
		})
	})
}

// recordTransfer sends a hand-over or a receipt, and prints the list after it.
func recordTransfer(cmd *cobra.Command, c *connection, key *string, send func() (*http.Response, error)) error {
	if err := c.loggedIn(cmd.Context()); err != nil {
		return err
	}
	sayKey(c, key)
	a, err := answered[client.Transfer](send())
	if err != nil {
		return uncertain(c, err, *key)
	}
	return a.show(c.printer, func(w io.Writer, v *client.Transfer) { showTransfer(w, c.language, v) })
}

// parseRemarks reads NUMBER=MATERIAL=NOTE; least says how many parts there must
// be.
func parseRemarks(flag string, texts []string, least int) ([]client.PaperRemark, error) {
	var remarks []client.PaperRemark
	for _, text := range texts {
		parts := strings.SplitN(text, "=", 3)
		if len(parts) < least || parts[0] == "" || parts[1] == "" || least > 2 && parts[2] == "" {
			return nil, usagef("--%s %q：应如 办件编号=户口簿=说明 (should be NUMBER=MATERIAL=NOTE)", flag, text)
		}
		if err := impersonal(parts[0]); err != nil {
			return nil, err
		}
		r := client.PaperRemark{Case: caseID(parts[0]), Material: parts[1]}
		if len(parts) == 3 {
			r.Note = parts[2]
		}
		remarks = append(remarks, r)
	}
	return remarks, nil
}

func custodyListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "交接单清单 (transfer lists)",
		Example: "  tongban custody list\n  tongban custody list --view incoming",
		Args:    noArguments,
	}
	view := cmd.Flags().String("view", "", "open 在途（默认）、incoming 待签收、outgoing 已移交、all 全部 (open, incoming, outgoing, all)")
	completeFlag(cmd, "view", completeWords("open", "incoming", "outgoing", "all"))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) {
			return c.api.ListTransfers(cmd.Context(), &client.ListTransfersParams{View: client.ListTransfersParamsView(*view)})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.TransferList) {
			t := newTable(c.pick("交接单", "LIST"), c.pick("移交", "FROM"), c.pick("接收", "TO"), c.pick("时间", "TIME"), c.pick("材料", "PAPERS"), c.pick("在途", "ON THE WAY"), c.pick("到达", "WORD"))
			for _, l := range v.Transfers {
				t.row(l.List, l.FromName+" "+string(l.From), l.ToName+" "+string(l.To), moment(l.SentMs), number(len(l.Papers)), count(l.Open), wordName(c.language, l.Word, l.WordZh))
			}
			t.write(w, c.language)
		})
	})
}

func custodyShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show LIST",
		Short:   "一份交接单：每份材料到了没有 (one list, paper by paper)",
		Example: "  tongban custody show J261123-KEMQHAPB",
		Args:    oneArgument("LIST"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetTransfer(cmd.Context(), args[0]) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Transfer) { showTransfer(w, c.language, v) })
	})
}

func showTransfer(w io.Writer, lang language, v *client.Transfer) {
	var s sheet
	s.line(lang.pick("交接单", "list"), v.List)
	s.line(lang.pick("移交", "from"), v.FromName+" "+string(v.From))
	s.line(lang.pick("接收", "to"), v.ToName+" "+string(v.To))
	s.line(lang.pick("时间", "time"), moment(v.SentMs)+" "+v.SentBy.Name)
	s.line(lang.pick("送件人", "carrier"), v.Carrier)
	s.line(lang.pick("备注", "note"), v.Note)
	s.line(lang.pick("到达", "word"), wordName(lang, v.Word, v.WordZh))
	s.line(lang.pick("在途", "on the way"), number(v.Open))
	if v.Left > 0 {
		s.line(lang.pick("由其他窗口签收", "another desk's"), number(v.Left))
	}
	s.write(w)
	fmt.Fprintln(w)
	t := newTable(lang.pick("编号", "NUMBER"), lang.pick("事项", "ITEM"), lang.pick("材料", "MATERIAL"), lang.pick("状态", "STATE"), lang.pick("时间", "TIME"), lang.pick("说明", "NOTE"))
	for _, p := range v.Papers {
		t.row(p.Number, p.ItemName, p.Material, paperState(lang, p.State), moment(p.ReceivedMs), p.Note)
	}
	t.write(w, lang)
}

func paperState(lang language, s client.TransferPaperState) string {
	zh := map[client.TransferPaperState]string{client.PaperOnTheWay: "在途", client.PaperReceived: "已签收", client.PaperMissing: "未收到", client.PaperTakenBack: "已收回"}[s]
	return lang.pick(zh, strings.ReplaceAll(string(s), "_", " "))
}

func custodyWhereCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "where NUMBER",
		Short:   "办件的纸质材料在谁手里 (who has the papers of a case)",
		Example: "  tongban custody where 330523110200-20261123-01-000045-7",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetCasePapers(cmd.Context(), caseID(args[0])) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.CasePapers) {
			fmt.Fprintln(w, clean(v.Number))
			t := newTable(c.pick("材料", "MATERIAL"), c.pick("在哪里", "WHERE"), c.pick("自", "SINCE"), c.pick("负责", "ANSWERABLE"), c.pick("说明", "NOTE"))
			for _, p := range v.Papers {
				t.row(p.Material, paperPlace(c.language, &p), moment(p.SinceMs), strings.TrimSpace(p.AnswerableName+" "+string(p.Answerable)), strings.Join(p.Damaged, "；"))
			}
			t.write(w, c.language)
		})
	})
}

func paperPlace(lang language, p *client.CasePaper) string {
	switch {
	case p.Returned:
		return lang.pick("已退还申请人", "given back to the applicant")
	case p.List == "":
		return strings.TrimSpace(p.AtName + " " + string(p.At))
	case p.Missing:
		return fmt.Sprintf(lang.pick("未收到：%s → %s", "did not arrive: %s → %s"), p.List, p.ToName)
	}
	return fmt.Sprintf(lang.pick("在途：%s → %s", "on the way: %s → %s"), p.List, p.ToName)
}

func custodyPrintCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "print LIST",
		Short:   "打印交接单，A4，双方签字 (the list for both ends to sign)",
		Example: "  tongban custody print J261123-KEMQHAPB --out list.html",
		Args:    oneArgument("LIST"),
	}
	out := cmd.Flags().String("out", "", "写入文件，默认标准输出 (file to write; default standard output)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		format := client.GetTransferDocumentParamsFormat("html")
		if c.json {
			format = "json"
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		return writePage(c, func() (*http.Response, error) {
			return c.api.GetTransferDocument(cmd.Context(), args[0], &client.GetTransferDocumentParams{Format: format})
		}, *out)
	})
}
