package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/tongban/tongban/node/identity"
)

// Kind names what happened.
type Kind string

// The kinds of entries. A released kind is never renamed or reused.
const (
	CountyTrust    Kind = "county.trust"
	CountyRecovery Kind = "county.recovery"
	CountyLost     Kind = "county.lost"
	CountyUnlisted Kind = "county.unlisted"
	NodeInvite     Kind = "node.invite"
	NodeEnrol      Kind = "node.enrol"
	NodeRevoke     Kind = "node.revoke"
	NodeRename     Kind = "node.rename"
	NodeRenew      Kind = "node.renew"
	LevelRaise     Kind = "level.raise"
	DivisionImport Kind = "division.import"
	CalendarImport Kind = "calendar.import"

	StaffAdd      Kind = "staff.add"
	StaffRoles    Kind = "staff.roles"
	StaffDisable  Kind = "staff.disable"
	StaffPassword Kind = "staff.password"

	StaffRoster     Kind = "staff.roster"
	StaffSubstitute Kind = "staff.substitute"
	DeviceRegister  Kind = "device.register"
	DeviceRevoke    Kind = "device.revoke"
	AccountOpen     Kind = "account.open"
	AccountAgents   Kind = "account.agents"
	AccountActivate Kind = "account.activate"
	AccountPassword Kind = "account.password"
	AccountTOTP     Kind = "account.totp"
	AccountStep     Kind = "account.step"
	AccountDisable  Kind = "account.disable"
	AccountContact  Kind = "account.contact"
	AccountConfirm  Kind = "account.confirm"
	AccountAttest   Kind = "account.attest"
	AccountBind     Kind = "account.bind"
	AccountUnbind   Kind = "account.unbind"
	AccountRegister Kind = "account.register"

	RecordConsent  Kind = "record.consent"
	RecordWithdraw Kind = "record.withdraw"
	RecordLook     Kind = "record.look"
	PaperVoid      Kind = "paper.void"

	ItemDraft      Kind = "item.draft"
	ItemApprove    Kind = "item.approve"
	EditionPublish Kind = "edition.publish"
	EditionCancel  Kind = "edition.cancel"
	OverlaySet     Kind = "overlay.set"

	SealMake   Kind = "seal.make"
	SealRevoke Kind = "seal.revoke"

	CaseSubmit  Kind = "case.submit"
	CaseAccept  Kind = "case.accept"
	CaseReject  Kind = "case.reject"
	CaseRelay   Kind = "case.relay"
	CaseReview  Kind = "case.review"
	CaseReturn  Kind = "case.return"
	CaseDecide  Kind = "case.decide"
	CaseIssue   Kind = "case.issue"
	CaseDeliver Kind = "case.deliver"
	CaseComment Kind = "case.comment"
	CaseReveal  Kind = "case.reveal"
	CaseSeal    Kind = "case.seal"
	CasePrint   Kind = "case.print"
	CaseVoid    Kind = "case.void"
	CaseConsent Kind = "case.consent"
	CaseOpened  Kind = "case.opened"

	CaseRequestSupplement Kind = "case.request_supplement"
	CaseSupplement        Kind = "case.supplement"
	CaseWithdraw          Kind = "case.withdraw"
	CaseTerminate         Kind = "case.terminate"
	CaseSuspend           Kind = "case.suspend"
	CaseResume            Kind = "case.resume"
	CaseExtend            Kind = "case.extend"
	CaseCorrect           Kind = "case.correct"

	CaseArchive Kind = "case.archive"

	GuideOpen   Kind = "guide.open"
	GuideHand   Kind = "guide.hand"
	GuideAccept Kind = "guide.accept"
	GuideClose  Kind = "guide.close"

	HearingTell    Kind = "hearing.tell"
	HearingAsk     Kind = "hearing.ask"
	HearingConvene Kind = "hearing.convene"
	HearingRecord  Kind = "hearing.record"

	RefusalTell  Kind = "refusal.tell"
	RefusalState Kind = "refusal.state"

	ResultPropose Kind = "result.propose"
	ResultState   Kind = "result.state"
	ResultDecide  Kind = "result.decide"
	ResultReissue Kind = "result.reissue"
	ResultServe   Kind = "result.serve"

	CustodySend    Kind = "custody.send"
	CustodyReceive Kind = "custody.receive"

	ServiceRules          Kind = "service.rules"
	RatingGive            Kind = "rating.give"
	RatingContact         Kind = "rating.contact"
	RatingOrder           Kind = "rating.order"
	RatingRectify         Kind = "rating.rectify"
	RatingContest         Kind = "rating.contest"
	RatingReport          Kind = "rating.report"
	RatingMark            Kind = "rating.mark"
	ComplaintOpen         Kind = "complaint.open"
	ComplaintAssign       Kind = "complaint.assign"
	ComplaintReply        Kind = "complaint.reply"
	ComplaintReveal       Kind = "complaint.reveal"
	PackageDraft          Kind = "package.draft"
	PackageApprove        Kind = "package.approve"
	PackageSubmit         Kind = "package.submit"
	PackageFinding        Kind = "package.finding"
	PackageNotice         Kind = "package.notice"
	PackageSupplement     Kind = "package.supplement"
	PackageWithdraw       Kind = "package.withdraw"
	SupervisionThresholds Kind = "supervision.thresholds"
	CardIssue             Kind = "card.issue"
	CardRise              Kind = "card.rise"
	CardAnswer            Kind = "card.answer"
	CardFind              Kind = "card.find"
	CardState             Kind = "card.state"
	CardMeasure           Kind = "card.measure"
	CardAppeal            Kind = "card.appeal"
	CardSettle            Kind = "card.settle"
	CaseUrge              Kind = "case.urge"
	InquiryOpen           Kind = "inquiry.open"
	InquiryAnswer         Kind = "inquiry.answer"
	InquiryClose          Kind = "inquiry.close"
	LineOutage            Kind = "line.outage"

	NoticeSettle   Kind = "notice.settle"
	NoticeRetry    Kind = "notice.retry"
	NoticeChannels Kind = "notice.channels"
	NoticeTrouble  Kind = "notice.trouble"

	SampleDraw   Kind = "sample.draw"
	SampleReview Kind = "sample.review"

	AttendanceRecord   Kind = "attendance.record"
	AppraisalScorecard Kind = "appraisal.scorecard"
	AppraisalMark      Kind = "appraisal.mark"
	AppraisalDraft     Kind = "appraisal.draft"
	AppraisalSign      Kind = "appraisal.sign"
	AppraisalPublish   Kind = "appraisal.publish"
	AppraisalResult    Kind = "appraisal.result"
	AppraisalObject    Kind = "appraisal.object"
	AppraisalAnswer    Kind = "appraisal.answer"

	FeeCharge Kind = "fee.charge"
	FeePay    Kind = "fee.pay"
	FeeWaive  Kind = "fee.waive"
	FeeRefund Kind = "fee.refund"
	FeeCancel Kind = "fee.cancel"
	FeeExcess Kind = "fee.excess"

	AttachmentConfirm Kind = "attachment.confirm"
	AttentionResolve  Kind = "attention.resolve"
)

// Level is the newest level this program can read. The state carries the
// level in force; a kind above it is not recorded until every node can read
// it.
//
// 1 (2026-11): the first kinds.
//
// 2 (2026-11): no new kinds. The ledger itself keeps the county's last operator,
// a fiscal bill for one payment, and decisions that were served
// (store/apply_strict.go).
//
// 3 (2026-11): a charge made by mistake is cancelled; a call-back after a bad rating
// says by what way and when; giving up a hearing at a desk names its signed scan. The
// ledger itself keeps an appraisal as it was drafted, a published month closed, and the
// last day of an order about a bad rating (store/apply_strict.go).
const Level = 3

// Body is the decoded content of an entry: one frozen struct per kind and
// version.
type Body interface {
	// Check tells whether the content is well-formed by itself.
	Check() error
}

// Info describes a kind at one version.
type Info struct {
	Kind Kind
	V    int
	// Level is the level from which on the kind may be recorded.
	Level int
	// Action is what the actor must be permitted. Empty: the kind is the
	// system role's, or has a rule of its own (a person's own password).
	Action identity.Action
	// Case says that the entry belongs to a case; Beside that it stands
	// beside it: anybody with the right may add it, and it is not part of
	// the chain that the holder writes.
	Case, Beside bool
	// Joint says that the case it belongs to is a joint matter's own, which
	// holds the departments' cases together.
	Joint bool
	// Said says that its body is what a person said and nothing else: said again,
	// it is the same to the byte. Others hold what is made anew each time, as a
	// number or the hash of a password.
	Said   bool
	body   reflect.Type
	decode func(json.RawMessage) (Body, error)
}

// Decode reads a body strictly: unknown fields and trailing data are
// refused, and its Check must pass.
func (i Info) Decode(raw json.RawMessage) (Body, error) {
	b, err := i.decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %s v%d: %w", ErrMalformed, i.Kind, i.V, err)
	}
	if err := b.Check(); err != nil {
		return nil, fmt.Errorf("%w: %s v%d: %w", ErrMalformed, i.Kind, i.V, err)
	}
	return b, nil
}

// Kinds is the only list of kinds and versions.
var Kinds = []Info{
	kind[CountyTrustV1](CountyTrust, identity.TrustRotate),
	kind[CountyRecoveryV1](CountyRecovery, identity.TrustRotate),
	kind[CountyLostV1](CountyLost, ""),
	kind[CountyUnlistedV1](CountyUnlisted, ""),
	kind[NodeInviteV1](NodeInvite, identity.NodeManage),
	kind[NodeEnrolV1](NodeEnrol, ""),
	kind[NodeRevokeV1](NodeRevoke, identity.NodeManage),
	said(kind[NodeRenameV1](NodeRename, identity.NodeManage)),
	kind[NodeRenewV1](NodeRenew, ""),
	kind[LevelRaiseV1](LevelRaise, identity.HubManage),
	kind[DivisionImportV1](DivisionImport, identity.DivisionImport),
	kind[CalendarImportV1](CalendarImport, identity.CalendarImport),

	kind[StaffAddV1](StaffAdd, identity.StaffManage),
	said(kind[StaffRolesV1](StaffRoles, identity.StaffManage)),
	said(kind[StaffDisableV1](StaffDisable, identity.StaffManage)),
	kind[StaffPasswordV1](StaffPassword, ""),
	said(kind[StaffRosterV1](StaffRoster, identity.StaffManage)),
	said(kind[StaffSubstituteV1](StaffSubstitute, identity.StaffManage)),

	kind[DeviceRegisterV1](DeviceRegister, ""),
	kind[DeviceRevokeV1](DeviceRevoke, identity.DeviceManage),

	kind[AccountOpenV1](AccountOpen, identity.AccountOpen),
	kind[AccountAgentsV1](AccountAgents, identity.AccountOpen),
	kind[AccountActivateV1](AccountActivate, ""),
	kind[AccountPasswordV1](AccountPassword, ""),
	kind[AccountTOTPV1](AccountTOTP, ""),
	kind[AccountStepV1](AccountStep, ""),
	said(kind[AccountDisableV1](AccountDisable, identity.AccountDisable)),
	kind[AccountContactV1](AccountContact, ""),
	kind[AccountConfirmV1](AccountConfirm, ""),
	kind[AccountAttestV1](AccountAttest, identity.AccountOpen),
	kind[AccountBindV1](AccountBind, ""),
	kind[AccountUnbindV1](AccountUnbind, ""),
	kind[AccountRegisterV1](AccountRegister, ""),

	kind[RecordConsentV1](RecordConsent, identity.RecordConsent),
	kind[RecordWithdrawV1](RecordWithdraw, identity.RecordConsent),
	kind[RecordLookV1](RecordLook, identity.RecordUse),
	besideCase(kind[PaperVoidV1](PaperVoid, identity.PaperVoid)),

	kind[ItemDraftV1](ItemDraft, identity.ItemDraft),
	kind[ItemApproveV1](ItemApprove, identity.ItemApprove),
	kind[EditionPublishV1](EditionPublish, identity.EditionPublish),
	kind[EditionCancelV1](EditionCancel, identity.EditionPublish),
	said(kind[OverlaySetV1](OverlaySet, identity.OverlaySet)),

	kind[SealMakeV1](SealMake, identity.SealManage),
	kind[SealRevokeV1](SealRevoke, identity.SealManage),

	onCase(quick(kind[CaseSubmitV1](CaseSubmit, identity.CaseSubmit), parseSubmission)),
	onCase(kind[CaseAcceptV1](CaseAccept, identity.CaseAccept)),
	onCase(kind[CaseRejectV1](CaseReject, identity.CaseReject)),
	onCase(kind[CaseRelayV1](CaseRelay, identity.CaseRelay)),
	onCase(kind[CaseReviewV1](CaseReview, identity.CaseReview)),
	onCase(kind[CaseReturnV1](CaseReturn, identity.CaseReturn)),
	onCase(kind[CaseDecideV1](CaseDecide, identity.CaseDecide)),
	onCase(kind[CaseIssueV1](CaseIssue, identity.CaseIssue)),
	onCase(kind[CaseDeliverV1](CaseDeliver, identity.CaseDeliver)),
	besideCase(kind[CaseCommentV1](CaseComment, identity.CaseComment)),
	besideCase(kind[CaseRevealV1](CaseReveal, identity.CaseReveal)),
	besideCase(kind[CaseSealV1](CaseSeal, identity.CaseSeal)),
	besideCase(kind[CasePrintV1](CasePrint, identity.CasePrint)),
	besideCase(kind[CaseVoidV1](CaseVoid, identity.CaseSeal)),
	besideCase(kind[CaseConsentV1](CaseConsent, "")),
	besideCase(kind[CaseOpenedV1](CaseOpened, "")),

	onCase(kind[CaseRequestSupplementV1](CaseRequestSupplement, identity.CaseAccept)),
	besideCase(kind[CaseSupplementV1](CaseSupplement, identity.CaseSubmit)),
	besideCase(kind[CaseWithdrawV1](CaseWithdraw, identity.CaseSubmit)),
	onCase(kind[CaseTerminateV1](CaseTerminate, identity.CaseTerminate)),
	onCase(kind[CaseSuspendV1](CaseSuspend, identity.CaseSuspend)),
	onCase(kind[CaseResumeV1](CaseResume, identity.CaseSuspend)),
	onCase(kind[CaseExtendV1](CaseExtend, identity.CaseExtend)),
	onCase(kind[CaseCorrectV1](CaseCorrect, identity.CaseCorrect)),

	said(kind[GuideOpenV1](GuideOpen, identity.GuideDo)),
	said(kind[GuideHandV1](GuideHand, identity.GuideDo)),
	kind[GuideAcceptV1](GuideAccept, identity.GuideDo),
	said(kind[GuideCloseV1](GuideClose, identity.GuideDo)),

	besideCase(kind[CaseArchiveV1](CaseArchive, identity.CaseArchive)),
	onCase(kind[HearingTellV1](HearingTell, identity.CaseSuspend)),
	besideCase(kind[HearingAskV1](HearingAsk, identity.CaseSubmit)),
	version(2, 3, besideCase(kind[HearingAskV2](HearingAsk, identity.CaseSubmit))),
	onCase(kind[HearingConveneV1](HearingConvene, identity.CaseSuspend)),
	onCase(kind[HearingRecordV1](HearingRecord, identity.CaseSuspend)),

	onCase(kind[RefusalTellV1](RefusalTell, identity.CaseSuspend)),
	besideCase(kind[RefusalStateV1](RefusalState, identity.CaseSubmit)),

	besideCase(kind[ResultProposeV1](ResultPropose, identity.ResultPropose)),
	besideCase(kind[ResultStateV1](ResultState, identity.CaseSubmit)),
	besideCase(kind[ResultDecideV1](ResultDecide, identity.ResultDecide)),
	besideCase(kind[ResultReissueV1](ResultReissue, identity.CaseIssue)),
	besideCase(kind[ResultServeV1](ResultServe, identity.CaseDeliver)),

	besideCase(kind[CustodySendV1](CustodySend, identity.CustodyMove)),
	besideCase(kind[CustodyReceiveV1](CustodyReceive, identity.CustodyMove)),

	said(kind[ServiceRulesV1](ServiceRules, identity.ServiceRules)),
	kind[RatingGiveV1](RatingGive, ""),
	said(kind[RatingContactV1](RatingContact, identity.RatingHandle)),
	version(2, 3, said(kind[RatingContactV2](RatingContact, identity.RatingHandle))),
	said(kind[RatingOrderV1](RatingOrder, identity.RatingHandle)),
	said(kind[RatingRectifyV1](RatingRectify, identity.RatingAnswer)),
	said(kind[RatingContestV1](RatingContest, identity.RatingAnswer)),
	said(kind[RatingReportV1](RatingReport, identity.RatingHandle)),
	said(kind[RatingMarkV1](RatingMark, identity.RatingHandle)),
	kind[ComplaintOpenV1](ComplaintOpen, ""),
	said(kind[ComplaintAssignV1](ComplaintAssign, identity.ComplaintAssign)),
	said(kind[ComplaintReplyV1](ComplaintReply, identity.ComplaintHandle)),
	kind[ComplaintRevealV1](ComplaintReveal, identity.ComplaintHandle),
	kind[PackageDraftV1](PackageDraft, identity.ItemDraft),
	kind[PackageApproveV1](PackageApprove, identity.ItemApprove),
	joint(onCase(kind[PackageSubmitV1](PackageSubmit, identity.CaseSubmit))),
	besideCase(kind[PackageFindingV1](PackageFinding, identity.CaseAccept)),
	joint(onCase(kind[PackageNoticeV1](PackageNotice, identity.CaseAccept))),
	joint(besideCase(kind[PackageSupplementV1](PackageSupplement, identity.CaseSubmit))),
	joint(besideCase(kind[PackageWithdrawV1](PackageWithdraw, identity.CaseSubmit))),
	said(kind[SupervisionThresholdsV1](SupervisionThresholds, identity.SupervisionSet)),
	besideCase(kind[CardIssueV1](CardIssue, "")),
	besideCase(kind[CardRiseV1](CardRise, "")),
	besideCase(kind[CardAnswerV1](CardAnswer, identity.CardAnswer)),
	besideCase(kind[CardFindV1](CardFind, identity.CardFind)),
	besideCase(kind[CardStateV1](CardState, identity.CardAnswer)),
	besideCase(kind[CardMeasureV1](CardMeasure, identity.CardMeasure)),
	besideCase(kind[CardAppealV1](CardAppeal, identity.CardAnswer)),
	besideCase(kind[CardSettleV1](CardSettle, identity.CardFind)),
	besideCase(kind[CaseUrgeV1](CaseUrge, identity.CaseSupervise)),
	besideCase(kind[InquiryOpenV1](InquiryOpen, identity.CaseSupervise)),
	besideCase(kind[InquiryAnswerV1](InquiryAnswer, identity.CardAnswer)),
	besideCase(kind[InquiryCloseV1](InquiryClose, identity.CaseSupervise)),
	kind[LineOutageV1](LineOutage, ""),

	kind[NoticeSettleV1](NoticeSettle, ""),
	kind[NoticeRetryV1](NoticeRetry, identity.NoticeRetry),
	kind[NoticeChannelsV1](NoticeChannels, ""),
	kind[NoticeTroubleV1](NoticeTrouble, ""),

	kind[SampleDrawV1](SampleDraw, identity.SampleDraw),
	said(kind[SampleReviewV1](SampleReview, identity.SampleReview)),

	said(kind[AttendanceRecordV1](AttendanceRecord, identity.AttendanceRecord)),
	kind[AppraisalScorecardV1](AppraisalScorecard, identity.AppraisalManage),
	said(kind[AppraisalMarkV1](AppraisalMark, identity.AppraisalManage)),
	kind[AppraisalDraftV1](AppraisalDraft, identity.AppraisalManage),
	kind[AppraisalSignV1](AppraisalSign, identity.AppraisalManage),
	kind[AppraisalPublishV1](AppraisalPublish, identity.AppraisalManage),
	kind[AppraisalResultV1](AppraisalResult, ""),
	said(kind[AppraisalObjectV1](AppraisalObject, identity.AppraisalOwn)),
	said(kind[AppraisalAnswerV1](AppraisalAnswer, identity.AppraisalManage)),

	besideCase(kind[FeeChargeV1](FeeCharge, identity.FeeCharge)),
	besideCase(kind[FeePayV1](FeePay, identity.FeeCollect)),
	besideCase(kind[FeeWaiveV1](FeeWaive, identity.FeeWaive)),
	besideCase(kind[FeeRefundV1](FeeRefund, identity.FeeWaive)),
	version(1, 3, besideCase(kind[FeeCancelV1](FeeCancel, identity.FeeCharge))),
	besideCase(kind[FeeExcessV1](FeeExcess, identity.FeeCharge)),

	besideCase(kind[AttachmentConfirmV1](AttachmentConfirm, "")),
	said(kind[AttentionResolveV1](AttentionResolve, identity.AttentionDo)),
}

// Lookup finds a kind at a version.
func Lookup(k Kind, v int) (Info, bool) {
	i, ok := byKind[versionedKind{k, v}]
	return i, ok
}

// InfoOf finds a kind at the version whose body this is.
func InfoOf(k Kind, b Body) (Info, bool) {
	i, ok := byBody[bodyKind{k, reflect.TypeOf(b)}]
	return i, ok
}

type versionedKind struct {
	kind Kind
	v    int
}

type bodyKind struct {
	kind Kind
	body reflect.Type
}

var byKind = func() map[versionedKind]Info {
	m := make(map[versionedKind]Info, len(Kinds))
	for _, i := range Kinds {
		m[versionedKind{i.Kind, i.V}] = i
	}
	return m
}()

var byBody = func() map[bodyKind]Info {
	m := make(map[bodyKind]Info, len(Kinds))
	for _, i := range Kinds {
		m[bodyKind{i.Kind, i.body}] = i
	}
	return m
}()

// version is a kind in a version that may be recorded from a level on. The versions
// before it are read for ever.
func version(v, level int, i Info) Info {
	i.V, i.Level = v, level
	return i
}

func kind[T any, P interface {
	*T
	Body
}](k Kind, a identity.Action) Info {
	return Info{Kind: k, V: 1, Level: 1, Action: a, body: reflect.TypeFor[P](), decode: func(raw json.RawMessage) (Body, error) {
		b := P(new(T))
		if err := strictly(raw, b); err != nil {
			return nil, err
		}
		return b, nil
	}}
}

// strictly reads an object of known fields, and nothing after it.
func strictly(raw json.RawMessage, into any) error {
	if len(raw) == 0 || raw[0] != '{' {
		return fmt.Errorf("the body is not an object")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("data after the body")
	}
	return nil
}

// quick tries a reader of canonical bodies first.
func quick[P Body](i Info, read func([]byte) (P, bool)) Info {
	slow := i.decode
	i.decode = func(raw json.RawMessage) (Body, error) {
		if b, ok := read(raw); ok {
			return b, nil
		}
		return slow(raw)
	}
	return i
}

func onCase(i Info) Info     { i.Case = true; return i }
func besideCase(i Info) Info { i.Case, i.Beside = true, true; return i }
func joint(i Info) Info      { i.Joint = true; return i }
func said(i Info) Info       { i.Said = true; return i }

// Opens reports whether an entry of the kind begins what it is about: its case
// is of the entry's own id.
func (k Kind) Opens() bool { return k == CaseSubmit || k == PackageSubmit }
