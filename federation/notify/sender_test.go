package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// office is a county with a gateway, whose hub sends.
type office struct {
	t       testing.TB
	c       *storetest.County
	hub     *storetest.Node
	gateway *gateway
	// ledger is held while something is recorded: a county of storetest is for one
	// goroutine.
	ledger   sync.Mutex
	settings notify.Settings
}

func newOffice(t *testing.T) *office {
	c := storetest.NewCounty(t)
	o := &office{t: t, c: c, hub: c.Hub(), gateway: newGateway(t)}
	o.settings = notify.Settings{Channels: []notify.Channel{webhook(t, o.gateway)}, Timeout: 5 * time.Second}
	return o
}

func (o *office) say(ctx context.Context, id string, body ledger.Body) error {
	o.ledger.Lock()
	defer o.ledger.Unlock()
	about := storetest.About{ID: id}
	var err error
	if about.Scope, about.Subtree, err = o.hub.ScopeOf(ctx, "", body); err != nil {
		return err
	}
	_, err = o.hub.Do(o.hub.System(), body, about)
	return err
}

// accept hands a case in and accepts it, which is told.
func (o *office) accept(phone string) *casework.Case {
	o.ledger.Lock()
	defer o.ledger.Unlock()
	c := o.hub.Submit("TB-SCJG-010", func(b *ledger.CaseSubmitV1) { b.Applicant.Phone = phone })
	return o.hub.MustStep(c.ID, &ledger.CaseAcceptV1{})
}

func (o *office) step(id string, body ledger.Body) {
	o.ledger.Lock()
	defer o.ledger.Unlock()
	o.hub.MustStep(id, body)
}

// decide goes on until a case is decided; seal puts its department's seal on that.
func (o *office) decide(id string) {
	for _, body := range []ledger.Body{&ledger.CaseReviewV1{Opinion: "符合"}, &ledger.CaseDecideV1{Granted: true, Opinion: "准予"}} {
		o.step(id, body)
	}
}

func (o *office) seal(id string) {
	c, key := o.hub.MustCase(id), storetest.SealKey("the department's")
	o.ledger.Lock()
	o.hub.MustDo(o.c.Operator(), storetest.SealOf(o.hub, c.Department, 1, key))
	o.ledger.Unlock()
	o.step(id, storetest.SealedPaper(o.t, document.GrantDecision, c, key))
}

type hubOf struct {
	*notify.Sender
	leads  atomic.Bool
	waited atomic.Int64 // how often it had nothing to do for the moment
}

// awaitLook waits until a sender has looked at what there is.
func (o *office) awaitLook(h *hubOf) {
	o.t.Helper()
	before := h.waited.Load()
	eventually(o.t, "a sender to look", func() bool { return h.waited.Load() > before })
}

// sender begins a sender of the office's; with others, there is another hub.
func (o *office) sender(leads, others bool) *hubOf {
	h := new(hubOf)
	h.leads.Store(leads)
	h.Sender = notify.NewSender(notify.Options{Settings: o.settings, Store: o.hub.Store, Leading: h.leads.Load, Fresh: func(context.Context) error { return nil },
		Alone: func() bool { return !others }, Say: o.say, Now: o.c.Clock.Now, Chance: func() float64 { return 0 }, Log: slog.New(slog.NewTextHandler(o.t.Output(), nil)),
		// The county's clock is the test's; what waits looks at it often.
		After: func(d time.Duration) <-chan time.Time {
			h.waited.Add(1)
			return time.After(min(d, 5*time.Millisecond))
		}})
	h.Start()
	o.t.Cleanup(h.Close)
	return h
}

// delivery waits until a case's last notice has ended by a channel.
func (o *office) delivery(id, channel string) notice.Delivery {
	o.t.Helper()
	var d notice.Delivery
	defer func() { o.t.Logf("%s: %+v", id, d) }()
	eventually(o.t, "the notice to end", func() bool {
		list, err := o.hub.NoticesOf(o.t.Context(), id)
		if err != nil || len(list) == 0 {
			return false
		}
		d, _ = list[len(list)-1].Delivery(channel)
		return d.State != "" && d.State != ledger.NoticeQueued
	})
	return d
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (o *office) configured() {
	o.t.Helper()
	eventually(o.t, "the channels to stand in the ledger", func() bool {
		names, _, err := o.hub.NoticeSettings(o.t.Context())
		return err == nil && slices.Equal(names, []string{notice.SMS})
	})
}

// A gateway that fails is asked again, later each time, under the same id, until
// it has the message; that is recorded once.
func TestTriedAgainUntilItIsThere(t *testing.T) {
	o := newOffice(t)
	o.gateway.answer = func(n int, w http.ResponseWriter, _ *http.Request) {
		if n < 4 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	h := o.sender(true, false)
	o.configured()
	c := o.accept("13800000000")
	for n, pause := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
		eventually(t, "an attempt", func() bool { f := h.Figures()[0]; return f.Again == uint64(n+1) })
		o.c.Clock.Advance(pause - time.Second)
		if got := len(o.gateway.got()); got != n+1 {
			t.Fatalf("%d attempts before the pause was over, want %d", got, n+1)
		}
		o.c.Clock.Advance(time.Second)
	}
	d := o.delivery(c.ID, notice.SMS)
	if d.State != ledger.NoticeDelivered || d.Attempts != 4 || d.To != "138****0000" || d.Reason != "" {
		t.Errorf("%+v", d)
	}
	for i, r := range o.gateway.got() {
		list, _ := o.hub.NoticesOf(t.Context(), c.ID)
		if r.sent["id"] != list[0].ID+".sms" || r.sent["attempt"] != float64(i+1) || r.header.Get("Idempotency-Key") != list[0].ID+".sms" {
			t.Errorf("attempt %d: %v", i+1, r.sent)
		}
	}
	if f := h.Figures()[0]; f.Delivered != 1 || !f.FailingSince.IsZero() {
		t.Errorf("%+v", f)
	}
}

func TestEndsWithoutReachingAnybody(t *testing.T) {
	o := newOffice(t)
	o.gateway.answer = func(_ int, w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnprocessableEntity) }
	o.sender(true, false)
	o.configured()
	refused, landline, nobody := o.accept("13800000000"), o.accept("0572-5123456"), o.accept("")
	if d := o.delivery(refused.ID, notice.SMS); d.State != ledger.NoticeFailed || d.Reason != "http_422" || d.Attempts != 1 {
		t.Errorf("%+v", d)
	}
	for _, c := range []*casework.Case{landline, nobody} {
		if d := o.delivery(c.ID, notice.SMS); d.State != ledger.NoticeNoAddress || d.To != "" {
			t.Errorf("%+v", d)
		}
	}
	// A person has it sent again.
	o.gateway.mu.Lock()
	o.gateway.answer = nil
	o.gateway.mu.Unlock()
	list, err := o.hub.NoticesOf(t.Context(), refused.ID)
	if err != nil {
		t.Fatal(err)
	}
	o.ledger.Lock()
	o.hub.MustDo(o.c.Operator(), &ledger.NoticeRetryV1{Division: refused.Division, Subject: refused.ID, Notice: list[0].ID, Channel: notice.SMS}, storetest.About{Scope: refused.Division})
	o.ledger.Unlock()
	if d := o.delivery(refused.ID, notice.SMS); d.State != ledger.NoticeDelivered || d.Round != 2 {
		t.Errorf("%+v", d)
	}
}

// A gateway that is away for long asks for attention, what waits for it expires
// in the end, and what does not goes out when it is back.
func TestGatewayAwayForLong(t *testing.T) {
	o := newOffice(t)
	var away atomic.Bool
	away.Store(true)
	o.gateway.answer = func(_ int, w http.ResponseWriter, _ *http.Request) {
		if away.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}
	o.settings.Expire, o.settings.Alarm = 3*time.Hour, time.Hour
	h := o.sender(true, false)
	o.configured()
	old := o.accept("13800000000")
	eventually(t, "an attempt", func() bool { return h.Figures()[0].Again > 0 })
	asked := func() int {
		list, err := o.hub.AttentionList(t.Context(), storetest.Code, false)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if asked() != 0 {
		t.Fatal("it asks for attention at the first failure")
	}
	o.c.Clock.Advance(61 * time.Minute)
	eventually(t, "attention", func() bool { return asked() == 1 })
	later := o.accept("13900000000")
	o.c.Clock.Advance(2 * time.Hour)
	if d := o.delivery(old.ID, notice.SMS); d.State != ledger.NoticeExpired {
		t.Errorf("%+v", d)
	}
	away.Store(false)
	eventually(t, "the gateway to be asked again", func() bool { o.c.Clock.Advance(5 * time.Second); return h.Figures()[0].Delivered > 0 })
	if d := o.delivery(later.ID, notice.SMS); d.State != ledger.NoticeDelivered {
		t.Errorf("%+v", d)
	}
	eventually(t, "the attention to be taken back", func() bool { return asked() == 0 })
}

// Nobody is woken at night.
func TestQuietHoursAreKept(t *testing.T) {
	o := newOffice(t)
	now := o.c.Clock.Now()
	night := time.Date(now.Year(), now.Month(), now.Day(), 15, 0, 0, 0, time.UTC).AddDate(0, 0, 1) // 23:00 in Beijing
	o.c.Clock.Set(night)
	o.settings.Quiet = notice.Hours{From: 21 * 60, To: 8 * 60}
	file := notify.NewFileSink(notify.FileOptions{Dir: t.TempDir(), Now: o.c.Clock.Now})
	o.settings.Channels = append(o.settings.Channels, file)
	o.sender(true, false)
	eventually(t, "the channels", func() bool { names, _, _ := o.hub.NoticeSettings(t.Context()); return len(names) == 2 })
	c := o.accept("13800000000")
	if d := o.delivery(c.ID, notice.File); d.State != ledger.NoticeDelivered {
		t.Errorf("a file wakes nobody: %+v", d)
	}
	if got := len(o.gateway.got()); got != 0 {
		t.Fatalf("%d messages at night", got)
	}
	o.c.Clock.Advance(9 * time.Hour)
	if d := o.delivery(c.ID, notice.SMS); d.State != ledger.NoticeDelivered {
		t.Errorf("%+v", d)
	}
}

// A case's notices go out in their order, whatever fails.
func TestInOrder(t *testing.T) {
	o := newOffice(t)
	o.gateway.answer = func(n int, w http.ResponseWriter, _ *http.Request) {
		if n%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	o.sender(true, false)
	o.configured()
	c := o.accept("13800000000")
	o.decide(c.ID)
	o.seal(c.ID)
	o.step(c.ID, storetest.BodyFor(o.hub.MustCase(c.ID), ledger.VerbIssue))
	eventually(t, "all three", func() bool {
		o.c.Clock.Advance(5 * time.Second)
		left, err := o.hub.OpenNotices(t.Context(), ledger.NoticeQueued, "", 0, 10)
		return err == nil && len(left) == 0
	})
	var kinds []any
	for _, r := range o.gateway.got() {
		kinds = append(kinds, r.sent["kind"])
	}
	if got := fmt.Sprint(kinds); got != "[accepted accepted decided decided ready ready]" {
		t.Errorf("sent %s", got)
	}
}

// What calls somebody to a decision goes out once it has its seal, however long that
// takes, and holds up nothing else that the case's applicant is told.
func TestDecisionGoesOutOnceItIsSealed(t *testing.T) {
	o := newOffice(t)
	o.settings.Expire = time.Hour
	h := o.sender(true, false)
	o.configured()
	c := o.accept("13800000000")
	o.decide(c.ID)
	o.step(c.ID, storetest.BodyFor(o.hub.MustCase(c.ID), ledger.VerbIssue))
	o.step(c.ID, &ledger.ResultProposeV1{Result: "1", Measure: ledger.ResultCancel, Ground: ledger.GroundWish, Reason: "持有人申请"})
	sent := func() string {
		var kinds []any
		for _, r := range o.gateway.got() {
			kinds = append(kinds, r.sent["kind"])
		}
		return fmt.Sprint(kinds)
	}
	eventually(t, "what waits for nothing", func() bool { return sent() == "[accepted proposed]" })
	o.c.Clock.Advance(2 * time.Hour)
	o.awaitLook(h)
	if got := sent(); got != "[accepted proposed]" {
		t.Fatalf("before the seal: %s", got)
	}
	o.seal(c.ID)
	eventually(t, "the decision's notices to end", func() bool {
		left, err := o.hub.OpenNotices(t.Context(), ledger.NoticeQueued, "", 0, 10)
		return err == nil && len(left) == 0
	})
	if got := sent(); got != "[accepted proposed decided ready]" {
		t.Errorf("sent %s", got)
	}
}

// Leadership passes on while a message is under way: the new leader waits for the
// old one's word, and the gateway gets the message once.
func TestPassedOnWhileUnderWay(t *testing.T) {
	o := newOffice(t)
	o.settings.Timeout = time.Minute // this machine may be slow
	release := make(chan struct{})
	let := sync.OnceFunc(func() { close(release) })
	defer let() // also when it fails: the gateway closes when it has answered
	o.gateway.answer = func(_ int, _ http.ResponseWriter, _ *http.Request) { <-release }
	first := o.sender(true, true)
	o.configured()
	c := o.accept("13800000000")
	o.c.Clock.Advance(time.Minute) // it waits for nobody that led before
	eventually(t, "an attempt", func() bool { return len(o.gateway.got()) == 1 })
	first.leads.Store(false)
	second := o.sender(true, true)
	o.awaitLook(second)
	later := o.accept("13900000000") // queued since the second leads
	eventually(t, "what is new to be sent by the second", func() bool { return len(o.gateway.got()) == 2 })
	let()
	if d := o.delivery(c.ID, notice.SMS); d.State != ledger.NoticeDelivered {
		t.Errorf("%+v", d)
	}
	o.delivery(later.ID, notice.SMS)
	o.c.Clock.Advance(time.Minute)
	o.c.Clock.Advance(time.Minute)
	last := o.accept("13700000000")
	o.delivery(last.ID, notice.SMS)
	seen := map[any]int{}
	for _, r := range o.gateway.got() {
		seen[r.sent["id"]]++
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%v was sent %d times", id, n)
		}
	}
	second.Close()
}

// What a hub had under way when it fell is sent again after a while, under the
// same id: nobody can know whether it had arrived. It is recorded once.
func TestFellWhileUnderWay(t *testing.T) {
	o := newOffice(t)
	taken := make(chan struct{}, 10)
	o.gateway.answer = func(_ int, _ http.ResponseWriter, _ *http.Request) { taken <- struct{}{} }
	fallen := notify.NewSender(notify.Options{Settings: o.settings, Store: o.hub.Store, Leading: func() bool { return true }, Fresh: func(context.Context) error { return nil },
		Alone: func() bool { return true }, Now: o.c.Clock.Now, After: func(d time.Duration) <-chan time.Time { return time.After(min(d, 5*time.Millisecond)) },
		Say: func(ctx context.Context, id string, body ledger.Body) error {
			if _, ends := body.(*ledger.NoticeSettleV1); ends {
				return context.Canceled // the hub falls before it can say so
			}
			return o.say(ctx, id, body)
		}})
	fallen.Start()
	o.configured()
	told := o.accept("13900000000")
	<-taken
	fallen.Close()
	o.awaitLook(o.sender(true, true))
	select {
	case <-taken:
		t.Fatal("sent again before the other hub's word can have come")
	case <-time.After(50 * time.Millisecond):
	}
	o.c.Clock.Advance(time.Minute)
	d := o.delivery(told.ID, notice.SMS)
	all := o.gateway.got()
	if d.State != ledger.NoticeDelivered || len(all) != 2 || all[0].sent["id"] != all[1].sent["id"] {
		t.Errorf("%+v after %d requests", d, len(all))
	}
	left, err := o.hub.OpenNotices(t.Context(), ledger.NoticeQueued, "", 0, 10)
	if err != nil || len(left) != 0 {
		t.Errorf("%+v, %v", left, err)
	}
}

// What waits in a channel that the settings do not have any more ends.
func TestChannelTakenAway(t *testing.T) {
	o := newOffice(t)
	o.gateway.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	h := o.sender(true, false)
	o.configured()
	c := o.accept("13800000000")
	eventually(t, "an attempt", func() bool { return h.Figures()[0].Again > 0 })
	h.Close()
	o.settings.Channels = nil
	o.sender(true, false)
	if d := o.delivery(c.ID, notice.SMS); d.State != ledger.NoticeFailed || d.Reason != "channel_removed" {
		t.Errorf("%+v", d)
	}
	quiet := o.accept("13900000000")
	list, err := o.hub.NoticesOf(t.Context(), quiet.ID)
	if err != nil || len(list) != 1 || len(list[0].Deliveries) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// Whatever a gateway answers, in whatever order leaders follow each other, every
// notice ends in exactly one state, and what the gateway took it took once.
func TestEveryNoticeEnds(t *testing.T) {
	o := newOffice(t)
	o.settings.Expire = time.Hour
	var mu sync.Mutex
	var answers []int
	took := map[string]int{}
	o.gateway.answer = func(_ int, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		status := http.StatusOK
		if len(answers) > 0 {
			status, answers = answers[0], answers[1:]
		}
		if status == http.StatusOK {
			took[r.Header.Get(notify.HeaderID)]++
		}
		w.WriteHeader(status)
	}
	hubs := []*hubOf{o.sender(true, true), o.sender(false, true)}
	o.configured()
	rapid.Check(t, func(rt *rapid.T) {
		mu.Lock()
		answers = rapid.SliceOfN(rapid.SampledFrom([]int{200, 200, 409, 422, 400, 500, 503, 302, 403}), 0, 12).Draw(rt, "answers")
		mu.Unlock()
		var cases []*casework.Case
		for range rapid.IntRange(1, 3).Draw(rt, "cases") {
			cases = append(cases, o.accept(rapid.SampledFrom([]string{"13800000000", "13900000000", "", "0572-5123456"}).Draw(rt, "phone")))
		}
		eventually(t, "every notice to end", func() bool {
			o.c.Clock.Advance(7 * time.Second)
			left, err := o.hub.OpenNotices(t.Context(), ledger.NoticeQueued, "", 0, 10)
			return err == nil && len(left) == 0
		})
		for _, c := range cases {
			list, err := o.hub.NoticesOf(t.Context(), c.ID)
			if err != nil || len(list) != 1 || len(list[0].Deliveries) != 1 || !slices.Contains(ledger.NoticeEnds, list[0].Deliveries[0].State) {
				rt.Fatalf("%+v, %v", list, err)
			}
			mu.Lock()
			n := took[notice.Key(list[0].ID, notice.SMS)]
			mu.Unlock()
			if n > 1 {
				rt.Fatalf("the gateway took %s %d times", list[0].ID, n)
			}
		}
		if rapid.Bool().Draw(rt, "passed on") {
			for _, h := range hubs {
				h.leads.Store(!h.leads.Load())
			}
		}
	})
	// Each delivery has been ended by one entry.
	ended := map[string]int{}
	head, err := o.hub.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := uint64(1); i <= head; i++ {
		for _, e := range settledIn(t, o.hub.Store, i) {
			ended[e]++
		}
	}
	for key, n := range ended {
		if n != 1 {
			t.Errorf("%s ended %d times", key, n)
		}
	}
}

func settledIn(t *testing.T, s *store.Store, index uint64) (keys []string) {
	t.Helper()
	line, err := s.RecordAt(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	var r ledger.Record
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatal(err)
	}
	body, err := r.Entry.Decode()
	if err != nil {
		t.Fatal(err)
	}
	if b, ok := body.(*ledger.NoticeSettleV1); ok {
		for _, o := range b.Outcomes {
			keys = append(keys, fmt.Sprintf("%s %s %d", o.Notice, o.Channel, o.Round))
		}
	}
	return keys
}
