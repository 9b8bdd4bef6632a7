package notice

import (
	"fmt"

	"github.com/tongban/tongban/node/calendar"
)

// Language is what a recipient reads.
type Language string

// The languages. Who did not say gets Chinese; who asked for English gets both,
// Chinese first, for the papers that follow are in Chinese.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// words are the step and what to do, in both languages. onPaper holds unless the
// applicant agreed to be served electronically and there is something else to do
// then.
type words struct {
	stepZH, stepEN       string
	paperZH, paperEN     string
	accountZH, accountEN string
	dayZH, dayEN         string // with %s for the day, said where there is one
	// fixed: the day was set and not counted to, and stays whatever the calendar.
	fixed bool
}

var wordsOf = map[Kind]words{
	Received: {stepZH: "已收到", stepEN: "received",
		paperZH: "请等待受理结果，暂无需操作", paperEN: "wait for the result; there is nothing to do for now"},
	Accepted: {stepZH: "已受理", stepEN: "accepted",
		paperZH: "受理通知书请到窗口领取，可凭查询码查询进度", paperEN: "collect the acceptance notice at the window; progress can be looked up with the query code",
		accountZH: "受理通知书请登录账户查阅", accountEN: "log in to read the acceptance notice"},
	NotAccepted: {stepZH: "不予受理", stepEN: "not accepted",
		paperZH: "请到窗口领取决定书，内有理由和救济途径", paperEN: "collect the decision at the window; it states the reasons and the remedies",
		accountZH: "请登录账户查阅决定书，内有理由和救济途径", accountEN: "log in to read the decision; it states the reasons and the remedies"},
	Supplement: {stepZH: "需要补正", stepEN: "something is missing",
		paperZH: "请到窗口领取一次性补正告知书，按所列内容补齐", paperEN: "collect the notice at the window; it lists everything that is missing",
		accountZH: "请登录账户查阅一次性补正告知书，按所列内容补齐", accountEN: "log in to read the notice; it lists everything that is missing",
		dayZH: "最迟%s补齐", dayEN: "hand it in by %s at the latest"},
	Suspended: {stepZH: "进入特别程序", stepEN: "a special procedure has begun",
		paperZH: "所需时间不计入办理期限，告知书请到窗口领取", paperEN: "its time does not count; collect the written notice at the window",
		accountZH: "所需时间不计入办理期限，告知书请登录账户查阅", accountEN: "its time does not count; log in to read the written notice",
		dayZH: "预计至%s", dayEN: "expected until %s"},
	Hearing: {stepZH: "进入听证程序", stepEN: "a hearing is to be held",
		paperZH: "请到窗口领取告知书，内有权利和期限", paperEN: "collect the written notice at the window; it states your rights and their limits",
		accountZH: "请登录账户查阅告知书，内有权利和期限", accountEN: "log in to read the written notice; it states your rights and their limits",
		dayZH: "预计至%s", dayEN: "expected until %s"},
	HearingTold: {stepZH: "可以申请听证", stepEN: "a hearing can be asked for",
		paperZH: "请到窗口领取听证告知书", paperEN: "collect the written notice at the window",
		accountZH: "请登录账户查阅听证告知书，可在网上申请或放弃", accountEN: "log in to read the written notice, and ask for it or give it up there",
		dayZH: "最迟%s提出", dayEN: "ask by %s at the latest"},
	HearingDay: {stepZH: "将举行听证", stepEN: "a hearing is held",
		paperZH: "时间地点见听证通知书，请到窗口领取", paperEN: "time and place stand in the notice; collect it at the window",
		accountZH: "时间地点见听证通知书，请登录账户查阅", accountEN: "time and place stand in the notice; log in to read it",
		dayZH: "听证日期%s", dayEN: "on %s", fixed: true},
	RefusalTold: {stepZH: "拟不予办理", stepEN: "a refusal is intended",
		paperZH: "请到窗口领取告知书，可在网上或到窗口陈述申辩", paperEN: "collect the notice at the window; you may state your case there or from home",
		accountZH: "请登录账户查阅告知书，可在网上陈述申辩", accountEN: "log in to read the notice; you may state your case there",
		dayZH: "最迟%s提出", dayEN: "by %s at the latest", fixed: true},
	Resumed: {stepZH: "恢复办理", stepEN: "resumed",
		paperZH: "办理期限继续计算，暂无需操作", paperEN: "the time counts again; there is nothing to do for now"},
	Extended: {stepZH: "办理期限延长", stepEN: "the time was extended",
		paperZH: "告知书请到窗口领取，内有理由和新的期限", paperEN: "collect the written notice at the window; it states the reason and the new date",
		accountZH: "告知书请登录账户查阅，内有理由和新的期限", accountEN: "log in to read the written notice; it states the reason and the new date"},
	Decided: {stepZH: "已作出决定", stepEN: "decided",
		paperZH: "文书制发后将另行告知领取", paperEN: "you will be told when the papers can be collected",
		accountZH: "请登录账户查阅决定书，以打开文书为送达", accountEN: "log in and open the decision; opening it is its service"},
	Ready: {stepZH: "结果可以领取", stepEN: "the result is ready",
		paperZH: "请携带证件到窗口领取并签收", paperEN: "collect it at the window with your ID and sign for it",
		accountZH: "请登录账户查阅，或携带证件到窗口领取", accountEN: "log in to read it, or collect it at the window with your ID"},
	Ended: {stepZH: "已终止办理", stepEN: "ended without a decision",
		paperZH: "请到窗口领取通知书和退还的材料", paperEN: "collect the notice and the papers that are given back at the window",
		accountZH: "请登录账户查阅通知书，退还的材料请到窗口领取", accountEN: "log in to read the notice; collect the papers that are given back at the window"},
	Proposed: {stepZH: "拟对已发结果作出处理", stepEN: "a measure on what was issued is proposed",
		paperZH: "请到窗口领取告知书，您可陈述申辩", paperEN: "collect the notice at the window; you may state your case",
		accountZH: "请登录账户查阅告知书，可在网上陈述申辩", accountEN: "log in to read the notice; you may state your case there",
		dayZH: "最迟%s提出", dayEN: "by %s at the latest"},
	Measured: {stepZH: "已对已发结果作出决定", stepEN: "decided on what was issued",
		paperZH: "请到窗口领取决定书，内有理由和救济途径", paperEN: "collect the decision at the window; it states the reasons and the remedies",
		accountZH: "请登录账户查阅决定书，内有理由和救济途径", accountEN: "log in to read the decision; it states the reasons and the remedies"},
	NotMeasured: {stepZH: "拟作的处理未获同意，已发结果不变", stepEN: "the proposed measure was not agreed to; what was issued stays as it is",
		paperZH: "没有需要领取的决定书，暂无需操作", paperEN: "there is no decision to collect and nothing to do"},
	Payment: {stepZH: "需要缴费", stepEN: "a fee is due",
		paperZH: "请持缴款通知到窗口缴费，勿向他人转账", paperEN: "pay at the window with the payment notice; transfer money to nobody"},
	Waived: {stepZH: "费用已减免", stepEN: "a fee was waived",
		paperZH: "暂无需操作", paperEN: "there is nothing to do"},
	Refunded: {stepZH: "费用已退还", stepEN: "a fee was paid back",
		paperZH: "如未收到请到窗口查询，勿向他人提供账号", paperEN: "ask at the window if it has not arrived; give your account to nobody"},
	Uncharged: {stepZH: "一笔缴款通知已撤销", stepEN: "a fee is not due any more",
		paperZH: "该笔无需缴纳，勿向他人转账；其他费用以窗口为准", paperEN: "that one need not be paid; transfer money to nobody, and ask at the window about any other fee"},
	Replied: {stepZH: "已答复", stepEN: "replied to",
		paperZH: "请凭编号到窗口查阅答复", paperEN: "read the reply at the window with this number"},
	Corrected: {stepZH: "申请人信息已更正", stepEN: "the applicant's details were corrected",
		paperZH: "请核对，如有疑问请携带证件到窗口询问", paperEN: "check them; if they are not right, ask at the window with your ID"},
	Rectified: {stepZH: "您的评价已处理", stepEN: "your rating was dealt with",
		paperZH: "如仍有意见可拨打监督电话", paperEN: "call the supervision phone if you are not content"},
}

// Step names the step, in one language.
func (n *Notice) Step(l Language) string {
	if l == English {
		return wordsOf[n.Kind].stepEN
	}
	return wordsOf[n.Kind].stepZH
}

// ToDo says what the applicant does now, in one language.
func (n *Notice) ToDo(l Language) string {
	w := wordsOf[n.Kind]
	text, day, pause := w.paperZH, w.dayZH, "，"
	if n.Electronic && w.accountZH != "" {
		text = w.accountZH
	}
	if l == English {
		text, day, pause = w.paperEN, w.dayEN, "; "
		if n.Electronic && w.accountEN != "" {
			text = w.accountEN
		}
	}
	if day != "" && !n.On.IsZero() {
		text += pause + fmt.Sprintf(day, dayIn(n.On, l))
		if n.Unannounced && !w.fixed {
			text += fmt.Sprintf(mayChange(l), n.On.Year())
		}
	}
	return text
}

// mayChange is the warning beside a day that was counted to in a year, %d, of which the
// holidays are not announced; the printed notices have it too.
func mayChange(l Language) string {
	if l == English {
		return " (the holidays of %d are not announced yet; the day may change)"
	}
	return "（%d年节假日安排尚未公布，日期可能变动）"
}

func dayIn(d calendar.Date, l Language) string {
	if l == English {
		return d.String()
	}
	return fmt.Sprintf("%d月%d日", int(d.Month()), d.Day())
}

// reminder keeps a message from being taken for service of a document.
const (
	reminderZH = "本消息仅为提醒，不作为送达"
	reminderEN = "this reminder is not service of a document"
)

// Text is the whole message: number, step, what to do.
func (n *Notice) Text(l Language) (string, error) {
	number, err := n.printed()
	if err != nil {
		return "", err
	}
	what := "办件"
	if n.Kind == Replied {
		what = "来件"
	}
	text := what + number + "：" + n.Step(Chinese) + "。" + n.ToDo(Chinese) + "。"
	if !n.Electronic {
		text += reminderZH + "。"
	}
	if l == English {
		text += "\nCase " + number + ": " + n.Step(English) + ". " + capital(n.ToDo(English)) + "."
		if !n.Electronic {
			text += " " + capital(reminderEN) + "."
		}
	}
	return text, nil
}

func capital(text string) string { return string(text[0]-'a'+'A') + text[1:] }
