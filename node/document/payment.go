package document

import (
	"fmt"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/fee"
)

// MakePayment makes the payment notice (缴款通知) of a case: everything that was
// charged, by which line of the published tariff, and what is still to be paid. A charge
// that was cancelled is a mistake of which it says only that, and no notice is made of
// nothing else. The error is a *NotYet where nothing was charged.
func MakePayment(s Subject, account fee.Account) (*Document, error) {
	if !account.Charged() {
		return nil, &NotYet{PaymentNotice}
	}
	last := account[len(account)-1]
	d := &Document{Kind: PaymentNotice, Template: Template, Title: titles[PaymentNotice], Issuer: s.Issuer, Case: printed(s.Case.Number),
		Item: Item{s.Item.Code, s.Item.Name}, To: s.Case.Applicant.Name, Date: calendar.DateOf(time.UnixMilli(last.AtMS))}
	d.Number = Number(PaymentNotice, d.Date, d.Case, len(account))
	d.add("收费标准", s.Item.Fee.Standard).add("应缴金额", fee.Yuan(account.Outstanding())+" 元")
	rates := s.Item.Fee.Tariff()
	var lines, settled []string
	for _, c := range account {
		if c.State == fee.Cancelled {
			settled = append(settled, "已撤销 "+fee.Yuan(c.Total)+" 元")
			continue
		}
		for _, l := range c.Lines {
			lines = append(lines, fmt.Sprintf("%s　%d %s　%s 元%s", l.Rate, l.Quantity, unitOf(rates, l.Rate), fee.Yuan(l.Amount), basisOf(rates, l.Rate)))
		}
		if c.Waived > 0 {
			settled = append(settled, "减免 "+fee.Yuan(c.Waived)+" 元")
		}
		if c.Paid > 0 {
			settled = append(settled, "已缴 "+fee.Yuan(c.Paid)+" 元")
		}
		if c.Returned > 0 {
			settled = append(settled, "已退 "+fee.Yuan(c.Returned)+" 元")
		}
	}
	d.list("收费项目", lines)
	d.list("减免与缴退情况", settled)
	d.list("收费依据", bases(s.Item))
	law := "收费按照公布的项目和标准执行，不得擅自增加项目、提高标准。"
	if s.licence() {
		law = "行政机关实施行政许可和对行政许可事项进行监督检查，不得收取任何费用；法律、行政法规另有规定的，依照其规定，并按公布的法定项目和标准收费（" + licenceLaw + "第五十八条、第五十九条）。"
	}
	d.Text = append(d.Text, law)
	if account.Outstanding() == 0 {
		d.Text = append(d.Text, "费用已结清，无需再缴。")
		return d, nil
	}
	d.Text = append(d.Text, "请凭本通知到收费窗口缴纳，收取财政票据。等待缴费的时间不停止办理时限的计算。")
	if !s.Item.Fee.AfterIssue {
		d.Text = append(d.Text, "本事项在缴费后制发办理结果。")
	}
	return d, nil
}

func unitOf(rates []catalog.FeeRate, name string) string {
	for _, r := range rates {
		if r.Name == name {
			return r.Unit
		}
	}
	return ""
}

func basisOf(rates []catalog.FeeRate, name string) string {
	for _, r := range rates {
		if r.Name == name && r.Basis != "" {
			return "（" + r.Basis + "）"
		}
	}
	return ""
}
