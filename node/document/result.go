package document

import (
	"fmt"
	"strings"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/result"
)

// ResultKinds are the documents about what became of a case's results, in the
// order in which they can be made out.
var ResultKinds = []Kind{CorrectionDecision, RevocationNotice, RevocationDecision, ResultServiceReceipt}

// measuresOf are what a document about results can be about.
func measuresOf(k Kind) []ledger.ResultMeasure {
	switch k {
	case CorrectionDecision:
		return []ledger.ResultMeasure{ledger.ResultCorrect}
	case RevocationNotice:
		return []ledger.ResultMeasure{ledger.ResultRevoke}
	case ResultServiceReceipt:
		return []ledger.ResultMeasure{ledger.ResultCorrect, ledger.ResultRevoke, ledger.ResultCancel}
	case RevocationDecision:
		return []ledger.ResultMeasure{ledger.ResultRevoke, ledger.ResultCancel}
	}
	return nil
}

// AboutResults reports whether a kind of document is about what became of a
// case's results.
func (k Kind) AboutResults() bool { return len(measuresOf(k)) > 0 }

// proposalOf is the last measure that a document is made of, and which of its
// kind it is; nil while there is none. A decision is of those that were agreed to.
func proposalOf(k Kind, f result.File) (p *result.Proposal, nth int) {
	if k != RevocationNotice {
		agreed := result.File{Results: f.Results}
		for _, q := range f.Proposals {
			if q.Decision != nil && q.Decision.Agreed {
				agreed.Proposals = append(agreed.Proposals, q)
			}
		}
		f = agreed
	}
	return f.Last(measuresOf(k)...)
}

// NthResult is which of its kind a document about results is; 0 while there is
// none.
func NthResult(k Kind, f result.File) int {
	_, nth := proposalOf(k, f)
	return nth
}

// MakeResult makes the document about the last measure of its kind: the decision
// that puts a result right (更正决定书), the notice that it is to be revoked, with
// the right to state and defend (拟撤销事先告知书), the decision that revokes or
// cancels it (撤销、注销决定书). The error is a *NotYet.
func MakeResult(k Kind, s Subject, f result.File) (*Document, error) {
	p, nth := proposalOf(k, f)
	if p == nil {
		return nil, &NotYet{k}
	}
	r := f.Find(p.Result)
	if r == nil {
		return nil, &NotYet{k}
	}
	if k == ResultServiceReceipt {
		return resultReceipt(s, f, p, r, nth), nil
	}
	d := &Document{Kind: k, Template: Template, Title: titles[k], Issuer: s.Issuer, Case: printed(s.Case.Number), Item: Item{s.Item.Code, s.Item.Name}, To: s.Case.Applicant.Name}
	d.add("证照名称", r.Name).add("证照编号", r.Number)
	if k == RevocationNotice {
		d.Date = day(p.AtMS)
		d.add("拟作出的决定", measureZH[p.Measure]).add("依据", s.ground(p.Ground)).add("事实与理由", p.Reason).add("陈述申辩期限", p.Before.Chinese()+"前")
		d.Text = []string{stating, "你（单位）认为该决定直接涉及重大利益、需要听证的，可在上述期限内随陈述申辩一并提出，不收取费用。"}
		d.Signatures = []string{"告知人", "被告知人"}
	} else {
		d.Date = day(p.Decision.AtMS)
		d.add("决定", measureZH[p.Measure]).add("依据", s.ground(p.Ground)).add("事实", p.Reason).add("理由", p.Decision.Reasons)
		if len(p.Statements) > 0 {
			var rows []string
			for _, x := range p.Statements {
				rows = append(rows, fmt.Sprintf("%s　%s", day(x.AtMS).Chinese(), x.Text))
			}
			d.list("持有人的陈述申辩", rows)
		}
		if fresh := f.Find(r.By); fresh != nil && p.Measure == ledger.ResultCorrect {
			d.list("更正后的证照", []string{strings.TrimSpace(fresh.Name + " " + fresh.Number)})
			d.Text = []string{"原件自本决定作出之日起由更正后的证照取代，请交回原件。更正不收取费用。"}
		} else {
			d.Text = []string{"上述证照自本决定作出之日起" + measureZH[p.Measure] + "，不再有效，请交回原件；撤销、注销情况向社会公开。"}
		}
		d.remedy(s)
	}
	d.Number = Number(k, d.Date, d.Case, nth)
	return d, nil
}

// DecisionOf is the kind of the decision on a measure.
func DecisionOf(m ledger.ResultMeasure) Kind {
	if m == ledger.ResultCorrect {
		return CorrectionDecision
	}
	return RevocationDecision
}

// DecisionNow is the measure that a kind of decision is made out about now; nil for none.
func DecisionNow(k Kind, f result.File) *result.Proposal {
	p, _ := proposalOf(k, f)
	return p
}

// resultReceipt is the proof of delivery (送达回证) of the last decision about a
// result: to be signed while it was not served, and a record of it then.
func resultReceipt(s Subject, f result.File, p *result.Proposal, r *result.Result, nth int) *Document {
	decision := DecisionOf(p.Measure)
	which := 0
	for _, q := range f.Proposals {
		if q.Decision != nil && q.Decision.Agreed && DecisionOf(q.Measure) == decision {
			which++
		}
	}
	d := &Document{Kind: ResultServiceReceipt, Template: Template, Title: titles[ResultServiceReceipt], Issuer: s.Issuer, Case: printed(s.Case.Number), Item: Item{s.Item.Code, s.Item.Name}, To: s.Case.Applicant.Name, Date: day(p.Decision.AtMS)}
	rows := []string{titles[decision] + " " + Number(decision, day(p.Decision.AtMS), d.Case, which)}
	if fresh := f.Find(r.By); fresh != nil && p.Measure == ledger.ResultCorrect {
		rows = append(rows, strings.TrimSpace(fresh.Name+" "+fresh.Number))
	}
	d.list("送达的文书", rows)
	d.add("证照名称", r.Name).add("证照编号", r.Number)
	d.Signatures = []string{"送达人", "受送达人", "送达日期"}
	if x := p.Decision.Served; x != nil {
		d.Date = day(x.AtMS)
		d.add("受送达人", x.Recipient).add("与持有人的关系", x.Relation).add("送达方式", methods[x.Method]).add("见证人", x.Witness).add("事由", x.Reason).add("送达人", x.By.Name)
		if !x.Since.IsZero() {
			d.add("公告日期", x.Since.Chinese())
		}
		if x.Witness != "" {
			d.Signatures = append(d.Signatures, "见证人")
		}
	}
	d.Number = Number(ResultServiceReceipt, d.Date, d.Case, nth)
	return d
}

var measureZH = map[ledger.ResultMeasure]string{ledger.ResultCorrect: "更正", ledger.ResultRevoke: "撤销", ledger.ResultCancel: "注销"}

// ground is the ground of a measure as documents name it, with the article of the
// Administrative Licence Law for a licence.
func (s Subject) ground(g ledger.Ground) string {
	x := groundZH[g]
	if !s.licence() || x.article == "" {
		return x.text
	}
	return licenceLaw + x.article + "：" + x.text
}

var groundZH = map[ledger.Ground]struct{ article, text string }{
	ledger.GroundClerical: {"", "文书笔误"}, ledger.GroundAbuse: {"第六十九条", "滥用职权、玩忽职守作出"}, ledger.GroundPowers: {"第六十九条", "超越法定职权作出"},
	ledger.GroundProcedure: {"第六十九条", "违反法定程序作出"}, ledger.GroundUnqualified: {"第六十九条", "申请人不具备申请资格或者不符合法定条件"},
	ledger.GroundDeceit: {"第六十九条", "以欺骗、贿赂等不正当手段取得"}, ledger.GroundExpired: {"第七十条", "有效期届满未延续"},
	ledger.GroundDeceased: {"第七十条", "公民死亡或者丧失行为能力"}, ledger.GroundDissolved: {"第七十条", "法人或者其他组织依法终止"},
	ledger.GroundRevoked: {"第七十条", "依法被撤回或者吊销"}, ledger.GroundImpossible: {"第七十条", "因不可抗力无法实施"}, ledger.GroundWish: {"", "持有人申请"},
}
