package store_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
	"github.com/tongban/tongban/store/storetest"
)

// result puts a result right that the township issued, serves the decision, or makes it
// out again.
func (f *federation) result(n *storetest.Node) {
	c := f.known(n, func(c *casework.Case) bool {
		return n == f.township && len(c.Documents) > 0 && result.Authority(c) == n.Division()
	})
	if c == nil {
		return
	}
	file, err := n.Results(ctx, c)
	if err != nil {
		f.t.Fatalf("%v", err)
	}
	about, number := storetest.About{Case: c.ID, Scope: c.Division}, fmt.Sprint("N", len(f.acknowledged))
	last := file.Results[len(file.Results)-1]
	switch open := file.Open(); {
	case open == nil && len(file.Unserved()) > 0 && rapid.Bool().Draw(f.t.T, "served"):
		f.note(n.Do(n.Actor(identity.TownshipClerk), &ledger.ResultServeV1{Proposal: file.Unserved()[0], Recipient: c.Applicant.Name, Method: "direct"}, about))
	case open != nil:
		f.note(n.Do(n.Actor(identity.TownshipLeader), &ledger.ResultDecideV1{Proposal: open.ID, Agreed: rapid.Bool().Draw(f.t.T, "agreed"), Reasons: "经核对"}, about))
	case rapid.Bool().Draw(f.t.T, "lost"):
		f.note(n.Do(n.Actor(identity.TownshipClerk), &ledger.ResultReissueV1{Result: last.ID, Number: number, Reason: "遗失"}, about))
	default:
		f.note(n.Do(n.Actor(identity.TownshipClerk), &ledger.ResultProposeV1{Result: last.ID, Measure: ledger.ResultCorrect, Ground: ledger.GroundClerical, Reason: "有误",
			Replacement: ledger.IssuedDocument{Name: last.Name, Number: number}}, about))
	}
}
