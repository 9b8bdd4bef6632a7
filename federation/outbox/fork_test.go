package outbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// forgets takes everything and has nothing.
type forgets struct{ *memory }

func (forgets) LastSeq(context.Context, string) (uint64, bool, error) { return 0, false, nil }

func caseOf(t *testing.T, n *storetest.Node) string {
	t.Helper()
	cases, err := n.Cases(t.Context(), store.CaseFilter{})
	if err != nil || len(cases) == 0 {
		t.Fatalf("no case at %s: %v", n.ID(), err)
	}
	return cases[len(cases)-1].ID
}

// transit is a township whose outbox holds entries of two villages and its
// own.
func transit(t *testing.T, each int) (town, a, b *storetest.Node) {
	t.Helper()
	c := storetest.NewCounty(t)
	town, a, b = c.Township(township), c.Village(villageA), c.Village(villageB)
	town.Pull(c.Hub())
	for _, v := range []*storetest.Node{a, b} {
		remark(t, v, v.Submit("TB-MZJ-004").ID, each-1)
		v.Push(town)
	}
	remark(t, town, caseOf(t, town), each)
	return town, a, b
}

// A village whose disk was restored stops, and with it nobody else.
func TestForkStopsOnlyItsOrigin(t *testing.T) {
	town, a, b := transit(t, 8)
	m := newMemory()
	m.entries[a.ID()] = []string{`{"id":"another one under the first number"}`}
	s, _ := start(t, Options{Self: town.ID(), Store: town.Store, MaxEntries: 3, Upstreams: []Upstream{serve(t, "county", m).Upstream}})
	eventually(t, "the others' entries", func() bool { return m.count(b.ID()) == 8 && m.count(town.ID()) == 8 })
	eventually(t, "the fork to show", func() bool { return len(s.Status().Forked) == 1 })
	st := s.Status()
	if st.Code != "forked_origin" || !strings.Contains(st.ZH, a.ID()) || !strings.Contains(st.EN, a.ID()) || st.Forked[0] != a.ID() {
		t.Errorf("status %+v", st)
	}
	if _, forked, err := town.LastSeq(t.Context(), a.ID()); err != nil || !forked {
		t.Errorf("the township does not stop the village: %v", err)
	}
	list, err := town.AttentionList(t.Context(), township, false)
	if err != nil || len(list) != 1 || list[0].Code != "forked_origin" || list[0].Origin != a.ID() {
		t.Errorf("attention %+v, %v", list, err)
	}
	if m.count(a.ID()) != 1 {
		t.Errorf("%d entries of the forked village", m.count(a.ID()))
	}
}

// A forked node says so itself, and records nothing more.
func TestForkedNodeStopsItself(t *testing.T) {
	v := village(t, 2)
	m := newMemory()
	m.forked[v.ID()] = true
	s, _ := start(t, Options{Self: v.ID(), Store: v.Store, Upstreams: []Upstream{serve(t, "township", m).Upstream}})
	eventually(t, "the fork to show", func() bool { return s.Status().Code == "forked_origin" })
	if st := s.Status(); !strings.Contains(st.ZH, "重新登记本机") {
		t.Errorf("status %+v", st)
	}
	var no *store.Refused
	if _, err := v.TrySubmit("TB-MZJ-004"); !errors.As(err, &no) || no.Code != "forked_origin" {
		t.Errorf("a forked node records: %v", err)
	}
	if _, forked, err := v.LastSeq(t.Context(), v.ID()); !forked || err != nil {
		t.Errorf("not kept over a restart: %v", err)
	}
}

// An entry that the receiver will not have stops its origin; the others' go
// on, and so does what came before it.
func TestEntryAtFaultStopsOnlyItsOrigin(t *testing.T) {
	for _, code := range []Code{CodeMalformed, CodeNewer, CodeUnknownOrigin, CodeNotYours, CodeSignature, CodeTooLarge} {
		t.Run(string(code), func(t *testing.T) {
			town, a, b := transit(t, 10)
			m := newMemory()
			m.refuse(func(entries []ledger.Entry) error {
				for _, e := range entries {
					if e.Origin == a.ID() && e.Seq == 6 {
						return &Problem{Code: code, Err: fmt.Errorf("entry %s", e.ID)}
					}
				}
				return nil
			})
			clock := newPauses()
			s, _ := start(t, Options{Self: town.ID(), Store: town.Store, Upstreams: []Upstream{serve(t, "county", m).Upstream}, Now: clock.Now, After: clock.After})
			clock.next(t)
			if m.count(a.ID()) != 5 || m.count(b.ID()) != 10 || m.count(town.ID()) != 10 {
				t.Errorf("%d of 5, %d of 10, %d of 10 arrived", m.count(a.ID()), m.count(b.ID()), m.count(town.ID()))
			}
			if st := s.Status(); st.Failures != 1 || st.Code != string(code) {
				t.Errorf("status %+v", st)
			}
		})
	}
}

// A node that has fewer entries than it sent once sends nothing and takes
// nothing for stored until the feed has brought what it lacks.
func TestNodeBehindItself(t *testing.T) {
	v := village(t, 3)
	m := newMemory()
	for _, raw := range outboxOf(t, v) {
		m.entries[v.ID()] = append(m.entries[v.ID()], string(raw))
	}
	m.entries[v.ID()] = append(m.entries[v.ID()], `{"id":"recorded after the backup"}`)
	clock := newPauses()
	s, _ := start(t, Options{Self: v.ID(), Store: v.Store, Upstreams: []Upstream{serve(t, "county", m).Upstream}, Now: clock.Now, After: clock.After})
	clock.next(t)
	if st := s.Status(); st.Code != string(CodeBehind) || st.Entries != 0 || unsent(t, v.Store) != 3 {
		t.Errorf("status %+v, %d unsent", st, unsent(t, v.Store))
	}
}

// An answer from a node of another tier marks nothing.
func TestAnswerOfAnotherTier(t *testing.T) {
	v := village(t, 2)
	a := serve(t, "county", newMemory())
	a.Tier = "township"
	clock := newPauses()
	s, _ := start(t, Options{Store: v.Store, Upstreams: []Upstream{a.Upstream}, Now: clock.Now, After: clock.After})
	clock.next(t)
	if s.Status().Failures != 1 || unsent(t, v.Store) != 2 {
		t.Errorf("status %+v, %d unsent", s.Status(), unsent(t, v.Store))
	}
}

// Answers that are none are failures, never a crash or a mark.
func TestAnswersThatAreNone(t *testing.T) {
	v := village(t, 2)
	for name, answer := range map[string]func(http.ResponseWriter){
		"empty":           func(http.ResponseWriter) {},
		"a web page":      func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>登录校园网</html>")) },
		"another page":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusFound) },
		"nothing said":    func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"by":"county","origins":[]}`)) },
		"bad gateway":     func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) },
		"endless problem": func(w http.ResponseWriter) { w.WriteHeader(500); _, _ = w.Write([]byte(strings.Repeat("x", 2<<20))) },
	} {
		t.Run(name, func(t *testing.T) {
			clock := newPauses()
			s, stop := start(t, Options{Store: v.Store, Now: clock.Now, After: clock.After, Upstreams: []Upstream{{Name: "hub", Tier: "county", BaseURL: "http://hub",
				Client: &http.Client{Transport: answers(answer)}}}})
			clock.next(t)
			stop()
			if st := s.Status(); st.Failures != 1 || st.Code != string(CodeUnavailable) || unsent(t, v.Store) != 2 {
				t.Errorf("status %+v, %d unsent", st, unsent(t, v.Store))
			}
		})
	}
}
