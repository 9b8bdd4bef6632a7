package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identifier"
)

func accountCommand() *cobra.Command {
	return group("account", "群众和单位的网上办事账户 (accounts of those who apply from home)",
		"  tongban account open --name 李某 --number 33059919850412005X --phone 13800000000\n  tongban account activate --number 33059919850412005X --code 7KQ2-M0XV-9TRB",
		accountOpenCommand(), accountFindCommand(), accountAgentsCommand(), accountContactCommand(), accountDisableCommand(true), accountDisableCommand(false),
		accountActivateCommand(), accountShowCommand(), accountTOTPCommand())
}

func accountOpenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "open",
		Short: "当面核验证件后开户，打印激活码 (open an account in person, against the ID)",
		Long: `当面核验身份证或营业执照后开户，并显示一次激活码。已有账户的，领到的是新激活码
（忘记密码时即如此找回）。线路中断时也可开户，数据上报后激活码可用。
Looks at somebody's ID in person and makes out an activation code, shown this
once. For who has an account it is how a lost password is recovered.`,
		Example: `  tongban account open --name 李某 --number 33059919850412005X --phone 13800000000
  tongban account open --name 甲子茶业有限公司 --number 91330599MA000TB146 --shown 营业执照 --agent 王芳,330599200103152464,授权委托书,2027-12-31`,
		Args: noArguments,
	}
	var in client.AccountOpening
	flags := cmd.Flags()
	flags.StringVar(&in.Name, "name", "", "姓名或单位名称 (name)")
	flags.StringVar(&in.Number, "number", "", "身份证号码或统一社会信用代码 (ID number or USCC)")
	flags.StringVar(&in.Phone, "phone", "", "联系电话 (phone)")
	flags.StringVar(&in.Shown, "shown", "", "核验的证件，默认居民身份证或营业执照 (the document that was looked at)")
	kind := kindFlag(cmd)
	agents := agentFlag(cmd)
	key := keyFlag(cmd)
	required(cmd, "name", "number")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) (err error) {
		if in.Type, err = applicantType(*kind, in.Number); err != nil {
			return err
		}
		if in.Shown == "" {
			in.Shown = map[client.ApplicantType]string{client.TypePerson: "居民身份证", client.TypeOrganisation: "营业执照"}[in.Type]
		}
		if in.Agents, err = parseAgents(*agents); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		a, err := answered[client.AccountOpened](c.api.OpenAccount(cmd.Context(), &client.OpenAccountParams{IdempotencyKey: *key}, in))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.AccountOpened) {
			var s sheet
			s.line(c.pick("激活码（只显示这一次）", "code (shown this once)"), v.Code)
			s.line(c.pick("有效期至", "until"), moment(v.ExpiresAt))
			s.write(w)
			fmt.Fprintln(w, recordedLine(c.language, v.Recorded))
		})
	})
}

// aboutNumber makes cmd a command whose one argument is the number of a person or a
// firm: it gets the flag that says of which.
func aboutNumber(cmd *cobra.Command, work func(cmd *cobra.Command, c *connection, number client.AccountNumber) error) *cobra.Command {
	kind := kindFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		t, err := applicantType(*kind, args[0])
		if err != nil {
			return err
		}
		return work(cmd, c, client.AccountNumber{Type: t, Number: args[0]})
	})
}

func accountFindCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "find NUMBER",
		Short:   "查询账户 (how the account of a number stands)",
		Example: "  tongban account find 33059919850412005X",
		Args:    oneArgument("NUMBER"),
	}
	return aboutNumber(cmd, func(cmd *cobra.Command, c *connection, number client.AccountNumber) error {
		send := func() (*http.Response, error) { return c.api.FindAccount(cmd.Context(), number) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.AccountState) {
			var s sheet
			s.line(c.pick("账户", "account"), v.Name+" "+v.Number)
			s.line(c.pick("开户地点", "opened at"), string(v.Home))
			s.line(c.pick("状态", "state"), accountState(c.language, v))
			for _, g := range v.Agents {
				s.line(c.pick("经办人", "agent"), g.Name+" "+g.Number+" "+g.Authority)
			}
			s.write(w)
		})
	})
}

func accountState(lang language, v *client.AccountState) string {
	switch {
	case v.Disabled:
		return lang.pick("已停用", "closed")
	case v.Activated:
		return lang.pick("已激活", "activated")
	case v.Unsure:
		return lang.pick("激活码已于 "+moment(v.SinceMs)+" 出具；此后是否激活本机无从得知，因为密码和激活记录只存县中心：请向县中心查询",
			"the code was made out on "+moment(v.SinceMs)+"; whether it was used since cannot be known here, for passwords and activations stay at the county: ask there")
	case v.CodeWaiting:
		return lang.pick("待激活", "waits to be activated")
	}
	return lang.pick("未激活", "not activated")
}

func accountAgentsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "agents USCC",
		Short:   "登记单位经办人，取代原有的 (who may act for a firm, instead of those there were)",
		Example: "  tongban account agents 91330599MA000TB146 --agent 王芳,330599200103152464,授权委托书,2027-12-31\n  tongban account agents 91330599MA000TB146 --none",
		Args:    oneArgument("USCC"),
	}
	agents := agentFlag(cmd)
	none := cmd.Flags().Bool("none", false, "不留任何经办人 (nobody any more)")
	key := keyFlag(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if *none == (len(*agents) > 0) {
			return usagef("请给出 --agent，或用 --none (give --agent, or --none)")
		}
		list, err := parseAgents(*agents)
		if err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		send := func() (*http.Response, error) {
			return c.api.SetAccountAgents(cmd.Context(), &client.SetAccountAgentsParams{IdempotencyKey: *key}, client.AgentsRequest{Number: args[0], Agents: list})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Recorded) { fmt.Fprintln(w, recordedLine(c.language, *v)) })
	})
}

func accountContactCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "contact NUMBER",
		Short:   "当面确认告知邮箱，无需确认码 (confirm in person where somebody is told by mail)",
		Example: "  tongban account contact 33059919850412005X --email zhang.san@example.cn --shown 居民身份证",
		Args:    oneArgument("NUMBER"),
	}
	var body client.ContactAttest
	cmd.Flags().StringVar(&body.Email, "email", "", "告知邮箱 (mail address)")
	cmd.Flags().StringVar(&body.Shown, "shown", "", "核对的证件 (the document that was looked at)")
	kind := kindFlag(cmd)
	key := keyFlag(cmd)
	required(cmd, "email", "shown")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) (err error) {
		if body.Type, err = applicantType(*kind, args[0]); err != nil {
			return err
		}
		body.Number = args[0]
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		send := func() (*http.Response, error) {
			return c.api.AttestAccountContact(cmd.Context(), &client.AttestAccountContactParams{IdempotencyKey: *key}, body)
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Recorded) { fmt.Fprintln(w, recordedLine(c.language, *v)) })
	})
}

func accountDisableCommand(disable bool) *cobra.Command {
	cmd := &cobra.Command{Use: "disable NUMBER", Short: "停用账户 (close an account)", Example: "  tongban account disable 33059919850412005X --reason 本人申请", Args: oneArgument("NUMBER")}
	if !disable {
		cmd.Use, cmd.Short, cmd.Example = "enable NUMBER", "恢复账户 (open an account again)", "  tongban account enable 33059919850412005X --reason 本人到场申请"
	}
	reason := cmd.Flags().String("reason", "", "原因 (reason)")
	kind := kindFlag(cmd)
	key := keyFlag(cmd)
	required(cmd, "reason")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		t, err := applicantType(*kind, args[0])
		if err != nil {
			return err
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		sayKey(c, key)
		send := func() (*http.Response, error) {
			return c.api.DisableAccount(cmd.Context(), &client.DisableAccountParams{IdempotencyKey: *key},
				client.AccountDisabling{Type: t, Number: args[0], Disabled: &disable, Reason: *reason})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Recorded) { fmt.Fprintln(w, recordedLine(c.language, *v)) })
	})
}

func kindFlag(cmd *cobra.Command) *string {
	kind := cmd.Flags().String("type", "", "person 自然人或 organisation 单位，默认按号码 (default as the number says)")
	completeFlag(cmd, "type", completeWords("person", "organisation"))
	return kind
}

func agentFlag(cmd *cobra.Command) *[]string {
	return cmd.Flags().StringArray("agent", nil, "经办人 姓名,身份证号码,授权凭证[,截止日]，可重复 (NAME,NUMBER,AUTHORITY[,UNTIL]; repeatable)")
}

// applicantType is as it was given, or else what a number looks like.
func applicantType(given, number string) (client.ApplicantType, error) {
	switch t := client.ApplicantType(given); t {
	case client.TypePerson, client.TypeOrganisation:
		return t, nil
	case "":
	default:
		return "", usagef("--type %q：应为 person 或 organisation (one of these)", given)
	}
	if _, err := identifier.ParseIDNumber(number, calendar.DateOf(time.Now())); err == nil {
		return client.TypePerson, nil
	}
	if _, err := identifier.ParseUSCC(number); err == nil {
		return client.TypeOrganisation, nil
	}
	return "", usagef("号码不是身份证号码，也不是统一社会信用代码，请核对 (neither an ID number nor a USCC)")
}

func parseAgents(texts []string) ([]client.AccountAgent, error) {
	list := []client.AccountAgent{}
	for _, text := range texts {
		parts := strings.Split(text, ",")
		if len(parts) != 3 && len(parts) != 4 {
			return nil, usagef("--agent %q：应如 王芳,330599200103152464,授权委托书[,2027-12-31] (should be)", text)
		}
		g := client.AccountAgent{Name: parts[0], Number: parts[1], Authority: parts[2]}
		if len(parts) == 4 {
			until, err := parseDate("agent", parts[3])
			if err != nil {
				return nil, err
			}
			g.Until = until
		}
		list = append(list, g)
	}
	return list, nil
}
