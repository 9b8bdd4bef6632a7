package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

func ratingCommand() *cobra.Command {
	return group("rating", "好差评与差评处理 (ratings, and what follows a bad one)",
		"  tongban rating list --open\n  tongban rating figures --from 2026-11 --to 2026-11",
		ratingTicketCommand(), ratingGiveCommand(), ratingListCommand(), ratingActCommand(), ratingFiguresCommand(), ratingPublishedCommand(),
		rectificationListCommand(), rectificationAnswerCommand(), rectificationNoticeCommand(), serviceRulesCommand())
}

func ratingTicketCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ticket NUMBER",
		Short: "请申请人现场评价 (a ticket for the device at the desk)",
		Long: `给出一次办事的评价凭据，供评价器使用，30 分钟内有效。窗口人员看不到评价内容。
A ticket for one visit, for the device in front of the applicant.`,
		Example: "  tongban rating ticket 330523110200-20261123-01-000045-7",
		Args:    aboutCase(oneArgument("NUMBER")),
	}
	occasion := cmd.Flags().String("occasion", "", "办事条目，默认最近一次 (entry of the visit; default the latest here)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		a, err := answered[client.RatingTicket](c.api.OfferRating(cmd.Context(), caseID(args[0]), client.RatingOffer{Occasion: *occasion}))
		if err != nil {
			return err
		}
		return a.show(c.printer, func(w io.Writer, v *client.RatingTicket) {
			fmt.Fprintf(w, "%s  %s %s\n", v.Ticket, c.pick("有效至", "until"), moment(v.ExpiresAt))
		})
	})
}

func ratingGiveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "give [TICKET]",
		Short: "评价，无须登录 (rate a visit; needs no login)",
		Long: `现场评价用窗口给出的凭据；事后评价用办件编号和凭证上的查询码，--visit 选择哪一次办事。
工作人员登录状态下不能评价。
With the ticket of a desk, or later with the number of the case and the query code
on the receipt. Whoever is logged in as staff does not rate.`,
		Example: `  tongban rating give 4f7c1d0f2a6b4f0e9a3b5c7d9e1f2a3b --institution 5 --person 4 --tag 态度好
  tongban rating give --number 330523110200-20261123-01-000045-7 --code PSR5Q-PGNN6 --institution 4`,
		Args: arguments(0, 1, "TICKET"),
	}
	var r client.RatingRequest
	flags := cmd.Flags()
	flags.StringVar(&r.Number, "number", "", "办件编号 (number of the case)")
	flags.StringVar(&r.Code, "code", "", "查询码 (query code)")
	flags.Int64Var(&r.VisitAt, "visit", 0, "评价哪一次办事，lookup 所列的数；默认最近一次 (which visit, by the number that lookup shows; the latest by default)")
	flags.IntVar((*int)(&r.Institution), "institution", 0, "对机构：5 非常满意 … 1 非常不满意 (the institution, 5 best)")
	flags.IntVar((*int)(&r.Platform), "platform", 0, "对平台 (the platform)")
	flags.IntVar((*int)(&r.Person), "person", 0, "对人员 (the person)")
	flags.StringArrayVar(&r.Tags, "tag", nil, "标签，可重复 (tag; repeatable)")
	flags.StringVar(&r.Text, "text", "", "意见 (what to say)")
	key := keyFlag(cmd)
	required(cmd, "institution")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := checkKey(*key); err != nil {
			return err
		}
		if len(args) == 1 {
			r.Ticket = args[0]
		}
		if (r.Ticket == "") == (r.Number == "" || r.Code == "") {
			return usagef("请给出凭据，或 --number 和 --code (a ticket, or --number and --code)")
		}
		sayKey(c, key)
		a, err := answered[client.Recorded](c.api.GiveRating(cmd.Context(), &client.GiveRatingParams{IdempotencyKey: *key}, r))
		if err != nil {
			return uncertain(c, err, *key)
		}
		return a.show(c.printer, func(w io.Writer, v *client.Recorded) { fmt.Fprintln(w, recordedLine(c.language, *v)) })
	})
}

func ratingListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "评价清单 (single ratings, for who supervises)",
		Example: "  tongban rating list --open\n  tongban rating list --division 330523110 --from 2026-11",
		Args:    noArguments,
	}
	var p client.ListRatingsParams
	f := officeFlags(cmd)
	cmd.Flags().BoolVar(&p.Open, "open", false, "未办结的差评 (bad ones not finished)")
	pageFlags(cmd, &p.Limit, &p.Cursor)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		var err error
		if p.Division, err = parseDivision("division", f.place); err != nil {
			return err
		}
		p.Department, p.From, p.To = f.department, f.from, f.to
		send := func() (*http.Response, error) { return c.api.ListRatings(cmd.Context(), &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.RatingList) {
			t := newTable(c.pick("时间", "TIME"), c.pick("评价", "RATING"), c.pick("单位", "OFFICE"), c.pick("机构/平台/人员", "GRADES"), c.pick("内容", "TEXT"), c.pick("状态", "STATE"), c.pick("办结期限", "DUE"))
			for _, r := range v.Ratings {
				state := c.pick(ratingStateZH[r.State], string(r.State))
				if r.Overdue {
					state += c.pick("（超期）", " (overdue)")
				}
				if len(r.Contacts) > 0 {
					state += c.callBacks(r.Contacts)
				}
				if r.Malicious {
					state += c.pick("（恶意）", " (malicious)")
				}
				t.row(moment(r.GivenAt), r.Id, string(r.Division)+" "+r.Department, fmt.Sprintf("%d/%d/%d", r.Institution, r.Platform, r.Person), joined(r.Tags)+" "+r.Text, state, r.FinishDue.String())
			}
			t.write(w, c.language)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

// callBacks are how often the rater was called back, and the last of it: by which way,
// when, and who did.
func (c *connection) callBacks(all []client.RatingContact) string {
	last := all[len(all)-1]
	way, result := c.pick(channelZH[last.Channel], string(last.Channel)), c.pick("未联系上", "not reached")
	if last.Reached {
		result = c.pick("已联系上", "reached")
	}
	return fmt.Sprintf(c.pick("（回访 %d 次：%s %s %s %s）", " (called back %d times: %s %s %s %s)"), len(all), moment(last.At), way, last.By.Name, result)
}

var channelZH = map[client.ContactChannel]string{
	client.ContactByPhone: "电话", client.ContactByVisit: "上门", client.ContactAtWindow: "到窗口面谈", client.ContactByMessage: "短信、即时消息", client.ContactByLetter: "信函",
}

var ratingStateZH = map[client.RatingState]string{
	client.RatingOpened: "待回访", client.RatingContacted: "已回访", client.RatingOrdered: "整改中", client.RatingRectified: "已整改", client.RatingReported: "已办结",
}

// officeFilter is which office, and which months.
type officeFilter struct{ place, department, from, to string }

func officeFlags(cmd *cobra.Command) *officeFilter {
	f := new(officeFilter)
	cmd.Flags().StringVar(&f.place, "division", "", "区划及以下 (division, and below)")
	completeFlag(cmd, "division", completeDivisions)
	cmd.Flags().StringVar(&f.department, "department", "", "部门 (department)")
	cmd.Flags().StringVar(&f.from, "from", "", "起始月 2026-11 (first month)")
	cmd.Flags().StringVar(&f.to, "to", "", "截止月 (last month)")
	return f
}

func ratingActCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "act RATING contact|order|report|mark|unmark",
		Short: "处理差评：回访、整改通知、反馈、标记恶意 (what a supervisor does)",
		Example: `  tongban rating act 01979c5e-8a7b-7000-8000-000000000001 contact --by phone --at 2026-12-01T15:20 --reached --verified --note 属实
  tongban rating act 01979c5e-8a7b-7000-8000-000000000001 order --note 一次性告知到位 --before 2026-12-04
  tongban rating act 01979c5e-8a7b-7000-8000-000000000001 report --note 已告知 --again 4`,
		Args: arguments(2, 2, "RATING, KIND"),
	}
	var a client.RatingAction
	flags := cmd.Flags()
	flags.StringVar(&a.Note, "note", "", "情况、要求或理由 (what was found, what to do, or why)")
	flags.StringVar((*string)(&a.Channel), "by", "", "回访方式 phone、visit、window、message、letter：contact (by which way)")
	completeFlag(cmd, "by", completeWords("phone", "visit", "window", "message", "letter"))
	at := flags.String("at", "", "回访时间 2026-12-01T15:20：contact (when)")
	flags.BoolVar(&a.Reached, "reached", false, "已联系上评价人，否则登记为未联系上：contact (the rater was spoken to; else it is an attempt)")
	flags.BoolVar(&a.Verified, "verified", false, "情况属实：contact")
	flags.BoolVar(&a.Satisfied, "satisfied", false, "评价人对答复满意：contact (the rater is satisfied)")
	before := flags.String("before", "", "整改期限：order (last day)")
	flags.IntVar((*int)(&a.Again), "again", 0, "评价人重新评价：report (the new grade)")
	key := keyFlag(cmd)
	required(cmd, "note")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if a.Kind = client.RatingActionKind(args[1]); !a.Kind.Valid() {
			return usagef("没有这种处理 %q，应为 contact、order、report、mark 或 unmark (one of these)", args[1])
		}
		if a.Channel != "" && !a.Channel.Valid() {
			return usagef("没有这种回访方式 %q，应为 phone、visit、window、message 或 letter (one of these)", a.Channel)
		}
		var err error
		if a.ContactedAt, err = parseMoment("at", *at); err != nil {
			return err
		}
		if *before != "" {
			if a.Before, err = parseDate("before", *before); err != nil {
				return err
			}
		}
		return recordAs(cmd, c, key, func() (*http.Response, error) {
			return c.api.ActOnRating(cmd.Context(), args[0], &client.ActOnRatingParams{IdempotencyKey: *key}, a)
		})
	})
}

// recordAs does something under an idempotency key and says how far it came.
func recordAs(cmd *cobra.Command, c *connection, key *string, send func() (*http.Response, error)) error {
	if err := checkKey(*key); err != nil {
		return err
	}
	if err := c.loggedIn(cmd.Context()); err != nil {
		return err
	}
	sayKey(c, key)
	a, err := answered[client.Recorded](send())
	if err != nil {
		return uncertain(c, err, *key)
	}
	return a.show(c.printer, func(w io.Writer, v *client.Recorded) { fmt.Fprintln(w, recordedLine(c.language, *v)) })
}

func ratingFiguresCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "figures",
		Short: "评价统计：评价率、好评率、整改率 (counts and rates)",
		Long: `被评价的单位和人员只能查询已结束的月份（--from 与 --to 相同），且评价太少时不显示。
Who was rated sees finished months only, one at a time, and no small numbers.`,
		Example: "  tongban rating figures --from 2026-11 --to 2026-11\n  tongban rating figures --by person --division 330523110",
		Args:    noArguments,
	}
	f := officeFlags(cmd)
	by := cmd.Flags().String("by", "office", "office 单位、person 人员")
	completeFlag(cmd, "by", completeWords("office", "person"))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		p := client.GetRatingFiguresParams{By: client.GetRatingFiguresParamsBy(*by), Department: f.department, From: f.from, To: f.to}
		if !p.By.Valid() {
			return usagef("--by 应为 office 或 person (one of these)")
		}
		var err error
		if p.Division, err = parseDivision("division", f.place); err != nil {
			return err
		}
		send := func() (*http.Response, error) { return c.api.GetRatingFigures(cmd.Context(), &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.RatingReport) {
			t := newTable(c.pick("单位", "OFFICE"), c.pick("人员", "PERSON"), c.pick("评价", "RATED"), c.pick("差评", "BAD"), c.pick("评价率", "RATE"), c.pick("好评率", "SATISFIED"), c.pick("整改率", "RECTIFIED"))
			for _, u := range v.Units {
				if u.Suppressed {
					t.row(string(u.Division)+" "+u.Department, u.Staff, c.pick("太少，不显示", "too few"), "", "", "", "")
					continue
				}
				t.row(string(u.Division)+" "+u.Department, u.Staff, count(u.Rated), count(u.Bad), permille(u.RatePermille), permille(u.SatisfactionPermille), permille(u.RectificationPermille))
			}
			t.write(w, c.language)
		})
	})
}

// permille is a share in thousandths, for people.
func permille(n int64) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d%%", n/10, n%10)
}

func rectificationListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "orders",
		Short:   "整改通知清单 (what offices were told to put right)",
		Example: "  tongban rating orders --open",
		Args:    noArguments,
	}
	var p client.ListRectificationsParams
	cmd.Flags().BoolVar(&p.Open, "open", false, "尚未整改 (not done)")
	pageFlags(cmd, &p.Limit, &p.Cursor)
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		send := func() (*http.Response, error) { return c.api.ListRectifications(cmd.Context(), &p) }
		return ask(cmd.Context(), c, send, func(w io.Writer, v *client.RectificationList) {
			t := newTable(c.pick("评价", "RATING"), c.pick("单位", "OFFICE"), c.pick("要求", "WHAT"), c.pick("期限", "BEFORE"), c.pick("整改", "DONE"), c.pick("申诉", "CONTESTED"))
			for _, r := range v.Rectifications {
				t.row(r.Rating, string(r.Division)+" "+r.Department, r.What, r.Before.String(), r.Done, r.Contest)
			}
			t.write(w, c.language)
			morePages(w, c.language, v.NextCursor)
		})
	})
}

func rectificationAnswerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "answer RATING rectify|contest",
		Short:   "报送整改或提出申诉 (what the office answers)",
		Example: "  tongban rating answer 01979c5e-8a7b-7000-8000-000000000001 rectify --text 已培训窗口人员",
		Args:    arguments(2, 2, "RATING, KIND"),
	}
	text := cmd.Flags().String("text", "", "整改情况或申诉理由 (what was done, or why it is wrong)")
	key := keyFlag(cmd)
	required(cmd, "text")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		b := client.RectificationAnswer{Kind: client.RectificationAnswerKind(args[1]), Text: *text}
		if !b.Kind.Valid() {
			return usagef("应为 rectify 或 contest (one of these): %q", args[1])
		}
		return recordAs(cmd, c, key, func() (*http.Response, error) {
			return c.api.AnswerRectification(cmd.Context(), args[0], &client.AnswerRectificationParams{IdempotencyKey: *key}, b)
		})
	})
}

func rectificationNoticeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "notice RATING",
		Short:   "打印整改通知书 (the rectification notice, for A4)",
		Example: "  tongban rating notice 01979c5e-8a7b-7000-8000-000000000001 --out notice.html",
		Args:    oneArgument("RATING"),
	}
	out := cmd.Flags().String("out", "", "写入文件，默认标准输出 (file to write; default standard output)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		send := func() (*http.Response, error) {
			return c.api.GetRectificationNotice(cmd.Context(), args[0], &client.GetRectificationNoticeParams{Format: client.GetRectificationNoticeParamsFormat(pageFormat(c))})
		}
		return writePage(c, send, *out)
	})
}

// pageFormat is how a paper is asked for: as a page unless JSON is wanted.
func pageFormat(c *connection) string {
	if c.json {
		return "json"
	}
	return "html"
}

func serviceRulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "评价与投诉时限 (the limits; with flags, sets them)",
		Long: `不给参数则显示全县现行时限；给出参数则由县中心管理员设置，未给的不变。
Without flags shows the limits in force. With flags sets those given.`,
		Example: "  tongban rating rules\n  tongban rating rules --contact-days 1 --finish-days 5 --reply-days 5 --least-shown 5",
		Args:    noArguments,
	}
	var set client.ServiceRules
	flags := map[string]*int{"contact-days": &set.ContactDays, "finish-days": &set.FinishDays, "reply-days": &set.ReplyDays, "least-shown": &set.LeastShown}
	cmd.Flags().IntVar(&set.ContactDays, "contact-days", 0, "差评回访工作日 (working days to contact who gave a bad rating)")
	cmd.Flags().IntVar(&set.FinishDays, "finish-days", 0, "差评办结工作日 (to finish it)")
	cmd.Flags().IntVar(&set.ReplyDays, "reply-days", 0, "投诉答复工作日 (to reply to a complaint)")
	cmd.Flags().IntVar(&set.LeastShown, "least-shown", 0, "被评价人可见统计的最少评价数 (ratings a figure must rest on)")
	return atNode(cmd, func(cmd *cobra.Command, c *connection, _ []string) error {
		now, err := answered[client.ServiceRules](c.api.GetServiceRules(cmd.Context()))
		if err != nil {
			return err
		}
		changed := false
		rules := now.value
		for name, given := range map[string]*int{"contact-days": &rules.ContactDays, "finish-days": &rules.FinishDays, "reply-days": &rules.ReplyDays, "least-shown": &rules.LeastShown} {
			if cmd.Flags().Changed(name) {
				*given, changed = *flags[name], true
			}
		}
		if !changed {
			return now.show(c.printer, func(w io.Writer, v *client.ServiceRules) {
				fmt.Fprintf(w, c.pick("差评 %d 个工作日内回访、%d 个工作日内办结；投诉 %d 个工作日内答复；统计至少 %d 条方可见\n",
					"a bad rating is contacted within %d working days and finished within %d, a complaint replied to within %d; figures rest on %d at least\n"), v.ContactDays, v.FinishDays, v.ReplyDays, v.LeastShown)
			})
		}
		if err := c.loggedIn(cmd.Context()); err != nil {
			return err
		}
		a, err := answered[client.Recorded](c.api.SetServiceRules(cmd.Context(), rules))
		if err != nil {
			return err
		}
		return a.show(c.printer, func(w io.Writer, v *client.Recorded) { fmt.Fprintln(w, recordedLine(c.language, *v)) })
	})
}

func ratingPublishedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "published MONTH",
		Short:   "好差评公示，无须登录 (the published ratings of a month; needs no login)",
		Example: "  tongban rating published 2026-10",
		Args:    oneArgument("MONTH"),
	}
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		send := func() (*http.Response, error) {
			return c.api.ListPublicRatings(cmd.Context(), &client.ListPublicRatingsParams{Month: args[0]})
		}
		return look(c, send, func(w io.Writer, v *client.PublicRatings) {
			t := newTable(c.pick("单位", "OFFICE"), c.pick("评价", "RATED"), c.pick("好评", "SATISFIED"), c.pick("差评", "BAD"), c.pick("已整改", "PUT RIGHT"), c.pick("好评率‰", "‰"))
			for _, o := range v.Offices {
				t.row(o.Place+" "+o.Department, digits(o.Rated), digits(o.Satisfied), digits(o.Bad), digits(o.Rectified), digits(o.SatisfactionPermille))
			}
			t.write(w, c.language)
		})
	})
}
