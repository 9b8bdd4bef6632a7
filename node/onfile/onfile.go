// Package onfile is one form, filled once (一表制): with whose consent, for what
// and until when, what somebody handed in before is kept for use again, how long
// a paper stays good, and when it may stand for one that is asked for. It is
// pure: days, cases and what stands beside them come in as arguments.
//
// A record is nothing of its own. It is the papers and answers of somebody's
// earlier cases, which can be found again only while their consent holds.
package onfile

import (
	"slices"
	"strings"
	"time"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Consent is what somebody agreed to (Personal Information Protection Law arts.
// 13-15: for a stated purpose, and withdrawn as easily as it was given).
type Consent struct {
	ID string `json:"id"`
	// Type, Number and Name are whose it is.
	Type   string `json:"type"`
	Number string `json:"number"`
	Name   string `json:"name"`
	// Division is where it is known, and above.
	Division division.Code `json:"division"`
	// Purposes are what for: ledger.ConsentPapers, ledger.ConsentFields.
	Purposes []string `json:"purposes"`
	// GivenMS is when, Until the last day on which it holds.
	GivenMS int64         `json:"given_ms"`
	Until   calendar.Date `json:"until"`
	// By took it, who was shown Shown; the account itself when it was given from
	// home.
	By    identity.Actor `json:"by"`
	Shown string         `json:"shown,omitempty"`
	// WithdrawnMS is when it was withdrawn, 0 while it was not.
	WithdrawnMS  int64          `json:"withdrawn_ms,omitempty"`
	WithdrawnBy  identity.Actor `json:"withdrawn_by,omitzero"`
	WithdrawnWhy string         `json:"withdrawn_why,omitempty"`
}

// LongestConsent is for how many years a consent may be given *(convention)*.
const LongestConsent = 5

// CheckTerm refuses a consent that would have ended before it begins, and one
// that would hold for ever. One until the day on which it is given holds through the end
// of that day.
func CheckTerm(given, until calendar.Date) error {
	if until.Before(given) || until.DaysSince(given) > LongestConsent*366 {
		return refuse("consent_term", "同意的截止日不能早于今天，最长五年；填今天的，到今天结束时止", "a consent ends today at the earliest, with the end of the day, and after five years at most")
	}
	return nil
}

// Agreed is the consent under which something is used at a moment, Unix
// milliseconds, or why there is none. all are those of one number. Who withdraws
// withdraws everything agreed to before: nothing goes on under an older consent.
func Agreed(all []Consent, name, purpose string, at int64) (*Consent, error) {
	day := calendar.DateOf(time.UnixMilli(at))
	why := refuse("consent_missing", "未经本人同意，不能使用其存档材料和信息：请先征得同意并登记", "the person has not agreed to it; ask for their consent and record it first")
	withdrawn := func(c Consent) bool {
		return slices.ContainsFunc(all, func(w Consent) bool { return w.WithdrawnMS > 0 && w.WithdrawnMS <= at && c.GivenMS <= w.WithdrawnMS })
	}
	for i, c := range all {
		switch {
		case c.GivenMS > at || !account.SameName(c.Name, name):
		case withdrawn(c):
			why = refuse("consent_withdrawn", "本人已撤回同意，不能再使用其存档材料和信息", "the person has withdrawn their consent; nothing on file may be used")
		case day.After(c.Until):
			why = refuse("consent_expired", "同意已到期，请重新征得同意", "the consent has ended; ask for it anew")
		case !slices.Contains(c.Purposes, purpose):
			why = refuse("consent_purpose", "本人同意的用途不包括此项", "the consent is not for this purpose")
		default:
			return &all[i], nil
		}
	}
	return nil, why
}

// Paper is a paper of an earlier case.
type Paper struct {
	catalog.OnFile
	Attachments []catalog.AttachmentRef
	// Type, Number and Name are the applicant's of that case.
	Type, Number, Name string
	// Department and Office took it in.
	Department string
	Office     division.Code
	// BroughtOn is the day it was brought, IssuedOn and Stated the day of issue
	// and the last day of its validity as the paper has them.
	BroughtOn, IssuedOn, Stated calendar.Date
	// AcceptedMS is when the case was taken up, its papers having been looked at;
	// EndedMS when it ended without a result, and its papers went back.
	AcceptedMS, EndedMS int64
	// ReplacedMS is when another took its place in the case, VoidMS when it was
	// declared not good any more, and why.
	ReplacedMS, VoidMS int64
	VoidWhy            string
}

// Brought is what a supplement brought to a case.
type Brought struct {
	Entry     string
	AtMS      int64
	Materials []catalog.SubmittedMaterial
}

// Void says that a paper is not good any more.
type Void struct {
	Brought, Material string
	AtMS              int64
	Why               string
}

// Of are the papers of a case that have their content here: those of the hand-in
// and of its supplements, in their order. What was on file itself is not on file
// again, so that no paper outlives what was looked at.
func Of(c *casework.Case, supplements []Brought, voids []Void) []Paper {
	var papers []Paper
	all := append([]Brought{{c.OpenedBy(), c.HandedInMS, c.Materials}}, supplements...)
	for _, b := range all {
		for _, m := range b.Materials {
			for i := range papers {
				if papers[i].Material == m.Name && papers[i].Brought != b.Entry && papers[i].ReplacedMS == 0 {
					papers[i].ReplacedMS = max(b.AtMS, 1)
				}
			}
			if m.OnFile != (catalog.OnFile{}) || len(m.Attachments) == 0 {
				continue
			}
			papers = add(papers, c, b, m)
		}
	}
	for i := range papers {
		p := &papers[i]
		for _, v := range voids {
			if v.Brought == p.Brought && v.Material == p.Material && (p.VoidMS == 0 || v.AtMS < p.VoidMS) {
				p.VoidMS, p.VoidWhy = max(v.AtMS, 1), v.Why
			}
		}
	}
	return papers
}

// add takes a paper, or the other form of one: an original and its copy are one
// paper, good as long as both say.
func add(papers []Paper, c *casework.Case, b Brought, m catalog.SubmittedMaterial) []Paper {
	i := slices.IndexFunc(papers, func(p Paper) bool { return p.Material == m.Name && p.Brought == b.Entry })
	if i < 0 {
		ended := max(c.RejectedMS, c.TerminatedMS)
		return append(papers, Paper{OnFile: catalog.OnFile{Case: c.ID, Brought: b.Entry, Material: m.Name}, Attachments: slices.Clone(m.Attachments),
			Type: c.Applicant.Type, Number: c.Applicant.IDNumber, Name: c.Applicant.Name, Department: c.Department, Office: c.HandedInAt,
			BroughtOn: calendar.DateOf(time.UnixMilli(b.AtMS)), IssuedOn: m.IssuedOn, Stated: m.ValidUntil, AcceptedMS: c.AcceptedMS, EndedMS: ended})
	}
	p := &papers[i]
	for _, a := range m.Attachments {
		if !slices.ContainsFunc(p.Attachments, func(have catalog.AttachmentRef) bool { return have.Hash == a.Hash }) {
			p.Attachments = append(p.Attachments, a)
		}
	}
	p.IssuedOn, p.Stated = earlier(p.IssuedOn, m.IssuedOn), earlier(p.Stated, m.ValidUntil)
	return papers
}

// earlier is the earlier of two days, where no day says nothing.
func earlier(a, b calendar.Date) calendar.Date {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Periods are for how many days a paper is taken for true, by a word of its name
// *(convention)*: what it says changes. The first that fits counts. Those with a
// word say how things were when they were issued; others are looked at anew a year
// after they were brought.
var Periods = []struct {
	Word string
	Days int
}{
	{"无犯罪", 90}, {"清税", 90}, {"征信", 90}, {"诊断", 180}, {"病历", 180}, {"照片", 180}, {"婚姻状况", 180}, {"收入", 180}, {"困难", 180},
	{"健康", 365}, {"检验", 180}, {"检测", 180}, {"检疫", 30}, {"", 365},
}

// Until is the last day on which the paper may be used again: what it says of
// itself, and no longer than what it says stays true.
func (p *Paper) Until() calendar.Date {
	from := p.BroughtOn
	for _, period := range Periods {
		if !strings.Contains(p.Material, period.Word) {
			continue
		}
		if period.Word != "" {
			from = earlier(from, p.IssuedOn)
		}
		return earlier(from.AddDays(period.Days), p.Stated)
	}
	return from
}

// Good refuses a paper that is not on file at a moment, Unix milliseconds.
func (p *Paper) Good(at int64) error {
	switch on := calendar.DateOf(time.UnixMilli(at)); {
	case p.VoidMS > 0 && p.VoidMS <= at:
		return refuse("paper_void", "该存档材料已被更正或作废，不能再使用，请申请人重新提交", "the paper on file was declared void; it has to be brought anew")
	case p.ReplacedMS > 0 && p.ReplacedMS <= at:
		return refuse("paper_replaced", "该存档材料已被补正的材料取代，请使用新的", "a newer paper took its place in that case; use that one")
	case p.EndedMS > 0 && p.EndedMS <= at:
		return refuse("paper_returned", "原办件已终止或未受理，材料已退还，不能再使用", "the case it was brought to ended without a result, and its papers went back")
	case p.AcceptedMS == 0 || p.AcceptedMS > at:
		return refuse("paper_unchecked", "原办件尚未受理，材料未经核对，不能使用", "the case it was brought to was not taken up yet, so nobody has looked at it")
	case on.After(p.Until()):
		return refuse("paper_expired", "该存档材料已过有效期（"+p.Until().Chinese()+"），请申请人提交新的", "the paper on file was good until "+p.Until().String()+"; it has to be brought anew")
	}
	return nil
}

// Use is a paper on file as a hand-in names it.
type Use struct {
	Type, Number, Name string
	AtMS               int64
	Attachments        []catalog.AttachmentRef
}

// Check refuses to use a paper: without the consent of whose it is, for another
// person, when it is not good, or with other content than it has on file. p is
// nil for a paper that is not here.
func Check(p *Paper, consents []Consent, u Use) error {
	if p == nil {
		return refuse("paper_unknown", "没有这份存档材料，请申请人提交", "there is no such paper on file; it has to be brought")
	}
	if u.Number == "" || p.Type != u.Type || p.Number != u.Number || !account.SameName(p.Name, u.Name) {
		return refuse("paper_of_another", "该存档材料不是申请人本人的，不能使用", "the paper on file is another person's")
	}
	if _, err := Agreed(consents, u.Name, ledger.ConsentPapers, u.AtMS); err != nil {
		return err
	}
	if err := p.Good(u.AtMS); err != nil {
		return err
	}
	if !slices.Equal(p.Attachments, u.Attachments) {
		return refuse("paper_content", "附件与存档材料不符，请重新选择", "the files are not those of the paper on file")
	}
	return nil
}

func refuse(code, zh, en string) error { return &casework.Refusal{Code: code, ZH: zh, EN: en} }
