package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
)

// lookup reads single rows, of the transaction under way or of the last
// committed state.
type lookup interface {
	row(ctx context.Context, query string, args ...any) scanner
}

type committed struct{ db querier }

func (c committed) row(ctx context.Context, query string, args ...any) scanner {
	return c.db.QueryRowContext(ctx, query, args...)
}

// ScopeOf is who may see an entry with this content: the scope to stamp it
// with, and whether the nodes below may see it too. Origins do not choose it;
// an entry with another scope is refused.
func (s *Store) ScopeOf(ctx context.Context, caseID string, body ledger.Body) (division.Code, bool, error) {
	switch b := body.(type) {
	case *ledger.CaseSubmitV1:
		return b.Division, false, nil
	case *ledger.PackageSubmitV1:
		return b.Division, false, nil
	case *ledger.PackageNoticeV1, *ledger.PackageSupplementV1, *ledger.PackageWithdrawV1:
		c, err := s.Joint(ctx, caseID)
		if err != nil {
			return "", false, err
		}
		return c.Division, false, nil
	}
	if desk, err := deskOf(ctx, committed{s.read}, body); err != nil || desk.Division != "" {
		return desk.Division, false, err
	}
	if caseID != "" {
		c, err := s.Case(ctx, caseID)
		if _, ok := body.(*ledger.AttachmentConfirmV1); ok && errors.Is(err, ErrNotFound) {
			// A refused hand-in has no case, and its files come up all the same.
			scope, err := divisionOf(ctx, committed{s.read}, `SELECT scope FROM attachments WHERE case_id = ? LIMIT 1`, caseID, err)
			return scope, false, err
		}
		if besideJoint(body) && errors.Is(err, ErrNotFound) {
			// It can be looked at like a case, by those who may read it, and its
			// papers lie with it.
			if c, err := s.Joint(ctx, caseID); err == nil || !errors.Is(err, ErrNotFound) {
				return divisionOfJoint(c), false, err
			}
			if _, looked := body.(*ledger.CaseRevealV1); !looked {
				return "", false, ErrNotFound
			}
			aside, err := s.SetAside(ctx, caseID)
			if err == nil && len(aside) == 0 {
				err = ErrNotFound
			}
			if err != nil {
				return "", false, err
			}
			return aside[0].Readers, false, nil
		}
		if err != nil {
			return "", false, err
		}
		return c.Division, false, nil
	}
	return scopeOf(ctx, committed{s.read}, s.self.County(), body)
}

func scopeOf(ctx context.Context, db lookup, county division.Code, body ledger.Body) (scope division.Code, subtree bool, err error) {
	switch b := body.(type) {
	case *ledger.CountyTrustV1, *ledger.CountyRecoveryV1, *ledger.LevelRaiseV1, *ledger.DivisionImportV1, *ledger.CalendarImportV1, *ledger.ItemApproveV1, *ledger.PackageApproveV1, *ledger.EditionPublishV1, *ledger.EditionCancelV1,
		*ledger.SupervisionThresholdsV1:
		return "", false, nil
	case *ledger.SealMakeV1, *ledger.SealRevokeV1:
		return "", false, nil // anybody anywhere may hold a document under its code
	case *ledger.LineOutageV1:
		return b.Division, false, nil
	case *ledger.AppraisalPublishV1:
		return "", false, nil
	case *ledger.AttendanceRecordV1:
		return b.Division, false, nil
	case *ledger.AppraisalResultV1:
		return b.Division, false, nil
	case *ledger.AppraisalObjectV1:
		return b.Division, false, nil
	case *ledger.AppraisalAnswerV1:
		return b.Division, false, nil
	case *ledger.StaffRosterV1:
		scope, err = divisionOf(ctx, db, selectStaffDivision, b.Staff, staffUnknown)
		return scope, false, err
	case *ledger.StaffSubstituteV1:
		scope, err = divisionOf(ctx, db, selectStaffDivision, b.Staff, staffUnknown)
		return scope, false, err
	case *ledger.NodeEnrolV1:
		return b.Credential.Division, true, nil
	case *ledger.NodeRenewV1:
		return b.Credential.Division, true, nil
	case *ledger.NodeRevokeV1:
		scope, err = divisionOf(ctx, db, selectNodeDivision, b.Node, nodeUnknown)
		return scope, true, err
	case *ledger.NodeRenameV1:
		scope, err = divisionOf(ctx, db, selectNodeDivision, b.Node, nodeUnknown)
		return scope, true, err
	case *ledger.StaffAddV1:
		return b.Division, false, nil
	case *ledger.StaffRolesV1:
		scope, err = divisionOf(ctx, db, selectStaffDivision, b.Staff, staffUnknown)
		return scope, false, err
	case *ledger.StaffDisableV1:
		scope, err = divisionOf(ctx, db, selectStaffDivision, b.Staff, staffUnknown)
		return scope, false, err
	case *ledger.StaffPasswordV1:
		scope, err = divisionOf(ctx, db, selectStaffDivision, b.Staff, staffUnknown)
		return scope, false, err
	case *ledger.DeviceRegisterV1:
		return b.Division, false, nil
	case *ledger.DeviceRevokeV1:
		return b.Division, false, nil
	case *ledger.AccountOpenV1:
		return b.Division, false, nil
	case *ledger.AccountAgentsV1:
		return b.Division, false, nil
	case *ledger.AccountAttestV1:
		return b.Division, false, nil
	case *ledger.RecordConsentV1:
		return b.Division, false, nil
	case *ledger.RecordWithdrawV1:
		scope, err = divisionOf(ctx, db, selectConsentDivision, b.Consent, consentUnknown)
		return scope, false, err
	case *ledger.RecordLookV1:
		scope, err = divisionOf(ctx, db, selectConsentDivision, b.Consent, consentUnknown)
		return scope, false, err
	case *ledger.OverlaySetV1:
		return b.Overlay.Office, true, nil
	case *ledger.ServiceRulesV1:
		return "", false, nil
	case *ledger.RatingGiveV1:
		return b.At, false, nil
	case *ledger.RatingOrderV1:
		return b.Division, false, nil
	case *ledger.RatingRectifyV1:
		scope, err = divisionOf(ctx, db, selectRectificationDivision, b.Rating, ratingUnknown)
		return scope, false, err
	case *ledger.RatingContestV1:
		scope, err = divisionOf(ctx, db, selectRectificationDivision, b.Rating, ratingUnknown)
		return scope, false, err
	case *ledger.GuideOpenV1:
		return b.Division, false, nil
	case *ledger.GuideHandV1, *ledger.GuideAcceptV1, *ledger.GuideCloseV1:
		scope, err = divisionOf(ctx, db, selectGuideDivision, subjectOf(body), guideUnknown)
		return scope, false, err
	case *ledger.ComplaintOpenV1:
		return b.At, false, nil
	case *ledger.ComplaintAssignV1:
		scope, err = divisionOf(ctx, db, selectComplaintScope, b.Complaint, complaintUnknown)
		return scope, false, err
	case *ledger.ComplaintReplyV1:
		scope, err = divisionOf(ctx, db, selectComplaintScope, b.Complaint, complaintUnknown)
		return scope, false, err
	case *ledger.ComplaintRevealV1:
		scope, err = divisionOf(ctx, db, selectComplaintScope, b.Complaint, complaintUnknown)
		return scope, false, err
	case *ledger.NoticeSettleV1:
		return b.Division, false, nil
	case *ledger.NoticeRetryV1:
		return b.Division, false, nil
	case *ledger.NoticeChannelsV1:
		return "", false, nil // so that a notice is queued everywhere alike
	case *ledger.AttentionResolveV1:
		scope, err = divisionOf(ctx, db, `SELECT scope FROM attention WHERE entry = ?`, b.Entry, attentionUnknown)
		return scope, false, err
	}
	// Drafts, invitations, what was lost, how a rating was handled and applicants'
	// passwords stay at the county.
	return county, false, nil
}

const (
	selectNodeDivision  = `SELECT division FROM nodes WHERE id = ?`
	selectStaffDivision = `SELECT division FROM staff WHERE id = ?`

	selectConsentDivision       = `SELECT division FROM consents WHERE id = ?`
	selectRectificationDivision = `SELECT division FROM rectifications WHERE rating = ?`
	selectComplaintScope        = `SELECT scope FROM complaints WHERE number = ?`
)

var (
	nodeUnknown      = refuse("node_unknown", "没有这个节点", "there is no such node")
	staffUnknown     = refuse("staff_unknown", "没有这名工作人员", "there is no such member of staff")
	attentionUnknown = refuse("attention_unknown", "没有这条待处理事项", "nothing asks for attention under this entry")
)

func divisionOf(ctx context.Context, db lookup, query, id string, unknown error) (division.Code, error) {
	var d string
	err := db.row(ctx, query, id).Scan(&d)
	if errors.Is(err, sql.ErrNoRows) {
		return "", unknown
	}
	return division.Code(d), storage("read division", err)
}

// CounterPrefix is what the case numbers of one node on one day share; their
// counters are kept under it.
func CounterPrefix(n casework.Number) string { return counterPrefix(n.Compact()) }

func divisionOfJoint(c *joint.Case) division.Code {
	if c == nil {
		return ""
	}
	return c.Division
}
