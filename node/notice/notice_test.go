package notice_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
)

const (
	number  = "33052311020020261123010000450"
	printed = "330523110200-20261123-01-000045-0"
)

// entries are the golden entries of every kind.
func entries(t *testing.T) []ledger.Entry {
	t.Helper()
	files, err := filepath.Glob("../ledger/testdata/*.v1.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d goldens, %v", len(files), err)
	}
	var all []ledger.Entry
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		e, err := ledger.ParseEntry(raw)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all = append(all, e)
	}
	return all
}

// What the quick look takes for told is what the slow one does.
func TestMayAgreesWithOf(t *testing.T) {
	told := map[notice.Kind]bool{}
	for _, e := range entries(t) {
		body, err := e.Decode()
		if err != nil {
			t.Fatal(err)
		}
		k, _, is := notice.Of(body)
		if is && !notice.May(e.Kind) {
			t.Errorf("%s is told and passed over", e.Kind)
		}
		if !is && notice.May(e.Kind) && e.Kind != ledger.CaseSubmit && e.Kind != ledger.PackageSubmit { // only from home
			t.Errorf("%s is read and never told", e.Kind)
		}
		told[k] = is
	}
	for _, k := range notice.Kinds {
		n := notice.Notice{Kind: k, Number: number}
		if err := n.Check(); err != nil {
			t.Error(err)
		}
	}
}

// Every event of which the handbook says that the applicant is told of it in
// writing (sections 2, 3, 6, 7) is told.
func TestHandbookEventsAreTold(t *testing.T) {
	for _, row := range []struct {
		body ledger.Body
		want notice.Kind
	}{
		{&ledger.CaseSubmitV1{Online: ledger.Online{Account: "a-1"}}, notice.Received},
		{&ledger.PackageSubmitV1{Online: ledger.Online{Account: "a-1"}}, notice.Received},
		{&ledger.CaseAcceptV1{}, notice.Accepted},
		{&ledger.CaseAcceptV1{Deemed: true}, notice.Accepted},
		{&ledger.CaseRejectV1{}, notice.NotAccepted},
		{&ledger.CaseRequestSupplementV1{}, notice.Supplement},
		{&ledger.PackageNoticeV1{}, notice.Supplement},
		{&ledger.CaseSuspendV1{Procedure: "鉴定"}, notice.Suspended},
		{&ledger.CaseSuspendV1{Procedure: "听证"}, notice.Hearing},
		{&ledger.HearingTellV1{}, notice.HearingTold},
		{&ledger.RefusalTellV1{}, notice.RefusalTold},
		{&ledger.HearingConveneV1{}, notice.HearingDay},
		{&ledger.CaseResumeV1{}, notice.Resumed},
		{&ledger.CaseExtendV1{}, notice.Extended},
		{&ledger.CaseDecideV1{Granted: true}, notice.Decided},
		{&ledger.CaseDecideV1{}, notice.Decided},
		{&ledger.CaseIssueV1{}, notice.Ready},
		{&ledger.CaseTerminateV1{}, notice.Ended},
		{&ledger.ResultProposeV1{}, notice.Proposed},
		{&ledger.ResultDecideV1{}, notice.Measured},
		{&ledger.ResultReissueV1{}, notice.Ready},
		{&ledger.FeeChargeV1{}, notice.Payment},
		{&ledger.FeeWaiveV1{}, notice.Waived},
		{&ledger.FeeRefundV1{}, notice.Refunded},
		{&ledger.FeeCancelV1{}, notice.Uncharged},
		{&ledger.ComplaintReplyV1{}, notice.Replied},
		{&ledger.RatingReportV1{}, notice.Rectified},
	} {
		if got, _, told := notice.Of(row.body); !told || got != row.want {
			t.Errorf("%T: %q, %v, want %q", row.body, got, told, row.want)
		}
	}
	for _, body := range []ledger.Body{&ledger.CaseSubmitV1{}, &ledger.PackageSubmitV1{}, &ledger.CaseReviewV1{}, &ledger.CaseReturnV1{}, &ledger.CaseCommentV1{}, &ledger.CardIssueV1{}, &ledger.CaseDeliverV1{}} {
		if k, _, told := notice.Of(body); told {
			t.Errorf("%T is told as %q", body, k)
		}
	}
}

// A notice has no room for anything about a person: numbers, days, enumerations
// and ids alone.
func TestNoticeHasNoRoomForPeople(t *testing.T) {
	want := []string{"ID", "Subject", "Kind", "Number", "On", "Unannounced", "Electronic", "At", "Index", "Awaits", "From", "Deliveries"}
	var got []string
	for f := range reflect.TypeFor[notice.Notice]().Fields() {
		got = append(got, f.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("a notice has the fields %v; whatever is added here is read by whoever sees the phone", got)
	}
	for _, bad := range []string{"", "张三", number + "1", "33059919850412005X", "T", "13800000000"} {
		n := notice.Notice{Kind: notice.Accepted, Number: bad}
		if err := n.Check(); err == nil {
			t.Errorf("%q passed as a number", bad)
		}
		if text, err := n.Text(notice.Chinese); err == nil {
			t.Errorf("%q was written: %s", bad, text)
		}
	}
}

// Whatever an entry says, the message says number, step and what to do, and not
// one word of what stands in the entry.
func TestMessageSaysNothingOfTheEntry(t *testing.T) {
	golden := entries(t)
	rapid.Check(t, func(rt *rapid.T) {
		e := rapid.SampledFrom(golden).Draw(rt, "entry")
		body, err := e.Decode()
		if err != nil {
			rt.Fatal(err)
		}
		var secrets []string
		poison(reflect.ValueOf(body).Elem(), func() string {
			s := rapid.StringOfN(rapid.RuneFrom([]rune("赵钱孙李周吴郑王低保残疾癌")), 3, 8, -1).Draw(rt, "secret")
			secrets = append(secrets, s)
			return s
		})
		k, on, told := notice.Of(body)
		if !told {
			return
		}
		n := notice.Notice{ID: e.ID, Subject: e.Case, Kind: k, On: on, Number: number, Electronic: rapid.Bool().Draw(rt, "electronic")}
		language := rapid.SampledFrom([]notice.Language{notice.Chinese, notice.English, ""}).Draw(rt, "language")
		text, err := n.Text(language)
		if err != nil {
			rt.Fatal(err)
		}
		if !strings.Contains(text, printed) || !strings.Contains(text, n.Step(notice.Chinese)) || !strings.Contains(text, n.ToDo(notice.Chinese)) {
			rt.Fatalf("%s: %s", k, text)
		}
		for _, s := range secrets {
			if strings.Contains(text, s) {
				rt.Fatalf("%s tells %q: %s", k, s, text)
			}
		}
		if (language == notice.English) != strings.Contains(text, "Case ") || !strings.HasPrefix(text, "办件") && !strings.HasPrefix(text, "来件") {
			rt.Fatalf("in %q: %s", language, text)
		}
		if n.Electronic == strings.Contains(text, "不作为送达") {
			rt.Fatalf("electronic %v: %s", n.Electronic, text)
		}
	})
}

// poison puts a secret into every text of a body, but for those that choose what
// it is.
func poison(v reflect.Value, secret func() string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.CanSet() && v.String() != "听证" {
			v.SetString(secret())
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[calendar.Date]() {
			return
		}
		for i := range v.NumField() {
			poison(v.Field(i), secret)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), secret)
		}
	}
}

func TestWords(t *testing.T) {
	n := notice.Notice{Kind: notice.Supplement, Number: number, On: date(t, "2026-12-03")}
	want := "办件" + printed + "：需要补正。请到窗口领取一次性补正告知书，按所列内容补齐，最迟12月3日补齐。本消息仅为提醒，不作为送达。"
	if got, _ := n.Text(notice.Chinese); got != want {
		t.Errorf("%s", got)
	}
	n.Electronic = true
	want = "办件" + printed + "：需要补正。请登录账户查阅一次性补正告知书，按所列内容补齐，最迟12月3日补齐。\nCase " + printed +
		": something is missing. Log in to read the notice; it lists everything that is missing; hand it in by 2026-12-03 at the latest."
	if got, _ := n.Text(notice.English); got != want {
		t.Errorf("%s", got)
	}
	reply := notice.Notice{Kind: notice.Replied, Number: "T" + number}
	if got, err := reply.Text(notice.Chinese); err != nil || !strings.HasPrefix(got, "来件T"+printed+"：已答复。") {
		t.Errorf("%s, %v", got, err)
	}
	// A day in a year whose holidays are not announced is told as one that may change
	// (handbook, section 2), but for one that was set and not counted to.
	for kind, warns := range map[notice.Kind]bool{notice.Supplement: true, notice.Suspended: true, notice.HearingTold: true, notice.Proposed: true, notice.HearingDay: false, notice.Accepted: false} {
		n := notice.Notice{Kind: kind, Number: number, On: date(t, "2027-01-05"), Unannounced: true}
		if zh, en := n.ToDo(notice.Chinese), n.ToDo(notice.English); strings.Contains(zh, "（2027年节假日安排尚未公布，日期可能变动）") != warns || strings.Contains(en, "2027 are not announced") != warns {
			t.Errorf("%s: %s / %s", kind, zh, en)
		}
		if n.Unannounced = false; strings.Contains(n.ToDo(notice.Chinese), "尚未公布") {
			t.Errorf("%s warns of a year that is announced", kind)
		}
	}
	// Two segments of a concatenated message have room for 134 characters.
	for _, k := range notice.Kinds {
		n := notice.Notice{Kind: k, Number: number, On: date(t, "2026-12-31"), Unannounced: true}
		if got, _ := n.Text(notice.Chinese); utf8.RuneCountInString(got) > 134 {
			t.Errorf("%s has %d characters: %s", k, utf8.RuneCountInString(got), got)
		}
	}
}

// In whatever order outcomes and orders to send again come, a delivery has one
// end at a time, and what ended by reaching somebody stays so.
func TestOneEndState(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := &notice.Notice{ID: "n"}
		n.Queue([]string{notice.File, notice.SMS}, 1)
		ends, delivered := map[string]int{}, map[string]bool{}
		for i := range rapid.IntRange(1, 40).Draw(rt, "steps") {
			channel := rapid.SampledFrom([]string{notice.File, notice.SMS, notice.Mail}).Draw(rt, "channel")
			was, known := n.Delivery(channel)
			if rapid.Bool().Draw(rt, "again") {
				again := n.Again(channel, int64(i))
				if want := known && was.State != ledger.NoticeQueued && was.State != ledger.NoticeDelivered; again != want {
					rt.Fatalf("sent again: %v from %+v", again, was)
				}
				continue
			}
			o := &ledger.NoticeOutcome{Channel: channel, Round: rapid.IntRange(1, 4).Draw(rt, "round"), State: rapid.SampledFrom(ledger.NoticeEnds).Draw(rt, "state"), At: int64(i + 1)}
			if n.Settle(o) {
				if was.State != ledger.NoticeQueued || o.Round != was.Round || delivered[channel] {
					rt.Fatalf("%+v ended again as %+v", was, o)
				}
				ends[channel]++
				delivered[channel] = o.State == ledger.NoticeDelivered
			} else if now, _ := n.Delivery(channel); now != was {
				rt.Fatalf("changed without an end: %+v, %+v", was, now)
			}
		}
		for _, d := range n.Deliveries {
			ended := d.Round - 1
			if d.State != ledger.NoticeQueued {
				ended++
			}
			if ends[d.Channel] != ended {
				rt.Fatalf("%s: %d ends in round %d, now %s", d.Channel, ends[d.Channel], d.Round, d.State)
			}
		}
	})
}

func TestBackoffGrowsToACap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		longest := time.Duration(rapid.IntRange(5, 7200).Draw(rt, "longest")) * time.Second
		attempts := rapid.IntRange(1, 1000).Draw(rt, "attempts")
		chance := rapid.Float64Range(0, 0.999).Draw(rt, "chance")
		got, full := notice.Backoff(attempts, longest, chance), notice.Backoff(attempts, longest, 0)
		if got <= 0 || got > longest || got < full/2 || full > notice.Backoff(attempts+1, longest, 0) {
			rt.Fatalf("%v of %v", got, full)
		}
	})
	if got := notice.Backoff(1, time.Hour, 0); got != 5*time.Second {
		t.Error(got)
	}
	if got := notice.Backoff(100, time.Hour, 0); got != time.Hour {
		t.Error(got)
	}
}

func TestQuietHours(t *testing.T) {
	for _, row := range []struct {
		hours notice.Hours
		at    string
		ends  string
	}{
		{notice.Hours{}, "2026-11-26T23:00:00+08:00", ""},
		{notice.Hours{From: 21 * 60, To: 8 * 60}, "2026-11-26T20:59:59+08:00", ""},
		{notice.Hours{From: 21 * 60, To: 8 * 60}, "2026-11-26T21:00:00+08:00", "2026-11-27T08:00:00+08:00"},
		{notice.Hours{From: 21 * 60, To: 8 * 60}, "2026-11-27T07:59:59+08:00", "2026-11-27T08:00:00+08:00"},
		{notice.Hours{From: 21 * 60, To: 8 * 60}, "2026-11-27T08:00:00+08:00", ""},
		{notice.Hours{From: 21 * 60, To: 8 * 60}, "2026-11-26T15:00:00Z", "2026-11-27T08:00:00+08:00"}, // 23:00 in Beijing
		{notice.Hours{From: 12 * 60, To: 14 * 60}, "2026-11-26T13:00:00+08:00", "2026-11-26T14:00:00+08:00"},
		{notice.Hours{From: 12 * 60, To: 14 * 60}, "2026-11-26T14:00:00+08:00", ""},
	} {
		at, err := time.Parse(time.RFC3339, row.at)
		if err != nil {
			t.Fatal(err)
		}
		ends, quiet := row.hours.Ends(at)
		want, _ := time.Parse(time.RFC3339, row.ends)
		if quiet != (row.ends != "") || quiet && !ends.Equal(want) {
			t.Errorf("%v at %s: %v, %v", row.hours, row.at, ends, quiet)
		}
	}
}

func TestAddresses(t *testing.T) {
	r := notice.Recipient{Phones: []string{"", "0572-5123456", "13800000000", "13900000000"}, Email: "zhang.san@example.cn"}
	for channel, want := range map[string]string{notice.SMS: "13800000000", notice.File: "13800000000", notice.Mail: "zhang.san@example.cn"} {
		if got := r.Address(channel); got != want {
			t.Errorf("%s: %q", channel, got)
		}
	}
	if got := (notice.Recipient{Phones: []string{"0572-5123456"}}).Address(notice.SMS); got != "" {
		t.Errorf("a landline was taken for a mobile phone: %q", got)
	}
	for address, want := range map[string]string{"": "", "13800000000": "138****0000", "zhang.san@example.cn": "z***@example.cn", "@x": "***@x"} {
		if got := notice.Mask(address); got != want {
			t.Errorf("%q is shown as %q", address, got)
		}
	}
}

func date(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
