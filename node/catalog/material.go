package catalog

import (
	"github.com/tongban/tongban/node/calendar"
)

// Material is a paper the applicant hands in. Condition is present exactly
// when the paper is not always required, and says when it is.
type Material struct {
	Name     string       `json:"name" zh:"材料名称"`
	Form     MaterialForm `json:"form" zh:"材料形式"`
	Copies   int          `json:"copies" zh:"份数"`
	Required bool         `json:"required" zh:"必要"`
	Source   string       `json:"source" zh:"来源"`
	// Shareable: may be reused from earlier cases or from a shared record, so
	// that people are not asked twice for what the government already has.
	Shareable bool   `json:"shareable" zh:"可共享"`
	Condition string `json:"condition,omitempty" zh:"适用情形"`
	// Minor says whether a case may be accepted before the paper comes.
	Minor Tolerance `json:"tolerable,omitempty" zh:"可容缺"`
	// What it has to look like: SampleNote in a sentence; SampleText the wording of
	// a specimen, a line each; SampleForm that it is the item's application form, of
	// which a specimen is made with generated answers. See package document, Sample.
	SampleNote string   `json:"sample_note,omitempty" zh:"填写和格式要求"`
	SampleText []string `json:"sample_text,omitempty" zh:"样本文字"`
	SampleForm bool     `json:"sample_form,omitempty" zh:"样本为填好的申请表"`
}

// HasSample reports whether there is anything to show of how it has to look.
func (m *Material) HasSample() bool {
	return m.SampleNote != "" || len(m.SampleText) > 0 || m.SampleForm
}

// maxSampleLines is how many lines a specimen may have: what fits on a page.
const maxSampleLines = 40

// maxCopies bounds what an item may demand and what can be handed in.
const maxCopies = 99

// MaterialForm is the form in which a paper is demanded.
type MaterialForm string

// The forms a catalogue may demand.
const (
	FormOriginal        MaterialForm = "原件"
	FormCopy            MaterialForm = "复印件"
	FormOriginalAndCopy MaterialForm = "原件和复印件"
	FormElectronic      MaterialForm = "电子"
)

// Valid reports whether f is a known form.
func (f MaterialForm) Valid() bool {
	switch f {
	case FormOriginal, FormCopy, FormOriginalAndCopy, FormElectronic:
		return true
	}
	return false
}

// SubmittedForm is the form in which a paper was handed in.
type SubmittedForm string

// The forms of a hand-in. Where original and copy are both demanded, they are
// two submitted materials of the same name.
const (
	SubmittedOriginal   SubmittedForm = "original"
	SubmittedCopy       SubmittedForm = "copy"
	SubmittedElectronic SubmittedForm = "electronic"
)

// SubmittedMaterial is one paper as the applicant handed it in.
type SubmittedMaterial struct {
	Name        string          `json:"name"`
	Form        SubmittedForm   `json:"form"`
	Copies      int             `json:"copies"`
	Attachments []AttachmentRef `json:"attachments"`
	// IssuedOn and ValidUntil are the day of issue and the last day of validity
	// that the paper itself has, where whoever took it in wrote them down: until
	// then it may be used again.
	IssuedOn   calendar.Date `json:"issued_on,omitzero"`
	ValidUntil calendar.Date `json:"valid_until,omitzero"`
	// OnFile is the paper of an earlier case that stands for this one; zero for
	// what was brought.
	OnFile OnFile `json:"on_file,omitzero"`
}

// AttachmentRef names the scanned content of a paper. The bytes travel apart
// from the ledger and are found by their hash; Name is what the applicant
// called the file and is only ever shown, never used as a path.
type AttachmentRef struct {
	Hash string `json:"hash"` // SHA-256, 64 lower-case hex digits
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
	Type string `json:"type"` // media type, one of Limits.Types
}
