package casework

import "github.com/tongban/tongban/node/ledger"

// Plain says in plain words how a case stands, and what its applicant does next.
func (c *Case) Plain() (zh, en string) {
	switch c.Status {
	case HandedIn:
		return "已收到您的申请，等待" + c.Department + "窗口受理，暂时不需要您做什么", "your application has arrived and waits to be accepted; there is nothing for you to do"
	case Supplementing:
		return "材料还需补正，请按告知书补齐后提交", "something is missing or wrong; hand in what the notice lists"
	case Accepted:
		return "已受理，正在办理，暂时不需要您做什么", "it was accepted and is being worked on; there is nothing for you to do"
	case NotAccepted:
		return "不予受理，理由和救济途径见决定书", "it was not accepted; the decision says why and where you can turn"
	case Granted:
		return "已作出准予决定，正在制作证照文书", "it was granted; the papers are being made"
	case Declined:
		return "已作出不予决定，理由和救济途径见决定书", "it was refused; the decision says why and where you can turn"
	case Issued:
		return "结果已制发：同意电子送达的请打开文书，其他请到窗口领取", "the result is ready: open it here if you agreed to electronic service, else collect it"
	case Closed:
		return "已办结，结果已送达", "it is done, and the result was handed over"
	case Terminated:
		return "已终止办理", "it was ended without a decision"
	case Held:
		return "正在核对，请稍候", "it is being looked at"
	}
	return "未被接收，请联系窗口", "it was not taken in; ask the window"
}

// PlainStep is what an entry of a case means to its applicant; false for what offices
// keep among themselves.
func PlainStep(k ledger.Kind) (zh, en string, told bool) {
	switch k {
	case ledger.CaseSubmit:
		return "提交申请", "handed in", true
	case ledger.CaseRequestSupplement:
		return "一次性告知需要补正的内容", "you were told what is missing", true
	case ledger.CaseSupplement:
		return "补正材料", "you handed in what was missing", true
	case ledger.CaseWithdraw:
		return "申请撤回", "withdrawal was asked for", true
	case ledger.CaseCorrect:
		return "更正申请人的姓名或证件号码", "the applicant's name or number was put right", true
	case ledger.CaseAccept:
		return "受理", "accepted", true
	case ledger.CaseReject:
		return "不予受理", "not accepted", true
	case ledger.CaseRelay:
		return "转报上级办理", "passed on to the next office", true
	case ledger.CaseReview:
		return "通过一个审核环节", "a review step was passed", true
	case ledger.CaseReturn:
		return "退回上一环节重新办理", "sent back to be looked at again", true
	case ledger.CaseSuspend:
		return "进入特别程序，期间不计入办理时限", "a special procedure began; its time does not count", true
	case ledger.CaseResume:
		return "特别程序结束", "the special procedure ended", true
	case ledger.CaseExtend:
		return "延长办理期限", "the limit was extended", true
	case ledger.CaseDecide:
		return "作出决定", "decided", true
	case ledger.CaseIssue:
		return "制发证照文书", "the result was made out", true
	case ledger.CaseDeliver:
		return "送达", "handed over", true
	case ledger.CaseTerminate:
		return "终止办理", "ended without a decision", true
	case ledger.CaseConsent:
		return "选择送达方式", "how to be served was chosen", true
	case ledger.HearingTell:
		return "告知听证权利", "you were told of the right to a hearing", true
	case ledger.HearingAsk:
		return "申请或放弃听证", "a hearing was asked for, or given up", true
	case ledger.HearingConvene:
		return "通知举行听证", "a hearing was convened", true
	case ledger.HearingRecord:
		return "登记听证笔录", "the record of the hearing was kept", true
	case ledger.RefusalTell:
		return "告知拟不予办理，您可以陈述申辩", "a refusal is intended; you may state your case", true
	case ledger.RefusalState:
		return "陈述申辩", "you stated your case", true
	case ledger.ResultPropose:
		return "拟更正、撤销或注销已发的证照，您可以陈述申辩", "a measure on what was issued is proposed; you may state your case", true
	case ledger.ResultState:
		return "陈述申辩", "you stated your case", true
	case ledger.ResultDecide:
		return "对拟办的更正、撤销或注销作出决定", "decided on the measure that was proposed", true
	case ledger.ResultReissue:
		return "补发证照", "the result was made out again", true
	case ledger.ResultServe:
		return "送达更正、撤销或注销决定", "the decision on what was issued was served", true
	case ledger.CaseOpened:
		return "打开电子文书（视为送达）", "a document was opened, which is service", true
	}
	return "", "", false
}

// PlainWithdrawal is what a wish to withdraw means to the applicant.
func PlainWithdrawal(b *ledger.CaseWithdrawV1) (zh, en string) {
	if b.TakenBack {
		return "收回撤回申请，继续办理", "the wish to withdraw was taken back; the case goes on"
	}
	return "申请撤回", "withdrawal was asked for"
}

// PlainWish is what a wish for a hearing means to the applicant.
func PlainWish(b *ledger.HearingAskV2) (zh, en string) {
	switch {
	case b.Interested && b.Waived:
		return "利害关系人放弃听证", "somebody with an interest gave the hearing up"
	case b.Interested:
		return "利害关系人申请听证", "somebody with an interest asked for a hearing"
	case b.Waived:
		return "放弃听证", "you gave the hearing up"
	}
	return "申请听证", "you asked for a hearing"
}

// PlainStatement is what a statement on a case means to the applicant.
func PlainStatement(b *ledger.RefusalStateV1) (zh, en string) {
	switch {
	case b.Interested && b.Waived:
		return "利害关系人放弃陈述申辩", "somebody with an interest gave up stating their case"
	case b.Interested:
		return "利害关系人陈述意见", "somebody with an interest stated their case"
	case b.Waived:
		return "放弃陈述申辩", "you gave up stating your case"
	}
	return "陈述申辩", "you stated your case"
}
