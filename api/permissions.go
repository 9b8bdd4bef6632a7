package api

import "github.com/tongban/tongban/node/identity"

// permission is who may ask for an operation at all. Whether they may do it
// to one case, item or place is decided again with that in hand (Actor.As),
// and a third time by the ledger when the entry is applied.
type permission struct {
	// public: anybody. login: anybody who is logged in, about themselves.
	public, login bool
	// applicant: an applicant, about what is theirs; never staff.
	applicant bool
	// initial: also before the initial password is changed.
	initial bool
	action  identity.Action
	// here: it is the node itself that is asked for, so the right must reach
	// the node's own division. Whose right ends at a village carries nothing
	// out of a hub.
	here bool
}

func may(a identity.Action) permission     { return permission{action: a} }
func mayHere(a identity.Action) permission { return permission{action: a, here: true} }

var (
	anybody = permission{public: true}
	oneself = permission{login: true, initial: true}
	visitor = permission{applicant: true}
)

// routePermissions has a row for every operation of the document; a test
// fails when one is missing. docs/permissions.md is printed from it and from
// identity.Grants.
var routePermissions = map[string]permission{
	"login":          anybody,
	"refreshSession": anybody,
	"getSession":     oneself,
	"logout":         oneself,
	"changePassword": oneself,
	"getBrowserKey":  permission{login: true},
	"addDevice":      {login: true},
	"listDevices":    {login: true},
	"getDeviceKey":   {login: true},
	"revokeDevice":   {login: true},

	"getThisNode": anybody,
	"getDemo":     anybody,
	"getLAN":      anybody,
	"getLANCode":  anybody,
	// A phone has to trust it before anybody can log in there.
	"getCountyCertificate": anybody,
	"listNodes":            may(identity.NodeRead),
	"getNode":              may(identity.NodeRead),
	"inviteNode":           may(identity.NodeManage),
	"revokeNode":           may(identity.NodeManage),
	"renameNode":           may(identity.NodeManage),

	// The law asks for items to be public (Administrative Licence Law art. 30).
	"listItems":        anybody,
	"getItem":          anybody,
	"listLifeEvents":   anybody,
	"getItemSheet":     anybody,
	"getPaperSample":   anybody,
	"getDue":           anybody,
	"listEditions":     anybody,
	"listItemVersions": may(identity.ItemRead),
	"diffItem":         may(identity.ItemRead),
	"listDrafts":       may(identity.ItemRead),
	"validateItems":    may(identity.ItemDraft),
	"importItems":      may(identity.ItemDraft),
	"draftItem":        may(identity.ItemDraft),
	"approveItems":     may(identity.ItemApprove),
	"publishEdition":   may(identity.EditionPublish),
	"cancelEdition":    may(identity.EditionPublish),
	"withdrawItem":     may(identity.EditionPublish),
	"setOverlay":       may(identity.OverlaySet),

	"listPackages":        anybody,
	"getPackage":          anybody,
	"importPackages":      may(identity.ItemDraft),
	"validatePackages":    may(identity.ItemDraft),
	"listPackageVersions": may(identity.ItemRead),
	"getPackageVersion":   may(identity.ItemRead),

	"listDivisions":   anybody,
	"importDivisions": may(identity.DivisionImport),
	"getCalendar":     anybody,
	"importCalendar":  may(identity.CalendarImport),

	"listStaff":          may(identity.StaffRead),
	"addStaff":           may(identity.StaffManage),
	"setStaffRoles":      may(identity.StaffManage),
	"disableStaff":       may(identity.StaffManage),
	"resetStaffPassword": may(identity.StaffManage),

	"setStaffRoster":       may(identity.StaffManage),
	"setSubstitute":        may(identity.StaffManage),
	"openAccount":          mayHere(identity.AccountOpen),
	"findAccount":          mayHere(identity.AccountOpen),
	"setAccountAgents":     mayHere(identity.AccountOpen),
	"attestAccountContact": mayHere(identity.AccountOpen),
	"disableAccount":       may(identity.AccountDisable),

	"listOnlinePackages":   anybody,
	"submitMyJointCase":    visitor,
	"checkMyJointCase":     visitor,
	"listMyJointCases":     visitor,
	"getMyJointCase":       visitor,
	"actOnMyJointCase":     visitor,
	"listMyJointDocuments": visitor,
	"getMyJointDocument":   visitor,

	"activateAccount":     anybody,
	"logInApplicant":      anybody,
	"refreshApplicant":    anybody,
	"listOnlineItems":     anybody,
	"getMySession":        visitor,
	"logOutApplicant":     visitor,
	"changeMyPassword":    visitor,
	"getProvider":         anybody,
	"beginProviderLogin":  anybody,
	"finishProviderLogin": anybody,
	"beginProviderLink":   visitor,
	"finishProviderLink":  visitor,
	"unlinkProvider":      visitor,
	"newTOTP":             visitor,
	"getMyBrowserKey":     visitor,
	"setTOTP":             visitor,
	"setMyAgents":         visitor,
	"getPaperFigures":     anybody,
	"getMyPrefill":        visitor,
	"putMyAttachment":     visitor,
	"beginMyAttachment":   visitor,
	"appendMyAttachment":  visitor,
	"getMyAttachment":     visitor,
	"submitMyCase":        visitor,
	"checkMyCase":         visitor,
	"listMyResults":       visitor,
	"streamMyChanges":     visitor,
	"listMyCases":         visitor,
	"listMyNotices":       visitor,
	"listMyComplaints":    visitor,
	"openMyComplaint":     visitor,
	"setMyContact":        visitor,
	"sendMyContactCode":   visitor,
	"confirmMyContact":    visitor,
	"getMyCase":           visitor,
	"getMyTimeline":       visitor,
	"listMyDocuments":     visitor,
	"openMyDocument":      visitor,
	"actOnMyCase":         visitor,
	"getPaperMonths":      may(identity.StatisticsRead),
	"recordConsent":       may(identity.RecordConsent),
	"withdrawConsent":     may(identity.RecordConsent),
	"lookUpRecord":        may(identity.RecordUse),
	"traceRecord":         may(identity.RevealRead),
	"voidPaper":           may(identity.PaperVoid),
	"getMyRecord":         visitor,
	"giveMyConsent":       visitor,
	"withdrawMyConsent":   visitor,

	"beginAttachment":  mayHere(identity.CaseSubmit),
	"headAttachment":   mayHere(identity.CaseSubmit),
	"appendAttachment": mayHere(identity.CaseSubmit),
	"getAttachment":    may(identity.CaseReveal),

	"submitCase":         may(identity.CaseSubmit),
	"checkCase":          may(identity.CaseSubmit),
	"listCases":          may(identity.CaseRead),
	"findCases":          may(identity.CaseRead),
	"listUnsealed":       may(identity.CaseRead),
	"streamChanges":      {login: true}, // names only what the caller may read
	"getCase":            may(identity.CaseRead),
	"getCaseTimeline":    may(identity.CaseRead),
	"listReveals":        may(identity.RevealRead),
	"resubmitCase":       may(identity.CaseSubmit),
	"getCaseLimits":      may(identity.CaseRead),
	"getCaseEvidence":    mayHere(identity.LedgerProve), // and the case itself has to be readable
	"listCaseDocuments":  may(identity.CaseRead),
	"getCaseDocument":    may(identity.CaseReveal),
	"printCaseDocument":  may(identity.CasePrint),
	"printJointDocument": may(identity.CasePrint),
	"sealCaseDocument":   may(identity.CaseSeal),
	"voidCaseDocument":   may(identity.CaseSeal),
	"listGuides":         may(identity.GuideRead),
	"openGuide":          mayHere(identity.GuideDo),
	"actOnGuide":         may(identity.GuideDo),
	"getCaseArchive":     may(identity.CaseRead),
	"archiveCase":        may(identity.CaseArchive),
	"exportCaseArchive":  may(identity.CaseReveal),
	"listArchives":       may(identity.CaseRead),
	"getCaseResults":     may(identity.CaseRead),
	"listExpiring":       may(identity.CaseRead),
	// Which right the kind asks for is decided in the handler.
	"actOnCaseResults": may(identity.CaseRead),
	"getCasePapers":    may(identity.CaseRead),
	"listTransfers":    may(identity.CaseRead),
	"getTransfer":      may(identity.CaseRead),
	// It names cases and papers, and nobody.
	"getTransferDocument": may(identity.CaseRead),
	"handOver":            may(identity.CustodyMove),
	"receiveTransfer":     may(identity.CustodyMove),
	// Which action the kind asks for is decided in the handler.
	"actOnCase": may(identity.CaseRead),

	"offerRating":            may(identity.RatingOffer),
	"giveRating":             anybody, // with a proof of being the applicant
	"listRatings":            may(identity.RatingRead),
	"getRatingFigures":       may(identity.RatingFigures),
	"actOnRating":            may(identity.RatingHandle),
	"answerRectification":    may(identity.RatingAnswer),
	"getStatistics":          may(identity.StatisticsRead),
	"getCatalogStatistics":   anybody, // the items in force are public
	"getServiceRules":        anybody,
	"setServiceRules":        may(identity.ServiceRules),
	"openComplaint":          anybody,
	"listComplaints":         may(identity.ComplaintRead),
	"getComplaint":           may(identity.ComplaintRead),
	"assignComplaint":        may(identity.ComplaintAssign),
	"replyComplaint":         may(identity.ComplaintHandle),
	"getComplaintNotice":     may(identity.ComplaintHandle),
	"listRectifications":     may(identity.RatingOrders),
	"getRectificationNotice": may(identity.RatingOrders),
	"getCaseFees":            may(identity.FeeRead),
	// Which right the kind asks for is decided in the handler.
	"actOnCaseFees":       may(identity.FeeRead),
	"listFees":            may(identity.FeeRead),
	"getCaseNotices":      may(identity.CaseRead),
	"listNotices":         may(identity.NoticeRead),
	"getNotice":           may(identity.NoticeRead),
	"retryNotice":         may(identity.NoticeRetry),
	"submitPackage":       may(identity.CaseSubmit),
	"resubmitPackage":     may(identity.CaseSubmit),
	"checkPackage":        may(identity.CaseSubmit),
	"listJointCases":      may(identity.CaseRead),
	"getJointCase":        may(identity.CaseRead),
	"actOnJointCase":      may(identity.CaseRead),
	"listJointDocuments":  may(identity.CaseRead),
	"getJointDocument":    may(identity.CaseReveal),
	"getBoard":            may(identity.SupervisionRead),
	"listBoardCases":      may(identity.SupervisionRead),
	"getThresholds":       may(identity.CardRead),
	"setThresholds":       may(identity.SupervisionSet),
	"listCards":           may(identity.CardRead),
	"getCard":             may(identity.CardRead),
	"listInquiries":       may(identity.CardRead),
	"getScorecard":        may(identity.AppraisalRead),
	"setScorecard":        may(identity.AppraisalManage),
	"getAttendance":       may(identity.AppraisalRead),
	"recordAttendance":    may(identity.AttendanceRecord),
	"readAttendanceTable": may(identity.AttendanceRecord),
	"listAppraisals":      may(identity.AppraisalRead),
	"getMyAppraisal":      may(identity.AppraisalOwn),
	"getAppraisal":        may(identity.AppraisalRead),
	"actOnAppraisal":      may(identity.AppraisalManage),
	"listMarks":           may(identity.AppraisalRead),
	"markAppraisal":       may(identity.AppraisalManage),
	"listObjections":      may(identity.AppraisalRead),
	"objectToAppraisal":   may(identity.AppraisalOwn),
	"answerObjection":     may(identity.AppraisalManage),
	"listSamples":         may(identity.SampleRead),
	"drawSample":          may(identity.SampleDraw),
	"getSample":           may(identity.SampleRead),
	"reviewSample":        may(identity.SampleReview),
	// Anybody may draw again.
	"listPublicSamples":   anybody,
	"getPublicSample":     anybody,
	"getPublicPopulation": anybody,
	// Which action the kind asks for is decided in the handlers.
	"actOnCard":          may(identity.CardRead),
	"getCaseSupervision": may(identity.CaseRead),
	"superviseCase":      may(identity.CaseRead),

	"getSync":          mayHere(identity.SyncRead),
	"syncNow":          mayHere(identity.SyncRead),
	"reconcile":        mayHere(identity.SyncRead),
	"listAttention":    may(identity.AttentionRead),
	"getAttention":     may(identity.AttentionRead),
	"resolveAttention": may(identity.AttentionDo),

	"listHubs":           mayHere(identity.SyncRead),
	"addHub":             mayHere(identity.HubManage),
	"removeHub":          mayHere(identity.HubManage),
	"transferLeadership": mayHere(identity.HubManage),

	"getLevel":   may(identity.NodeRead),
	"raiseLevel": may(identity.HubManage),
	"renewNode":  mayHere(identity.BackupTake),

	// The law asks for progress by code and for decisions to be public (art. 40).
	"lookUpCase":        anybody,
	"listPublicCases":   anybody,
	"listPublicRatings": anybody,
	"lookUpComplaint":   anybody,
	"listRelief":        anybody,
	"streamHall":        anybody,
	"openItems":         anybody,
	"openDecisions":     anybody,

	// Whoever holds a paper may check it, without asking anybody.
	"listSeals":      anybody,
	"makeSeal":       may(identity.SealManage),
	"revokeSeal":     may(identity.SealManage),
	"verifyDocument": anybody,
	"verifyResult":   anybody,
	"getKeyring":     anybody,

	"rotateTrust":     may(identity.TrustRotate),
	"exportCarry":     mayHere(identity.CarryData),
	"importCarry":     mayHere(identity.CarryData),
	"takeBackup":      mayHere(identity.BackupTake),
	"getLastBackup":   mayHere(identity.BackupTake),
	"listBackups":     mayHere(identity.BackupTake),
	"keepBackup":      mayHere(identity.BackupTake),
	"getKeptBackup":   mayHere(identity.BackupTake),
	"checkBackup":     mayHere(identity.BackupTake),
	"getCheckpoint":   mayHere(identity.SyncRead),
	"getLedgerProof":  mayHere(identity.LedgerProve),
	"getRecovery":     mayHere(identity.LedgerProve),
	"declareRecovery": may(identity.TrustRotate),
	"recordAgain":     may(identity.TrustRotate),

	"healthz":     anybody,
	"readyz":      anybody,
	"metrics":     anybody, // its own token, where one is set
	"getDocument": anybody,
	"getDocs":     anybody,
}
