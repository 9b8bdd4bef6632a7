package api

// What to do about a refusal for which "load the page again" is not the way,
// by its code. Many refusals say in their own words what comes first; what
// stands here adds where it is done, or who does it.
const (
	nextUnknown   = "请按上面的提示办理；不清楚的请联系县中心管理员"
	nextState     = "请打开办件，查看现在可以办理的操作"
	nextCorrect   = "请按提示更正后再提交"
	nextAnew      = "请重新打开页面再办一次；如再次出现，请把请求编号告诉县中心管理员"
	nextNone      = "无需再办理"
	nextWait      = "请在提示的日期之后再办"
	nextFirst     = "请先办理提示的事项，再办本项"
	nextOther     = "请由另一名有权人员办理"
	nextBring     = "请申请人重新提交材料，或征得同意后再使用"
	nextNotNow    = "不能再办理此项；依法可以另行处理的，请按提示的途径办理"
	nextLists     = "请在列表中核对后再办"
	nextToken     = "请县中心管理员重新生成登记口令"
	nextDivides   = "请核对区划代码；尚未导入的，请县中心管理员先导入区划"
	nextAmount    = "请按提示的金额更正后再提交"
	nextKept      = "请查看县中心“节点”页；需要更换节点的，请用新的编号登记"
	nextCharge    = "请按目录公布的收费项目和标准填写"
	nextWindow    = "请持证件到窗口办理"
	nextAccount   = "请登录后在“我的账户”中办理"
	nextCatalog   = "请到事项目录查看现行版本后再办"
	nextWithdrawn = "请在事项目录中另选现行事项；已收的办件照常办理"
	nextFormer    = "请核对原证照的编号和有效期后再办"
	nextLacking   = "已补交的，受理时请选定该次补正；当场补齐的，请先登记补正；可容缺的，请按容缺受理；仍缺的，请一次性告知补正"
	nextLogged    = "请查看已登记的内容；需要更正的，请联系登记人"
)

// refusalNext is looked up for codes that have no row of their own in refusal.
// A refusal that the state moved on for says nextState or nextRefresh here too:
// every code has been thought of, and the test names those that were not.
var refusalNext = map[string]string{
	// The case moved on, or waits for something else.
	"stale": nextRefresh, "accepted": nextState, "decided": nextState, "case_ended": nextState,
	"wrong_step": nextState, "wrong_kind": nextState, "not_accepted_yet": "请先受理办件", "suspended": nextFirst,
	"told_in_time": nextState, "supplement_came": nextState, "supplement_open": nextWait,
	"previous_refused": "请在“待处理”中先处理被退回的上一环节", "paper_moved": nextRefresh, "case_open": "请在办件办结后再办",
	"withdrawal_asked": nextFirst, "withdrawal_none": nextState, "withdrawal_pending": nextNone, "withdrawal_unasked": nextFirst,
	"notice_open": nextWait, "notice_running": nextWait, "hearing_wait": nextWait, "statement_wait": nextWait, "holder_unheard": nextWait,
	"tolerated_missing": nextFirst, "fee_outstanding": "请先收缴所欠费用，或依法办理减免；开错的请先撤销", "fee_uncharged": "请先开具缴款通知并收费；本件依标准不收费的，在制发时写明免收理由", "free_needless": "请去掉免收理由后再制发", "fee_within": "该收费未超标准，无需登记", "hearing_open": nextFirst,
	"hearing_convened": nextFirst, "hearing_told": nextState, "hearing_held": nextState, "hearing_unconvened": "请先通知听证",
	"refusal_told": nextState, "refusal_untold": nextRefresh, "statement_party": nextWindow, "unweighed": "请在“对陈述申辩的采纳情况”中写明是否采纳及理由",
	"hearing_untold": "请先告知听证权利", "hearing_asked": "请先组织听证", "hearing_late": nextState, "hearing_party": nextWindow, "procedure_open": nextFirst,
	"extended": nextNotNow, "extension_late": nextNotNow, "renewed_by_law": nextNotNow, "told_already": "确需再次告知的，请填写原因",
	"package_waits": "请待须先办的事项办结后再办", "package_blocked": "请以“须先办的事项未获准”终止办理", "package_notice": "请登记审查意见，由牵头窗口一次性告知",
	"package_applicant": "请终止后重新收件",
	"not_joint":         "请直接一次性告知补正", "findings_open": "请提示所列窗口登记审查意见", "nothing_missing": nextState,
	"not_a_member": nextCorrect, "not_blocked": nextState,

	// What was filled in.
	"date_past": nextCorrect, "ground_missing": nextCorrect, "right_authority": nextCorrect, "visit_officers": nextCorrect, "reason_short": nextCorrect, "recipient_relation": nextCorrect, "left_unwitnessed": nextCorrect,
	"notice_since": nextCorrect, "procedure_days": nextCorrect, "procedure_lawful": nextCorrect, "procedure_unknown": nextCorrect,
	"hearing_day": nextCorrect, "hearing_days": nextCorrect, "hearing_term": nextCorrect, "hearing_own": "请用“听证通知”“听证笔录”办理",
	"supplement_term": nextCorrect, "extension_days": nextCorrect, "not_required": nextCorrect, "not_tolerable": nextCorrect,
	"tolerated_late": nextCorrect, "papers_left_out": nextCorrect, "papers_lacking": nextLacking, "not_told": "请先一次性告知补正，期满未补正的再终止", "no_consent": "请附同意书，或改用其他送达方式",
	"result_unknown": nextCorrect, "result_until": nextCorrect, "result_number_taken": "请核对编号，换用新的编号", "same_number": "请填写新的编号",
	"correction_name": nextCorrect, "heard_days": nextCorrect, "waiver_unproven": "请附本人签名的书面声明", "received_on": nextAnew,
	"package_items": nextCorrect, "item_changed": nextCatalog, "item_not_in_force": nextCatalog, "package_not_in_force": nextCatalog,
	"package_unknown": nextCatalog, "applicant_other": "确属他人的，请终止本件后重新收件", "applicant_unchanged": nextNone,
	"applicant_verified": "请申请人持证件到窗口更正账户", "shown_missing": nextCorrect, "consent_term": nextCorrect,
	"scorecard_past": nextCorrect, "attendance_ahead": nextCorrect, "attendance_elsewhere": nextCorrect,
	"sample_period": nextCorrect, "sample_large": "请缩小期间或范围", "sample_empty": "请放宽期间或范围", "sample_points": nextCorrect,
	"substitute_elsewhere": "请选择同一单位的在岗人员", "login_taken": "请换一个登录名或工号", "division_unknown": nextDivides,
	"revocation_ahead": "请填写现在或更早的时间",

	// Money.
	"amount": nextAmount, "charge_settled": nextState, "charge_unknown": nextLists, "charged_twice": "原通知开错的，请先撤销再开",
	"charged_before": "请核对已开的缴款通知：开错的请先撤销；确需另收的，注明后再开", "charge_begun": "请由负责人办理退费或减免", "charge_cancelled": "请刷新后核对；已收款的请退还缴款人", "cancel_reason": nextCorrect, "notice_outdated": "请注明原因换发后再打印",
	"fee_above_standard": nextCharge, "fee_not_listed": nextCharge, "no_fee": nextCharge, "no_tariff": "请中心管理员在目录中填写收费明细并发布，本件即可按明细开具",

	// Who may.
	"leader_only": "请由单位负责人办理", "presider": "请另行指定未参与该件的人员", "procedure_leader": "请由单位负责人决定",
	"statement_by_proposer": nextOther, "not_authority": "请由作出决定的机关办理", "not_keeper": "请由作出决定的机关办理",
	"card_own": nextOther, "appeal_own": nextOther, "appraisal_own": nextOther, "sample_own": nextOther, "card_not_asked": "请由被要求说明的人员或其AB岗办理",
	"guide_elsewhere": "请由所属单位的首问责任人办理", "seal_not_theirs": "请由该文书的出具单位盖章", "seal_elsewhere": "请在提示的地点启用印章",
	"custody_place": "请由材料所在单位办理", "scope": nextAnew, "roster_missing": "请县中心管理员先登记花名册",
	"not_established": "请由在编且资格有效的人员审批", "not_qualified": "请由资格有效的人员审批，或请县中心管理员先登记资格", "qualification_expired": "请由资格有效的人员审批，或请县中心管理员先登记换证",
	"qualification_kind": "请由资格有效的人员审批，或请县中心管理员先登记资格", "qualification_scope": "请由资格有效的人员审批，或请县中心管理员先登记资格", "absent": "请由AB岗或其他有权人员办理",
	"rank_too_low": "请另行指定股（科）长以上人员",

	// Papers on file, consents, results, archives.
	"consent_expired": nextBring, "consent_missing": nextBring, "consent_purpose": nextBring, "consent_withdrawn": nextBring, "consent_taken": nextAnew,
	"consent_unknown": nextLists, "paper_content": nextAnew, "paper_expired": nextBring, "paper_of_another": "请只选用申请人本人的材料",
	"paper_replaced": "请使用新的材料", "paper_returned": nextBring, "paper_unchecked": nextBring, "paper_void": nextBring,
	"proposal_decided": nextNone, "proposal_open": nextFirst, "proposal_unknown": nextLists, "result_served": nextNone, "result_undecided": nextFirst, "result_ended": nextLists, "result_first": nextFirst,
	"result_expired": "请重新申请", "result_unknown_id": nextLists, "renewal_authority": "请向作出决定的机关申请延续", "renewal_holder": "请由被许可人本人申请",
	"renewal_mismatch": nextFormer, "renewal_no_end": nextNone, "renewal_unknown": "请到县中心或原办理地点申请延续", "renewal_open": "请在“我的办件”或原办件中查看已提出的延续申请", "renewal_granted": nextNone,
	"not_expired": nextWait, "not_granted": nextLists, "archive_duties": "请先办结清单中的未了事项", "archived_already": nextNone, "not_archived": "请先归档",
	"volume": nextAnew, "last_operator": "请先新增或恢复另一名县管理员，再办理", "bill_used": "请核对票据，填写本次开具的票据号", "applicant_swapped": "请撤回本件，由本人重新申请", "rating_verified": nextNone, "not_printed": "请先打印或盖章", "document_elsewhere": "请由出具该文书的单位在其办件“文书”中作废", "decision_served": "确有错误的，请在办件“结果”中依法更正或撤销，由负责人决定", "no_seal_due": "请直接打印", "paper_code": nextAnew, "seal_forged": nextAnew,
	"seal_ended": "请用现行印章重新加盖", "seal_generation": nextRefresh, "seal_revoked": nextNone,

	// Corrections after a refusal.
	"corrects_standing": nextNone, "replacement_refused": "请先处理所填的替代收件", "resolved_already": nextNone, "answerable": nextAnew,
	"after_revocation": "请向收件人核实，由有权人员更正重新提交", "lost_record": "请核对后按原样重记或重新办理", "lost_unlisted": "请按说明处理", "not_lost": nextNone,
	"nothing_recovered": nextNone, "recovery_stale": "请重新声明",

	// Supervision, ratings, complaints, questions, appraisal.
	"appeal_none": nextNone, "appeal_open": nextFirst, "appealed": nextNone, "card_closed": nextLists, "card_excused": nextNone, "card_exists": nextNone,
	"card_id": nextAnew, "card_malformed": nextCorrect, "card_measured": nextNone, "card_no_breach": nextNone, "card_stays": nextNone,
	"card_unheard": nextWait, "card_unknown": nextLists, "inquiry_closed": nextNone, "inquiry_unknown": nextLists, "outage_known": nextLogged,
	"rating_finished": nextNone, "rating_not_bad": nextNone, "rating_office": nextCorrect, "rating_step": nextRefresh, "contact_time": nextCorrect, "rating_unrectified": "请先整改并反馈结果",
	"rating_unverified": "请直接反馈办结", "rating_unmarked": nextNone, "order_day": nextCorrect, "reported_already": nextNone, "appraisal_changed": "请重新拟稿，再由第二人签字", "appraisal_closed": "请先起草新版并说明理由，或记入以后的月份",
	"rating_online": "请去掉对工作人员的评价后再提交", "occasion_unknown": nextLists, "complaint_number": nextAnew, "complaint_replied": nextNone,
	"complaint_unassigned": "请先指定承办人", "guide_closed": nextNone, "guide_first": nextAnew, "guide_known": nextNone, "guide_line": nextCorrect,
	"guide_not_handed": nextRefresh, "guide_same": nextNone, "guide_unknown": nextLists, "sample_not_drawn": "请等待抽查种子产生，或选择被抽中的办件",
	"sample_reviewed": nextNone, "sample_unknown": nextLists, "appraisal_answered": nextNone, "appraisal_edition": nextRefresh,
	"appraisal_month": nextWait, "appraisal_no_objection": nextLists, "appraisal_objected": nextNone, "appraisal_other": "请按签字的内容公布，或重新拟稿",
	"appraisal_published": "如需更正，请另出新版并说明理由", "appraisal_signed": nextNone, "appraisal_stale": "请重新拟稿", "appraisal_unknown": nextLists,
	"appraisal_unpublished": "请在考核结果公布后查看", "appraisal_unsigned": "请先由第二人签字",
	"notice_division": nextAnew, "notice_not_failed": nextNone, "notice_settled": nextNone, "notice_trouble": nextNone, "notice_unknown": nextLists,

	// Accounts.
	"contact_changed": nextRefresh,
	"account_taken":   nextAnew, "code_wrong": nextWindow, "totp_used": "请等待下一个动态码", "provider_first": nextAccount,
	"provider_linked": nextAccount, "provider_name": nextWindow, "provider_only": nextWindow, "provider_people": "请用经办人本人的账户办理",
	"provider_taken": "请在另一账户中先解除关联", "provider_unlinked": nextAccount,

	// The catalog.
	"approved": nextNone, "draft_changed": "请重新审核现在的草稿", "edition_number": nextAnew, "edition_twice": nextCorrect,
	"version": "请刷新后按最新版本重新起草", "nothing_changed": "请修改后再起草", "steps_unstaffed": "请先为所列部门登记能办理该环节的人员，或更正部门全称；人员稍后才登记的，请明确选择“仍然发布”", "nothing_to_publish": "请先起草事项并由另一人复核，再发布",
	"not_approved": "请先由另一人复核所列事项", "package_faults": nextMend, "package_mismatch": nextAnew, "package_text": nextAnew,
	"case_id": nextAnew, "no_previous": nextAnew, "number_taken": "请重新提交",
	"calendar_year": "请县中心管理员导入该年日历后再试",

	// Nodes.
	"own_node": "请在县中心另一台主机的系统上吊销本机；只有一台主机的，请先加入另一台", "already_revoked": "无需再吊销；实际更早停用的，请填写更早的时间",
	"credential_other": nextKept, "credential_unsigned": nextKept, "node_exists": nextKept, "hub_restored": "请按运维手册“恢复县中心”办理",
	"hub_revoked": nextKept, "not_a_hub": nextKept, "level_reached": nextNone, "restored": "请接通网络，等待核对完成后再办",
	"hub_unreachable": "请先恢复提示的主机，或移除后再试", "rotation": "请待受信任的旧密钥到期后再更换", "not_yours": "请用本单位的节点办理", "department_needed": nextCorrect,
	"ordinals_used_up": "请用该单位已登记的节点办理，并请县中心管理员核实反复登记的原因", "signature": "请用本机现有的密钥重试；密钥已丢失的，请重新登记本机", "level_unknown": "请先升级本程序", "lan_name": "请更正配置中的 advertise.lan 后重试",
	"device_other": nextLists,
	"token_exists": nextToken, "token_expired": nextToken, "token_needed": nextToken, "token_other": nextToken, "token_unknown": nextToken, "token_used": nextToken,
}
