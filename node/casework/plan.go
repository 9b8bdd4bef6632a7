package casework

import (
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// Plan lays out every step of a case for an item handed in at a tier.
//
// Handed in below the tier that accepts, the case is collected there (代收)
// and relayed through each tier in between. Handed in above it, the desk that
// took it in accepts it, and a lower tier's preliminary review is still
// needed. The deciding tier makes out the result; it is delivered where the
// case was handed in.
func Plan(item *catalog.Item, handedIn node.Tier) []ledger.Step {
	accepting := node.Tier(item.ReviewSteps[0].Tier)
	var steps []ledger.Step
	switch {
	case handedIn.Rank() < accepting.Rank():
		steps = append(steps, ledger.Step{Tier: handedIn, Verb: ledger.VerbCollect})
		for _, t := range []node.Tier{node.Township, node.County} {
			if t.Rank() > handedIn.Rank() && t.Rank() < accepting.Rank() {
				steps = append(steps, ledger.Step{Tier: t, Verb: ledger.VerbRelay})
			}
		}
		steps = append(steps, ledger.Step{Tier: accepting, Verb: ledger.VerbAccept})
	default:
		steps = append(steps, ledger.Step{Tier: handedIn, Verb: ledger.VerbAccept})
	}
	for _, s := range item.ReviewSteps[1:] {
		steps = append(steps, ledger.Step{Tier: node.Tier(s.Tier), Verb: verbs[string(s.Role)]})
	}
	decides := steps[len(steps)-1].Tier
	return append(steps,
		ledger.Step{Tier: decides, Verb: ledger.VerbIssue},
		ledger.Step{Tier: handedIn, Verb: ledger.VerbDeliver})
}

var verbs = map[string]ledger.Verb{
	"受理": ledger.VerbAccept,
	"初审": ledger.VerbPreReview,
	"审核": ledger.VerbReview,
	"审批": ledger.VerbDecide,
}

// HolderAt is the division that holds a case at the step with a verb; the one
// that holds it now where it has no such step.
func (c *Case) HolderAt(v ledger.Verb) division.Code {
	for _, s := range c.Steps {
		if s.Verb == v {
			if d, ok := holderOf(s, c.Division, c.HandedInAt); ok {
				return d
			}
		}
	}
	return c.Holder
}

// holderOf is the division that holds a case at a step: the desk that took it
// in for its own tier, else the matter's own division at that tier.
func holderOf(s ledger.Step, matter, handedInAt division.Code) (division.Code, bool) {
	if handedInAt.Tier() == s.Tier {
		return handedInAt, true
	}
	switch s.Tier {
	case node.County:
		return matter.County(), true
	case node.Township:
		if matter.Tier() == node.County {
			return "", false
		}
		return matter.Township(), true
	}
	if matter.Tier() != node.Village {
		return "", false
	}
	return matter, true
}
