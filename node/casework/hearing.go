package casework

import (
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// The hearing (听证, Administrative Licence Law art. 46 to 48). The right to it is
// told; whoever has it asks within five working days; it is held within twenty,
// with notice of seven; whoever looked into the case does not chair it; what is
// decided follows its record. Its time does not count (art. 45), and it costs the
// parties nothing.

// ProcedureHearing is the special procedure that a hearing is.
const ProcedureHearing = "听证"

// The working days that the law sets for a hearing.
const (
	hearingAsk    = 5
	hearingNotice = 7
	hearingHeld   = 20
)

// Hearing is the hearing of a case.
type Hearing struct {
	Matter string `json:"matter,omitempty"`
	// ToldOn is the day the right was told, Before the last to ask for one, Parties
	// who was told beside the applicant.
	ToldOn  calendar.Date `json:"told_on,omitzero"`
	Before  calendar.Date `json:"before,omitzero"`
	Parties []string      `json:"parties,omitempty"`
	// Asked are the entries that asked for it. NoticeOn is the day of the notice,
	// On, Time and Place say when and where.
	Asked    []string           `json:"asked,omitempty"`
	NoticeOn calendar.Date      `json:"notice_on,omitzero"`
	On       calendar.Date      `json:"on,omitzero"`
	Time     string             `json:"time,omitempty"`
	Place    string             `json:"place,omitempty"`
	Presider ledger.NamedPerson `json:"presider,omitzero"`
	Closed   bool               `json:"closed,omitempty"`
	// RecordedOn is the day of its record, HeldOn that of the hearing; none where
	// it was not held.
	RecordedOn calendar.Date `json:"recorded_on,omitzero"`
	HeldOn     calendar.Date `json:"held_on,omitzero"`
	Summary    string        `json:"summary,omitempty"`
}

// pending reports whether a hearing was convened and has no record yet.
func (h *Hearing) pending() bool { return h != nil && !h.NoticeOn.IsZero() && h.RecordedOn.IsZero() }

// tellHearing tells the right to a hearing, once.
func (c *Case) tellHearing(e *ledger.Entry, b *ledger.HearingTellV1) error {
	if c.Hearing != nil {
		return refuse("hearing_told", "听证权利已告知，或听证已在进行", "the right to a hearing was told, or one is under way")
	}
	if !b.Before.After(dayOf(e)) {
		return refuse("date_past", "申请听证的期限须在今天之后", "a hearing can be asked for until a day that is still to come")
	}
	c.Hearing = &Hearing{Matter: b.Matter, ToldOn: dayOf(e), Before: b.Before, Parties: b.Parties}
	return nil
}

// conveneHearing gives notice of a hearing. The clock stands still until it.
func (c *Case) conveneHearing(e *ledger.Entry, b *ledger.HearingConveneV1) error {
	today := dayOf(e)
	next := Hearing{}
	if c.Hearing != nil {
		next = *c.Hearing
	}
	switch {
	case c.Hearing.pending():
		return refuse("hearing_convened", "听证已通知，请先登记结果", "a hearing was convened; record what came of it first")
	case !next.HeldOn.IsZero():
		return refuse("hearing_held", "听证已举行", "the hearing was held")
	case !b.On.After(today) || b.On.DaysSince(today) > maxProcedure:
		return refuse("procedure_days", "听证日期须在今天之后、两年以内", "a hearing is held on a day that is still to come, within two years")
	case c.lookedInto(b.Presider.Staff):
		return refuse("presider", "受理、审查该办件的人员不能主持听证（行政许可法第四十八条）", "whoever took up or looked into the case does not chair its hearing (art. 48)")
	case slices.ContainsFunc(c.Suspensions, func(s Suspension) bool { return s.Procedure == ProcedureHearing && s.Open(today) }):
		return refuse("procedure_open", "该特别程序正在进行", "this procedure is under way already")
	}
	next.Asked, next.NoticeOn, next.On, next.Time, next.Place, next.Presider, next.Closed = b.Asked, today, b.On, b.Time, b.Place, b.Presider, b.Closed
	next.RecordedOn, next.HeldOn, next.Summary = calendar.Date{}, calendar.Date{}, ""
	c.Hearing = &next
	if !b.HeldBefore.IsZero() && b.On.After(b.HeldBefore) {
		c.Flag(FlagHearingLate)
	}
	c.Suspensions = append(c.Suspensions, Suspension{Procedure: ProcedureHearing, Lawful: true, From: today, Until: b.On, Told: b.Dues})
	c.tell(e, b.Dues)
	return nil
}

// recordHearing ends the hearing with its record.
func (c *Case) recordHearing(e *ledger.Entry, b *ledger.HearingRecordV1) error {
	h := c.Hearing
	switch {
	case !h.pending():
		return refuse("hearing_unconvened", "没有已通知、尚未登记结果的听证", "no hearing was convened that has no record yet")
	case b.On.Before(h.NoticeOn) || b.On.After(dayOf(e)) || b.Held && b.On.Before(h.On):
		return refuse("hearing_day", "听证不能早于通知的日期，也不能在今天之后", "a hearing is held no sooner than its notice said, and not in the future")
	}
	next := *h
	next.RecordedOn, next.Summary = dayOf(e), b.Summary
	if b.Held {
		next.HeldOn = b.On
	}
	c.Hearing = &next
	for i := range c.Suspensions {
		if s := &c.Suspensions[i]; s.Procedure == ProcedureHearing && s.End.IsZero() {
			s.End = b.On
			if b.On.After(s.Until) {
				c.Flag(FlagLateResult)
			}
		}
	}
	c.tell(e, b.Dues)
	return nil
}

// lookedInto reports whether a person took the case up or looked into it.
func (c *Case) lookedInto(staff string) bool {
	return slices.Contains(c.Acceptors, staff) || slices.Contains(c.Reviewers, staff)
}

// chairs refuses to let whoever chairs a case's hearing look into it or decide it.
func (c *Case) chairs(e *ledger.Entry) error {
	if c.Hearing == nil || c.Hearing.Presider.Staff == "" || c.Hearing.Presider.Staff != e.Actor.Staff {
		return nil
	}
	return refuse("presider", "听证主持人不能审查、审批同一办件（行政许可法第四十八条）", "whoever chairs the hearing of a case neither looks into it nor decides it (art. 48)")
}

// unheard refuses to decide while a hearing that was convened has no record:
// what is decided follows the record (art. 48).
func (c *Case) unheard() error {
	if c.Hearing.pending() {
		return refuse("hearing_open", "听证尚未登记结果，应当根据听证笔录作出决定", "the hearing has no record yet, by which the case is decided")
	}
	return nil
}

// Ask is somebody's wish to have a hearing, or to have none.
type Ask struct {
	Entry string
	ledger.HearingAskV2
}

// party is whose wish it is: empty for the applicant's, whatever name they gave.
func (a *Ask) party() string {
	if a.Interested {
		return a.Party
	}
	return ""
}

// Wishes are what everybody wants now, of all that was asked for in the order in
// which it came: who gave a hearing up after asking for one, or asked after giving
// it up, is held to the last they said.
func Wishes(asks []Ask) []Ask {
	var last []Ask
	for _, a := range asks {
		i := slices.IndexFunc(last, func(l Ask) bool { return l.party() == a.party() })
		if i < 0 {
			last = append(last, a)
		} else {
			last[i] = a
		}
	}
	return last
}

// OwnWish is the applicant's of these wishes; false where they said nothing.
func OwnWish(wishes []Ask) (Ask, bool) {
	i := slices.IndexFunc(wishes, func(a Ask) bool { return a.party() == "" })
	if i < 0 {
		return Ask{}, false
	}
	return wishes[i], true
}

// MayAsk refuses to take a wish for a hearing where the right was not told, or
// the time for it has passed (art. 47). From home nobody looks at who it is: there
// the applicant alone says so, and for themselves.
func (c *Case) MayAsk(e *ledger.Entry, b *ledger.HearingAskV2) error {
	h := c.Hearing
	switch {
	case h == nil || h.ToldOn.IsZero():
		return refuse("hearing_untold", "尚未告知听证权利", "the right to a hearing was not told in this case")
	case c.Status.Ended() || c.Decision != "":
		return refuse("decided", "办件已作出决定，不能再进行此操作", "the case has been decided; this can no longer be done")
	case !h.HeldOn.IsZero() && dayOf(e).After(h.HeldOn):
		return refuse("hearing_held", "听证已举行", "the hearing was held")
	case dayOf(e).After(h.Before):
		return refuse("hearing_late", "申请听证的期限已于 "+h.Before.String()+" 届满", "a hearing could be asked for until "+h.Before.String())
	case e.Actor.Role == identity.Applicant && (b.Interested || b.Party != c.Applicant.Name):
		return refuse("hearing_party", "网上只能由申请人本人（单位）申请或放弃听证，利害关系人请到窗口办理", "from home the applicant asks for themselves; others who have an interest come to a window")
	}
	return nil
}

// CheckHearingWaived refuses to take down at a desk that somebody gives up a hearing,
// without what they signed. From home it is their own account that says it.
func CheckHearingWaived(by identity.Actor, b *ledger.HearingAskV2) error {
	if b.Waived && len(b.Proof) == 0 && by.Role != identity.Applicant {
		return refuse("waiver_unproven", "放弃听证须附本人签名的书面声明", "a hearing is given up in writing: add the signed statement")
	}
	return nil
}

// HeardFirst refuses to decide while somebody may still ask for a hearing, or has
// asked and none was held. asks are all that came, in their order.
func (c *Case) HeardFirst(asks []Ask, today calendar.Date) error {
	h := c.Hearing
	if h == nil || h.ToldOn.IsZero() || !h.HeldOn.IsZero() {
		return nil
	}
	waived := map[string]bool{}
	for _, a := range Wishes(asks) {
		switch {
		case a.Waived:
			waived[a.party()] = true
		case !slices.Contains(h.Asked, a.Entry):
			return refuse("hearing_asked", "已有人申请听证，应当在二十日内组织听证（行政许可法第四十七条）", "a hearing was asked for and must be held within twenty working days (art. 47)")
		}
	}
	if !allWaived(waived, h.Parties) && !today.After(h.Before) {
		return refuse("hearing_wait", "申请听证的期限到 "+h.Before.String()+"，期满或全部放弃后才能决定", "a hearing can be asked for until "+h.Before.String()+"; decide after that, or when all have given it up")
	}
	return nil
}

// CheckHearing holds what is told about a hearing against the law's days, by the
// calendar there is. asked is the day on which the first asked for it; none where
// nobody did.
func CheckHearing(cal *calendar.Calendar, e *ledger.Entry, body ledger.Body) error {
	days, zh, en, on := 0, "", "", calendar.Date{}
	switch b := body.(type) {
	case *ledger.HearingTellV1:
		days, on, zh, en = hearingAsk, b.Before, "申请听证的期限不少于五个工作日，最早到 ", "a hearing can be asked for within five working days at least: until "
	case *ledger.HearingConveneV1:
		days, on, zh, en = hearingNotice, b.On, "应当于举行听证的七日前通知，最早可在 ", "a hearing is given notice of seven days before: it can be held on "
	default:
		return nil
	}
	least, err := cal.Due(calendar.Period{Start: dayOf(e), Days: days})
	if err != nil {
		return refuse("calendar_year", "缺少所需年份的节假日安排，无法计算听证期限，请先导入日历", "the calendar lacks a year that the hearing's days are counted in; import it first")
	}
	if on.Before(least.Due) {
		return refuse("hearing_days", zh+least.Due.String(), en+least.Due.String())
	}
	// One that can still be held in time is.
	if b, ok := body.(*ledger.HearingConveneV1); ok && !b.HeldBefore.Before(least.Due) && on.After(b.HeldBefore) {
		return refuse("hearing_term", "听证须在申请后二十个工作日内组织，最晚到 "+b.HeldBefore.String(), "a hearing is held within twenty working days of being asked for: until "+b.HeldBefore.String())
	}
	return nil
}

// HearingDue is the last day on which a hearing that was asked for on a day is
// held (art. 47). The error is calendar's.
func HearingDue(cal *calendar.Calendar, asked calendar.Date) (calendar.Date, error) {
	r, err := cal.Due(calendar.Period{Start: asked, Days: hearingHeld})
	return r.Due, err
}
