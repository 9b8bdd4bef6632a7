package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/carry"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/custody"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/importfile"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/blob"
)

// problem is an error with its answer: what a program branches on, and what
// the person at the desk reads and does next. Handlers return errors as they
// come; problemOf makes a problem of each.
type problem struct {
	status int
	code   string
	en, zh string
	next   string
	faults []catalog.Fault
	// after is when trying again makes sense.
	after time.Duration
}

func (p *problem) Error() string { return p.code + ": " + p.en }

// with is the problem with the faults that caused it.
func (p *problem) with(faults ...catalog.Fault) *problem {
	q := *p
	q.faults = faults
	return &q
}

// retry is the problem with the time after which to try again.
func (p *problem) retry(after time.Duration) *problem {
	q := *p
	q.after = after
	return &q
}

const (
	nextCall     = "如再次出现，请把请求编号告诉县中心管理员"
	nextRetry    = "请稍后重试；没有写入任何内容"
	nextOtherHub = "请到县中心的另一台主机办理，并请管理员查看本机 /readyz"
	nextLogin    = "请重新登录"
	nextMend     = "请按提示逐项更正后再提交"
	nextRefresh  = "请刷新后查看最新情况再办理"
	nextAsk      = "请联系有相应权限的人员办理"
	nextLook     = "请核对编号是否正确"
)

// The problems that this package finds itself.
var (
	errInternal        = &problem{http.StatusInternalServerError, "internal", "something went wrong inside this node; its log has the request id", "本机发生内部错误", nextCall, nil, 0}
	errUnauthenticated = &problem{http.StatusUnauthorized, "unauthenticated", "log in first", "请先登录", nextLogin, nil, 0}
	errLoginFailed     = &problem{http.StatusUnauthorized, "login_failed", "login or password is wrong", "登录名或密码不正确", "请核对后重试；忘记密码请联系管理员重置", nil, 0}
	errSessionEnded    = &problem{http.StatusUnauthorized, "session_ended", "the session has ended", "登录已失效", nextLogin, nil, 0}
	errMyLoginFailed   = &problem{http.StatusUnauthorized, "login_failed", "number or password is wrong", "证件号码或密码不正确", "请核对后重试；忘记密码请凭证件到任一窗口重新激活", nil, 0}
	errLocked          = &problem{http.StatusTooManyRequests, "locked", "too many failed logins; wait before the next try", "登录失败次数过多", "请等待后再试；忘记密码请联系管理员重置", nil, 0}
	errForged          = &problem{http.StatusForbidden, "csrf", "the X-CSRF-Token header does not match the cookie", "页面已过期", "请刷新页面后重试", nil, 0}
	errForbidden       = &problem{http.StatusForbidden, "forbidden", "your roles do not allow this", "您的岗位无权进行此项操作", nextAsk, nil, 0}
	errMustChange      = &problem{http.StatusForbidden, "password_change_required", "change the initial password first", "首次登录请先修改密码", "请先修改密码", nil, 0}
	errNumberMistyped  = &problem{http.StatusNotFound, "number_mistyped", "the check digit of this case number is wrong: it was mistyped", "办件编号的校验位不对，编号输错了", "请对照收件凭证逐位核对编号，最后一位是校验位", nil, 0}
	errNotFound        = &problem{http.StatusNotFound, "not_found", "there is no such thing here", "未找到", nextLook, nil, 0}
	errNoRoute         = &problem{http.StatusNotFound, "not_found", "the API has no such path; see /api/docs", "没有这个接口", "接口说明见 /api/docs", nil, 0}
	errMethod          = &problem{http.StatusMethodNotAllowed, "method_not_allowed", "the path has no such method; see /api/docs", "该接口不支持此方法", "接口说明见 /api/docs", nil, 0}
	errTooLarge        = &problem{http.StatusRequestEntityTooLarge, "too_large", "the request is too large", "提交内容过大", "请减小后再提交", nil, 0}
	errMediaType       = &problem{http.StatusUnsupportedMediaType, "wrong_type", "the operation takes another content type", "内容类型不符", "接口说明见 /api/docs", nil, 0}
	errJSON            = &problem{http.StatusBadRequest, "invalid_json", "the body is not well-formed JSON", "提交内容不是正确的 JSON", nextMend, nil, 0}
	errBody            = &problem{http.StatusBadRequest, "broken_body", "the body broke off or is not framed as HTTP says", "提交内容不完整或传输格式有误", "请检查网络后重新提交", nil, 0}
	errInvalid         = &problem{http.StatusBadRequest, "invalid_request", "the request does not fit the API; fields says where", "提交内容不符合要求", nextMend, nil, 0}
	errCursor          = errInvalid.with(catalog.Fault{Path: "cursor", Code: catalog.FaultFormat, ZH: "请使用上一页给出的 next_cursor", EN: "use the next_cursor of the page before"})
	errTooMany         = &problem{http.StatusTooManyRequests, "too_many_requests", "too many requests", "请求过于频繁", "请稍候再试", nil, 0}
	errTimeout         = &problem{http.StatusServiceUnavailable, "timeout", "the request took too long; its outcome is unknown, send it again with the same key", "处理超时，结果未知", "请用同一请求重试，不会重复办理", nil, 0}
	errFile            = &problem{http.StatusUnprocessableEntity, "file_faults", "the file has faults; nothing was imported", "文件有错误，未导入任何内容", "请按清单逐项更正文件后重新导入", nil, 0}
	errCountyOnly      = &problem{http.StatusConflict, "county_only", "this is done at the county", "该操作须在县中心办理", "请在县中心的系统上操作", nil, 0}
	errNotHere         = &problem{http.StatusNotFound, "not_here", "the file is known and has not arrived at this node yet", "附件尚未传到本机", "请稍后再看，或到收件地点查看", nil, time.Minute}
	errBackupBusy      = &problem{http.StatusConflict, "backup_busy", "a backup is being made or checked; one at a time", "正在备份或校验，一次只办一项", "请等待完成后再试", nil, 0}
	errBackupRoom      = &problem{http.StatusInsufficientStorage, "backup_room", "the disk of the backup folder has no room for it beside what this hub needs; move older backups elsewhere, or name another folder (backup.folder)", "备份文件夹所在磁盘放不下：须给本机留出收件所需的空间", "请把旧备份移到别处，或用 backup.folder 指定另一块磁盘", nil, 0}
	errSelfDisable     = &problem{http.StatusConflict, "own_account", "nobody disables their own account", "不能停用本人账号", "请由另一名管理员操作", nil, 0}
	errLastOperator    = &problem{http.StatusConflict, "last_operator", "this is the county's last operator; without one nobody could give rights any more", "这是县里最后一名在用的县管理员，去掉后将无人能够授权", "请先新增或恢复另一名县管理员，再办理", nil, 0}
	errNoCheckpoint    = &problem{http.StatusNotFound, "no_checkpoint", "no signed checkpoint has been seen here yet", "本机尚未收到账本检查点", "请在线路恢复后再试", nil, time.Minute}
	errNotReady        = &problem{http.StatusServiceUnavailable, "not_ready", "this node is still catching up", "本机正在准备，暂不能服务", nextRetry, nil, 5 * time.Second}
)

// problemOf is the one place where an error becomes an answer. What it does
// not know is an internal error, whose text stays in the log.
func problemOf(err error) *problem {
	var own *problem
	if errors.As(err, &own) {
		return own
	}
	for _, find := range []func(error) *problem{domainProblem, lifeProblem, storageProblem, trustProblem, countyProblem, carryProblem} {
		if p := find(err); p != nil {
			return p
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errTimeout
	}
	return errInternal
}

func domainProblem(err error) *problem {
	var refused *store.Refused
	var rule *casework.Refusal
	var paper *custody.Refusal
	var incomplete *casework.Incomplete
	var denied *identity.Denied
	var file importfile.Faults
	var number *casework.NumberError
	switch {
	case errors.As(err, &refused):
		return refusal(refused.Code, refused.ZH, refused.EN, refused.Faults)
	case errors.As(err, &rule):
		return refusal(rule.Code, rule.ZH, rule.EN, nil)
	case errors.As(err, &paper):
		return refusal(paper.Code, paper.ZH, paper.EN, nil)
	case errors.As(err, &incomplete):
		return refusal("incomplete", "材料或表单不齐全，请按清单一次性补正", "the form or the papers are incomplete; everything missing is listed", incomplete.Faults)
	case errors.As(err, &denied):
		p := *errForbidden
		p.en = "your role may not do this (outside its " + denied.Why + ")"
		p.zh = "您的岗位无权进行此项操作（超出" + deniedZH[denied.Why] + "范围）"
		return &p
	case errors.As(err, &file):
		faults := make([]catalog.Fault, len(file))
		for i, f := range file {
			faults[i] = catalog.Fault{Path: f.Path, Line: f.Line, Code: catalog.FaultCode(f.Code), ZH: f.ZH, EN: f.EN}
		}
		return errFile.with(faults...)
	case errors.As(err, &number):
		return errNotFound
	}
	return nil
}

var deniedZH = map[string]string{"role": "岗位", "tier": "层级", "division": "辖区", "department": "部门"}

// refusal is the domain's no. Its code decides the status; what is not listed
// is a conflict with the state.
func refusal(code, zh, en string, faults []catalog.Fault) *problem {
	p := &problem{status: http.StatusConflict, code: code, en: en, zh: zh, next: nextUnknown, faults: faults}
	switch code {
	case "malformed":
		p.zh = malformedZH(zh, en)
	}
	switch code {
	case "rating_unknown", "rectification_unknown", "complaint_unknown":
		p.status, p.next = http.StatusNotFound, nextLook
	case "papers_missing", "papers_damaged":
		p.next = "请与对方核对；找到的材料由收到的一方签收，再标记处理完毕"
	case "paper_removed":
		p.status, p.next = http.StatusUnprocessableEntity, "请重新上传附件后再提交"
	case "papers_awaited":
		p.next = "请等待上传完成后再决定；无法取得的，请窗口请申请人重新提交该材料"
	case "papers_not_here", "paper_unknown", "paper_elsewhere", "paper_on_the_way":
		p.next = "请按办件编号查看材料在哪里"
	case "not_sent", "not_for_here", "received_already", "custody_desk":
		p.next = "请按交接单号核对"
	case "custody_line":
		p.next = "请经县中心转交"
	case "rated_already":
		p.next = "无需重复评价"
	case "rated_person", "complaint_concerned", "complaint_handler":
		p.status, p.next = http.StatusForbidden, "请由其他有权人员办理"
	case "incomplete":
		p.status, p.next = http.StatusUnprocessableEntity, "请按清单一次补齐后再提交"
	case "malformed", "item_mismatch", "steps", "case_number", "item_faults", "node_id", "role_elsewhere", "division_elsewhere", "item_text":
		p.status, p.next = http.StatusUnprocessableEntity, nextMend
	case "node_revoked":
		p.status, p.next = http.StatusForbidden, "请联系县中心；群众请到乡镇或县中心办理，未上报的内容导出携带包交县中心"
	case "in_person":
		p.next = "请持证件到事项指南所列地点办理"
	case "number_wrong", "applicant_name", "agent_needless", "agent_other", "authority_missing":
		p.status, p.next = http.StatusUnprocessableEntity, nextMend
	case "account_unknown":
		p.status, p.next = http.StatusNotFound, "请先到窗口实名开户"
	case "account_disabled":
		p.status, p.next = http.StatusForbidden, "请持证件到窗口办理"
	case "not_authorised", "actor_unknown", "node_unknown":
		p.status, p.next = http.StatusForbidden, nextAsk
	case "item_unknown", "case_unknown", "staff_unknown", "attention_unknown", "draft_unknown", "hub_not_enrolled":
		p.status, p.next = http.StatusNotFound, nextLook
	case "item_not_yet":
		p.next = "请按现行版本填写"
	case "edition_unknown":
		p.status, p.next = http.StatusNotFound, "请查看各期目录"
	case "edition_in_force":
		p.next = "请发布新一期目录更正，或下架事项"
	case "edition_date":
		p.next = "请改为现在或以后的时刻，或不填生效时间"
	case "edition_cancelled", "item_withdrawn":
		p.next = "无需再办理"
	case "disk_low":
		p.status, p.next = http.StatusInsufficientStorage, "请清理本机磁盘后再收件，或联系县中心"
	case "corrects_unknown", "replacement_unknown":
		p.status, p.next = http.StatusUnprocessableEntity, nextMend
	case "corrected_already":
		p.next = "请按新编号查询，不要重复提交"
	case "case_refused":
		p.next = "请更正后重新提交"
	case "corrects_elsewhere", "replacement_elsewhere":
		p.next = "请到原收件地点办理"
	case "not_holder":
		p.next = "请刷新后查看办件现在由谁办理"
	case "same_person", "second_person", "not_approvable":
		p.next = "请由另一名有权人员办理"
	case "case_division", "tier_not_accepting":
		p.next = "请按事项指南所列地点办理"
	case "county_only":
		p.next = "请在县中心的系统上操作"
	case "seal_missing", "seal_renew":
		p.next = "请县中心管理员（部门印章）或乡镇负责人（乡镇印章）启用印章"
	case "seal_unknown":
		p.status, p.next = http.StatusNotFound, nextLook
	case "department_unknown":
		p.status, p.next = http.StatusUnprocessableEntity, nextMend
	case "document_void", "sealed":
		p.next = "确需更正的，请注明原因换发"
	case "document_unchanged":
		p.next = "请补打"
	case "reissue_by_seal":
		p.next = "请先盖章换发，再打印"
	case "level_unread":
		p.next = "请先升级清单中的节点"
	case "county_unreachable":
		p.status, p.next = http.StatusServiceUnavailable, nextRetry
	case "level":
		p.next = "请等待全县节点升级后再试"
	case "forked_origin":
		p.next = "请联系县中心吊销并重新登记本机"
	case "key_reused":
		p.next = "请刷新页面查看已记下的内容；确需另办的，再提交一次（程序请换一个幂等键）"
	default:
		if next := refusalNext[code]; next != "" {
			p.next = next
		}
	}
	return p
}

func storageProblem(err error) *problem {
	var disk *store.StorageError
	var offset *blob.OffsetError
	var large *blob.SizeError
	switch {
	case errors.As(err, &offset):
		return &problem{http.StatusConflict, "wrong_offset", offset.Error(), "续传位置不符", "请先查询已上传的长度，再从该处继续", nil, 0}
	case errors.Is(err, blob.ErrBadHash), errors.Is(err, blob.ErrBadSize):
		return &problem{http.StatusBadRequest, "invalid_request", "not a SHA-256 in lower-case hex, or not a size", "附件编号或大小无效", nextMend, nil, 0}
	case errors.Is(err, blob.ErrNotFound):
		return errNotFound
	case errors.Is(err, blob.ErrTooMany):
		return errUploads
	case errors.As(err, &large):
		return largeFile(large)
	case errors.Is(err, blob.ErrTooLarge):
		return &problem{http.StatusRequestEntityTooLarge, "too_large", "the file is too large", "附件过大", "请压缩或拆分后再上传", nil, 0}
	case errors.Is(err, blob.ErrMismatch):
		return &problem{http.StatusUnprocessableEntity, "hash_mismatch", "the content does not have this hash; it was discarded", "附件内容与编号不符，已丢弃", "请重新上传", nil, 0}
	case errors.Is(err, blob.ErrIncomplete):
		return &problem{http.StatusUnprocessableEntity, "attachment_damaged", "the file is incomplete or damaged; it was discarded", "文件不完整或已损坏，已丢弃", "请重新扫描或拍照，或换一份完整的文件再上传", nil, 0}
	case errors.Is(err, blob.ErrType):
		return &problem{http.StatusUnsupportedMediaType, "wrong_type", "JPEG, PNG, WebP and PDF are taken, recognised by content", "附件类型不允许", "请上传 JPEG、PNG、WebP 图片或 PDF", nil, 0}
	case errors.Is(err, blob.ErrNoSpace), errors.As(err, &disk) && disk.Full():
		return &problem{http.StatusServiceUnavailable, "no_space", "the disk of this node is full; nothing was written", "本机磁盘已满，没有写入任何内容", "请联系管理员清理磁盘后重试", nil, time.Minute}
	case errors.Is(err, store.ErrFailed), errors.Is(err, blob.ErrFailed), errors.As(err, &disk):
		return &problem{http.StatusServiceUnavailable, "storage_failed", "this node's disk failed; it writes nothing until it is restarted", "本机磁盘故障，已停止写入", "请立即联系管理员检查磁盘", nil, 0}
	}
	return nil
}

// largeFile says how large a file is and how large it may be. Which file it is
// only the sender knows: names of files are told to nobody before a case is.
func largeFile(e *blob.SizeError) *problem {
	mb := func(bytes int64) string {
		return strconv.FormatFloat(math.Ceil(float64(bytes)/(1<<20)*10)/10, 'f', -1, 64) + " MB"
	}
	p := &problem{http.StatusRequestEntityTooLarge, "too_large", "the file is larger than " + mb(e.Limit) + ", which is the most", "附件超过 " + mb(e.Limit) + " 的上限", "请压缩或拆分后再上传", nil, 0}
	if e.Size > 0 {
		p.en = "the file has " + mb(e.Size) + ", more than the " + mb(e.Limit) + " that are allowed"
		p.zh = "附件为 " + mb(e.Size) + "，超过 " + mb(e.Limit) + " 的上限"
	}
	return p
}

func trustProblem(err error) *problem {
	password := func(zh, en string) *problem {
		return (&problem{http.StatusUnprocessableEntity, "weak_password", en, zh, "请换一个密码", nil, 0}).
			with(catalog.Fault{Path: "new_password", Code: catalog.FaultLaw, ZH: zh, EN: en})
	}
	switch {
	case errors.Is(err, trust.ErrUnauthenticated):
		return errUnauthenticated
	case errors.Is(err, trust.ErrPasswordShort):
		return password(fmt.Sprintf("密码太短，至少%d个字符", trust.DefaultMinPassword), fmt.Sprintf("the password is too short; at least %d characters", trust.DefaultMinPassword))
	case errors.Is(err, trust.ErrPasswordLogin):
		return password("密码不能与登录名相同或包含登录名", "the password must not be or contain the login")
	case errors.Is(err, trust.ErrPasswordSame):
		return password("新密码与原密码相同", "the new password is the old one")
	case errors.Is(err, trust.ErrPasswordCommon):
		return password("密码过于常见或过于简单", "the password is too common or too simple")
	case errors.Is(err, trust.ErrPasswordForm), errors.Is(err, trust.ErrPasswordLength):
		return password("密码过长或含有不能使用的字符", "the password is too long or has characters that cannot be used")
	case errors.Is(err, trust.ErrNotAllowed):
		return &problem{http.StatusForbidden, "wrong_node", "this node may not speak for these roles; log in at a node of your own office", "您的岗位不能在本节点登录", "请在本单位的节点登录", nil, 0}
	case errors.Is(err, trust.ErrExpired):
		return &problem{http.StatusServiceUnavailable, "credential_expired", "this node's credential has ended; it has to be renewed by the county", "本节点的凭证已过期", "请联系县中心续签本节点凭证", nil, 0}
	}
	return nil
}

func countyProblem(err error) *problem {
	unavailable := func(code, en, zh string) *problem {
		return &problem{http.StatusServiceUnavailable, code, en, zh, nextRetry, nil, 2 * time.Second}
	}
	var no *county.Refusal
	if errors.As(err, &no) {
		status := http.StatusConflict
		if no.Code == county.HubUnknown {
			status = http.StatusNotFound
		}
		return &problem{status, no.Code, no.EN, no.ZH, nextHub[no.Code], nil, 0}
	}
	switch {
	case errors.Is(err, county.ErrUnknown):
		return &problem{http.StatusBadGateway, "outcome_unknown", "the outcome is not known; send the same request again with the same key", "结果未知", "请用同一请求重试，不会重复办理", nil, time.Second}
	case errors.Is(err, county.ErrOutside):
		return &problem{http.StatusServiceUnavailable, "hub_outside", "this hub is not one of the county's any more: it was removed, or the county began anew without it; nothing was written", "本主机已不在县中心之内（已被移除，或县中心已在另一台主机上重新开始），未写入任何内容", nextOtherHub, nil, 0}
	case errors.Is(err, county.ErrNoLeader):
		return unavailable("no_leader", "the county has no leader at the moment; nothing was written", "县中心暂无主节点")
	case errors.Is(err, county.ErrBusy):
		return unavailable("busy", "the county is busy; nothing was written", "县中心繁忙")
	case errors.Is(err, county.ErrNotReady), errors.Is(err, county.ErrClosed), errors.Is(err, county.ErrStopped):
		return unavailable("not_ready", "this hub does not serve at the moment", "县中心进程暂不能服务")
	case errors.Is(err, county.ErrTooLarge):
		return errTooLarge
	case errors.Is(err, county.ErrMembership), errors.Is(err, county.ErrForeign):
		return &problem{http.StatusConflict, "membership", "the change of membership was refused or did not finish; look at the state of the hubs", "成员变更未完成", "请查看主机状态后再试", nil, 0}
	}
	return nil
}

// carryProblem is what is wrong with a bundle, in its own words.
func carryProblem(err error) *problem {
	var f *carry.Fault
	if !errors.As(err, &f) {
		return nil
	}
	p := &problem{status: http.StatusUnprocessableEntity, code: f.Code, en: f.EN, zh: f.ZH, next: nextBundle[f.Code]}
	switch {
	case errors.Is(f, carry.ErrTooLarge):
		p.status = http.StatusRequestEntityTooLarge
	case errors.Is(f, carry.ErrUnavailable), errors.Is(f, carry.ErrStorage), errors.Is(f, carry.ErrUnstable):
		p.status, p.after = http.StatusServiceUnavailable, 10*time.Second
	case errors.Is(f, carry.ErrSignature), errors.Is(f, carry.ErrNotAllowed), errors.Is(f, carry.ErrRevoked), errors.Is(f, carry.ErrNotForMe), errors.Is(f, carry.ErrWrongCounty):
		p.status = http.StatusForbidden
	case errors.Is(f, carry.ErrGap), errors.Is(f, carry.ErrConflict), errors.Is(f, carry.ErrRewritten), errors.Is(f, carry.ErrEpoch), errors.Is(f, carry.ErrLostOwn), errors.Is(f, carry.ErrSealed), errors.Is(f, carry.ErrUnknownNode):
		p.status = http.StatusConflict
	}
	return p
}

// writeProblem answers with the problem of an error.
func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	rq := requestOf(r.Context())
	rq.failed = err
	p := problemOf(err)
	body, merr := json.Marshal(gen.Problem{
		Type: "/api/docs#errors", Title: http.StatusText(p.status), Status: p.status,
		Code: p.code, Detail: p.en, MessageZh: p.zh, Next: p.next, NextEn: nextEN[p.next], RequestId: rq.id, Fields: p.faults,
	})
	if merr != nil { // cannot happen: it is made of strings and numbers
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if p.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.after.Seconds()))))
	}
	if p.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="tongban"`)
	}
	w.WriteHeader(p.status)
	if r.Method != http.MethodHead {
		w.Write(body) // a caller that is gone needs no answer
	}
}
