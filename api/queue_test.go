package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// TestQueueByDueDate: what waits is listed with its deadline, what is due first
// first, page after page without a gap.
func TestQueueByDueDate(t *testing.T) {
	h := newHub(t)
	const department = "县市场监督管理局"
	h.person("window", theCounty, department, identity.DepartmentWindow)
	h.person("chief", theCounty, department, identity.DepartmentLeader)
	submit := func() string {
		in := h.submission("TB-SCJG-001", theCounty)
		in.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司"}
		var receipt gen.CaseReceipt
		h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
		return receipt.Case.Id
	}
	var ids []string
	for range 3 {
		ids = append(ids, submit())
	}
	// Handed in first, but with all the days of the review ahead.
	h.act("window", ids[0], gen.CaseAction{Kind: gen.ActAccept})
	list := func(login, query string) (out gen.CaseList) {
		h.get(login, "/api/v1/cases?"+query, &out)
		return out
	}
	var seen []string
	for cursor, first := "", true; cursor != "" || first; first = false {
		page := list("window", "view=all&order=due&limit=1&cursor="+cursor)
		for _, c := range page.Cases {
			if c.Deadline.Due.IsZero() || c.Deadline.Overdue || c.Deadline.Left < 0 {
				t.Errorf("%s: deadline %+v", c.Number, c.Deadline)
			}
			seen = append(seen, c.Id)
		}
		cursor = page.NextCursor
	}
	if !slices.Equal(slices.Sorted(slices.Values(seen)), slices.Sorted(slices.Values(ids))) {
		t.Errorf("pages have %v of %v", seen, ids)
	}
	// With more than can be put into order, those that wait longest are, and what
	// has ended takes nobody's place.
	defer func(most int) { maxQueue = most }(maxQueue)
	maxQueue = 2
	if got := list("window", "view=all&order=due").Cases; len(got) != 2 || got[0].Id == ids[2] || got[1].Id == ids[2] {
		t.Errorf("of three, the two handed in first: %+v", got)
	}
	ended := ids[1]
	h.act("window", ended, gen.CaseAction{Kind: gen.ActWithdraw, Reason: "申请人撤回"})
	h.act("window", ended, gen.CaseAction{Kind: gen.ActTerminate, Cause: gen.CauseWithdrawn, Reason: "申请人撤回"})
	if got := list("window", "view=all&order=due").Cases; len(got) != 2 || got[0].Id == ended || got[1].Id == ended {
		t.Errorf("with one ended: %+v", got)
	}
	maxQueue = 2000
	// All there are: the open ones first, then what has ended, over pages as in one.
	all := append([]string{}, order(list("window", "view=all&order=due"))...)
	all = append(all, ended)
	if got := order(list("window", "view=all&order=due&ended=true")); !slices.Equal(got, all) {
		t.Errorf("with what has ended %v, want %v", got, all)
	}
	var paged []string
	for cursor, first := "", true; cursor != "" || first; first = false {
		page := list("window", "view=all&order=due&ended=true&limit=1&cursor="+cursor)
		paged, cursor = append(paged, order(page)...), page.NextCursor
	}
	if !slices.Equal(paged, all) {
		t.Errorf("page by page %v, want %v", paged, all)
	}
	if got := list("chief", "view=waiting&order=due").Cases; len(got) != 1 || got[0].Deadline.Kind != gen.DeadlinePromised {
		t.Errorf("the leader's queue: %+v", got)
	}
	if got := list("window", "view=all").Cases; len(got) != 3 || got[0].Deadline.Kind == "" {
		t.Errorf("newest first, with deadlines: %+v", got)
	}
	for _, bad := range []string{"order=due&cursor=x", "order=due&cursor=bm8", "order=sideways"} {
		if r := h.as("window", "GET", "/api/v1/cases?"+bad, nil); !strings.HasPrefix(r, "400") {
			t.Errorf("%s: %s", bad, r)
		}
	}
}

func order(l gen.CaseList) (ids []string) {
	for _, c := range l.Cases {
		ids = append(ids, c.Id)
	}
	return ids
}

// TestQueueShowsTheStep: where the step that a case waits at ends before its promise,
// the queue goes by the step, and says so.
func TestQueueShowsTheStep(t *testing.T) {
	h := newHub(t)
	d, err := h.api.newDeadlines(t.Context())
	check(t, err)
	v, err := h.node.Store.Item(t.Context(), "TB-SCJG-001", 1)
	check(t, err)
	item := v.Item
	item.PromisedWorkingDays, item.StatutoryWorkingDays = 8, 20
	item.ReviewSteps = make([]catalog.ReviewStep, 3)
	d.items["TB-SCJG-001@1"] = &item
	today := calendar.DateOf(time.Now())
	c := &casework.Case{Item: "TB-SCJG-001", ItemVersion: 1, Status: casework.Accepted, HandedInMS: time.Now().UnixMilli(), AcceptedMS: time.Now().UnixMilli(), AcceptedOn: today,
		Steps: []ledger.Step{{Tier: node.County, Verb: ledger.VerbReview}, {Tier: node.County, Verb: ledger.VerbDecide}}}
	step, runs, err := c.StepLimit(&item, d.days)
	check(t, err)
	got, has, err := d.of(t.Context(), c)
	check(t, err)
	if !runs || !has || got.Kind != gen.DeadlineStep || got.Due != step.Due() {
		t.Errorf("%+v, with a step that ends %s", got, step.Due())
	}
	// The last step ends with the promise, which is what is named then.
	c.Step = 1
	if got, _, err = d.of(t.Context(), c); err != nil || got.Kind != gen.DeadlinePromised {
		t.Errorf("%+v %v", got, err)
	}
}

// TestQueueOrder: overdue before what is decided at the counter, before what has
// days, before what has no date; of equals the one that came first.
func TestQueueOrder(t *testing.T) {
	day := func(text string) calendar.Date {
		d, err := calendar.Parse(text)
		check(t, err)
		return d
	}
	mk := func(id string, at int64, d gen.Deadline, has bool) due {
		return due{c: &casework.Case{ID: id, HandedInMS: at}, deadline: d, has: has}
	}
	in := []due{
		mk("no date", 1, gen.Deadline{}, false),
		mk("later", 1, gen.Deadline{Due: day("2026-11-30")}, true),
		mk("today, second", 2, gen.Deadline{Due: day("2026-11-26")}, true),
		mk("today, first", 1, gen.Deadline{Due: day("2026-11-26")}, true),
		mk("instant", 9, gen.Deadline{Due: day("2026-11-27"), Instant: true}, true),
		mk("overdue", 9, gen.Deadline{Due: day("2026-11-20"), Overdue: true}, true),
		mk("suspended", 0, gen.Deadline{}, true),
	}
	slices.SortFunc(in, func(a, b due) int { return strings.Compare(a.place(), b.place()) })
	var got []string
	for _, x := range in {
		got = append(got, x.c.ID)
	}
	if want := "overdue, instant, today, first, today, second, later, suspended, no date"; strings.Join(got, ", ") != want {
		t.Errorf("%v\nwant %s", got, want)
	}
}

// TestNextDeadline: the limit that ends first of those that are open counts.
func TestNextDeadline(t *testing.T) {
	h := newHub(t)
	d, err := h.api.newDeadlines(t.Context())
	check(t, err)
	item, err := h.node.Store.Item(t.Context(), "TB-SCJG-001", 1)
	check(t, err)
	c := &casework.Case{Item: "TB-SCJG-001", ItemVersion: 1, Status: casework.Accepted, HandedInMS: time.Now().UnixMilli(), AcceptedOn: calendar.DateOf(time.Now())}
	limits, err := c.Limits(&item.Item, d.days)
	check(t, err)
	got, has, err := d.of(t.Context(), c)
	check(t, err)
	for _, l := range limits {
		if l.Done.IsZero() && l.Due().Before(got.Due) {
			t.Errorf("%s ends %s, before %+v", l.Kind, l.Due(), got)
		}
	}
	if !has || got.Left < 0 || got.Overdue {
		t.Errorf("%+v %t", got, has)
	}
	if _, has, err = d.of(t.Context(), &casework.Case{Item: "TB-SCJG-001", ItemVersion: 1, Status: casework.Closed}); has || err != nil {
		t.Errorf("a closed case has a deadline: %t %v", has, err)
	}
	if _, has, err = d.of(t.Context(), &casework.Case{Item: "TB-NONE-001", ItemVersion: 1, Status: casework.HandedIn}); has || err != nil {
		t.Errorf("a case of an item that never was: %t %v", has, err)
	}
}

// TestChangesNameWhatOneMayRead: a page is told of cases within its person's
// reach, by id alone, and of the rest that something changed.
func TestChangesNameWhatOneMayRead(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.person("other", theCounty, "县民政局", identity.DepartmentWindow)
	h.person("leaving", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	server := httptest.NewServer(h.api)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	page := func(login string) *bufio.Scanner {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v1/changes", nil)
		check(t, err)
		q.Header.Set("Authorization", "Bearer "+h.token(login))
		res, err := server.Client().Do(q)
		check(t, err)
		t.Cleanup(func() { res.Body.Close() })
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%d %s", res.StatusCode, res.Header)
		}
		return bufio.NewScanner(res.Body)
	}
	next := func(lines *bufio.Scanner) (hint changesHint, text string) {
		for lines.Scan() {
			if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				check(t, json.Unmarshal([]byte(v), &hint))
				return hint, v
			}
		}
		t.Fatal("the stream ended")
		return hint, ""
	}
	if r := h.as("", "GET", "/api/v1/changes", nil); r != "401 unauthenticated" {
		t.Errorf("nobody: %s", r)
	}
	// An operator reads no cases, and yet learns that something changed.
	window, other, leaving, operator := page("window"), page("other"), page("leaving"), page("operator")
	for _, lines := range []*bufio.Scanner{window, other, leaving, operator} {
		if hint, _ := next(lines); len(hint.Cases) != 0 {
			t.Errorf("the first hint names %v", hint.Cases)
		}
	}
	in := h.submission("TB-SCJG-001", theCounty)
	in.Applicant = ledger.Applicant{Type: "organisation", Name: canaryName + "公司"}
	var receipt gen.CaseReceipt
	h.decode(h.must("window", "POST", "/api/v1/cases", in, 201), &receipt)
	// Other things change too, such as how far entries have come.
	hint, text := next(window)
	for len(hint.Cases) == 0 {
		hint, text = next(window)
	}
	if !slices.Equal(hint.Cases, []string{receipt.Case.Id}) || strings.Contains(text, canaryName) {
		t.Errorf("the window was told %s", text)
	}
	for name, lines := range map[string]*bufio.Scanner{"another department": other, "an operator": operator} {
		if hint, text := next(lines); len(hint.Cases) != 0 {
			t.Errorf("%s was told %s", name, text)
		}
	}
	// Who is disabled is told nothing more.
	p, err := h.node.Store.StaffByLogin(t.Context(), "leaving")
	check(t, err)
	yes := true
	h.must("operator", "POST", "/api/v1/staff/"+p.ID+"/disable", gen.DisableRequest{Disabled: &yes, Reason: "调离"}, 200)
	h.act("window", receipt.Case.Id, gen.CaseAction{Kind: gen.ActAccept})
	for leaving.Scan() {
	}
	if ctx.Err() != nil {
		t.Error("the stream of somebody who was disabled goes on")
	}
	h.api.EndStreams()
	for window.Scan() {
	}
	if ctx.Err() != nil {
		t.Error("the stream did not end with the node")
	}
}

// TestBrowserKey: a person's browsers get one key at a node, and nobody else's.
func TestBrowserKey(t *testing.T) {
	h := newHub(t)
	h.person("window", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	h.person("other", theCounty, "县市场监督管理局", identity.DepartmentWindow)
	key := func(login string) (out gen.BrowserKey) {
		h.get(login, "/api/v1/session/browser-key", &out)
		return out
	}
	first := key("window")
	if len(first.Key) != browserKeyBytes {
		t.Fatalf("%d bytes", len(first.Key))
	}
	if again := key("window"); !slices.Equal(again.Key, first.Key) || again.Staff != first.Staff {
		t.Error("another key the second time")
	}
	if other := key("other"); slices.Equal(other.Key, first.Key) {
		t.Error("two people have one key")
	}
	if r := h.as("", "GET", "/api/v1/session/browser-key", nil); r != "401 unauthenticated" {
		t.Errorf("nobody: %s", r)
	}
}
