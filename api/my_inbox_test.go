package api

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
)

// Somebody at home is not called to a decision that cannot be opened or collected yet:
// it stands in their inbox once it is sealed, and the desk sees that it waits.
func TestInboxWaitsForTheSeal(t *testing.T) {
	p := newPost(t)
	g := newGuests(t, p.told(t))
	g.hub.channels(t)
	g.withDesk()
	id := g.takenUp()
	g.hub.act("chief", id, gen.CaseAction{Kind: gen.ActDecide, Granted: yes(true), Opinion: "符合条件"})
	inbox := func() string {
		var mine gen.NoticeList
		g.agent.want("GET", "/api/v1/my/notices", nil, 200, &mine)
		var kinds []string
		for _, n := range mine.Notices {
			kinds = append(kinds, n.Kind)
		}
		return strings.Join(kinds, " ")
	}
	if got := inbox(); got != "accepted received" {
		t.Fatalf("before the seal: %s", got)
	}
	state := func() (state string) {
		var seen gen.NoticeList
		g.hub.get("desk", "/api/v1/cases/"+id+"/notices", &seen)
		for _, n := range seen.Notices {
			if n.Kind == "decided" {
				state = n.Deliveries[0].StateZh
			}
		}
		return state
	}
	if got := state(); got != "待盖章后发送" {
		t.Errorf("the desk sees %q", got)
	}
	g.hub.sealDecision("desk", id)
	if got := inbox(); got != "decided accepted received" {
		t.Errorf("sealed: %s", got)
	}
	until(t, "the message", func() bool { return state() == "已发出" })
}
