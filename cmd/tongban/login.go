package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/identity"
)

func loginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "login",
		Short: "登录 (log in and keep the session)",
		Long: `登录并保存会话，之后的命令不必再给密码。首次登录须修改密码：加 --change-password
（在终端输入）或 --new-password-file。会话存于用户配置目录，仅本人可读。
Logs in and keeps the session for the commands after it. A first login has to
change the password: --change-password asks for it, --new-password-file reads it.`,
		Example: `  tongban login --node http://127.0.0.1:8080 --user jiazi-daiban
  tongban login --node https://hub.example:8080 --ca ca.pem --user clerk --password-file pw
  tongban login --user jiazi-daiban --change-password
  tongban login --applicant --node https://hub.example:8080 --user 33059919850412005X`,
		Args: noArguments,
	}
	cmd.Flags().Bool("applicant", false, "群众或单位账户登录（县中心）；--user 为证件号码 (as somebody who applies from home; --user is the ID number or USCC)")
	cmd.Flags().String("otp", "", "动态码，启用了的账户需要 (one-time code, where the account asks for one)")
	change := cmd.Flags().Bool("change-password", false, "登录后修改本人密码 (change one's own password)")
	newFile := cmd.Flags().String("new-password-file", "", "新密码文件 (file with the new password)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if !c.session.passwords.atHand() {
			return usagef("请在终端运行，或给出 --password-file (run it at a terminal, or give --password-file)")
		}
		tokens, password, err := c.session.logInAnew(cmd.Context())
		if err != nil {
			return err
		}
		if *change || *newFile != "" {
			if tokens, err = changePassword(cmd.Context(), c, password, *newFile); err != nil {
				return err
			}
		}
		if c.session.applicant {
			return showApplicant(cmd.Context(), c)
		}
		if tokens.Session.MustChangePassword {
			c.warn("请先修改密码：tongban login --change-password", "change the password first: tongban login --change-password")
		}
		if n := tokens.Notice; n.Code != "" {
			c.warn(n.Zh, n.En)
		}
		if c.json {
			return c.showValue(tokens.Session)
		}
		showSession(c.out, c.language, c.session.saved.Node, &tokens.Session)
		return nil
	})
}

// changePassword sets one's own password; the node then ends the person's
// other sessions and begins a new one.
func changePassword(ctx context.Context, c *connection, old, newFile string) (*client.SessionTokens, error) {
	fresh, err := newPassword(c.session.passwords, newFile)
	if err != nil {
		return nil, err
	}
	if c.session.applicant {
		return changeApplicantPassword(ctx, c, old, fresh)
	}
	a, err := answered[client.SessionTokens](c.api.ChangePassword(ctx, client.PasswordChange{OldPassword: old, NewPassword: fresh}))
	if err != nil {
		return nil, err
	}
	return &a.value, c.session.replace(ctx, &a.value)
}

func newPassword(p passwords, file string) (string, error) {
	if file != "" {
		return passwordFromFile(file, p.stdin)
	}
	first, err := p.hidden("新密码 new password: ")
	if err != nil {
		return "", err
	}
	second, err := p.hidden("再输一次 once more: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", usagef("两次输入不一致 (the two are not the same)")
	}
	return first, nil
}

func showSession(w io.Writer, lang language, node string, s *client.Session) {
	var out sheet
	out.line(lang.pick("已登录", "logged in"), fmt.Sprintf("%s (%s)", s.Name, s.Login))
	out.line(lang.pick("节点", "node"), s.Node+" "+node)
	out.line(lang.pick("区划", "division"), string(s.Division)+" "+tierName(lang, s.Tier))
	out.line(lang.pick("部门", "department"), s.Department)
	out.line(lang.pick("角色", "roles"), joined[identity.Role](s.Roles))
	out.write(w)
}

func logoutCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "logout",
		Short:   "退出登录 (end the session)",
		Example: "  tongban logout\n  tongban logout --applicant\n  tongban logout --node http://127.0.0.1:8080 --user jiazi-daiban",
		Args:    noArguments,
	}
	cmd.Flags().Bool("applicant", false, "退出群众或单位账户 (the session of an applicant)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		had, err := c.session.end(cmd.Context())
		if err != nil {
			return err
		}
		if !had {
			c.warn("没有已保存的登录", "there was no session")
			return nil
		}
		c.warn("已退出登录", "logged out")
		return nil
	})
}

// logInAnew logs in whatever session there is, keeps the new one, and also
// returns the password, for changing it.
func (s *session) logInAnew(ctx context.Context) (*client.SessionTokens, string, error) {
	tokens, err := s.logIn(ctx)
	if err != nil {
		return nil, "", err
	}
	return tokens, s.typed, s.replace(ctx, tokens)
}

// replace keeps the tokens of a session that was begun anew, which from now on
// is the one that is used.
func (s *session) replace(ctx context.Context, tokens *client.SessionTokens) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	unlock, err := s.file.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	known, err := s.file.read()
	if err != nil {
		return err
	}
	if _, err := s.keep(&known, tokens); err != nil {
		return err
	}
	known.lead(s.saved.Node, s.saved.User)
	return s.file.write(known)
}

// end ends the session at the node and forgets it, also when the node is out
// of reach: whoever logs out does not want the tokens lying here. It reports
// whether there was one.
func (s *session) end(ctx context.Context) (bool, error) {
	saved := s.saved
	if saved.Access == "" && saved.Refresh == "" {
		return false, nil
	}
	s.passwords = passwords{} // logging out must not log in
	api, err := s.withToken()
	if err != nil {
		return false, err
	}
	leave := api.Logout
	if s.applicant {
		leave = api.LogOutApplicant
	}
	told := done(leave(ctx))
	unlock, err := s.file.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	known, err := s.file.read()
	if err != nil {
		return false, err
	}
	known.remove(saved.Node, saved.User)
	if err := s.file.write(known); err != nil {
		return false, err
	}
	if _, ok := told.(*unreachable); ok {
		s.warn("节点无法连接：本机已忘记登录，节点上的会话将自行到期", "the node cannot be reached: forgotten here, the session there ends by itself")
	}
	return true, nil
}
