package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
)

// hearingFlags is a step of a hearing as the command line describes it.
type hearingFlags struct {
	matter, time, place, presider, summary string
	parties, record                        []string
	interested, waived, closed, held       bool
}

func (f *hearingFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.matter, "matter", "", "涉及的重大利益：tell_hearing (what it would be about)")
	flags.StringArrayVar(&f.parties, "party", nil, "利害关系人：tell_hearing、tell_refusal，可重复；申请人或利害关系人：ask_hearing、state (who was told, or asks, or speaks)")
	flags.BoolVar(&f.interested, "interested", false, "不是申请人，是利害关系人：ask_hearing、state (somebody with an interest)")
	flags.BoolVar(&f.waived, "waived", false, "放弃：ask_hearing 听证、state 陈述申辩 (the right is given up)")
	flags.StringVar(&f.time, "time", "", "时间，如 09:30：convene_hearing (time of day)")
	flags.StringVar(&f.place, "place", "", "地点：convene_hearing (where)")
	flags.StringVar(&f.presider, "presider", "", "主持人登录名，不能是受理、审查人员：convene_hearing (login of who chairs it)")
	flags.BoolVar(&f.closed, "closed", false, "不公开举行：convene_hearing (not in public)")
	flags.BoolVar(&f.held, "held", false, "已举行：record_hearing (it was held)")
	flags.StringVar(&f.summary, "summary", "", "笔录摘要：record_hearing (what was said)")
	flags.StringSliceVar(&f.record, "record", nil, "笔录扫描件，可重复：record_hearing (scan of the signed record)")
}

// action fills in an action about a hearing, with everything it needs.
func (f *hearingFlags) action(a *client.CaseAction, before, on string, missing func(value, flag string) error) (err error) {
	need := func(value, flag string) {
		if err == nil {
			err = missing(value, flag)
		}
	}
	day := func(flag, text string, into *calendar.Date) {
		if need(text, flag); err == nil {
			*into, err = parseDate(flag, text)
		}
	}
	switch a.Kind {
	case client.ActTellHearing:
		a.Matter, a.Parties = f.matter, f.parties
		need(f.matter, "matter")
		day("before", before, &a.Before)
	case client.ActAskHearing:
		a.Party, a.Interested, a.Waived = strings.Join(f.parties, "、"), f.interested, f.waived
		need(a.Party, "party")
	case client.ActConveneHearing:
		a.Time, a.Place, a.Presider, a.Closed = f.time, f.place, f.presider, f.closed
		day("on", on, &a.On)
		need(f.time, "time")
		need(f.place, "place")
		need(f.presider, "presider")
	case client.ActRecordHearing:
		a.Held, a.Summary = f.held, f.summary
		day("on", on, &a.On)
		need(f.summary, "summary")
	}
	return err
}
