package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store/storetest"
)

// post is a gateway for text messages that keeps what it got.
type post struct {
	*httptest.Server
	mu      sync.Mutex
	status  int
	letters []string
}

func newPost(t *testing.T) *post {
	p := &post{status: 200}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.letters = append(p.letters, string(body))
		w.WriteHeader(p.status)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *post) got() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.letters...)
}

// told makes a hub's notices go to the gateway.
func (p *post) told(t *testing.T) func(*federation.Options) {
	t.Helper()
	w, err := notify.NewWebhook(notify.WebhookOptions{URL: p.URL, Secret: []byte("a secret that both sides know")})
	check(t, err)
	return func(o *federation.Options) { o.Notices = &notify.Settings{Channels: []notify.Channel{w}} }
}

// channels waits until a hub's channels stand in the ledger.
func (h *site) channels(t *testing.T) {
	t.Helper()
	until(t, "the channels", func() bool {
		names, _, err := h.node.Store.NoticeSettings(t.Context())
		return err == nil && len(names) == 1
	})
}

// An applicant who is told by message reads the same in their account; staff see
// what became of it with the address masked; nobody else sees anything. A message
// holds nothing but number, step and what to do.
func TestNoticesToAnApplicant(t *testing.T) {
	p := newPost(t)
	g := newGuests(t, p.told(t))
	g.hub.channels(t)
	g.hub.person("auditor", theCounty, "", identity.Auditor)
	g.hub.person("stranger", theCounty, "县林业局", identity.DepartmentWindow)
	var first gen.MyReceipt
	g.one.want("POST", "/api/v1/my/cases", g.one.application("TB-XZRZ-005"), 201, &first)
	id, number := first.Case.Id, first.Case.Number
	until(t, "the message", func() bool { return len(p.got()) == 1 })
	letter := p.got()[0]
	if !strings.Contains(letter, "13800000000") || !strings.Contains(letter, `"kind":"received"`) || !strings.Contains(letter, number) {
		t.Errorf("%s", letter)
	}
	for _, secret := range []string{"王芳", storetest.IDNumber(1), "生育", "梅溪"} {
		if strings.Contains(letter, secret) {
			t.Errorf("the message tells %q: %s", secret, letter)
		}
	}
	delivered := func() bool {
		list, err := g.hub.node.Store.NoticesOf(t.Context(), id)
		if err != nil || len(list) == 0 {
			return false
		}
		d, _ := list[0].Delivery(notice.SMS)
		return d.State == ledger.NoticeDelivered
	}
	until(t, "its record", delivered)

	var mine gen.NoticeList
	g.one.want("GET", "/api/v1/my/notices", nil, 200, &mine)
	if len(mine.Notices) != 1 || mine.Notices[0].Number != number || mine.Notices[0].StepZh != "已收到" || mine.Notices[0].Deliveries[0].To != "138****0000" {
		t.Errorf("%+v", mine)
	}
	g.two.want("GET", "/api/v1/my/notices", nil, 200, &mine)
	if len(mine.Notices) != 0 {
		t.Errorf("another's notices: %+v", mine)
	}
	seen := g.hub.must("auditor", "GET", "/api/v1/cases/"+id+"/notices", nil, 200).Body.String()
	if !strings.Contains(seen, "138****0000") || strings.Contains(seen, "13800000000") {
		t.Errorf("%s", seen)
	}
	if r := g.hub.as("stranger", "GET", "/api/v1/cases/"+id+"/notices", nil); r != "404 not_found" {
		t.Errorf("another department: %s", r)
	}
	// The village that has the case has its notices, with their end.
	until(t, "the village to hear of it", func() bool {
		list, err := g.village.node.Store.NoticesOf(t.Context(), id)
		return err == nil && len(list) == 1 && list[0].Deliveries[0].State == ledger.NoticeDelivered
	})
	var atVillage gen.NoticeList
	g.village.get("worker", "/api/v1/cases/"+id+"/notices", &atVillage)
	if len(atVillage.Notices) != 1 || atVillage.Notices[0].Deliveries[0].To != "138****0000" {
		t.Errorf("%+v", atVillage)
	}
}

// What reached nobody is listed at the county and sent again by who may; what was
// delivered is not.
func TestNoticeSentAgain(t *testing.T) {
	p := newPost(t)
	p.status = http.StatusUnprocessableEntity
	h := newHub(t, p.told(t))
	h.channels(t)
	h.person("auditor", theCounty, "", identity.Auditor)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	in := h.submission("TB-SCJG-001", theCounty)
	in.Applicant.Phone = "13900000000"
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	h.act("window", receipt.Case.Id, gen.CaseAction{Kind: gen.ActAccept})
	var board gen.NoticeBoard
	until(t, "the failure", func() bool {
		h.get("auditor", "/api/v1/notices?state=failed", &board)
		// Figures and list are read one after the other.
		return len(board.Notices) == 1 && board.Channels[0].Failed == 1
	})
	n := board.Notices[0]
	if n.Number != receipt.Case.Number || n.Kind != "accepted" || n.Channel != "sms" || !board.Channels[0].Configured {
		t.Errorf("%+v", board)
	}
	path := "/api/v1/notices/" + n.Id
	for login, want := range map[string]string{"window": "403 forbidden", "auditor": "403 forbidden"} {
		if r := h.as(login, "POST", path+"/retry", gen.NoticeRetry{Channel: gen.ChannelSMS}); r != want {
			t.Errorf("%s: %s", login, r)
		}
	}
	if r := h.as("window", "GET", "/api/v1/notices", nil); r != "403 forbidden" {
		t.Errorf("a window lists all: %s", r)
	}
	if r := h.as("operator", "POST", path+"/retry", gen.NoticeRetry{Channel: gen.ChannelMail}); r != "409 notice_not_failed" {
		t.Errorf("a channel that it never was in: %s", r)
	}
	if r := h.as("operator", "POST", path+"/retry", `{"channel":"pigeon"}`); r != "400 invalid_request" {
		t.Errorf("a channel that there is not: %s", r)
	}
	p.mu.Lock()
	p.status = http.StatusOK
	p.mu.Unlock()
	h.must("operator", "POST", path+"/retry", gen.NoticeRetry{Channel: gen.ChannelSMS}, 200)
	var one gen.ApplicantNotice
	until(t, "it to be delivered", func() bool {
		h.get("auditor", path, &one)
		return one.Deliveries[0].State == "delivered"
	})
	if one.Deliveries[0].Round != 2 || one.Deliveries[0].To != "139****0000" || one.StepZh != "已受理" {
		t.Errorf("%+v", one)
	}
	if r := h.as("operator", "POST", path+"/retry", gen.NoticeRetry{Channel: gen.ChannelSMS}); r != "409 notice_not_failed" {
		t.Errorf("sent again what was delivered: %s", r)
	}
	if r := h.as("operator", "GET", "/api/v1/notices/nothing", nil); r != "404 not_found" {
		t.Errorf("%s", r)
	}
	page := h.send(request0{method: "GET", path: "/metrics"}).Body.String()
	for _, want := range []string{`tongban_notice_queued{channel="sms"} 0`, `tongban_notice_undelivered{channel="sms",state="failed"} 0`} {
		if !strings.Contains(page, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

// Where one is told is one's own affair, and an address that could carry a second
// recipient is none.
func TestContactOfAnApplicant(t *testing.T) {
	g := newGuests(t)
	var me gen.MyAccount
	g.one.want("PUT", "/api/v1/my/contact", gen.MyContact{Email: " fang.wang@example.cn ", Language: gen.NoticeEnglish}, 200, &me)
	if me.EmailUnconfirmed != "fang.wang@example.cn" || me.Email != "" || me.Language != gen.NoticeEnglish {
		t.Errorf("%+v", me)
	}
	for _, bad := range []string{"x", "a@b.cn,c@d.cn", "a@b.cn\r\nBcc: c@d.cn"} {
		if r := g.one.ask("PUT", "/api/v1/my/contact", gen.MyContact{Email: bad, Language: gen.NoticeChinese}); r.Code != 400 || !strings.Contains(r.Body.String(), `"code":"email"`) {
			t.Errorf("%q: %d %s", bad, r.Code, r.Body)
		}
	}
	g.one.want("GET", "/api/v1/my/session", nil, 200, &me)
	if me.EmailUnconfirmed != "fang.wang@example.cn" {
		t.Errorf("%+v", me)
	}
	me = gen.MyAccount{}
	g.one.want("PUT", "/api/v1/my/contact", gen.MyContact{Language: gen.NoticeChinese}, 200, &me)
	if me.Email != "" || me.EmailUnconfirmed != "" {
		t.Errorf("%+v", me)
	}
}
