package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func myNoticesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "notices", Short: "我收到的告知 (what one was told)", Example: "  tongban my notices", Args: noArguments}
	var params client.ListMyNoticesParams
	cmd.Flags().StringVar(&params.ActingFor, "acting-for", "", "只看所代单位的账户 (account of a firm)")
	cmd.Flags().IntVar(&params.Limit, "limit", 0, "最多列多少条，默认 50 (at most this many; default 50)")
	cmd.Flags().StringVar(&params.Cursor, "cursor", "", "从上一页之后继续 (continue a listing)")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		a, err := answered[client.NoticeList](c.api.ListMyNotices(cmd.Context(), &params))
		if err != nil {
			return err
		}
		return a.show(c.printer, func(w io.Writer, v *client.NoticeList) {
			t := newTable(c.pick("时间", "TIME"), c.pick("办件编号", "NUMBER"), c.pick("环节", "STEP"), c.pick("要做什么", "TO DO"))
			for _, n := range v.Notices {
				t.row(moment(n.AtMs), n.Number, c.pick(n.StepZh, n.StepEn), c.pick(n.TodoZh, n.TodoEn))
			}
			t.write(w, c.language)
			if v.NextCursor != "" {
				fmt.Fprintf(w, "--cursor %s\n", v.NextCursor)
			}
		})
	})
}

func myContactCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "contact", Short: "设置告知邮箱和语言 (where and in which language one is told)",
		Example: "  tongban my contact --email zhang.san@example.cn --language zh", Args: noArguments}
	var body client.MyContact
	cmd.Flags().StringVar(&body.Email, "email", "", "告知邮箱，空为不用邮件 (mail address; empty for none)")
	cmd.Flags().StringVar((*string)(&body.Language), "language", "zh", "zh 中文，en 中文加英文 (zh, or en for both)")
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if err := checkKey(*key); err != nil {
			return err
		}
		sayKey(c, key)
		a, err := answered[client.MyAccount](c.api.SetMyContact(cmd.Context(), &client.SetMyContactParams{IdempotencyKey: *key}, body))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.MyAccount) {
			fmt.Fprintf(w, "%s %s\n", v.Email, v.Language)
			if v.EmailUnconfirmed != "" {
				fmt.Fprintln(w, c.pick("待确认 "+clean(v.EmailUnconfirmed)+"：tongban my confirm-contact --send 发送确认码", clean(v.EmailUnconfirmed)+" is not confirmed: tongban my confirm-contact --send has a code sent"))
			}
		})
	})
}

func myConfirmContactCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "confirm-contact [CODE]", Short: "确认告知邮箱 (confirm the mail address)",
		Example: "  tongban my confirm-contact --send\n  tongban my confirm-contact 7K2M-PQ4X", Args: arguments(0, 1, "CODE")}
	send := cmd.Flags().Bool("send", false, "发送确认码 (have a code sent)")
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if *send == (len(args) > 0) {
			return usagef("请给出确认码，或用 --send (give the code, or --send)")
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if *send {
			return c.do(cmd.Context(), "确认码已发出", "the code was sent", func(ctx context.Context) (*http.Response, error) { return c.api.SendMyContactCode(ctx) })
		}
		sayKey(c, key)
		a, err := answered[client.MyAccount](c.api.ConfirmMyContact(cmd.Context(), &client.ConfirmMyContactParams{IdempotencyKey: *key}, client.ContactCode{Code: args[0]}))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.MyAccount) { fmt.Fprintln(w, clean(v.Email)) })
	})
}
