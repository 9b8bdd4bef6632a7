package api

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store/storetest"
)

// postbox is a channel of mail that keeps what it was given.
type postbox struct {
	mu   sync.Mutex
	sent []notify.Message
	fail error
}

func (p *postbox) Name() string                { return notice.Mail }
func (p *postbox) Traits() notify.Traits       { return notify.Traits{NeedsAddress: true, AtOnce: 2} }
func (p *postbox) Check(context.Context) error { return nil }
func (p *postbox) Send(_ context.Context, m *notify.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail == nil {
		p.sent = append(p.sent, *m)
	}
	return p.fail
}

func (p *postbox) to(address string) (all []notify.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.sent {
		if m.To == address {
			all = append(all, m)
		}
	}
	return all
}

var codeForm = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`)

// TestMailAddressConfirmed: an address waits for the code that was sent there, which
// is good once; until then it gets nothing else, and the one of before goes on.
func TestMailAddressConfirmed(t *testing.T) {
	box := new(postbox)
	g := newGuests(t, func(o *federation.Options) { o.Notices = &notify.Settings{Channels: []notify.Channel{box}} })
	const first, second = "fang.wang@example.cn", "wang.fang@example.cn"
	refused := func(what, path string, body any, code string) {
		t.Helper()
		if r := g.one.ask("POST", path, body); !strings.Contains(r.Body.String(), `"code":"`+code+`"`) {
			t.Errorf("%s: %d %s", what, r.Code, r.Body)
		}
	}
	code := func(address string) string {
		t.Helper()
		g.one.want("POST", "/api/v1/my/contact/code", nil, 204, nil)
		all := box.to(address)
		if len(all) == 0 {
			t.Fatalf("nothing was sent to %s", address)
		}
		m := all[len(all)-1]
		for _, personal := range []string{"王", "芳", storetest.IDNumber(1), address} {
			if strings.Contains(m.Text, personal) {
				t.Errorf("the message has %q in it: %s", personal, m.Text)
			}
		}
		return codeForm.FindString(m.Text)
	}
	confirm := func(code string) gen.MyAccount {
		t.Helper()
		var me gen.MyAccount
		g.one.want("POST", "/api/v1/my/contact/confirm", gen.ContactCode{Code: code}, 200, &me)
		return me
	}
	set := func(address string) (me gen.MyAccount) {
		t.Helper()
		g.one.want("PUT", "/api/v1/my/contact", gen.MyContact{Email: address, Language: gen.NoticeChinese}, 200, &me)
		return me
	}

	refused("without an address", "/api/v1/my/contact/code", nil, "contact_none")
	if me := set(first); me.Email != "" || me.EmailUnconfirmed != first {
		t.Fatalf("%+v", me)
	}
	refused("a wrong code", "/api/v1/my/contact/confirm", gen.ContactCode{Code: "0000-0000"}, "mail_code")
	sent := code(first)
	if me := confirm(strings.ToLower(strings.ReplaceAll(sent, "-", " "))); me.Email != first || me.EmailUnconfirmed != "" {
		t.Fatalf("%+v", me)
	}
	refused("the same code again", "/api/v1/my/contact/confirm", gen.ContactCode{Code: sent}, "contact_none")
	// Another waits: the one of before goes on meanwhile.
	if me := set(second); me.Email != first || me.EmailUnconfirmed != second {
		t.Fatalf("%+v", me)
	}
	refused("the code of another address", "/api/v1/my/contact/confirm", gen.ContactCode{Code: sent}, "mail_code")
	old := code(second)
	set("")
	if me := set(second); me.Email != "" || me.EmailUnconfirmed != second {
		t.Fatalf("%+v", me)
	}
	refused("a code of before it was named anew", "/api/v1/my/contact/confirm", gen.ContactCode{Code: old}, "mail_code")
	if me := confirm(code(second)); me.Email != second {
		t.Fatalf("%+v", me)
	}
	// No more than so many codes: for an account, and to an address whoever names it.
	set(first)
	refused("a fourth code", "/api/v1/my/contact/code", nil, "too_many_requests")
	g.two.want("PUT", "/api/v1/my/contact", gen.MyContact{Email: strings.ToUpper(second), Language: gen.NoticeChinese}, 200, nil)
	g.two.want("POST", "/api/v1/my/contact/code", nil, 204, nil)
	if r := g.two.ask("POST", "/api/v1/my/contact/code", nil); r.Code != 429 {
		t.Errorf("a fourth code to an address: %d", r.Code)
	}
	if log := g.hub.log.String(); strings.Contains(log, first) || strings.Contains(log, sent) {
		t.Error("the log has the address or the code")
	}
}

// TestMailAddressAttested: who names an address in person, against the ID, needs no
// code; the clerk is recorded.
func TestMailAddressAttested(t *testing.T) {
	box := &postbox{fail: &notify.Failure{Reason: "smtp_550"}}
	g := newGuests(t, func(o *federation.Options) { o.Notices = &notify.Settings{Channels: []notify.Channel{box}} })
	in := gen.ContactAttest{Type: "person", Number: storetest.IDNumber(1), Email: "x", Shown: "居民身份证"}
	if r := g.village.as("worker", "POST", "/api/v1/accounts/contact", in); r != "400 email" {
		t.Fatalf("not an address: %s", r)
	}
	in.Email = "fang.wang@example.cn"
	g.village.must("worker", "POST", "/api/v1/accounts/contact", in, 200)
	until(t, "the address to arrive", func() bool {
		k, err := g.hub.node.Store.AccountOf(t.Context(), "person", storetest.IDNumber(1))
		return err == nil && k.Email == "fang.wang@example.cn" && k.EmailBy == "李worker"
	})
	in.Number = storetest.IDNumber(77)
	if r := g.hub.as("window", "POST", "/api/v1/accounts/contact", in); !strings.HasSuffix(r, "account_unknown") {
		t.Errorf("of nobody: %s", r)
	}
	// A server that does not take it is said, and confirms nothing.
	g.two.want("PUT", "/api/v1/my/contact", gen.MyContact{Email: "qiang@example.cn", Language: gen.NoticeChinese}, 200, nil)
	if r := g.two.ask("POST", "/api/v1/my/contact/code", nil); r.Code != 503 || !strings.Contains(r.Body.String(), "mail_failed") {
		t.Errorf("%d %s", r.Code, r.Body)
	}
}
