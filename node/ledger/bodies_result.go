package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

// The bodies in this file are frozen: a change is a new version. They are what
// becomes of the results of a case after they were issued (制发之后): put right,
// made out again, revoked or cancelled. They stand beside the case, for the
// authority that decided answers for its results wherever the case is held and
// long after it has ended.

// ResultMeasure is what an authority does with a result that it issued.
type ResultMeasure string

// The measures.
const (
	ResultCorrect ResultMeasure = "correct" // 更正: a clerical error
	ResultRevoke  ResultMeasure = "revoke"  // 撤销: it should not have been granted (art. 69)
	ResultCancel  ResultMeasure = "cancel"  // 注销: it holds no more (art. 70)
)

// Ground is the ground in law for a measure.
type Ground string

// The grounds: those of Administrative Licence Law art. 69 for a revocation, those
// of art. 70 for a cancellation.
const (
	GroundClerical    Ground = "clerical"    // 笔误
	GroundAbuse       Ground = "abuse"       // 滥用职权、玩忽职守
	GroundPowers      Ground = "powers"      // 超越法定职权
	GroundProcedure   Ground = "procedure"   // 违反法定程序
	GroundUnqualified Ground = "unqualified" // 申请人不具备资格或不符合条件
	GroundDeceit      Ground = "deceit"      // 以欺骗、贿赂等不正当手段取得
	GroundExpired     Ground = "expired"     // 有效期届满未延续
	GroundDeceased    Ground = "deceased"    // 公民死亡或丧失行为能力
	GroundDissolved   Ground = "dissolved"   // 法人或其他组织依法终止
	GroundRevoked     Ground = "revoked"     // 依法被撤销、撤回或吊销
	GroundImpossible  Ground = "impossible"  // 因不可抗力无法实施
	GroundWish        Ground = "wish"        // 持有人申请（法律、法规规定的其他情形）
)

// GroundsOf are the grounds on which a measure can be taken.
func GroundsOf(m ResultMeasure) []Ground {
	switch m {
	case ResultCorrect:
		return []Ground{GroundClerical}
	case ResultRevoke:
		return []Ground{GroundAbuse, GroundPowers, GroundProcedure, GroundUnqualified, GroundDeceit}
	case ResultCancel:
		return []Ground{GroundExpired, GroundDeceased, GroundDissolved, GroundRevoked, GroundImpossible, GroundWish}
	}
	return nil
}

// Heard reports whether whoever holds a result has the right to be heard before
// the measure is decided: a result is taken for a reason that they may dispute.
func Heard(m ResultMeasure) bool { return m == ResultRevoke }

// ResultProposeV1 proposes a measure about a result (拟更正、拟撤销、拟注销).
// Whoever proposes does not decide.
type ResultProposeV1 struct {
	// Result is the result's id in its case: its place among those that were
	// issued, or the entry that made it.
	Result  string        `json:"result"`
	Measure ResultMeasure `json:"measure"`
	Ground  Ground        `json:"ground"`
	Reason  string        `json:"reason"`
	// Replacement is what takes its place; for a correction.
	Replacement IssuedDocument `json:"replacement,omitzero"`
	// Before is the last day on which the holder may state and defend; for a
	// revocation.
	Before calendar.Date `json:"before,omitzero"`
}

// Check implements Body.
func (b *ResultProposeV1) Check() error {
	switch {
	case !slices.Contains(GroundsOf(b.Measure), b.Ground):
		return fmt.Errorf("measure %q on the ground %q", b.Measure, b.Ground)
	case (b.Measure == ResultCorrect) != (b.Replacement != IssuedDocument{}):
		return errors.New("a correction, and nothing else, has what takes the place of the result")
	case Heard(b.Measure) == b.Before.IsZero():
		return errors.New("a revocation, and nothing else, sets the holder a day to be heard")
	}
	return first(checkReplacement(b.Replacement, b.Measure != ResultCorrect), required("result", b.Result, maxIDBytes), required("reason", b.Reason, maxText))
}

func checkReplacement(d IssuedDocument, none bool) error {
	if none {
		return nil
	}
	if d.ValidUntil != "" {
		if _, err := calendar.Parse(d.ValidUntil); err != nil {
			return err
		}
	}
	return first(required("replacement.name", d.Name, maxName), required("replacement.number", d.Number, maxName))
}

// ResultStateV1 is what the holder says of a measure that is proposed (陈述申辩),
// taken at any desk.
type ResultStateV1 struct {
	// Proposal is the entry that proposed it.
	Proposal string `json:"proposal"`
	Text     string `json:"text"`
	// Waived: the holder gives up the right to be heard, which takes what the holder
	// wrote.
	Waived bool `json:"waived,omitempty"`
	// Proof are scans of the holder's written statement.
	Proof []catalog.AttachmentRef `json:"proof,omitempty"`
}

// Check implements Body.
func (b *ResultStateV1) Check() error {
	return first(checkProof(b.Proof), required("proposal", b.Proposal, maxIDBytes), required("text", b.Text, maxText))
}

// ResultDecideV1 decides on a measure that was proposed, with reasons.
type ResultDecideV1 struct {
	Proposal string `json:"proposal"`
	Agreed   bool   `json:"agreed"`
	Reasons  string `json:"reasons"`
}

// Check implements Body.
func (b *ResultDecideV1) Check() error {
	return first(required("proposal", b.Proposal, maxIDBytes), required("reasons", b.Reasons, maxText))
}

// ResultReissueV1 makes a result out again that its holder has lost, or that was
// destroyed (补发). Nothing but its number changes.
type ResultReissueV1 struct {
	Result string `json:"result"`
	// Number is that of what is made out, Reason what became of the one before.
	Number string `json:"number"`
	Reason string `json:"reason"`
}

// Check implements Body.
func (b *ResultReissueV1) Check() error {
	return first(required("result", b.Result, maxIDBytes), required("number", b.Number, maxName), required("reason", b.Reason, maxText))
}

// ResultServeV1 says that the decision on a measure was served (送达), in which way and
// on whom, as CaseDeliverV1 says it of what a case ended in.
type ResultServeV1 struct {
	// Proposal is the entry that proposed the measure.
	Proposal  string `json:"proposal"`
	Recipient string `json:"recipient"`
	// Method is one of direct, left, post, electronic, entrusted, notice.
	Method   string                  `json:"method"`
	Proof    []catalog.AttachmentRef `json:"proof,omitempty"`
	Relation string                  `json:"relation,omitempty"`
	Witness  string                  `json:"witness,omitempty"`
	Reason   string                  `json:"reason,omitempty"`
	Since    calendar.Date           `json:"since,omitzero"`
	Consent  []catalog.AttachmentRef `json:"consent,omitempty"`
}

// Delivery is how it was served.
func (b *ResultServeV1) Delivery() *CaseDeliverV1 {
	return &CaseDeliverV1{Recipient: b.Recipient, Method: b.Method, Proof: b.Proof, Relation: b.Relation, Witness: b.Witness, Reason: b.Reason, Since: b.Since, Consent: b.Consent}
}

// Check implements Body.
func (b *ResultServeV1) Check() error {
	return first(b.Delivery().Check(), required("proposal", b.Proposal, maxIDBytes))
}
