package federationtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// patience is how long Eventually waits.
const patience = 60 * time.Second

// Eventually waits until ok, and fails the test saying what was awaited.
func (f *Federation) Eventually(what string, ok func() bool) {
	f.tb.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-look.C:
		case <-deadline.C:
			f.tb.Fatalf("federationtest: waited in vain for %s%s", what, f.describe())
		}
	}
}

// Cut cuts the line between two nodes; "*" stands for all that the other one
// has lines with.
func (f *Federation) Cut(a, b string) { f.setLines(a, b, true) }

// Heal heals the line between two nodes.
func (f *Federation) Heal(a, b string) { f.setLines(a, b, false) }

// Freeze has a node hear nothing from those above, with all its connections open; Thaw
// ends it.
func (f *Federation) Freeze(n *Node) { n.freeze(true) }

// Thaw ends a Freeze.
func (f *Federation) Thaw(n *Node) { n.freeze(false) }

func (n *Node) freeze(on bool) {
	for _, l := range n.lines {
		l.freeze(on)
	}
}

func (f *Federation) setLines(a, b string, cut bool) {
	for _, n := range f.nodes {
		for above := range n.lines {
			if matches(a, n.ID) && matches(b, above) || matches(b, n.ID) && matches(a, above) {
				f.cut[[2]string{n.ID, above}] = cut
			}
		}
	}
	f.mendLines()
}

func matches(pattern, id string) bool { return pattern == "*" || pattern == id }

// mendLines makes the lines between nodes that are up what they were told to
// be.
func (f *Federation) mendLines() {
	for _, n := range f.nodes {
		for above, l := range n.lines {
			l.set(!f.cut[[2]string{n.ID, above}])
		}
	}
}

// Drop loses the next requests of a node to those above, LoseAnswers only
// their answers.
func (f *Federation) Drop(n *Node, times int) { n.faults.add(&n.faults.drop, times) }

// LoseAnswers lets the next requests of a node arrive and loses the answers.
func (f *Federation) LoseAnswers(n *Node, times int) { n.faults.add(&n.faults.lose, times) }

// Duplicate sends the next batches of a node's entries twice.
func (f *Federation) Duplicate(n *Node, times int) { n.faults.add(&n.faults.duplicate, times) }

// Reorder holds the next batches of a node's entries back until a later one
// has passed.
func (f *Federation) Reorder(n *Node, times int) { n.faults.add(&n.faults.holdBack, times) }

// Kill takes a node down without a word to the others.
func (f *Federation) Kill(n *Node) { n.stop() }

// Restart takes a node down, if it is up, and brings it up again.
func (f *Federation) Restart(n *Node) {
	f.tb.Helper()
	n.stop()
	n.restart()
}

// Succeeded waits until the machine of a restored node is told to go on as
// another one, and starts it as that.
func (f *Federation) Succeeded(n *Node) {
	f.tb.Helper()
	f.Eventually(n.ID+" to go on as another node", func() bool { return errors.Is(n.Fatal(), federation.ErrSucceeded) })
	n.mu.Lock()
	n.fatal = nil
	n.mu.Unlock()
	f.Restart(n)
	f.Renamed(n)
}

// Renamed calls the node of a machine by the id that it has now.
func (f *Federation) Renamed(n *Node) {
	f.tb.Helper()
	was := n.ID
	n.ID = n.Self().Node
	if n.ID == was {
		f.tb.Fatalf("federationtest: %s is still the same node", was)
	}
	for _, below := range f.nodes {
		if l := below.lines[was]; l != nil {
			below.lines[n.ID] = l
			delete(below.lines, was)
		}
	}
	f.mendLines()
}

// Advance moves all clocks on.
func (f *Federation) Advance(d time.Duration) {
	for _, n := range f.nodes {
		n.Clock.advance(d)
	}
}

// HealAll heals all lines and ends all faults, and brings up what is down.
func (f *Federation) HealAll() {
	f.tb.Helper()
	clear(f.cut)
	for _, n := range f.nodes {
		n.faults.clear()
		n.peers.set(false)
		if n.Node == nil && !n.gone {
			n.restart()
		}
	}
	f.mendLines()
	for _, n := range f.nodes {
		if n.Node != nil {
			n.Kick()
		}
	}
}

// Do records something at a node that must be accepted.
func (f *Federation) Do(n *Node, actor identity.Actor, body ledger.Body) store.Result {
	f.tb.Helper()
	var r store.Result
	f.persist(fmt.Sprintf("%s at %s", storetest.KindOf(body), n.ID), func(context.Context) (err error) {
		r, err = f.TryDo(n, actor, "", body)
		return err
	})
	return r
}

// TryDo records something at a node. A refusal is a *store.Refused. A hub that
// does not know whether it was recorded, for its leader changed meanwhile, is
// asked again with the same key, as a person at a desk would.
func (f *Federation) TryDo(n *Node, actor identity.Actor, caseID string, body ledger.Body) (store.Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	f.keys++
	a := federation.Action{Actor: actor, Kind: storetest.KindOf(body), Body: body, Case: caseID, Key: fmt.Sprintf("test-%d", f.keys)}
	r, err := n.Record(ctx, a)
	for errors.Is(err, county.ErrUnknown) && ctx.Err() == nil {
		r, err = n.Record(ctx, a)
	}
	return r, err
}

// Person is whoever holds a role at a division, or in a department at the
// county.
func (f *Federation) Person(at division.Code, department string, role identity.Role) identity.Actor {
	return f.person(at, department, role)
}

func (f *Federation) person(at division.Code, department string, role identity.Role) identity.Actor {
	sum := sha256.Sum256([]byte(string(at) + department + string(role)))
	return identity.Actor{Staff: "s-" + hex.EncodeToString(sum[:6]), Name: "职员", Role: role}
}

// Worker is the person who hands cases in at a node.
func (f *Federation) Worker(n *Node, item catalog.Item) identity.Actor {
	switch n.Tier() {
	case node.Village:
		return f.person(n.Division, "", identity.VillageWorker)
	case node.Township:
		return f.person(n.Division, "", identity.TownshipClerk)
	}
	return f.person(Code, item.Department, identity.DepartmentWindow)
}

// Item is a published item.
func (f *Federation) Item(code string) catalog.Item {
	f.tb.Helper()
	for _, item := range f.items {
		if item.Code == code {
			return item
		}
	}
	f.tb.Fatalf("federationtest: no item %s", code)
	return catalog.Item{}
}

// Submission is a complete submission of an item at a node; its number is
// still missing.
func (f *Federation) Submission(n *Node, code string) *ledger.CaseSubmitV1 {
	f.tb.Helper()
	f.next++
	item := f.Item(code)
	b := &ledger.CaseSubmitV1{Item: item.Code, ItemVersion: 1, Department: item.Department, Division: n.Division, HandedInAt: n.Division,
		Form: storetest.Form(item, f.next), Materials: storetest.Materials(item), Steps: casework.Plan(&item, n.Tier())}
	b.Applicant = ledger.Applicant{Type: "person", Name: "王芳", Phone: "13800000000"}
	for _, v := range b.Form {
		switch v.Key {
		case catalog.KeyIDNumber:
			b.Applicant.IDNumber = v.Value
		case catalog.KeyUSCC:
			b.Applicant = ledger.Applicant{Type: "organisation", Name: "梅溪竹业有限公司", IDNumber: v.Value}
		}
	}
	return b
}

// Submit hands a case in at a node and returns it as the node holds it.
func (f *Federation) Submit(n *Node, code string) *casework.Case {
	f.tb.Helper()
	r, err := f.TryDo(n, f.Worker(n, f.Item(code)), "", f.Submission(n, code))
	f.must(err, "submit "+code+" at "+n.ID)
	return f.Case(n, r.ID)
}

// Case is a case that a node must have.
func (f *Federation) Case(n *Node, id string) *casework.Case {
	f.tb.Helper()
	c, err := n.Store.Case(context.Background(), id)
	f.must(err, "case "+id+" at "+n.ID)
	return c
}

// Act does at a node what a case's current step asks for: the action is the
// step's verb, or empty for whatever it is. It returns the case as it is
// then.
func (f *Federation) Act(n *Node, id string, action ledger.Verb) *casework.Case {
	f.tb.Helper()
	c := f.Case(n, id)
	step, open := c.Current()
	if !open || action != "" && step.Verb != action {
		f.tb.Fatalf("federationtest: case %s at %s waits for %q (open %v), not for %q", id, n.ID, step.Verb, open, action)
	}
	if _, err := f.TryDo(n, f.Whose(n, c, step.Verb), id, storetest.BodyFor(c, step.Verb)); err != nil {
		f.tb.Fatalf("federationtest: %s of %s at %s: %v", step.Verb, id, n.ID, err)
	}
	return f.Case(n, id)
}

// Whose is the person at a node whose task a step of a case is.
func (f *Federation) Whose(n *Node, c *casework.Case, v ledger.Verb) identity.Actor {
	roles := map[node.Tier][3]identity.Role{
		node.Village:  {identity.VillageWorker, identity.VillageWorker, identity.VillageWorker},
		node.Township: {identity.TownshipClerk, identity.TownshipReviewer, identity.TownshipLeader},
		node.County:   {identity.DepartmentWindow, identity.DepartmentReviewer, identity.DepartmentLeader},
	}[n.Tier()]
	role, department := roles[0], ""
	switch v {
	case ledger.VerbPreReview, ledger.VerbReview:
		role = roles[1]
	case ledger.VerbDecide:
		role = roles[2]
	}
	if n.Tier() == node.County {
		department = c.Department
	}
	return f.person(n.Division, department, role)
}

// Reaches tells whether a node is up and none of its lines is cut.
func (f *Federation) Reaches(n *Node) bool {
	for above := range n.lines {
		if f.cut[[2]string{n.ID, above}] {
			return false
		}
	}
	return n.Node != nil
}
