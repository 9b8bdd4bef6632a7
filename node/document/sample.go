package document

import (
	"fmt"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
)

// PaperSample is how a paper has to look (材料样本): of the application form filled in
// with generated answers, or in the item's own words. It is no document of a case and
// says so in every place where somebody might take it for one.
const PaperSample Kind = "paper_sample"

// sampleMark stands over all of it.
const sampleMark = "样本，仅供参照填写，不作为凭证"

// Sample makes the specimen of a paper of an item. answers are those generated for
// its form (SampleAnswers).
func Sample(item *catalog.Item, m *catalog.Material, issuer Issuer, on calendar.Date) *Document {
	d := &Document{Kind: PaperSample, Template: Template, Title: m.Name + "（样本）", Issuer: issuer, Item: Item{item.Code, item.Name}, Date: on}
	d.add("说明", sampleMark).add("形式", fmt.Sprintf("%s %d 份", m.Form, m.Copies)).add("要求", m.SampleNote)
	if m.SampleForm {
		for _, a := range SampleAnswers(item, on) {
			d.add(a.Label, a.Value)
		}
		d.Signatures = []string{"申请人（签名或盖章）", "日期"}
	}
	d.Text = append(d.Text, m.SampleText...)
	return d
}

// SampleAnswers fills in a form with what belongs to nobody: names that say so, and
// numbers of an area code that was never assigned.
func SampleAnswers(item *catalog.Item, on calendar.Date) []Line {
	var lines []Line
	firm := item.Subject == catalog.SubjectLegal
	for _, f := range item.Form {
		if item.Subject == catalog.SubjectBoth && f.Key == catalog.KeyUSCC {
			continue // the specimen is a person's
		}
		lines = append(lines, Line{f.Label, sampleAnswer(f, firm, on)})
	}
	return lines
}

// Synthetic: the area 330599 is unassigned, the check digits fit.
const (
	sampleID   = "33059919850412005X"
	sampleUSCC = "91330599MA000TB146"
)

func sampleAnswer(f catalog.Field, firm bool, on calendar.Date) string {
	switch f.Type {
	case catalog.TypeIDNumber:
		return sampleID
	case catalog.TypeUSCC:
		return sampleUSCC
	case catalog.TypePhone:
		return "13800000000"
	case catalog.TypeDate:
		return on.String()
	case catalog.TypeNumber:
		return "1"
	case catalog.TypeAddress:
		return "某某镇某某村1号"
	case catalog.TypeEnum:
		if len(f.Options) > 0 {
			return f.Options[0]
		}
	case catalog.TypeText:
		return "（按实际情况填写）"
	}
	if f.Key == catalog.KeyApplicantType {
		return "自然人"
	}
	if firm && f.Key == "company_name" {
		return "某某有限责任公司"
	}
	return "某某（样本）"
}
