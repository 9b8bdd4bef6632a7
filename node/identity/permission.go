package identity

import (
	"fmt"

	"github.com/tongban/tongban/node/division"
)

// Action is something a member of staff may ask of a node.
type Action string

// The actions. Those on a case are the steps of casework; the rest run the
// county.
const (
	CaseRead    Action = "case.read"
	CaseReveal  Action = "case.reveal" // unmasked personal data; logged
	CaseSubmit  Action = "case.submit"
	CaseAccept  Action = "case.accept"
	CaseReject  Action = "case.reject"
	CaseRelay   Action = "case.relay"
	CaseReview  Action = "case.review"
	CaseReturn  Action = "case.return"
	CaseDecide  Action = "case.decide"
	CaseIssue   Action = "case.issue"
	CaseDeliver Action = "case.deliver"
	CaseComment Action = "case.comment"
	RevealRead  Action = "reveal.read" // who looked at what unmasked
	CasePrint   Action = "case.print"  // papers for the applicant; logged
	CaseSeal    Action = "case.seal"   // the electronic seal on a document
	// What stops, prolongs or ends the clock of a case.
	CaseTerminate Action = "case.terminate"
	CaseSuspend   Action = "case.suspend"
	CaseExtend    Action = "case.extend" // by whoever heads the authority (art. 42)
	// CaseCorrect puts right whom a case is for, against the document.
	CaseCorrect Action = "case.correct"
	// GuideDo answers for visitors who asked at a window, GuideRead sees who does.
	GuideDo     Action = "guide.do"
	GuideRead   Action = "guide.read"
	CaseArchive Action = "case.archive" // puts the file of a case that ended together
	// ResultPropose proposes to put right, revoke or cancel what was issued, and
	// ResultDecide decides on it.
	ResultPropose Action = "result.propose"
	ResultDecide  Action = "result.decide"
	// CustodyMove hands paper originals over, and receives them.
	CustodyMove Action = "custody.move"

	// What comes after a case: what people say of the service, and what is done
	// about it.
	ServiceRules    Action = "service.rules"
	RatingOffer     Action = "rating.offer"   // put a device before the applicant
	RatingFigures   Action = "rating.figures" // counts, never single ratings
	RatingRead      Action = "rating.read"    // single ratings
	RatingHandle    Action = "rating.handle"
	RatingOrders    Action = "rating.orders" // read what offices were told to put right
	RatingAnswer    Action = "rating.answer" // rectify and contest, for the office
	ComplaintRead   Action = "complaint.read"
	StatisticsRead  Action = "statistics.read"
	ComplaintAssign Action = "complaint.assign"
	ComplaintHandle Action = "complaint.handle"
	// Supervision: who sees cards and answers them, who finds on them, who
	// decides on a breach of duty, who asks and urges.
	CardRead        Action = "card.read"
	CardAnswer      Action = "card.answer"
	CardFind        Action = "card.find"
	CardMeasure     Action = "card.measure"
	CaseSupervise   Action = "case.supervise"
	SupervisionRead Action = "supervision.read"
	SupervisionSet  Action = "supervision.set"
	// Inspection of cases drawn at random.
	SampleRead   Action = "sample.read"
	SampleDraw   Action = "sample.draw"
	SampleReview Action = "sample.review"
	// The monthly appraisal: who notes who was there, who draws it up, signs and
	// publishes it, who reads it, and whoever is appraised, about themselves.
	AttendanceRecord Action = "attendance.record"
	AppraisalManage  Action = "appraisal.manage"
	AppraisalRead    Action = "appraisal.read"
	AppraisalOwn     Action = "appraisal.own"

	// The money of a case. The county's one fee counter is a role of its own.
	FeeRead    Action = "fee.read"
	FeeCharge  Action = "fee.charge"
	FeeCollect Action = "fee.collect"
	FeeWaive   Action = "fee.waive" // and pay back

	// What applicants are told, of all cases together: how it goes out, and what
	// reached nobody. What one case's applicant was told goes with the case.
	NoticeRead  Action = "notice.read"
	NoticeRetry Action = "notice.retry"

	ItemRead       Action = "item.read"
	ItemDraft      Action = "item.draft"
	ItemApprove    Action = "item.approve"
	EditionPublish Action = "edition.publish"
	OverlaySet     Action = "overlay.set"
	DivisionImport Action = "division.import"
	CalendarImport Action = "calendar.import"

	// One form, filled once: take and end people's consent, look at what is on
	// file under it, declare a paper of a case not good any more.
	RecordConsent Action = "record.consent"
	RecordUse     Action = "record.use"
	PaperVoid     Action = "paper.void"

	AccountOpen    Action = "account.open"    // an applicant, in person, against the ID
	AccountDisable Action = "account.disable" // of an applicant

	StaffRead     Action = "staff.read"
	StaffManage   Action = "staff.manage"
	DeviceManage  Action = "device.manage" // sees and revokes what others take out
	NodeRead      Action = "node.read"
	NodeManage    Action = "node.manage"
	TrustRotate   Action = "trust.rotate"
	SealManage    Action = "seal.manage" // makes and revokes seals
	HubManage     Action = "hub.manage"
	SyncRead      Action = "sync.read"
	AttentionRead Action = "attention.read"
	AttentionDo   Action = "attention.resolve"
	CarryData     Action = "carry.data"
	BackupTake    Action = "backup.take"
	LedgerProve   Action = "ledger.prove"
)

// Reach is how far a grant extends from the subject's own place.
type Reach string

const (
	// Own reaches the subject's own division only.
	Own Reach = "own"
	// Subtree reaches the subject's division and those below it.
	Subtree Reach = "subtree"
	// Department reaches, in the whole county, what the subject's own
	// department answers for.
	Department Reach = "department"
	// Whole reaches the whole county.
	Whole Reach = "whole"
)

// Grant allows a role an action within a reach. What no grant allows is
// refused.
type Grant struct {
	Action Action
	Role   Role
	Reach  Reach
}

// Grants is the one table that decides. docs/permissions.md is printed from
// it; identitytest/matrix.txt is the same by hand, and who changes one changes
// the other.
var Grants = grants()

func grants() []Grant {
	var all []Grant
	allow := func(r Role, reach Reach, actions ...Action) {
		for _, a := range actions {
			all = append(all, Grant{Action: a, Role: r, Reach: reach})
		}
	}
	for _, r := range Roles {
		allow(r, Whole, ItemRead)
	}

	allow(VillageWorker, Own, CaseTerminate)
	// Whoever takes papers in looks at the document again where its number was
	// mistyped.
	allow(VillageWorker, Own, CaseCorrect)
	allow(TownshipClerk, Subtree, CaseCorrect)
	allow(DepartmentWindow, Department, CaseCorrect)
	// Papers enter and leave through the window, at every tier.
	allow(VillageWorker, Own, CustodyMove)
	allow(TownshipClerk, Subtree, CustodyMove)
	allow(DepartmentWindow, Department, CustodyMove)
	// A village decides nothing, and to refuse acceptance is to decide
	// (Administrative Licence Law art. 32: in writing, under the authority's
	// seal, open to review). What it should not have taken in is refused above.
	allow(VillageWorker, Own, CaseRead, CaseReveal, CaseSubmit, CaseAccept, CaseRelay, CaseDeliver,
		CaseComment, StaffRead, NodeRead, SyncRead, AttentionRead, AttentionDo, CarryData, OverlaySet, BackupTake)

	// One seal, kept at the window that issues (domain: section 4); papers leave
	// through the window.
	allow(VillageWorker, Own, CasePrint)
	allow(TownshipClerk, Subtree, CasePrint, CaseSeal)
	allow(DepartmentWindow, Department, CasePrint, CaseSeal)
	allow(TownshipLeader, Own, SealManage)

	allow(TownshipClerk, Subtree, CaseRead, CaseReveal, CaseComment, StaffRead, NodeRead, SyncRead, AttentionRead, CarryData, BackupTake)
	allow(TownshipClerk, Subtree, CaseSubmit, CaseAccept, CaseReject, CaseRelay, CaseIssue, CaseDeliver, CaseReturn)
	allow(TownshipClerk, Subtree, CaseTerminate, CaseSuspend)
	allow(TownshipReviewer, Subtree, CaseSuspend)
	allow(TownshipLeader, Subtree, CaseTerminate, CaseSuspend, CaseExtend)
	allow(TownshipClerk, Own, AttentionDo, OverlaySet)
	// Whoever is called when a village loses a device cuts it off; at a node without
	// a line its owner does.
	allow(TownshipClerk, Subtree, DeviceManage)
	allow(TownshipLeader, Subtree, DeviceManage)
	// Papers leave through the window: who reviews passes nothing on.
	allow(TownshipReviewer, Subtree, CaseRead, CaseReveal, CaseComment, CaseRelay, CaseReview, CaseReturn, SyncRead, AttentionRead)
	allow(TownshipLeader, Subtree, CaseRead, CaseReveal, CaseComment, CaseDecide, CaseReturn, StaffRead, NodeRead, SyncRead, AttentionRead, RevealRead)

	allow(DepartmentWindow, Department, CaseRead, CaseReveal, CaseComment, CaseSubmit, CaseAccept, CaseReject, CaseReturn, CaseIssue, CaseDeliver, AttentionRead)
	allow(DepartmentWindow, Department, CaseTerminate, CaseSuspend)
	allow(DepartmentReviewer, Department, CaseSuspend)
	allow(DepartmentLeader, Department, CaseTerminate, CaseSuspend, CaseExtend)
	allow(DepartmentReviewer, Department, CaseRead, CaseReveal, CaseComment, CaseReview, CaseReturn)
	allow(DepartmentLeader, Department, CaseRead, CaseReveal, CaseComment, CaseDecide, CaseReturn)
	// Whoever takes papers in looks at people's IDs, so that they can apply from
	// home afterwards.
	allow(VillageWorker, Own, AccountOpen)
	allow(TownshipClerk, Own, AccountOpen)
	allow(DepartmentWindow, Department, AccountOpen)
	// Windows take people's consent and use what is on file under it: of their own
	// area's people, at the county for their own department's items.
	allow(VillageWorker, Own, RecordConsent, RecordUse, PaperVoid)
	allow(TownshipClerk, Subtree, RecordConsent, RecordUse, PaperVoid)
	allow(DepartmentWindow, Department, RecordConsent, RecordUse, PaperVoid)
	allow(CountyOperator, Whole, AccountDisable)
	// Anybody who is asked at a window answers for it.
	allow(VillageWorker, Own, GuideDo, GuideRead)
	for _, r := range []Role{TownshipClerk, TownshipReviewer, TownshipLeader} {
		allow(r, Subtree, GuideDo, GuideRead)
	}
	for _, r := range []Role{DepartmentWindow, DepartmentReviewer, DepartmentLeader} {
		allow(r, Department, GuideDo, GuideRead)
	}
	allow(Supervisor, Whole, GuideRead)
	allow(Auditor, Whole, GuideRead)
	// The window of the authority puts the file together; a village keeps none.
	allow(TownshipClerk, Subtree, CaseArchive)
	allow(DepartmentWindow, Department, CaseArchive)
	// What was issued is put right, revoked or cancelled by the authority that
	// decided: who works there proposes, who leads it decides.
	allow(TownshipClerk, Subtree, ResultPropose)
	allow(TownshipReviewer, Subtree, ResultPropose)
	allow(TownshipLeader, Subtree, ResultDecide)
	allow(DepartmentWindow, Department, ResultPropose)
	allow(DepartmentReviewer, Department, ResultPropose)
	allow(DepartmentLeader, Department, ResultDecide)
	for _, r := range []Role{DepartmentWindow, DepartmentReviewer, DepartmentLeader} {
		allow(r, Whole, SyncRead)
	}
	allow(DepartmentReviewer, Department, ItemDraft)

	allow(VillageWorker, Own, FeeRead)
	allow(TownshipClerk, Subtree, FeeRead, FeeCharge, FeeCollect)
	allow(TownshipReviewer, Subtree, FeeRead)
	allow(TownshipLeader, Subtree, FeeRead, FeeWaive)
	// The county has one fee counter, which takes money for all departments and sees
	// and does nothing else. A department takes what its own matters cost where the
	// counter is not. Nobody who takes money waives or pays back: leaders do.
	allow(FeeCounter, Whole, FeeRead, FeeCollect)
	allow(DepartmentWindow, Department, FeeRead, FeeCharge, FeeCollect)
	allow(DepartmentReviewer, Department, FeeRead)
	allow(DepartmentLeader, Department, FeeRead, FeeWaive)
	allow(CountyOperator, Whole, NoticeRead, NoticeRetry)
	allow(Supervisor, Whole, NoticeRead)
	allow(Auditor, Whole, NoticeRead)
	allow(Supervisor, Whole, FeeRead)
	allow(Auditor, Whole, FeeRead)

	allow(VillageWorker, Own, RatingOffer, RatingFigures, StatisticsRead)
	allow(TownshipClerk, Subtree, RatingOffer, RatingFigures, StatisticsRead)
	allow(TownshipReviewer, Subtree, RatingFigures, StatisticsRead)
	// Who leads an office puts right what was found wrong in it, and answers
	// complaints about it; whoever a complaint names does neither.
	allow(TownshipLeader, Subtree, RatingFigures, StatisticsRead, RatingOrders, RatingAnswer, ComplaintRead, ComplaintHandle)
	allow(DepartmentWindow, Department, RatingOffer, RatingFigures, StatisticsRead)
	allow(DepartmentReviewer, Department, RatingFigures, StatisticsRead)
	allow(DepartmentLeader, Department, RatingFigures, StatisticsRead, RatingOrders, RatingAnswer, ComplaintRead, ComplaintHandle)
	allow(Supervisor, Whole, RatingFigures, StatisticsRead, RatingRead, RatingOrders, RatingHandle, ComplaintRead, ComplaintAssign, ComplaintHandle)
	allow(Auditor, Whole, RatingFigures, StatisticsRead, RatingRead, RatingOrders, ComplaintRead)
	allow(CountyOperator, Whole, ServiceRules, RatingFigures, StatisticsRead)
	allow(VillageWorker, Own, CardRead, CardAnswer)
	for _, r := range []Role{TownshipClerk, TownshipReviewer, TownshipLeader} {
		allow(r, Subtree, CardRead, CardAnswer)
	}
	for _, r := range []Role{DepartmentWindow, DepartmentReviewer, DepartmentLeader} {
		allow(r, Department, CardRead, CardAnswer)
	}
	allow(TownshipLeader, Subtree, CardMeasure, SupervisionRead)
	allow(DepartmentLeader, Department, CardMeasure, SupervisionRead)
	allow(Supervisor, Whole, CardRead, CardFind, CaseSupervise, SupervisionRead, SupervisionSet)
	allow(Auditor, Whole, CardRead, SupervisionRead)
	allow(Supervisor, Whole, SampleRead, SampleDraw, SampleReview)
	allow(Auditor, Whole, SampleRead)
	allow(TownshipLeader, Subtree, AttendanceRecord, AppraisalRead)
	// Whoever records the attendance of an office knows who works there.
	allow(DepartmentLeader, Department, AttendanceRecord, AppraisalRead, StaffRead)
	allow(Supervisor, Whole, AttendanceRecord, AppraisalManage, AppraisalRead)
	allow(CountyOperator, Whole, AppraisalRead)
	allow(Auditor, Whole, AppraisalRead)
	for _, r := range []Role{VillageWorker, TownshipClerk, TownshipReviewer, TownshipLeader} {
		allow(r, Own, AppraisalOwn)
	}
	for _, r := range []Role{DepartmentWindow, DepartmentReviewer, DepartmentLeader} {
		allow(r, Department, AppraisalOwn)
	}

	allow(Supervisor, Whole, CaseRead, CaseReveal, CaseComment, RevealRead, StaffRead, NodeRead, SyncRead, AttentionRead, LedgerProve)
	allow(CountyOperator, Whole, ItemDraft, ItemApprove, EditionPublish, OverlaySet, DivisionImport, CalendarImport,
		StaffRead, StaffManage, DeviceManage, NodeRead, NodeManage, TrustRotate, SealManage, HubManage, SyncRead, AttentionRead, AttentionDo,
		CarryData, BackupTake, LedgerProve)
	allow(Auditor, Whole, CaseRead, RevealRead, StaffRead, NodeRead, SyncRead, AttentionRead, LedgerProve)
	return all
}

// Denied is the refusal of an action for want of authority.
type Denied struct {
	Role   Role
	Action Action
	// Why names the missing part: "role", "tier", "division" or "department".
	Why string
}

func (d *Denied) Error() string {
	if d.Role == "" {
		return fmt.Sprintf("no role of this person may %s", d.Action)
	}
	return fmt.Sprintf("role %s may not %s: outside its %s", d.Role, d.Action, d.Why)
}

// Permit decides whether s may take action a on t. It returns nil or a
// *Denied.
func Permit(s Subject, a Action, t Target) error {
	if s.Role.Tier() == "" {
		return &Denied{s.Role, a, "role"}
	}
	if s.Role.Tier() != s.Tier || s.Division.Tier() != s.Tier {
		return &Denied{s.Role, a, "tier"}
	}
	reach, ok := ReachOf(s.Role, a)
	if !ok {
		return &Denied{s.Role, a, "role"}
	}
	return reach.covers(s, a, t)
}

// ReachOf is how far role r may take action a; false means not at all.
func ReachOf(r Role, a Action) (Reach, bool) {
	reach, ok := index[grantKey{r, a}]
	return reach, ok
}

type grantKey struct {
	role   Role
	action Action
}

var index = func() map[grantKey]Reach {
	m := make(map[grantKey]Reach, len(Grants))
	for _, g := range Grants {
		k := grantKey{g.Role, g.Action}
		if _, dup := m[k]; dup {
			panic("identity: two grants for " + string(g.Role) + " " + string(g.Action))
		}
		m[k] = g.Reach
	}
	return m
}()

func (r Reach) covers(s Subject, a Action, t Target) error {
	county := division.Code(s.Division).County()
	if t.Division != "" && t.Division.County() != county {
		return &Denied{s.Role, a, "division"}
	}
	switch r {
	case Own:
		if t.Division != "" && t.Division != s.Division {
			return &Denied{s.Role, a, "division"}
		}
	case Subtree:
		if t.Division != "" && !s.Division.Contains(t.Division) {
			return &Denied{s.Role, a, "division"}
		}
	case Department:
		if t.Department == "" || t.Department != s.Department {
			return &Denied{s.Role, a, "department"}
		}
	}
	return nil
}
