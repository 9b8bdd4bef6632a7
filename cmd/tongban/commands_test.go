package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

const at20261123 = 1795449600000 // 2026-11-24 00:00 in Beijing

var (
	savedHere = client.Recorded{Entry: "e-1", Word: client.SavedHere, WordZh: "已存本机"}
	atCounty  = client.Recorded{Entry: "e-2", Index: 42, Word: client.AtCounty, WordZh: "已到县中心"}
)

// Each row is a command line, what the node must be asked, and what is seen.
func TestCommandsAtANode(t *testing.T) {
	kept := client.KeptBackups{Node: "county-1", Backups: []client.KeptBackup{{File: "a.backup", At: at20261123, Bytes: 2048, Records: 42, State: client.Sound}, {File: "b.backup", At: at20261123, Bytes: 7, State: client.Bad, Zh: "读不出", En: "unreadable"}, {File: "c.backup", At: at20261123, Bytes: 9, State: client.Unchecked}},
		Job: client.BackupJob{File: "d.backup", What: client.BackupJobWhatTake, Stage: client.BackupJobStageWrite, Done: 5, Total: 10}}
	village := client.Node{Node: "v-330523110200-1", Tier: "village", Division: "330523110200", Name: "甲子村便民服务站", EnrolledAt: at20261123, ExpiresAt: at20261123}
	revoked := village
	revoked.Node, revoked.RevokedAt, revoked.RevokeReason = "v-330523110201-1", at20261123, "失窃"
	succeeded := village
	succeeded.SucceededBy = "v-330523110200-2"
	version := client.ItemVersion{Code: "TB-XZRZ-005", Name: "生育登记", Version: 1, Hash: "h", Status: client.StatusDraft, DraftedBy: "s-1"}
	edition := client.PublishedEdition{Edition: catalog.Edition{Number: 1, EffectiveFrom: at20261123, Entries: []catalog.EditionItem{{Code: "TB-XZRZ-005", Version: 1}}}, Recorded: atCounty}
	person := client.Staff{Id: "s-7", Login: "jiazi-daiban", Name: "甲", Division: "330523110200", Roles: []identity.Role{identity.VillageWorker}, MustChangePassword: true}
	staff := client.StaffList{Staff: []client.Staff{person}}
	date := func(text string) calendar.Date {
		d, err := calendar.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	years := client.CalendarYears{Years: []calendar.Year{{Year: 2026, Status: calendar.Announced, Source: []string{"国办发明电〔2025〕7号"},
		Holidays: []calendar.Date{date("2026-10-01"), date("2026-10-02")}, Workdays: []calendar.Date{date("2026-09-20"), date("2026-10-10")},
		Names: []calendar.DayName{{Date: date("2026-10-01"), Name: "国庆节"}}}}}
	imported := client.ImportReport{Count: 3, Recorded: atCounty}
	file := mustFile(t, `{"a": 1}`)

	refusedCase := client.Case{Summary: client.CaseSummary{Id: "e-9", Number: birth.Number, Item: birth.Item, ItemName: birth.ItemName, Division: birth.Division, HandedInAt: birth.HandedInAt, Holder: birth.Holder, Status: "refused", StatusZh: "未接收", ApplicantName: "李*", Word: client.WordRefused, WordZh: "需处理"},
		Applicant: client.Applicant{Type: "person", Name: "李*"}, Agent: client.Agent{Name: "王*", IDNumber: "330599********005X", Authority: "授权委托书"}, Steps: []ledger.Step{}, Head: "e-9", Actions: []client.CaseActionKind{},
		Form: []catalog.FieldValue{{Key: "birth_order", Value: "一孩"}}, Materials: []client.SubmittedMaterial{{Name: "身份证", Form: "copy", Copies: 1, Attachments: []client.AttachmentRef{{Hash: strings.Repeat("a", 64), Name: "a.pdf", Size: 1, Type: "application/pdf"}}}},
		Setback: client.Setback{Code: "not_authorised", Zh: "无权限", En: "no right", Next: "请更正", NextEn: "mend it", Way: client.WayNone, CorrectedBy: "e-10", CorrectedNumber: "330523110200-20261124-01-000001-1"}, Also: []string{"e-11"}}
	rows := []struct {
		args    string
		answers map[string]any
		asks    []string // "operation path?query body"
		says    []string // in Chinese
		english []string
	}{
		{"node list", map[string]any{"listNodes": client.NodeList{Nodes: []client.Node{village, revoked}}},
			[]string{"listNodes /api/v1/nodes"},
			[]string{"节点              层级  区划          名称              证书到期          状态\n", "v-330523110201-1  村    330523110200  甲子村便民服务站  2026-11-24 00:00  已吊销\n"}, []string{"EXPIRES", "revoked"}},
		{"node show v-330523110200-1", map[string]any{"getNode": village}, []string{"getNode /api/v1/nodes/v-330523110200-1"}, []string{"甲子村便民服务站", "正常"}, []string{"in order"}},
		{"node show", map[string]any{"getThisNode": client.ThisNode{Node: "county-1", Tier: "county", Division: "330523", Name: "县中心", Version: "0.1.0", Line: client.Line{State: client.LineDown}, TimeMs: at20261123, Papers: client.PaperLimits{Types: []string{}}}},
			[]string{"getThisNode /api/v1/node"}, []string{"线路      断\n"}, []string{"line      down\n"}},
		{"node invite --tier village --division 330523110200 --name 甲子村便民服务站 --id v-9", map[string]any{"inviteNode": client.Invitation{Node: "v-9", Token: "tok-1", ExpiresAt: at20261123, Recorded: atCounty}},
			[]string{`inviteNode /api/v1/nodes/invitations {"division":"330523110200","name":"甲子村便民服务站","node":"v-9","tier":"village"}`}, []string{"tok-1\n"}, []string{"tok-1\n"}},
		{"case unsealed", map[string]any{"listUnsealed": client.UnsealedList{Documents: []client.UnsealedDocument{{Case: birth, Kind: "rejection_notice", Nth: 1, Title: "不予受理决定书", SinceMs: at20261123}}}},
			[]string{"listUnsealed /api/v1/unsealed"}, []string{"不予受理决定书  330523110200-20261123-01-000045-7  生育登记"}, []string{"WAITS SINCE"}},
		{"node renew", map[string]any{"renewNode": client.Renewed{Node: "v-330523110200-1", UntilMs: at20261123, Recorded: savedHere}}, []string{"renewNode /api/v1/node/renew"},
			[]string{"v-330523110200-1 的密钥已更新，有效至 2026-11-24 00:00\n"}, []string{"has new keys until 2026-11-24"}},
		{"node levels", map[string]any{"getLevel": client.LevelReport{Level: 1, Reads: 2, Nodes: []client.NodeLevel{{Node: "county-1", Name: "县中心", Tier: "county", Reads: 2}, {Node: "v-330523110200-1", Name: "甲子村", Tier: "village"}}}},
			[]string{"getLevel /api/v1/level"}, []string{"本程序可读  2\n", "v-330523110200-1  甲子村  未报告"}, []string{"not said"}},
		{"node raise-level 3 --even-though v-330523110200-1", map[string]any{"raiseLevel": atCounty},
			[]string{`raiseLevel /api/v1/level {"even_though":["v-330523110200-1"],"level":3}`}, []string{"已到县中心"}, []string{"at county"}},
		{"node revoke v-330523110200-1 --reason 失窃 --at 2026-11-24", map[string]any{"revokeNode": atCounty, "getNode": succeeded},
			[]string{`revokeNode /api/v1/nodes/v-330523110200-1/revoke {"at":1795449600000,"reason":"失窃"}`, "getNode /api/v1/nodes/v-330523110200-1"},
			[]string{"已记录: 已到县中心（账本第 42 条）  e-2\n"}, []string{"recorded: at county (ledger 42)  e-2\n"}},
		{"node rename v-330523110200-1 新名", map[string]any{"renameNode": atCounty}, []string{`renameNode /api/v1/nodes/v-330523110200-1/rename {"name":"新名"}`}, []string{"已到县中心"}, nil},

		{"backup list", map[string]any{"listBackups": kept}, []string{"listBackups /api/v1/backups"},
			[]string{"a.backup  2026-11-24 00:00  2048  42        完好", "b.backup  2026-11-24 00:00  7               损坏：读不出", "c.backup  2026-11-24 00:00  9               未校验", "备份 d.backup：进行中，50%\n"}, []string{"sound", "bad: unreadable", "not checked", "backup d.backup: under way, 50%"}},
		{"backup make", map[string]any{"keepBackup": kept.Job}, []string{"keepBackup /api/v1/backups"}, []string{"备份 d.backup：进行中，50%\n"}, nil},
		{"backup check a.backup", map[string]any{"checkBackup": client.BackupJob{File: "a.backup", What: client.BackupJobWhatCheck, Stage: client.BackupJobStageCheck}}, []string{"checkBackup /api/v1/backups/a.backup/check"}, []string{"校验 a.backup：进行中\n"}, []string{"check of a.backup: under way"}},

		{"raft status --fresh", map[string]any{"listHubs": someHubs}, []string{"listHubs /api/v1/hubs"}, []string{"主节点  county-1", "10.0.0.11:8444"}, []string{"leader    county-1"}},
		{"raft add county-2 10.0.0.12:8444", map[string]any{"addHub": nil}, []string{`addHub /api/v1/hubs {"address":"10.0.0.12:8444","id":"county-2"}`}, []string{"已加入 county-2\n"}, []string{"county-2 votes\n"}},
		{"raft remove county-3", map[string]any{"removeHub": nil}, []string{"removeHub /api/v1/hubs/county-3"}, []string{"已移除 county-3"}, nil},
		{"raft transfer-leadership county-2", map[string]any{"transferLeadership": nil}, []string{`transferLeadership /api/v1/hubs/transfer {"to":"county-2"}`}, []string{"已转移"}, nil},
		{"raft transfer-leadership", map[string]any{"transferLeadership": nil}, []string{"transferLeadership /api/v1/hubs/transfer {}"}, []string{"已转移"}, nil},

		{"division list --parent 330523110", map[string]any{"listDivisions": client.DivisionList{Divisions: []division.Division{{Code: "330523110200", Name: "甲子村", OfficialName: "甲子村委会", Kind: "village"}}}},
			[]string{"listDivisions /api/v1/divisions?parent=330523110"}, []string{"330523110200  甲子村  甲子村委会"}, []string{"OFFICIAL NAME"}},
		{"division import " + file, map[string]any{"importDivisions": imported}, []string{`importDivisions /api/v1/divisions/import {"a": 1}`}, []string{"已导入 3 条\n"}, []string{"imported: 3\n"}},
		{"calendar import " + file, map[string]any{"importCalendar": imported}, []string{`importCalendar /api/v1/calendar/import {"a": 1}`}, []string{"已导入 3 条\n"}, nil},
		{"calendar show", map[string]any{"getCalendar": years}, []string{"getCalendar /api/v1/calendar"}, []string{"2026  已公布  2     2         国办发明电〔2025〕7号\n"}, []string{"announced"}},
		{"calendar show --year 2026", map[string]any{"getCalendar": years}, []string{"getCalendar /api/v1/calendar?year=2026"},
			[]string{"2026-09-20  上班\n2026-10-01  放假  国庆节\n2026-10-02  放假\n2026-10-10  上班\n"}, nil},

		{"item list --query 生育 --tier village --status all --limit 5", map[string]any{"listItems": client.ItemList{Total: 9, NextCursor: "c2", Items: []client.ItemSummary{{Code: "TB-XZRZ-005", Name: "生育登记", Type: "公共服务", Department: "乡镇", AcceptTiers: []client.Tier{"township", "village"}, DecideTier: "township", Instant: true, Version: 1, Status: client.StatusInForce}}}},
			[]string{"listItems /api/v1/items?limit=5&query=%E7%94%9F%E8%82%B2&status=all&tier=village"}, []string{"乡镇、村", "即办", "在用", "共 9 项\n", "--cursor c2"}, []string{"township, village", "in force"}},
		{"item list --drafts", map[string]any{"listDrafts": client.VersionList{Versions: []client.ItemVersion{version}}}, []string{"listDrafts /api/v1/drafts"}, []string{"TB-XZRZ-005  1     生育登记  草稿"}, []string{"draft"}},
		{"item show TB-XZRZ-005 --versions", map[string]any{"listItemVersions": client.VersionList{Versions: []client.ItemVersion{version}}}, []string{"listItemVersions /api/v1/items/TB-XZRZ-005/versions"}, []string{"草稿"}, nil},
		{"item import " + file, map[string]any{"importItems": client.DraftReport{Drafted: []client.ItemRef{{Code: "TB-XZRZ-005", Version: 2}}, Unchanged: 225, Warnings: []client.Fault{{Path: "items[0].department", Code: "unknown", ZH: "没有在岗人员", EN: "nobody works there"}}}},
			[]string{`importItems /api/v1/items/import {"a": 1}`}, []string{"TB-XZRZ-005  2\n形成草稿 1 项，未变 225 项\n注意: 没有在岗人员\n"}, []string{"drafted 1, unchanged 225", "note: nobody works there"}},
		{"item diff TB-XZRZ-005", map[string]any{"listItemVersions": client.VersionList{Versions: []client.ItemVersion{version, {Code: version.Code, Version: 3, Status: client.StatusApproved}}},
			"diffItem": client.DiffReport{Code: "TB-XZRZ-005", From: 2, To: 3, Changes: []catalog.Change{{Path: "phone", Label: "咨询电话", Before: "1", After: "2"}}}},
			[]string{"listItemVersions /api/v1/items/TB-XZRZ-005/versions", "diffItem /api/v1/items/TB-XZRZ-005/diff?from=2&to=3"}, []string{"v2 → v3\n咨询电话 (phone)\n  - 1\n  + 2\n"}, nil},
		{"item diff TB-XZRZ-006", map[string]any{"listItemVersions": client.VersionList{Versions: []client.ItemVersion{{Code: "TB-XZRZ-006", Version: 1, Status: client.StatusDraft}}}},
			[]string{"listItemVersions /api/v1/items/TB-XZRZ-006/versions"}, nil, nil},
		{"item approve TB-XZRZ-005@1 TB-XZRZ-006@v2", map[string]any{"approveItems": client.ApproveReport{Approved: []client.ItemRef{{Code: "TB-XZRZ-005", Version: 1}}}},
			[]string{`approveItems /api/v1/items/approve {"items":[{"code":"TB-XZRZ-005","version":1},{"code":"TB-XZRZ-006","version":2}]}`}, []string{"已复核 1 项\n"}, nil},
		{"item approve --all", map[string]any{"listDrafts": client.VersionList{Versions: []client.ItemVersion{version, {Code: "B", Version: 1, Status: client.StatusApproved}}}, "approveItems": client.ApproveReport{Approved: []client.ItemRef{}}},
			[]string{"listDrafts /api/v1/drafts", `approveItems /api/v1/items/approve {"items":[{"code":"TB-XZRZ-005","version":1}]}`}, []string{"已复核"}, nil},
		{"item approve --all", map[string]any{"listDrafts": client.VersionList{Versions: []client.ItemVersion{}}}, []string{"listDrafts /api/v1/drafts"}, nil, nil},
		{"item publish --note 第一期目录 --effective-from 2026-11-24T00:00", map[string]any{"publishEdition": edition},
			[]string{`publishEdition /api/v1/editions {"effective_from":1795449600000,"note":"第一期目录"}`}, []string{"第 1 期，1 项，2026-11-24 00:00 生效\n"}, []string{"edition 1, 1 items"}},
		{"item publish --unstaffed", map[string]any{"publishEdition": edition}, []string{`publishEdition /api/v1/editions {"unstaffed":true}`}, []string{"第 1 期"}, nil},
		{"division import " + file, map[string]any{"importDivisions": client.ImportReport{Count: 3, Kept: 12, Recorded: atCounty}}, []string{`importDivisions /api/v1/divisions/import {"a": 1}`},
			[]string{"已导入 3 条", "文件中没有的已有区划 12 个，导入不删除"}, []string{"12 divisions known before are not in the file"}},
		{"supervise board", map[string]any{"getBoard": client.Board{People: []client.BoardPerson{}, Desks: []client.BoardDesk{{Desk: client.Desk{Division: "330523", Department: "不存在局", Verb: "decide"}, Unmanned: true, Nobody: true, Cases: 1}, {Desk: client.Desk{Division: "330523110", Verb: "accept"}, Unmanned: true, Cases: 1}}}},
			[]string{"getBoard /api/v1/supervision/board"}, []string{"没有能办理的人员", "今日无人在岗"}, []string{"nobody can do it", "nobody on duty today"}},
		{"item editions", map[string]any{"listEditions": client.EditionList{Editions: []client.Edition{{Number: 2, EffectiveFrom: at20261123, CancelledAt: 1, Note: "暂缓", Entries: edition.Edition.Entries}, {Number: 1, EffectiveFrom: 1, Entries: edition.Edition.Entries}}}},
			[]string{"listEditions /api/v1/editions"}, []string{"已取消", "已生效", "暂缓"}, []string{"cancelled", "in force"}},
		{"item cancel 2 --reason 政策暂缓实施", map[string]any{"cancelEdition": atCounty}, []string{`cancelEdition /api/v1/editions/2/cancel {"reason":"政策暂缓实施"}`}, []string{"第 2 期目录已取消"}, []string{"edition 2 is cancelled"}},
		{"item withdraw TB-XZRZ-006 --note 停办", map[string]any{"withdrawItem": client.PublishedEdition{Edition: edition.Edition, Recorded: atCounty, Coming: []client.Edition{{Number: 7, EffectiveFrom: at20261123, Entries: []catalog.EditionItem{{Code: "TB-XZRZ-006", Version: 2}}}}}},
			[]string{`withdrawItem /api/v1/items/TB-XZRZ-006/withdraw {"note":"停办"}`}, []string{"第 7 期将自", "tongban item cancel 7"}, []string{"edition 7"}},
		{"item withdraw TB-XZRZ-005 --note 调整", map[string]any{"withdrawItem": edition}, []string{`withdrawItem /api/v1/items/TB-XZRZ-005/withdraw {"note":"调整"}`}, []string{"第 1 期"}, nil},
		{"item overlay TB-XZRZ-005 --office 330523110 --window 3号窗口", map[string]any{"setOverlay": savedHere}, []string{`setOverlay /api/v1/items/TB-XZRZ-005/overlay {"office":"330523110","window":"3号窗口"}`}, []string{"已存本机"}, []string{"saved here"}},
		{"item validate " + file + " --at-node", map[string]any{"validateItems": client.FileReport{Ok: true, Count: 7, Faults: []client.Fault{}}}, []string{`validateItems /api/v1/items/validate {"a": 1}`}, []string{"共 7 项"}, nil},

		{"staff list --division 330523110 --role village_worker", map[string]any{"listStaff": staff}, []string{"listStaff /api/v1/staff?division=330523110&role=village_worker"}, []string{"待改密码"}, []string{"must change password"}},
		{"seal list", map[string]any{"listSeals": client.SealList{Seals: []client.Seal{{Key: "0f3a1c529f0b4d6e", Division: "330523", Holder: "县民政局", Generation: 1, InUse: true, Outdated: true}, {Key: "1f3a1c529f0b4d6e", Division: "330523", Holder: "县教育局", Generation: 1, InUse: true}}}},
			[]string{"listSeals /api/v1/seals"}, []string{"县民政局", "须重新启用", "县教育局", "使用中"}, []string{"to be made anew", "in use"}},
		{"staff add --login jiazi-daiban --name 甲 --division 330523110200 --role village_worker,township_clerk", map[string]any{"addStaff": client.StaffCreated{Staff: person, InitialPassword: "p-1", Recorded: savedHere}},
			[]string{`addStaff /api/v1/staff {"division":"330523110200","login":"jiazi-daiban","name":"甲","roles":["village_worker","township_clerk"]}`}, []string{"初始密码  p-1\n", "已存本机"}, nil},
		{"staff roles jiazi-daiban --role township_clerk", map[string]any{"listStaff": staff, "setStaffRoles": savedHere}, []string{"listStaff /api/v1/staff", `setStaffRoles /api/v1/staff/s-7/roles {"roles":["township_clerk"]}`}, []string{"已存本机"}, nil},
		{"staff roles s-7 --none", map[string]any{"listStaff": staff, "setStaffRoles": savedHere}, []string{"listStaff /api/v1/staff", `setStaffRoles /api/v1/staff/s-7/roles {"roles":[]}`}, nil, nil},
		{"staff disable jiazi-daiban --reason 离岗", map[string]any{"listStaff": staff, "disableStaff": savedHere}, []string{"listStaff /api/v1/staff", `disableStaff /api/v1/staff/s-7/disable {"disabled":true,"reason":"离岗"}`}, nil, nil},
		{"staff enable s-8 --reason 返岗", map[string]any{"listStaff": staff, "disableStaff": savedHere}, []string{"listStaff /api/v1/staff", `disableStaff /api/v1/staff/s-8/disable {"disabled":false,"reason":"返岗"}`}, nil, nil},
		{"staff reset-password s-7", map[string]any{"listStaff": staff, "resetStaffPassword": client.PasswordResetResult{InitialPassword: "p-2", Recorded: savedHere}}, []string{"listStaff /api/v1/staff", `resetStaffPassword /api/v1/staff/s-7/password {}`}, []string{"p-2\n"}, nil},

		{"device list --all", map[string]any{"listDevices": client.DeviceList{Devices: []client.Device{
			{Id: "ABCDEFGHIJKLMNOP23", Name: "平板", Owner: "王芳", Node: "v-1", RegisteredAt: at20261123, RevokedAt: at20261123, Effect: client.DeviceUnderWay, NodeHeardMs: at20261123},
			{Id: "ABCDEFGHIJKLMNOP24", Name: "手机", Owner: "王芳", Node: "v-1", RegisteredAt: at20261123, RevokedAt: at20261123, Effect: client.DeviceThere}}}},
			[]string{"listDevices /api/v1/devices?all=true"}, []string{"送达中，登记节点上次联系 2026-11-24 00:00", "登记节点已生效"}, []string{"under way; its node was last heard 2026-11-24 00:00", "in effect at its node"}},
		{"device revoke ABCDEFGHIJKLMNOP23 --reason 遗失", map[string]any{"revokeDevice": client.Device{Id: "ABCDEFGHIJKLMNOP23", Name: "平板", RevokedAt: at20261123, Effect: client.DeviceUnderWay}},
			[]string{`revokeDevice /api/v1/devices/ABCDEFGHIJKLMNOP23/revoke {"reason":"遗失"}`}, []string{"送达中，登记节点尚无消息"}, []string{"its node was not heard yet"}},
		{"sync status", map[string]any{"getSync": client.SyncReport{
			Self:  client.SyncState{Node: "t-1", Tier: "township", Division: "330523110", Name: "梅溪镇", Line: client.Line{State: client.LineUp}, OutboxEntries: 5, OutboxUnsent: 2, LagEntries: 3, LagMs: 90000},
			Below: []client.SyncState{{Node: "v-1", Tier: "village", Division: "330523110200", Name: "甲子村", Line: client.Line{State: client.LineDown}, Forked: true}}}},
			[]string{"getSync /api/v1/sync?self=false"}, []string{"5（未发出 2）", "3 条，1 分钟", "分叉"}, []string{"5 (2 unsent)", "forked"}},
		{"sync status", map[string]any{"getSync": client.SyncReport{Self: client.SyncState{Node: "v-1", Tier: "village", Division: "330523110200", Name: "甲子村", Revoked: true, RevokedAt: at20261123,
			Problem: client.RefusalReport{Code: "node_revoked", Zh: "本节点已于 2026-11-24 00:00 被县中心吊销（失窃）", En: "the county revoked this node"}}, Below: []client.SyncState{}}},
			[]string{"getSync /api/v1/sync?self=false"}, []string{"被县中心吊销（失窃）"}, []string{"the county revoked this node"}},
		{"sync now", map[string]any{"syncNow": nil}, []string{"syncNow /api/v1/sync/now"}, []string{"正在同步"}, []string{"being tried"}},
		{"attention list", map[string]any{"listAttention": client.AttentionList{Items: []client.AttentionItem{{Entry: "e-9", Code: "not_holder", Zh: "不在本处", En: "not the holder", Next: "刷新", Way: client.WayDoAgain, OccurredAt: at20261123}}, NextCursor: "n"}},
			[]string{"listAttention /api/v1/attention?resolved=false"}, []string{"不在本处 [not_holder]  刷新", "--cursor n"}, []string{"not the holder [not_holder]"}},
		{"attention show e-9", map[string]any{"getAttention": client.AttentionDetail{Item: client.AttentionItem{Entry: "e-9", What: "收件", Kind: "case.submit", Code: "not_authorised", Zh: "无权限", En: "no right", Next: "更正", Way: client.WayResubmit, OccurredAt: at20261123},
			Case: refusedCase}}, []string{"getAttention /api/v1/attention/e-9"}, []string{"无权限 [not_authorised]", "未生效：无权限 [not_authorised]", "下一步：请更正\n", "李*", "birth_order  一孩", "a.pdf"}, []string{"no right [not_authorised]", "next: mend it"}},
		{"case show 330523110200-20261123-01-000045-" + checkDigit(t), map[string]any{"getCase": refusedCase}, []string{"getCase /api/v1/cases/330523110200-20261123-01-000045-" + checkDigit(t) + "?reveal=false"},
			[]string{"未生效：无权限 [not_authorised]", "更正为    330523110200-20261124-01-000001-1 e-10", "同号收件  e-11", "代办人    王* 330599********005X （凭授权委托书）"}, []string{"not in effect", "corrected by"}},
		{"case resubmit e-9 --key 12345678 --form phone=13800000000 --without-material 旧证 --agent 王某 --agent-id-number 33059919850412005X --agent-authority 授权委托书", map[string]any{"resubmitCase": client.CaseReceipt{Case: birth, Recorded: savedHere}},
			[]string{`resubmitCase /api/v1/cases/e-9/resubmit {"agent":{"name":"王某","id_number":"33059919850412005X","authority":"授权委托书"},"form":[{"key":"phone","value":"13800000000"}],"without_materials":["旧证"]}`}, []string{"330523110200-20261123-01-000045-7  已存本机\n"}, []string{"saved here"}},
		{"notice list --state failed --channel sms", map[string]any{"listNotices": client.NoticeBoard{Channels: []client.NoticeChannel{{Channel: "sms", Configured: true, Queued: 3, Failed: 1, OldestMs: at20261123, TroubledSinceMs: at20261123}},
			Notices: []client.QueuedNotice{{Id: "e-3", Kind: "ready", Number: birth.Number, Channel: "sms", State: "failed", Round: 1, SinceMs: at20261123}}, NextAfter: 9}},
			[]string{"listNotices /api/v1/notices?channel=sms&state=failed"}, []string{"sms   是      3     2026-11-24 00:00  1     0     2026-11-24 00:00\n", "e-3", "--after 9\n"}, []string{"FAILING SINCE"}},
		{"notice show e-3", map[string]any{"getNotice": client.ApplicantNotice{Id: "e-3", Kind: "ready", Number: birth.Number, StepZh: "结果可以领取", StepEn: "the result is ready", TodoZh: "请领取", TodoEn: "collect it", AtMs: at20261123,
			Deliveries: []client.NoticeDelivery{{Channel: "sms", State: "failed", StateZh: "发送失败", Round: 1, SinceMs: at20261123, EndedMs: at20261123, Attempts: 2, To: "138****0000", Reason: "http_422"}}}},
			[]string{"getNotice /api/v1/notices/e-3"}, []string{"结果可以领取", "发送失败 http_422 → 138****0000，尝试 2 次", "未同意：消息仅为提醒"}, []string{"failed http_422 → 138****0000, attempt 2", "messages are reminders"}},
		{"notice case " + birth.Number, map[string]any{"getCaseNotices": client.NoticeList{Notices: []client.ApplicantNotice{{Id: "e-3", StepZh: "已受理", StepEn: "accepted", AtMs: at20261123, Deliveries: []client.NoticeDelivery{}}}}},
			[]string{"getCaseNotices /api/v1/cases/" + birth.Number + "/notices"}, []string{"已受理", "账户"}, []string{"accepted", "account"}},
		{"notice retry e-3 --channel mail", map[string]any{"retryNotice": client.NoticeReceipt{Notice: client.ApplicantNotice{Id: "e-3", StepZh: "已受理", Deliveries: []client.NoticeDelivery{{Channel: "mail", State: "queued", StateZh: "待发送", Round: 2}}}, Recorded: atCounty}},
			[]string{`retryNotice /api/v1/notices/e-3/retry {"channel":"mail"}`}, []string{"待发送"}, []string{"queued"}},
		{"attention resolve e-9 --note 已重新提交 --replaced-by e-10", map[string]any{"resolveAttention": savedHere}, []string{`resolveAttention /api/v1/attention/e-9/resolve {"note":"已重新提交","replaced_by":"e-10"}`}, []string{"已存本机"}, nil},
		{"reconcile", map[string]any{"reconcile": client.Reconciliation{Node: "v-1", HandedIn: 10, Confirmed: 8, Waiting: 2}}, []string{"reconcile /api/v1/reconcile"}, []string{"县账本已确认        8\n", "重复                0\n"}, []string{"confirmed"}},
	}
	for _, row := range rows {
		t.Run(row.args, func(t *testing.T) {
			n := signedIn(t, row.answers)
			n.asked = nil
			args := strings.Fields(row.args)
			r := tongban(t, args...)
			if r.code != exitOK {
				t.Fatalf("%+v", r)
			}
			asked := make([]string, len(n.asked))
			for i, c := range n.asked {
				asked[i] = strings.Join(slices.DeleteFunc([]string{c.operation, c.path + question(c.query), c.body}, func(s string) bool { return s == "" }), " ")
			}
			if !slices.Equal(asked, row.asks) {
				t.Errorf("asked %q,\nwant  %q", asked, row.asks)
			}
			holds(t, r.out, row.says)
			holds(t, tongban(t, append(args, "--lang", "en")...).out, row.english)

			r = tongban(t, append(args, "--json")...)
			if r.code != exitOK || !json.Valid([]byte(r.out)) {
				t.Errorf("--json: %+v", r)
			}
			if strings.Contains(row.args, "--fresh") && n.asked[0].header.Get("Tongban-Fresh") != "1" {
				t.Error("not asked freshly")
			}
		})
	}
}

func TestCommandLinesThatAreWrong(t *testing.T) {
	n := signedIn(t, map[string]any{"listItemVersions": client.VersionList{Versions: []client.ItemVersion{{Version: 1, Status: client.StatusInForce}}}})
	n.asked = nil
	for args, says := range map[string]string{
		"node invite --tier city --division 330523 --name x":       "--tier",
		"node invite --tier county --division 33 --name x":         "--division",
		"node revoke v-1 --reason x --at yesterday":                "--at",
		"division list --parent 1":                                 "--parent",
		"division import /nowhere":                                 "/nowhere",
		"item approve":                                             "--all",
		"item approve A@1 --all":                                   "--all",
		"item approve A":                                           "CODE@VERSION",
		"item approve A@0":                                         "CODE@VERSION",
		"item publish @1":                                          "CODE@VERSION",
		"item publish --effective-from 1.1.2026":                   "--effective-from",
		"item overlay X --office 1":                                "--office",
		"item show X --office 1":                                   "--office",
		"staff roles x":                                            "--none",
		"staff roles x --none --role auditor":                      "--none",
		"staff list --division 1":                                  "--division",
		"staff add --login x --name x --division 1 --role auditor": "--division",
		"case list --holder 1":                                     "--holder",
		"case list --division 1":                                   "--division",
		"staff reset-password x --initial-password-file /nowhere":  "/nowhere",
		"item validate /nowhere":                                   "/nowhere",
		"carry import /nowhere":                                    "/nowhere",
		"staff add --login x --name x --division 330523 --role x --initial-password-file /nowhere": "/nowhere",
	} {
		if r := tongban(t, strings.Fields(args)...); r.code != exitUsage || !strings.Contains(r.err, says) || r.out != "" {
			t.Errorf("%s: %+v, want %q", args, r, says)
		}
	}
	if len(n.asked) > 0 {
		t.Errorf("the node was asked: %+v", n.asked)
	}
}

func TestRefusalsArePrinted(t *testing.T) {
	faults := []client.Fault{{Path: "items[0].code", Code: "missing", ZH: "缺少事项编码", EN: "no code"}, {Path: "", Code: "syntax", ZH: "坏\x1b[2J", EN: "bad"}}
	signedIn(t, map[string]any{"importItems": refusing(422, "file_faults", "文件有错误", "the file has faults", "请逐项更正", faults...)})
	file := mustFile(t, `{}`)
	r := tongban(t, "item", "import", file)
	want := "未能办理: 文件有错误 [file_faults]\n  items[0].code: 缺少事项编码 [missing]\n  全文: 坏\ufffd[2J [syntax]\n下一步: 请逐项更正\n请求编号: r-1\n"
	if r.code != exitRefused || r.err != want || r.out != "" {
		t.Errorf("%+v", r)
	}
	r = tongban(t, "item", "import", file, "--lang", "en")
	if !strings.HasPrefix(r.err, "refused: the file has faults [file_faults]\n  items[0].code: no code [missing]\n  whole: bad [syntax]\n") {
		t.Errorf("%+v", r)
	}
	r = tongban(t, "item", "import", file, "--json")
	var p client.Problem
	if err := json.Unmarshal([]byte(r.err), &p); err != nil || p.Code != "file_faults" || len(p.Fields) != 2 || r.code != exitRefused {
		t.Errorf("%v %+v", err, r)
	}
}

func question(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

func holds(t *testing.T, out string, parts []string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(out, part) {
			t.Errorf("%q is not in\n%s", part, out)
		}
	}
}
