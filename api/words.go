package api

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/fee"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// wordZH are the words a person sees for how far something has come.
var wordZH = map[gen.Word]string{
	gen.SavedHere:   "已存本机",
	gen.AtTownship:  "已到乡镇",
	gen.AtCounty:    "已到县中心",
	gen.TakenUp:     "已接办",
	gen.WordRefused: "需处理",
}

// word says how far an entry has come, as far as this node knows. Only the
// county's ledger coming back confirms: until then an entry is where it was
// last said to be stored. A submission is taken up once a desk has accepted
// its case or refused to; what else is recorded, once it is applied.
func (s *Server) word(e *store.EntryView, c *casework.Case) gen.Word {
	switch {
	case e.Status == ledger.Refused, s.cutOff(e):
		return gen.WordRefused
	case e.Index > 0 && e.Kind.Opens() && !takenUp(c):
		return gen.AtCounty
	case e.Index > 0 && e.Status == ledger.Applied:
		return gen.TakenUp
	case e.Index > 0 || e.Stored == string(node.County):
		return gen.AtCounty
	case e.Stored == string(node.Township) || s.self.Tier == node.Township && e.Origin != s.self.Node:
		return gen.AtTownship
	}
	return gen.SavedHere
}

// takenUp reports whether a desk has accepted a case or refused to; nil is a
// case just handed in.
func takenUp(c *casework.Case) bool {
	return c != nil && (c.AcceptedMS > 0 || c.Status == casework.NotAccepted)
}

// kindZH are the kinds of entries as a timeline names them.
var kindZH = map[ledger.Kind]string{
	ledger.CountyTrust: "公布县级密钥", ledger.CountyRecovery: "声明账本恢复", ledger.CountyLost: "登记账本缺失", ledger.CountyUnlisted: "登记无法列出的缺失记录", ledger.NodeInvite: "签发入网令牌", ledger.NodeEnrol: "节点入网",
	ledger.NodeRevoke: "吊销节点", ledger.NodeRename: "节点改名", ledger.NodeRenew: "节点更新密钥", ledger.LevelRaise: "启用新版本功能",
	ledger.DivisionImport: "导入区划", ledger.CalendarImport: "导入日历",
	ledger.StaffAdd: "新增人员", ledger.StaffRoles: "设置角色", ledger.StaffDisable: "停用或恢复人员", ledger.StaffPassword: "设置密码",
	ledger.DeviceRegister: "登记外出设备", ledger.DeviceRevoke: "注销外出设备",
	ledger.AccountOpen: "实名开户", ledger.AccountAgents: "登记经办人", ledger.AccountActivate: "激活账户", ledger.AccountPassword: "账户改密",
	ledger.AccountTOTP: "设置动态码", ledger.AccountStep: "使用动态码", ledger.AccountDisable: "停用或恢复账户",
	ledger.AccountBind: "关联统一身份认证", ledger.AccountUnbind: "解除统一身份认证关联", ledger.AccountRegister: "经统一身份认证开户",
	ledger.AccountContact: "设置告知方式", ledger.AccountConfirm: "确认告知邮箱", ledger.AccountAttest: "当面确认告知邮箱", ledger.NoticeSettle: "登记告知结果", ledger.NoticeRetry: "重发告知", ledger.NoticeChannels: "设置告知通道", ledger.NoticeTrouble: "告知通道异常",
	ledger.CaseConsent: "选择送达方式", ledger.CaseOpened: "打开电子文书",
	ledger.RecordConsent: "同意材料复用", ledger.RecordWithdraw: "撤回同意", ledger.RecordLook: "查询存档材料", ledger.PaperVoid: "存档材料作废",
	ledger.ItemDraft: "起草事项", ledger.ItemApprove: "复核事项", ledger.EditionPublish: "发布目录", ledger.EditionCancel: "取消目录", ledger.OverlaySet: "设置窗口信息",
	ledger.SealMake: "启用电子印章", ledger.SealRevoke: "吊销电子印章", ledger.CaseSeal: "加盖电子印章", ledger.CasePrint: "打印文书", ledger.CaseVoid: "文书作废",
	ledger.CaseSubmit: "收件", ledger.CaseAccept: "受理", ledger.CaseReject: "不予受理", ledger.CaseRelay: "转报",
	ledger.CaseReview: "审核", ledger.CaseReturn: "退回", ledger.CaseDecide: "审批", ledger.CaseIssue: "制发",
	ledger.CaseDeliver: "送达", ledger.CaseComment: "备注", ledger.CaseReveal: "查看个人信息",
	ledger.CaseRequestSupplement: "一次性告知补正", ledger.CaseSupplement: "补正", ledger.CaseWithdraw: "申请撤回", ledger.CaseTerminate: "终止办理",
	ledger.CaseSuspend: "特别程序开始", ledger.CaseResume: "特别程序结束", ledger.CaseExtend: "延长期限", ledger.CaseCorrect: "更正申请人",
	ledger.ServiceRules: "设置评价与投诉时限", ledger.RatingGive: "评价", ledger.RatingContact: "回访差评", ledger.RatingOrder: "整改通知", ledger.RatingRectify: "报送整改",
	ledger.RatingContest: "对评价申诉", ledger.RatingReport: "反馈整改", ledger.RatingMark: "标记评价",
	ledger.ComplaintOpen: "投诉、建议、咨询", ledger.ComplaintAssign: "指定承办人", ledger.ComplaintReply: "答复", ledger.ComplaintReveal: "查看投诉人信息",
	ledger.FeeCharge: "缴款通知", ledger.FeePay: "缴费", ledger.FeeWaive: "减免", ledger.FeeRefund: "退费", ledger.FeeCancel: "撤销缴款通知", ledger.FeeExcess: "超标准收费（已拒绝）",
	ledger.PackageDraft: "起草一件事", ledger.PackageApprove: "复核一件事", ledger.PackageSubmit: "联办收件", ledger.PackageFinding: "登记审查意见",
	ledger.PackageNotice: "联办一次性告知补正", ledger.PackageSupplement: "联办补正", ledger.PackageWithdraw: "申请撤回联办件",
	ledger.StaffRoster: "登记花名册", ledger.StaffSubstitute: "安排AB岗",
	ledger.AttendanceRecord: "登记考勤", ledger.AppraisalScorecard: "设置考核评分标准", ledger.AppraisalMark: "考核加减分", ledger.AppraisalDraft: "考核拟稿", ledger.AppraisalSign: "考核签字",
	ledger.AppraisalPublish: "公布考核", ledger.AppraisalResult: "送达个人考核结果", ledger.AppraisalObject: "考核申诉", ledger.AppraisalAnswer: "答复考核申诉",
	ledger.SampleDraw: "发起随机抽查", ledger.SampleReview: "抽查评查",
	ledger.SupervisionThresholds: "设置监察阈值", ledger.CardIssue: "发出监察牌", ledger.CardRise: "监察牌上报", ledger.CardAnswer: "监察牌说明", ledger.CardFind: "监察认定",
	ledger.CardState: "陈述申辩", ledger.CardMeasure: "失职处理决定", ledger.CardAppeal: "监察牌申诉", ledger.CardSettle: "申诉决定",
	ledger.CaseUrge: "催办", ledger.InquiryOpen: "监察问询", ledger.InquiryAnswer: "答复问询", ledger.InquiryClose: "问询办结", ledger.LineOutage: "线路中断",
	ledger.GuideOpen: "登记咨询", ledger.GuideHand: "引导到窗口", ledger.GuideAccept: "接办咨询", ledger.GuideClose: "咨询办结",
	ledger.CaseArchive: "归档",
	ledger.HearingTell: "告知听证权利", ledger.HearingAsk: "申请或放弃听证", ledger.HearingConvene: "听证通知", ledger.HearingRecord: "听证笔录",
	ledger.RefusalTell: "告知拟不予", ledger.RefusalState: "陈述申辩",
	ledger.ResultPropose: "拟更正、撤销或注销", ledger.ResultState: "持有人陈述申辩", ledger.ResultDecide: "决定更正、撤销或注销", ledger.ResultReissue: "补发", ledger.ResultServe: "送达更正、撤销或注销决定",
	ledger.CustodySend: "移交材料", ledger.CustodyReceive: "签收材料",
	ledger.AttachmentConfirm: "附件已到县中心", ledger.AttentionResolve: "处理完毕",
}

var statusZH = map[casework.Status]string{
	casework.HandedIn: "已收件", casework.Accepted: "已受理", casework.NotAccepted: "不予受理",
	casework.Granted: "准予", casework.Declined: "不予", casework.Issued: "已制发", casework.Closed: "已送达",
	casework.Refused: "未接收", casework.Held: "待县中心裁定",
	casework.Supplementing: "待补正", casework.Terminated: "终止办理",
}

// said is what a person wrote into an entry.
func said(body ledger.Body) string {
	switch b := body.(type) {
	case *ledger.CaseAcceptV1:
		return cmp.Or(b.Note, deemedWords(b))
	case *ledger.CaseRejectV1:
		return b.Reason
	case *ledger.CaseRelayV1:
		return b.Opinion
	case *ledger.CaseReviewV1:
		return b.Opinion
	case *ledger.CaseReturnV1:
		return b.Reason
	case *ledger.CaseDecideV1:
		if b.Weighed != "" {
			return b.Opinion + "\n对陈述申辩的采纳情况：" + b.Weighed
		}
		return b.Opinion
	case *ledger.CaseIssueV1:
		return b.Free
	case *ledger.CaseCommentV1:
		return b.Text
	case *ledger.CaseRequestSupplementV1:
		return b.Again
	case *ledger.CaseSupplementV1:
		return b.Note
	case *ledger.CaseWithdrawV1:
		return b.Reason
	case *ledger.CaseTerminateV1:
		return b.Reason
	case *ledger.CaseSuspendV1:
		return b.Procedure + "：" + b.Reason
	case *ledger.CaseResumeV1:
		return b.Procedure + "：" + b.Result
	case *ledger.CaseExtendV1:
		return b.Reason
	case *ledger.CaseCorrectV1:
		return b.Reason
	case *ledger.CaseArchiveV1:
		return strings.TrimSpace(b.Volume + " " + b.Note)
	case *ledger.HearingTellV1:
		return b.Matter
	case *ledger.HearingAskV1, *ledger.HearingAskV2:
		w, _ := ledger.WishOf(b)
		return strings.TrimSpace(w.Party + " " + w.Reason)
	case *ledger.HearingConveneV1:
		return b.On.Chinese() + " " + b.Time + " " + b.Place
	case *ledger.HearingRecordV1:
		return b.Summary
	case *ledger.RefusalTellV1:
		return b.Reason
	case *ledger.RefusalStateV1:
		return b.Party + "：" + b.Text
	case *ledger.ResultProposeV1:
		return b.Reason
	case *ledger.ResultStateV1:
		return b.Text
	case *ledger.ResultDecideV1:
		return b.Reasons
	case *ledger.ResultServeV1:
		return b.Recipient
	case *ledger.ResultReissueV1:
		return b.Number + " " + b.Reason
	case *ledger.PaperVoidV1:
		return b.Material + "：" + b.Reason
	case *ledger.FeeWaiveV1:
		return b.Ground
	case *ledger.FeeRefundV1:
		return b.Reason
	case *ledger.FeeCancelV1:
		return b.Reason
	case *ledger.FeeExcessV1:
		var lines []string
		for _, l := range b.Lines {
			lines = append(lines, fmt.Sprintf("%s×%d %s 元", l.Rate, l.Quantity, fee.Yuan(l.Amount)))
		}
		return strings.Join(lines, "，")
	case *ledger.PackageNoticeV1:
		return b.Again
	case *ledger.PackageSupplementV1:
		return b.Note
	case *ledger.PackageWithdrawV1:
		return b.Reason
	case *ledger.CaseSealV1:
		return paperSaid(b.Number, 0, b.Why)
	case *ledger.CasePrintV1:
		return paperSaid(b.Number, b.Copy, b.Why)
	case *ledger.CaseVoidV1:
		return paperSaid(b.Number, 0, b.Reason)
	case *ledger.CaseUrgeV1:
		return b.Text
	case *ledger.InquiryOpenV1:
		return b.Question
	case *ledger.InquiryAnswerV1:
		return b.Text
	case *ledger.InquiryCloseV1:
		return b.Conclusion
	case *ledger.AttentionResolveV1:
		return b.Note
	case *ledger.CustodySendV1:
		return strings.TrimSpace(b.List + "，" + strconv.Itoa(len(b.Papers)) + " 份 " + b.Note)
	case *ledger.CustodyReceiveV1:
		text := "收到 " + strconv.Itoa(len(b.Received)) + " 份"
		if len(b.Missing) > 0 {
			text += "，未收到 " + strconv.Itoa(len(b.Missing)) + " 份"
		}
		return strings.TrimSpace(text + " " + b.Note)
	}
	return ""
}

// deemedWords say that the law accepted a case, and who is answerable for it.
func deemedWords(b *ledger.CaseAcceptV1) string {
	if !b.Deemed {
		return ""
	}
	words := "逾期未一次性告知补正，自收件之日起视为受理（行政许可法第三十二条第四项）"
	if who := cmp.Or(b.Answerable.Name, b.Answerable.Staff); who != "" {
		words += "，责任人：" + who
	}
	return words
}

// instant is a moment (Unix milliseconds) as people read it, in Beijing time.
func instant(ms int64) string {
	return time.UnixMilli(ms).In(beijing).Format("2006-01-02 15:04")
}

var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)
