package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/fee"
)

// enliven does, after the walk, what a county has done by noon: something real is on
// everybody's first page. All of it goes through the API, by the people whose work
// it is, and is counted in the reconciliation like everything else.
func (w *walk) enliven(ctx context.Context) error {
	w.village, w.township = w.plan.of("village")[0], w.plan.of("township")[0]
	w.worker = at(w.village, "qiankengqiao")
	w.s.say("\n—— 县里的一天 what else happened today ——")
	for _, part := range []func(context.Context) error{w.seals, w.atTheTownship, w.atTheCounty, w.paidFor, w.fromHome, w.together, w.opinions, w.settled} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// seals gives the offices a seal whose cases the walk did not need one for: whoever
// looks around can conclude every case.
func (w *walk) seals(ctx context.Context) error {
	for _, made := range []struct {
		by         *person
		department string
	}{{at(w.plan.of("county")[0], "admin"), "县民政局"}, {at(w.plan.of("township")[1], "tianzihu-lingdao"), ""}} {
		if err := send(ctx, made.by, "/api/v1/seals", client.SealRequest{Department: made.department}, loopback.NewKey(), nil); err != nil {
			return fmt.Errorf("seal: %w", err)
		}
	}
	w.s.step("各单位都有电子印章 (every office has its electronic seal)")
	return nil
}

// atTheTownship leaves a permit to be handed over, a house to be looked at and one
// to be decided on, and the papers of a case on their way.
func (w *walk) atTheTownship(ctx context.Context) error {
	clerk, reviewer, leader := at(w.township, "meixi-chuangkou"), at(w.township, "meixi-shenhe"), at(w.township, "meixi-lingdao")
	permit, err := w.taken(ctx, w.worker, "临时建筑（已批准，待送达）", "TB-XZRZ-002", 3, map[string]string{"id_number": idNumber(3)})
	if err != nil {
		return err
	}
	custody := client.HandOverRequest{To: client.Division(w.township.Division), Cases: []client.CaseSelection{{Case: permit.id}}, Carrier: "村代办员", Note: "随办件移交"}
	if err := w.worker.Post(ctx, "/api/v1/custody/transfers", custody, loopback.NewKey(), nil); err != nil {
		return fmt.Errorf("custody: %w", err)
	}
	w.s.step("%s 的纸质材料交乡镇，在途 (the papers are on their way to the township)", permit.title)
	steps := []struct {
		by *person
		h  *handedIn
		a  client.CaseAction
	}{
		{clerk, permit, client.CaseAction{Kind: "accept", Note: "材料齐全"}},
		{leader, permit, yes("符合村庄规划，同意")},
		{clerk, permit, client.CaseAction{Kind: "issue", Documents: []client.Document{{Name: "临时建筑设施批准书", Number: "梅临建〔2026〕1号"}}}},
	}
	for i, title := range []string{"农村宅基地（待乡镇初审）", "农村宅基地（待乡镇审批）"} {
		h, err := w.taken(ctx, w.worker, title, "TB-XZRZ-001", 4+i, nil)
		if err != nil {
			return err
		}
		steps = append(steps, struct {
			by *person
			h  *handedIn
			a  client.CaseAction
		}{w.worker, h, client.CaseAction{Kind: "accept", Note: "材料齐全"}})
		if i == 1 {
			steps = append(steps, struct {
				by *person
				h  *handedIn
				a  client.CaseAction
			}{reviewer, h, client.CaseAction{Kind: "review", Opinion: "户籍和现有住房情况属实，建议批准"}})
		}
	}
	for _, s := range steps {
		if err := w.act(ctx, s.by, s.h, s.a); err != nil {
			return err
		}
	}
	return nil
}

// atTheCounty leaves a case at each desk of a department.
func (w *walk) atTheCounty(ctx context.Context) error {
	hub := w.plan.of("county")[0]
	window, reviewer := at(hub, "yibao-chuangkou"), at(hub, "yibao-shenhe")
	answers := map[string]string{"disease_name": "高血压", "insure_kind": "居民医保", "hospital_name": "县人民医院"}
	for i, title := range []string{"门诊慢特病认定（待受理）", "门诊慢特病认定（待审核）", "门诊慢特病认定（待审批）"} {
		h, err := w.taken(ctx, window, title, "TB-YBJ-003", 6+i, answers)
		if err != nil {
			return err
		}
		if i > 0 {
			if err := w.act(ctx, window, h, client.CaseAction{Kind: "accept", Note: "符合受理条件"}); err != nil {
				return err
			}
		}
		if i > 1 {
			if err := w.act(ctx, reviewer, h, client.CaseAction{Kind: "review", Opinion: "符合认定标准"}); err != nil {
				return err
			}
		}
	}
	return w.onTheWall(ctx)
}

// onTheWall has an organisation's case on the county's hall display, which shows
// nothing of what concerns people's health or money.
func (w *walk) onTheWall(ctx context.Context) error {
	hub := w.plan.of("county")[0]
	window := at(hub, "minzheng-chuangkou")
	for i, title := range []string{"养老机构备案（已受理）", "养老机构备案（已办结）"} {
		h, err := w.taken(ctx, window, title, "TB-MZJ-016", firms+i, nil)
		if err != nil {
			return err
		}
		if err := w.act(ctx, window, h, client.CaseAction{Kind: "accept", Note: "材料齐全"}); err != nil {
			return err
		}
		if i == 1 {
			if err := w.act(ctx, at(hub, "minzheng-lingdao"), h, yes("符合备案条件")); err != nil {
				return err
			}
		}
	}
	return nil
}

// landWindow is who takes transfers of real estate in, and charges for them.
var landWindow = client.StaffRequest{Login: "ziran-chuangkou", Name: "自然资源局窗口", Division: countyCode, Department: "县自然资源和规划局", Roles: []client.Role{"department_window"}}

// paidFor charges for a transfer of a house by the published tariff; the county's one
// fee counter takes the money.
func (w *walk) paidFor(ctx context.Context) error {
	hub := w.plan.of("county")[0]
	admin, no := at(hub, "admin"), false
	p := landWindow
	p.Password, p.MustChangePassword = password, &no
	if err := admin.Post(ctx, "/api/v1/staff", p, "demo-staff-"+p.Login, nil); err != nil && !loopback.IsRefused(err, "login_taken") {
		return err
	}
	if err := roster(ctx, admin); err != nil {
		return err
	}
	window, counter := at(hub, p.Login), at(hub, "shoufei")
	h, err := w.taken(ctx, window, "存量房转移登记（已缴费）", "TB-ZRZY-010", 10, map[string]string{"id_number": idNumber(10)})
	if err != nil {
		return err
	}
	if err := w.act(ctx, window, h, client.CaseAction{Kind: "accept", Note: "材料齐全"}); err != nil {
		return err
	}
	var charged struct {
		Fees client.CaseFees `json:"fees"`
	}
	charge := client.FeeAction{Kind: "charge", Lines: []client.FeeLine{{Rate: "住宅", Quantity: 1, Amount: 8000}}}
	if err := window.Post(ctx, "/api/v1/cases/"+h.id+"/fees", charge, loopback.NewKey(), &charged); err != nil {
		return fmt.Errorf("charge: %w", err)
	}
	pay := client.FeeAction{Kind: "pay", Charge: charged.Fees.Charges[0].ID, Amount: charged.Fees.Outstanding, Method: "card", Bill: "33050026000001"}
	if err := counter.Post(ctx, "/api/v1/cases/"+h.id+"/fees", pay, loopback.NewKey(), nil); err != nil {
		return fmt.Errorf("pay: %w", err)
	}
	w.s.step("%s：收费窗口收取 %s 元 (the fee counter took it)", h.title, fee.Yuan(pay.Amount))
	return nil
}

// fromHome has the resident apply online and be accepted, so that there is a notice
// in the account's inbox.
func (w *walk) fromHome(ctx context.Context) error {
	hub := w.plan.of("county")[0]
	ask := func(r loopback.Request, bearer string, out any) error {
		r.URL, r.Bearer = hub.url()+r.URL, bearer
		return loopback.Ask(ctx, web, r, out)
	}
	var mine client.MySessionTokens
	login := client.MyLogin{Type: "person", Number: idNumber(resident), Password: password, Mode: client.MyLoginBearer}
	if err := ask(loopback.Request{Method: http.MethodPost, URL: "/api/v1/my/session", In: login}, "", &mine); err != nil {
		return fmt.Errorf("the resident's login: %w", err)
	}
	const code = "TB-YBJ-002"
	var item client.ItemAtVersion
	if err := ask(loopback.Request{Method: http.MethodGet, URL: "/api/v1/items/" + code}, "", &item); err != nil {
		return err
	}
	sub := client.MySubmission{Item: code, ItemVersion: item.Version, Form: answered(item.Item.Form, resident, nil), Electronic: true}
	sub.Materials = []client.SubmittedMaterial{}
	for _, m := range item.Item.Materials {
		if m.Required {
			sub.Materials = append(sub.Materials, client.SubmittedMaterial{Name: m.Name, Form: catalog.SubmittedElectronic, Copies: 1, Attachments: []client.AttachmentRef{}})
		}
	}
	for i := range sub.Materials {
		content, err := scan(uint64(resident*100 + i))
		if err != nil {
			return err
		}
		hash, err := uploadMine(ctx, hub.url(), mine.AccessToken, content)
		if err != nil {
			return fmt.Errorf("a photograph from home: %w", err)
		}
		sub.Materials[i].Attachments = []client.AttachmentRef{{Hash: hash, Name: fmt.Sprintf("photo-%d.jpg", i+1), Size: int64(len(content)), Type: "image/jpeg"}}
	}
	var made struct {
		Case client.MyCaseSummary `json:"case"`
	}
	if err := ask(loopback.Request{Method: http.MethodPost, URL: "/api/v1/my/cases", In: sub, Key: loopback.NewKey()}, mine.AccessToken, &made); err != nil {
		return fmt.Errorf("from home: %w", err)
	}
	h := &handedIn{title: "异地就医备案（网上申请）", id: made.Case.Id, number: made.Case.Number}
	w.s.step("%s 在家提交 %s (applied from home)", residentName(resident), h.number)
	if err := w.act(ctx, at(hub, "yibao-chuangkou"), h, client.CaseAction{Kind: "accept", Note: "材料齐全"}); err != nil {
		return err
	}
	return await(ctx, "a notice in the resident's inbox", 3*time.Minute, func(ctx context.Context) error {
		var inbox client.NoticeList
		err := ask(loopback.Request{Method: http.MethodGet, URL: "/api/v1/my/notices"}, mine.AccessToken, &inbox)
		if err == nil && len(inbox.Notices) == 0 {
			err = fmt.Errorf("there is none")
		}
		return err
	})
}

// together hands a joint matter in at the village; its departments have it before
// them.
func (w *walk) together(ctx context.Context) error {
	const code, who = "PK-10", 11
	var guide client.PackageGuide
	if err := w.worker.Get(ctx, "/api/v1/packages/"+code, &guide); err != nil {
		return err
	}
	sub := client.PackageSubmission{Package: code, Version: guide.Version, Applicant: applicant(who), Form: []client.FieldValue{}, Materials: []client.SubmittedMaterial{}}
	fields := make([]catalog.Field, len(guide.Form))
	for i, f := range guide.Form {
		fields[i] = f.Field
	}
	sub.Form = answered(fields, who, nil)
	for i, m := range guide.Materials {
		if !m.Required {
			continue
		}
		content, err := scan(uint64(who*100 + i))
		if err != nil {
			return err
		}
		hash, err := w.worker.Upload(ctx, content, piece)
		if err != nil {
			return err
		}
		sub.Materials = append(sub.Materials, papers(m.Material, client.AttachmentRef{Hash: hash, Name: fmt.Sprintf("scan-%d.jpg", i+1), Size: int64(len(content)), Type: "image/jpeg"})...)
	}
	var receipt client.JointReceipt
	if err := w.worker.Post(ctx, "/api/v1/joint-cases", sub, loopback.NewKey(), &receipt); err != nil {
		return fmt.Errorf("the joint matter: %w", err)
	}
	w.s.step("收件 %s %s，%d 个部门的事项一次收齐 (one form, one set of papers)", receipt.Joint.Summary.Number, receipt.Joint.Summary.Name, receipt.Joint.Summary.Cases)
	return nil
}

// opinions are a good and a bad rating of the visits of the walk, and a complaint.
func (w *walk) opinions(ctx context.Context) error {
	var list client.CaseList
	if err := w.worker.Get(ctx, "/api/v1/cases?status=closed", &list); err != nil {
		return err
	}
	for i, c := range list.Cases {
		if i == 2 {
			break
		}
		var offer client.RatingTicket
		if err := w.worker.Post(ctx, "/api/v1/cases/"+c.Id+"/rating-ticket", struct{}{}, loopback.NewKey(), &offer); err != nil {
			return fmt.Errorf("a rating: %w", err)
		}
		said := client.RatingRequest{Ticket: offer.Ticket, Institution: 5}
		if i == 1 {
			said.Institution, said.Text = 2, "跑了两趟，第一次没有说清要带的材料"
		}
		if err := loopback.Ask(ctx, web, loopback.Request{Method: http.MethodPost, URL: w.village.url() + "/api/v1/ratings", In: said, Key: loopback.NewKey()}, nil); err != nil {
			return fmt.Errorf("a rating: %w", err)
		}
	}
	complaint := client.ComplaintRequest{Type: "complaint", Division: client.Division(w.township.Division), Text: "窗口中午无人值守，等候时间较长"}
	if err := loopback.Ask(ctx, web, loopback.Request{Method: http.MethodPost, URL: w.plan.of("county")[0].url() + "/api/v1/complaints", In: complaint, Key: loopback.NewKey()}, nil); err != nil {
		return fmt.Errorf("a complaint: %w", err)
	}
	w.s.step("两次评价（一好一差）、一件投诉 (a good and a bad rating, a complaint)")
	return nil
}

// taken is submit, which says so.
func (w *walk) taken(ctx context.Context, by *person, title, code string, n int, answers map[string]string) (*handedIn, error) {
	h, word, err := w.submit(ctx, by, title, code, n, answers)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", title, err)
	}
	w.s.step("收件 %s %s：%s", h.number, h.title, word)
	return h, nil
}

// uploadMine sends a photograph from home.
func uploadMine(ctx context.Context, base, bearer string, content []byte) (string, error) {
	hash := hashOf(content)
	begin := loopback.Request{Method: http.MethodPost, URL: base + "/api/v1/my/attachments", Bearer: bearer, In: client.AttachmentRequest{Hash: hash, Size: int64(len(content))}}
	var state client.AttachmentState
	if err := loopback.Ask(ctx, web, begin, &state); err != nil || state.Complete {
		return hash, err
	}
	all := loopback.Request{Method: http.MethodPatch, URL: base + "/api/v1/my/attachments/" + url.PathEscape(hash), Bearer: bearer, In: content,
		Type: "application/octet-stream", Header: map[string]string{"Upload-Offset": "0"}}
	return hash, loopback.Ask(ctx, web, all, nil)
}
