package result

import (
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// Renewal (延续, Administrative Licence Law art. 50): whoever wants a licence
// renewed applies thirty days before it expires. The authority decides before it
// expires; when it does not, the law takes it for renewed.

// Renewable refuses to renew, from a day on, a result that has no end or has come
// to it, and one that is renewed already or whose renewal is being decided.
// renewals are the cases in which results of its case are renewed.
func (r *Result) Renewable(on calendar.Date, renewals []*casework.Case) error {
	switch {
	case r.State != Valid:
		return refuse("result_ended", "该证照已更正、补发、撤销或注销", "it was superseded, made out again, revoked or cancelled already")
	case r.Until.IsZero():
		return refuse("renewal_no_end", "该证照没有有效期限，无需延续", "it has no end and needs no renewal")
	case on.After(r.Until):
		return refuse("result_expired", "已过有效期，不能延续，请重新申请", "it has expired and is not renewed; apply for it anew")
	}
	for _, c := range renewals {
		switch {
		case c.Renews.Result != r.ID:
		case c.Decision == casework.Granted:
			return refuse("renewal_granted", "该证照已准予延续（办件 "+printed(c.Number)+"），请以新的证照为准", "it was renewed already in case "+printed(c.Number)+"; what was issued there counts")
		case !c.Status.Ended() && c.Decision == "":
			return refuse("renewal_open", "该证照的延续申请正在办理（办件 "+printed(c.Number)+"），无需重复申请", "its renewal is being decided in case "+printed(c.Number)+"; there is no need to ask again")
		}
	}
	return nil
}

// CheckRenewal refuses to take in the renewal of what cannot be renewed. old is
// the case that the result is of, f its file, renewals what was asked for before.
func CheckRenewal(f File, old *casework.Case, renewals []*casework.Case, b *ledger.CaseSubmitV1, on calendar.Date) error {
	r := f.Find(b.Renews.Result)
	if r == nil {
		return refuse("result_unknown_id", "没有这份结果，请核对后再办", "the case has no such result; look it up again")
	}
	if err := r.Renewable(on, renewals); err != nil {
		return err
	}
	switch {
	case r.Until != b.Renews.Until || r.Number != b.Renews.Number:
		return refuse("renewal_mismatch", "所填编号、有效期与登记不符，请核对后再办", "its number or its last day is not as recorded; look it up again")
	case old.Applicant.Type != b.Applicant.Type || old.Applicant.IDNumber != b.Applicant.IDNumber:
		return refuse("renewal_holder", "只有被许可人本人可以申请延续", "only its holder may have it renewed")
	case old.Department != b.Department:
		return refuse("renewal_authority", "应向作出决定的机关申请延续："+old.Department, "it is renewed by the authority that granted it: "+old.Department)
	}
	return nil
}

func printed(compact string) string {
	n, err := casework.ParseNumber(compact)
	if err != nil {
		return compact
	}
	return n.String()
}

// StateOn is what a result is worth on a day, given the cases by which its holder
// asked to have it renewed. One that was asked for in time and not decided when
// it expired counts as renewed for as long again (art. 50).
func (r *Result) StateOn(on calendar.Date, renewals []*casework.Case) State {
	if r.State != Valid || r.Until.IsZero() || !on.After(r.Until) {
		return r.State
	}
	if until := r.RenewedUntil(renewals); !until.IsZero() && !on.After(until) {
		return DeemedRenewed
	}
	return Expired
}

// RenewedUntil is the last day of a result that the law takes for renewed: its
// own term once more from the day on which it expired; no day where it is not.
func (r *Result) RenewedUntil(renewals []*casework.Case) calendar.Date {
	for _, c := range renewals {
		if c.Renews.Result == r.ID && c.RenewedByLaw(r.Until.AddDays(1)) {
			return r.Until.AddDays(r.Until.DaysSince(r.From))
		}
	}
	return calendar.Date{}
}
