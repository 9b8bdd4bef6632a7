package faults

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// nameOp is somebody giving a node a name at a hub, or asking one what it is.
type nameOp struct {
	node string
	name string // what is written; empty: a read
}

// nameModel is a register for each node's name. A write of which nobody was told
// what became may have taken effect at any time, or not: it has no end.
var nameModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		of := map[string][]porcupine.Operation{}
		for _, op := range history {
			of[op.Input.(nameOp).node] = append(of[op.Input.(nameOp).node], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range of {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, in, out any) (bool, any) {
		op := in.(nameOp)
		if op.name != "" {
			return true, op.name
		}
		// Before the first write it has a name that nobody here gave it.
		return out == state || state == "" && out.(string)[0] != '#', state
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v %v", in, out) },
}

// names is what people did to the names of nodes, at all hubs.
type names struct {
	c     *county
	fresh bool
	began time.Time

	mu      sync.Mutex
	history []porcupine.Operation
	wrote   int
}

func (n *names) note(client int, op nameOp, saw string, called time.Duration, unknown bool) {
	end := time.Since(n.began).Nanoseconds()
	if unknown {
		end = math.MaxInt64
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if op.name != "" && !unknown {
		n.wrote++
	}
	n.history = append(n.history, porcupine.Operation{ClientId: client, Input: op, Output: saw, Call: called.Nanoseconds(), Return: end})
}

// bounded is the same history, for the checker to be quick with: it tries every
// order of the writes that have no end, which are many on a slow machine. No name
// is given twice, so that one that somebody read was written before they had their
// answer, and one that nobody ever read may as well have come after everything.
func bounded(history []porcupine.Operation) []porcupine.Operation {
	read := map[nameOp]int64{}
	for _, op := range history {
		in := op.Input.(nameOp)
		if in.name != "" {
			continue
		}
		in.name = op.Output.(string)
		if first, seen := read[in]; !seen || op.Return < first {
			read[in] = op.Return
		}
	}
	var out []porcupine.Operation
	for _, op := range history {
		if op.Return == math.MaxInt64 {
			first, seen := read[op.Input.(nameOp)]
			if !seen {
				continue
			}
			// Read before it was asked for: as it is, for the checker to object to.
			if first > op.Call {
				op.Return = first
			}
		}
		out = append(out, op)
	}
	return out
}

// work renames and asks, at one hub after the other, until ctx ends.
func (n *names) work(ctx context.Context, client int) {
	hubs, of := n.c.of("county"), []string{"township-1", "village-1", "county-3"}
	seats := make([]*person, len(hubs))
	for i, m := range hubs {
		seats[i] = newPerson(m.url(), "admin")
		seats[i].Web = &http.Client{Timeout: 3 * time.Second}
	}
	pause := time.NewTicker(25 * time.Millisecond)
	defer pause.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		at, op := seats[(i+client)%len(seats)], nameOp{node: of[(i/3+client)%len(of)]}
		if i%3 == 0 {
			op.name = fmt.Sprintf("#%d-%d", client, i)
		}
		n.ask(client, at, op)
	}
}

func (n *names) ask(client int, at *person, op nameOp) {
	// Its end is not the test's: an answer that is under way is waited for.
	ctx := context.Background()
	if _, err := at.Bearer(ctx); err != nil {
		return // not logged in there, nothing was asked
	}
	called := time.Since(n.began)
	if op.name == "" {
		var is struct{ Name string }
		q := loopback.Request{Method: http.MethodGet, URL: "/api/v1/nodes/" + op.node}
		if n.fresh {
			q.Header = map[string]string{"Tongban-Fresh": "1"}
		}
		if at.Call(ctx, q, &is) == nil {
			n.note(client, op, is.Name, called, false)
		}
		return
	}
	err := at.Post(ctx, "/api/v1/nodes/"+op.node+"/rename", map[string]string{"name": op.name}, loopback.NewKey(), nil)
	var no *refusal
	if errors.As(err, &no) && (no.Code == "no_leader" || no.Status == http.StatusUnauthorized) {
		return // it says that nothing was written
	}
	n.note(client, op, "", called, err != nil)
}

// What people at the three hubs write, and read there afresh, is as if there were
// one hub that never fails, while hubs are killed: the leader, any, and all at
// once.
func TestCountyIsLinearizableUnderKills(t *testing.T) {
	rounds := 4
	if long {
		rounds = 80
	}
	c := running(t, three)
	n := &names{c: c, fresh: true, began: time.Now()}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working sync.WaitGroup
	for client := range 5 {
		working.Go(func() { n.work(ctx, client) })
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	hubs := c.of("county")
	for round := range rounds {
		<-time.After(time.Duration(200+random.IntN(500)) * time.Millisecond)
		fallen := []*member{hubs[random.IntN(len(hubs))]}
		switch round % 4 {
		case 0, 2:
			leader, err := c.leader(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			fallen[0] = leader
		case 3:
			fallen = hubs
		}
		for _, m := range fallen {
			m.kill()
		}
		<-time.After(time.Duration(random.IntN(400)) * time.Millisecond)
		if err := c.startThese(t.Context(), fallen); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	working.Wait()
	t.Logf("seed %d: %d operations, %d acknowledged writes", seed, len(n.history), n.wrote)
	if n.wrote < 5*rounds {
		t.Errorf("only %d writes were acknowledged", n.wrote)
	}
	if got := porcupine.CheckOperationsTimeout(nameModel, bounded(n.history), 2*time.Minute); got != porcupine.Ok {
		t.Errorf("seed %d: history is %s", seed, got)
	}
}

// The model finds what it is for: a read of what was overwritten before it began.
func TestNameModelFindsStaleReads(t *testing.T) {
	op := func(call, end int64, name, saw string) porcupine.Operation {
		return porcupine.Operation{Input: nameOp{node: "village-1", name: name}, Output: saw, Call: call, Return: end}
	}
	history := []porcupine.Operation{op(1, 2, "#1", ""), op(3, 4, "#2", ""), op(5, math.MaxInt64, "#3", ""), op(5, math.MaxInt64, "#4", ""), op(6, 7, "", "#2"), op(8, 9, "", "#3")}
	for name, c := range map[string]struct {
		then []porcupine.Operation
		want porcupine.CheckResult
	}{
		"in order":                {nil, porcupine.Ok},
		"later than it was cut":   {[]porcupine.Operation{op(10, 11, "", "#4")}, porcupine.Ok},
		"stale":                   {[]porcupine.Operation{op(10, 11, "", "#2")}, porcupine.Illegal},
		"back and forth":          {[]porcupine.Operation{op(10, 11, "", "#4"), op(12, 13, "", "#3")}, porcupine.Illegal},
		"before it was asked for": {[]porcupine.Operation{op(10, 11, "", "#5"), op(20, math.MaxInt64, "#5", "")}, porcupine.Illegal},
	} {
		all := append(slices.Clone(history), c.then...)
		for _, h := range [][]porcupine.Operation{all, bounded(all)} {
			if got := porcupine.CheckOperationsTimeout(nameModel, h, time.Minute); got != c.want {
				t.Errorf("%s: %s of %d operations", name, got, len(h))
			}
		}
	}
}
