package api

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
)

// A result that two places handed over while they were cut off from each other stays
// handed over once: whoever was second is told when, where and to whom it had been given,
// what to do with the second copy, and that nothing has changed, at both ends.
func TestResultHandedOverAtTwoPlaces(t *testing.T) {
	r := newRegion(t)
	var receipt gen.CaseReceipt
	r.village.decode(r.village.must("worker", "POST", "/api/v1/cases", r.village.submission("TB-XZRZ-005", theVillage), 201), &receipt)
	id := receipt.Case.Id
	r.village.act("worker", id, gen.CaseAction{Kind: gen.ActAccept})
	granted := true
	r.township.act("leader", id, gen.CaseAction{Kind: gen.ActDecide, Granted: &granted, Opinion: "准予登记"})
	r.township.act("clerk", id, gen.CaseAction{Kind: gen.ActIssue, Documents: []gen.Document{{Name: "生育登记服务单", Number: "2026-1"}}})
	r.township.sealDecision("clerk", id)
	r.village.untilSealed(id)
	r.hub.cut()
	r.village.act("worker", id, gen.CaseAction{Kind: gen.ActDeliver, Recipient: "王芳", Method: gen.ByDirect})
	r.township.act("clerk", id, gen.CaseAction{Kind: gen.ActDeliver, Recipient: "王芳", Method: gen.ByDirect})
	r.hub.heal()
	var item gen.AttentionItem
	until(t, "the second to be refused", func() bool {
		var list gen.AttentionList
		r.hub.get("operator", "/api/v1/attention", &list)
		for _, item = range list.Items {
			if item.Kind == "case.deliver" {
				return true
			}
		}
		return false
	})
	second, who := r.township, "clerk"
	first := r.village
	if item.Origin == r.village.node.Self().Node {
		second, first, who = r.village, r.township, "worker"
	}
	for _, end := range []struct {
		at  *site
		who string
	}{{r.hub, "operator"}, {second, who}} {
		until(t, "it to ask for attention at "+string(end.at.node.Self().Tier), func() bool {
			var list gen.AttentionList
			end.at.get(end.who, "/api/v1/attention", &list)
			for _, i := range list.Items {
				if i.Entry == item.Entry && i.Way == gen.WaySecondCopy {
					item = i
					return true
				}
			}
			return false
		})
		name, err := end.at.node.Store.Node(t.Context(), first.node.Self().Node)
		check(t, err)
		for _, part := range []string{name.Name, "王*", "仍为已送达", "20"} {
			if !strings.Contains(item.Zh, part) {
				t.Errorf("%s lacks %s: %s", end.at.node.Self().Tier, part, item.Zh)
			}
		}
		if strings.Contains(item.Zh+item.En, "王芳") || !strings.Contains(item.En, "stays as it was") || item.Next != nextSecondCopy {
			t.Errorf("%+v", item)
		}
		c, err := end.at.node.Store.Case(t.Context(), id)
		check(t, err)
		if c.Status != casework.Closed {
			t.Errorf("the case is %s", c.Status)
		}
	}
}
