package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/supervision"
)

func superviseCommand() *cobra.Command {
	return group("supervise", "电子监察 (watch over the cases)",
		"  tongban supervise board\n  tongban supervise cards --waiting\n  tongban supervise urge 330523110200-20261123-01-000045-7 --text 请尽快审核",
		superviseBoardCommand(), superviseCardsCommand(), superviseCardCommand(), superviseCaseCommand(), superviseInquiriesCommand(),
		cardActionCommand("answer", "说明 (explain, by whom the card asks)", "--text 当日外出勘验，已补办", nil),
		superviseFindCommand(),
		cardActionCommand("state", "陈述申辩 (state a defence, by whoever is found in breach)", "--text 当日停电", nil),
		superviseMeasureCommand(),
		cardActionCommand("appeal", "申诉 (contest a card)", "--text 材料当日才到", nil),
		superviseSettleCommand(),
		caseSupervisionCommand("urge", "催办 (urge whoever holds a case)", client.SuperviseUrge, false),
		caseSupervisionCommand("ask", "问询 (ask a question about a case)", client.SuperviseAsk, true),
		caseSupervisionCommand("inquire", "立案调查 (open an inquiry)", client.SuperviseInquire, true),
		inquiryCommand("reply", "答复问询 (answer one, at the desk it asks)", client.SuperviseReply),
		inquiryCommand("close", "问询办结 (end one)", client.SuperviseClose),
		superviseThresholdsCommand())
}

func superviseBoardCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "board",
		Short:   "总览：办件停在哪里、什么颜色 (where cases wait, in which colour)",
		Example: "  tongban supervise board\n  tongban supervise board --division 330523110",
		Args:    noArguments,
	}
	place := cmd.Flags().String("division", "", "区划及以下 (division, and below)")
	completeFlag(cmd, "division", completeDivisions)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		code, err := parseDivision("division", *place)
		if err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.GetBoard(cmd.Context(), &client.GetBoardParams{Division: code})
		}
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Board) {
			fmt.Fprintf(w, c.pick("在办 %d：正常 %d，预警 %d，黄牌 %d，红牌 %d；待答复问询 %d\n", "%d cases: green %d, amber %d, yellow %d, red %d; %d inquiries wait\n"), v.Cases, v.Green, v.Amber, v.Yellow, v.Red, v.Inquiries)
			t := newTable(c.pick("窗口", "DESK"), c.pick("环节", "STEP"), c.pick("在办", "CASES"), c.pick("预警", "AMBER"), c.pick("黄牌", "YELLOW"), c.pick("红牌", "RED"), c.pick("注意", "NOTE"))
			for _, d := range v.Desks {
				t.row(deskName(d.Desk), string(d.Desk.Verb), digits(d.Cases), digits(d.Amber), digits(d.Yellow), digits(d.Red), absence(c.language, d.Unmanned, d.Nobody))
			}
			t.write(w, c.language)
			if len(v.People) == 0 {
				return
			}
			p := newTable(c.pick("待说明或处理", "CARDS WAIT FOR"), c.pick("窗口", "DESK"), c.pick("黄牌", "YELLOW"), c.pick("红牌", "RED"))
			for _, x := range v.People {
				who := x.Name + " " + x.Staff
				if x.Staff == "" {
					who = c.pick("（窗口）", "(the desk)")
				}
				p.row(who, deskName(x.Desk), digits(x.Yellow), digits(x.Red))
			}
			p.write(w, c.language)
		})
	})
}

// absence is why nothing moves at a desk; empty where somebody is there.
func absence(lang language, unmanned, nobody bool) string {
	switch {
	case nobody:
		return lang.pick("没有能办理的人员，请登记或改派", "nobody can do it: register people for it")
	case unmanned:
		return lang.pick("今日无人在岗", "nobody on duty today")
	}
	return ""
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }

func deskName(d client.Desk) string {
	if d.Department == "" {
		return string(d.Division)
	}
	return string(d.Division) + " " + d.Department
}

func superviseCardsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cards",
		Short:   "监察牌清单 (the cards)",
		Example: "  tongban supervise cards --waiting\n  tongban supervise cards --mine\n  tongban supervise cards --colour red --live",
		Args:    noArguments,
	}
	var p client.ListCardsParams
	flags := cmd.Flags()
	place := flags.String("division", "", "区划及以下 (division, and below)")
	completeFlag(cmd, "division", completeDivisions)
	colour := flags.String("colour", "", "amber 预警、yellow 黄牌、red 红牌")
	completeFlag(cmd, "colour", completeWords("amber", "yellow", "red"))
	state := flags.String("state", "", "状态 (state): "+joined(supervision.States))
	flags.StringVar(&p.Person, "person", "", "被要求说明的人员编号 (staff number of who is asked)")
	flags.BoolVar(&p.Waiting, "waiting", false, "待说明、待认定、待处理 (only those that wait for somebody)")
	flags.BoolVar(&p.Live, "live", false, "办件尚未办结 (only those on cases that have not ended)")
	flags.BoolVar(&p.Mine, "mine", false, "发给本人 (only those that ask the caller)")
	pageFlags(cmd, &p.Limit, &p.Cursor)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		var err error
		if p.Division, err = parseDivision("division", *place); err != nil {
			return err
		}
		p.Colour, p.State = client.Colour(*colour), client.CardState(*state)
		send := func() (*http.Response, error) { return c.api.ListCards(cmd.Context(), &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.CardList) {
			t := newTable(c.pick("编号", "CARD"), c.pick("颜色", "COLOUR"), c.pick("规则", "RULE"), c.pick("办件", "CASE"), c.pick("窗口", "DESK"), c.pick("由谁说明", "ASKS"), c.pick("期限", "ANSWER BY"), c.pick("状态", "STATE"))
			for _, x := range v.Cards {
				t.row(x.Id, colourName(c.language, x.Colour), c.pick(x.RuleZh, x.RuleEn), x.Number, deskName(x.Desk), x.To.Name, dateText(x.AnswerBy), cardState(c.language, x.State))
			}
			t.write(w, c.language)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

func colourName(lang language, c client.Colour) string {
	return lang.pick(map[supervision.Colour]string{supervision.Amber: "预警", supervision.Yellow: "黄牌", supervision.Red: "红牌"}[c], string(c))
}

func cardState(lang language, s client.CardState) string {
	return lang.pick(map[supervision.State]string{supervision.Noted: "提示", supervision.Open: "待说明", supervision.Explained: "待认定", supervision.Justified: "理由成立",
		supervision.Breached: "认定失职", supervision.Measured: "已处理", supervision.Contested: "申诉中", supervision.Overruled: "申诉成立"}[s], string(s))
}

func dateText(d client.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func superviseCardCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "card CARD",
		Short:   "一张监察牌 (one card, with all that became of it)",
		Example: "  tongban supervise card 7c9e6679-7425-80de-944b-e07fc1f90ae7",
		Args:    oneArgument("CARD"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetCard(cmd.Context(), args[0]) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.Card) { showCard(w, c.language, v) })
	})
}

func showCard(w io.Writer, lang language, v *client.Card) {
	var s sheet
	s.line(lang.pick("编号", "card"), v.Id)
	s.line(lang.pick("颜色", "colour"), colourName(lang, v.Colour))
	s.line(lang.pick("规则", "rule"), lang.pick(v.RuleZh, v.RuleEn))
	s.line(lang.pick("办件", "case"), v.Number)
	s.line(lang.pick("窗口", "desk"), deskName(v.Desk))
	s.line(lang.pick("状态", "state"), cardState(lang, v.State))
	s.line(lang.pick("到期日", "due"), dateText(v.Due))
	s.line(lang.pick("发出", "issued"), dateText(v.IssuedOn))
	s.line(lang.pick("由谁说明", "asks"), v.To.Name)
	s.line(lang.pick("说明期限", "answer by"), dateText(v.AnswerBy))
	if v.LineDownMinutes > 0 {
		s.line(lang.pick("线路中断", "line down"), fmt.Sprintf(lang.pick("工作时间 %d 分钟，不计入个人", "%d minutes of business, counted against nobody"), v.LineDownMinutes))
	}
	for _, a := range v.Answers {
		s.line(lang.pick("说明", "answer"), saidText(a))
	}
	if v.Finding.Said.At > 0 {
		s.line(lang.pick("认定", "finding"), lang.pick(map[bool]string{true: "失职 " + v.Finding.Person.Name, false: "理由成立"}[v.Finding.Breach], map[bool]string{true: "breach of " + v.Finding.Person.Name, false: "justified"}[v.Finding.Breach]))
		s.line("", saidText(v.Finding.Said))
		s.line(lang.pick("陈述期限", "statement by"), dateText(v.Finding.StatementBy))
	}
	s.line(lang.pick("陈述申辩", "statement"), saidText(v.Statement))
	s.line(lang.pick("申诉", "appeal"), saidText(v.Appeal))
	s.line(lang.pick("申诉决定", "settled"), saidText(v.Settled))
	s.line(lang.pick("处理", "measure"), v.Measure)
	s.line("", saidText(v.Decision))
	s.write(w)
}

func saidText(s client.Said) string {
	if s.At == 0 {
		return ""
	}
	return moment(s.At) + " " + s.By.Name + "：" + s.Text
}

// actOnCard sends an action on a card and shows the card after it.
func actOnCard(cmd *cobra.Command, c *connection, card string, key *string, in client.CardAction) error {
	if err := checkKey(*key); err != nil {
		return err
	}
	if err := c.loggedIn(cmd.Context()); err != nil {
		return err
	}
	sayKey(c, key)
	a, err := answered[client.Card](c.api.ActOnCard(cmd.Context(), card, &client.ActOnCardParams{IdempotencyKey: *key}, in))
	if err != nil {
		return uncertain(c, err, *key)
	}
	return a.show(c.printer, func(w io.Writer, v *client.Card) { showCard(w, c.language, v) })
}

func cardActionCommand(verb, short, example string, fill func(cmd *cobra.Command) func(*client.CardAction) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:     verb + " CARD",
		Short:   short,
		Example: "  tongban supervise " + verb + " 7c9e6679-7425-80de-944b-e07fc1f90ae7 " + example,
		Args:    oneArgument("CARD"),
	}
	in := client.CardAction{Kind: client.CardActionKind(verb)}
	cmd.Flags().StringVar(&in.Text, "text", "", "内容或理由 (what is said, or the reasons)")
	key := keyFlag(cmd)
	required(cmd, "text")
	complete := func(*client.CardAction) error { return nil }
	if fill != nil {
		complete = fill(cmd)
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := complete(&in); err != nil {
			return err
		}
		return actOnCard(cmd, c, args[0], key, in)
	})
}

func superviseFindCommand() *cobra.Command {
	return cardActionCommand("find", "认定：理由成立或失职 (a supervisor's finding)", "--breach --person s-12 --text 无正当理由超期", func(cmd *cobra.Command) func(*client.CardAction) error {
		breach := cmd.Flags().Bool("breach", false, "失职 (a breach of duty); 否则理由成立 (else justified)")
		person := cmd.Flags().String("person", "", "责任人编号，默认为被要求说明的经办人 (who is in breach; the handler by default)")
		by := cmd.Flags().String("statement-by", "", "陈述申辩期限 (last day for a statement)")
		return func(in *client.CardAction) (err error) {
			in.Breach, in.Person = *breach, *person
			if *by != "" {
				in.StatementBy, err = parseDate("statement-by", *by)
			}
			return err
		}
	})
}

func superviseMeasureCommand() *cobra.Command {
	return cardActionCommand("measure", "失职处理决定，由领导作出 (decide on a breach of duty)", "--measure talk --text 首次超期，情节轻微", func(cmd *cobra.Command) func(*client.CardAction) error {
		measure := cmd.Flags().String("measure", "", "none 不予追究、talk 谈话提醒、correct 责令改正、criticism 通报批评、transfer 调离岗位、discipline 移送处分")
		required(cmd, "measure")
		completeFlag(cmd, "measure", completeWords("none", "talk", "correct", "criticism", "transfer", "discipline"))
		return func(in *client.CardAction) error {
			in.Measure = client.CardActionMeasure(*measure)
			return nil
		}
	})
}

func superviseSettleCommand() *cobra.Command {
	return cardActionCommand("settle", "处理申诉 (decide an appeal, by another supervisor)", "--upheld --text 材料当日才到，属实", func(cmd *cobra.Command) func(*client.CardAction) error {
		upheld := cmd.Flags().Bool("upheld", false, "申诉成立 (upheld); 否则维持 (else the card stands)")
		return func(in *client.CardAction) error {
			in.Upheld = *upheld
			return nil
		}
	})
}

func superviseCaseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "case NUMBER",
		Short:   "一件办件的监察情况 (what supervision has to do with a case)",
		Example: "  tongban supervise case 330523110200-20261123-01-000045-7",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) { return c.api.GetCaseSupervision(cmd.Context(), caseID(args[0])) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.CaseSupervision) {
			var s sheet
			s.line(c.pick("颜色", "colour"), c.pick(map[string]string{"green": "正常", "amber": "预警", "yellow": "黄牌", "red": "红牌"}[string(v.Colour)], string(v.Colour)))
			s.line(c.pick("现在", "waits at"), strings.TrimSpace(deskName(v.Desk)+" "+string(v.Desk.Verb)))
			s.line(c.pick("注意", "note"), absence(c.language, v.Unmanned, v.Nobody))
			if v.LineDownMinutes > 0 {
				s.line(c.pick("线路中断", "line down"), fmt.Sprintf(c.pick("工作时间 %d 分钟，不计入个人", "%d minutes of business, counted against nobody"), v.LineDownMinutes))
			}
			for _, u := range v.Urges {
				s.line(c.pick("催办", "urged"), saidText(u))
			}
			s.write(w)
			t := newTable(c.pick("编号", "CARD"), c.pick("颜色", "COLOUR"), c.pick("规则", "RULE"), c.pick("由谁说明", "ASKS"), c.pick("状态", "STATE"))
			for _, x := range v.Cards {
				t.row(x.Id, colourName(c.language, x.Colour), c.pick(x.RuleZh, x.RuleEn), x.To.Name, cardState(c.language, x.State))
			}
			t.write(w, c.language)
			showInquiries(w, c.language, v.Inquiries)
		})
	})
}

func superviseInquiriesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "inquiries",
		Short:   "待答复的问询 (questions and inquiries that wait)",
		Example: "  tongban supervise inquiries",
		Args:    noArguments,
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListInquiries(cmd.Context()) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.InquiryList) { showInquiries(w, c.language, v.Inquiries) })
	})
}

func showInquiries(w io.Writer, lang language, all []client.Inquiry) {
	if len(all) == 0 {
		return
	}
	t := newTable(lang.pick("问询", "INQUIRY"), lang.pick("办件", "CASE"), lang.pick("窗口", "DESK"), lang.pick("内容", "QUESTION"), lang.pick("期限", "ANSWER BY"), lang.pick("答复", "ANSWER"))
	for _, q := range all {
		answer := ""
		if n := len(q.Answers); n > 0 {
			answer = q.Answers[n-1].Text
		}
		t.row(q.Id, q.Number, deskName(q.Desk), q.Asked.Text, dateText(q.AnswerBy), answer)
	}
	t.write(w, lang)
}

// sendSupervision sends an action beside a case.
func sendSupervision(cmd *cobra.Command, c *connection, number string, key *string, in client.SupervisionAction) error {
	if err := checkKey(*key); err != nil {
		return err
	}
	if err := c.loggedIn(cmd.Context()); err != nil {
		return err
	}
	sayKey(c, key)
	a, err := answered[client.Recorded](c.api.SuperviseCase(cmd.Context(), caseID(number), &client.SuperviseCaseParams{IdempotencyKey: *key}, in))
	if err != nil {
		return uncertain(c, err, *key)
	}
	return a.show(c.printer, func(w io.Writer, v *client.Recorded) { fmt.Fprintln(w, recordedLine(c.language, *v)) })
}

func caseSupervisionCommand(verb, short string, kind client.SupervisionActionKind, dated bool) *cobra.Command {
	cmd := &cobra.Command{
		Use:     verb + " NUMBER",
		Short:   short,
		Example: "  tongban supervise " + verb + " 330523110200-20261123-01-000045-7 --text 请尽快审核",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	in := client.SupervisionAction{Kind: kind}
	cmd.Flags().StringVar(&in.Text, "text", "", "内容 (what is said)")
	by := new(string)
	if dated {
		by = cmd.Flags().String("answer-by", "", "答复期限 (last day for the answer)")
	}
	key := keyFlag(cmd)
	required(cmd, "text")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if *by != "" {
			var err error
			if in.AnswerBy, err = parseDate("answer-by", *by); err != nil {
				return err
			}
		}
		return sendSupervision(cmd, c, args[0], key, in)
	})
}

func inquiryCommand(verb, short string, kind client.SupervisionActionKind) *cobra.Command {
	cmd := &cobra.Command{
		Use:     verb + " NUMBER INQUIRY",
		Short:   short,
		Example: "  tongban supervise " + verb + " 330523110200-20261123-01-000045-7 019ac0e2-7425-70de-944b-e07fc1f90ae7 --text 正在核对家庭经济状况",
		Args:    aboutCase(arguments(2, 2, "NUMBER INQUIRY")),
	}
	in := client.SupervisionAction{Kind: kind}
	cmd.Flags().StringVar(&in.Text, "text", "", "内容 (what is said)")
	key := keyFlag(cmd)
	required(cmd, "text")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		in.Inquiry = args[1]
		return sendSupervision(cmd, c, args[0], key, in)
	})
}

func superviseThresholdsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "thresholds",
		Short:   "监察阈值；给出选项则调整 (the settings; with flags, change them)",
		Example: "  tongban supervise thresholds\n  tongban supervise thresholds --red-over 5 --answer-days 3 --reason 试行",
		Args:    noArguments,
	}
	flags := cmd.Flags()
	var r client.ThresholdsRequest
	amber := flags.Int("amber-left", 0, "承诺期限剩余工作日，少于等于即预警 (working days left for amber)")
	flags.IntVar(&r.RedOver, "red-over", 0, "超过承诺期限工作日，达到即红牌 (working days over for red)")
	flags.IntVar(&r.RedYellows, "red-yellows", 0, "同一办件黄牌数，达到即红牌 (yellow cards that make a red one)")
	flags.IntVar(&r.AnswerDays, "answer-days", 0, "说明期限工作日 (working days for an answer)")
	flags.IntVar(&r.LineMinutes, "line-minutes", 0, "线路中断登记起点，分钟 (minutes of business from which a silent line is recorded)")
	opens := flags.String("opens", "", "上班时间 (opening), 08:30")
	closes := flags.String("closes", "", "下班时间 (closing), 17:00")
	flags.StringVar(&r.Reason, "reason", "", "调整原因 (why)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		if cmd.Flags().Changed("amber-left") {
			r.AmberLeft = amber
		}
		if *opens != "" {
			at, err := clockTime("opens", *opens)
			if err != nil {
				return err
			}
			r.Opens = &at
		}
		if *closes != "" {
			at, err := clockTime("closes", *closes)
			if err != nil {
				return err
			}
			r.Closes = at
		}
		if r != (client.ThresholdsRequest{}) {
			if r.Reason == "" {
				return usagef("调整阈值须说明 --reason (a change needs its reason)")
			}
			if err := c.loggedIn(cmd.Context()); err != nil {
				return err
			}
			a, err := answered[client.Recorded](c.api.SetThresholds(cmd.Context(), r))
			if err != nil {
				return err
			}
			return a.show(c.printer, func(w io.Writer, v *client.Recorded) { fmt.Fprintln(w, recordedLine(c.language, *v)) })
		}
		send := func() (*http.Response, error) { return c.api.GetThresholds(cmd.Context()) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.ThresholdsAnswer) {
			t := v.Thresholds
			var s sheet
			s.line(c.pick("预警：承诺剩余工作日", "amber: working days left"), strconv.Itoa(t.AmberLeft))
			s.line(c.pick("红牌：超过承诺工作日", "red: working days over"), strconv.Itoa(t.RedOver))
			s.line(c.pick("红牌：黄牌数", "red: yellow cards"), strconv.Itoa(t.RedYellows))
			s.line(c.pick("说明期限：工作日", "answer: working days"), strconv.Itoa(t.AnswerDays))
			s.line(c.pick("工作时间", "hours"), fmt.Sprintf("%02d:%02d–%02d:%02d", t.Opens/60, t.Opens%60, t.Closes/60, t.Closes%60))
			s.line(c.pick("线路中断登记：分钟", "silent line: minutes"), strconv.Itoa(t.LineMinutes))
			for _, x := range v.Changes {
				s.line(moment(x.At), x.By.Name+" "+x.Reason)
			}
			s.write(w)
		})
	})
}

// clockTime reads a time of day in minutes.
func clockTime(flag, text string) (int, error) {
	var h, m int
	if n, err := fmt.Sscanf(text, "%d:%d", &h, &m); n != 2 || err != nil || h < 0 || h > 24 || m < 0 || m > 59 {
		return 0, usagef("--%s 应为时刻，例如 08:30 (must be a time of day): %s", flag, text)
	}
	return h*60 + m, nil
}
