package federation_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// What one case is to those who act on it: a register that holds the last entry
// of its chain. To hand it in writes the first; a step names the entry it
// follows, and takes its place if that is still the last.
type caseOp struct {
	read     bool
	id       string // the case
	prev, to string // what a write follows, and what it writes
}

type caseSaw struct {
	head string // what a read saw; empty: no such case
	won  bool   // the write took effect
	// unknown: nobody was told whether it did. It may have, at any time since.
	unknown bool
}

var caseModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		of := map[string][]porcupine.Operation{}
		for _, op := range history {
			id := op.Input.(caseOp).id
			of[id] = append(of[id], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range of {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, in, out any) (bool, any) {
		op, saw, head := in.(caseOp), out.(caseSaw), state.(string)
		switch {
		case op.read:
			return saw.head == head, head
		case head == op.prev: // it takes effect, unless it was said that it did not
			return saw.won || saw.unknown, op.to
		}
		return !saw.won, head
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v %+v", in, out) },
}

// county is three hubs that people work at while hubs go away.
type county struct {
	*federationtest.Federation
	hubs  [3]atomic.Pointer[federation.Node]
	fresh bool
	began time.Time
	item  string

	window, leader identity.Actor
	first          []*ledger.CaseSubmitV1
	cases          []string

	mu      sync.Mutex
	history []porcupine.Operation
}

const decidedAtTheCounty = "TB-SFJ-001"

func newCounty(t *testing.T, fresh bool, cases int) *county {
	f := federationtest.New(t, federationtest.Config{Hubs: 3})
	c := &county{Federation: f, fresh: fresh, began: time.Now()}
	item := f.Item(decidedAtTheCounty)
	c.window = f.Person(federationtest.Code, item.Department, identity.DepartmentWindow)
	c.leader = f.Person(federationtest.Code, item.Department, identity.DepartmentLeader)
	for i := range cases {
		c.first = append(c.first, f.Submission(f.Hub(), decidedAtTheCounty))
		c.cases = append(c.cases, f.Hub().ActionID(c.window.Staff, fmt.Sprintf("case-%d", i)))
	}
	for i := range c.hubs {
		c.hubs[i].Store(f.Hubs()[i].Node)
	}
	return c
}

// note keeps an operation. What is unknown has no end.
func (c *county) note(client int, op caseOp, saw caseSaw, called time.Duration) {
	end := time.Since(c.began).Nanoseconds()
	if saw.unknown {
		end = math.MaxInt64
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history = append(c.history, porcupine.Operation{ClientId: client, Input: op, Call: called.Nanoseconds(), Output: saw, Return: end})
}

func (c *county) done() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.history)
}

// work hands in, takes steps and looks, at one hub after the other, until it is
// told to stop.
func (c *county) work(client int, stop <-chan struct{}) {
	seen := map[string]string{}
	for i := client; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		hub := c.hubs[(i+client)%len(c.hubs)].Load()
		if hub == nil {
			continue
		}
		which := (i / 2) % len(c.cases)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		if head, known := seen[c.cases[which]]; known && i%2 == 1 {
			c.write(ctx, client, i, hub, which, head)
		} else if head, ok := c.read(ctx, client, hub, c.cases[which]); ok {
			seen[c.cases[which]] = head
		}
		cancel()
	}
}

// read looks at a case as the API does for who asks for what is fresh.
func (c *county) read(ctx context.Context, client int, hub *federation.Node, id string) (head string, ok bool) {
	called := time.Since(c.began)
	if c.fresh && hub.Fresh(ctx) != nil {
		return "", false // not answered
	}
	k, err := hub.Store.Case(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", false
	}
	if err == nil {
		head = k.Head
	}
	c.note(client, caseOp{read: true, id: id}, caseSaw{head: head}, called)
	return head, true
}

// write hands a case in, accepts it or sends it back, whichever follows what
// was seen.
func (c *county) write(ctx context.Context, client, i int, hub *federation.Node, which int, head string) {
	id := c.cases[which]
	a := federation.Action{Actor: c.window, Kind: ledger.CaseSubmit, Body: c.first[which], Key: fmt.Sprintf("case-%d", which)}
	op := caseOp{id: id, to: id}
	if head != "" {
		k, err := hub.Store.Case(ctx, id)
		if err != nil || k.Head != head {
			return // this hub has not come to it, or is past it
		}
		a = federation.Action{Actor: c.window, Kind: ledger.CaseAccept, Body: &ledger.CaseAcceptV1{}, Case: id}
		if k.Step > 0 {
			a.Actor, a.Kind, a.Body = c.leader, ledger.CaseReturn, &ledger.CaseReturnV1{Reason: "请核对"}
		}
		a.Prev, a.Key = head, fmt.Sprintf("step-%d-%d", client, i)
		op.prev, op.to = head, hub.ActionID(a.Actor.Staff, a.Key)
	}
	called := time.Since(c.began)
	r, err := hub.Record(ctx, a)
	var no *store.Refused
	switch {
	case errors.As(err, &no) && no.Code == "case_unknown":
	case errors.As(err, &no):
		c.note(client, op, caseSaw{}, called)
	case err != nil:
		c.note(client, op, caseSaw{unknown: true}, called)
	case r.Status == store.Repeated:
		// Somebody handed it in before, or this call did without being told.
		c.note(client, op, caseSaw{unknown: true}, called)
	default:
		c.note(client, op, caseSaw{won: true}, called)
	}
}

func (c *county) more(n int) {
	want := c.done() + n
	c.Eventually("work at the county", func() bool { return c.done() >= want })
}

func (c *county) index(n *federationtest.Node) int {
	for i, h := range c.Hubs() {
		if h == n {
			return i
		}
	}
	return -1
}

func (c *county) stopLeader() {
	leader := c.Leader()
	i := c.index(leader)
	c.hubs[i].Store(nil)
	c.Kill(leader)
	c.more(30)
	c.Restart(leader)
	c.hubs[i].Store(leader.Node)
	c.more(30)
}

func (c *county) cutLeaderOff() {
	leader := c.Leader()
	c.Isolate(leader)
	c.Eventually("another leader", func() bool {
		for _, h := range c.Hubs() {
			if h != leader && h.Hub().Leading() {
				return true
			}
		}
		return false
	})
	c.more(60)
	c.Rejoin(leader)
	c.more(30)
}

// check is how linearizable what people saw was.
func (c *county) check(t *testing.T, clients, rounds int) porcupine.CheckResult {
	stop := make(chan struct{})
	var working sync.WaitGroup
	for client := range clients {
		working.Go(func() { c.work(client, stop) })
	}
	for range rounds {
		c.more(60)
		c.cutLeaderOff()
		c.stopLeader()
	}
	close(stop)
	working.Wait()
	wrote, unknown := 0, 0
	for _, op := range c.history {
		if saw := op.Output.(caseSaw); saw.unknown {
			unknown++
		} else if saw.won {
			wrote++
		}
	}
	t.Logf("%d operations, %d writes, %d of unknown outcome", len(c.history), wrote, unknown)
	if wrote < 10*rounds {
		t.Errorf("only %d writes took effect", wrote)
	}
	return porcupine.CheckOperationsTimeout(caseModel, c.history, 60*time.Second)
}

// What anybody sees at any hub is as if there were one: cases handed in and
// acted on at all three, and read there afresh, while the leader is cut off
// from the others and stopped.
func TestCasesAreLinearizable(t *testing.T) {
	rounds := 1
	if os.Getenv("TONGBAN_LONG") != "" {
		rounds = 20
	}
	c := newCounty(t, true, 4*rounds)
	if got := c.check(t, 6, rounds); got != porcupine.Ok {
		t.Errorf("history is %s", got)
	}
}

// A hub that does not ask the others before it answers is found out.
func TestStaleReadsAreFound(t *testing.T) {
	c := newCounty(t, false, 4)
	for range 3 { // whether anybody looks while there is something to see is chance
		if c.check(t, 6, 1) == porcupine.Illegal {
			return
		}
	}
	t.Error("a county that reads what is stale was not found")
}
