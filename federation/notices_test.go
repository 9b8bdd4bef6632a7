package federation_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store"
)

// exchange is a gateway for text messages that remembers what it took.
type exchange struct {
	*httptest.Server
	mu sync.Mutex
	// busy are requests that it answers with 503 before it takes anything.
	busy int
	took map[string]int
	said map[string]string
}

func newExchange(t *testing.T) *exchange {
	e := &exchange{took: map[string]int{}, said: map[string]string{}}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var m struct{ ID, Kind string }
		if json.Unmarshal(body, &m) != nil || r.Header.Get(notify.HeaderSignature) != notify.Sign([]byte(exchangeSecret), r.Header.Get(notify.HeaderTimestamp), m.ID, body) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.busy > 0 {
			e.busy--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		e.took[m.ID]++
		e.said[m.ID] = m.Kind
	}))
	t.Cleanup(e.Close)
	return e
}

const exchangeSecret = "a secret that both sides know"

func (e *exchange) settings(t *testing.T) func() *notify.Settings {
	return func() *notify.Settings {
		w, err := notify.NewWebhook(notify.WebhookOptions{URL: e.URL, Secret: []byte(exchangeSecret)})
		if err != nil {
			t.Fatal(err)
		}
		return &notify.Settings{Channels: []notify.Channel{w}, Timeout: 2 * time.Second, Longest: 10 * time.Second}
	}
}

func (e *exchange) state() (took map[string]int, kinds map[string]int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	took, kinds = map[string]int{}, map[string]int{}
	for id, n := range e.took {
		took[id] = n
		kinds[e.said[id]]++
	}
	return took, kinds
}

// queued is how many notices a hub still has to send.
func queued(t *testing.T, hub *federationtest.Node) int {
	t.Helper()
	list, err := hub.Store.OpenNotices(t.Context(), ledger.NoticeQueued, "", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// Whatever becomes of the hub that leads, the gateway gets each notice once, and
// every hub has the same end of each.
func TestNoticesOnceAcrossLeaders(t *testing.T) {
	e := newExchange(t)
	f := federationtest.New(t, federationtest.Config{Hubs: 3, Notices: e.settings(t)})
	f.Eventually("the channels", func() bool {
		names, _, err := f.Leader().Store.NoticeSettings(t.Context())
		return err == nil && len(names) == 1
	})
	told := 0
	accept := func(hub *federationtest.Node) {
		b := f.Submission(hub, atTheCounty)
		b.Applicant.Phone = "13800000000"
		f.Act(hub, f.Do(hub, f.Worker(hub, f.Item(atTheCounty)), b).ID, ledger.VerbAccept)
		told++
	}
	for round := range 3 {
		leader := f.Leader()
		e.mu.Lock()
		e.busy = round
		e.mu.Unlock()
		for range 3 {
			accept(leader)
		}
		f.Kill(leader)
		next := f.Leader()
		accept(next)
		f.Restart(leader)
		// A clock on: what waits for the fallen leader's word, or for its turn, goes.
		f.Eventually(fmt.Sprintf("all of round %d to be sent", round), func() bool {
			f.Advance(3 * time.Second)
			return queued(t, f.Leader()) == 0
		})
	}
	f.CaughtUp()
	took, _ := e.state()
	for id, n := range took {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	for _, hub := range f.Hubs() {
		ends := map[ledger.NoticeState]int{}
		channels, err := hub.Store.NoticeChannels(t.Context())
		if err != nil || len(channels) != 1 || channels[0].Queued != 0 || channels[0].Failed+channels[0].Expired != 0 {
			t.Errorf("%s: %+v, %v", hub.ID, channels, err)
		}
		cases, err := hub.Store.Cases(t.Context(), store.CaseFilter{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			list, err := hub.Store.NoticesOf(t.Context(), c.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range list {
				d, _ := n.Delivery(notice.SMS)
				ends[d.State]++
			}
		}
		if ends[ledger.NoticeDelivered] != told || len(ends) != 1 {
			t.Errorf("%s: %v of %d", hub.ID, ends, told)
		}
	}
	if len(took) != told {
		t.Errorf("%d taken of %d", len(took), told)
	}
}

// What a township did while it was cut off is told when its line is back, once,
// although the line repeats itself.
func TestNoticesOfACutOffTownship(t *testing.T) {
	e := newExchange(t)
	f := federationtest.New(t, federationtest.Config{Notices: e.settings(t)})
	f.Eventually("the channels", func() bool {
		names, _, err := f.Township(0).Store.NoticeSettings(t.Context())
		return err == nil && len(names) == 1
	})
	town := f.Township(0)
	f.Cut(town.ID, "*")
	const cases = 3
	for range cases {
		c := f.Submit(town, "TB-MZJ-004")
		for c.AcceptedMS == 0 {
			step, _ := c.Current()
			c = f.Act(town, c.ID, step.Verb)
		}
	}
	if took, _ := e.state(); len(took) != 0 {
		t.Fatalf("told while the line was cut: %v", took)
	}
	f.Heal(town.ID, "*")
	f.LoseAnswers(town, 2)
	f.Duplicate(town, 3)
	f.Confirmed(town)
	f.Eventually("the notices to end", func() bool { return queued(t, f.Leader()) == 0 })
	took, kinds := e.state()
	if len(took) != cases || kinds[string(notice.Accepted)] != cases {
		t.Errorf("%v, %v", took, kinds)
	}
	for id, n := range took {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	f.Eventually("the township to know it", func() bool {
		list, err := town.Store.Cases(t.Context(), store.CaseFilter{Limit: cases})
		if err != nil || len(list) != cases {
			return false
		}
		for _, c := range list {
			told, err := town.Store.NoticesOf(t.Context(), c.ID)
			if err != nil || len(told) != 1 || told[0].Deliveries[0].State != ledger.NoticeDelivered {
				return false
			}
		}
		return true
	})
}
