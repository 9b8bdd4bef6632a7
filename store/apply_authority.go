package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// clockTolerance is by how much a node's clock may lag behind the county's
// without a right that was just given being denied, milliseconds.
const clockTolerance = 60_000

var afterRevocation = refuse("after_revocation", "该节点吊销之后才补报，时间无法核实，先予退回：请向收件人核实后，由有权人员更正重新提交",
	"it came after the node had been revoked, so when it was made cannot be known; ask whoever took it in, then have somebody with the right hand it in again")

// origin is the node an entry came from and the actor behind it.
type origin struct {
	casework.Place
	tier node.Tier
	// subject is the actor as the permission table sees it.
	subject identity.Subject
	// genesis: the county has no staff yet, and its first hub sets it up.
	genesis bool
}

// authorise checks the rights that held when the entry happened, and the
// revocations known since.
func (a *applier) authorise(e *ledger.Entry, body ledger.Body) (origin, error) {
	from, err := a.originOf(e, body)
	if err != nil {
		return from, err
	}
	info, _ := ledger.Lookup(e.Kind, e.V)
	if system(e.Actor) {
		return from, a.authoriseSystem(e, body, from)
	}
	if applicant(e.Actor) {
		return from, a.authoriseApplicant(e, body, from)
	}
	if fromHome(body) || info.Action == "" && e.Kind != ledger.StaffPassword && e.Kind != ledger.DeviceRegister {
		return from, refuse("not_authorised", "只有申请人本人可以进行此项操作", "this is for the applicant alone")
	}
	staff, err := a.staff(e.Actor.Staff)
	if err != nil {
		return from, err
	}
	if staff == nil {
		return from, refuse("actor_unknown", "经办人不在人员名册中", "the actor is not on the staff")
	}
	when := e.OccurredAt - e.SkewMS
	standing, ok := staff.At(when)
	if !ok || !standing.Disabled && !standing.Holds(e.Actor.Role) {
		standing, _ = staff.At(when + clockTolerance)
	}
	held := standing.Holds(e.Actor.Role)
	if !held && !standing.Disabled && e.Actor.Role.Lends(info.Action) {
		if held, err = a.standsInAs(staff, e.Actor.Role, when); err != nil {
			return from, err
		}
	}
	if !held {
		return from, refuse("not_authorised", "经办人当时没有该岗位的权限（已停用或岗位已变更），请由有权人员重新提交",
			"the actor did not hold this role when it happened (disabled, or roles changed); somebody with the right must hand it in again")
	}
	if staff.Division != from.Division {
		return from, refuse("not_authorised", "经办人不属于该单位", "the actor does not belong to the node's division")
	}
	from.subject = identity.Subject{Role: e.Actor.Role, Tier: from.tier, Division: from.Division, Department: staff.Department}
	if b, ok := body.(*ledger.StaffPasswordV1); ok {
		if b.Staff == e.Actor.Staff {
			return from, nil
		}
		return from, identity.Permit(from.subject, identity.StaffManage, identity.Target{})
	}
	if ofOwnDevice(e.Actor.Staff, body) {
		return from, nil
	}
	target, err := a.target(e, body, from)
	if err != nil {
		return from, err
	}
	if err := identity.Permit(from.subject, info.Action, target); err != nil {
		return from, err
	}
	return from, fit(e.Kind, staff, when, target.Department)
}

// fit holds whoever decides against the roster as it was when it happened. What
// it says counts from when the county recorded it, as roles do.
func fit(k ledger.Kind, staff *identity.Staff, when int64, department string) error {
	if k != ledger.CaseDecide && k != ledger.ResultDecide {
		return nil
	}
	day := calendar.DateOf(time.UnixMilli(when))
	if sub, away := staff.AwayAt(when, day); away {
		if _, still := staff.AwayAt(when+clockTolerance, day); still {
			return identity.Absent(sub)
		}
	}
	record, known := staff.RosterAt(when)
	if !known {
		record, known = staff.RosterAt(when + clockTolerance)
	}
	return record.MayDecide(known, day, department)
}

// originOf finds the node behind an entry.
func (a *applier) originOf(e *ledger.Entry, body ledger.Body) (origin, error) {
	n, err := a.enrolled(e.Origin)
	if err != nil {
		return origin{}, err
	}
	if n == nil {
		return a.genesis(e, body)
	}
	from := origin{Place: n.Place, tier: n.tier}
	if n.revokedAt > 0 && e.OccurredAt-e.SkewMS >= n.revokedAt {
		return from, refuse("node_revoked", "该节点已被吊销，请联系县中心", "the node had been revoked when it happened; ask the county")
	}
	if (e.Seq == 0) != isCounty(from.tier) {
		return from, refuse("malformed", "条目序号与节点层级不符", "an entry's seq does not fit its origin's tier")
	}
	if from.genesis, err = a.noStaff(); err != nil {
		return from, err
	}
	return from, nil
}

// enrolledNode is what entries of a node are judged by.
type enrolledNode struct {
	casework.Place
	tier      node.Tier
	revokedAt int64 // Unix milliseconds, 0: in good standing
}

// enrolled reads a node; nil when it is not enrolled.
func (a *applier) enrolled(id string) (*enrolledNode, error) {
	if known := a.s.enrolled[id]; known != nil {
		return known, nil
	}
	n := new(enrolledNode)
	err := a.w.row(a.ctx, `SELECT tier, division, ordinal, revoked_at FROM nodes WHERE id = ?`, id).Scan(&n.tier, &n.Division, &n.Ordinal, &n.revokedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read node", err)
	}
	a.s.enrolled[id] = n
	return n, nil
}

// genesis lets the first hub enter itself into an empty county.
func (a *applier) genesis(e *ledger.Entry, body ledger.Body) (origin, error) {
	n, err := a.w.number(a.ctx, `SELECT count(*) FROM nodes`)
	if err != nil {
		return origin{}, err
	}
	unknown := refuse("node_unknown", "未登记的节点", "the node is not enrolled")
	if n > 0 || !system(e.Actor) || e.Seq != 0 {
		return origin{}, unknown
	}
	from := origin{Place: casework.Place{Division: a.s.self.County(), Ordinal: 1}, tier: node.County, genesis: true}
	switch b := body.(type) {
	case *ledger.CountyTrustV1:
		return from, nil
	case *ledger.NodeEnrolV1:
		if b.Credential.Node == e.Origin && b.Credential.Tier == node.County {
			return from, nil
		}
	}
	return origin{}, unknown
}

func (a *applier) noStaff() (bool, error) {
	if len(a.s.people) > 0 {
		return false, nil
	}
	n, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM staff)`)
	return n == 0, err
}

// authoriseSystem lets a hub record what no person does: the county's keys,
// level and first person in an empty county, enrolments, stored attachments; and
// every node that it has new keys, that the law took a case it holds for
// accepted, and what an applicant said of the service.
func (a *applier) authoriseSystem(e *ledger.Entry, body ledger.Body, from origin) error {
	if e.Kind == ledger.NodeRenew { // of itself only, which its rule sees to
		return nil
	}
	if b, ok := body.(*ledger.CaseAcceptV1); ok && b.Deemed { // of what it holds only
		return nil
	}
	if saysOfNotices(e.Kind) && isCounty(from.tier) {
		return nil
	}
	if e.Kind == ledger.RatingGive || e.Kind == ledger.ComplaintOpen {
		return nil // an applicant did it, at any tier
	}
	if !isCounty(from.tier) {
		return refuse("not_authorised", "该节点无权进行此项操作", "only a hub acts by itself")
	}
	switch e.Kind {
	case ledger.NodeEnrol, ledger.AttachmentConfirm, ledger.CountyLost, ledger.CountyUnlisted, ledger.CardIssue, ledger.CardRise, ledger.LineOutage, ledger.AppraisalResult:
		return nil
	case ledger.CountyTrust, ledger.StaffAdd, ledger.LevelRaise:
		if from.genesis {
			return nil
		}
	}
	return refuse("not_authorised", "该操作须由有权人员进行", "this takes a person with the right")
}

// target is what an entry touches, for the permission table.
func (a *applier) target(e *ledger.Entry, body ledger.Body, from origin) (identity.Target, error) {
	switch b := body.(type) {
	case *ledger.CaseSubmitV1:
		return identity.Target{Division: b.HandedInAt, Department: b.Department}, nil
	case *ledger.PackageSubmitV1:
		return identity.Target{Division: b.HandedInAt, Department: b.Department}, nil
	case *ledger.PackageDraftV1:
		var p catalog.Package
		if err := json.Unmarshal(b.Package, &p); err != nil {
			return identity.Target{}, refuse("malformed", "一件事格式有误", "the package is not readable")
		}
		return identity.Target{Department: p.LeadDepartment}, nil
	case *ledger.OverlaySetV1:
		return identity.Target{Division: b.Overlay.Office}, nil
	case *ledger.ItemDraftV1:
		var item catalog.Item
		if err := json.Unmarshal(b.Item, &item); err != nil {
			return identity.Target{}, refuse("malformed", "事项格式有误", "the item is not readable")
		}
		return identity.Target{Department: item.Department}, nil
	case *ledger.SealMakeV1:
		return identity.Target{Division: b.Certificate.Division, Department: b.Certificate.Department}, nil
	case *ledger.SealRevokeV1:
		return identity.Target{Division: b.Division, Department: b.Department}, nil
	case *ledger.DeviceRevokeV1:
		return identity.Target{Division: b.Division}, nil
	case *ledger.AttentionResolveV1:
		return identity.Target{Division: e.Scope}, nil
	case *ledger.RatingRectifyV1:
		return a.rectificationTarget(b.Rating)
	case *ledger.RatingContestV1:
		return a.rectificationTarget(b.Rating)
	case *ledger.GuideOpenV1, *ledger.GuideHandV1, *ledger.GuideAcceptV1, *ledger.GuideCloseV1:
		return a.guideTarget(body, from)
	case *ledger.ComplaintAssignV1:
		return a.complaintTargetOf(b.Complaint)
	case *ledger.ComplaintReplyV1:
		return a.complaintTargetOf(b.Complaint)
	case *ledger.ComplaintRevealV1:
		return a.complaintTargetOf(b.Complaint)
	case *ledger.RecordConsentV1:
		return identity.Target{Division: b.Division, Department: from.subject.Department}, nil
	case *ledger.RecordWithdrawV1:
		return identity.Target{Division: e.Scope, Department: from.subject.Department}, nil
	case *ledger.RecordLookV1:
		return a.lookTarget(e, b)
	case *ledger.AttendanceRecordV1:
		return identity.Target{Division: b.Division, Department: b.Department}, nil
	case *ledger.AppraisalObjectV1:
		return identity.Target{Division: b.Division, Department: from.subject.Department}, nil
	case *ledger.AccountOpenV1, *ledger.AccountAgentsV1, *ledger.AccountAttestV1:
		// At one's own office, whichever department's.
		return identity.Target{Division: from.Division, Department: from.subject.Department}, nil
	}
	if e.Case == "" {
		return identity.Target{}, nil
	}
	if info, _ := ledger.Lookup(e.Kind, e.V); info.Joint {
		return a.jointTarget(e, from)
	}
	if supervises(e.Kind) {
		desk, err := deskOf(a.ctx, a.w, body)
		return identity.Target{Division: desk.Division, Department: desk.Department}, err
	}
	c, err := a.caseByID(e.Case)
	if err != nil {
		return identity.Target{}, err
	}
	if c == nil && besideJoint(body) {
		return a.jointTarget(e, from)
	}
	if c == nil {
		// The case has not arrived: its scope stands in for it until it does,
		// when the entry is judged again.
		return identity.Target{Division: e.Scope, Department: from.subject.Department}, nil
	}
	return identity.Target{Division: c.Division, Department: c.Department}, nil
}

// fromHome reports whether something is handed in by the applicant alone.
func fromHome(body ledger.Body) bool {
	switch b := body.(type) {
	case *ledger.CaseSubmitV1:
		return b.Online.Account != ""
	case *ledger.PackageSubmitV1:
		return b.Online.Account != ""
	}
	return false
}

// besideJoint reports whether what stands beside a case may stand beside a joint
// matter too: somebody looked at it, its papers were moved, a document was printed.
func besideJoint(body ledger.Body) bool {
	switch body.(type) {
	case *ledger.CaseRevealV1, *ledger.CustodySendV1, *ledger.CustodyReceiveV1, *ledger.CasePrintV1:
		return true
	}
	return false
}

// staff reads a person's record. The caller may change what it gets.
func (a *applier) staff(id string) (*identity.Staff, error) {
	if known, ok := a.s.people[id]; ok {
		known.History = slices.Clip(known.History)
		return &known, nil
	}
	var body string
	err := a.w.row(a.ctx, `SELECT body FROM staff WHERE id = ?`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read staff", err)
	}
	var s identity.Staff
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		return nil, storage("read staff", err)
	}
	a.s.people[id] = s
	s.History = slices.Clip(s.History)
	return &s, nil
}
