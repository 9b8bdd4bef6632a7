package casework

import (
	"slices"
	"strconv"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Stating and defending (陈述申辩, Administrative Licence Law art. 7 and 36): before
// a case is refused its applicant, and whoever has an interest, may say what they
// have to say of it. That a refusal is intended is told with its reasons and a last
// day; the clock runs on, for art. 45 does not name it. The right itself is there
// from acceptance on, told or not. What was said is weighed in the decision.

// HeardDays is for how many days at least whoever is to lose something may state
// and defend: before a refusal, and before what was issued is revoked *(convention)*.
const HeardDays = 5

// CheckHeardDays refuses to give anybody less time than that to be heard.
func CheckHeardDays(before, today calendar.Date) error {
	if before.DaysSince(today) < HeardDays {
		return refuse("heard_days", "陈述申辩的期限至少 "+strconv.Itoa(HeardDays)+" 日", "whoever is to be heard has at least "+strconv.Itoa(HeardDays)+" days to state and defend")
	}
	return nil
}

// CheckWaiver refuses to take down at a desk that somebody gives up the right to be
// heard, without what they signed. From home it is their own account that says it.
func CheckWaiver(by identity.Actor, waived bool, proof []catalog.AttachmentRef) error {
	if waived && len(proof) == 0 && by.Role != identity.Applicant {
		return refuse("waiver_unproven", "放弃陈述申辩须附本人签名的书面声明", "the right to be heard is given up in writing: add the signed statement")
	}
	return nil
}

// Intent is a refusal that is intended, as it was told.
type Intent struct {
	// Entry is the entry that told of it.
	Entry  string `json:"entry"`
	Reason string `json:"reason"`
	// ToldOn is the day of it, Before the last to state and defend, Parties who was
	// told beside the applicant.
	ToldOn  calendar.Date `json:"told_on"`
	Before  calendar.Date `json:"before"`
	Parties []string      `json:"parties,omitempty"`
}

// Intended is the refusal that was told last; nil where none was.
func (c *Case) Intended() *Intent {
	if len(c.Intents) == 0 {
		return nil
	}
	return &c.Intents[len(c.Intents)-1]
}

// tellRefusal tells that a refusal is intended. On other grounds it is told anew,
// and the days begin anew.
func (c *Case) tellRefusal(e *ledger.Entry, b *ledger.RefusalTellV1) error {
	if !reasoned(b.Reason) {
		return errReason
	}
	if i := c.Intended(); i != nil && i.Reason == b.Reason {
		return refuse("refusal_told", "拟不予的事实和理由已告知，理由有变化的才再次告知", "the intended refusal was told with these reasons; it is told anew for others only")
	}
	if err := CheckHeardDays(b.Before, dayOf(e)); err != nil {
		return err
	}
	c.Intents = append(slices.Clip(c.Intents), Intent{Entry: e.ID, Reason: b.Reason, ToldOn: dayOf(e), Before: b.Before, Parties: b.Parties})
	return nil
}

// Statement is what somebody said of a case before it was decided.
type Statement struct {
	Entry string
	ledger.RefusalStateV1
}

// party is whose statement it is: empty for the applicant's.
func (s *Statement) party() string {
	if s.Interested {
		return s.Party
	}
	return ""
}

// MayState refuses to take what somebody has to say of a case that is not taken up,
// or is decided. From home nobody looks at who it is: there the applicant alone says
// it, and for themselves.
func (c *Case) MayState(e *ledger.Entry, b *ledger.RefusalStateV1) error {
	switch {
	case c.Status.Ended() || c.Decision != "":
		return refuse("decided", "办件已作出决定，不能再进行此操作", "the case has been decided; this can no longer be done")
	case c.Status != Accepted:
		return refuse("not_accepted_yet", "办件尚未受理，请先受理", "the case has not been accepted yet; accept it first")
	case b.Proposal != "" && !slices.ContainsFunc(c.Intents, func(i Intent) bool { return i.Entry == b.Proposal }):
		return refuse("refusal_untold", "没有告知过这项拟不予决定，请刷新后再办", "no such refusal was told of in this case; look at it again")
	case e.Actor.Role == identity.Applicant && (b.Interested || b.Party != c.Applicant.Name):
		return refuse("statement_party", "网上只能由申请人本人（单位）陈述申辩，利害关系人请到窗口办理", "from home the applicant states their own case; others who have an interest come to a window")
	}
	return CheckWaiver(e.Actor, b.Waived, b.Proof)
}

// CheckParty refuses, at a desk, what is said in the applicant's place by who is neither
// the applicant nor their agent, and that somebody gives up a right who was never told
// of it: nobody gives up what is another's.
func (c *Case) CheckParty(party string, interested, waived bool, told []string) error {
	switch {
	case !interested && party != c.Applicant.Name && (c.Agent.Name == "" || party != c.Agent.Name):
		return refuse("statement_party", "“"+party+"”不是申请人或其代理人；是利害关系人的，请选“利害关系人”", party+" is neither the applicant nor their agent; of others with an interest say so")
	case interested && waived && !slices.Contains(told, party):
		return refuse("statement_party", "没有告知过利害关系人“"+party+"”，不存在放弃", party+" was never told of it, and has nothing to give up")
	}
	return nil
}

// Spoke are those of the statements that say something and not that nothing is to
// be said.
func Spoke(said []Statement) []Statement {
	return slices.DeleteFunc(slices.Clone(said), func(s Statement) bool { return s.Waived })
}

// gaveUp reports whether the applicant, and all who were told beside them, gave up
// the right to be heard of what was told last; of each the last word counts.
func (c *Case) gaveUp(said []Statement) bool {
	i, waived := c.Intended(), map[string]bool{}
	for _, s := range said {
		waived[s.party()] = s.Waived && s.Proposal == i.Entry
	}
	return allWaived(waived, i.Parties)
}

// allWaived reports whether the applicant and all of the parties are among those
// who gave a right up.
func allWaived(waived map[string]bool, parties []string) bool {
	return waived[""] && !slices.ContainsFunc(parties, func(p string) bool { return !waived[p] })
}

// Weighs refuses a decision against somebody who has a right to be heard first: a
// refusal while those who were told of it may still speak, and one that does not say
// what became of what was said. Others with an interest are weighed in a grant too.
// said is all that came, in its order.
func (c *Case) Weighs(said []Statement, b *ledger.CaseDecideV1, today calendar.Date) error {
	if i := c.Intended(); i != nil && !b.Granted && !today.After(i.Before) && !c.gaveUp(said) {
		return refuse("statement_wait", "陈述申辩的期限到 "+i.Before.String()+"，期满或全部放弃后才能作出不予决定", "those who were told of the refusal may state their case until "+i.Before.String()+"; refuse after that, or when all have given it up")
	}
	against := slices.ContainsFunc(Spoke(said), func(s Statement) bool { return !b.Granted || s.Interested })
	if against && !reasoned(b.Weighed) {
		return refuse("unweighed", "申请人或利害关系人已陈述申辩，须写明对其意见是否采纳及理由", "the applicant or somebody with an interest has stated their case: say what became of it, and why")
	}
	return nil
}
