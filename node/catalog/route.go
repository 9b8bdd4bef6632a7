package catalog

import (
	"fmt"
	"slices"

	"github.com/tongban/tongban/node"
)

// checkRoute makes sure that a file handed in anywhere it may be handed in
// comes to a decision: acceptance first, decision last and only once, at the
// deciding tier, never downwards, and never decided by a village, which has no
// power to decide anything.
func checkRoute(item Item) []Fault {
	faults := checkTiers(item)
	steps := item.ReviewSteps
	few := len(steps) < 2
	if few {
		faults = append(faults, newFault("review_steps", FaultMissing, "至少要有受理和审批两个环节", "there must be at least an acceptance and a decision"))
	}
	if len(steps) > maxSteps {
		return append(faults, newFault("review_steps", FaultLimit, "环节多于%d个", "there are more than %d steps", maxSteps))
	}
	last := len(steps) - 1
	for i, s := range steps {
		path := fmt.Sprintf("review_steps[%d]", i)
		if !s.Tier.Valid() {
			faults = append(faults, unknownTier(path+".tier", s.Tier))
		}
		if !s.Role.Valid() {
			faults = append(faults, newFault(path+".role", FaultUnknown, "环节“%s”应为受理、初审、审核或审批", "role %q must be 受理, 初审, 审核 or 审批", show(string(s.Role))))
			continue
		}
		if few {
			continue // which one is missing, the order does not say
		}
		if (i == 0) != (s.Role == StepAcceptance) {
			faults = append(faults, newFault(path+".role", FaultConflict, "第一个环节是受理，且只受理一次", "the first step, and only the first, is 受理"))
		}
		if (i == last) != (s.Role == StepDecide) {
			faults = append(faults, newFault(path+".role", FaultConflict, "最后一个环节是审批，且只审批一次", "the last step, and only the last, is 审批"))
		}
		if i > 0 && steps[i-1].Tier.Above(s.Tier) {
			faults = append(faults, newFault(path+".tier", FaultConflict, "环节不得由上级退到下级", "a step must not go down a tier"))
		}
	}
	if few {
		return faults
	}
	faults = append(faults, checkStepDays(item)...)
	if steps[last].Tier != item.DecideTier {
		faults = append(faults, newFault(fmt.Sprintf("review_steps[%d].tier", last), FaultConflict, "审批环节的层级与决定层级不一致", "the decision is not at decide_tier"))
	}
	reaches := func(t node.Tier) bool { return !t.Above(steps[0].Tier) }
	if len(item.AcceptTiers) > 0 && !slices.ContainsFunc(item.AcceptTiers, reaches) {
		faults = append(faults, newFault("review_steps[0].tier", FaultConflict, "受理层级低于所有收件层级，文件到不了受理环节", "no hand-in tier is at or below the accepting tier"))
	}
	return faults
}

const maxSteps = 16

// checkStepDays: the steps' own limits are parts of the promise. All steps after
// acceptance state theirs, or none does, so that nobody's is what others leave.
func checkStepDays(item Item) []Fault {
	var faults []Fault
	sum, stated := 0, 0
	for i, s := range item.ReviewSteps {
		path := fmt.Sprintf("review_steps[%d].working_days", i)
		switch {
		case s.WorkingDays < 0 || s.WorkingDays > 366:
			return append(faults, newFault(path, FaultRange, "环节时限应为1至366个工作日", "a step's limit must be 1 to 366 working days"))
		case i == 0 && s.WorkingDays != 0:
			faults = append(faults, newFault(path, FaultConflict, "受理环节按五个工作日告知的规定，不另设时限", "acceptance has the five working days of its notice, and no limit of its own"))
		case i > 0 && s.WorkingDays != 0:
			sum += s.WorkingDays
			stated++
		}
	}
	if stated != 0 && stated != len(item.ReviewSteps)-1 {
		faults = append(faults, newFault("review_steps", FaultMissing, "环节时限要么都填，要么都不填", "either every step after acceptance states its limit, or none does"))
	}
	if sum > item.PromisedWorkingDays {
		faults = append(faults, newFault("review_steps", FaultConflict, "各环节时限之和%d个工作日长于承诺时限%d个工作日",
			"the steps take %d working days together, and the promise is %d", sum, item.PromisedWorkingDays))
	}
	return faults
}

func checkTiers(item Item) []Fault {
	var faults []Fault
	if len(item.AcceptTiers) == 0 {
		faults = append(faults, newFault("accept_tiers", FaultMissing, "没有收件层级", "there is no tier to hand papers in at"))
	}
	seen := make([]string, 0, len(item.AcceptTiers))
	for i, t := range item.AcceptTiers {
		path := fmt.Sprintf("accept_tiers[%d]", i)
		if !t.Valid() {
			faults = append(faults, unknownTier(path, t))
		}
		faults = append(faults, once(&seen, path, string(t))...)
	}
	switch {
	case !item.DecideTier.Valid():
		faults = append(faults, unknownTier("decide_tier", item.DecideTier))
	case item.DecideTier == node.Village:
		faults = append(faults, newFault("decide_tier", FaultLaw, "村（社区）不作决定", "a village never decides"))
	}
	return faults
}

func unknownTier(path string, t node.Tier) Fault {
	return newFault(path, FaultUnknown, "层级“%s”应为county、township或village", "tier %q must be county, township or village", show(string(t)))
}
