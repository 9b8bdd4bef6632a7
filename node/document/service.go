package document

import (
	"fmt"
	"strings"

	"github.com/tongban/tongban/node/complaint"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/rating"
)

// The papers about the service itself. They are about no case.
const (
	RectificationNotice Kind = "rectification_notice" // 整改通知书
	ReplyNotice         Kind = "reply_notice"         // 投诉、建议、咨询答复
)

// Rectify makes the notice of what an office must put right after a bad rating.
// It names neither the rater nor the case.
func Rectify(r *rating.Rectification, to string, issuer Issuer) *Document {
	d := &Document{Kind: RectificationNotice, Template: Template, Title: "整改通知书", Issuer: issuer, To: to, Date: day(r.OrderedMS)}
	// The day and the end of the rating's id: read out over a telephone, and as unique.
	end := strings.ReplaceAll(r.Rating, "-", "")
	d.Number = fmt.Sprintf("整〔%d〕%02d%02d-%s", d.Date.Year(), d.Date.Month(), d.Date.Day(), strings.ToUpper(end[max(0, len(end)-6):]))
	d.add("整改期限", r.Before.Chinese()+"前").add("监督人员", r.OrderedBy.Name)
	d.list("须整改的问题", []string{r.What})
	d.Text = []string{"经回访核实，群众对你单位服务的差评情况属实。请按期整改并报送结果；认为评价与事实不符的，可在报送前提出申诉并说明理由。", "不得打听、追查评价人，不得打击报复。"}
	d.Signatures = []string{"签收人"}
	return d
}

// Reply makes the reply to a complaint, a suggestion or an inquiry.
func Reply(c *complaint.Complaint, remedy string, issuer Issuer) *Document {
	kind := map[ledger.ComplaintType]string{ledger.Complaint: "投诉", ledger.Suggestion: "建议", ledger.Inquiry: "咨询"}[c.Type]
	d := &Document{Kind: ReplyNotice, Template: Template, Title: kind + "答复书", Issuer: issuer, To: c.Name, Date: day(c.RepliedMS)}
	d.Number = fmt.Sprintf("复〔%d〕%s", d.Date.Year(), c.Number)
	d.add("受理编号", c.Number).add("受理日期", day(c.OpenedMS).Chinese())
	if c.Type == ledger.Complaint {
		d.add("核查结论", map[bool]string{true: "属实", false: "不属实"}[c.Upheld])
	}
	d.list("答复", []string{c.Reply})
	if c.Measures != "" {
		d.list("处理措施", []string{c.Measures})
	}
	d.Remedy = []string{remedy}
	return d
}
