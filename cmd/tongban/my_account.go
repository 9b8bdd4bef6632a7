package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func myComplaintCommand() *cobra.Command {
	return group("complaint", "我的投诉、建议和咨询 (what one complained of, with the replies)",
		"  tongban my complaint open --type complaint --text 窗口中午无人值守\n  tongban my complaint list",
		myComplaintOpenCommand(), myComplaintListCommand())
}

func myComplaintOpenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "open",
		Short: "以账户提出，答复在账户中查看 (from one's account, which shows the reply)",
		Example: `  tongban my complaint open --type complaint --case 330523110200-20261123-01-000045-7 --text 超期未办
  tongban my complaint open --type inquiry --item TB-MZJ-004 --text 需要哪些材料`,
		Args: noArguments,
	}
	f := complaintFlags(cmd)
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		return openComplaint(c, f, key, func(r client.ComplaintRequest) (*http.Response, error) {
			return c.api.OpenMyComplaint(cmd.Context(), &client.OpenMyComplaintParams{IdempotencyKey: *key}, r)
		})
	})
}

func myComplaintListCommand() *cobra.Command {
	return forApplicant(&cobra.Command{Use: "list", Short: "我提出的及答复 (those of one's account, with the replies)", Example: "  tongban my complaint list", Args: noArguments},
		func(cmd *cobra.Command, c *connection, _ []string) error {
			send := func() (*http.Response, error) { return c.api.ListMyComplaints(cmd.Context()) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyComplaints) {
				t := newTable(c.pick("编号", "NUMBER"), c.pick("类型", "TYPE"), c.pick("时间", "TIME"), c.pick("内容", "TEXT"), c.pick("答复期限", "DUE"), c.pick("答复", "REPLY"))
				for _, x := range v.Complaints {
					t.row(x.Number, c.pick(complaintTypeZH[string(x.Type)], string(x.Type)), moment(x.OpenedAt), x.Text, x.Due.String(), x.Reply)
				}
				t.write(w, c.language)
			})
		})
}

func myAgentsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agents",
		Short: "单位登记经办人，取代原有的 (a firm names who may act for it, instead of those there were)",
		Long: `以单位账户登录。经办人须有授权凭证，可限定截止日。不带选项时列出现有经办人。
Logged in as the firm. Each has a proof of authority, and an end if wanted. Without
options those there are are listed.`,
		Example: `  tongban my agents
  tongban my agents --agent 王芳,330599200103152464,授权委托书,2027-12-31
  tongban my agents --none`,
		Args: noArguments,
	}
	agents := agentFlag(cmd)
	none := cmd.Flags().Bool("none", false, "不留任何经办人 (nobody any more)")
	key := keyFlag(cmd)
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if *none && len(*agents) > 0 {
			return usagef("--agent 与 --none 只能给一个 (one of the two)")
		}
		list, err := parseAgents(*agents)
		if err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		show := func(w io.Writer, v *client.MyAccount) {
			t := newTable(c.pick("经办人", "AGENT"), c.pick("身份证号码", "NUMBER"), c.pick("授权凭证", "AUTHORITY"), c.pick("截止日", "UNTIL"))
			for _, a := range v.Agents {
				t.row(a.Name, a.Number, a.Authority, a.Until.String())
			}
			t.write(w, c.language)
		}
		if !*none && len(*agents) == 0 {
			return ask(cmd.Context(), c, func() (*http.Response, error) { return c.api.GetMySession(cmd.Context()) }, show)
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		if list == nil {
			list = []client.AccountAgent{}
		}
		a, err := answered[client.MyAccount](c.api.SetMyAgents(cmd.Context(), &client.SetMyAgentsParams{IdempotencyKey: *key}, client.MyAgents{Agents: list}))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, show)
	})
}

func myProviderCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "provider",
		Short: "统一身份认证：有无、关联、解除 (the identity provider one may log in with)",
		Long: `显示县里是否接入统一身份认证。经认证系统登录和关联须在浏览器中进行：打开县中心网站的登录页。
--unlink 解除本账户的关联，须用密码，并退出其他登录。
Whether the county has one. Logging in with it, and linking it, takes a browser: open the
county's login page. --unlink ends the link, with the password, and all other sessions.`,
		Example: "  tongban my provider\n  tongban my provider --unlink",
		Args:    noArguments,
	}
	unlink := cmd.Flags().Bool("unlink", false, "解除关联 (end the link)")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if !*unlink {
			return look(c, func() (*http.Response, error) { return c.api.GetProvider(cmd.Context()) }, func(w io.Writer, v *client.Provider) {
				if !v.Configured {
					fmt.Fprintln(w, c.pick("没有接入统一身份认证：请用证件号码和密码登录（tongban account activate）", "there is none: log in with number and password (tongban account activate)"))
					return
				}
				fmt.Fprintln(w, c.pick(v.LabelZh, cmp.Or(v.LabelEn, v.LabelZh)))
				fmt.Fprintln(w, c.pick("登录与关联：在浏览器打开 ", "to log in or link: open in a browser ")+c.session.saved.Node)
				if v.Opens {
					fmt.Fprintln(w, c.pick("首次登录即开户，无需到窗口激活", "the first login opens an account; no activation at a window is needed"))
				}
			})
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		_, password, err := c.session.passwords.ask(c.session.saved.Node, cmp.Or(c.session.saved.User, "-"))
		if err != nil {
			return err
		}
		a, err := answered[client.MySessionTokens](c.api.UnlinkProvider(cmd.Context(), client.PasswordProof{Password: password}))
		if err != nil {
			return err
		}
		if err := c.session.replace(cmd.Context(), asSession(&a.value, c.session.saved.User)); err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.out, c.pick("已解除关联，其他登录已退出", "unlinked; all other sessions are ended"))
		return err
	})
}
