package storetest

import (
	"fmt"

	"github.com/tongban/tongban/node/ledger"
)

// KindOf is the kind of entry a body belongs to.
func KindOf(body ledger.Body) ledger.Kind {
	switch body.(type) {
	case *ledger.CountyTrustV1:
		return ledger.CountyTrust
	case *ledger.CountyRecoveryV1:
		return ledger.CountyRecovery
	case *ledger.CountyLostV1:
		return ledger.CountyLost
	case *ledger.NodeInviteV1:
		return ledger.NodeInvite
	case *ledger.NodeEnrolV1:
		return ledger.NodeEnrol
	case *ledger.NodeRevokeV1:
		return ledger.NodeRevoke
	case *ledger.NodeRenewV1:
		return ledger.NodeRenew
	case *ledger.NodeRenameV1:
		return ledger.NodeRename
	case *ledger.LevelRaiseV1:
		return ledger.LevelRaise
	case *ledger.DivisionImportV1:
		return ledger.DivisionImport
	case *ledger.CalendarImportV1:
		return ledger.CalendarImport
	case *ledger.StaffAddV1:
		return ledger.StaffAdd
	case *ledger.StaffRolesV1:
		return ledger.StaffRoles
	case *ledger.StaffDisableV1:
		return ledger.StaffDisable
	case *ledger.StaffPasswordV1:
		return ledger.StaffPassword
	case *ledger.ItemDraftV1:
		return ledger.ItemDraft
	case *ledger.ItemApproveV1:
		return ledger.ItemApprove
	case *ledger.EditionPublishV1:
		return ledger.EditionPublish
	case *ledger.EditionCancelV1:
		return ledger.EditionCancel
	case *ledger.OverlaySetV1:
		return ledger.OverlaySet
	case *ledger.CaseSubmitV1:
		return ledger.CaseSubmit
	case *ledger.CaseAcceptV1:
		return ledger.CaseAccept
	case *ledger.CaseRejectV1:
		return ledger.CaseReject
	case *ledger.CaseRelayV1:
		return ledger.CaseRelay
	case *ledger.CaseReviewV1:
		return ledger.CaseReview
	case *ledger.CaseReturnV1:
		return ledger.CaseReturn
	case *ledger.CaseDecideV1:
		return ledger.CaseDecide
	case *ledger.CaseIssueV1:
		return ledger.CaseIssue
	case *ledger.CaseDeliverV1:
		return ledger.CaseDeliver
	case *ledger.CaseCommentV1:
		return ledger.CaseComment
	case *ledger.CaseRevealV1:
		return ledger.CaseReveal
	case *ledger.CaseRequestSupplementV1:
		return ledger.CaseRequestSupplement
	case *ledger.CaseSupplementV1:
		return ledger.CaseSupplement
	case *ledger.CaseWithdrawV1:
		return ledger.CaseWithdraw
	case *ledger.CaseTerminateV1:
		return ledger.CaseTerminate
	case *ledger.CaseSuspendV1:
		return ledger.CaseSuspend
	case *ledger.CaseResumeV1:
		return ledger.CaseResume
	case *ledger.CaseExtendV1:
		return ledger.CaseExtend
	case *ledger.ServiceRulesV1:
		return ledger.ServiceRules
	case *ledger.RatingGiveV1:
		return ledger.RatingGive
	case *ledger.RatingContactV1:
		return ledger.RatingContact
	case *ledger.RatingOrderV1:
		return ledger.RatingOrder
	case *ledger.RatingRectifyV1:
		return ledger.RatingRectify
	case *ledger.RatingContestV1:
		return ledger.RatingContest
	case *ledger.RatingReportV1:
		return ledger.RatingReport
	case *ledger.RatingMarkV1:
		return ledger.RatingMark
	case *ledger.ComplaintOpenV1:
		return ledger.ComplaintOpen
	case *ledger.ComplaintAssignV1:
		return ledger.ComplaintAssign
	case *ledger.ComplaintReplyV1:
		return ledger.ComplaintReply
	case *ledger.ComplaintRevealV1:
		return ledger.ComplaintReveal
	case *ledger.AttachmentConfirmV1:
		return ledger.AttachmentConfirm
	case *ledger.AttentionResolveV1:
		return ledger.AttentionResolve
	}
	panic(fmt.Sprintf("storetest: no kind has a body of type %T", body))
}
