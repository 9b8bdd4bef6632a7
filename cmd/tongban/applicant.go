package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

// ofApplicants marks the commands of those who apply from home.
const ofApplicants = "tongban-applicant"

// applying reports whether a command is one of an applicant: one of theirs, or
// one with --applicant.
func applying(cmd *cobra.Command) bool {
	return cmd.Annotations[ofApplicants] != "" || flagOr(cmd, "applicant", "false") == "true"
}

// forApplicant makes cmd a command of those who apply from home.
func forApplicant(cmd *cobra.Command, work func(cmd *cobra.Command, c *connection, args []string) error) *cobra.Command {
	cmd.Annotations = map[string]string{ofApplicants: "yes"}
	cmd.Flags().String("otp", "", "动态码，启用了的账户需要 (one-time code, where the account asks for one)")
	return atNode(cmd, work)
}

func (s *session) logInApplicant(ctx context.Context, api *client.Client, number, password string) (*client.SessionTokens, error) {
	t, err := applicantType("", number)
	if err != nil {
		return nil, err
	}
	login := client.MyLogin{Type: t, Number: number, Password: password, Otp: s.otp, Mode: client.MyLoginBearer}
	a, err := answered[client.MySessionTokens](api.LogInApplicant(ctx, login))
	var refused *refusal
	if errors.As(err, &refused) && refused.Code == "totp_required" && s.otp == "" && s.passwords.terminal() != nil {
		if login.Otp, err = s.passwords.hidden("动态码 one-time code: "); err != nil {
			return nil, err
		}
		a, err = answered[client.MySessionTokens](api.LogInApplicant(ctx, login))
	}
	return asSession(&a.value, number), err
}

func (s *session) refreshApplicant(ctx context.Context, api *client.Client) (*client.SessionTokens, error) {
	a, err := answered[client.MySessionTokens](api.RefreshApplicant(ctx, client.RefreshRequest{RefreshToken: s.saved.Refresh}))
	return asSession(&a.value, s.saved.User), err
}

func changeApplicantPassword(ctx context.Context, c *connection, old, fresh string) (*client.SessionTokens, error) {
	a, err := answered[client.MySessionTokens](c.api.ChangeMyPassword(ctx, client.PasswordChange{OldPassword: old, NewPassword: fresh}))
	if err != nil {
		return nil, err
	}
	tokens := asSession(&a.value, c.session.saved.User)
	return tokens, c.session.replace(ctx, tokens)
}

// asSession is an applicant's session as the session file keeps it, under the
// number they log in with.
func asSession(t *client.MySessionTokens, number string) *client.SessionTokens {
	return &client.SessionTokens{AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, ExpiresAt: t.ExpiresAt,
		Session: client.Session{Login: number, Name: t.Account.Name}}
}

func accountActivateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "activate",
		Short: "用激活码激活账户并设置密码 (activate an account with the code from the slip)",
		Long: `用窗口打印的激活码激活账户，设置密码并登录。密码在终端输入，或用 --password-file。
Activates an account with the code that a window printed, sets the password
and logs in.`,
		Example: "  tongban account activate --node https://hub.example:8080 --number 33059919850412005X --code 7KQ2-M0XV-9TRB",
		Args:    noArguments,
	}
	number := cmd.Flags().String("number", "", "身份证号码或统一社会信用代码 (ID number or USCC)")
	code := cmd.Flags().String("code", "", "激活码 (the code)")
	kind := kindFlag(cmd)
	required(cmd, "number", "code")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		t, err := applicantType(*kind, *number)
		if err != nil {
			return err
		}
		password, err := newPassword(c.session.passwords, c.session.passwords.file)
		if err != nil {
			return err
		}
		api, err := c.session.bare()
		if err != nil {
			return err
		}
		a, err := answered[client.MySessionTokens](api.ActivateAccount(cmd.Context(), client.Activation{Type: t, Number: *number, Code: *code, Password: password, Mode: client.ActivationBearer}))
		if err != nil {
			return err
		}
		if err := c.session.replace(cmd.Context(), asSession(&a.value, *number)); err != nil {
			return err
		}
		return a.show(c.printer, func(w io.Writer, v *client.MySessionTokens) { showMyAccount(w, c.language, &v.Account) })
	})
}

func accountShowCommand() *cobra.Command {
	return forApplicant(&cobra.Command{
		Use:     "show",
		Short:   "我的账户 (one's own account)",
		Example: "  tongban account show",
		Args:    noArguments,
	}, func(cmd *cobra.Command, c *connection, _ []string) error { return showApplicant(cmd.Context(), c) })
}

func showApplicant(ctx context.Context, c *connection) error {
	send := func() (*http.Response, error) { return c.api.GetMySession(ctx) }
	return ask(ctx, c, send, func(w io.Writer, v *client.MyAccount) { showMyAccount(w, c.language, v) })
}

func showMyAccount(w io.Writer, lang language, v *client.MyAccount) {
	var s sheet
	s.line(lang.pick("账户", "account"), v.Name+" "+v.Number)
	s.line(lang.pick("编号", "id"), v.Account)
	s.line(lang.pick("动态码", "one-time codes"), map[bool]string{true: lang.pick("已启用", "on"), false: lang.pick("未启用", "off")}[v.Totp])
	for _, f := range v.Firms {
		s.line(lang.pick("可代办单位", "acts for"), f.Name+" "+f.Account)
	}
	for _, g := range v.Agents {
		s.line(lang.pick("经办人", "agent"), g.Name+" "+g.Authority)
	}
	s.write(w)
}

func accountTOTPCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "totp",
		Short: "启用或停用动态码 (one-time codes at login)",
		Long: `不带 --code 时显示一个新密钥，加入动态码应用后，用 --secret 与 --code 启用；
停用时只给 --code。需要密码。
Without --code it shows a new secret for an authenticator; with --secret and a
code of it one-time codes are asked for from then on; with a code alone not any
more.`,
		Example: "  tongban account totp\n  tongban account totp --secret JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP --code 123456\n  tongban account totp --code 123456",
		Args:    noArguments,
	}
	secret := cmd.Flags().String("secret", "", "新密钥 (the new secret)")
	code := cmd.Flags().String("code", "", "动态码 (a code)")
	return forApplicant(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if *code == "" {
			send := func() (*http.Response, error) { return c.api.NewTOTP(cmd.Context()) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.TOTPSecret) {
				fmt.Fprintf(w, "%s\n%s\n", v.Secret, v.Address)
			})
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		_, password, err := c.session.passwords.ask(c.session.saved.Node, cmp.Or(c.session.saved.User, "-"))
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.SetTOTP(cmd.Context(), client.TOTPSetting{Password: password, Secret: *secret, Code: *code})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyAccount) { showMyAccount(w, c.language, v) })
	})
}
