package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
	"github.com/tongban/tongban/store"
)

// What applicants are told:
//
//	GET  /api/v1/cases/{id}/notices       GetCaseNotices
//	GET  /api/v1/notices                  ListNotices
//	GET  /api/v1/notices/{notice}         GetNotice
//	POST /api/v1/notices/{notice}/retry   RetryNotice
//	GET  /api/v1/my/notices               ListMyNotices
//	PUT  /api/v1/my/contact               SetMyContact (contact.go: its code)

var errEmail = &problem{http.StatusBadRequest, "email", "this is not an address that mail can go to", "邮箱地址格式不正确", "请填写如 name@example.cn 的地址，或留空", nil, 0}

// GetCaseNotices lists what the applicant of a case was told. That a complaint or
// a rating was dealt with is not among it: who is complained of or rated must not
// learn by whom.
func (s *Server) GetCaseNotices(ctx context.Context, in gen.GetCaseNoticesRequestObject) (gen.GetCaseNoticesResponseObject, error) {
	subject := ""
	c, err := s.readableCase(ctx, in.Id)
	if errors.Is(err, errNotFound) {
		j, _, jerr := s.readableJoint(ctx, in.Id)
		if jerr != nil {
			return nil, jerr
		}
		subject, err = j.ID, nil
	} else if err == nil {
		subject = c.ID
	}
	if err != nil {
		return nil, err
	}
	list, err := s.store.NoticesOf(ctx, subject)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	out := gen.GetCaseNotices200JSONResponse{Notices: []gen.ApplicantNotice{}}
	for i := range list {
		if !list[i].Kind.Quiet() {
			out.Notices = append(out.Notices, noticeView(&list[i]))
		}
	}
	return out, nil
}

// noticeView is a notice as people see it. The addresses in it are masked by the
// ledger already.
func noticeView(n *notice.Notice) gen.ApplicantNotice {
	out := gen.ApplicantNotice{Id: n.ID, Kind: string(n.Kind), Number: noticeNumber(n.Number), StepZh: n.Step(notice.Chinese), StepEn: n.Step(notice.English),
		TodoZh: n.ToDo(notice.Chinese), TodoEn: n.ToDo(notice.English), On: n.On, Electronic: n.Electronic, AtMs: max(n.At, n.From), Deliveries: []gen.NoticeDelivery{}}
	for _, d := range n.Deliveries {
		if n.Awaits && d.State == ledger.NoticeQueued {
			d.State = noticeUnsealed
		}
		out.Deliveries = append(out.Deliveries, gen.NoticeDelivery{Channel: d.Channel, State: string(d.State), StateZh: noticeStateZH[d.State], Round: d.Round,
			SinceMs: d.Since, EndedMs: d.EndedAt, Attempts: d.Attempts, To: d.To, Reason: d.Reason})
	}
	return out
}

// noticeNumber is a case's or a complaint's number as it is printed.
func noticeNumber(compact string) string {
	if digits, complaint := strings.CutPrefix(compact, "T"); complaint {
		return "T" + printed(digits)
	}
	return printed(compact)
}

// noticeUnsealed is shown of what is queued and waits for a decision's seal.
const noticeUnsealed ledger.NoticeState = "unsealed"

var noticeStateZH = map[ledger.NoticeState]string{
	ledger.NoticeQueued: "待发送", noticeUnsealed: "待盖章后发送", ledger.NoticeDelivered: "已发出", ledger.NoticeFailed: "发送失败", ledger.NoticeNoAddress: "无联系方式", ledger.NoticeExpired: "超过时限",
}

// unnamed hides whose rating a notice is about: those who look after channels
// have no part in it.
func unnamed(n *notice.Notice) *notice.Notice {
	if n.Kind != notice.Rectified {
		return n
	}
	hidden := *n
	hidden.Number = ""
	return &hidden
}

// ListNotices shows how the channels stand and what waits or reached nobody.
func (s *Server) ListNotices(ctx context.Context, in gen.ListNoticesRequestObject) (gen.ListNoticesResponseObject, error) {
	if err := s.atCounty(); err != nil {
		return nil, err
	}
	channels, err := s.store.NoticeChannels(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.ListNotices200JSONResponse{Channels: []gen.NoticeChannel{}, Notices: []gen.QueuedNotice{}}
	for _, c := range channels {
		out.Channels = append(out.Channels, gen.NoticeChannel{Channel: c.Channel, Configured: c.Configured, Queued: c.Queued, Failed: c.Failed, Expired: c.Expired,
			OldestMs: c.Oldest, TroubledSinceMs: c.TroubledSince})
	}
	limit := limitOf(in.Params.Limit)
	state := ledger.NoticeState(cmp.Or(in.Params.State, gen.OpenQueued))
	open, err := s.store.OpenNotices(ctx, state, string(in.Params.Channel), in.Params.After, limit+1)
	if err != nil {
		return nil, err
	}
	for i, o := range open {
		if i == limit {
			out.NextAfter = open[i-1].N
			break
		}
		if o.Awaits {
			o.State = noticeUnsealed
		}
		q := gen.QueuedNotice{Id: o.Notice, Channel: o.Channel, State: string(o.State), Round: o.Round, SinceMs: o.Since}
		n, err := s.store.NoticeOf(ctx, o.Subject, o.Notice)
		switch {
		case err == nil:
			q.Kind, q.Number = string(n.Kind), noticeNumber(unnamed(n).Number)
		case !errors.Is(err, store.ErrNotFound): // its case has not come yet
			return nil, err
		}
		out.Notices = append(out.Notices, q)
	}
	return out, nil
}

// GetNotice shows one notice.
func (s *Server) GetNotice(ctx context.Context, in gen.GetNoticeRequestObject) (gen.GetNoticeResponseObject, error) {
	n, err := s.noticeAt(ctx, in.Notice)
	if err != nil {
		return nil, err
	}
	return gen.GetNotice200JSONResponse(noticeView(unnamed(n))), nil
}

func (s *Server) noticeAt(ctx context.Context, id string) (*notice.Notice, error) {
	if err := s.atCounty(); err != nil {
		return nil, err
	}
	n, err := s.store.Notice(ctx, id)
	return n, found(err)
}

// RetryNotice queues a notice anew.
func (s *Server) RetryNotice(ctx context.Context, in gen.RetryNoticeRequestObject) (gen.RetryNoticeResponseObject, error) {
	n, err := s.noticeAt(ctx, in.Notice)
	if err != nil {
		return nil, err
	}
	actor, err := as(ctx, identity.NoticeRetry, identity.Target{})
	if err != nil {
		return nil, err
	}
	at, err := s.store.DivisionOfNotice(ctx, n)
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.NoticeRetry, Key: in.Params.IdempotencyKey,
		Body: &ledger.NoticeRetryV1{Division: at, Subject: n.Subject, Notice: n.ID, Channel: string(in.Body.Channel)}})
	if err != nil {
		return nil, err
	}
	if n, err = s.store.NoticeOf(ctx, n.Subject, n.ID); err != nil {
		return nil, err
	}
	return gen.RetryNotice200JSONResponse{Notice: noticeView(unnamed(n)), Recorded: recorded}, nil
}

// ListMyNotices lists what an applicant was told about their own cases.
func (s *Server) ListMyNotices(ctx context.Context, in gen.ListMyNoticesRequestObject) (gen.ListMyNoticesResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	mine, err := s.principals(ctx, v)
	if err != nil {
		return nil, err
	}
	if in.Params.ActingFor != "" {
		mine = slices.DeleteFunc(mine, func(k account.Account) bool { return k.ID != in.Params.ActingFor })
	}
	before, _, err := cursorOf(in.Params.Cursor)
	if err != nil {
		return nil, err
	}
	limit := limitOf(in.Params.Limit)
	var all []notice.Notice
	for i := range mine {
		list, err := s.store.NoticesFor(ctx, &mine[i], uint64(before), limit+1)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b notice.Notice) int { return cmp.Compare(b.Index, a.Index) })
	all = slices.CompactFunc(all, func(a, b notice.Notice) bool { return a.ID == b.ID })
	out := gen.ListMyNotices200JSONResponse{Notices: []gen.ApplicantNotice{}}
	for i := range all {
		if i == limit {
			out.NextCursor = cursor(int64(all[i-1].Index), all[i-1].ID)
			break
		}
		out.Notices = append(out.Notices, noticeView(&all[i]))
	}
	return out, nil
}

// SetMyContact says where and in which language an applicant wants notices.
func (s *Server) SetMyContact(ctx context.Context, in gen.SetMyContactRequestObject) (gen.SetMyContactResponseObject, error) {
	v, err := visitorOf(ctx)
	if err != nil {
		return nil, err
	}
	email := strings.TrimSpace(in.Body.Email)
	if email != "" && !ledger.ValidEmail(email) {
		return nil, errEmail
	}
	if _, err := s.record(ctx, Action{Actor: v.actor(), Kind: ledger.AccountContact, Key: in.Params.IdempotencyKey,
		Body: &ledger.AccountContactV1{Account: v.ID, Email: email, Language: string(in.Body.Language)}}); err != nil {
		return nil, err
	}
	known, err := s.store.Account(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.myAccount(ctx, known)
	return gen.SetMyContact200JSONResponse(out), err
}
