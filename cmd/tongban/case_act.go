package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tongban/tongban/api/client"
)

// actFlags is a step of a case as the command line describes it.
type actFlags struct {
	opinion, reason, note, text string
	authority, ground, head     string
	granted, refused            bool
	toStep                      int
	documents, proof            []string
	free                        string
	recipient, method           string
	relation, witness, since    string
	consent                     []string
	life                        lifeFlags
	hearing                     hearingFlags
	state                       stateFlags
}

var actKinds = []client.CaseActionKind{
	client.ActAccept, client.ActReject, client.ActRelay, client.ActReview, client.ActReturn,
	client.ActDecide, client.ActIssue, client.ActDeliver, client.ActComment,
	client.ActRequestSupplement, client.ActSupplement, client.ActWithdraw, client.ActTerminate, client.ActSuspend, client.ActResume, client.ActExtend,
	client.ActFinding, client.ActCorrect, client.ActTellHearing, client.ActAskHearing, client.ActConveneHearing, client.ActRecordHearing, client.ActTellRefusal, client.ActState,
}

func caseActCommand() *cobra.Command {
	var f actFlags
	cmd := &cobra.Command{
		Use:   "act NUMBER KIND",
		Short: "办理：受理、补正、审核、审批、制发、送达…… (take the next step of a case)",
		Long: `accept 受理　reject 不予受理　relay 转报　review 审核　return 退回　decide 审批决定
issue 制发　deliver 送达　comment 备注　request_supplement 一次性告知补正
supplement 补正　withdraw 申请撤回（--take-back 收回）　terminate 终止办理　suspend 特别程序开始
resume 特别程序结束　extend 延长期限（仅负责人）
finding 联办件审查意见，由牵头窗口汇总告知
correct 更正录错的申请人姓名、证件号码（须再次核对证件）
tell_hearing 告知听证权利　ask_hearing 申请或放弃听证
convene_hearing 听证通知　record_hearing 听证笔录
tell_refusal 告知拟不予　state 登记陈述申辩
给出 --head（case show 所示的当前条目）则办件已有变动时不办理。
With --head the step is refused if the case has moved on since.`,
		Example: `  tongban case act 330523110200-20261123-01-000045-7 accept
  tongban case act 330523110200-20261123-01-000045-7 reject --ground competence --reason 不属于本机关职权范围 --authority 县民政局
  tongban case act 330523110200-20261123-01-000045-7 review --opinion 材料齐全，符合条件
  tongban case act 330523110200-20261123-01-000045-7 return --to-step 1 --reason 请核对住址
  tongban case act 330523110200-20261123-01-000045-7 decide --granted --opinion 准予登记
  tongban case act 330523110200-20261123-01-000045-7 issue --document 生育登记服务单=2026-000045
  tongban case act 330523110200-20261123-01-000045-7 deliver --recipient 李某 --proof receipt.jpg
  tongban case act 330523110200-20261123-01-000045-7 request_supplement --point 户口簿=missing=请提交复印件一份 --before 2026-12-07
  tongban case act 330523110200-20261123-01-000045-7 supplement --material 户口簿=hukou.jpg
  tongban case act 330523110200-20261123-01-000045-7 withdraw --reason 申请人不再需要
  tongban case act 330523110200-20261123-01-000045-7 withdraw --take-back --reason 申请人要求继续办理
  tongban case act 330523110200-20261123-01-000045-7 accept --supplement ENTRY --tolerate 身份证@2026-12-07
  tongban case act 330523110200-20261123-01-000045-7 suspend --procedure 专家评审 --until 2026-12-18 --reason 需专家评审
  tongban case act 330523110200-20261123-01-000045-7 suspend --procedure 现场勘验 --until 2026-12-04 --officer 李明 --officer 周平 --reason 核对场所
  tongban case act 330523110200-20261123-01-000045-7 finding --complete
  tongban case act 330523110200-20261123-01-000045-7 correct --name 王芳 --id-number 330599200103152464 --shown 居民身份证 --reason 证件号码录错一位
  tongban case act 330523110200-20261123-01-000045-7 tell_hearing --matter 临近住宅 --party 梅溪村 --before 2026-12-01
  tongban case act 330523110200-20261123-01-000045-7 ask_hearing --party 梅溪村 --interested
  tongban case act 330523110200-20261123-01-000045-7 convene_hearing --on 2026-12-18 --time 09:30 --place 三楼听证室 --presider zhouping
  tongban case act 330523110200-20261123-01-000045-7 record_hearing --on 2026-12-18 --held --summary 已质证 --record bilu.pdf
  tongban case act 330523110200-20261123-01-000045-7 tell_refusal --reason 经营场所面积不足 --before 2026-12-01
  tongban case act 330523110200-20261123-01-000045-7 state --proposal ENTRY --party 王芳 --text 面积已扩大 --proof shenbian.jpg
  tongban case act 330523110200-20261123-01-000045-7 decide --refused --opinion 经营场所面积不足 --weighed 经复测仍不足，不予采纳
  tongban case act 330523110200-20261123-01-000045-7 extend --days 10 --reason 情况复杂`,
		Args: aboutCase(arguments(2, 2, "NUMBER, KIND")),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) != 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return strings.Split(joined(actKinds), ", "), cobra.ShellCompDirectiveNoFileComp
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.opinion, "opinion", "", "意见：review、decide、relay，也可代替 --reason、--note、--text (opinion; stands for these too)")
	flags.StringVar(&f.reason, "reason", "", "原因：reject、return、tell_refusal (reason)")
	flags.StringVar(&f.note, "note", "", "说明：accept (note)")
	flags.StringVar(&f.text, "text", "", "内容：comment、state (text)")
	flags.StringVar(&f.ground, "ground", "", "不予受理的情形 needless 依法不需要许可、competence 不属于本机关职权范围、other 其他：reject (on which ground)")
	flags.StringVar(&f.authority, "authority", "", "应向其申请的机关：reject，competence 时必填 (the right authority)")
	completeFlag(cmd, "ground", completeWords("needless", "competence", "other"))
	flags.BoolVar(&f.granted, "granted", false, "准予：decide")
	flags.BoolVar(&f.refused, "refused", false, "不予：decide")
	flags.IntVar(&f.toStep, "to-step", -1, "退回到第几环节，自 0 起：return (index of the step)")
	flags.StringArrayVar(&f.documents, "document", nil, "证照 name[=number[@valid-until]]，可重复：issue (document; repeatable)")
	flags.StringVar(&f.free, "free", "", "收费事项本件免收的理由：issue (why an item that charges costs nothing this time)")
	flags.StringVar(&f.recipient, "recipient", "", "收件人：deliver (who received it)")
	flags.StringVar(&f.method, "method", string(client.ByDirect), "送达方式 direct、left、post、electronic、entrusted、notice：deliver (how)")
	flags.StringVar(&f.relation, "relation", "", "签收人与申请人的关系，非本人、代办人签收时并附 --proof：deliver (what the recipient is to the applicant)")
	flags.StringVar(&f.witness, "witness", "", "留置送达的见证人，并附 --reason：deliver (before whom papers were left)")
	flags.StringVar(&f.since, "since", "", "公告送达的公告之日，并附 --reason：deliver (day from which a public notice stands)")
	flags.StringSliceVar(&f.consent, "consent", nil, "同意电子送达的确认书扫描件：deliver (scan of the consent to electronic service)")
	flags.StringSliceVar(&f.proof, "proof", nil, "送达回证、书面陈述、放弃听证声明的扫描件，可重复：deliver、state、ask_hearing (scan of the proof; repeatable)")
	flags.StringVar(&f.head, "head", "", "办理时看到的当前条目 (the head that was looked at)")
	f.life.register(cmd)
	f.hearing.register(cmd)
	f.state.register(cmd)
	key := keyFlag(cmd)
	cmd.MarkFlagsMutuallyExclusive("granted", "refused")
	completeFlag(cmd, "method", completeWords("direct", "left", "post", "electronic", "entrusted", "notice"))
	return atNode(cmd, func(cmd *cobra.Command, c *connection, args []string) error {
		action, err := f.action(client.CaseActionKind(args[1]))
		if err != nil {
			return err
		}
		if err := foreignFlags(cmd, action.Kind); err != nil {
			return err
		}
		if err := checkKey(*key); err != nil {
			return err
		}
		return act(cmd.Context(), c, caseID(args[0]), action, f, key)
	})
}

func act(ctx context.Context, c *connection, id string, action client.CaseAction, f actFlags, key *string) error {
	if err := c.loggedIn(ctx); err != nil {
		return err
	}
	sayKey(c, key)
	if err := f.life.attach(ctx, c, &action); err != nil {
		return err
	}
	for _, path := range f.hearing.record {
		ref, err := upload(ctx, c, path)
		if err != nil {
			return err
		}
		action.Record = append(action.Record, ref)
	}
	for _, path := range f.proof {
		ref, err := upload(ctx, c, path)
		if err != nil {
			return err
		}
		action.Proof = append(action.Proof, ref)
	}
	for _, path := range f.consent {
		ref, err := upload(ctx, c, path)
		if err != nil {
			return err
		}
		action.Consent = append(action.Consent, ref)
	}
	a, err := answered[client.CaseReceipt](c.api.ActOnCase(ctx, id, &client.ActOnCaseParams{IdempotencyKey: *key}, action))
	if err != nil {
		return uncertain(c, err, *key)
	}
	return a.show(c.printer, func(w io.Writer, v *client.CaseReceipt) { showReceipt(w, c.language, v) })
}

// action is the step for the node, with everything its kind needs.
func (f *actFlags) action(kind client.CaseActionKind) (client.CaseAction, error) {
	a := client.CaseAction{Kind: kind, ExpectedHead: f.head}
	missing := func(value, flag string) error {
		if value == "" {
			return usagef("%s 需要 --%s (needs --%[2]s)", kind, flag)
		}
		return nil
	}
	// What a clerk has to say goes by several names in the API; --opinion
	// stands for each.
	said := func(own string) string { return cmp.Or(own, f.opinion) }
	var err error
	switch kind {
	case client.ActAccept:
		a.Note = said(f.note)
		err = f.life.accept(&a)
	case client.ActReject:
		a.Reason, a.Authority, a.Ground = said(f.reason), f.authority, client.CaseActionGround(f.ground)
		if err = missing(a.Reason, "reason"); err == nil && !a.Ground.Valid() {
			err = usagef("--ground %q：应为 needless（依法不需要许可）、competence（不属于本机关职权范围）或 other（其他）(one of these)", f.ground)
		}
		if err == nil && a.Ground == client.RejectCompetence {
			err = missing(a.Authority, "authority")
		}
	case client.ActRelay:
		a.Opinion = f.opinion
	case client.ActReview:
		a.Opinion = f.opinion
		err = missing(a.Opinion, "opinion")
	case client.ActReturn:
		a.Reason, a.ToStep = said(f.reason), &f.toStep
		if err = missing(a.Reason, "reason"); err == nil && f.toStep < 0 {
			err = usagef("return 需要 --to-step，自 0 起 (needs --to-step, from 0)")
		}
	case client.ActDecide:
		a.Opinion, a.Granted, a.Weighed = f.opinion, &f.granted, f.state.weighed
		if err = missing(a.Opinion, "opinion"); err == nil && f.granted == f.refused {
			err = usagef("decide 需要 --granted 或 --refused (needs one of them)")
		}
	case client.ActIssue:
		a.Free = f.free
		a.Documents, err = parseDocuments(f.documents)
	case client.ActDeliver:
		a.Recipient, a.Method = f.recipient, client.CaseActionMethod(f.method)
		if err = missing(a.Recipient, "recipient"); err == nil && !a.Method.Valid() {
			err = usagef("--method %q：应为 direct、left、post、electronic、entrusted 或 notice (one of these)", f.method)
		}
		a.Relation, a.Witness, a.Reason = f.relation, f.witness, f.reason
		if err == nil && f.since != "" {
			a.Since, err = parseDate("since", f.since)
		}
	case client.ActComment:
		a.Text = said(f.text)
		err = missing(a.Text, "text")
	case client.ActRequestSupplement, client.ActSupplement, client.ActWithdraw, client.ActTerminate, client.ActSuspend, client.ActResume, client.ActExtend, client.ActFinding, client.ActCorrect:
		a.Reason, a.Note = said(f.reason), f.note
		err = f.life.action(&a, missing)
	case client.ActTellHearing, client.ActAskHearing, client.ActConveneHearing, client.ActRecordHearing:
		a.Reason = f.reason
		err = f.hearing.action(&a, f.life.before, f.life.on, missing)
	case client.ActTellRefusal, client.ActState:
		a.Reason, a.Text = f.reason, said(f.text)
		err = f.state.action(&a, &f.hearing, f.life.before, missing)
	default:
		err = usagef("没有这种办理 %q，应为 %s (no such step)", kind, joined(actKinds))
	}
	return a, err
}

// actOnly says which kinds a flag is for. A flag that would be ignored is
// refused: a reason the clerk wrote must not get lost.
var actOnly = map[string][]client.CaseActionKind{
	"opinion": {client.ActAccept, client.ActReject, client.ActRelay, client.ActReview, client.ActReturn, client.ActDecide, client.ActComment, client.ActState},
	"reason":  {client.ActReject, client.ActReturn, client.ActWithdraw, client.ActTerminate, client.ActSuspend, client.ActExtend, client.ActCorrect, client.ActAskHearing, client.ActDeliver, client.ActTellRefusal},
	"note":    {client.ActAccept, client.ActSupplement}, "text": {client.ActComment, client.ActState}, "authority": {client.ActReject}, "ground": {client.ActReject}, "officer": {client.ActSuspend},
	"granted": {client.ActDecide}, "refused": {client.ActDecide}, "to-step": {client.ActReturn}, "document": {client.ActIssue}, "free": {client.ActIssue},
	"recipient": {client.ActDeliver}, "method": {client.ActDeliver}, "proof": {client.ActDeliver, client.ActWithdraw, client.ActAskHearing, client.ActState},
	"relation": {client.ActDeliver}, "witness": {client.ActDeliver}, "since": {client.ActDeliver}, "consent": {client.ActDeliver},
	"point": {client.ActRequestSupplement, client.ActFinding}, "complete": {client.ActFinding}, "before": {client.ActRequestSupplement, client.ActTellHearing, client.ActTellRefusal}, "again": {client.ActRequestSupplement},
	"material": {client.ActSupplement}, "field": {client.ActSupplement},
	"supplement": {client.ActAccept, client.ActRequestSupplement}, "tolerate": {client.ActAccept, client.ActRequestSupplement}, "deemed": {client.ActAccept},
	"cause": {client.ActTerminate}, "papers-returned": {client.ActTerminate}, "take-back": {client.ActWithdraw}, "procedure": {client.ActSuspend, client.ActResume},
	"name": {client.ActCorrect}, "id-number": {client.ActCorrect}, "shown": {client.ActCorrect},
	"until": {client.ActSuspend}, "on": {client.ActResume, client.ActConveneHearing, client.ActRecordHearing},
	"matter": {client.ActTellHearing}, "party": {client.ActTellHearing, client.ActAskHearing, client.ActTellRefusal, client.ActState}, "interested": {client.ActAskHearing, client.ActState}, "waived": {client.ActAskHearing, client.ActState},
	"proposal": {client.ActState}, "weighed": {client.ActDecide},
	"time": {client.ActConveneHearing}, "place": {client.ActConveneHearing}, "presider": {client.ActConveneHearing}, "closed": {client.ActConveneHearing},
	"held": {client.ActRecordHearing}, "summary": {client.ActRecordHearing}, "record": {client.ActRecordHearing},
	"result": {client.ActResume}, "days": {client.ActExtend},
}

func foreignFlags(cmd *cobra.Command, kind client.CaseActionKind) error {
	var wrong []string
	for _, flag := range slices.Sorted(maps.Keys(actOnly)) {
		if kinds := actOnly[flag]; cmd.Flags().Changed(flag) && !slices.Contains(kinds, kind) {
			wrong = append(wrong, fmt.Sprintf("--%s 用于 for %s", flag, joined(kinds)))
		}
	}
	if len(wrong) > 0 {
		return usagef("%s 不用 (does not take): %s", kind, strings.Join(wrong, "; "))
	}
	return nil
}

// parseDocuments reads name[=number[@valid-until]].
func parseDocuments(texts []string) ([]client.Document, error) {
	if len(texts) == 0 {
		return nil, usagef("issue 需要 --document (needs --document)")
	}
	documents := make([]client.Document, 0, len(texts))
	for _, text := range texts {
		name, rest, _ := strings.Cut(text, "=")
		number, until, dated := strings.Cut(rest, "@")
		d := client.Document{Name: name, Number: number}
		if name == "" {
			return nil, usagef("--document %q：缺少名称 (names no document)", text)
		}
		if dated {
			date, err := parseDate("document", until)
			if err != nil {
				return nil, err
			}
			d.ValidUntil = date.String()
		}
		documents = append(documents, d)
	}
	return documents, nil
}
