package api

import (
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
)

// TestJointMatterAnew: a joint matter of which nothing was granted is handed in anew
// with what was said and brought, by whose it is; while it is under way nothing of the
// kind is offered.
func TestJointMatterAnew(t *testing.T) {
	refused, ended, never := &casework.Case{Status: casework.Closed, Decision: casework.Declined}, &casework.Case{Status: casework.Terminated}, &casework.Case{Status: casework.NotAccepted}
	granted, open := &casework.Case{Status: casework.Closed, Decision: casework.Granted}, &casework.Case{Status: casework.Accepted}
	for _, x := range []struct {
		members []*casework.Case
		want    bool
	}{{[]*casework.Case{refused, ended, never}, true}, {[]*casework.Case{refused, granted}, false}, {[]*casework.Case{never, open}, false}} {
		if got := cameToNothing(x.members); got != x.want {
			t.Errorf("%d cases: %t", len(x.members), got)
		}
	}
	g := newGuests(t)
	g.hub.offerPackage()
	in := g.one.jointApplication(jointBirth, jointWelfare)
	var made, again gen.MyJointReceipt
	g.one.want("POST", "/api/v1/my/joint-cases", in, 201, &made)
	var seen gen.MyJointCase
	g.one.want("GET", "/api/v1/my/joint-cases/"+made.Joint.Id, nil, 200, &seen)
	if seen.Anew || len(seen.Form) > 0 {
		t.Errorf("it is under way, and could be handed in anew: %+v", seen)
	}
	in.PapersOf = made.Joint.Number
	theirs := in
	theirs.Form = answer(answer(in.Form, catalog.KeyIDNumber, g.two.number), "applicant_name", g.two.name)
	if r := outcome(g.hub, g.two.ask("POST", "/api/v1/my/joint-cases", theirs)); r != "404 not_found" && r != "400 invalid_request" {
		t.Errorf("another's papers: %s", r)
	}
	g.one.want("POST", "/api/v1/my/joint-cases", in, 201, &again)
	if again.Joint.Id == made.Joint.Id {
		t.Error("it is the same")
	}
}
