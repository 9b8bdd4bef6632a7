package main

import (
	"fmt"
	"iter"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// At the county many people work at once, and what they record together is
// committed together, as Raft does. Here they take turns: each errand goes on
// until it records something, all that is to be recorded is committed at once,
// and each goes on with what became of its part. Nothing runs beside anything
// else, so that a year is the same in every run.

// errand is something that somebody does at an office, about one case or none.
type errand struct {
	about string
	do    func()
}

// asking is an errand that waits for what it records.
type asking struct {
	raw    []byte
	result store.Result
	yield  func(struct{}) bool
	next   func() (struct{}, bool)
	stop   func()
}

// atOnce is how many errands are under way at a time.
const atOnce = 200

// run does errands in their order: below the county one after the other, for
// there is one desk, at the county many at once.
func (o *office) run(errands []errand) {
	if o.tier != node.County {
		for _, e := range errands {
			e.do()
		}
		return
	}
	for len(errands) > 0 {
		errands = o.together(errands)
	}
}

// together does a number of errands at once, no two of them about one case, and
// returns the rest.
func (o *office) together(errands []errand) (rest []errand) {
	var waiting []*asking
	defer func() {
		for _, a := range waiting {
			a.stop()
		}
	}()
	taken := map[string]bool{}
	for i, e := range errands {
		if len(taken) >= atOnce {
			rest = append(rest, errands[i:]...)
			break
		}
		if e.about != "" && taken[e.about] {
			rest = append(rest, e)
			continue
		}
		if e.about == "" {
			e.about = fmt.Sprint("caller ", i)
		}
		taken[e.about] = true
		a := new(asking)
		a.next, a.stop = iter.Pull(func(yield func(struct{}) bool) {
			a.yield = yield
			e.do()
		})
		waiting = append(waiting, a)
	}
	for len(waiting) > 0 {
		var still []*asking
		var raws [][]byte
		for _, a := range waiting {
			o.asking = a
			if _, more := a.next(); more {
				still, raws = append(still, a), append(raws, a.raw)
			}
		}
		o.asking, waiting = nil, still
		if len(still) == 0 {
			break
		}
		for i, r := range o.node.County.Propose(raws...) {
			still[i].result = r
		}
	}
	return rest
}

// do records an entry, together with what others record at this moment.
func (o *office) do(actor identity.Actor, body ledger.Body, about storetest.About) (store.Result, error) {
	a := o.asking
	if a == nil {
		return o.node.Do(actor, body, about)
	}
	a.raw = o.node.Raw(o.node.Entry(0, actor, body, about))
	a.yield(struct{}{})
	if r := a.result; r.Outcome != ledger.Applied {
		return r, &store.Refused{Code: r.Code, ZH: r.ZH, EN: r.EN, Faults: r.Faults}
	}
	return a.result, nil
}
