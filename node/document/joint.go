package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/remedy"
)

// The documents of a joint matter (联办件): one receipt, one notice of what is
// missing, one acceptance with the one due date, one result. Each department's case
// has its own decision beside them.
const (
	JointReceipt          Kind = "joint_receipt"           // 联办件收件凭证
	JointSupplementNotice Kind = "joint_supplement_notice" // 联办件一次性补正告知书
	JointAcceptanceNotice Kind = "joint_acceptance_notice" // 联办件受理通知书
	JointExtensionNotice  Kind = "joint_extension_notice"  // 联办件延长期限告知书
	JointResult           Kind = "joint_result"            // 联办件办理结果告知单
)

// JointSubject is a joint matter with what its documents need to know of it.
type JointSubject struct {
	Case    *joint.Case
	Members []*casework.Case
	// Items are those of the members, in their order.
	Items      []*catalog.Item
	Issuer     Issuer
	Limits     []casework.Limit
	Calendar   *calendar.Calendar
	QueryCode  string
	Government string
}

type jointMaker struct {
	ready func(JointSubject) bool
	date  func(JointSubject) calendar.Date
	fill  func(*Document, JointSubject)
}

// MakeJoint makes a document of a joint matter. The error is a *NotYet.
func MakeJoint(k Kind, s JointSubject) (*Document, error) {
	m, ok := jointMakers[k]
	if !ok || !m.ready(s) {
		return nil, &NotYet{k}
	}
	d := &Document{Kind: k, Template: Template, Title: titles[k], Issuer: s.Issuer, Case: printed(s.Case.Number),
		Item: Item{s.Case.Package, s.Case.Name}, To: s.Case.Applicant.Name, Date: m.date(s)}
	d.Number = Number(k, d.Date, d.Case, NthJoint(k, s.Case, s.Members))
	m.fill(d, s)
	return d, nil
}

// JointReady lists the documents that a joint matter has, in the order of its
// life.
func JointReady(s JointSubject) []Kind {
	var kinds []Kind
	for _, k := range []Kind{JointReceipt, JointSupplementNotice, JointAcceptanceNotice, JointExtensionNotice, JointResult} {
		if jointMakers[k].ready(s) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// NthJoint is which of its kind the document is that a joint matter has now: a
// second notice and each extension are documents of their own.
func NthJoint(k Kind, c *joint.Case, members []*casework.Case) int {
	switch k {
	case JointSupplementNotice:
		return max(c.Notices, 1)
	case JointExtensionNotice:
		n := 0
		for _, m := range members {
			if m.ExtendedBy > 0 {
				n++
			}
		}
		return max(n, 1)
	}
	return 1
}

// JointTitle is how a document of a joint matter is headed.
func JointTitle(k Kind) string { return titles[k] }

var jointMakers = map[Kind]jointMaker{
	JointReceipt: {
		ready: func(JointSubject) bool { return true },
		date:  func(s JointSubject) calendar.Date { return day(s.Case.HandedInMS) },
		fill: func(d *Document, s JointSubject) {
			c := s.Case
			d.add("收件时间", moment(c.HandedInMS)).add("视为收件日期", receivedOn(c.Online.ReceivedOn)).add("申请人证件号码", identifier.MaskIDNumberInHall(c.Applicant.IDNumber)).add("查询码", s.QueryCode)
			d.add("牵头部门", s.Issuer.Department).add("承诺办结", fmt.Sprintf("自受理之日起 %d 个工作日内（不含特别程序）", c.Promise))
			var rows []string
			for _, m := range c.Members {
				rows = append(rows, fmt.Sprintf("%s　%s　办件编号 %s%s", m.ItemName, m.Department, printed(m.Number), afterText(c, m)))
			}
			d.list("联办事项", rows)
			d.list("收到的材料（各事项共用，只收一份）", papers(c.Materials))
			var lacking []string
			for i, m := range s.Members {
				lacking = append(lacking, labels(s.Items[i], m.Lacking)...)
			}
			d.list("尚缺的材料", unique(lacking))
			d.Text = append(d.Text, "收件不等于受理。各事项由其主管部门分别负责，由牵头部门统一收件、一次性告知、统一答复。须待其他事项办结的，自其办结之日起计算时限。")
			d.Signatures = []string{"收件人", "申请人"}
		},
	},
	JointSupplementNotice: {
		ready: func(s JointSubject) bool { return s.Case.Notice != nil },
		date:  func(s JointSubject) calendar.Date { return s.Case.Notice.On },
		fill: func(d *Document, s JointSubject) {
			if before := s.Case.Notice.Before; !before.IsZero() {
				d.add("请于此日前补正", before.Chinese())
			}
			for _, told := range s.Case.NoticeMembers {
				for i, m := range s.Members {
					if m.ID != told.Case {
						continue
					}
					var rows []string
					for _, p := range told.Points {
						rows = append(rows, fmt.Sprintf("%s：%s。%s", labels(s.Items[i], []string{p.Material + p.Field})[0], problems[p.Problem], p.How))
					}
					d.list(m.ItemName+"（"+m.Department+"）", rows)
				}
			}
			d.Text = append(d.Text, "以上为各事项需要补正的全部内容，由牵头部门汇总后一次性告知。相同的材料只需补交一份。")
			d.Signatures = []string{"告知人", "申请人"}
		},
	},
	JointAcceptanceNotice: {
		ready: func(s JointSubject) bool { return !s.Case.TakenUpOn(s.Members).IsZero() },
		date:  func(s JointSubject) calendar.Date { return s.Case.TakenUpOn(s.Members) },
		fill: func(d *Document, s JointSubject) {
			told := s.Case.FirstTold(s.Members)
			d.add("受理日期", d.Date.Chinese()).add("承诺办结日期", s.due(told.Promised, casework.LimitPromised)).add("法定办结日期", s.due(told.Statutory, casework.LimitStatutory)).add("查询码", s.QueryCode)
			var rows []string
			for i, m := range s.Members {
				// What was taken up later, in its turn, changes nothing in a notice that was given.
				state := afterText(s.Case, s.Case.Members[i])
				switch {
				case state != "":
				case m.Status == casework.NotAccepted:
					state = "：不予受理，见其不予受理决定书"
				case m.AcceptedOn.IsZero():
					state = "：已终止，见其终止办理通知书"
				default:
					state = "：" + m.AcceptedOn.Chinese() + "受理"
				}
				rows = append(rows, fmt.Sprintf("%s（%s，%s）%s", m.ItemName, m.Department, printed(m.Number), state))
			}
			d.list("各事项", rows)
			d.Text = append(d.Text, "以上事项联合办理，办结日期只有一个，自须先办的事项全部受理之日起计算，待其他事项办结后办理的事项已计入其中。特别程序的时间依法不计入期限，将另行书面告知。")
		},
	},
	JointExtensionNotice: {
		ready: func(s JointSubject) bool {
			return slices.ContainsFunc(s.Members, func(m *casework.Case) bool { return m.ExtendedBy > 0 })
		},
		date: func(s JointSubject) calendar.Date {
			var last calendar.Date
			for _, m := range s.Members {
				if m.ExtendedBy > 0 && (last.IsZero() || m.ExtendedOn.After(last)) {
					last = m.ExtendedOn
				}
			}
			return last
		},
		fill: func(d *Document, s JointSubject) {
			var rows []string
			for _, m := range s.Members {
				if m.ExtendedBy > 0 {
					rows = append(rows, fmt.Sprintf("%s（%s，%s）：延长 %d 个工作日。理由：%s。批准人：%s", m.ItemName, m.Department, printed(m.Number), m.ExtendedBy, m.ExtendReason, m.Extender))
				}
			}
			d.list("延长办理期限的事项", rows)
			told := joint.ExtensionTold(s.Members)
			d.add("新的承诺办结日期", s.due(told.Promised, casework.LimitPromised)).add("新的法定办结日期", s.due(told.Statutory, casework.LimitStatutory))
			d.Text = append(d.Text, "上列事项经其主管部门负责人批准延长办理期限。联合办理的办结日期只有一个，以上列日期为准。")
		},
	},
	JointResult: {
		ready: func(s JointSubject) bool {
			status := s.Case.StatusOf(s.Members)
			return status == joint.Decided || status == joint.Ended
		},
		date: func(s JointSubject) calendar.Date {
			var last int64
			for _, m := range s.Members {
				last = max(last, m.DecidedMS, m.RejectedMS, m.TerminatedMS)
			}
			return day(last)
		},
		fill: func(d *Document, s JointSubject) {
			granted, refused := 0, false
			var rows []string
			for _, m := range s.Members {
				fate := joint.FateOf(m)
				if fate == joint.FateGranted {
					granted++
				}
				refused = refused || fate == joint.FateDeclined || fate == joint.FateNotTaken
				row := fmt.Sprintf("%s（%s，%s）：%s", m.ItemName, m.Department, printed(m.Number), FateZH(fate))
				for _, made := range m.Documents {
					row += "　" + strings.TrimSpace(made.Name+" "+made.Number)
				}
				if why := firstText(m.Reason, declined(m)); why != "" {
					row += "。理由：" + why
				}
				rows = append(rows, row)
			}
			d.add("结果", fmt.Sprintf("共 %d 项，准予 %d 项", len(s.Members), granted))
			d.list("各事项的结论", rows)
			if refused {
				d.Text = append(d.Text, "有事项未获准的，须以其结果为前提的事项随之终止，其余事项不受影响。")
				d.Remedy = s.remedies()
			}
			d.Text = append(d.Text, "各事项的决定书由其主管部门分别出具，与本告知单一并送达。")
			d.Signatures = []string{"送达人", "受送达人", "送达日期"}
		},
	},
}

// due is the one date as it was told then, else the one that the applicant was told
// last, else the one that is computed; with the warning where its year is not
// announced yet.
func (s JointSubject) due(told calendar.Date, k casework.LimitKind) string {
	return counted(dueAs(Subject{Limits: s.Limits}, told, k), s.Calendar)
}

// remedies tell for each case that was refused who reconsiders it: those of
// several authorities can be different.
func (s JointSubject) remedies() []string {
	var rows []string
	for i, m := range s.Members {
		if f := joint.FateOf(m); f != joint.FateDeclined && f != joint.FateNotTaken {
			continue
		}
		rows = append(rows, m.ItemName+"："+remedy.Text(remedy.Body(s.Items[i].ReviewBody, m.Department, s.Government)))
	}
	return rows
}

func declined(c *casework.Case) string {
	if c.Decision == casework.Declined {
		return c.Opinion
	}
	return ""
}

func firstText(all ...string) string {
	for _, text := range all {
		if text != "" {
			return text
		}
	}
	return ""
}

// FateZH says what becomes of a case of a joint matter.
func FateZH(f joint.Fate) string {
	return map[joint.Fate]string{joint.FateRunning: "办理中", joint.FateWaiting: "等待须先办的事项", joint.FateBlocked: "须先办的事项未获准，不再办理",
		joint.FateGranted: "准予", joint.FateDeclined: "不予", joint.FateNotTaken: "不予受理", joint.FateWithdrawn: "终止办理"}[f]
}

func afterText(c *joint.Case, m joint.Member) string {
	var names []string
	for _, id := range m.After {
		for _, other := range c.Members {
			if other.Case == id {
				names = append(names, other.ItemName)
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "（待“" + strings.Join(names, "”“") + "”办结后办理）"
}

func unique(rows []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, r := range rows {
		if !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	return out
}
