package store

import (
	"github.com/tongban/tongban/node/appraisal"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/document"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
)

// Rules that once were held at the desk alone, where two hubs asked at the same
// moment both said yes. The ledger holds them from a level of the county on, so
// that what was recorded before is judged as ever, by every hub.

// strictLevel is the level from which on it does.
const strictLevel = 2

func (a *applier) level() (int64, error) {
	return a.w.number(a.ctx, `SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'level'), 1)`)
}

// strict tells whether the rules of this file are held against what is being
// recorded: not against what the county has recorded already.
func (a *applier) strict() (bool, error) { return a.holds(strictLevel) }

// holds tells it of a rule that is held from another level on.
func (a *applier) holds(from int64) (bool, error) {
	if a.told {
		return false, nil
	}
	level, err := a.level()
	return level >= from, err
}

var lastOperator = refuse("last_operator", "这是县里最后一名在用的县管理员，去掉后将无人能够授权：请先新增或恢复另一名县管理员",
	"this is the county's last operator, without one nobody could give rights any more; add or enable another operator first")

// operatorStays refuses to take the rights of the county's last operator, which
// nobody could give back.
func (a *applier) operatorStays(was identity.Standing, is *identity.Staff) error {
	if !isCounty(a.s.self.Tier) || !was.Holds(identity.CountyOperator) || is.Now().Holds(identity.CountyOperator) {
		return nil
	}
	if strict, err := a.strict(); err != nil || !strict {
		return err
	}
	people, err := all[identity.Staff](a.ctx, a.w.conn, `SELECT body FROM staff WHERE division = ? AND id <> ?`, string(a.s.self.County()), is.ID)
	if err != nil {
		return err
	}
	for i := range people {
		if people[i].Now().Holds(identity.CountyOperator) {
			return nil
		}
	}
	return lastOperator
}

// billFree keeps a fiscal bill for one payment. Whoever sits at a desk is told to
// look at its number again. What was taken below meanwhile is money that was taken:
// it stays, and the county looks at it.
func (a *applier) billFree(e *ledger.Entry, b *ledger.FeePayV1) (twice error, err error) {
	if strict, err := a.strict(); err != nil || !strict {
		return nil, err
	}
	used, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM entries WHERE kind = 'fee.pay' AND json_extract(CAST(entry AS TEXT), '$.body.bill') = ? AND status <> 'refused' AND id <> ?)`, b.Bill, e.ID)
	if err != nil || used == 0 {
		return nil, err
	}
	return refuse("bill_used", "票据号 "+b.Bill+" 已用于另一笔缴费，请核对", "the bill "+b.Bill+" was made out for another payment; look at its number again"), nil
}

// mayVoid keeps a decision from being declared void elsewhere than where it was made
// out, wherever that was recorded, and at a desk any document; and at a desk a
// decision that somebody relies on by now. What was declared void below while the
// decision was being opened elsewhere stands: its people were told so.
func (a *applier) mayVoid(c *casework.Case, b *ledger.CaseVoidV1, from origin) error {
	kind := document.Kind(b.Kind)
	if c == nil || !a.desk && !decides(kind) {
		return nil
	}
	if strict, err := a.strict(); err != nil || !strict {
		return err
	}
	if from.Division != document.Authority(kind, c) {
		return refuse("document_elsewhere", "该文书不由本单位出具，不能在此作废", "another authority made this document out; it cannot be declared void here")
	}
	if !a.desk || !decides(kind) {
		return nil
	}
	relied := c.Status == casework.Closed && (kind == document.GrantDecision || kind == document.RefusalDecision)
	if !relied {
		n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM entries WHERE case_id = ? AND kind = 'case.opened' AND status = 'applied' AND json_extract(CAST(entry AS TEXT), '$.body.document') = ?)`, c.ID, b.Kind)
		if err != nil {
			return err
		}
		relied = n != 0
	}
	if relied {
		return refuse("decision_served", "决定已送达或申请人已打开，不能作废", "the decision was served, or its applicant has opened it; it cannot be declared void any more")
	}
	return nil
}

// thirdLevel is the level from which on what follows is held.
const thirdLevel = 3

// asDrafted keeps an appraisal from being signed or published after points or attendance
// were entered that its draft does not have.
func (a *applier) asDrafted(x *appraisal.Appraisal) error {
	if held, err := a.holds(thirdLevel); err != nil || !held {
		return err
	}
	now, _, err := a.appraise(x.Month)
	if err != nil {
		return err
	}
	return x.Unchanged(now)
}

// mayMark keeps points from being given for a month that was published.
func (a *applier) mayMark(month string) error {
	if held, err := a.holds(thirdLevel); err != nil || !held {
		return err
	}
	last, err := a.lastAppraisal(month)
	if err != nil {
		return err
	}
	return appraisal.MayMark(last)
}

// mayOrder holds the day by which a bad rating is to be put right against its limit.
func (a *applier) mayOrder(e *ledger.Entry, r *rating.Rating, before calendar.Date) error {
	if held, err := a.holds(thirdLevel); err != nil || !held {
		return err
	}
	rules, err := jsonOf[ledger.ServiceRulesV1](a, `SELECT value FROM meta WHERE key = ?`, metaServiceRules)
	if err != nil {
		return err
	}
	if rules == nil {
		rules = &rating.DefaultRules
	}
	days, err := a.workingDays()
	if err != nil {
		return err
	}
	today := calendar.DateOf(millis(e.OccurredAt - e.SkewMS))
	last, err := r.OrderUntil(*rules, days, today)
	if err != nil {
		return refuse("calendar_year", "缺少所需年份的节假日安排，无法计算整改期限，请先导入日历", "the calendar lacks a year that the limit is counted in; import it first")
	}
	return rating.CheckOrder(before, today, last)
}

// mayMarkRating holds a mark as malicious, or its taking back, against the call-back.
func (a *applier) mayMarkRating(r *rating.Rating, malicious bool) error {
	if held, err := a.holds(thirdLevel); err != nil || !held {
		return err
	}
	return r.CheckMark(malicious)
}

// decides tells of the documents that are decisions, which somebody may rely on.
func decides(k document.Kind) bool {
	switch k {
	case document.GrantDecision, document.RefusalDecision, document.RejectionNotice, document.CorrectionDecision, document.RevocationDecision:
		return true
	}
	return false
}
