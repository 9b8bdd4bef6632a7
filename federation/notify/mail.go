package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/tongban/tongban/node/notice"
)

// Security is how the connection to a mail server is protected.
type Security string

// The ways.
const (
	StartTLS Security = "starttls" // asked for, never done without
	TLS      Security = "tls"      // from the first byte
	Plain    Security = "none"     // on this machine only
)

// MailOptions are by which server mail goes out.
type MailOptions struct {
	// Server is host:port.
	Server   string
	Security Security
	// User and Password log in, where the server asks for it; no user is none.
	User, Password string
	// From is the sender's address.
	From  string
	Roots *x509.CertPool
	Now   func() time.Time
}

// SMTP is the channel of mail.
type SMTP struct {
	o    MailOptions
	host string
}

// NewSMTP makes the channel.
func NewSMTP(o MailOptions) (*SMTP, error) {
	host, _, err := net.SplitHostPort(o.Server)
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &SMTP{o: o, host: host}, nil
}

// Name implements Channel.
func (s *SMTP) Name() string { return notice.Mail }

// Traits implements Channel.
func (s *SMTP) Traits() Traits { return Traits{NeedsAddress: true, Wakes: true, AtOnce: 2} }

// Check implements Channel: it connects, logs in and says good-bye.
func (s *SMTP) Check(ctx context.Context) error {
	c, done, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	return c.Quit()
}

// Send implements Channel. The mail's Message-ID is the message's id, so that
// servers and programs which look for repeats find one.
func (s *SMTP) Send(ctx context.Context, m *Message) error {
	c, done, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := c.Mail(s.o.From); err != nil {
		return saidNo(err, false)
	}
	if err := c.Rcpt(m.To); err != nil {
		return saidNo(err, true)
	}
	w, err := c.Data()
	if err != nil {
		return saidNo(err, true)
	}
	if _, err := w.Write(s.text(m)); err != nil {
		return saidNo(err, false)
	}
	if err := w.Close(); err != nil {
		return saidNo(err, true)
	}
	_ = c.Quit() // it is taken, whatever comes now
	return nil
}

// open connects and logs in. What is called at the end cuts the connection.
func (s *SMTP) open(ctx context.Context) (*smtp.Client, func(), error) {
	config := &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12, RootCAs: s.o.Roots}
	var conn net.Conn
	var err error
	if s.o.Security == TLS {
		conn, err = (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", s.o.Server)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", s.o.Server)
	}
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	done := func() { stop(); conn.Close() }
	c, err := s.greet(conn, config)
	if err != nil {
		done()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, nil, err
	}
	return c, done, nil
}

func (s *SMTP) greet(conn net.Conn, config *tls.Config) (*smtp.Client, error) {
	c, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, saidNo(err, false)
	}
	if s.o.Security == StartTLS {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return nil, failed(false, nil, "smtp_no_starttls")
		}
		if err := c.StartTLS(config); err != nil {
			return nil, failed(false, err, "smtp_starttls")
		}
	}
	if s.o.User == "" {
		return c, nil
	}
	ok, ways := c.Extension("AUTH")
	if !ok {
		return nil, failed(false, nil, "smtp_no_auth")
	}
	var auth smtp.Auth = &loginAuth{s.o.User, s.o.Password, s.host}
	if slices.Contains(strings.Fields(ways), "PLAIN") {
		auth = smtp.PlainAuth("", s.o.User, s.o.Password, s.host)
	}
	if err := c.Auth(auth); err != nil {
		return nil, saidNo(err, false)
	}
	return c, nil
}

// saidNo reads a server's answer. About the recipient or the mail itself a
// permanent one is final; about us it is not, for it is put right here.
func saidNo(err error, ours bool) error {
	var said *textproto.Error
	if !errors.As(err, &said) {
		return err
	}
	return failed(ours && said.Code/100 == 5, nil, "smtp_%d", said.Code)
}

// loginAuth is the LOGIN way, which many servers offer alone. Like PLAIN it gives
// the password away, and is used over TLS only, or on this machine.
type loginAuth struct{ user, password, host string }

func (a *loginAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS && !loopback(a.host) {
		return "", nil, errors.New("a password is not sent in the clear")
	}
	return "LOGIN", nil, nil
}

func (a *loginAuth) Next(prompt []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	switch strings.ToLower(strings.TrimRight(string(prompt), ": ")) {
	case "username", "user name":
		return []byte(a.user), nil
	case "password":
		return []byte(a.password), nil
	}
	return nil, errors.New("the server asked for something else than user name and password")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// text is the mail.
func (s *SMTP) text(m *Message) []byte {
	_, domain, _ := strings.Cut(s.o.From, "@")
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", s.o.From}, {"To", m.To}, {"Subject", mime.BEncoding.Encode("UTF-8", s.subject(m))},
		{"Date", s.o.Now().Format(time.RFC1123Z)}, {"Message-ID", "<" + m.ID + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"}, {"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=UTF-8"}, {"Content-Transfer-Encoding", "base64"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	const line = 76
	for rest := base64.StdEncoding.EncodeToString([]byte(m.Text)); rest != ""; {
		n := min(line, len(rest))
		b.WriteString(rest[:n] + "\r\n")
		rest = rest[n:]
	}
	return b.Bytes()
}

// subject tells what a mail is, and of whom or what nothing.
func (*SMTP) subject(m *Message) string {
	if m.Kind == KindCode {
		return "邮箱确认码 (your code)"
	}
	return "办件告知 (about your case)"
}
