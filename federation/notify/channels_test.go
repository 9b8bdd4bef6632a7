package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/notice"
)

const number = "33052311020020261123010000450"

func message(id, to string) *notify.Message {
	n := &notice.Notice{ID: id, Subject: "c-1", Kind: notice.Ready, Number: number}
	text, err := n.Text(notice.Chinese)
	if err != nil {
		panic(err)
	}
	return &notify.Message{ID: notice.Key(id, notice.SMS), Attempt: 1, To: to, Language: notice.Chinese, Notice: n, Text: text, QueuedAt: 1}
}

func webhook(t *testing.T, g *gateway) *notify.Webhook {
	t.Helper()
	w, err := notify.NewWebhook(notify.WebhookOptions{URL: g.URL + "/sms?key=abc", Secret: g.secret, Roots: g.roots()})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// A gateway can tell who sent a message, when, and whether it has it already.
func TestWebhookIsSigned(t *testing.T) {
	g := newGateway(t)
	w := webhook(t, g)
	if err := w.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := message("n-1", "13800000000")
	if err := w.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	all := g.got()
	if len(all) != 1 {
		t.Fatalf("%d requests; a check sends nothing", len(all))
	}
	h := all[0].header
	stamp := h.Get(notify.HeaderTimestamp)
	sent, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Since(time.Unix(sent, 0)).Abs() > time.Minute {
		t.Errorf("timestamp %q", stamp)
	}
	if got := h.Get(notify.HeaderSignature); got != notify.Sign(g.secret, stamp, "n-1.sms", all[0].body) {
		t.Errorf("signature %q", got)
	}
	// printf '1764000000.n-1.sms.{}' | openssl dgst -sha256 -hmac secret
	if got := notify.Sign([]byte("secret"), "1764000000", "n-1.sms", []byte("{}")); got != "v1=b15882ba5607718981b3e306ff0251fe836956a43c0ab8beaadb9e1f5ee23c5e" {
		t.Errorf("%s", got)
	}
	for _, other := range []string{notify.Sign([]byte("other"), stamp, "n-1.sms", all[0].body), notify.Sign(g.secret, stamp+"0", "n-1.sms", all[0].body),
		notify.Sign(g.secret, stamp, "n-2.sms", all[0].body), notify.Sign(g.secret, stamp, "n-1.sms", append(all[0].body, ' '))} {
		if other == h.Get(notify.HeaderSignature) {
			t.Error("something is not signed")
		}
	}
	if h.Get(notify.HeaderID) != "n-1.sms" || h.Get("Idempotency-Key") != "n-1.sms" {
		t.Errorf("%v", h)
	}
	want := map[string]any{"id": "n-1.sms", "attempt": 1.0, "channel": "sms", "to": "13800000000", "language": "zh", "text": m.Text, "case_number": number, "kind": "ready",
		"step_zh": "结果可以领取", "step_en": "the result is ready", "todo_zh": m.Notice.ToDo(notice.Chinese), "todo_en": m.Notice.ToDo(notice.English), "queued_at": 1.0}
	got, _ := json.Marshal(all[0].sent)
	if expected, _ := json.Marshal(want); string(got) != string(expected) {
		t.Errorf("sent %s\nwant %s", got, expected)
	}
}

// What a gateway answers decides whether it is tried again.
func TestWebhookAnswers(t *testing.T) {
	g := newGateway(t)
	w := webhook(t, g)
	for status, want := range map[int]string{200: "", 202: "", 204: "", 409: "", 400: "final", 410: "final", 413: "final", 422: "final",
		302: "again", 401: "again", 403: "again", 404: "again", 408: "again", 429: "again", 500: "again", 503: "again"} {
		g.answer = func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(status)
			w.Write([]byte("13800000000 张三"))
		}
		err := w.Send(t.Context(), message("n-1", "13800000000"))
		got := ""
		var f *notify.Failure
		if errors.As(err, &f) {
			got = map[bool]string{true: "final", false: "again"}[f.Final]
			if f.Reason != "http_"+strconv.Itoa(status) || strings.Contains(err.Error(), "张三") {
				t.Errorf("%d: %v", status, err)
			}
		} else if err != nil {
			t.Errorf("%d: %v", status, err)
		}
		if got != want {
			t.Errorf("%d is %q, want %q", status, got, want)
		}
	}
}

// A gateway that another pretends to be gets nothing, and no error tells its
// address, which may hold a key.
func TestWebhookTrustsItsGatewayAlone(t *testing.T) {
	g, other := newGateway(t), newGateway(t)
	w, err := notify.NewWebhook(notify.WebhookOptions{URL: g.URL + "/?key=abc", Secret: g.secret, Roots: nil})
	if err != nil {
		t.Fatal(err)
	}
	_ = other
	if err := w.Check(t.Context()); err == nil {
		t.Error("an unknown certificate passed the check")
	}
	if err := w.Send(t.Context(), message("n-1", "13800000000")); err == nil || strings.Contains(err.Error(), "abc") {
		t.Errorf("%v", err)
	}
	if len(g.got()) != 0 {
		t.Error("it was sent to whoever answered")
	}
	g.CloseClientConnections()
	slow := webhook(t, g)
	release := make(chan struct{})
	defer close(release)
	// Not until the caller has gone: an answer written at that moment can still
	// reach it, and would count.
	g.answer = func(int, http.ResponseWriter, *http.Request) {
		<-release
		panic(http.ErrAbortHandler)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := slow.Send(ctx, message("n-1", "13800000000")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a slow gateway: %v", err)
	}
}

func TestSMTP(t *testing.T) {
	for name, row := range map[string]struct {
		implicit bool
		ways     string
		security notify.Security
	}{
		"starttls plain":  {false, "PLAIN LOGIN", notify.StartTLS},
		"starttls login":  {false, "LOGIN", notify.StartTLS},
		"tls":             {true, "PLAIN", notify.TLS},
		"on this machine": {false, "PLAIN", notify.Plain},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMailServer(t, row.implicit)
			m.ways = row.ways
			s, err := notify.NewSMTP(notify.MailOptions{Server: m.address, Security: row.security, User: "centre", Password: "secret word", From: "notice@example.cn", Roots: m.roots})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			sent := message("n-1", "zhang.san@example.cn")
			if err := s.Send(t.Context(), sent); err != nil {
				t.Fatal(err)
			}
			mails, texts, logins := m.taken()
			if len(mails) != 1 || texts[0] != sent.Text || logins[0] != "centre/secret word" {
				t.Fatalf("%d mails, %q, %q", len(mails), texts, logins)
			}
			h := mails[0].Header
			if h.Get("To") != "zhang.san@example.cn" || h.Get("From") != "notice@example.cn" || h.Get("Message-ID") != "<n-1.sms@example.cn>" || decoded(t, h.Get("Subject")) != "办件告知 (about your case)" {
				t.Errorf("%v", h)
			}
		})
	}
}

// What a mail server says of the recipient or the mail is final; what it says of
// us is not, and nothing is said in the clear.
func TestSMTPRefusals(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*mailServer)
		reason string
		final  bool
	}{
		"no such mailbox":     {func(m *mailServer) { m.refuse["RCPT"] = "550 no such user zhang.san" }, "smtp_550", true},
		"mailbox busy":        {func(m *mailServer) { m.refuse["RCPT"] = "450 later" }, "smtp_450", false},
		"mail refused":        {func(m *mailServer) { m.refuse["."] = "554 no" }, "smtp_554", true},
		"disk full":           {func(m *mailServer) { m.refuse["."] = "452 later" }, "smtp_452", false},
		"sender unknown":      {func(m *mailServer) { m.refuse["MAIL"] = "550 who are you" }, "smtp_550", false},
		"password wrong":      {func(m *mailServer) { m.refuse["AUTH"] = "535 no" }, "smtp_535", false},
		"no TLS":              {func(m *mailServer) { m.noTLS = true }, "smtp_no_starttls", false},
		"a man in the middle": {func(m *mailServer) { m.roots = nil }, "smtp_starttls", false},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMailServer(t, false)
			m.set(func() { row.change(m) })
			s, err := notify.NewSMTP(notify.MailOptions{Server: m.address, Security: notify.StartTLS, User: "centre", Password: "secret word", From: "notice@example.cn", Roots: m.roots})
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), message("n-1", "zhang.san@example.cn"))
			var f *notify.Failure
			if !errors.As(err, &f) || f.Reason != row.reason || f.Final != row.final {
				t.Fatalf("%v", err)
			}
			if strings.Contains(f.Reason, "zhang") {
				t.Error("the server's words stand in the reason")
			}
			if mails, _, logins := m.taken(); len(mails) != 0 || m.noTLS && len(logins) != 0 {
				t.Error("something went out")
			}
		})
	}
}

// A line of a file is on disk when it is said to be, stands there once, and
// survives a fall in the middle of another.
func TestFileSink(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notices")
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.FixedZone("", 8*3600))
	clock := func() time.Time { return now }
	sink := func(full bool) *notify.FileSink {
		return notify.NewFileSink(notify.FileOptions{Dir: dir, Full: full, Keep: 30, Now: clock})
	}
	f := sink(false)
	if err := f.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a check made the folder: %v", err)
	}
	for range 2 {
		if err := f.Send(t.Context(), message("n-1", "13800000000")); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "2026-11-26.jsonl")
	torn, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	torn.WriteString(`{"id":"n-2.sms","text":"办`)
	torn.Close()
	after := sink(true) // the hub came back
	for _, id := range []string{"n-1", "n-2"} {
		if err := after.Send(t.Context(), message(id, "13800000000")); err != nil {
			t.Fatal(err)
		}
	}
	lines := linesOf(t, path)
	if len(lines) != 2 || lines[0]["id"] != "n-1.sms" || lines[0]["to"] != "138****0000" || lines[1]["id"] != "n-2.sms" || lines[1]["to"] != "13800000000" {
		t.Errorf("%v", lines)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	now = now.Add(24 * time.Hour)
	if err := after.Send(t.Context(), message("n-2", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "2026-11-27.jsonl")); err == nil {
		t.Error("yesterday's line was written again")
	}
	now = now.Add(31 * 24 * time.Hour)
	if err := after.Send(t.Context(), message("n-3", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("an old file is kept")
	}
}

func linesOf(t *testing.T, path string) (lines []map[string]any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, v)
	}
	return lines
}
