package casework

import (
	"fmt"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// PlanOnline lays out the way of a case that the applicant hands in from home:
// to the desk that accepts the item at its own tier, where the result is handed
// over too, unless the applicant is served electronically.
func PlanOnline(item *catalog.Item) []ledger.Step {
	return Plan(item, node.Tier(item.ReviewSteps[0].Tier))
}

// ReceivedOn is the day on which an online hand-in counts as received: the day
// itself when it is a working day, else the next one *(convention)*. Where the
// calendar lacks the year nothing is guessed, and the error says so.
func ReceivedOn(cal *calendar.Calendar, day calendar.Date) (calendar.Date, error) {
	working, err := cal.IsWorkingDay(day)
	if err != nil || working {
		return day, err
	}
	return cal.NextWorkingDay(day)
}

// maxWait is longer than any holiday, in days.
const maxWait = 31

func checkOnline(e *ledger.Entry, b *ledger.CaseSubmitV1, item *catalog.Item, tier node.Tier) error {
	if tier != node.County {
		return refuse("county_only", "网上申请由县中心接收", "what is handed in from home is taken in at the county")
	}
	if why := catalog.Presence(item); why != "" {
		return refuse("in_person", "该事项须本人到场办理："+why, "this item takes the applicant in person: "+why)
	}
	if on := b.Online.ReceivedOn; !on.IsZero() && (on.Before(dayOf(e)) || on.DaysSince(dayOf(e)) > maxWait) {
		return refuse("received_on", "视为收到的日期有误", "the day on which it counts as received is not one soon after hand-in")
	}
	return nil
}

// checkAuthority looks at an agent's proof of authority: scans of it, or that whoever
// took the case in saw the original. From home nobody looks at the paper itself, so
// that there its scan is wanted.
func checkAuthority(b *ledger.CaseSubmitV1, limits catalog.Limits) []catalog.Fault {
	var f faults
	for i, a := range b.Authority {
		for _, fault := range catalog.CheckAttachment(a, limits) {
			fault.Path = fmt.Sprintf("authority[%d].%s", i, fault.Path)
			f = append(f, fault)
		}
	}
	acts := b.Agent != (ledger.Agent{})
	switch {
	case !acts && len(b.Authority) > 0:
		f.add("authority", catalog.FaultConflict, "没有代办人，不需要授权凭证", "nobody acts for the applicant; leave the proof of authority out")
	case b.Agent.Seen && b.Online.Account != "":
		f.add("agent.seen", catalog.FaultConflict, "网上申请无法当面核验授权凭证原件，请上传扫描件", "nobody sees an original from home; add its scan")
	case lacksAuthority(b):
		f.add("authority", catalog.FaultMissing, "缺少代办人的授权凭证：请添加扫描件，或当面核验原件后注明", "the proof that the agent may act is missing: add its scan, or say that the original was seen")
	}
	return f
}

// BelongsTo reports whether a case is an account's own: handed in under it, or
// in the name and under the number of whom the account was opened for. At a desk
// a number may be mistyped and still be valid, another person's: with the number
// alone that person would see the case.
func (c *Case) BelongsTo(a *account.Account) bool {
	return c.Online.Account == a.ID || a.Is(c.Applicant.Type, c.Applicant.IDNumber, c.Applicant.Name)
}

// HandInOf is of the hand-in of a joint matter what CheckHandIn looks at.
func HandInOf(b *ledger.PackageSubmitV1) *ledger.CaseSubmitV1 {
	return &ledger.CaseSubmitV1{Applicant: b.Applicant, Agent: b.Agent, Authority: b.Authority, Online: b.Online}
}

// CheckHandIn holds what somebody hands in from home against who they are:
// acting is the account that is logged in, owner the one that the case is to
// belong to. A person applies for themselves, for an organisation that named
// them, or for somebody else with a proof of authority; an organisation for
// itself.
func CheckHandIn(b *ledger.CaseSubmitV1, acting, owner *account.Account, on calendar.Date) error {
	if !acting.Active() || owner.Disabled || !acting.ActsFor(owner, on) {
		return refuse("not_authorised", "您无权以该账户办理，请由单位登记的经办人办理", "this account may not act for that one; the organisation has to name its agents")
	}
	own := b.Applicant.Type == owner.Type && b.Applicant.IDNumber == owner.Number
	agent := b.Agent != (ledger.Agent{})
	switch {
	case own && b.Applicant.Name != owner.Name:
		return refuse("applicant_name", "申请人姓名与账户实名不一致", "the applicant's name is not that of the account")
	case own && acting.ID == owner.ID && (!agent || acting.Type == account.Organisation):
		return nil
	case own && acting.ID == owner.ID:
		return refuse("agent_needless", "本人办理无需代办人", "nobody acts for you; leave the agent out")
	case acting.Type != account.Person || b.Agent.IDNumber != acting.Number || b.Agent.Name != acting.Name:
		return refuse("agent_other", "代办人须为登录本人", "whoever is logged in must be the agent")
	case own:
		return nil // named by the organisation itself
	case acting.ID != owner.ID || len(b.Authority) == 0:
		return refuse("authority_missing", "代他人办理须上传授权委托书", "who applies for somebody else uploads the proof of authority")
	}
	return nil
}
