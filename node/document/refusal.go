package document

import (
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
)

// stating tells how somebody states and defends before a decision against them.
const stating = "你（单位）有权就上述事实、理由和依据进行陈述和申辩：可登录网上办事账户，在“我的办件”中提交并上传材料，也可到任一服务中心或便民服务站当面提出。逾期未提出的视为放弃。本机关将充分听取意见，不因陈述申辩而加重处理。"

// refusalNotice tells that a refusal is intended (拟不予行政许可事先告知书).
var refusalNotice = maker{
	ready: func(c *casework.Case) bool { return c.Intended() != nil },
	date:  func(c *casework.Case) calendar.Date { return c.Intended().ToldOn },
	fill: func(d *Document, s Subject) {
		i := s.Case.Intended()
		d.add("拟作出的决定", "不予").add("事实与理由", i.Reason).add("陈述申辩期限", i.Before.Chinese()+"前")
		d.list("法律依据", bases(s.Item))
		d.list("其他被告知的利害关系人", i.Parties)
		d.Text = []string{s.under("第七条、第三十六条") + "，" + stating}
		if text := hearingToo(i, s.Case.Hearing); text != "" {
			d.Text = append(d.Text, text)
		}
		d.Signatures = []string{"告知人", "被告知人"}
	},
}

// hearingToo tells of the hearing that can be asked for beside, as it stood when the
// refusal was told; nothing where one had been held.
func hearingToo(i *casework.Intent, h *casework.Hearing) string {
	switch {
	case h == nil || h.ToldOn.IsZero() || h.ToldOn.After(i.ToldOn):
		return "认为本事项直接涉及重大利益关系、需要听证的，可在上述期限内随陈述申辩一并提出；依法应当听证的，本机关将另行送达听证告知书。听证不收取费用。"
	case !h.HeldOn.IsZero() && !h.HeldOn.After(i.ToldOn):
		return ""
	}
	return "听证权利已另行告知，可在" + h.Before.Chinese() + "前在网上或到窗口申请听证，不收取费用。"
}
