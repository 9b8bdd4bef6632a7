package main

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/ledger"
)

func feeCommand() *cobra.Command {
	return group("fee", "收费：缴款通知、收款、减免、退费、撤销 (fees)",
		"  tongban fee list --outstanding\n  tongban fee act 330523110200-20261123-01-000045-7 pay --charge ENTRY --amount 20.00 --bill 33000123456789",
		feeListCommand(), feeShowCommand(), feeActCommand())
}

func feeListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "收费窗口：已开具缴款通知的办件 (what was charged)",
		Example: "  tongban fee list --outstanding",
		Args:    noArguments,
	}
	var params client.ListFeesParams
	cmd.Flags().BoolVar(&params.Outstanding, "outstanding", false, "只列待缴的 (only what is still to be paid)")
	cmd.Flags().IntVar(&params.Limit, "limit", 0, "最多列多少件，默认 50 (at most this many; default 50)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListFees(cmd.Context(), &params) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.FeeList) {
			t := newTable(c.pick("办件编号", "NUMBER"), c.pick("事项", "ITEM"), c.pick("部门", "DEPARTMENT"), c.pick("待缴（元）", "DUE (YUAN)"))
			for _, f := range v.Cases {
				t.row(f.Number, f.ItemName, f.Department, fee.Yuan(f.Outstanding))
			}
			t.write(w, c.language)
		})
	})
}

func feeShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NUMBER",
		Short:   "办件的收费标准与缴退情况 (the account of a case)",
		Example: "  tongban fee show 330523110200-20261123-01-000045-7",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetCaseFees(cmd.Context(), caseID(args[0])) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.CaseFees) { showFees(w, c.language, v) })
	})
}

func showFees(w io.Writer, lang language, v *client.CaseFees) {
	var s sheet
	s.line(lang.pick("办件编号", "number"), v.Number)
	s.line(lang.pick("事项", "item"), v.Item+" "+v.ItemName)
	s.line(lang.pick("收费标准", "standard"), v.Standard)
	for _, r := range v.Tariff {
		s.line(lang.pick("可收", "may be charged"), fmt.Sprintf("%s %s/%s %s", r.Name, fee.Yuan(r.AmountFen), r.Unit, r.Basis))
	}
	s.line(lang.pick("待缴（元）", "due (yuan)"), fee.Yuan(v.Outstanding))
	if v.BeforeIssue {
		s.line(lang.pick("制发", "issue"), lang.pick("缴费后制发", "after payment"))
	}
	s.line(lang.pick("可办理", "you may"), joined(v.Actions))
	s.write(w)
	fmt.Fprintln(w)
	t := newTable(lang.pick("缴款通知", "CHARGE"), lang.pick("时间", "TIME"), lang.pick("项目", "FOR"), lang.pick("应缴", "TOTAL"), lang.pick("减免", "WAIVED"), lang.pick("已缴", "PAID"), lang.pick("已退", "PAID BACK"), lang.pick("撤销", "CANCELLED"))
	for _, c := range v.Charges {
		var lines []string
		for _, l := range c.Lines {
			lines = append(lines, fmt.Sprintf("%s×%d", l.Rate, l.Quantity))
		}
		t.row(c.ID, moment(c.AtMS), strings.Join(lines, " "), fee.Yuan(c.Total), fee.Yuan(c.Waived), fee.Yuan(c.Paid), fee.Yuan(c.Returned), cancelledWhy(&c))
	}
	t.write(w, lang)
}

// cancelledWhy is when and why a charge was cancelled; empty where it was not.
func cancelledWhy(c *fee.Charge) string {
	at := c.CancelledMS()
	if at == 0 {
		return ""
	}
	return moment(at) + " " + c.Events[len(c.Events)-1].Text
}

var feeKinds = []client.FeeActionKind{client.FeeActCharge, client.FeeActPay, client.FeeActWaive, client.FeeActRefund, client.FeeActCancel}

func feeActCommand() *cobra.Command {
	var a client.FeeAction
	var lines []string
	var amount, method string
	cmd := &cobra.Command{
		Use:   "act NUMBER KIND",
		Short: "开具缴款通知、收款、减免、退费、撤销 (charge, pay, waive, refund, cancel)",
		Long: `charge 开具缴款通知，只能按目录中的收费标准　pay 收款（全额）
waive 减免（写明法律依据）　refund 退费；由负责人登记
cancel 撤销误开的、尚未缴纳或减免的缴款通知，由开具的窗口办理
金额以元为单位，如 20 或 20.50。
Amounts are in yuan.`,
		Example: `  tongban fee act 330523110200-20261123-01-000045-7 charge --line 换领=1=20.00
  tongban fee act 330523110200-20261123-01-000045-7 pay --charge ENTRY --amount 20 --bill 33000123456789
  tongban fee act 330523110200-20261123-01-000045-7 waive --charge ENTRY --amount 10 --ground 低保对象减半收取
  tongban fee act 330523110200-20261123-01-000045-7 refund --charge ENTRY --amount 5 --reason 多收
  tongban fee act 330523110200-20261123-01-000045-7 cancel --charge ENTRY --reason 开错收费项目`,
		Args: aboutCase(arguments(2, 2, "NUMBER, KIND")),
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&lines, "line", nil, "收费项目 RATE=QUANTITY=AMOUNT，可重复：charge (a line; repeatable)")
	flags.StringVar(&a.Charge, "charge", "", "缴款通知的条目：pay、waive、refund、cancel (the charge it is about)")
	flags.StringVar(&amount, "amount", "", "金额（元）：pay、waive、refund (yuan)")
	flags.StringVar(&method, "method", string(client.PaidCash), "cash、card、transfer 或 online：pay (how)")
	flags.StringVar(&a.Bill, "bill", "", "财政票据号：pay (number of the fiscal bill)")
	flags.StringVar(&a.Ground, "ground", "", "减免依据：waive (the ground in law)")
	flags.StringVar(&a.Reason, "reason", "", "原因：refund、cancel (why)")
	flags.BoolVar(&a.Further, "further", false, "本件已有缴款通知，确需另收：charge (charged beside what was charged already)")
	key := keyFlag(cmd)
	completeFlag(cmd, "method", completeWords("cash", "card", "transfer", "online"))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		a.Kind = client.FeeActionKind(args[1])
		if !slices.Contains(feeKinds, a.Kind) {
			return usagef("没有这种办理 %q，应为 %s (no such step)", args[1], joined(feeKinds))
		}
		if a.Kind == client.FeeActPay {
			a.Method = client.FeeActionMethod(method)
		}
		var err error
		if a.Kind != client.FeeActCharge && a.Kind != client.FeeActCancel {
			if a.Amount, err = parseYuan("amount", amount); err != nil {
				return err
			}
		}
		for _, text := range lines {
			l, err := parseFeeLine(text)
			if err != nil {
				return err
			}
			a.Lines = append(a.Lines, l)
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		r, err := answered[client.FeeReceipt](c.api.ActOnCaseFees(cmd.Context(), caseID(args[0]), &client.ActOnCaseFeesParams{IdempotencyKey: *key}, a))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return r.show(c.printer, func(w io.Writer, v *client.FeeReceipt) {
			fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
			showFees(w, c.language, &v.Fees)
		})
	})
}

func parseFeeLine(text string) (ledger.FeeLine, error) {
	parts := strings.Split(text, "=")
	if len(parts) != 3 {
		return ledger.FeeLine{}, usagef("--line %q：应如 换领=1=20.00 (should be RATE=QUANTITY=AMOUNT)", text)
	}
	quantity, err := strconv.Atoi(parts[1])
	if err != nil || quantity < 1 {
		return ledger.FeeLine{}, usagef("--line %q：数量应为正整数 (the quantity is a positive number)", text)
	}
	amount, err := parseYuan("line", parts[2])
	return ledger.FeeLine{Rate: parts[0], Quantity: quantity, Amount: amount}, err
}

// parseYuan reads an amount in yuan as fen, without a float in between.
func parseYuan(flag, text string) (int64, error) {
	whole, cents, pointed := strings.Cut(text, ".")
	yuan, err := strconv.ParseInt(whole, 10, 64)
	var fen int64
	if err == nil && pointed {
		fen, err = strconv.ParseInt((cents + "00")[:2], 10, 64)
	}
	if err != nil || len(cents) > 2 || pointed && cents == "" || yuan < 0 || fen < 0 || yuan > math.MaxInt64/1000 || yuan == 0 && fen == 0 {
		return 0, usagef("--%s %q：应为金额（元），如 20 或 20.50 (an amount in yuan)", flag, text)
	}
	return yuan*100 + fen, nil
}
