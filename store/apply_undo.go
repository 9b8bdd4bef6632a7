package store

import (
	"encoding/json"
	"slices"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
)

// redoable lists the kinds that change what an entry of this kind changed, for
// the kinds that a node below the county may record outside a case. Such a
// subject can be made anew from the entries that stand.
func redoable(k ledger.Kind) []ledger.Kind {
	switch k {
	case ledger.StaffAdd, ledger.StaffRoles, ledger.StaffDisable, ledger.StaffPassword, ledger.StaffRoster, ledger.StaffSubstitute:
		return []ledger.Kind{ledger.StaffAdd, ledger.StaffRoles, ledger.StaffDisable, ledger.StaffPassword, ledger.StaffRoster, ledger.StaffSubstitute}
	case ledger.DeviceRegister, ledger.DeviceRevoke:
		return []ledger.Kind{ledger.DeviceRegister, ledger.DeviceRevoke}
	case ledger.AccountOpen, ledger.AccountAgents, ledger.AccountAttest:
		return []ledger.Kind{ledger.AccountOpen, ledger.AccountAgents, ledger.AccountAttest}
	case ledger.RecordConsent, ledger.RecordWithdraw:
		return []ledger.Kind{ledger.RecordConsent, ledger.RecordWithdraw}
	case ledger.GuideOpen, ledger.GuideHand, ledger.GuideAccept, ledger.GuideClose:
		return []ledger.Kind{ledger.GuideOpen, ledger.GuideHand, ledger.GuideAccept, ledger.GuideClose}
	case ledger.OverlaySet:
		return []ledger.Kind{ledger.OverlaySet}
	case ledger.SealMake, ledger.SealRevoke:
		return []ledger.Kind{ledger.SealMake, ledger.SealRevoke}
	case ledger.AttentionResolve:
		return []ledger.Kind{ledger.AttentionResolve}
	case ledger.RatingGive:
		return []ledger.Kind{ledger.RatingGive}
	case ledger.RatingRectify, ledger.RatingContest:
		return []ledger.Kind{ledger.RatingOrder, ledger.RatingRectify, ledger.RatingContest}
	case ledger.AttendanceRecord:
		return []ledger.Kind{ledger.AttendanceRecord}
	case ledger.AppraisalObject, ledger.AppraisalAnswer:
		return []ledger.Kind{ledger.AppraisalObject, ledger.AppraisalAnswer}
	case ledger.ComplaintOpen, ledger.ComplaintAssign, ledger.ComplaintReply:
		return []ledger.Kind{ledger.ComplaintOpen, ledger.ComplaintAssign, ledger.ComplaintReply}
	}
	return nil
}

// undo takes back an entry outside a case that was applied here and that the
// county refused: what it changed is made anew from the entries that stand.
func (a *applier) undo(e *ledger.Entry) error {
	if e.Kind == ledger.NodeRenew {
		return a.undoRenewal(e)
	}
	if supervises(e.Kind) {
		return a.remakeCards(e.Case)
	}
	if e.Kind == ledger.CustodySend || e.Kind == ledger.CustodyReceive {
		return a.custodyAnew(e.Case)
	}
	if e.Kind == ledger.CaseArchive {
		return a.archiveAnew(e.Case)
	}
	if slices.Contains(result.Kinds, e.Kind) {
		return a.resultsAnew(e.Case)
	}
	if e.Kind == ledger.RecordLook || e.Kind == ledger.PaperVoid {
		return a.undoRecord(e)
	}
	kinds := redoable(e.Kind)
	if len(kinds) == 0 {
		return nil // a node below the county records no others
	}
	body, err := e.Decode()
	if err != nil {
		return err
	}
	if b, ok := body.(*ledger.AttentionResolveV1); ok {
		return a.settleAnew(b.Entry)
	}
	return a.anew(kinds, body)
}

// anew makes what a body changes of nothing but the entries that stand, the
// county's first, in its order.
func (a *applier) anew(kinds []ledger.Kind, body ledger.Body) error {
	subject := subjectOf(body)
	if err := a.reset(body); err != nil {
		return err
	}
	list, err := json.Marshal(kinds)
	if err != nil {
		return err
	}
	standing, err := a.past(`status = 'applied' AND kind IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return err
	}
	now := a.now
	defer func() { a.now = now }()
	for _, p := range standing {
		body, err := p.e.Decode()
		if err != nil {
			return err
		}
		if subjectOf(body) != subject {
			continue
		}
		a.now = p.at
		if err := a.project(&p.e); err != nil {
			return err
		}
	}
	return nil
}

// subjectOf names the row that a body changes.
func subjectOf(body ledger.Body) string {
	switch b := body.(type) {
	case *ledger.StaffAddV1:
		return b.Staff
	case *ledger.StaffRolesV1:
		return b.Staff
	case *ledger.StaffDisableV1:
		return b.Staff
	case *ledger.StaffPasswordV1:
		return b.Staff
	case *ledger.StaffRosterV1:
		return b.Staff
	case *ledger.StaffSubstituteV1:
		return b.Staff
	case *ledger.DeviceRegisterV1:
		return b.Device
	case *ledger.DeviceRevokeV1:
		return b.Device
	case *ledger.AccountOpenV1:
		return b.Type + " " + b.Number
	case *ledger.AccountAgentsV1:
		return account.Organisation + " " + b.Number
	case *ledger.AccountAttestV1:
		return b.Type + " " + b.Number
	case *ledger.RecordConsentV1:
		return b.Consent
	case *ledger.RecordWithdrawV1:
		return b.Consent
	case *ledger.OverlaySetV1:
		return b.Overlay.Item + " " + string(b.Overlay.Office)
	case *ledger.SealMakeV1:
		return string(b.Certificate.Division) + " " + b.Certificate.Department
	case *ledger.SealRevokeV1:
		return string(b.Division) + " " + b.Department
	case *ledger.AttentionResolveV1:
		return b.Entry
	case *ledger.RatingGiveV1:
		return b.Occasion
	case *ledger.RatingOrderV1:
		return b.Rating
	case *ledger.RatingRectifyV1:
		return b.Rating
	case *ledger.RatingContestV1:
		return b.Rating
	case *ledger.AttendanceRecordV1:
		return string(b.Division) + " " + b.Department
	case *ledger.AppraisalObjectV1:
		return b.Month + " " + b.Staff
	case *ledger.AppraisalAnswerV1:
		return b.Month + " " + b.Staff
	case *ledger.GuideOpenV1:
		return b.Guide
	case *ledger.GuideHandV1:
		return b.Guide
	case *ledger.GuideAcceptV1:
		return b.Guide
	case *ledger.GuideCloseV1:
		return b.Guide
	case *ledger.ComplaintOpenV1:
		return b.Number
	case *ledger.ComplaintAssignV1:
		return b.Complaint
	case *ledger.ComplaintReplyV1:
		return b.Complaint
	}
	return ""
}

// reset takes everything back that entries of a redoable kind wrote.
func (a *applier) reset(body ledger.Body) error {
	switch b := body.(type) {
	case *ledger.StaffPasswordV1:
		delete(a.s.people, b.Staff)
		a.s.touched = true
		return a.w.exec(a.ctx, `DELETE FROM staff WHERE id = ?`, b.Staff)
	case *ledger.SealMakeV1:
		return a.forgetSeals(b.Certificate.Division, b.Certificate.Department)
	case *ledger.SealRevokeV1:
		return a.forgetSeals(b.Division, b.Department)
	case *ledger.DeviceRegisterV1, *ledger.DeviceRevokeV1:
		return a.w.exec(a.ctx, `DELETE FROM field_devices WHERE id = ?`, subjectOf(body))
	case *ledger.AccountOpenV1:
		return a.w.exec(a.ctx, `DELETE FROM accounts WHERE type = ? AND number = ?`, b.Type, b.Number)
	case *ledger.AccountAttestV1:
		return a.w.exec(a.ctx, `DELETE FROM accounts WHERE type = ? AND number = ?`, b.Type, b.Number)
	case *ledger.AccountAgentsV1:
		return a.w.exec(a.ctx, `DELETE FROM accounts WHERE type = ? AND number = ?`, account.Organisation, b.Number)
	case *ledger.RecordConsentV1:
		return a.w.exec(a.ctx, `DELETE FROM consents WHERE id = ?`, b.Consent)
	case *ledger.RecordWithdrawV1:
		return a.w.exec(a.ctx, `DELETE FROM consents WHERE id = ?`, b.Consent)
	case *ledger.OverlaySetV1:
		return a.w.exec(a.ctx, `DELETE FROM overlays WHERE item = ? AND office = ?`, b.Overlay.Item, string(b.Overlay.Office))
	case *ledger.RatingGiveV1:
		return a.w.exec(a.ctx, `DELETE FROM ratings WHERE occasion = ?`, b.Occasion)
	case *ledger.RatingRectifyV1:
		return a.w.exec(a.ctx, `DELETE FROM rectifications WHERE rating = ?`, b.Rating)
	case *ledger.RatingContestV1:
		return a.w.exec(a.ctx, `DELETE FROM rectifications WHERE rating = ?`, b.Rating)
	case *ledger.AttendanceRecordV1:
		return a.w.exec(a.ctx, `DELETE FROM attendance WHERE division = ? AND department = ?`, string(b.Division), b.Department)
	case *ledger.AppraisalObjectV1:
		return a.w.exec(a.ctx, `DELETE FROM appraisal_objections WHERE month = ? AND staff = ?`, b.Month, b.Staff)
	case *ledger.AppraisalAnswerV1:
		return a.w.exec(a.ctx, `DELETE FROM appraisal_objections WHERE month = ? AND staff = ?`, b.Month, b.Staff)
	case *ledger.GuideOpenV1, *ledger.GuideHandV1, *ledger.GuideAcceptV1, *ledger.GuideCloseV1:
		return a.w.exec(a.ctx, `DELETE FROM guides WHERE id = ?`, subjectOf(body))
	case *ledger.ComplaintOpenV1:
		return a.w.exec(a.ctx, `DELETE FROM complaints WHERE number = ?`, b.Number)
	case *ledger.ComplaintAssignV1:
		return a.w.exec(a.ctx, `DELETE FROM complaints WHERE number = ?`, b.Complaint)
	case *ledger.ComplaintReplyV1:
		return a.w.exec(a.ctx, `DELETE FROM complaints WHERE number = ?`, b.Complaint)
	}
	return nil
}

// past is an entry with the moment it was recorded.
type past struct {
	e  ledger.Entry
	at int64
}

const (
	selectPast = `SELECT entry, recorded_at FROM entries e WHERE `
	pastOrder  = ` ORDER BY idx IS NULL, idx, n`
)

// past reads entries in the order in which they stand: the county's first.
func (a *applier) past(where string, args ...any) ([]past, error) {
	rows, err := a.w.query(a.ctx, selectPast+where+pastOrder, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []past
	for rows.Next() {
		var raw []byte
		var p past
		if err := rows.Scan(&raw, &p.at); err != nil {
			return nil, storage("read entries", err)
		}
		if p.e, err = ledger.ParseEntry(raw); err != nil {
			return nil, storage("read entries", err)
		}
		all = append(all, p)
	}
	return all, storage("read entries", rows.Err())
}
