package document

import (
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// hearingNotice tells the right to a hearing (听证告知书).
var hearingNotice = maker{
	ready: func(c *casework.Case) bool { return c.Hearing != nil && !c.Hearing.ToldOn.IsZero() },
	date:  func(c *casework.Case) calendar.Date { return c.Hearing.ToldOn },
	fill: func(d *Document, s Subject) {
		h := s.Case.Hearing
		d.add("涉及的重大利益", h.Matter).add("申请听证的期限", h.Before.Chinese()+"前")
		d.list("其他被告知的利害关系人", h.Parties)
		d.Text = []string{s.under("第四十七条") + "，你（单位）和利害关系人有权要求听证，应当自被告知之日起五个工作日内提出；本机关将在二十个工作日内组织听证。",
			"申请人、利害关系人不承担组织听证的费用。逾期未提出的，视为放弃。"}
		d.Signatures = []string{"告知人", "被告知人"}
	},
}

// hearingSummons says when and where it is held (听证通知书).
var hearingSummons = maker{
	ready: func(c *casework.Case) bool { return c.Hearing != nil && !c.Hearing.NoticeOn.IsZero() },
	date:  func(c *casework.Case) calendar.Date { return c.Hearing.NoticeOn },
	fill: func(d *Document, s Subject) {
		h := s.Case.Hearing
		open := "公开举行"
		if h.Closed {
			open = "不公开举行"
		}
		d.add("听证时间", h.On.Chinese()+" "+h.Time).add("听证地点", h.Place).add("主持人", h.Presider.Name).add("方式", open)
		var told ledger.Dues
		for _, p := range s.Case.Suspensions {
			if p.Procedure == casework.ProcedureHearing {
				told = p.Told
			}
		}
		d.dues(s, told)
		d.Text = []string{"申请人、利害关系人认为主持人与本事项有直接利害关系的，有权申请回避；可以提出证据，进行申辩和质证。" + s.under("第四十八条") + "，听证笔录经确认无误后签字或者盖章，本机关根据听证笔录作出决定。",
			s.under("第四十五条") + "，听证所需时间不计算在办理期限内。无正当理由缺席的，视为放弃听证。"}
	},
}
