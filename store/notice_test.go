package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// channels configures the county's channels.
func channels(t testing.TB, hub *storetest.Node, names ...string) {
	t.Helper()
	hub.MustDo(hub.System(), &ledger.NoticeChannelsV1{Channels: append([]string{}, names...)})
}

func noticesOf(t testing.TB, n *storetest.Node, subject string) []notice.Notice {
	t.Helper()
	list, err := n.NoticesOf(ctx, subject)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func kindsOf(list []notice.Notice) (kinds []notice.Kind) {
	for _, n := range list {
		kinds = append(kinds, n.Kind)
	}
	return kinds
}

func openNotices(t testing.TB, n *storetest.Node, state ledger.NoticeState) []store.OpenNotice {
	t.Helper()
	list, err := n.OpenNotices(ctx, state, "", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func outcome(o store.OpenNotice, state ledger.NoticeState) ledger.NoticeOutcome {
	return ledger.NoticeOutcome{Subject: o.Subject, Notice: o.Notice, Channel: o.Channel, Round: o.Round, State: state, To: "138****0000", Attempts: 1, At: 1}
}

func settle(hub *storetest.Node, at division.Code, outcomes ...ledger.NoticeOutcome) error {
	_, err := hub.Do(hub.System(), &ledger.NoticeSettleV1{Division: at, Outcomes: outcomes}, storetest.About{Scope: at})
	return err
}

// The applicant is told of every step that the handbook says they are told of,
// once, in its order, and every node that has the case has the same.
func TestApplicantIsToldOnceEverywhere(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	channels(t, hub, notice.File, notice.SMS)
	opened := village.Submit("TB-YBJ-003")
	c.Settle()
	for townNode.MustCase(opened.ID).Holder == town {
		townNode.Advance(opened.ID)
	}
	c.Settle()
	today := calendar.DateOf(c.Clock.Now())
	for hub.MustCase(opened.ID).AcceptedMS == 0 {
		hub.Advance(opened.ID)
	}
	hub.MustStep(opened.ID, &ledger.CaseSuspendV1{Procedure: "专家评审", Lawful: true, Until: today.AddDays(7), Reason: "需专家评审"})
	c.Clock.Advance(48 * time.Hour)
	hub.MustStep(opened.ID, &ledger.CaseExtendV1{Days: 10, Reason: "情况复杂"})
	hub.MustStep(opened.ID, &ledger.CaseResumeV1{Procedure: "专家评审", On: today.AddDays(2), Result: "通过"})
	for !hub.MustCase(opened.ID).Status.Ended() && hub.MustCase(opened.ID).Holder == hub.Division() {
		hub.Advance(opened.ID)
	}
	c.Settle()
	village.Advance(opened.ID) // handed over
	c.Settle()
	list := noticesOf(t, hub, opened.ID)
	want := []notice.Kind{notice.Accepted, notice.Suspended, notice.Extended, notice.Resumed, notice.Decided, notice.Ready}
	slices.Sort(want)
	got := kindsOf(list)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("told of %v, want %v", got, want)
	}
	for _, n := range list {
		if n.Number != opened.Number || n.Electronic || len(n.Deliveries) != 2 || n.Deliveries[0].State != ledger.NoticeQueued {
			t.Errorf("%+v", n)
		}
		if n.Kind == notice.Suspended && n.On != today.AddDays(7) {
			t.Errorf("until %s", n.On)
		}
	}
	if got := len(openNotices(t, hub, ledger.NoticeQueued)); got != 2*len(want) {
		t.Errorf("%d wait to be sent", got)
	}
	for _, n := range []*storetest.Node{village, townNode} {
		if len(openNotices(t, n, ledger.NoticeQueued)) != 0 {
			t.Errorf("%s would send something", n.ID())
		}
	}
	some := openNotices(t, hub, ledger.NoticeQueued)
	if err := settle(hub, here, outcome(some[0], ledger.NoticeDelivered), outcome(some[1], ledger.NoticeFailed), outcome(some[2], ledger.NoticeExpired)); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	told := storetest.Dump(t, hub.Store, "notices")
	for _, n := range []*storetest.Node{village, townNode} {
		if got := storetest.Dump(t, n.Store, "notices"); got != told {
			t.Errorf("%s has\n%s\nthe hub\n%s", n.ID(), got, told)
		}
	}
}

// What a township decided while its line was cut is told when the county has it,
// and not before; sent again, it is not told again.
func TestNothingIsToldBeforeTheCountyHasIt(t *testing.T) {
	c := storetest.NewCounty(t)
	townNode, hub := c.Township(town), c.Hub()
	channels(t, hub, notice.SMS)
	opened := townNode.Submit("TB-MZJ-004")
	for townNode.MustCase(opened.ID).AcceptedMS == 0 {
		townNode.Advance(opened.ID)
	}
	if list := noticesOf(t, townNode, opened.ID); len(list) != 0 {
		t.Fatalf("with the line cut: %+v", list)
	}
	sent := outbox(t, townNode)
	c.Settle()
	if got := kindsOf(noticesOf(t, hub, opened.ID)); !slices.Equal(got, []notice.Kind{notice.Accepted}) {
		t.Fatalf("told of %v", got)
	}
	hub.Take(sent...) // the line repeats everything
	if got := len(openNotices(t, hub, ledger.NoticeQueued)); got != 1 {
		t.Errorf("%d queued after a repeat", got)
	}
	if got := kindsOf(noticesOf(t, townNode, opened.ID)); !slices.Equal(got, []notice.Kind{notice.Accepted}) {
		t.Errorf("at the township: %v", got)
	}
}

// An entry that overtook its case's previous one is told when that has come, and
// one that was refused never is.
func TestWaitingIsToldLaterAndRefusedNever(t *testing.T) {
	c := storetest.NewCounty(t)
	village, townNode, hub := c.Village(here), c.Township(town), c.Hub()
	channels(t, hub, notice.SMS)
	opened := village.Submit("TB-MZJ-004")
	for village.MustCase(opened.ID).Holder == here {
		village.Advance(opened.ID)
	}
	village.Push(townNode)
	townNode.MustStep(opened.ID, &ledger.CaseTerminateV1{Cause: ledger.CauseMoot, Reason: "事项不再存在", PapersReturned: true})
	own := own(t, townNode)
	if r := hub.Take(own...); r[len(r)-1].Outcome != ledger.Waiting {
		t.Fatalf("%s", storetest.Codes(r))
	}
	if n := openNotices(t, hub, ledger.NoticeQueued); len(n) != 0 {
		t.Fatalf("told before the case is there: %+v", n)
	}
	village.Push(hub)
	ends := func() (n int) {
		for _, k := range kindsOf(noticesOf(t, hub, opened.ID)) {
			if k == notice.Ended {
				n++
			}
		}
		return n
	}
	if ends() != 1 {
		t.Errorf("told of %v", kindsOf(noticesOf(t, hub, opened.ID)))
	}
	told := len(noticesOf(t, hub, opened.ID))
	if _, err := hub.Step(opened.ID, &ledger.CaseExtendV1{Days: 10, Reason: "x"}); err == nil {
		t.Fatal("a case that has ended was prolonged")
	}
	if got := len(noticesOf(t, hub, opened.ID)); got != told {
		t.Errorf("%d notices", got)
	}
}

// Service by notice counts as legal service only where it was consented to
// (handbook, section 3: electronic with consent): a notice says so.
func TestConsentToElectronicService(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	channels(t, hub, notice.SMS)
	hub.MustDo(hub.DepartmentActor(identity.DepartmentWindow, "县民政局"), opening(hub, 1, "a"))
	one, err := hub.AccountOf(ctx, "person", storetest.IDNumber(1))
	if err != nil {
		t.Fatal(err)
	}
	hub.MustDo(visitor(hub, one.ID), &ledger.AccountActivateV1{Account: one.ID, CodeHash: one.CodeHash, PasswordHash: somePassword})
	const birth = "TB-XZRZ-005"
	item := c.Item(birth)
	online := func(id string, electronic bool) *casework.Case {
		b := hub.Submission(birth)
		b.Division, b.Steps = here, casework.PlanOnline(&item)
		b.Online = ledger.Online{Account: one.ID, Electronic: electronic}
		b.Applicant = ledger.Applicant{Type: account.Person, Name: one.Name, IDNumber: one.Number}
		for i := range b.Form {
			if b.Form[i].Key == catalog.KeyIDNumber {
				b.Form[i].Value = one.Number
			}
		}
		counter, err := hub.LastCounter(ctx, hub.Number(1)[:22])
		must(t, err)
		b.Number = hub.Number(counter + 1)
		hub.MustDo(visitor(hub, one.ID), b, storetest.About{ID: id, Case: id, Scope: b.Division})
		return hub.MustCase(id)
	}
	consent := func(id, service string) {
		hub.MustDo(visitor(hub, one.ID), &ledger.CaseConsentV1{Service: service}, storetest.About{Case: id, Scope: here})
	}
	for _, row := range []struct {
		id            string
		at            bool // agreed at hand-in
		later         string
		then, accepts bool
	}{
		{"case-1", false, "", false, false},
		{"case-2", true, "", true, true},
		{"case-3", false, ledger.ServiceElectronic, false, true},
		{"case-4", true, ledger.ServicePaper, true, false},
	} {
		opened := online(row.id, row.at)
		if row.later != "" {
			consent(opened.ID, row.later)
		}
		c.Settle()
		holder := c.Node(hub.MustCase(opened.ID).Holder)
		holder.MustStep(opened.ID, &ledger.CaseTerminateV1{Cause: ledger.CauseMoot, Reason: "x", PapersReturned: true})
		c.Settle()
		list := noticesOf(t, hub, opened.ID)
		slices.SortFunc(list, func(a, b notice.Notice) int { return strings.Compare(string(b.Kind), string(a.Kind)) })
		if len(list) != 2 || list[0].Kind != notice.Received || list[0].Electronic != row.then || list[1].Kind != notice.Ended || list[1].Electronic != row.accepts {
			t.Errorf("%s: %+v", row.id, list)
		}
		entries, err := hub.Timeline(ctx, opened.ID)
		must(t, err)
		for _, e := range entries {
			if e.Kind == ledger.CaseOpened {
				t.Error("a notice counts as the proof of service")
			}
		}
	}
}

// A delivery ends once: a second word on it is refused at the hub, for it may be
// another hub's that sent it too; failed ones are sent again when a person with
// the right orders it.
func TestDeliveryEndsOnce(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	channels(t, hub, notice.Mail, notice.SMS)
	opened := hub.Submit("TB-SCJG-010")
	hub.MustStep(opened.ID, &ledger.CaseAcceptV1{})
	queued := openNotices(t, hub, ledger.NoticeQueued)
	if len(queued) != 2 {
		t.Fatalf("%+v", queued)
	}
	mail, sms := queued[0], queued[1]
	at := opened.Division
	wantRefused(t, "another division's", settle(hub, here, outcome(sms, ledger.NoticeDelivered)), "notice_division")
	stranger := outcome(sms, ledger.NoticeDelivered)
	stranger.Notice = opened.ID
	wantRefused(t, "a notice that there is not", settle(hub, at, stranger), "notice_unknown")
	if err := settle(hub, at, outcome(mail, ledger.NoticeFailed), outcome(sms, ledger.NoticeDelivered)); err != nil {
		t.Fatal(err)
	}
	head := mustHead(t, hub)
	wantRefused(t, "a second word", settle(hub, at, outcome(sms, ledger.NoticeFailed)), "notice_settled")
	if mustHead(t, hub) != head {
		t.Error("it stands in the ledger")
	}
	n := noticesOf(t, hub, opened.ID)[0]
	if d, _ := n.Delivery(notice.SMS); d.State != ledger.NoticeDelivered || d.To != "138****0000" {
		t.Errorf("%+v", d)
	}
	retry := func(channel string, by identity.Actor) error {
		_, err := hub.Do(by, &ledger.NoticeRetryV1{Division: at, Subject: opened.ID, Notice: n.ID, Channel: channel}, storetest.About{Scope: at})
		return err
	}
	wantRefused(t, "sent again what was delivered", retry(notice.SMS, c.Operator()), "notice_not_failed")
	wantRefused(t, "sent again by a window", retry(notice.Mail, hub.DepartmentActor(identity.DepartmentWindow, opened.Department)), "not_authorised")
	if err := retry(notice.Mail, c.Operator()); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "queued already", retry(notice.Mail, c.Operator()), "notice_not_failed")
	wantRefused(t, "the round before", settle(hub, at, outcome(mail, ledger.NoticeDelivered)), "notice_settled")
	again := openNotices(t, hub, ledger.NoticeQueued)
	if len(again) != 1 || again[0].Round != 2 || len(openNotices(t, hub, ledger.NoticeFailed)) != 0 {
		t.Errorf("%+v", again)
	}
	if err := settle(hub, at, outcome(again[0], ledger.NoticeNoAddress)); err != nil {
		t.Fatal(err)
	}
	if left := openNotices(t, hub, ledger.NoticeQueued); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	clear := outcome(mail, ledger.NoticeDelivered)
	clear.To = "13800000000"
	if err := (&ledger.NoticeSettleV1{Division: at, Outcomes: []ledger.NoticeOutcome{clear}}).Check(); err == nil {
		t.Error("an address stands in the ledger unmasked")
	}
}

// Nobody but a hub says what became of notices.
func TestOnlyAHubSettles(t *testing.T) {
	c := storetest.NewCounty(t)
	village, hub := c.Village(here), c.Hub()
	channels(t, hub, notice.SMS)
	for name, body := range map[string]ledger.Body{
		"settle":   &ledger.NoticeSettleV1{Division: here, Outcomes: []ledger.NoticeOutcome{{Subject: "x", Notice: "y", Channel: notice.SMS, Round: 1, State: ledger.NoticeDelivered, At: 1}}},
		"channels": &ledger.NoticeChannelsV1{Channels: []string{}},
		"trouble":  &ledger.NoticeTroubleV1{Channel: notice.SMS, Since: 1},
	} {
		if _, err := village.Do(village.System(), body, storetest.About{}); err == nil {
			t.Errorf("%s by a village", name)
		}
		_, err := hub.Do(c.Operator(), body, storetest.About{})
		wantRefused(t, name+" by a person", err, "not_authorised")
	}
}

// A channel that lets nothing through asks for attention once, whichever hub says
// it, until it works again.
func TestChannelTroubleAsksForAttention(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	say := func(since int64, over bool) error {
		_, err := hub.Do(hub.System(), &ledger.NoticeTroubleV1{Channel: notice.SMS, Since: since, Reason: "unreachable", Over: over}, storetest.About{ID: store.TroubleID(notice.SMS, since, over), Scope: storetest.Code})
		return err
	}
	attention := func(resolved bool) int {
		list, err := hub.AttentionList(ctx, storetest.Code, resolved)
		if err != nil {
			t.Fatal(err)
		}
		return len(slices.DeleteFunc(list, func(a store.Attention) bool { return a.Code != "notice_channel" }))
	}
	wantRefused(t, "over before it began", say(5, true), "notice_trouble")
	for range 2 { // two hubs say it
		if err := say(5, false); err != nil {
			t.Fatal(err)
		}
	}
	wantRefused(t, "since another moment", say(6, false), "notice_trouble")
	if attention(false) != 1 {
		t.Errorf("%d ask for attention", attention(false))
	}
	if _, trouble, err := hub.NoticeSettings(ctx); err != nil || trouble[notice.SMS] != 5 {
		t.Errorf("%v, %v", trouble, err)
	}
	if err := say(5, true); err != nil {
		t.Fatal(err)
	}
	if attention(false) != 0 || attention(true) != 1 {
		t.Error("it asks for attention still")
	}
	if err := say(9, false); err != nil {
		t.Fatal(err)
	}
	if attention(false) != 1 {
		t.Error("a second trouble asks nobody")
	}
}

// Who is reached where: the applicant's mobile phone, else the agent's; what an
// account says of mail and language.
func TestRecipient(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	channels(t, hub, notice.SMS)
	opened := hub.Submit("TB-SCJG-010", func(b *ledger.CaseSubmitV1) { b.Applicant.Phone = "13800000000" })
	hub.MustDo(hub.DepartmentActor(identity.DepartmentWindow, opened.Department), &ledger.AccountOpenV1{Account: "a-1", Type: opened.Applicant.Type, Name: "某公司", Number: opened.Applicant.IDNumber,
		Division: hub.Division(), Shown: "营业执照", CodeHash: strings.Repeat("a", 64), ExpiresAt: 1 << 60})
	contact := func(account string) error {
		_, err := hub.Do(visitor(hub, "a-1"), &ledger.AccountContactV1{Account: account, Email: "firm@example.cn", Language: "en"}, storetest.About{Scope: storetest.Code})
		return err
	}
	wantRefused(t, "another's address", contact("a-2"), "not_authorised")
	if err := contact("a-1"); err != nil {
		t.Fatal(err)
	}
	// Nothing goes to an address before its code came back, or a clerk heard of it.
	confirm := func(account, email string) error {
		_, err := hub.Do(visitor(hub, "a-1"), &ledger.AccountConfirmV1{Account: account, Email: email}, storetest.About{Scope: storetest.Code})
		return err
	}
	wantRefused(t, "another's address confirmed", confirm("a-2", "firm@example.cn"), "not_authorised")
	wantRefused(t, "an address that was not named", confirm("a-1", "else@example.cn"), "contact_changed")
	k, err := hub.Account(ctx, "a-1")
	if err != nil || k.Email != "" || k.Unconfirmed != "firm@example.cn" {
		t.Fatalf("%+v, %v", k, err)
	}
	if err := confirm("a-1", "firm@example.cn"); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "confirmed twice", confirm("a-1", "firm@example.cn"), "contact_changed")
	hub.MustStep(opened.ID, &ledger.CaseAcceptV1{})
	n := noticesOf(t, hub, opened.ID)[0]
	r, err := hub.Recipient(ctx, &n)
	if err != nil || r.Address(notice.SMS) != "13800000000" || r.Address(notice.Mail) != "firm@example.cn" || r.Language != notice.English {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{"a@b", "a b@c.cn", "a@b.cn\r\nRCPT TO:<x@y.cn>", "<a@b.cn>", "a@b.cn,c@d.cn", ".a@b.cn", "a@-b.cn", strings.Repeat("a", 65) + "@b.cn"} {
		if err := (&ledger.AccountContactV1{Account: "a", Email: bad, Language: "zh"}).Check(); err == nil {
			t.Errorf("%q passed as an address", bad)
		}
	}
	// Another may have set it: it ends with the password.
	hub.MustDo(visitor(hub, "a-1"), &ledger.AccountActivateV1{Account: "a-1", CodeHash: strings.Repeat("a", 64), PasswordHash: somePassword}, storetest.About{Scope: storetest.Code})
	if r, err = hub.Recipient(ctx, &n); err != nil || r.Address(notice.Mail) != "" {
		t.Errorf("%+v, %v", r, err)
	}
	own, err := hub.Account(ctx, "a-1")
	if err != nil {
		t.Fatal(err)
	}
	if list, err := hub.NoticesFor(ctx, own, 0, 10); err != nil || len(list) != 1 || list[0].ID != n.ID || list[0].Number != opened.Number {
		t.Errorf("in the account's inbox: %+v, %v", list, err)
	}
	if found, err := hub.Notice(ctx, n.ID); err != nil || found.Subject != opened.ID || found.Kind != notice.Accepted {
		t.Errorf("%+v, %v", found, err)
	}
}

// Whatever hubs say, and in whatever order persons have notices sent again, each
// delivery is in exactly one state, the list of what is open says the same, and
// a second hub that applies the ledger has the same state.
func TestNoticesEndInOneState(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	channels(t, hub, notice.File, notice.Mail, notice.SMS)
	few(t, 30)
	rapid.Check(t, func(rt *rapid.T) {
		var cases []*casework.Case
		for range rapid.IntRange(1, 3).Draw(rt, "cases") {
			opened := hub.Submit("TB-SCJG-010")
			hub.MustStep(opened.ID, &ledger.CaseAcceptV1{})
			cases = append(cases, opened)
		}
		for i := range rapid.IntRange(1, 15).Draw(rt, "steps") {
			c := rapid.SampledFrom(cases).Draw(rt, "case")
			n := noticesOf(t, hub, c.ID)[0]
			channel := rapid.SampledFrom([]string{notice.File, notice.Mail, notice.SMS}).Draw(rt, "channel")
			if rapid.IntRange(0, 3).Draw(rt, "what") == 0 {
				hub.Do(hub.County.Operator(), &ledger.NoticeRetryV1{Division: c.Division, Subject: c.ID, Notice: n.ID, Channel: channel}, storetest.About{Scope: c.Division})
				continue
			}
			settle(hub, c.Division, ledger.NoticeOutcome{Subject: c.ID, Notice: n.ID, Channel: channel, Round: rapid.IntRange(1, 3).Draw(rt, "round"),
				State: rapid.SampledFrom(ledger.NoticeEnds).Draw(rt, "state"), At: int64(i + 1)})
		}
		listed := map[string]ledger.NoticeState{}
		for _, state := range append([]ledger.NoticeState{ledger.NoticeQueued}, ledger.NoticeEnds...) {
			for _, o := range openNotices(t, hub, state) {
				listed[o.Notice+o.Channel] = state
			}
		}
		for _, c := range cases {
			for _, d := range noticesOf(t, hub, c.ID)[0].Deliveries {
				key := noticesOf(t, hub, c.ID)[0].ID + d.Channel
				want := d.State
				if want == ledger.NoticeDelivered || want == ledger.NoticeNoAddress {
					want = ""
				}
				if listed[key] != want {
					rt.Fatalf("%s of %s is listed as %q and is %q", d.Channel, c.ID, listed[key], d.State)
				}
			}
		}
	})
	raws, ats := records(t, hub.Store)
	other := openHub(t, t.TempDir(), hub.ID())
	replay(t, other, raws, ats, 0, 7)
	for _, table := range []string{"notices", "notice_open"} {
		if got, want := storetest.Dump(t, other, table), storetest.Dump(t, hub.Store, table); got != want {
			t.Fatalf("%s applied again:\n%s\nwant\n%s", table, got, want)
		}
	}
}

// A day that an applicant is told in a message, in a year whose holidays are not
// announced, is told as one that may change, until they are (handbook, section 2).
//
// Rules: 2.40.
func TestToldDayMayChange(t *testing.T) {
	c := storetest.NewCounty(t)
	hub := c.Hub()
	channels(t, hub, notice.File)
	opened := hub.Submit("TB-SCJG-010")
	next, err := calendar.NewDate(2027, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	item := c.Item("TB-SCJG-010")
	point := ledger.SupplementPoint{Material: item.Materials[0].Name, Problem: ledger.ProblemUnclear, How: "请重新扫描"}
	hub.MustStep(opened.ID, &ledger.CaseRequestSupplementV1{Points: []ledger.SupplementPoint{point}, Before: next})
	told := func() notice.Notice {
		list := noticesOf(t, hub, opened.ID)
		one, err := hub.NoticeOf(ctx, opened.ID, list[len(list)-1].ID)
		if err != nil || one.Unannounced != list[len(list)-1].Unannounced {
			t.Fatalf("%+v, %v", one, err)
		}
		return *one
	}
	years, err := hub.CalendarYears(ctx)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(years, func(y calendar.Year) bool { return y.Year == 2027 })
	if i < 0 || years[i].Status != calendar.Provisional {
		t.Fatalf("the calendar of the test is another: %d", i)
	}
	if got := told(); got.Kind != notice.Supplement || !got.Unannounced {
		t.Errorf("%+v", got)
	}
	years[i].Status = calendar.Announced
	hub.MustDo(c.Operator(), &ledger.CalendarImportV1{Years: years[i : i+1]})
	if got := told(); got.Unannounced {
		t.Errorf("announced since: %+v", got)
	}
}
