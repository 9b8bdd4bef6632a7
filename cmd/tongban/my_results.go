package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func myResultsCommand() *cobra.Command {
	return forApplicant(&cobra.Command{Use: "results", Short: "我的证照及延续 (what was issued to one, and its renewal)", Example: "  tongban my results\n  tongban my submit --item TB-SCJG-006 --renews 330523-20261123-01-000045-7=1 --form-file form.json --material 申请书=form.jpg", Args: noArguments},
		func(cmd *cobra.Command, c *connection, _ []string) error {
			send := func() (*http.Response, error) { return c.api.ListMyResults(cmd.Context()) }
			return ask(cmd.Context(), c, send, func(w io.Writer, v *client.MyResults) {
				t := newTable(c.pick("有效期至", "UNTIL"), c.pick("状态", "STATE"), c.pick("名称", "NAME"), c.pick("编号", "NUMBER"), c.pick("持有人", "HOLDER"), c.pick("办件=结果", "CASE=RESULT"), c.pick("延续", "RENEWAL"))
				for _, r := range v.Results {
					t.row(r.Result.Until.String(), c.pick(r.Result.StateZh, string(r.Result.State)), r.Result.Name, r.Result.Number, r.Holder, r.CaseNumber+"="+r.Result.Id, renewalWords(c.language, &r.Renewal))
				}
				t.write(w, c.language)
			})
		})
}

// renewalWords say whether something can be renewed, and what came of it.
func renewalWords(lang language, r *client.MyRenewal) string {
	var words []string
	for _, n := range r.Asked {
		words = append(words, n.Number)
	}
	switch {
	case r.Late:
		words = append(words, lang.pick("可申请，已不足三十日", "can be asked for, though late"))
	case r.May:
		words = append(words, lang.pick("可申请，最迟 ", "can be asked for until ")+r.ApplyBy.String())
	case r.WhyNot.Code != "":
		words = append(words, lang.pick(r.WhyNot.Zh, r.WhyNot.En))
	}
	return strings.Join(words, lang.pick("；", "; "))
}

// showRights says what one may say of a hearing, and of what is proposed about what
// was issued.
func showRights(w io.Writer, lang language, v *client.MyCase) {
	if h := v.Hearing; !h.ToldOn.IsZero() {
		var s sheet
		s.line(lang.pick("听证事项", "hearing about"), h.Matter)
		s.line(lang.pick("申请期限", "to be asked for by"), h.Before.String())
		s.line(lang.pick("您的意愿", "you"), lang.pick(map[client.MyHearingWish]string{client.HearingAsked: "已申请", client.HearingWaived: "已放弃"}[h.Wish], string(h.Wish)))
		if !h.On.IsZero() {
			s.line(lang.pick("举行", "held"), h.On.String()+" "+h.Time+" "+h.Place)
		}
		s.write(w)
	}
	if r := v.Refusal; !r.ToldOn.IsZero() {
		fmt.Fprintln(w, lang.pick("拟不予", "refusal intended"), clean(r.Id), clean(r.Reason), lang.pick("陈述申辩至", "to be heard until"), r.Before.String())
	}
	for _, x := range v.Refusal.Statements {
		fmt.Fprintf(w, "  %s %s\n", momentOf(lang, x.AtMs, 0), clean(x.Text))
	}
	for _, p := range v.Proposals {
		state := lang.pick("待决定，可陈述申辩", "open; you may state your case")
		if p.Decision.AtMs != 0 {
			state = lang.pick("已决定：", "decided: ") + p.Decision.Reasons
		}
		fmt.Fprintln(w, clean(p.Id), p.Measure, clean(p.Result), clean(p.Number), clean(p.Reason), p.Before.String(), clean(state))
		for _, x := range p.Statements {
			fmt.Fprintf(w, "  %s %s\n", momentOf(lang, x.AtMs, 0), clean(x.Text))
		}
	}
}
