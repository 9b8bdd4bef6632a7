package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

const (
	sampleAt   = int64(1795395600000) // 2026-11-23 09:00 in Beijing
	sampleCase = "0f5c2a1e-1111-8aaa-9bbb-000000000001"
	samplePrev = "0f5c2a1e-1111-8aaa-9bbb-000000000002"
)

func sampleKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("a key that only the goldens use!"))
}

func sampleDate(text string) calendar.Date {
	d, err := calendar.Parse(text)
	if err != nil {
		panic(err)
	}
	return d
}

var sampleAgents = []account.Agent{{Name: "王芳", Number: "330599200103152464", Authority: "授权委托书", Until: sampleDate("2027-12-31")}}

var sampleCriteria = []AppraisalCriterion{{Measure: "on_time", Points: 100_00, None: 800, All: 1000}, {Measure: "red", Points: 20_00, Each: 5_00}}

func hashText() string { return strings.Repeat("0f", 32) }

// samplePaper is a document that takes another's place.
func samplePaper() Paper {
	text := `{"kind":"grant_decision","template":1}`
	sum := sha256.Sum256([]byte(text))
	return Paper{Kind: "grant_decision", Number: "准〔2026〕330523110200-20261123-01-000045-0", Hash: hex.EncodeToString(sum[:]), Text: text,
		Code: "TB1:AEAQ", Replaces: hashText(), Why: "更正名称"}
}

// samples has one body of every kind in its first version.
func samples() map[Kind]Body {
	item := json.RawMessage(`{"code":"TB-MZJ-004","name":"最低生活保障对象审核确认"}`)
	holiday, later := sampleDate("2027-01-01"), sampleDate("2026-12-07")
	material := catalog.SubmittedMaterial{Name: "最低生活保障申请书", Form: catalog.SubmittedElectronic, Copies: 1,
		Attachments: []catalog.AttachmentRef{{Hash: hashText(), Name: "申请书.pdf", Size: 1024, Type: "application/pdf"}}}
	return map[Kind]Body{
		CountyTrust:    &CountyTrustV1{Bundle: json.RawMessage(`{"bundle":"e30=","sig":"AA=="}`)},
		CountyRecovery: &CountyRecoveryV1{Recovery: Recovery{County: "330523", At: sampleAt, Kept: 496, Root: make([]byte, 32), Reason: "机房失火，由备份恢复"}, Sig: make([]byte, 64)},
		CountyLost:     &CountyLostV1{SeenBy: "village-200", Index: 501, RecordedAt: sampleAt, Entry: json.RawMessage(`{"id":"x"}`)},
		CountyUnlisted: &CountyUnlistedV1{SeenBy: "village-200", Index: 502, RecordedAt: sampleAt, Entry: sampleCase, Kind: "node.rename", Origin: "county-2", Bytes: 640, Code: UnlistedUnknown},
		NodeInvite:     &NodeInviteV1{TokenHash: hashText(), Node: "village-200", Name: "便民服务站", Tier: node.Village, Division: "330523110200", ExpiresAt: sampleAt},
		NodeEnrol: &NodeEnrolV1{Credential: identity.Credential{Node: "village-200", Tier: node.Village, Division: "330523110200", Ordinal: 1,
			SignKey: sampleKey().Public().(ed25519.PublicKey), IssuedAt: sampleAt, ExpiresAt: sampleAt + 1}, Root: []byte("signature"), Name: "便民服务站", TokenHash: hashText()},
		NodeRevoke: &NodeRevokeV1{Node: "village-200", At: sampleAt, Reason: "电脑遗失"},
		NodeRenew: &NodeRenewV1{Credential: identity.Credential{Node: "village-200", Tier: node.Village, Division: "330523110200", Ordinal: 1,
			SignKey: sampleKey().Public().(ed25519.PublicKey), IssuedAt: sampleAt, ExpiresAt: sampleAt + 1}, Root: []byte("signature")},
		NodeRename: &NodeRenameV1{Node: "village-200", Name: "村便民服务站"},
		LevelRaise: &LevelRaiseV1{Level: 2},
		DivisionImport: &DivisionImportV1{Divisions: []division.Division{{Code: "330523", Name: "安吉县", OfficialName: "安吉县", Kind: division.KindCounty},
			{Code: "330523110200", Name: "晓觉寺村", OfficialName: "晓觉寺村委会", Kind: division.KindVillage, UrbanRural: "220"}}},
		CalendarImport: &CalendarImportV1{Years: []calendar.Year{{Year: 2027, Status: calendar.Provisional, Source: []string{"节假日安排"},
			Holidays: []calendar.Date{holiday}, Names: []calendar.DayName{{Date: holiday, Name: "元旦"}}}}},
		AttendanceRecord:   &AttendanceRecordV1{Division: "330523", Department: "县民政局", Days: []AttendanceDay{{Staff: "s-1", Day: sampleDate("2026-11-23"), Morning: Present, Afternoon: Leave}}},
		AppraisalScorecard: &AppraisalScorecardV1{From: "2026-12", Offices: sampleCriteria, Persons: sampleCriteria, Reason: "试行"},
		AppraisalMark:      &AppraisalMarkV1{Month: "2026-11", Of: Appraised{Kind: "person", Division: "330523", Department: "县民政局", Staff: "s-1"}, Points: -50, Reason: "着装不整"},
		AppraisalDraft:     &AppraisalDraftV1{Month: "2026-11", Edition: 2, Reason: "申诉成立", Hash: hashText()},
		AppraisalSign:      &AppraisalSignV1{Month: "2026-11", Edition: 2, Hash: hashText()},
		AppraisalPublish: &AppraisalPublishV1{Month: "2026-11", Edition: 2, Hash: hashText(), Criteria: sampleCriteria, Reason: "申诉成立",
			Offices: []AppraisalRow{{Of: Appraised{Kind: "village", Division: "330523110200"}, Figures: AppraisalFigures{Volume: 12, Decided: 10, OnTime: 9, Overdue: 1}, Points: []int{90_00, -1}, Score: 90_00, Rank: 3}}},
		AppraisalResult: &AppraisalResultV1{Month: "2026-11", Edition: 2, Division: "330523110200", Criteria: sampleCriteria,
			Persons: []AppraisalRow{{Of: Appraised{Kind: "person", Division: "330523110200", Staff: "s-2"}, Name: "王芳", Figures: AppraisalFigures{Volume: 12, HalfDays: 40, Present: 39}, Points: []int{90_00, -1}, Score: 90_00, Rank: 3}}},
		AppraisalObject: &AppraisalObjectV1{Month: "2026-11", Division: "330523110200", Staff: "s-2", Text: "当日因公外出"},
		AppraisalAnswer: &AppraisalAnswerV1{Month: "2026-11", Division: "330523110200", Staff: "s-2", Upheld: true, Text: "属实，予以更正"},
		SampleDraw: &SampleDrawV1{From: sampleDate("2026-10-01"), To: sampleDate("2026-10-31"), Division: "330523110", Department: "县民政局", Outcomes: []string{"granted", "not_accepted"},
			By: "item", Permille: 50, Least: 1, After: 200, Reason: "季度抽查"},
		SampleReview: &SampleReviewV1{Draw: samplePrev, Case: sampleCase, Points: []SamplePoint{{Check: "acceptance", Result: PointOK}, {Check: "notice", Result: PointFault, Note: "两次要求补正"}},
			Note: "已约谈窗口"},
		CaseConsent: &CaseConsentV1{Service: ServiceElectronic},
		CaseOpened:  &CaseOpenedV1{Document: "grant_decision", Hash: hashText()},
		AccountOpen: &AccountOpenV1{Account: "a-1", Type: account.Organisation, Name: "甲子茶业有限公司", Number: "91330599MA000TB146", Phone: "13800000000", Division: "330523110200",
			Shown: "营业执照", CodeHash: hashText(), ExpiresAt: sampleAt, Agents: sampleAgents},
		AccountAgents:   &AccountAgentsV1{Number: "91330599MA000TB146", Division: "330523110200", Agents: sampleAgents},
		AccountActivate: &AccountActivateV1{Account: "a-1", CodeHash: hashText(), PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"},
		AccountPassword: &AccountPasswordV1{Account: "a-1", PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", Seal: []byte("sealed")},
		AccountTOTP:     &AccountTOTPV1{Account: "a-1", Seal: []byte("sealed")},
		AccountStep:     &AccountStepV1{Account: "a-1", Step: 59846520},
		AccountBind:     &AccountBindV1{Account: "a-1", Issuer: "https://id.example.cn", Subject: hashText()},
		AccountUnbind:   &AccountUnbindV1{Account: "a-1", Issuer: "https://id.example.cn"},
		AccountRegister: &AccountRegisterV1{Account: "a-2", Name: "王芳", Number: "330599200103152464", Phone: "13800000000", Division: "330523", Issuer: "https://id.example.cn", Subject: hashText()},
		AccountContact:  &AccountContactV1{Account: "a-1", Email: "zhang.san@example.cn", Language: "zh"},
		AccountConfirm:  &AccountConfirmV1{Account: "a-1", Email: "zhang.san@example.cn"},
		AccountAttest:   &AccountAttestV1{Type: account.Person, Number: "330599200103152464", Email: "zhang.san@example.cn", Division: "330523110200", Shown: "居民身份证"},
		NoticeSettle: &NoticeSettleV1{Division: "330523110200", Outcomes: []NoticeOutcome{
			{Subject: sampleCase, Notice: samplePrev, Channel: "sms", Round: 1, State: NoticeDelivered, To: "138****0000", Attempts: 2, At: sampleAt},
			{Subject: sampleCase, Notice: samplePrev, Channel: "mail", Round: 1, State: NoticeFailed, To: "z***@example.cn", Reason: "smtp_550", Attempts: 1, At: sampleAt}}},
		NoticeRetry:    &NoticeRetryV1{Division: "330523110200", Subject: sampleCase, Notice: samplePrev, Channel: "mail"},
		NoticeChannels: &NoticeChannelsV1{Channels: []string{"file", "mail", "sms"}},
		NoticeTrouble:  &NoticeTroubleV1{Channel: "sms", Since: sampleAt, Reason: "unreachable"},
		AccountDisable: &AccountDisableV1{Account: "a-1", Disabled: true, Reason: "本人申请停用"},

		StaffAdd: &StaffAddV1{Staff: "s-1", Login: "minzheng01", Name: "李敏", Division: "330523", Department: "县民政局",
			Roles: []identity.Role{identity.DepartmentWindow}, PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", MustChange: true},
		SealMake: &SealMakeV1{Certificate: identity.SealCertificate{County: "330523", Division: "330523", Department: "县民政局", Generation: 1,
			Public: sampleKey().Public().(ed25519.PublicKey), IssuedAt: sampleAt}, Sig: make([]byte, 64)},
		SealRevoke: &SealRevokeV1{Key: "0f0f0f0f0f0f0f0f", Division: "330523", Department: "县民政局", At: sampleAt, Reason: "机构撤并"},
		CaseSeal:   &CaseSealV1{Paper: samplePaper()},
		CasePrint:  &CasePrintV1{Paper: samplePaper(), Copy: 2},
		CaseVoid:   &CaseVoidV1{Kind: "grant_decision", Number: "准〔2026〕330523110200-20261123-01-000045-0", Hash: hashText(), Reason: "所载名称有误"},
		StaffRoster: &StaffRosterV1{Staff: "s-1", Established: true, Qualifications: []identity.Qualification{{Kind: "行政执法证", Number: "浙E001", Until: sampleDate("2029-12-31")}},
			Rank: identity.RankSection, Office: "行政审批股", Heads: identity.HeadsOffice, Reason: "入编登记"},
		StaffSubstitute:       &StaffSubstituteV1{Staff: "s-1", Substitute: "s-2", From: sampleDate("2026-12-07"), Until: sampleDate("2026-12-11"), Reason: "年休假"},
		SupervisionThresholds: &SupervisionThresholdsV1{AmberLeft: 1, RedOver: 3, RedYellows: 2, AnswerDays: 2, Opens: 510, Closes: 1020, LineMinutes: 30, Reason: "按县政务服务管理办公室通知调整"},
		CardIssue: &CardIssueV1{Rule: "promise_passed", Colour: "yellow", Due: sampleDate("2026-12-04"), On: later, AnswerBy: sampleDate("2026-12-09"),
			Desk: Desk{Division: "330523110", Verb: VerbPreReview}, Handler: NamedPerson{Staff: "s-2", Name: "王伟", For: "s-1"}, Head: NamedPerson{Staff: "s-3", Name: "陈静"},
			Supervisor: NamedPerson{Staff: "s-4", Name: "赵敏"}, LineDown: 45},
		CardRise:       &CardRiseV1{Card: sampleCase, Level: 1, To: NamedPerson{Staff: "s-3", Name: "陈静"}, On: sampleDate("2026-12-10"), AnswerBy: sampleDate("2026-12-14")},
		CardAnswer:     &CardAnswerV1{Card: sampleCase, Text: "因系统故障未能及时办理"},
		CardFind:       &CardFindV1{Card: sampleCase, Breach: true, Reasons: "无正当理由超期", Person: NamedPerson{Staff: "s-2", Name: "王伟"}, StatementBy: sampleDate("2026-12-16")},
		CardState:      &CardStateV1{Card: sampleCase, Text: "当日外出勘验"},
		CardMeasure:    &CardMeasureV1{Card: sampleCase, Measure: MeasureTalk, Reasons: "首次超期，情节轻微"},
		CardAppeal:     &CardAppealV1{Card: sampleCase, Reasons: "材料当日才到"},
		CardSettle:     &CardSettleV1{Card: sampleCase, Upheld: false, Reasons: "材料三日前已到"},
		CaseUrge:       &CaseUrgeV1{Desk: Desk{Division: "330523110", Verb: VerbPreReview}, Text: "请尽快初审"},
		InquiryOpen:    &InquiryOpenV1{Desk: Desk{Division: "330523", Department: "县民政局", Verb: VerbReview}, Formal: true, Question: "为何迟迟未审核", AnswerBy: later},
		InquiryAnswer:  &InquiryAnswerV1{Inquiry: sampleCase, Text: "正在核对家庭经济状况"},
		InquiryClose:   &InquiryCloseV1{Inquiry: sampleCase, Conclusion: "情况属实，办理正常"},
		LineOutage:     &LineOutageV1{Division: "330523110200", From: sampleAt, Until: sampleAt + 3_600_000},
		CaseReveal:     &CaseRevealV1{What: []string{RevealCase, RevealTimeline}, Why: "核对申请人身份"},
		StaffRoles:     &StaffRolesV1{Staff: "s-1", Roles: []identity.Role{identity.DepartmentReviewer}},
		DeviceRegister: &DeviceRegisterV1{Device: "ABCDEFGHIJKLMNOPQRSTUVWX23", Staff: "s-1", Division: "330523110200", Name: "平板"},
		DeviceRevoke:   &DeviceRevokeV1{Device: "ABCDEFGHIJKLMNOPQRSTUVWX23", Staff: "s-1", Division: "330523110200", Reason: "设备遗失"},
		StaffDisable:   &StaffDisableV1{Staff: "s-1", Disabled: true, Reason: "调离"},
		StaffPassword:  &StaffPasswordV1{Staff: "s-1", PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"},
		ItemDraft:      &ItemDraftV1{Code: "TB-MZJ-004", Version: 1, Hash: hashText(), Item: item},
		ItemApprove:    &ItemApproveV1{Code: "TB-MZJ-004", Version: 1, Hash: hashText(), Item: item},
		EditionPublish: &EditionPublishV1{Edition: catalog.Edition{Number: 1, EffectiveFrom: sampleAt, Entries: []catalog.EditionItem{{Code: "TB-MZJ-004", Version: 1}, {Code: "TB-MZJ-005", Version: 2, Withdrawn: true}}, Note: "第一期"}},
		EditionCancel:  &EditionCancelV1{Number: 2, Reason: "政策暂缓实施"},
		OverlaySet:     &OverlaySetV1{Overlay: catalog.Overlay{Item: "TB-MZJ-004", Office: "330523110200", Window: "1 号窗口", Hours: "8:30–17:00"}},
		CaseSubmit:     sampleSubmission(material),
		CaseAccept: &CaseAcceptV1{Note: "材料齐全", Supplements: []string{samplePrev}, Tolerated: []ToleratedMaterial{{Material: "户口簿", Before: later}},
			Dues: Dues{Promised: later, Statutory: later}, Deemed: true, Answerable: identity.Actor{Staff: "s-1", Name: "甲", Role: identity.VillageWorker, Node: "v-330523110200-1"}},
		CaseReject:  &CaseRejectV1{Reason: "不属于本机关职权范围", Ground: RejectCompetence, Authority: "县公安局"},
		CaseRelay:   &CaseRelayV1{Opinion: "转报"},
		CaseReview:  &CaseReviewV1{Opinion: "符合 <条件> & 属实"},
		CaseReturn:  &CaseReturnV1{ToStep: 1, Reason: "请补充收入证明"},
		CaseDecide:  &CaseDecideV1{Granted: true, Opinion: "准予"},
		CaseIssue:   &CaseIssueV1{Documents: []IssuedDocument{{Name: "最低生活保障证", Number: "0001", ValidUntil: "2027-11-23"}}},
		CaseDeliver: &CaseDeliverV1{Recipient: "王芳", Method: "direct", Proof: material.Attachments},
		CaseComment: &CaseCommentV1{Text: "已电话告知"},
		CaseRequestSupplement: &CaseRequestSupplementV1{Points: []SupplementPoint{{Material: "户口簿", Problem: ProblemMissing, How: "请提交户口簿复印件一份"},
			{Field: "phone", Problem: ProblemWrong, How: "请填写本人电话"}}, Before: later, Supplements: []string{samplePrev}, Tolerated: []ToleratedMaterial{{Material: "结婚证", Before: later}}},
		CaseSupplement: &CaseSupplementV1{Materials: []catalog.SubmittedMaterial{material}, Form: []catalog.FieldValue{{Key: "phone", Value: "13800000000"}}},
		CaseWithdraw:   &CaseWithdrawV1{Reason: "不再需要", Proof: material.Attachments},
		CaseTerminate:  &CaseTerminateV1{Cause: CauseWithdrawn, Reason: "申请人撤回", PapersReturned: true},
		CaseSuspend:    &CaseSuspendV1{Procedure: "专家评审", Lawful: true, Until: later, Reason: "需专家评审"},
		CaseResume:     &CaseResumeV1{Procedure: "专家评审", On: later, Result: "评审通过", Dues: Dues{Promised: later, Statutory: later}},
		RecordConsent: &RecordConsentV1{Consent: "0193", Type: "person", Number: "330599200103152464", Name: "王芳", Division: "330523110200",
			Purposes: []string{ConsentPapers, ConsentFields}, Until: later, Shown: "居民身份证"},
		RecordWithdraw: &RecordWithdrawV1{Consent: "0193", Reason: "本人要求"},
		RecordLook:     &RecordLookV1{Consent: "0193", For: "TB-XZRZ-005"},
		PaperVoid:      &PaperVoidV1{Brought: "e-1", Material: "夫妻双方居民身份证", Reason: "证件已换发"},
		CaseCorrect:    &CaseCorrectV1{Name: "王芳", IDNumber: "330599200103152464", Shown: "居民身份证", Reason: "收件时证件号码录错一位"},
		CaseExtend:     &CaseExtendV1{Days: 10, Reason: "情况复杂", Dues: Dues{Promised: later, Statutory: later}},
		ServiceRules:   &ServiceRulesV1{ContactDays: 1, FinishDays: 5, ReplyDays: 5, LeastShown: 5},
		RatingGive: &RatingGiveV1{Case: sampleCase, Occasion: samplePrev, At: "330523110200", Institution: 2, Platform: 4, Person: 1,
			Tags: []string{"等候时间长"}, Text: "跑了两趟", Means: RatedOnDevice},
		RatingContact:   &RatingContactV1{Rating: sampleCase, Reached: true, Verified: true, Note: "属实"},
		RatingOrder:     &RatingOrderV1{Rating: sampleCase, Division: "330523110200", Department: "", What: "窗口应一次性告知", Before: later},
		RatingRectify:   &RatingRectifyV1{Rating: sampleCase, Done: "已培训窗口人员"},
		RatingContest:   &RatingContestV1{Rating: sampleCase, Reason: "与事实不符"},
		RatingReport:    &RatingReportV1{Rating: sampleCase, Note: "已告知整改情况", Again: 4},
		RatingMark:      &RatingMarkV1{Rating: sampleCase, Malicious: true, Reason: "查无此事"},
		ComplaintOpen:   &ComplaintOpenV1{Number: "T33052311020020261123010000450", Type: Complaint, At: "330523110200", Case: sampleCase, Item: "TB-MZJ-004", Division: "330523110200", Department: "县民政局", Staff: "s-1", Text: "态度差", Name: "王芳", Phone: "13800000000"},
		ComplaintAssign: &ComplaintAssignV1{Complaint: "T33052311020020261123010000450", Handler: "s-2"},
		ComplaintReply:  &ComplaintReplyV1{Complaint: "T33052311020020261123010000450", Upheld: true, Reply: "属实，已批评教育", Measures: "调整窗口"},
		ComplaintReveal: &ComplaintRevealV1{Complaint: "T33052311020020261123010000450", Why: "电话核实"},

		PackageDraft:   &PackageDraftV1{Code: "PK-06", Version: 1, Hash: hashText(), Package: json.RawMessage(`{"code":"PK-06","name":"新生儿出生一件事"}`)},
		PackageApprove: &PackageApproveV1{Code: "PK-06", Version: 1, Hash: hashText(), Package: json.RawMessage(`{"code":"PK-06","name":"新生儿出生一件事"}`)},
		PackageSubmit:  samplePackage(material),
		PackageFinding: &PackageFindingV1{Points: []SupplementPoint{{Material: "户口簿", Problem: ProblemUnclear, How: "请重新扫描"}}},
		PackageNotice: &PackageNoticeV1{Members: []MemberPoints{{Case: samplePrev, Points: []SupplementPoint{{Material: "户口簿", Problem: ProblemMissing, How: "请提交户口簿复印件一份"}}}},
			Before: later, Supplements: []string{sampleCase}},
		PackageSupplement: &PackageSupplementV1{Materials: []catalog.SubmittedMaterial{material}, Form: []catalog.FieldValue{{Key: "phone", Value: "13800000000"}}, Note: "一并补交"},
		PackageWithdraw:   &PackageWithdrawV1{Reason: "不再开办"},
		FeeCharge:         &FeeChargeV1{Lines: []FeeLine{{Rate: "换领", Quantity: 1, Amount: 2000}}},
		FeePay:            &FeePayV1{Charge: samplePrev, Amount: 2000, Method: "cash", Bill: "33000123456789"},
		FeeWaive:          &FeeWaiveV1{Charge: samplePrev, Amount: 1000, Ground: "低保对象减半收取（浙价费〔2018〕1号）"},
		FeeRefund:         &FeeRefundV1{Charge: samplePrev, Amount: 500, Reason: "多收"},
		FeeCancel:         &FeeCancelV1{Charge: samplePrev, Reason: "应收换领工本费，误开为补领"},
		FeeExcess:         &FeeExcessV1{Lines: []FeeLine{{Rate: "换领", Quantity: 1, Amount: 5000}}},
		GuideOpen:         &GuideOpenV1{Guide: sampleCase, Division: "330523110200", About: "低保怎么申请", Item: "TB-MZJ-004"},
		GuideHand:         &GuideHandV1{Guide: sampleCase, To: "330523", Department: "县民政局", Note: "已陪同前往"},
		GuideAccept:       &GuideAcceptV1{Guide: sampleCase},
		GuideClose:        &GuideCloseV1{Guide: sampleCase, Answer: "已告知所需材料", Case: sampleCase},
		CaseArchive: &CaseArchiveV1{Volume: "档〔2026〕330523110200-20261123-01-000045-0", Years: 30, Note: "纸质案卷存于二楼档案室",
			Pieces: []ArchivePiece{{Kind: PieceEntry, Name: "收件", Entry: sampleCase, Hash: hashText()}, {Kind: PieceAttachment, Name: "申请书.pdf", Entry: sampleCase, Hash: hashText()}}},
		HearingTell: &HearingTellV1{Matter: "拟准予的加油站临近居民住宅", Before: later, Parties: []string{"梅溪村民委员会"}},
		HearingAsk:  &HearingAskV1{Party: "梅溪村民委员会", Interested: true, Reason: "担心安全距离不足"},
		HearingConvene: &HearingConveneV1{Asked: []string{samplePrev}, On: sampleDate("2026-12-18"), Time: "09:30", Place: "县政务服务中心三楼听证室",
			Presider: NamedPerson{Staff: "s-5", Name: "周平"}, Dues: Dues{Promised: later, Statutory: later}},
		HearingRecord: &HearingRecordV1{On: sampleDate("2026-12-18"), Held: true, Summary: "双方陈述、质证完毕，笔录经确认签字", Record: material.Attachments, Dues: Dues{Promised: later, Statutory: later}},
		RefusalTell:   &RefusalTellV1{Reason: "经营场所与居民住宅的距离不足", Before: later, Parties: []string{"梅溪村民委员会"}},
		RefusalState:  &RefusalStateV1{Proposal: samplePrev, Party: "梅溪村民委员会", Interested: true, Text: "同意不予许可，附村民会议记录", Waived: true, Proof: material.Attachments},
		ResultPropose: &ResultProposeV1{Result: "1", Measure: ResultCorrect, Ground: GroundClerical, Reason: "住所门牌号录入有误",
			Replacement: IssuedDocument{Name: "食品经营许可证", Number: "JY13305990001234-2", ValidUntil: "2031-11-22"}},
		ResultState:   &ResultStateV1{Proposal: samplePrev, Text: "当时已如实申报", Waived: true},
		ResultDecide:  &ResultDecideV1{Proposal: samplePrev, Agreed: true, Reasons: "经核对申请材料，确系录入错误"},
		ResultReissue: &ResultReissueV1{Result: "1", Number: "JY13305990001234-3", Reason: "持有人声明遗失"},
		ResultServe:   &ResultServeV1{Proposal: samplePrev, Recipient: "王芳", Method: "left", Proof: material.Attachments, Relation: "配偶", Witness: "村委会 李强", Reason: "拒绝签收", Since: later, Consent: material.Attachments},
		CustodySend: &CustodySendV1{List: "J261123-KEMQHAPB", From: "330523110200", To: "330523110", Carrier: "乡镇通讯员", Note: "随车送达",
			Papers: []MovedPaper{{Original: Original{Material: "户口簿", Brought: sampleCase}, After: sampleCase}}},
		CustodyReceive: &CustodyReceiveV1{Sent: samplePrev, At: "330523110", Note: "当面清点", Received: []MarkedPaper{{Original: Original{Material: "户口簿", Brought: sampleCase}, Note: "缺末页"}},
			Missing: []MarkedPaper{{Original: Original{Material: "结婚证", Brought: sampleCase}, Note: "袋中没有"}}},
		AttachmentConfirm: &AttachmentConfirmV1{Hash: hashText(), Size: 1024, Hubs: []string{"county-1", "county-2"}},
		AttentionResolve:  &AttentionResolveV1{Entry: samplePrev, Note: "已重新提交", ReplacedBy: sampleCase},
	}
}

// newerSamples has one body of every later version of a kind.
func newerSamples() map[versionedKind]Body {
	return map[versionedKind]Body{
		{HearingAsk, 2}:    &HearingAskV2{Party: "王芳", Waived: true, Reason: "无异议", Proof: []catalog.AttachmentRef{{Hash: hashText(), Name: "放弃听证声明.pdf", Size: 1024, Type: "application/pdf"}}},
		{RatingContact, 2}: &RatingContactV2{Rating: sampleCase, Channel: ByPhone, AtMS: sampleAt, Reached: true, Verified: true, Satisfied: true, Note: "属实，已致歉"},
	}
}

func samplePackage(material catalog.SubmittedMaterial) *PackageSubmitV1 {
	return &PackageSubmitV1{Number: "33052311020020261123010000450", Package: "PK-06", Version: 1, Department: "县卫生健康局", Division: "330523110200",
		Applicant: Applicant{Type: "person", Name: "王芳", IDNumber: "330523198001011234", Phone: "13800000000"},
		Form:      []catalog.FieldValue{{Key: "applicant_name", Value: "王芳"}}, Materials: []catalog.SubmittedMaterial{material},
		Applying: []string{"结婚证"}, HandedInAt: "330523110200",
		Members: []PackageMember{{Item: "TB-GAJ-001", ItemVersion: 1, Number: "33052311020020261123010000460"}, {Item: "TB-YBJ-001", ItemVersion: 2, Number: "33052311020020261123010000470"}}}
}

func sampleSubmission(material catalog.SubmittedMaterial) *CaseSubmitV1 {
	return &CaseSubmitV1{Number: "33052311020020261123010000450", Item: "TB-MZJ-004", ItemVersion: 1, Department: "县民政局", Division: "330523110200",
		Applicant: Applicant{Type: "person", Name: "王芳", IDNumber: "330523198001011234", Phone: "13800000000"},
		Form:      []catalog.FieldValue{{Key: "applicant_name", Value: "王芳"}}, Materials: []catalog.SubmittedMaterial{material},
		Applying: []string{"残疾人证"}, HandedInAt: "330523110200", Corrects: samplePrev,
		Steps: []Step{{node.Village, VerbAccept}, {node.Township, VerbPreReview}, {node.County, VerbDecide}, {node.County, VerbIssue}, {node.Village, VerbDeliver}}}
}

// sampleEntry is a signed entry of a kind.
func sampleEntry(tb testing.TB, info Info) Entry {
	tb.Helper()
	body := samples()[info.Kind]
	if info.V > 1 {
		body = newerSamples()[versionedKind{info.Kind, info.V}]
	}
	raw, err := json.Marshal(body)
	if err != nil {
		tb.Fatal(err)
	}
	e := Entry{ID: sampleCase, Kind: info.Kind, V: info.V, Origin: "village-200", Seq: 7,
		Actor: identity.Actor{Staff: "s-9", Name: "陈红", Role: identity.VillageWorker, Node: "village-200"}, Scope: "330523110200", OccurredAt: sampleAt, Body: raw}
	if info.Case {
		e.Case = sampleCase
		if !info.Beside && !info.Kind.Opens() {
			e.ID, e.Prev = samplePrev, sampleCase
		}
	}
	if err := e.Sign(sampleKey()); err != nil {
		tb.Fatal(err)
	}
	return e
}
