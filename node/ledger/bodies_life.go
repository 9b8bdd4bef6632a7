package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

// The bodies in this file are frozen: a change is a new version. They are what
// the law knows in the life of a case beside its ordinary steps: what is
// missing, what stops its clock, what prolongs it, what ends it early.

// Problem says what is the matter with a paper or an answer.
type Problem string

// The problems a notice of what is missing can name.
const (
	ProblemMissing Problem = "missing" // 缺少
	ProblemWrong   Problem = "wrong"   // 不符合要求
	ProblemUnclear Problem = "unclear" // 不清晰，无法辨认
)

// SupplementPoint is one thing that is missing or wrong: a material of the
// item, or else a field of its form.
type SupplementPoint struct {
	Material string  `json:"material,omitempty"`
	Field    string  `json:"field,omitempty"`
	Problem  Problem `json:"problem"`
	// How tells the applicant how to put it right.
	How string `json:"how"`
}

// CaseRequestSupplementV1 is the one-time notice of everything that is missing
// or wrong (一次性补正告知书, Administrative Licence Law art. 32 no. 4).
type CaseRequestSupplementV1 struct {
	Points []SupplementPoint `json:"points"`
	// Before is the last day on which the applicant may hand in what is
	// missing; none when the notice sets no limit.
	Before calendar.Date `json:"before,omitzero"`
	// Again says why a second notice is sent although the law knows but one.
	// It is a finding of supervision.
	Again string `json:"again,omitempty"`
	// Supplements are the entries that have brought what was missing by now, and
	// Tolerated what may come later: the notice need not name these.
	Supplements []string            `json:"supplements,omitempty"`
	Tolerated   []ToleratedMaterial `json:"tolerated,omitempty"`
}

const maxPoints = 100

// Check implements Body.
func (b *CaseRequestSupplementV1) Check() error {
	if len(b.Points) == 0 {
		return errors.New("no points")
	}
	return first(checkPoints(b.Points), checkBrought(b.Supplements, b.Tolerated), optional("again", b.Again, maxText))
}

func checkPoints(points []SupplementPoint) error {
	if len(points) > maxPoints {
		return fmt.Errorf("%d points", len(points))
	}
	for i, p := range points {
		path := fmt.Sprintf("points[%d]", i)
		if (p.Material == "") == (p.Field == "") {
			return fmt.Errorf("%s names a material or a field", path)
		}
		if !slices.Contains([]Problem{ProblemMissing, ProblemWrong, ProblemUnclear}, p.Problem) {
			return fmt.Errorf("%s.problem %q", path, p.Problem)
		}
		if err := first(optional(path+".material", p.Material, maxName), optional(path+".field", p.Field, maxName),
			required(path+".how", p.How, maxText)); err != nil {
			return err
		}
	}
	return nil
}

// CaseSupplementV1 hands in what was missing (补正). It stands beside the case:
// any desk that may take the case in takes it, wherever the case is held.
type CaseSupplementV1 struct {
	Materials []catalog.SubmittedMaterial `json:"materials,omitempty"`
	Form      []catalog.FieldValue        `json:"form,omitempty"`
	Note      string                      `json:"note,omitempty"`
}

// Check implements Body.
func (b *CaseSupplementV1) Check() error {
	if len(b.Materials)+len(b.Form) == 0 {
		return errors.New("a supplement holds materials or answers")
	}
	if len(b.Form) > 200 || len(b.Materials) > 100 {
		return errors.New("too many fields or materials")
	}
	return first(brings(b.Materials), optional("note", b.Note, maxText))
}

// CaseWithdrawV1 is the applicant's wish to withdraw (撤回申请). It stands
// beside the case; whoever holds it ends it.
type CaseWithdrawV1 struct {
	Reason string `json:"reason"`
	// Proof is what the applicant signed.
	Proof []catalog.AttachmentRef `json:"proof,omitempty"`
	// TakenBack: the applicant wants the case to go on after all.
	TakenBack bool `json:"taken_back,omitempty"`
}

// Check implements Body.
func (b *CaseWithdrawV1) Check() error {
	if len(b.Proof) > 20 {
		return fmt.Errorf("%d proofs", len(b.Proof))
	}
	return required("reason", b.Reason, maxText)
}

// Cause is why a case ends without a decision.
type Cause string

// The causes of a termination.
const (
	CauseWithdrawn       Cause = "withdrawn"        // 申请人撤回
	CauseNotSupplemented Cause = "not_supplemented" // 逾期未补正
	CauseMoot            Cause = "moot"             // 申请人死亡、终止或事项不再存在
	CausePrerequisite    Cause = "prerequisite"     // 联办件中须先办的事项未获准
)

// CaseTerminateV1 ends a case that needs no decision any more (终止办理).
type CaseTerminateV1 struct {
	Cause  Cause  `json:"cause"`
	Reason string `json:"reason"`
	// PapersReturned says that the applicant got the papers back.
	PapersReturned bool `json:"papers_returned"`
}

// Check implements Body.
func (b *CaseTerminateV1) Check() error {
	if !slices.Contains([]Cause{CauseWithdrawn, CauseNotSupplemented, CauseMoot, CausePrerequisite}, b.Cause) {
		return fmt.Errorf("cause %q", b.Cause)
	}
	return required("reason", b.Reason, maxText)
}

// CaseSuspendV1 begins a special procedure (特别程序): its time does not count,
// and the applicant is told in writing how long it takes (art. 45).
type CaseSuspendV1 struct {
	// Procedure is one that the item names.
	Procedure string `json:"procedure"`
	// Lawful says that the law itself leaves the time out, and not only the
	// centre's promise.
	Lawful bool `json:"lawful"`
	// Until is the last day the applicant was told. The clock goes on after it by
	// itself, whether the result is there or not.
	Until  calendar.Date `json:"until"`
	Reason string        `json:"reason"`
	// Officers are the names of those who go to look at a place (art. 34).
	Officers []string `json:"officers,omitempty"`
	Dues     Dues     `json:"dues,omitzero"`
}

const maxOfficers = 20

// Check implements Body.
func (b *CaseSuspendV1) Check() error {
	if b.Until.IsZero() {
		return errors.New("a special procedure without a last day")
	}
	if len(b.Officers) > maxOfficers {
		return fmt.Errorf("%d officers", len(b.Officers))
	}
	for i, name := range b.Officers {
		if err := required("officer", name, maxName); err != nil || slices.Contains(b.Officers[:i], name) {
			return fmt.Errorf("officers[%d] is empty, too long or named twice", i)
		}
	}
	return first(required("procedure", b.Procedure, maxName), required("reason", b.Reason, maxText))
}

// CaseResumeV1 ends a special procedure with its result.
type CaseResumeV1 struct {
	Procedure string `json:"procedure"`
	// On is the day the result came, the last that does not count.
	On     calendar.Date `json:"on"`
	Result string        `json:"result"`
	Dues   Dues          `json:"dues,omitzero"`
}

// Check implements Body.
func (b *CaseResumeV1) Check() error {
	if b.On.IsZero() {
		return errors.New("a special procedure ends without a day")
	}
	return first(required("procedure", b.Procedure, maxName), required("result", b.Result, maxText))
}

// CaseExtendV1 gives a case more time, once, by whoever heads the deciding
// authority, and tells the applicant why (art. 42).
type CaseExtendV1 struct {
	// Days are working days, ten at most.
	Days   int    `json:"days"`
	Reason string `json:"reason"`
	Dues   Dues   `json:"dues,omitzero"`
}

// MaxExtension is the most working days by which a case may be extended.
const MaxExtension = 10

// Check implements Body.
func (b *CaseExtendV1) Check() error {
	if b.Days < 1 || b.Days > MaxExtension {
		return fmt.Errorf("%d days", b.Days)
	}
	return required("reason", b.Reason, maxText)
}

// Dues are the dates that an applicant was told, by the calendar of the day: a
// later calendar changes none of them without saying so.
type Dues struct {
	Promised  calendar.Date `json:"promised,omitzero"`
	Statutory calendar.Date `json:"statutory,omitzero"`
	// JointPromised and JointStatutory are those of the joint matter that the case is
	// part of, where what happens to the case is what moves them: those the applicant
	// hears, while the first two are the department's own.
	JointPromised  calendar.Date `json:"joint_promised,omitzero"`
	JointStatutory calendar.Date `json:"joint_statutory,omitzero"`
}

// ToleratedMaterial is a minor paper that may be handed in later (容缺受理).
type ToleratedMaterial struct {
	Material string `json:"material"`
	// Before is the last day on which it is still in time.
	Before calendar.Date `json:"before"`
}
