// Package catalog is the county's list of service items (事项): what may be
// applied for, on which law, with which papers and which form, who examines it
// and how long that may take.
//
// The county publishes items in editions; a case keeps the version that was in
// force when it was handed in, so a later edition never changes the rules of a
// running case. Nothing here does I/O or reads a clock.
//
// Struct order is the canonical order of the JSON (see Canonical), so fields
// are only ever added, and only as optional ones: the hash of a published
// version must stay reproducible for as long as its cases are kept.
package catalog

import "github.com/tongban/tongban/node"

// Item is one service matter (事项) as the public may read it. Publication of
// basis, conditions, steps, limits, papers, forms and fees is a duty under
// art. 30 of the Administrative Licence Law (行政许可法); the zh tag is the
// name under which a field is shown to people.
type Item struct {
	// Code is this project's stable code, TB-<department>-<nnn>.
	Code       string       `json:"code" zh:"事项编码"`
	Name       string       `json:"name" zh:"事项名称"`
	Type       ItemType     `json:"type" zh:"事项类型"`
	Department string       `json:"department" zh:"实施部门"`
	LegalBasis []LegalBasis `json:"legal_basis" zh:"法律依据"`
	Subject    Subject      `json:"subject" zh:"服务对象"`
	// AcceptTiers is where papers may be handed in.
	AcceptTiers []node.Tier `json:"accept_tiers" zh:"收件层级"`
	// ReviewSteps is who examines, in order. A hand-in tier below the first
	// step only collects and forwards (代收); one above it does the acceptance
	// itself and routes the file down for a lower first review.
	ReviewSteps []ReviewStep `json:"review_steps" zh:"办理环节"`
	DecideTier  node.Tier    `json:"decide_tier" zh:"决定层级"`
	// StatutoryWorkingDays is the law's limit (行政许可法 art. 42, 43 or a
	// special law); PromisedWorkingDays is the centre's own, shorter promise,
	// which also excludes the time of all special procedures.
	StatutoryWorkingDays int `json:"statutory_working_days" zh:"法定时限（工作日）"`
	PromisedWorkingDays  int `json:"promised_working_days" zh:"承诺时限（工作日）"`
	// PromiseReason says why the promise exceeds MaxPromise; empty otherwise.
	PromiseReason string `json:"promise_reason,omitempty" zh:"承诺时限说明"`
	// Instant marks 即办件: decided at the window on the same day (art. 34).
	Instant           bool               `json:"instant" zh:"即办件"`
	SpecialProcedures []SpecialProcedure `json:"special_procedures" zh:"特别程序"`
	Fee               Fee                `json:"fee" zh:"收费"`
	Materials         []Material         `json:"materials" zh:"申请材料"`
	Form              []Field            `json:"form" zh:"申请表"`
	Results           []Result           `json:"results" zh:"办理结果"`
	Phone             string             `json:"phone" zh:"咨询电话"`
	Location          string             `json:"location" zh:"办理地点"`
	Remarks           string             `json:"remarks,omitempty" zh:"备注"`
	// InPerson says why the applicant has to come themselves; with it the item
	// cannot be applied for from home. See Presence.
	InPerson string `json:"in_person,omitempty" zh:"须本人到场的原因"`
	// Publicity is "never" for an item of whose cases nothing may be published
	// although the rule would (PublicityOf). It can only take away.
	Publicity Publicity `json:"publicity,omitempty" zh:"公开程度"`
	// ReviewBody is who reconsiders what is decided (行政复议机关), where that is
	// not who the law says by default; see package remedy.
	ReviewBody string `json:"review_body,omitempty" zh:"行政复议机关"`
	// LifeEvents are what makes people ask for it (生活事件): they find it by these.
	LifeEvents []LifeEvent `json:"life_events,omitempty" zh:"生活事件"`
	// Conditions are what has to be met for it to be granted (许可条件), and Quantity
	// how many are granted at most, where that is limited: art. 30 has both
	// published. They are what the law says, and no more (优化营商环境条例 art. 35).
	Conditions []Condition `json:"conditions,omitempty" zh:"办理条件"`
	Quantity   string      `json:"quantity,omitempty" zh:"数量限制"`
}

// Condition is one thing that has to be met. Basis is where the law says so, if that
// is not the item's own basis.
type Condition struct {
	Text  string `json:"text" zh:"条件"`
	Basis string `json:"basis,omitempty" zh:"依据"`
}

// Unconditioned reports whether a licence does not say what has to be met for it.
func (i *Item) Unconditioned() bool { return i.Type == Licence && len(i.Conditions) == 0 }

// MaxPromise is the longest promise, in working days, that needs no reason.
const MaxPromise = 5

// ItemType is the legal nature of an item. Only a Licence is governed by the
// Administrative Licence Law itself; the others use the same engine with their
// own limits.
type ItemType string

// The item types, spelled as they are published.
const (
	Licence       ItemType = "行政许可"
	Confirmation  ItemType = "行政确认"
	Benefit       ItemType = "行政给付"
	Award         ItemType = "行政奖励"
	OtherPower    ItemType = "其他行政权力"
	PublicService ItemType = "公共服务"
)

// Valid reports whether t is one of the published types.
func (t ItemType) Valid() bool {
	switch t {
	case Licence, Confirmation, Benefit, Award, OtherPower, PublicService:
		return true
	}
	return false
}

// Subject is who may apply.
type Subject string

// The subjects. With SubjectBoth the form carries id_number and uscc, and
// exactly one of them is filled according to applicant_type.
const (
	SubjectNatural Subject = "自然人"
	SubjectLegal   Subject = "法人"
	SubjectBoth    Subject = "both"
)

// Valid reports whether s is a known subject.
func (s Subject) Valid() bool {
	return s == SubjectNatural || s == SubjectLegal || s == SubjectBoth
}

// LegalBasis names the law an item stands on. Article is empty where the
// article could not be verified; DocumentNo is the number of a policy document.
type LegalBasis struct {
	Law        string `json:"law" zh:"法律名称"`
	Article    string `json:"article,omitempty" zh:"条款" null:"yes"`
	DocumentNo string `json:"document_no,omitempty" zh:"文号"`
}

// Role is what is done in a review step.
type Role string

// The steps of examination, in the order in which they may occur.
const (
	StepAcceptance Role = "受理"
	StepPreReview  Role = "初审"
	StepReview     Role = "审核"
	StepDecide     Role = "审批"
)

// Valid reports whether r is a known step.
func (r Role) Valid() bool {
	switch r {
	case StepAcceptance, StepPreReview, StepReview, StepDecide:
		return true
	}
	return false
}

// ReviewStep is one station of a file: which tier does what.
type ReviewStep struct {
	Tier node.Tier `json:"tier" zh:"层级"`
	Role Role      `json:"role" zh:"环节"`
	// WorkingDays is the step's own part of the promise (环节时限). Where no step
	// after acceptance states one, the promise is shared evenly; acceptance has the
	// five days of its notice.
	WorkingDays int `json:"working_days,omitempty" zh:"环节时限（工作日）"`
}

// StepDue is by which working day of the promise the n-th step after acceptance is
// done, counted from 1: what the steps up to it state, else an even share, rounded
// up. The last is due with the promise at the latest.
func (i *Item) StepDue(n int) int {
	if len(i.ReviewSteps) < 2 {
		return i.PromisedWorkingDays
	}
	steps := i.ReviewSteps[1:]
	n = max(1, min(n, len(steps)))
	stated := 0
	for _, s := range steps[:n] {
		stated += s.WorkingDays
	}
	if stated == 0 {
		return (i.PromisedWorkingDays*n + len(steps) - 1) / len(steps)
	}
	return min(stated, i.PromisedWorkingDays)
}

// DayUnit says how a number of days is counted.
type DayUnit string

// The units used for special procedures.
const (
	WorkingDays DayUnit = "工作日"
	NaturalDays DayUnit = "自然日"
)

// SpecialProcedure (特别程序) is time that does not count towards the promise.
// SuspendsStatutoryClock is true only where the law itself excludes the time:
// the kinds of art. 45, or a special rule such as the adoption notice.
type SpecialProcedure struct {
	Name                   string  `json:"name" zh:"名称"`
	TypicalDays            int     `json:"typical_days" zh:"通常天数"`
	Unit                   DayUnit `json:"unit" zh:"单位"`
	SuspendsStatutoryClock bool    `json:"suspends_statutory_clock" zh:"不计入法定时限"`
}

// Fee is what the applicant pays. Standard is the published tariff in words,
// because tariffs depend on quantities and on provincial lists.
type Fee struct {
	Charged  bool   `json:"charged" zh:"是否收费"`
	Standard string `json:"standard" zh:"收费标准"`
	// Rates are the tariff in figures; without any, those that Standard states.
	Rates []FeeRate `json:"rates,omitempty" zh:"收费明细"`
	// AfterIssue: the result is made out, and handed over, before the fee is paid;
	// otherwise after it.
	AfterIssue bool `json:"after_issue,omitempty" zh:"制发后缴费"`
}

// Result is a document or certificate that the item ends in. ValidityYears is
// 0 where it does not expire or its term is fixed case by case.
type Result struct {
	Name          string `json:"name" zh:"结果名称"`
	ValidityYears int    `json:"validity_years,omitempty" zh:"有效期（年）" null:"yes"`
}
