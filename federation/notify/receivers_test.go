package notify_test

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// gateway is a gateway for text messages.
type gateway struct {
	*httptest.Server
	secret []byte

	mu sync.Mutex
	// answer decides on the n-th request (from 1); nil takes all.
	answer   func(n int, w http.ResponseWriter, r *http.Request)
	requests []request
}

type request struct {
	header http.Header
	body   []byte
	sent   map[string]any
}

func newGateway(t testing.TB) *gateway {
	g := &gateway{secret: []byte("a secret that both sides know")}
	g.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		rq := request{header: r.Header.Clone(), body: body}
		_ = json.Unmarshal(body, &rq.sent)
		g.mu.Lock()
		g.requests = append(g.requests, rq)
		n, answer := len(g.requests), g.answer
		g.mu.Unlock()
		if answer != nil {
			answer(n, w, r)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(g.Certificate())
	return pool
}

func (g *gateway) got() []request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]request(nil), g.requests...)
}

// mailServer speaks SMTP over TCP, with STARTTLS, PLAIN and LOGIN.
type mailServer struct {
	address string
	cert    tls.Certificate
	roots   *x509.CertPool

	mu sync.Mutex
	// refuse answers a command, by its first word, with this line; ways are what it
	// offers, implicit speaks TLS from the first byte.
	refuse   map[string]string
	ways     string
	noTLS    bool
	mails    []*mail.Message
	texts    []string
	logins   []string
	implicit bool
}

func newMailServer(t testing.TB, implicit bool) *mailServer {
	t.Helper()
	m := &mailServer{ways: "PLAIN LOGIN", refuse: map[string]string{}, implicit: implicit}
	m.cert, m.roots = certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.address = l.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				m.serve(conn)
			})
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return m
}

func (m *mailServer) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *mailServer) state() (refuse map[string]string, ways string, noTLS bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refuse, m.ways, m.noTLS
}

func (m *mailServer) serve(conn net.Conn) {
	secure := m.implicit
	if m.implicit {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{m.cert}})
	}
	in := bufio.NewReader(conn)
	say := func(line string) { io.WriteString(conn, line+"\r\n") }
	say("220 mail.example.cn")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		refuse, ways, noTLS := m.state()
		command := strings.ToUpper(words[0])
		if no := refuse[command]; no != "" {
			say(no)
			continue
		}
		switch command {
		case "EHLO":
			say("250-mail.example.cn")
			if !secure && !noTLS {
				say("250-STARTTLS")
			}
			say("250 AUTH " + ways)
		case "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{m.cert}})
			in, secure = bufio.NewReader(conn), true
		case "AUTH":
			login := ""
			if words[1] == "PLAIN" {
				raw, _ := base64.StdEncoding.DecodeString(words[2])
				login = strings.ReplaceAll(strings.TrimPrefix(string(raw), "\x00"), "\x00", "/")
			} else {
				for i, ask := range []string{"Username:", "Password:"} {
					say("334 " + base64.StdEncoding.EncodeToString([]byte(ask)))
					answer, err := in.ReadString('\n')
					if err != nil {
						return
					}
					raw, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(answer))
					login += map[int]string{0: "", 1: "/"}[i] + string(raw)
				}
			}
			m.set(func() { m.logins = append(m.logins, login) })
			say("235 welcome")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if strings.TrimRight(line, "\r\n") == "." {
					break
				}
				text.WriteString(line)
			}
			if no := refuse["."]; no != "" {
				say(no)
				continue
			}
			parsed, err := mail.ReadMessage(strings.NewReader(text.String()))
			if err != nil {
				say("554 not a mail")
				continue
			}
			body, _ := io.ReadAll(base64.NewDecoder(base64.StdEncoding, parsed.Body))
			m.set(func() { m.mails, m.texts = append(m.mails, parsed), append(m.texts, string(body)) })
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (m *mailServer) taken() ([]*mail.Message, []string, []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]*mail.Message(nil), m.mails...), append([]string(nil), m.texts...), append([]string(nil), m.logins...)
}

func decoded(t *testing.T, word string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(word)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// certificate is one of this machine, and what trusts it.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	is := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, is, is, public, private)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(made)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, pool
}
