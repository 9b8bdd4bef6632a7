package casework

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// This file is what the law says of each change of a case that is more than
// passing a step.

// requestSupplement tells the applicant everything that is missing, once.
func (c *Case) requestSupplement(item *catalog.Item, e *ledger.Entry, b *ledger.CaseRequestSupplementV1) error {
	if c.Package != nil {
		return errPackageNotice
	}
	if err := CheckPoints(Asks(item, c.Agent), b.Points); err != nil {
		return err
	}
	if err := CheckTerm(e, b.Before); err != nil {
		return err
	}
	if err := c.checkTolerated(item, e, b.Tolerated); err != nil {
		return err
	}
	// Whoever says that it was brought answers for having looked.
	if err := c.CheckNotice(item, b, func(string) bool { return len(b.Supplements) > 0 }); err != nil {
		return err
	}
	c.tolerate(b.Tolerated)
	if c.Notice == nil {
		c.Notice = &Notice{On: dayOf(e), Points: b.Points, Before: b.Before, By: e.Actor}
		c.Status = Supplementing
		return nil
	}
	if b.Again == "" {
		return refuse("told_already", "补正材料只能一次性告知，不能再次要求；确需再次告知的须说明原因", "what is missing is told once; a second notice needs a reason, and supervision sees it")
	}
	again := *c.Notice
	again.Points, again.Before, again.By = append(slices.Clip(again.Points), b.Points...), b.Before, e.Actor
	c.AgainMS, c.AgainFrom = e.OccurredAt, len(c.Notice.Points)
	c.Notice = &again
	c.Flag(FlagSecondNotice)
	return nil
}

// CheckPoints refuses to have something handed in that an item does not ask for.
func CheckPoints(item *catalog.Item, points []ledger.SupplementPoint) error {
	for _, p := range points {
		known := p.Material != "" && slices.ContainsFunc(item.Materials, func(m catalog.Material) bool { return m.Name == p.Material }) ||
			p.Field != "" && slices.ContainsFunc(item.Form, func(f catalog.Field) bool { return f.Key == p.Field })
		if !known {
			return refuse("not_required", "事项指南未要求“"+p.Material+p.Field+"”，不得要求补正", "the item does not ask for "+p.Material+p.Field)
		}
	}
	return nil
}

// CheckNotice refuses a first notice that leaves out what was missing at hand-in
// and is neither tolerated nor brought since: everything is told at once (art. 32
// no. 4).
func (c *Case) CheckNotice(item *catalog.Item, b *ledger.CaseRequestSupplementV1, brought func(name string) bool) error {
	left := slices.DeleteFunc(slices.Clone(c.Lacking), func(name string) bool {
		return brought(name) || slices.ContainsFunc(b.Points, func(p ledger.SupplementPoint) bool { return p.Material+p.Field == name }) ||
			slices.ContainsFunc(b.Tolerated, func(t ledger.ToleratedMaterial) bool { return t.Material == name })
	})
	if c.Notice != nil || len(left) == 0 {
		return nil
	}
	names := strings.Join(labels(item, left), "、")
	return refuse("papers_left_out", "补正须一次性告知全部内容，还应列入：“"+names+"”；其中可容缺的，请注明补交日期",
		"what is missing is told once and whole, and the notice leaves out: "+names+"; name it too, or leave what is minor for later by a date")
}

// labels turns the keys of form fields into what people call them.
func labels(item *catalog.Item, names []string) []string {
	names = slices.Clone(names)
	for i, n := range names {
		for _, f := range item.Form {
			if f.Key == n {
				names[i] = f.Label
			}
		}
	}
	return names
}

// tolerate notes what may come later; a later day for the same paper is the one
// that counts.
func (c *Case) tolerate(all []ledger.ToleratedMaterial) {
	kept := slices.DeleteFunc(slices.Clone(c.Tolerated), func(t ledger.ToleratedMaterial) bool {
		return slices.ContainsFunc(all, func(u ledger.ToleratedMaterial) bool { return u.Material == t.Material })
	})
	c.Tolerated = append(kept, all...)
}

// accept starts the clock of the decision (art. 32 and 42). A case that comes
// back to acceptance keeps its day.
func (c *Case) accept(item *catalog.Item, e *ledger.Entry, b *ledger.CaseAcceptV1) error {
	step, _ := c.Current()
	relaying := step.Verb == ledger.VerbRelay
	switch {
	case relaying && !b.Deemed:
		return wrongStep(step)
	case b.Deemed && c.AcceptedMS != 0:
		return refuse("accepted", "办件已受理，不能再进行此操作", "the case has been accepted; this can no longer be done")
	case b.Deemed && c.told() != nil:
		return refuse("told_in_time", "已告知申请人补正，不能视为自收件之日受理", "the applicant was told what is missing; the case is not deemed accepted")
	case b.Deemed && c.receivedOn().IsZero():
		return errPackageWaits
	}
	if err := c.checkPapers(item, e, b); err != nil {
		return err
	}
	if c.AcceptedMS == 0 {
		c.AcceptedMS, c.AcceptedOn, c.Status = e.OccurredAt, dayOf(e), Accepted
		if b.Deemed {
			c.AcceptedOn = c.receivedOn()
			c.Flag(FlagDeemed)
		}
		c.tell(e, b.Dues)
		c.FirstTold = b.Dues
	}
	if err := c.chairs(e); err != nil {
		return err
	}
	c.tolerate(b.Tolerated)
	by := e.Actor
	c.AcceptedBy = &by
	if !slices.Contains(c.Acceptors, by.Staff) {
		c.Acceptors = append(slices.Clip(c.Acceptors), by.Staff)
	}
	if !relaying {
		c.pass()
	}
	return nil
}

// checkPapers holds what was missing at hand-in against what has come since, or
// may come later.
func (c *Case) checkPapers(item *catalog.Item, e *ledger.Entry, b *ledger.CaseAcceptV1) error {
	if err := c.checkTolerated(item, e, b.Tolerated); err != nil {
		return err
	}
	if last := b.Dues.Statutory; !last.IsZero() && slices.ContainsFunc(b.Tolerated, func(t ledger.ToleratedMaterial) bool { return t.Before.After(last) }) {
		return errTolerated
	}
	if c.AcceptedMS != 0 {
		return nil // a case that counts as accepted cannot be held up for papers
	}
	if len(b.Supplements) > 0 || b.Deemed {
		return nil // whoever accepts answers for having looked at them
	}
	missing := slices.Clip(c.Lacking)
	if n := c.told(); n != nil && c.AcceptedMS == 0 {
		for _, p := range n.Points {
			missing = append(missing, p.Material+p.Field)
		}
	}
	later := func(name string) bool {
		return slices.ContainsFunc(b.Tolerated, func(t ledger.ToleratedMaterial) bool { return t.Material == name }) ||
			slices.ContainsFunc(c.Tolerated, func(t ledger.ToleratedMaterial) bool { return t.Material == name && !t.Before.Before(dayOf(e)) })
	}
	for _, name := range missing {
		if !later(name) {
			return refuse("papers_lacking", "“"+name+"”在收件或告知时尚缺，受理时未确认已补齐", name+" was missing at hand-in or asked for, and this acceptance does not say that it came")
		}
	}
	return nil
}

// checkTolerated holds what may come later against what the item lets come
// later.
func (c *Case) checkTolerated(item *catalog.Item, e *ledger.Entry, tolerated []ledger.ToleratedMaterial) error {
	for _, t := range tolerated {
		i := slices.IndexFunc(item.Materials, func(m catalog.Material) bool { return m.Name == t.Material })
		if i < 0 || !item.Materials[i].Tolerable() {
			return refuse("not_tolerable", "“"+t.Material+"”不属于可容缺的材料", t.Material+" cannot be left for later")
		}
		if t.Before.Before(dayOf(e)) {
			return refuse("date_past", "容缺材料的补交日期已过", "the day for a material left for later has passed")
		}
		if t.Before.DaysSince(dayOf(e)) > item.StatutoryWorkingDays+2*(item.StatutoryWorkingDays/5+1)+holidays {
			return errTolerated
		}
	}
	return nil
}

var errTolerated = refuse("tolerated_late", "容缺材料的补交日期不得晚于办件的法定办结日期", "what is left for later comes before the case has to be decided by law")

// CheckTolerated refuses to decide a case while a paper that was left for later has
// not come: to grant it at all, to refuse it before the day that was set.
func (c *Case) CheckTolerated(e *ledger.Entry, b *ledger.CaseDecideV1, brought func(name string) bool) error {
	for _, t := range c.Tolerated {
		if !brought(t.Material) && (b.Granted || !dayOf(e).After(t.Before)) {
			return refuse("tolerated_missing", "容缺材料“"+t.Material+"”尚未补交，不能作出决定", t.Material+" was left for later and has not come; the case cannot be decided yet")
		}
	}
	return nil
}

// CheckSecondNotice refuses to accept a case for what came before its second notice:
// what that asked for has to come after it. later are the names of what did.
func (c *Case) CheckSecondNotice(b *ledger.CaseAcceptV1, later func(name string) bool) error {
	if c.AgainMS == 0 || c.AcceptedMS != 0 || b.Deemed {
		return nil
	}
	for _, p := range c.Notice.Points[c.AgainFrom:] {
		name := p.Material + p.Field
		left := slices.ContainsFunc(append(slices.Clone(c.Tolerated), b.Tolerated...), func(t ledger.ToleratedMaterial) bool { return t.Material == name })
		if !left && !later(name) {
			return refuse("papers_lacking", "再次告知要求补正的“"+name+"”尚未补交", name+", which the second notice asked for, has not come since")
		}
	}
	return nil
}

// CheckSupplement holds what an applicant brings against the item. Only what is
// wrong with it is told: that something else is still missing is the desk's to
// say.
func CheckSupplement(item *catalog.Item, e *ledger.Entry, b *ledger.CaseSupplementV1, limits catalog.Limits) error {
	faults := catalog.ValidateForm(*item, b.Form, dayOf(e))
	faults = append(faults, catalog.CheckMaterials(*item, b.Materials, nil, limits)...)
	faults = append(faults, catalog.CheckDates(b.Materials, dayOf(e))...)
	faults = slices.DeleteFunc(faults, func(f catalog.Fault) bool { return f.Code == catalog.FaultMissing })
	if len(faults) > 0 {
		return &Incomplete{Faults: faults}
	}
	return nil
}

// excluded are the procedures whose time the law itself leaves out (art. 45),
// whatever the item says.
var excluded = []string{"听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"}

// promiseOnly are procedures that stop the centre's own promise, but not the
// law's limit.
var promiseOnly = []string{ProcedureVisit, "公示"}

// ProcedureVisit is the special procedure of looking at the place, which two officers
// or more do.
const ProcedureVisit = "现场勘验"

// Excluded reports whether the law leaves the time of a procedure out: as the
// item says, else as art. 45 does.
func Excluded(item *catalog.Item, procedure string) bool {
	for _, p := range item.SpecialProcedures {
		if p.Name == procedure {
			return p.SuspendsStatutoryClock
		}
	}
	return slices.Contains(excluded, procedure)
}

// suspend begins a special procedure.
func (c *Case) suspend(item *catalog.Item, e *ledger.Entry, b *ledger.CaseSuspendV1) error {
	lawful := Excluded(item, b.Procedure)
	own := ownProcedure(item, b.Procedure)
	known := slices.Contains(promiseOnly, b.Procedure) ||
		own >= 0
	today := dayOf(e)
	switch {
	case !lawful && !known:
		return refuse("procedure_unknown", "事项和法律都没有“"+b.Procedure+"”这一特别程序", "neither the item nor the law knows the procedure "+b.Procedure)
	case b.Procedure == ProcedureHearing:
		return refuse("hearing_own", "听证请用“听证通知”办理：须于七日前通知时间、地点，并指定主持人", "a hearing is convened with its own notice: when and where, seven days before, and who chairs it")
	case own < 0 && !heads(e.Actor.Role) && (lawful || e.Actor.Role != identity.TownshipReviewer && e.Actor.Role != identity.DepartmentReviewer):
		return refuse("procedure_leader", "事项指南未列“"+b.Procedure+"”，须由负责人决定（现场勘验、公示也可由审核人员决定）", "the item does not name the procedure "+b.Procedure+": whoever heads the authority decides on it, on a site visit or publicity the reviewer too")
	case lawful != b.Lawful:
		return refuse("procedure_lawful", "该特别程序是否扣除法定时限与事项不符", "whether this procedure stops the law's own limit is not as the item says")
	case b.Until.Before(today) || b.Until.DaysSince(today) > longest(item, own):
		return refuse("procedure_days", "特别程序的截止日期已过，或超出事项载明的时间（事项未载明的，不超过三个月）", "the last day of the procedure has passed, or is later than the time that the item states for it, which is three months where it states none")
	case slices.ContainsFunc(c.Suspensions, func(s Suspension) bool { return s.Procedure == b.Procedure && s.Open(today) }):
		return refuse("procedure_open", "该特别程序正在进行", "this procedure is under way already")
	}
	if b.Procedure == ProcedureVisit && len(b.Officers) < 2 {
		return refuse("visit_officers", "现场勘验须指派两名以上工作人员，请填写勘验人员姓名", "two officers or more look at a place (art. 34); name them")
	}
	c.Suspensions = append(c.Suspensions, Suspension{Procedure: b.Procedure, Lawful: lawful, From: today, Until: b.Until, Officers: b.Officers, Told: b.Dues})
	c.tell(e, b.Dues)
	return nil
}

// What bounds a special procedure, in natural days *(convention)*: unlisted one that
// the item does not name, holidays what a holiday may add to working days, and
// maxProcedure any day that is told.
const (
	unlisted     = 92
	holidays     = 12
	maxProcedure = 731
)

// ownProcedure is where the item names a procedure; negative where it does not.
func ownProcedure(item *catalog.Item, procedure string) int {
	return slices.IndexFunc(item.SpecialProcedures, func(p catalog.SpecialProcedure) bool { return p.Name == procedure })
}

// longest is for how many natural days a procedure may be told to take, without a
// calendar; CheckProcedure counts the working days.
func longest(item *catalog.Item, own int) int {
	if own < 0 {
		return unlisted
	}
	p := item.SpecialProcedures[own]
	if p.Unit == catalog.NaturalDays {
		return p.TypicalDays
	}
	return p.TypicalDays + 2*(p.TypicalDays/5+1) + holidays
}

// CheckProcedure holds the last day of a procedure against the working days that
// the item states for it, by the calendar there is.
func CheckProcedure(cal *calendar.Calendar, item *catalog.Item, e *ledger.Entry, b *ledger.CaseSuspendV1) error {
	own := ownProcedure(item, b.Procedure)
	if own < 0 || item.SpecialProcedures[own].Unit != catalog.WorkingDays {
		return nil
	}
	last, err := cal.Due(calendar.Period{Start: dayOf(e), Days: item.SpecialProcedures[own].TypicalDays})
	if err != nil {
		return refuse("calendar_year", "缺少所需年份的节假日安排，无法计算特别程序的时间，请先导入日历", "the calendar lacks a year that the procedure's days are counted in; import it first")
	}
	if b.Until.After(last.Due) {
		return refuse("procedure_days", "事项载明的“"+b.Procedure+"”时间到 "+last.Due.String()+" 为止", "by the item the procedure takes until "+last.Due.String()+" at most")
	}
	return nil
}

// resume ends a special procedure with its result.
func (c *Case) resume(e *ledger.Entry, b *ledger.CaseResumeV1) error {
	if b.Procedure == ProcedureHearing && c.Hearing.pending() {
		return refuse("hearing_own", "听证的结果请登记听证笔录", "what came of a hearing is said by its record")
	}
	i := -1
	for n, s := range c.Suspensions {
		if s.Procedure == b.Procedure && s.End.IsZero() {
			i = n
		}
	}
	switch {
	case i < 0:
		return refuse("procedure_unknown", "没有正在进行的“"+b.Procedure+"”", "no such procedure is under way: "+b.Procedure)
	case b.On.Before(c.Suspensions[i].From) || b.On.After(dayOf(e)):
		return refuse("procedure_days", "特别程序的结束日期须在开始之后、今天或之前", "a procedure ends after it began, and not in the future")
	}
	c.Suspensions[i].End = b.On
	if b.On.After(c.Suspensions[i].Until) {
		c.Flag(FlagLateResult)
	}
	c.tell(e, b.Dues)
	return nil
}

// extend gives more time, once, while the time there was has not run out.
func (c *Case) extend(item *catalog.Item, e *ledger.Entry, b *ledger.CaseExtendV1) error {
	today := dayOf(e)
	switch {
	case b.Days > item.StatutoryWorkingDays:
		// Art. 42 adds ten days to twenty; what a law decides in fewer it does not more
		// than double.
		return refuse("extension_days", fmt.Sprintf("延长不得超过事项的法定时限（%d 个工作日）", item.StatutoryWorkingDays), fmt.Sprintf("it is extended by no more than the item's own limit in law, %d working days", item.StatutoryWorkingDays))
	case c.ExtendedBy > 0:
		return refuse("extended", "办件已延长过一次，不能再延长", "a case is extended once")
	case !c.Told.Statutory.IsZero() && today.After(c.Told.Statutory):
		return refuse("extension_late", "法定期限已过，不能再延长", "the time has run out already")
	}
	c.ExtendedBy, c.ExtendedOn, c.ExtendReason, c.Extender, c.ExtendTold = b.Days, today, b.Reason, e.Actor.Name, b.Dues
	c.tell(e, b.Dues)
	return nil
}

// terminate ends a case that is not decided. What ends it other than the
// applicant's own doing, once it was accepted, is for whoever heads the authority.
func (c *Case) terminate(e *ledger.Entry, b *ledger.CaseTerminateV1) error {
	if err := c.endBlocked(b); err != nil {
		return err
	}
	switch {
	case b.Cause == ledger.CauseNotSupplemented && c.AcceptedMS != 0:
		return refuse("accepted", "办件已受理，不能以逾期未补正终止，请依法作出决定", "the case has been accepted and cannot end for papers that did not come; decide it")
	case b.Cause == ledger.CauseNotSupplemented && !c.lapsed(dayOf(e)):
		return refuse("supplement_open", "未告知补正及其期限，或补正期限未到", "the applicant was not told what is missing and by when, or still has time")
	case b.Cause == ledger.CauseMoot && c.AcceptedMS != 0 && !heads(e.Actor.Role):
		return refuse("leader_only", "办件受理后，以“不再存在”终止须由负责人决定", "once it was accepted, only whoever heads the authority ends a case as moot")
	}
	by := e.Actor
	c.Status, c.Cause, c.TerminatedMS, c.Reason, c.PapersReturned, c.TerminatedBy = Terminated, b.Cause, e.OccurredAt, b.Reason, b.PapersReturned, &by
	return nil
}

// heads reports whether a role is that of whoever heads the authority.
func heads(r identity.Role) bool {
	return r == identity.TownshipLeader || r == identity.DepartmentLeader
}

func (c *Case) decide(e *ledger.Entry, b *ledger.CaseDecideV1) error {
	if !b.Granted && !reasoned(b.Opinion) {
		return errReason
	}
	if c.lookedInto(e.Actor.Staff) && !c.Instant {
		return refuse("same_person", "受理过、审查过该办件的人员不能审批同一办件，请由其他有权人员审批", "whoever accepted a case, or looked into it, at any time may not decide it")
	}
	for _, err := range []error{c.chairs(e), c.unheard(), c.declinesRenewed(e, b)} {
		if err != nil {
			return err
		}
	}
	today := dayOf(e)
	if i := slices.IndexFunc(c.Suspensions, func(s Suspension) bool { return s.Open(today) }); i >= 0 {
		p := c.Suspensions[i].Procedure
		return refuse("suspended", "特别程序“"+p+"”尚未结束，请先登记结果", "the procedure "+p+" is under way; record its result first")
	}
	c.Status = Declined
	if b.Granted {
		c.Status = Granted
	}
	by := e.Actor
	c.Decision, c.DecidedMS, c.DecidedBy, c.Opinion, c.Weighed = c.Status, e.OccurredAt, &by, b.Opinion, b.Weighed
	c.pass()
	return nil
}

// issue makes out what was decided. What is issued to whoever was granted it is
// what the item's results say; to whoever was refused, the decision that says
// so.
func (c *Case) issue(item *catalog.Item, e *ledger.Entry, b *ledger.CaseIssueV1) error {
	names := Issuable(item, c.Decision)
	for _, d := range b.Documents {
		if len(names) > 0 && !slices.Contains(names, d.Name) {
			return refuse("result_unknown", "“"+d.Name+"”不是该事项的办理结果，应为："+strings.Join(names, "、"),
				d.Name+" is no result of this item; it is one of: "+strings.Join(names, ", "))
		}
	}
	documents := slices.Clone(b.Documents)
	for i := range documents {
		d := &documents[i]
		if d.Number != "" && slices.ContainsFunc(documents[:i], func(x ledger.IssuedDocument) bool { return x.Name == d.Name && x.Number == d.Number }) {
			return NumberTaken(*d)
		}
		if err := c.CheckTerm(item, d, calendar.DateOf(time.UnixMilli(e.OccurredAt))); err != nil {
			return err
		}
	}
	c.Status, c.IssuedMS, c.Documents, c.Free = Issued, e.OccurredAt, documents, b.Free
	c.pass()
	return nil
}

// Issuable names what may be issued after a decision; nothing when the item
// says no result.
func Issuable(item *catalog.Item, decision Status) []string {
	var names []string
	for _, r := range item.Results {
		if strings.HasPrefix(r.Name, "不予") == (decision == Declined) {
			names = append(names, r.Name)
		}
	}
	if decision == Declined {
		names = append(names, RefusalTitle(item))
	}
	return names
}

// RefusalTitle is how the decision that refuses an item is headed; only a
// licence's is called so by the law.
func RefusalTitle(item *catalog.Item) string {
	if item.Type == catalog.Licence {
		return "不予行政许可决定书"
	}
	return "不予决定书"
}

// tell keeps the due dates that a notice told: the case's own, and those of the
// joint matter that it is part of.
func (c *Case) tell(e *ledger.Entry, d ledger.Dues) {
	if c.Package != nil && !d.JointPromised.IsZero() {
		joined := *c.Package
		joined.Tells = JointDue{Promised: d.JointPromised, Statutory: d.JointStatutory, AtMS: e.OccurredAt}
		c.Package = &joined
	}
	if d.JointPromised, d.JointStatutory = (calendar.Date{}), (calendar.Date{}); d != (ledger.Dues{}) {
		c.Told = d
	}
}

// receivedOn is the day on which the papers were received. Those of a case that
// waits for another one are complete only when that is done; no day before.
func (c *Case) receivedOn() calendar.Date {
	if c.Package != nil && len(c.Package.After) > 0 {
		return moment(c.Package.FreedMS)
	}
	if on := c.Online.ReceivedOn; !on.IsZero() {
		return on
	}
	return calendar.DateOf(time.UnixMilli(c.HandedInMS))
}

// dayOf is the day in Beijing on which an entry happened.
func dayOf(e *ledger.Entry) calendar.Date { return calendar.DateOf(time.UnixMilli(e.OccurredAt)) }
