package demo

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// What was handed in is told apart case by case: one that is lost is not made up
// for by another that nobody asked about.
func TestTallied(t *testing.T) {
	at := func(id string, word client.Word) client.CaseSummary {
		return client.CaseSummary{Id: id, Number: "no-" + id, Word: word}
	}
	again := at("c", client.TakenUp)
	again.Number = "no-a"
	for name, row := range map[string]struct {
		own, county []client.CaseSummary
		want        tally
	}{
		"nothing":                        {nil, nil, tally{}},
		"at the county alone":            {nil, []client.CaseSummary{at("a", client.AtCounty)}, tally{1, 1, 0, 0}},
		"there and here":                 {[]client.CaseSummary{at("a", client.AtCounty)}, []client.CaseSummary{at("a", client.AtCounty)}, tally{1, 1, 0, 0}},
		"on its way":                     {[]client.CaseSummary{at("a", client.SavedHere), at("b", client.AtTownship)}, nil, tally{2, 0, 0, 0}},
		"refused":                        {[]client.CaseSummary{at("a", client.WordRefused)}, nil, tally{1, 1, 0, 0}},
		"lost":                           {[]client.CaseSummary{at("a", client.TakenUp)}, nil, tally{1, 0, 0, 1}},
		"one lost, one of somebody else": {[]client.CaseSummary{at("a", client.AtCounty)}, []client.CaseSummary{at("b", client.AtCounty)}, tally{2, 1, 0, 1}},
		"a number twice":                 {[]client.CaseSummary{at("a", client.AtCounty)}, []client.CaseSummary{at("a", client.AtCounty), again}, tally{2, 2, 1, 0}},
		"listed twice":                   {nil, []client.CaseSummary{at("a", client.AtCounty), at("a", client.AtCounty)}, tally{1, 1, 0, 0}},
	} {
		if got := tallied(row.own, row.county); got != row.want {
			t.Errorf("%s: %+v, want %+v", name, got, row.want)
		}
	}
}

// Once everything was shown, a node that will not serve holds up no other; before,
// it ends the start.
func TestGoesOnWithout(t *testing.T) {
	c, m := stuckCounty(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte(`{"code":"not_ready","message_zh":"本机暂不能服务","fields":[{"path":"readyz","code":"node_revoked","zh":"本节点已被县中心吊销"}]}`))
	})
	err := c.ready(t.Context(), m)
	if err == nil || strings.Contains(err.Error(), "process ended") || c.goOnWithout(m, err) {
		t.Errorf("the first start: %v", err)
	}
	c.plan.Walked, c.plan.Applied, c.plan.Enlivened = true, true, true
	if err := c.ready(t.Context(), m); !c.goOnWithout(m, err) || len(c.here(c.plan.Nodes)) != 0 {
		t.Errorf("a later one: %v", err)
	}
	if c.goOnWithout(m, errors.New("whatever else")) {
		t.Error("goes on without a node whatever is wrong")
	}
	c.o.Check = true
	if c.lived() {
		t.Error("a check goes on without a node")
	}
}

// Somebody whose password was changed is not counted, and said so.
func TestNotLetInAnyMore(t *testing.T) {
	c, m := stuckCounty(t, nil)
	said := new(strings.Builder)
	c.s.out = said
	who := at(m, "worker")
	no := &loopback.Refusal{Status: http.StatusUnauthorized}
	var err error
	if c.asks(who, m, func() error { return no }, &err) || err == nil {
		t.Errorf("the first start: %v", err)
	}
	c.plan.Walked, c.plan.Applied, c.plan.Enlivened = true, true, true
	if c.asks(who, m, func() error { return no }, &err) || err != nil || !strings.Contains(said.String(), "worker") {
		t.Errorf("a later one: %v, %s", err, said)
	}
}

// A node that somebody enrolled anew keeps its settings.
func TestSettingsOfANodeEnrolledAnew(t *testing.T) {
	c, err := start(t, filepath.Join(t.TempDir(), "demo"), freePlan(t))
	if err != nil {
		t.Fatal(err)
	}
	m := c.plan.of("village")[0]
	if err := c.configure(m); err != nil {
		t.Fatal(err)
	}
	m.Enrolled = true
	for text, kept := range map[string]bool{
		"tier: village\nnode: " + m.ID + "\n":   false,
		"tier: village\nnode: " + m.ID + "-2\n": true,
		"tier: village\n":                       true,
	} {
		write(t, c.config(m), text)
		if err := c.configure(m); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(c.config(m)); err != nil || (string(got) == text) != kept {
			t.Errorf("%q became %q (%v)", text, got, err)
		}
	}
}
