package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

// The environment of the client commands. configs leaves them alone when it
// reads a node's settings.
const (
	envNode         = "TONGBAN_NODE"
	envUser         = "TONGBAN_USER"
	envPasswordFile = "TONGBAN_PASSWORD_FILE"
)

// connection is a node and the person who asks it, with where and how to
// print the answers.
type connection struct {
	api     *client.Client
	session *session
	printer
}

// atNode makes cmd a command that works at a node: it gets the flags for
// reaching one, and work gets the connection.
func atNode(cmd *cobra.Command, work func(cmd *cobra.Command, c *connection, args []string) error) *cobra.Command {
	connectionFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := connect(cmd)
		if err != nil {
			return err
		}
		return work(cmd, c, args)
	}
	return cmd
}

func connectionFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.String("node", "", "节点地址，如 http://127.0.0.1:8080，或环境变量 TONGBAN_NODE；默认上次登录的节点 (address of the node)")
	flags.String("user", "", "登录名，或 TONGBAN_USER (login name)")
	flags.String("password-file", "", "密码文件，或 TONGBAN_PASSWORD_FILE；- 为标准输入 (file with the password; - is standard input)")
	flags.String("ca", "", "https 节点的 CA 证书文件 (CA certificate of an https node)")
	flags.Bool("json", false, "以 JSON 输出 (print the API's JSON)")
	flags.Bool("fresh", false, "县中心：读到任一主机已确认的内容 (at a hub: see what was acknowledged at any hub)")
}

// connect finds the node and the session to use there. It asks the network
// nothing: what needs no login works without one.
func connect(cmd *cobra.Command) (*connection, error) {
	file, err := openSessionFile()
	if err != nil {
		return nil, err
	}
	applies := applying(cmd)
	if applies {
		file = file.ofApplicants()
	}
	wanted, err := chooseSession(cmd, file)
	if err != nil {
		return nil, err
	}
	base, err := transport(wanted.CA)
	if err != nil {
		return nil, err
	}
	p := printerOf(cmd)
	s := &session{saved: wanted, file: file, base: base, passwords: passwordSource(cmd), warn: p.warn, fresh: flagOr(cmd, "fresh", "false") == "true",
		applicant: applies, otp: flagOr(cmd, "otp", "")}
	api, err := s.withToken()
	if err != nil {
		return nil, err
	}
	return &connection{api: api, session: s, printer: p}, nil
}

// chooseSession decides which node is asked and as whom: flags, then the
// environment, then the session used last.
func chooseSession(cmd *cobra.Command, file *sessionFile) (savedSession, error) {
	address := flagOr(cmd, "node", nodeFromEnvironment())
	user := flagOr(cmd, "user", os.Getenv(envUser))
	known, err := file.read()
	if err != nil {
		return savedSession{}, err
	}
	if address == "" {
		address = known.Current
	}
	if address == "" {
		return savedSession{}, usagef("请用 --node 或 %s 指明节点地址 (say which node with --node)", envNode)
	}
	address, err = nodeAddress(address)
	if err != nil {
		return savedSession{}, err
	}
	chosen := known.find(address, user)
	if ca := flagOr(cmd, "ca", ""); ca != "" {
		if chosen.CA, err = filepath.Abs(ca); err != nil {
			return savedSession{}, fmt.Errorf("find %s: %w", ca, err)
		}
	}
	return chosen, nil
}

// nodeFromEnvironment is the address in TONGBAN_NODE. The same variable may
// hold a node's id, where it overrides the setting `node`; an id has no colon
// and an address has.
func nodeFromEnvironment() string {
	if value := os.Getenv(envNode); strings.Contains(value, ":") {
		return value
	}
	return ""
}

// nodeAddress is an address in the one spelling sessions are kept under.
func nodeAddress(text string) (string, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", usagef("节点地址不正确 %q，应如 http://127.0.0.1:8080 (not the address of a node)", text)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimRight(u.Path, "/"), nil
}

// transport reaches a node; ca is a file with its certificate authority, or
// empty for the system's.
func transport(ca string) (http.RoundTripper, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.ResponseHeaderTimeout = 2 * time.Minute
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if ca == "" {
		return t, nil
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, usagef("无法读取 CA 证书 (cannot read the CA certificate): %v", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, usagef("%s 中没有证书 (holds no certificate)", ca)
	}
	t.TLSClientConfig.RootCAs = pool
	return t, nil
}

// plainTo reports whether an address would carry a password in the clear over
// a network.
func plainTo(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

func flagOr(cmd *cobra.Command, name, otherwise string) string {
	if flag := cmd.Flag(name); flag != nil && flag.Value.String() != "" {
		return flag.Value.String()
	}
	return otherwise
}

// loggedIn makes sure that there is a session, asking for the password where
// it must. Commands whose answer depends on the person call it first, so that
// the question comes before the work.
func (c *connection) loggedIn(ctx context.Context) error {
	_, err := c.session.token(ctx)
	return err
}

// printer is where and how answers are printed.
type printer struct {
	out, errors io.Writer
	language
	json bool
}

func printerOf(cmd *cobra.Command) printer {
	return printer{out: cmd.OutOrStdout(), errors: cmd.ErrOrStderr(), language: languageOf(cmd), json: flagOr(cmd, "json", "false") == "true"}
}

// words is where what is said to people goes: nowhere when a program reads.
func (p printer) words() io.Writer {
	if p.json {
		return io.Discard
	}
	return p.out
}

// forPrograms prints what a command made when a program reads.
func (p printer) forPrograms(v any) error {
	if !p.json {
		return nil
	}
	return p.showValue(v)
}

// jsonFlag is --json of a command that works without a node.
func jsonFlag(cmd *cobra.Command) {
	cmd.Flags().Bool("json", false, "以 JSON 输出 (print JSON)")
}

// warn says something beside the answer, so that the answer stays clean for
// programs.
func (p printer) warn(zh, en string) { fmt.Fprintln(p.errors, p.pick(zh, en)) }
