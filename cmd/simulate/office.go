package main

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// office is a node with its people, and what they mean to do when.
type office struct {
	w      *world
	node   *storetest.Node
	tier   node.Tier
	chance *rand.Rand
	// people by role, and by department where the role has one.
	people map[identity.Role]map[string]identity.Actor
	queue  queue
	posts  []post
	// downUntil is the tick from which the line is up again.
	downUntil int
	// idle is since which tick its worker may do nothing, 0 for never.
	idle int

	recorded  int // entries, for their ids
	told      []string
	handedIn  []string // ids of submissions
	corrected map[string]bool
	said      said
	asking    *asking        // the errand under way, at the hub
	counters  map[string]int // the last number given out, by what numbers of a day share
	turned    map[string]int // what was refused at this desk, by the code of its reason
}

// post is a task for another office: the applicant who will come there, or the
// case that will arrive.
type post struct {
	to   division.Code
	task task
}

func newOffice(w *world, n *storetest.Node, ordinal int) *office {
	o := &office{w: w, node: n, tier: n.Credential.Tier, chance: rand.New(rand.NewPCG(w.seed, uint64(ordinal)+1)),
		people: map[identity.Role]map[string]identity.Actor{}, corrected: map[string]bool{}, counters: map[string]int{}, turned: map[string]int{}}
	for _, r := range identity.Roles {
		if r.Tier() != o.tier {
			continue
		}
		o.people[r] = map[string]identity.Actor{}
		switch r {
		case identity.DepartmentWindow, identity.DepartmentReviewer, identity.DepartmentLeader:
			for _, versions := range w.shelf.versions {
				d := versions[0].Department
				if _, ok := o.people[r][d]; !ok {
					o.people[r][d] = n.DepartmentActor(r, d)
				}
			}
		default:
			o.people[r][""] = n.Actor(r)
		}
	}
	return o
}

// who takes a step at this office.
func (o *office) who(v ledger.Verb, department string) identity.Actor {
	role := map[node.Tier][3]identity.Role{
		node.Village:  {identity.VillageWorker, identity.VillageWorker, identity.VillageWorker},
		node.Township: {identity.TownshipClerk, identity.TownshipReviewer, identity.TownshipLeader},
		node.County:   {identity.DepartmentWindow, identity.DepartmentReviewer, identity.DepartmentLeader},
	}[o.tier]
	if o.tier != node.County {
		department = ""
	}
	switch v {
	case ledger.VerbPreReview, ledger.VerbReview:
		return o.people[role[1]][department]
	case ledger.VerbDecide:
		return o.people[role[2]][department]
	}
	return o.people[role[0]][department]
}

// route is the office that this one reaches now: its township, else the county;
// none while its line is down.
func (o *office) route() *office {
	if o.downUntil > o.w.tick {
		return nil
	}
	if o.tier == node.Village {
		if t := o.w.at[o.node.Division().Township()]; t != nil && t.downUntil <= o.w.tick {
			return t
		}
	}
	return o.w.hub
}

// push sends up all that is to be sent. A township that lacks what went past it
// cannot take what comes after; then the county gets it, and push says so.
func (o *office) push(to *office) (gap bool) {
	for {
		results := o.node.Push(to.node)
		if len(results) == 0 {
			return false
		}
		if o.sent(to, results) {
			return true
		}
	}
}

// sent looks at what became of what was sent; true where a township lacks what
// went past it.
func (o *office) sent(to *office, results []store.Result) (gap bool) {
	for _, r := range results {
		switch r.Status {
		case store.Recorded, store.Repeated:
		case store.Gap:
			if to == o.w.hub {
				o.w.must(fmt.Errorf("wants %d next", r.Expected), "sent by "+o.node.ID())
			}
			return true
		default:
			o.w.must(fmt.Errorf("%s: %s %s", r.Status, r.Code, r.EN), "sent by "+o.node.ID()+" to "+to.node.ID())
		}
	}
	return false
}

// record does something and remembers that it was told so. One in a hundred is
// a double click.
func (o *office) record(actor identity.Actor, body ledger.Body, about storetest.About) (string, error) {
	o.recorded++
	about.ID = ledger.IDFromKey(o.node.ID(), "simulate", fmt.Sprint(o.recorded))
	if storetest.KindOf(body) == ledger.CaseSubmit {
		about.Case = about.ID
	}
	r, err := o.do(actor, body, about)
	var no *store.Refused
	if errors.As(err, &no) {
		o.turned[no.Code]++
		return "", err
	}
	o.w.must(err, string(storetest.KindOf(body))+" at "+o.node.ID())
	o.told = append(o.told, r.ID)
	if o.chance.IntN(100) == 0 {
		again, err := o.do(actor, body, about)
		o.w.must(err, "the same again at "+o.node.ID())
		if again.ID != r.ID || again.Status != store.Repeated {
			o.w.must(fmt.Errorf("%+v after %+v", again, r), "the same again at "+o.node.ID())
		}
	}
	return r.ID, nil
}

func (o *office) caseOf(id string) *casework.Case {
	c, err := o.node.Case(context.Background(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	o.w.must(err, "case at "+o.node.ID())
	return c
}

func (o *office) item(c *casework.Case) *catalog.Item { return o.w.shelf.item(c.Item, c.ItemVersion) }

// task is something that somebody means to do about a case at a tick.
type task struct {
	at, order int
	do        func(*office, task) bool // false: not possible yet
	caseID    string
	ref       string // an entry it is about
	tries     int
}

// queue holds tasks, the next one first.
type queue []task

func (q queue) Len() int { return len(q) }

// Less orders tasks of one tick as they were put in.
func (q queue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].order < q[j].order
}

// Swap implements heap.Interface.
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(task)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

var orders int

func (q *queue) add(t task) {
	orders++
	t.order = orders
	heap.Push(q, t)
}

// work takes in those who come, and does what is due.
func (o *office) work(callers int) {
	var due []task
	for len(o.queue) > 0 && o.queue[0].at <= o.w.tick {
		due = append(due, heap.Pop(&o.queue).(task))
	}
	var later []task
	var errands []errand
	for range callers {
		errands = append(errands, errand{do: o.takeIn})
	}
	for _, t := range due {
		errands = append(errands, errand{about: t.caseID, do: func() {
			if !t.do(o, t) {
				t.tries++
				t.at = o.w.tick + min(t.tries, 8)
				later = append(later, t)
			}
		}})
	}
	o.run(errands)
	for _, t := range later {
		o.post(o.node.Division(), t)
	}
}

// post leaves a task for an office; it is there from the next tick on.
func (o *office) post(to division.Code, t task) {
	t.at = max(t.at, o.w.tick+1)
	o.posts = append(o.posts, post{to, t})
}

// soon is a tick in the next working days, few of them for most.
func (o *office) soon(days float64) int {
	return o.w.tick + 1 + int(o.chance.ExpFloat64()*days*float64(len(ticks)))
}
