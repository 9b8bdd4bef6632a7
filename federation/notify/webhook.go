package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tongban/tongban/node/notice"
)

// Headers of a webhook. The receiver computes Sign over what it got, with the
// secret that both know, and takes nothing whose timestamp is more than a few
// minutes off. It takes each id once and answers a repeat with 2xx or 409.
const (
	HeaderID        = "Tongban-Id"
	HeaderTimestamp = "Tongban-Timestamp"
	HeaderSignature = "Tongban-Signature"
	headerIdem      = "Idempotency-Key"
)

// Sign is the value of the signature header: HMAC-SHA256 over timestamp, id and
// body, joined by dots.
func Sign(secret []byte, timestamp, id string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp + "." + id + "."))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// WebhookOptions are where a gateway for text messages is.
type WebhookOptions struct {
	// URL is https, or http on this machine.
	URL    string
	Secret []byte
	// Roots are the authorities that the gateway's certificate may come from; nil:
	// those of the system.
	Roots *x509.CertPool
	Now   func() time.Time
}

// Webhook is a gateway for text messages.
type Webhook struct {
	o      WebhookOptions
	url    *url.URL
	client *http.Client
}

// NewWebhook makes the channel.
func NewWebhook(o WebhookOptions) (*Webhook, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	// Through no proxy, whatever the environment says: what it carries is for the
	// gateway alone.
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots}, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: webhookAtOnce, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10}
	return &Webhook{o: o, url: u, client: &http.Client{Transport: transport,
		// Whoever is sent elsewhere would carry a phone number there.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

const webhookAtOnce = 8

// Name implements Channel.
func (w *Webhook) Name() string { return notice.SMS }

// Traits implements Channel.
func (w *Webhook) Traits() Traits {
	return Traits{NeedsAddress: true, Wakes: true, AtOnce: webhookAtOnce}
}

// Send implements Channel.
func (w *Webhook) Send(ctx context.Context, m *Message) error {
	body, err := json.Marshal(payloadOf(m, notice.SMS))
	if err != nil {
		return failed(true, err, "malformed")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.o.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(w.o.Now().Unix(), 10)
	for k, v := range map[string]string{"Content-Type": "application/json", "User-Agent": "tongban", HeaderID: m.ID, headerIdem: m.ID,
		HeaderTimestamp: stamp, HeaderSignature: Sign(w.o.Secret, stamp, m.ID, body)} {
		req.Header.Set(k, v)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	switch {
	case resp.StatusCode/100 == 2, resp.StatusCode == http.StatusConflict: // it has it
		return nil
	case resp.StatusCode == http.StatusBadRequest, resp.StatusCode == http.StatusGone, resp.StatusCode == http.StatusRequestEntityTooLarge, resp.StatusCode == http.StatusUnprocessableEntity:
		return failed(true, nil, "http_%d", resp.StatusCode)
	}
	// It does not know us, or has no time: that is about the channel, and passes.
	return failed(false, nil, "http_%d", resp.StatusCode)
}

// withoutURL takes off what a client's error says of the address, which may hold
// a key.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Check implements Channel: it connects, and where TLS is spoken proves who
// answers.
func (w *Webhook) Check(ctx context.Context) error {
	host := w.url.Host
	if w.url.Port() == "" {
		host = net.JoinHostPort(w.url.Hostname(), map[string]string{"https": "443", "http": "80"}[w.url.Scheme])
	}
	var conn net.Conn
	var err error
	if w.url.Scheme == "https" {
		conn, err = (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.o.Roots}}).DialContext(ctx, "tcp", host)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", host)
	}
	if err != nil {
		return err
	}
	return conn.Close()
}
