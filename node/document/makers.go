package document

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/remedy"
)

// maker makes one kind of document: from when on, of which day, and what it
// says beside its head.
type maker struct {
	ready func(*casework.Case) bool
	date  func(*casework.Case) calendar.Date
	fill  func(*Document, Subject)
}

var makers = map[Kind]maker{
	ReceiptSlip: {
		// A joint matter has one receipt for all its cases.
		ready: func(c *casework.Case) bool { return c.Package == nil },
		date:  func(c *casework.Case) calendar.Date { return day(c.HandedInMS) },
		fill: func(d *Document, s Subject) {
			c := s.Case
			d.add("收件时间", moment(c.HandedInMS)).add("视为收件日期", receivedOn(c.Online.ReceivedOn)).add("申请人证件号码", identifier.MaskIDNumberInHall(c.Applicant.IDNumber)).add("代办人", agent(c.Agent)).add("查询码", s.QueryCode).add("首问负责人", c.First.Name)
			d.list("收到的材料", papers(c.Materials))
			d.list("尚缺的材料", labels(s.Item, c.Lacking))
			d.Text = append(d.Text, "收件不等于受理。"+noticeTerm(c.Online.ReceivedOn))
			d.Signatures = []string{"收件人", "申请人"}
		},
	},
	AcceptanceNotice: {
		ready: func(c *casework.Case) bool { return c.AcceptedMS != 0 },
		date:  func(c *casework.Case) calendar.Date { return c.AcceptedOn },
		fill: func(d *Document, s Subject) {
			c := s.Case
			d.add("受理日期", c.AcceptedOn.Chinese())
			d.dues(s, c.FirstTold)
			d.add("查询码", s.QueryCode)
			for _, t := range c.Tolerated {
				d.list("容缺受理、须补交的材料", []string{fmt.Sprintf("%s（%s前补交）", t.Material, t.Before.Chinese())})
			}
			if slices.Contains(c.Flags, casework.FlagDeemed) {
				d.Text = append(d.Text, "因逾期未一次性告知需要补正的内容，"+s.under("第三十二条第四项")+"，自收到申请材料之日起即为受理。"+s.notCounted())
				return
			}
			if len(c.Tolerated) > 0 {
				d.Text = append(d.Text, "除上列须补交的材料外，申请材料符合法定形式，决定容缺受理；上列材料未补交前不作出准予决定。"+s.notCounted())
				return
			}
			d.Text = append(d.Text, "申请材料齐全、符合法定形式，决定予以受理。"+s.notCounted())
		},
	},
	RejectionNotice: {
		ready: func(c *casework.Case) bool { return c.Status == casework.NotAccepted },
		date:  func(c *casework.Case) calendar.Date { return day(c.RejectedMS) },
		fill: func(d *Document, s Subject) {
			d.add("情形", grounds[s.Case.Ground]).add("理由", s.Case.Reason).add("应向何处申请", s.Case.RightAuthority)
			d.list("法律依据", s.bases("第三十二条"))
			d.remedy(s)
		},
	},
	SupplementNotice: {
		ready: func(c *casework.Case) bool { return c.Notice != nil },
		date:  func(c *casework.Case) calendar.Date { return c.Notice.On },
		fill: func(d *Document, s Subject) {
			n := s.Case.Notice
			d.add("首问负责人", s.Case.First.Name)
			if !n.Before.IsZero() {
				d.day(s, "请于此日前补正", n.Before)
			}
			var rows []string
			for _, p := range n.Points {
				rows = append(rows, fmt.Sprintf("%s：%s。%s", labels(s.Item, []string{p.Material + p.Field})[0], problems[p.Problem], p.How))
			}
			d.list("需要补正的全部内容", rows)
			d.Text = append(d.Text, "以上为需要补正的全部内容，一次性告知。补正后即予受理，办理时限自补正齐全之日起算。")
			d.Signatures = []string{"告知人", "申请人"}
		},
	},
	SpecialProcedureNotice: {
		ready: func(c *casework.Case) bool { return len(c.Suspensions) > 0 },
		date:  func(c *casework.Case) calendar.Date { return c.Suspensions[len(c.Suspensions)-1].From },
		fill: func(d *Document, s Subject) {
			last := s.Case.Suspensions[len(s.Case.Suspensions)-1]
			d.add("特别程序", last.Procedure).add("起始日期", last.From.Chinese())
			d.day(s, "预计完成日期", last.Until)
			d.add("勘验人员", strings.Join(last.Officers, "、"))
			d.dues(s, last.Told)
			if last.Lawful {
				d.Text = append(d.Text, s.under("第四十五条")+"，上述程序所需时间不计算在法定期限内。")
			} else {
				d.Text = append(d.Text, "上述程序所需时间不计算在承诺期限内，法定期限照常计算。")
			}
		},
	},
	ExtensionNotice: {
		ready: func(c *casework.Case) bool { return c.ExtendedBy > 0 },
		date:  func(c *casework.Case) calendar.Date { return c.ExtendedOn },
		fill: func(d *Document, s Subject) {
			d.add("延长", fmt.Sprintf("%d 个工作日", s.Case.ExtendedBy)).add("理由", s.Case.ExtendReason)
			d.day(s, "新的办结日期", dueAs(s, s.Case.ExtendTold.Statutory, casework.LimitStatutory))
			d.add("批准人", s.Case.Extender)
			d.Text = append(d.Text, s.under("第四十二条")+"，经本机关负责人批准延长办理期限。")
		},
	},
	GrantDecision: {
		ready: func(c *casework.Case) bool { return c.Decision == casework.Granted },
		date:  func(c *casework.Case) calendar.Date { return day(c.DecidedMS) },
		fill: func(d *Document, s Subject) {
			d.add("决定", "准予").add("审批意见", s.Case.Opinion)
			var rows []string
			for _, r := range s.Item.Results {
				row := r.Name
				if r.ValidityYears > 0 {
					row += fmt.Sprintf("（有效期 %d 年）", r.ValidityYears)
				}
				rows = append(rows, row)
			}
			d.list("将制发", rows)
			d.Text = append(d.Text, "自作出决定之日起十个工作日内制发并送达。")
		},
	},
	RefusalDecision: {
		ready: func(c *casework.Case) bool { return c.Decision == casework.Declined },
		date:  func(c *casework.Case) calendar.Date { return day(c.DecidedMS) },
		fill: func(d *Document, s Subject) {
			d.add("决定", "不予").add("事实与理由", s.Case.Opinion).add("对陈述申辩的采纳情况", s.Case.Weighed)
			d.list("法律依据", bases(s.Item))
			d.remedy(s)
		},
	},
	TerminationNotice: {
		ready: func(c *casework.Case) bool { return c.Status == casework.Terminated },
		date:  func(c *casework.Case) calendar.Date { return day(c.TerminatedMS) },
		fill: func(d *Document, s Subject) {
			c, asked, papers := s.Case, "本机关", "未退还，申请人可凭收件凭证到收件窗口领回"
			if c.Cause == ledger.CauseWithdrawn {
				asked = "申请人"
			}
			if c.PapersReturned {
				papers = "已退还申请人"
			}
			d.add("提出人", asked).add("终止原因", causes[c.Cause]).add("说明", c.Reason)
			if c.TerminatedBy != nil {
				d.add("经办人", c.TerminatedBy.Name)
			}
			d.add("申请材料", papers)
		},
	},
	HearingNotice:  hearingNotice,
	HearingSummons: hearingSummons,
	RefusalNotice:  refusalNotice,
	ServiceReceipt: {
		ready: func(c *casework.Case) bool { return c.Status == casework.Issued || c.Status == casework.Closed },
		date: func(c *casework.Case) calendar.Date {
			if c.DeliveredMS != 0 {
				return day(c.DeliveredMS)
			}
			return day(c.IssuedMS)
		},
		fill: func(d *Document, s Subject) {
			var rows []string
			switch s.Case.Decision {
			case casework.Granted:
				rows = append(rows, served(GrantDecision, s, d))
			case casework.Declined:
				rows = append(rows, served(RefusalDecision, s, d))
			}
			for _, p := range s.Case.Documents {
				if s.Case.Decision == casework.Declined && p.Name == Title(RefusalDecision, s.Item) { // what is made out is the decision
					if p.Number != "" {
						rows[0] += "（" + p.Number + "）"
					}
					continue
				}
				rows = append(rows, strings.TrimSpace(p.Name+" "+p.Number))
			}
			d.list("送达的文书", rows)
			d.add("受送达人", s.Case.Recipient).add("与申请人的关系", s.Case.Relation).add("送达方式", methods[s.Case.Method]).add("见证人", s.Case.Witness).add("事由", s.Case.ServedWhy)
			if since := s.Case.NoticeSince; !since.IsZero() {
				d.add("公告日期", since.Chinese())
			}
			d.Signatures = []string{"送达人", "受送达人", "送达日期"}
			if s.Case.Witness != "" {
				d.Signatures = append(d.Signatures, "见证人")
			}
		},
	},
}

var problems = map[ledger.Problem]string{ledger.ProblemMissing: "缺少", ledger.ProblemWrong: "不符合要求", ledger.ProblemUnclear: "不清晰、无法辨认"}

var causes = map[ledger.Cause]string{ledger.CauseWithdrawn: "申请人撤回申请", ledger.CauseNotSupplemented: "逾期未补正", ledger.CauseMoot: "申请人死亡、终止或申请事项已不存在",
	ledger.CausePrerequisite: "联办件中须先办的事项未获准"}

var methods = map[string]string{"direct": "直接送达", "left": "留置送达", "post": "邮寄送达", "electronic": "电子送达（经同意）", "entrusted": "委托送达", "notice": "公告送达"}

// remedy tells where to turn, and within which time.
func (d *Document) remedy(s Subject) {
	d.Remedy = []string{remedy.Text(s.reviewer())}
}

func (d *Document) add(label, value string) *Document {
	if value != "" {
		d.Lines = append(d.Lines, Line{label, value})
	}
	return d
}

// list adds rows under a heading, which appears once.
func (d *Document) list(heading string, rows []string) {
	switch n := len(d.Lists); {
	case len(rows) == 0:
	case n > 0 && d.Lists[n-1].Heading == heading:
		d.Lists[n-1].Rows = append(d.Lists[n-1].Rows, rows...)
	default:
		d.Lists = append(d.Lists, List{heading, rows})
	}
}

// served names a decision that is handed over with what was made out.
func served(k Kind, s Subject, d *Document) string {
	return Title(k, s.Item) + " " + Number(k, day(s.Case.DecidedMS), d.Case, 1)
}

func papers(all []catalog.SubmittedMaterial) []string {
	forms := map[catalog.SubmittedForm]string{catalog.SubmittedOriginal: "原件", catalog.SubmittedCopy: "复印件", catalog.SubmittedElectronic: "电子件"}
	var rows []string
	for _, m := range all {
		if m.OnFile != (catalog.OnFile{}) {
			rows = append(rows, m.Name+"　已有存档，未再要求提交")
			continue
		}
		rows = append(rows, fmt.Sprintf("%s　%s %d 份", m.Name, forms[m.Form], m.Copies))
	}
	return rows
}

// labels turns the keys of form fields into what people call them.
func labels(item *catalog.Item, names []string) []string {
	rows := make([]string, len(names))
	for i, n := range names {
		rows[i] = n
		for _, f := range item.Form {
			if f.Key == n {
				rows[i] = "申请表：" + f.Label
			}
		}
	}
	return rows
}

func bases(item *catalog.Item) []string {
	var rows []string
	for _, b := range item.LegalBasis {
		rows = append(rows, "《"+b.Law+"》"+b.Article+b.DocumentNo)
	}
	return rows
}

// dues adds the dates by which a case is decided, as they were told then: a notice
// that is printed later says what it said when it was made out. A case of a joint
// matter tells the date of the whole, never its department's own.
func (d *Document) dues(s Subject, told ledger.Dues) {
	if s.Case.Package != nil {
		told = ledger.Dues{}
	}
	d.day(s, "承诺办结日期", dueAs(s, told.Promised, casework.LimitPromised))
	d.day(s, "法定办结日期", dueAs(s, told.Statutory, casework.LimitStatutory))
}

// day adds a date that the calendar counted to, with the warning where its year is not
// announced yet.
func (d *Document) day(s Subject, label string, on calendar.Date) {
	d.add(label, counted(on, s.Calendar))
}

// counted is a date that the calendar counted to, with the warning; empty for none.
func counted(on calendar.Date, days *calendar.Calendar) string {
	if on.IsZero() {
		return ""
	}
	text := on.Chinese()
	if days != nil && days.IsProvisional(on.Year()) {
		text += fmt.Sprintf("（%d年节假日安排尚未公布，日期可能变动）", on.Year())
	}
	return text
}

// dueAs is a date as it was told then, else the one that the applicant was told last,
// else the one that is computed.
func dueAs(s Subject, told calendar.Date, k casework.LimitKind) calendar.Date {
	if !told.IsZero() {
		return told
	}
	for _, l := range s.Limits {
		if l.Kind == k && !l.Due().IsZero() {
			return l.Due()
		}
	}
	return calendar.Date{}
}

// grounds are why an application is not accepted (art. 32).
var grounds = map[ledger.RejectGround]string{ledger.RejectNeedless: "依法不需要取得行政许可（办理该事项）", ledger.RejectCompetence: "不属于本机关职权范围", ledger.RejectOther: "其他"}

func day(ms int64) calendar.Date { return calendar.DateOf(time.UnixMilli(ms)) }

// moment is a date and a time of day in Beijing.
func moment(ms int64) string {
	d := day(ms)
	minutes := int(time.UnixMilli(ms).Sub(d.Midnight()).Minutes())
	return fmt.Sprintf("%s %02d:%02d", d.Chinese(), minutes/60, minutes%60)
}

// agent names who handed a case in for the applicant, and by what authority.
func agent(a ledger.Agent) string {
	if a.Name == "" {
		return ""
	}
	text := a.Name + "（" + identifier.MaskIDNumberInHall(a.IDNumber) + "）"
	if a.Authority != "" {
		text += "，凭" + a.Authority
	}
	if a.Seen {
		text += "（收件人已核验原件）"
	}
	return text
}

// receivedOn is the day on which an online hand-in on a day off counts as received;
// nothing for any other.
func receivedOn(on calendar.Date) string {
	if on.IsZero() {
		return ""
	}
	return on.Chinese() + "（网上申请在非工作日提交，以下一工作日为收件之日）"
}

// noticeTerm says from when the five days of the notice run (art. 32).
func noticeTerm(received calendar.Date) string {
	from := "收件之日"
	if !received.IsZero() {
		from = received.Chinese()
	}
	return "受理时限自" + from + "起算，五个工作日内将一次性告知需要补正的全部内容；逾期不告知的，自" + from + "起即为受理。"
}
