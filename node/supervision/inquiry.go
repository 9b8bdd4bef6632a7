package supervision

import (
	"slices"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/ledger"
)

// Inquiry is a question of a supervisor about a case, or an inquiry into how it
// is handled (立案调查); it waits for whoever held the case then.
type Inquiry struct {
	ID         string        `json:"id"`
	Case       string        `json:"case"`
	Formal     bool          `json:"formal,omitempty"`
	Desk       ledger.Desk   `json:"desk"`
	Asked      Said          `json:"asked"`
	AnswerBy   calendar.Date `json:"answer_by"`
	Answers    []Said        `json:"answers,omitempty"`
	Conclusion *Said         `json:"conclusion,omitempty"`
}

// Closed reports whether nothing more is awaited: a question is closed by its
// answer, an inquiry by its conclusion.
func (q *Inquiry) Closed() bool { return q.Conclusion != nil || !q.Formal && len(q.Answers) > 0 }

// NewInquiry is the inquiry that an entry opens.
func NewInquiry(e *ledger.Entry, b *ledger.InquiryOpenV1) (*Inquiry, error) {
	if b.AnswerBy.Before(dayOf(e)) {
		return nil, refuse("date_past", "答复期限已过", "the day for the answer has passed")
	}
	return &Inquiry{ID: e.ID, Case: e.Case, Formal: b.Formal, Desk: b.Desk, Asked: said(e, b.Question), AnswerBy: b.AnswerBy}, nil
}

// Happen is what an entry makes of an inquiry. The one given is not changed.
func (q *Inquiry) Happen(e *ledger.Entry, body ledger.Body) (*Inquiry, error) {
	next := *q
	next.Answers = slices.Clone(q.Answers)
	switch b := body.(type) {
	case *ledger.InquiryAnswerV1:
		if q.Closed() {
			return nil, inquiryClosed
		}
		next.Answers = append(next.Answers, said(e, b.Text))
	case *ledger.InquiryCloseV1:
		if q.Conclusion != nil {
			return nil, inquiryClosed
		}
		s := said(e, b.Conclusion)
		next.Conclusion = &s
	}
	return &next, nil
}

var inquiryClosed = refuse("inquiry_closed", "该问询已答复或已办结", "this has been answered or closed already")
