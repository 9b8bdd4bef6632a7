package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// walk is the main job once, from a village without a line to the result in
// the resident's hands.
type walk struct {
	*county
	s *screen

	village, township *member
	worker            *person
	cases             []*handedIn
}

// handedIn is a case of the walk.
type handedIn struct {
	title  string
	id     string
	number string
}

func (w *walk) run(ctx context.Context) error {
	w.village, w.township = w.plan.of("village")[0], w.plan.of("township")[0]
	w.worker = at(w.village, "qiankengqiao")
	for _, part := range []func(context.Context) error{w.handIn, w.townshipAlone, w.countyDecides, w.deliver, w.told, w.attention, w.timelines} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// handIn hands in three cases while the village's line is cut. Meanwhile the
// county takes the rights of one of the village's workers.
func (w *walk) handIn(ctx context.Context) error {
	w.s.say("\n—— 主流程 the main job ——")
	leaver, err := w.leaver(ctx)
	if err != nil {
		return err
	}
	w.s.step("剪断 %s 的线路 (the village's line is cut)", w.village.Name)
	w.cut(w.village, "")
	var list client.StaffList
	admin := at(w.plan.of("county")[0], "admin")
	if err := admin.Get(ctx, "/api/v1/staff", &list); err != nil {
		return err
	}
	for _, p := range list.Staff {
		if p.Login == leaver.Login {
			w.s.step("县中心停用 %s，村里还不知道 (disabled at the county; the village cannot know)", p.Name)
			if err := admin.Post(ctx, "/api/v1/staff/"+url.PathEscape(p.Id)+"/disable", client.DisableRequest{Reason: "调离岗位"}, loopback.NewKey(), nil); err != nil {
				return err
			}
		}
	}
	for _, c := range []struct {
		title, item string
		by          *person
		form        map[string]string
	}{
		{"临时救助（乡镇审批）", "TB-XZRZ-004", w.worker, map[string]string{"requested_amount": "1200", "reason": "突发疾病住院，家庭一时困难", "urgent": "是"}},
		{"门诊慢特病认定（县级审批）", "TB-YBJ-003", w.worker, map[string]string{"disease_name": "糖尿病", "insure_kind": "居民医保", "hospital_name": "县人民医院"}},
		{"高龄津贴（经办人已停用）", "TB-MZJ-008", leaver, map[string]string{"birth_date": "1944-03-02"}},
	} {
		h, word, err := w.submit(ctx, c.by, c.title, c.item, len(w.cases), c.form)
		if err != nil {
			return fmt.Errorf("%s: %w", c.title, err)
		}
		w.cases = append(w.cases, h)
		w.s.step("收件 %s %s：%s", h.number, h.title, word)
	}
	return w.act(ctx, w.worker, w.cases[0], client.CaseAction{Kind: "accept", Note: "材料齐全"})
}

// leaver is a second worker of the village, who is not one any more at the end
// of the walk. Every walk has its own.
func (w *walk) leaver(ctx context.Context) (*person, error) {
	w.plan.Walks++
	if err := w.plan.save(w.o.Dir); err != nil {
		return nil, err
	}
	no := false
	p := client.StaffRequest{Login: fmt.Sprintf("qiankengqiao-linshi%d", w.plan.Walks), Name: "钱坑桥村代办员乙", Division: client.Division(w.village.Division),
		Roles: []client.Role{"village_worker"}, Password: password, MustChangePassword: &no}
	admin := at(w.plan.of("county")[0], "admin")
	if err := admin.Post(ctx, "/api/v1/staff", p, loopback.NewKey(), nil); err != nil {
		return nil, err
	}
	var county client.SyncReport
	if err := admin.Get(ctx, "/api/v1/sync", &county); err != nil {
		return nil, err
	}
	return at(w.village, p.Login), await(ctx, "the village to know "+p.Login, 3*time.Minute, func(ctx context.Context) error {
		var village client.SyncReport
		err := w.worker.Get(ctx, "/api/v1/sync", &village)
		if err == nil && village.Self.Cursor < county.Self.Cursor {
			err = fmt.Errorf("it is at %d of %d", village.Self.Cursor, county.Self.Cursor)
		}
		return err
	})
}

// submit fills an item's form, scans its papers and hands them in.
func (w *walk) submit(ctx context.Context, by *person, title, code string, n int, answers map[string]string) (*handedIn, string, error) {
	var item client.ItemAtVersion
	if err := by.Get(ctx, "/api/v1/items/"+code, &item); err != nil {
		return nil, "", err
	}
	sub := client.Submission{Item: code, ItemVersion: item.Version, Applicant: applicant(n)}
	sub.Form = answered(item.Item.Form, n, answers)
	for i, m := range item.Item.Materials {
		if !m.Required {
			continue
		}
		content, err := scan(uint64(n*100 + i))
		if err != nil {
			return nil, "", err
		}
		hash, err := by.Upload(ctx, content, piece)
		if err != nil {
			return nil, "", err
		}
		sub.Materials = append(sub.Materials, papers(m, client.AttachmentRef{Hash: hash, Name: fmt.Sprintf("scan-%d.jpg", i+1), Size: int64(len(content)), Type: "image/jpeg"})...)
	}
	var receipt client.CaseReceipt
	key := loopback.NewKey()
	for range 2 { // a double click is one case
		if err := by.Post(ctx, "/api/v1/cases", sub, key, &receipt); err != nil {
			return nil, "", err
		}
	}
	return &handedIn{title: title, id: receipt.Case.Id, number: receipt.Case.Number}, receipt.Recorded.WordZh + " " + string(receipt.Recorded.Word), nil
}

func (w *walk) act(ctx context.Context, by *person, h *handedIn, a client.CaseAction) error {
	var receipt client.CaseReceipt
	key := loopback.NewKey()
	err := await(ctx, fmt.Sprintf("%s %s", a.Kind, h.title), 3*time.Minute, func(ctx context.Context) error {
		return by.Post(ctx, "/api/v1/cases/"+h.id+"/actions", a, key, &receipt)
	})
	if err != nil {
		return err
	}
	w.s.step("%s %s %s：%s", by.Login, actionZH[a.Kind], h.title, receipt.Recorded.WordZh)
	return nil
}

var actionZH = map[client.CaseActionKind]string{"accept": "受理", "relay": "转报", "review": "审核通过", "decide": "审批", "issue": "制发结果", "deliver": "送达"}

// words waits until the village is told a word about its cases.
func (w *walk) words(ctx context.Context, word client.Word, hs ...*handedIn) error {
	for _, h := range hs {
		var c client.Case
		err := await(ctx, fmt.Sprintf("%s: %s", h.title, word), 3*time.Minute, func(ctx context.Context) error {
			err := w.worker.Get(ctx, "/api/v1/cases/"+h.id, &c)
			if err == nil && c.Summary.Word != word {
				err = fmt.Errorf("it is %s", c.Summary.Word)
			}
			return err
		})
		if err != nil {
			return err
		}
		w.s.step("%s 看到 %s：%s %s", w.village.Name, h.title, c.Summary.WordZh, word)
	}
	return nil
}

// townshipAlone mends the line to the township while the township cannot
// reach the county; it decides what lies within its powers.
func (w *walk) townshipAlone(ctx context.Context) error {
	w.cut(w.township, "county")
	w.s.step("%s 与县中心断线；接通 %s 到乡镇的线路 (township without county; the village reaches the township)", w.township.Name, w.village.Name)
	if err := w.mend(w.village, "township"); err != nil {
		return err
	}
	if err := w.words(ctx, "at_township", w.cases[0], w.cases[1]); err != nil {
		return err
	}
	if err := w.act(ctx, at(w.township, "meixi-lingdao"), w.cases[0], yes("情况属实，同意救助 1200 元")); err != nil {
		return err
	}
	if err := w.act(ctx, at(w.township, "meixi-chuangkou"), w.cases[0], client.CaseAction{Kind: "issue", Documents: []client.Document{{Name: "临时救助发放凭证", Number: "梅救〔2026〕1号"}}}); err != nil {
		return err
	}
	if err := w.seal(ctx, at(w.township, "meixi-lingdao"), "", at(w.township, "meixi-chuangkou"), w.cases[0]); err != nil {
		return err
	}
	if err := w.act(ctx, at(w.township, "meixi-shenhe"), w.cases[1], client.CaseAction{Kind: "relay", Opinion: "材料齐全，予以转报"}); err != nil {
		return err
	}
	w.s.step("接通所有线路 (all lines are up)")
	if err := w.mend(w.township, "county"); err != nil {
		return err
	}
	if err := w.mend(w.village, "county"); err != nil {
		return err
	}
	return w.words(ctx, "at_county", w.cases[1])
}

// countyDecides takes the second case through window, reviewer and leader,
// with the hubs' leader killed in the middle.
func (w *walk) countyDecides(ctx context.Context) error {
	hubs := w.plan.of("county")
	if err := w.act(ctx, at(hubs[0], "yibao-chuangkou"), w.cases[1], client.CaseAction{Kind: "accept", Note: "符合受理条件"}); err != nil {
		return err
	}
	if err := w.words(ctx, "taken_up", w.cases[0], w.cases[1]); err != nil {
		return err
	}
	leader, rest, err := w.leader(ctx)
	if err != nil {
		return err
	}
	w.s.step("kill -9 县中心主节点 %s (the hubs' leader is killed)", leader.ID)
	w.kill(leader)
	if err := w.act(ctx, at(rest[0], "yibao-shenhe"), w.cases[1], client.CaseAction{Kind: "review", Opinion: "符合慢特病认定标准"}); err != nil {
		return err
	}
	if err := w.act(ctx, at(rest[1], "yibao-lingdao"), w.cases[1], yes("准予认定")); err != nil {
		return err
	}
	if err := w.act(ctx, at(rest[0], "yibao-chuangkou"), w.cases[1], client.CaseAction{Kind: "issue", Documents: []client.Document{{Name: "门诊慢特病待遇认定结果", Number: "医慢〔2026〕1号"}}}); err != nil {
		return err
	}
	if err := w.seal(ctx, at(rest[0], "admin"), "县医疗保障局", at(rest[0], "yibao-chuangkou"), w.cases[1]); err != nil {
		return err
	}
	w.s.step("重新启动 %s (started again)", leader.ID)
	if err := w.serve(leader); err != nil {
		return err
	}
	return w.ready(ctx, leader)
}

// seal has a seal made, and the decision of a case sealed with it: unsealed it is not
// handed to anybody.
func (w *walk) seal(ctx context.Context, by *person, department string, window *person, h *handedIn) error {
	if err := send(ctx, by, "/api/v1/seals", client.SealRequest{Department: department}, loopback.NewKey(), nil); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	var sealed client.PrintedPaper
	if err := send(ctx, window, "/api/v1/cases/"+h.id+"/documents/grant_decision/seal", client.PaperRequest{}, loopback.NewKey(), &sealed); err != nil {
		return err
	}
	w.s.step("%s 加盖电子印章 %s：%s", window.Login, h.title, sealed.Document.Number)
	return nil
}

// leader asks the hubs who leads.
func (w *walk) leader(ctx context.Context) (leader *member, rest []*member, err error) {
	hubs := w.plan.of("county")
	var report client.HubReport
	if err := at(hubs[0], "admin").Get(ctx, "/api/v1/hubs", &report); err != nil {
		return nil, nil, err
	}
	for _, m := range hubs {
		if m.ID == report.Leader {
			leader = m
		} else {
			rest = append(rest, m)
		}
	}
	if leader == nil {
		return nil, nil, fmt.Errorf("no leader among the hubs: %q", report.Leader)
	}
	return leader, rest, nil
}

func (w *walk) deliver(ctx context.Context) error {
	for _, h := range w.cases[:2] {
		if err := w.act(ctx, w.worker, h, client.CaseAction{Kind: "deliver", Recipient: "本人", Method: "direct"}); err != nil {
			return err
		}
	}
	return w.settled(ctx)
}

// settled waits until everything the village did is in the county's ledger,
// attachments included.
func (w *walk) settled(ctx context.Context) error {
	return await(ctx, "the village's outbox to empty", 3*time.Minute, func(ctx context.Context) error {
		var r client.SyncReport
		err := w.worker.Get(ctx, "/api/v1/sync", &r)
		if err == nil && (r.Self.OutboxEntries != 0 || r.Self.AttachmentsOutstanding != 0) {
			err = fmt.Errorf("%d entries, %d attachments left", r.Self.OutboxEntries, r.Self.AttachmentsOutstanding)
		}
		return err
	})
}

// told shows what the applicants of the two decided cases were told, and where
// the messages went: each once, although the leading hub was killed.
func (w *walk) told(ctx context.Context) error {
	supervisor := at(w.plan.of("county")[0], "jiancha")
	for _, h := range w.cases[:2] {
		var list client.NoticeList
		err := await(ctx, "the applicant to be told", 3*time.Minute, func(ctx context.Context) error {
			if err := supervisor.Get(ctx, "/api/v1/cases/"+h.id+"/notices", &list); err != nil {
				return err
			}
			for _, n := range list.Notices {
				for _, d := range n.Deliveries {
					if d.State != "delivered" {
						return fmt.Errorf("notice %s of %s is %s by %s", n.Kind, h.number, d.State, d.Channel)
					}
				}
			}
			if len(list.Notices) != 3 { // accepted, decided, to be collected
				return fmt.Errorf("%d notices of %s", len(list.Notices), h.number)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, n := range list.Notices {
			w.s.step("告知申请人 %s：%s，%s (told: %s)", h.number, n.StepZh, n.TodoZh, n.StepEn)
		}
	}
	w.s.step("告知写在 %s，每天一个文件 (the messages are in this folder, a file a day)", filepath.Join(w.o.Dir, "notices"))
	return nil
}

// attention shows the refused case at both ends.
func (w *walk) attention(ctx context.Context) error {
	for _, p := range []*person{w.worker, at(w.plan.of("county")[1], "admin")} {
		var list client.AttentionList
		err := await(ctx, "the refused case to ask for attention", 3*time.Minute, func(ctx context.Context) error {
			err := p.Get(ctx, "/api/v1/attention", &list)
			if err == nil && len(list.Items) == 0 {
				err = errors.New("there is nothing")
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, a := range list.Items {
			w.s.step("%s 需处理 needs attention：%s %s", p.Login, w.cases[2].title, a.Zh)
		}
	}
	return nil
}

func (w *walk) timelines(ctx context.Context) error {
	supervisor := at(w.plan.of("county")[0], "jiancha")
	for _, h := range w.cases {
		var t client.Timeline
		if err := supervisor.Get(ctx, "/api/v1/cases/"+h.id+"/timeline", &t); err != nil {
			return err
		}
		w.s.say("\n%s %s", h.number, h.title)
		for _, e := range t.Entries {
			w.s.say("    %s  %-8s %s（%s，%s） #%d %s", time.UnixMilli(e.OccurredAt).In(beijing).Format(time.TimeOnly), e.What, e.Actor.Name, e.Actor.Role, e.Actor.Node, e.Index, e.WordZh)
			if e.Refused.Code != "" {
				w.s.say("        县中心未接受，内容仍可查询、可更正重新提交 (refused by the county; it can be read, and corrected): %s", e.Refused.Zh)
			}
		}
	}
	return nil
}

func yes(opinion string) client.CaseAction {
	granted := true
	return client.CaseAction{Kind: "decide", Granted: &granted, Opinion: opinion}
}

// beijing is the county's time; it has had no summer time since 1991.
var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)
