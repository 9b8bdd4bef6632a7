package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/ledger"
)

// showMissing prints what was missing in a case, what was told of it, what may
// come later and what came.
func showMissing(s *sheet, lang language, v *client.Case) {
	s.line(lang.pick("收件时缺", "lacking"), strings.Join(v.Lacking, lang.pick("、", ", ")))
	for i, p := range v.Notice.Points {
		label := lang.pick("已告知补正", "asked for")
		if i > 0 {
			label = ""
		}
		s.line(label, fmt.Sprintf("%s %s %s", p.Material+p.Field, problemName(lang, p.Problem), p.How))
	}
	if len(v.Notice.Points) > 0 {
		s.line(lang.pick("告知", "told"), strings.TrimSpace(v.Notice.On.String()+" "+v.Notice.By.Name))
		s.line(lang.pick("补正期限", "by"), v.Notice.Before.String())
	}
	for _, t := range v.Tolerated {
		s.line(lang.pick("容缺", "may come later"), fmt.Sprintf(lang.pick("%s，%s 前补交", "%s, until %s"), t.Material, t.Before))
	}
	for _, b := range v.Supplements {
		var brought []string
		for _, m := range b.Materials {
			brought = append(brought, m.Name)
		}
		for _, f := range b.Form {
			brought = append(brought, f.Key+"="+f.Value)
		}
		s.line(lang.pick("补正", "supplement"), strings.Join([]string{moment(b.At), cmp.Or(b.By.Name, b.By.Staff), strings.Join(brought, lang.pick("、", ", ")), b.Entry}, " "))
	}
	if v.WithdrawalAsked {
		s.line(lang.pick("撤回", "withdrawal"), lang.pick("申请人已申请撤回", "the applicant asked for it"))
	}
}

func problemName(lang language, p ledger.Problem) string {
	zh := map[ledger.Problem]string{ledger.ProblemMissing: "缺少", ledger.ProblemWrong: "不符合要求", ledger.ProblemUnclear: "不清晰"}[p]
	return lang.pick(zh, string(p))
}
