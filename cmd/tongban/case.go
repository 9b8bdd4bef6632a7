package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
)

func caseCommand() *cobra.Command {
	return group("case", "办件：收件、查询、办理 (cases)",
		"  tongban case list --view waiting\n  tongban case act 330523110200-20261123-01-000045-7 accept",
		caseSubmitCommand(), caseResubmitCommand(), caseCheckCommand(), caseListCommand(), caseUnsealedCommand(), caseFindCommand(), caseShowCommand(), caseTimelineCommand(), caseRevealsCommand(), caseActCommand(), caseLimitsCommand(), caseDocumentCommand(), casePrintCommand(), caseSealCommand(), caseVoidCommand())
}

// caseID is a case's number in its one spelling, whatever grouping it was
// typed in; an id stays as it is, and a mistyped number is the node's to
// refuse.
func caseID(text string) string {
	if n, err := casework.ParseNumber(text); err == nil {
		return n.String()
	}
	return text
}

// impersonal refuses to ask for a case by what identifies a person: it would
// stand in the address of the request, which lines in between may keep.
func impersonal(text string) error {
	_, id := identifier.ParseIDNumber(text, calendar.DateOf(time.Now()))
	_, phone := identifier.ParsePhone(text)
	han := strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	if id == nil || phone == nil || han {
		return usagef("请用办件编号查询，不能用姓名、证件号码或电话 (ask by the number of the case, not by what identifies a person)")
	}
	return nil
}

// aboutCase checks the arguments of a command whose first is a case.
func aboutCase(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if err := args(cmd, given); err != nil || len(given) == 0 {
			return err
		}
		return impersonal(given[0])
	}
}

func caseListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "办件列表 (cases)",
		Example: `  tongban case list --view waiting
  tongban case list --division 330523110 --status accepted --limit 100
  tongban case list --view waiting --voice any
  tongban case list --query 330523110200-20261123`,
		Args: noArguments,
	}
	var params client.ListCasesParams
	flags := cmd.Flags()
	status := flags.String("status", "", "handed_in、supplementing、accepted、not_accepted、granted、declined、issued、closed、terminated、refused 或 held (status)")
	holder := flags.String("holder", "", "现由哪个区划办理 (division that holds it now)")
	place := flags.String("division", "", "事项所属区划及以下 (where the matter belongs, or below)")
	completeFlag(cmd, "division", completeDivisions)
	flags.StringVar(&params.Item, "item", "", "事项编码 (item code)")
	voice := flags.String("voice", "", "hearing 申请听证、statement 陈述申辩、any 任一，待处理的 (what was said and waits for whoever decides)")
	view := flags.String("view", "", "all、mine 我收的、waiting 待我办的 (all, mine, waiting)")
	flags.StringVar(&params.Query, "query", "", "编号或其开头 (a number or its beginning)")
	pageFlags(cmd, &params.Limit, &params.Cursor)
	completeFlag(cmd, "item", completeItemFlag)
	completeFlag(cmd, "voice", completeWords("hearing", "statement", "any"))
	completeFlag(cmd, "view", completeWords("all", "mine", "waiting"))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		var err error
		if params.Holder, err = parseDivision("holder", *holder); err != nil {
			return err
		}
		if params.Division, err = parseDivision("division", *place); err != nil {
			return err
		}
		if err := impersonal(params.Query); err != nil {
			return err
		}
		params.Status, params.View = client.CaseStatus(*status), client.ListCasesParamsView(*view)
		params.Voice = client.ListCasesParamsVoice(*voice)
		send := func() (*http.Response, error) { return c.api.ListCases(cmd.Context(), &params) }
		return ask(cmd.Context(), c, send, c.caseTable(cmd.Context()))
	})
}

// caseTable prints a list of cases.
func (c *connection) caseTable(ctx context.Context) func(w io.Writer, v *client.CaseList) {
	return func(w io.Writer, v *client.CaseList) {
		places := c.places(ctx)
		t := newTable(c.pick("编号", "NUMBER"), c.pick("事项", "ITEM"), c.pick("申请人", "APPLICANT"), c.pick("收件", "HANDED IN"), c.pick("状态", "STATUS"), c.pick("待", "WAITS FOR"), c.pick("办理单位", "HOLDER"), c.pick("到达", "WORD"))
		for _, s := range v.Cases {
			t.row(s.Number, s.ItemName, s.ApplicantName, moment(s.HandedInMs), caseStatus(c.language, &s), stepName(c.language, s.WaitsFor), places.name(s.Holder), wordName(c.language, s.Word, s.WordZh))
		}
		t.write(w, c.language)
		morePages(w, c.language, v.NextCursor)
	}
}

func caseUnsealedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "unsealed",
		Short:   "待盖章文书 (documents that wait for their seal, the longest first)",
		Example: "  tongban case unsealed",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListUnsealed(cmd.Context()) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.UnsealedList) {
			t := newTable(c.pick("文书", "DOCUMENT"), c.pick("编号", "NUMBER"), c.pick("事项", "ITEM"), c.pick("等待自", "WAITS SINCE"))
			for _, d := range v.Documents {
				t.row(d.Title, d.Case.Number, d.Case.ItemName, moment(d.SinceMs))
			}
			t.write(w, c.language)
		})
	})
}

func caseFindCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "find NUMBER",
		Short:   "按证件号码查询办件 (the cases of a person or a firm, by the whole number)",
		Example: "  tongban case find 33059919850412005X",
		Args:    oneArgument("NUMBER"),
	}
	return aboutNumber(cmd, func(cmd *cobra.Command, c *connection, number client.AccountNumber) error {
		send := func() (*http.Response, error) { return c.api.FindCases(cmd.Context(), number) }
		return ask(cmd.Context(), c, send, c.caseTable(cmd.Context()))
	})
}

func caseStatus(lang language, s *client.CaseSummary) string {
	text := lang.pick(s.StatusZh, strings.ReplaceAll(string(s.Status), "_", " "))
	for _, v := range s.Voices {
		text += lang.pick("·"+voiceZH[v], ", "+string(v))
	}
	return text
}

// voiceZH are the voices in Chinese.
var voiceZH = map[casework.Voice]string{casework.VoiceHearing: "申请听证", casework.VoiceStatement: "陈述申辩"}

func stepName(lang language, s ledger.Step) string {
	if s.Verb == "" {
		return ""
	}
	return tierName(lang, s.Tier) + lang.pick(casework.VerbZH(s.Verb), " "+strings.ReplaceAll(string(s.Verb), "_", " "))
}

func caseShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NUMBER",
		Short:   "办件或联办件详情，个人信息已遮盖 (one case or joint matter, personal data masked)",
		Example: "  tongban case show 330523110200-20261123-01-000045-7\n  tongban case show 3305231102002026112301000045 --reveal",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	reveal, why := revealFlags(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) {
			return c.api.GetCase(cmd.Context(), caseID(args[0]), &client.GetCaseParams{Reveal: *reveal || *why != "", TongbanWhy: url.PathEscape(*why)})
		}
		err := ask(cmd.Context(), c, send, func(w io.Writer, v *client.Case) { showCase(w, c.language, c.places(cmd.Context()), v) })
		var no *refusal
		if errors.As(err, &no) && no.Code == "not_found" {
			// It may be the number of a joint matter, which is shown as a board.
			send := func() (*http.Response, error) { return c.api.GetJointCase(cmd.Context(), caseID(args[0])) }
			if ask(cmd.Context(), c, send, func(w io.Writer, v *client.JointBoard) { showBoard(w, c.language, v) }) == nil {
				return nil
			}
		}
		return err
	})
}

// revealFlags ask for a case unmasked; giving a reason asks for it, too.
func revealFlags(cmd *cobra.Command) (reveal *bool, why *string) {
	reveal = cmd.Flags().Bool("reveal", false, "显示完整个人信息，须有权限并记入台账 (unmasked; needs the right and is recorded)")
	why = cmd.Flags().String("why", "", "查看完整信息的理由，记入台账 (why it is looked at unmasked, for the record)")
	return reveal, why
}

func showCase(w io.Writer, lang language, places places, v *client.Case) {
	showSetback(w, lang, v.Summary.Id, &v.Setback)
	var s sheet
	m := &v.Summary
	s.line(lang.pick("编号", "number"), m.Number)
	s.line(lang.pick("事项", "item"), fmt.Sprintf("%s %s v%d", m.Item, m.ItemName, v.ItemVersion))
	s.line(lang.pick("状态", "status"), caseStatus(lang, m))
	s.line(lang.pick("待", "waits for"), stepName(lang, m.WaitsFor))
	s.line(lang.pick("到达", "word"), wordName(lang, m.Word, m.WordZh))
	s.line(lang.pick("实施机关", "authority"), places.authority(m))
	s.line(lang.pick("办理单位", "holder"), places.name(m.Holder))
	s.line(lang.pick("所属区划", "division"), places.name(m.Division))
	s.line(lang.pick("申请人", "applicant"), strings.Join([]string{v.Applicant.Name, v.Applicant.IDNumber, v.Applicant.Phone}, " "))
	s.line(lang.pick("代办人", "agent"), agentLine(lang, v.Agent))
	s.line(lang.pick("收件", "handed in"), strings.Join([]string{moment(m.HandedInMs), places.name(m.HandedInAt), v.HandedInBy.Name}, " "))
	s.line(lang.pick("受理", "accepted"), moment(v.AcceptedMs)+" "+v.AcceptedBy.Name)
	s.line(lang.pick("决定", "decided"), moment(v.DecidedMs)+" "+v.DecidedBy.Name)
	s.line(lang.pick("制发", "issued"), moment(v.IssuedMs))
	s.line(lang.pick("送达", "delivered"), moment(v.DeliveredMs))
	steps := make([]string, len(v.Steps))
	for i, step := range v.Steps {
		steps[i] = stepName(lang, step)
		if i == v.Step {
			steps[i] = "[" + steps[i] + "]"
		}
	}
	s.line(lang.pick("环节", "steps"), strings.Join(steps, " → "))
	showMissing(&s, lang, v)
	for _, d := range v.Documents {
		s.line(lang.pick("证照", "document"), strings.Join([]string{d.Name, d.Number, d.ValidUntil}, " "))
	}
	if m.Joint != "" {
		s.line(lang.pick("联办件", "joint matter"), m.Joint+" "+gateName(lang, m.Gate))
	}
	s.line(lang.pick("更正自", "corrects"), v.Corrects)
	s.line(lang.pick("更正为", "corrected by"), strings.TrimSpace(v.Setback.CorrectedNumber+" "+v.Setback.CorrectedBy))
	s.line(lang.pick("同号收件", "same number"), strings.Join(v.Also, " "))
	flags := make([]string, len(m.Flags))
	for i, flag := range m.Flags {
		flags[i] = lang.pick(casework.FlagWords(flag))
	}
	s.line(lang.pick("标记", "flags"), strings.Join(flags, lang.pick("；", "; ")))
	s.line(lang.pick("可办理", "you may"), joined(v.Actions))
	s.line(lang.pick("当前条目", "head"), v.Head)
	s.write(w)
	showStated(w, lang, v)

	fmt.Fprintln(w)
	form := newTable(lang.pick("字段", "FIELD"), lang.pick("内容", "VALUE"))
	for _, f := range v.Form {
		form.row(f.Key, f.Value)
	}
	form.write(w, lang)

	fmt.Fprintln(w)
	arrived := make(map[string]client.CaseAttachment, len(v.Attachments))
	for _, a := range v.Attachments {
		arrived[a.Hash] = a
	}
	papers := newTable(lang.pick("材料", "MATERIAL"), lang.pick("形式", "FORM"), lang.pick("份数", "COPIES"), lang.pick("附件", "FILE"), lang.pick("附件到达", "FILE IS AT"))
	for _, paper := range v.Materials {
		papers.row(paper.Name, formName(lang, paper.Form), number(paper.Copies))
		for _, a := range paper.Attachments {
			papers.row("", "", "", a.Name, attachmentPlace(lang, arrived[a.Hash]))
		}
	}
	papers.write(w, lang)
}

func gateName(lang language, g client.CaseSummaryGate) string {
	switch g {
	case client.CaseGateWaiting:
		return lang.pick("（待须先办的事项办结）", "(waits for another of its cases)")
	case client.CaseGateBlocked:
		return lang.pick("（须先办的事项未获准）", "(what it waits for was refused)")
	}
	return ""
}

func attachmentPlace(lang language, a client.CaseAttachment) string {
	switch {
	case a.AtCounty:
		return lang.pick("已到县中心", "the county")
	case a.Here:
		return lang.pick("已存本机", "this node")
	}
	return lang.pick("未到", "not here yet")
}

// standingName says what became of an entry that does not stand.
func standingName(lang language, s client.TimelineEntryStanding) string {
	switch s {
	case client.EntryWaiting:
		return lang.pick("等待上一环节：", "waiting for the entry before it: ")
	case client.EntryHeld:
		return lang.pick("待县中心裁定：", "held until the county speaks: ")
	}
	return lang.pick("未通过：", "refused: ")
}

func caseTimelineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "timeline NUMBER",
		Short:   "办理经过，个人信息已遮盖 (every entry of a case, personal data masked)",
		Example: "  tongban case timeline 330523110200-20261123-01-000045-7\n  tongban case timeline 330523110200-20261123-01-000045-7 --why 核对退回理由",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	reveal, why := revealFlags(cmd)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) {
			return c.api.GetCaseTimeline(cmd.Context(), caseID(args[0]), &client.GetCaseTimelineParams{Reveal: *reveal || *why != "", TongbanWhy: url.PathEscape(*why)})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Timeline) {
			fmt.Fprintln(w, clean(v.Number))
			t := newTable(c.pick("时间", "TIME"), c.pick("事项", "WHAT"), c.pick("经办", "WHO"), c.pick("角色", "ROLE"), c.pick("节点", "NODE"), c.pick("到达", "WORD"), c.pick("意见", "SAID"))
			for _, e := range v.Entries {
				who := e.Actor.Name
				if who == "" {
					who = e.Actor.Staff
				}
				said := e.Said
				if e.Refused.Code != "" || e.Standing == client.EntryWaiting {
					said = strings.TrimSpace(said + " " + standingName(c.language, e.Standing) + c.pick(e.Refused.Zh, e.Refused.En))
				}
				t.row(momentOf(c.language, e.OccurredAt, e.SkewMs), c.pick(e.What, e.Kind), who, string(e.Actor.Role), e.Actor.Node, wordName(c.language, e.Word, e.WordZh), said)
			}
			t.write(w, c.language)
		})
	})
}
