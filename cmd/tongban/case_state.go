package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

// stateFlags is what is told and said before a case is refused, as the command line
// describes it.
type stateFlags struct {
	proposal, weighed string
}

func (f *stateFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.proposal, "proposal", "", "所答复的拟不予告知，见 case show：state，未告知的不填 (the intended refusal it answers; none where none was told)")
	flags.StringVar(&f.weighed, "weighed", "", "对陈述申辩的采纳情况：decide (what became of what was stated)")
}

// action fills in an action about an intended refusal, with everything it needs.
func (f *stateFlags) action(a *client.CaseAction, h *hearingFlags, before string, missing func(value, flag string) error) error {
	if a.Kind == client.ActTellRefusal {
		a.Parties = h.parties
		if err := missing(a.Reason, "reason"); err != nil {
			return err
		}
		if err := missing(before, "before"); err != nil {
			return err
		}
		var err error
		a.Before, err = parseDate("before", before)
		return err
	}
	a.Party, a.Interested, a.Waived, a.Proposal = strings.Join(h.parties, "、"), h.interested, h.waived, f.proposal
	if err := missing(a.Party, "party"); err != nil {
		return err
	}
	if a.Waived {
		if err := missing(a.Proposal, "proposal"); err != nil {
			return err
		}
	}
	return missing(a.Text, "text")
}

// showStated tells of the refusals that were told and of what was said before the
// decision.
func showStated(w io.Writer, lang language, v *client.Case) {
	for _, i := range v.Intents {
		fmt.Fprintf(w, "%s %s  %s %s  %s\n", lang.pick("拟不予", "refusal intended"), i.Entry, lang.pick("陈述申辩至", "to be heard until"), i.Before, clean(i.Reason))
	}
	for _, s := range v.Statements {
		what := lang.pick("陈述申辩", "stated")
		if s.Waived {
			what = lang.pick("放弃陈述申辩", "gave it up")
		}
		fmt.Fprintf(w, "%s  %s  %s：%s\n", what, momentOf(lang, s.AtMs, 0), clean(s.Party), clean(s.Text))
	}
	if v.Weighed != "" {
		fmt.Fprintf(w, "%s %s\n", lang.pick("采纳情况", "weighed"), clean(v.Weighed))
	}
}
