package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
)

// Notices to applicants are made here, of the entries that tell something, in
// the transaction in which the county's ledger has them as applied: each entry is
// recorded once, so each is told once, and one that is refused or waits is told
// of nowhere. Nothing below the county makes a notice before the county's word
// is there, so there is none to be taken back.

const (
	metaNoticeChannels = "notice_channels"
	metaNoticeTrouble  = "notice_trouble" // channel → since, Unix milliseconds
)

var (
	noticeUnknown = refuse("notice_unknown", "没有这条告知", "there is no such notice")
	noticeSettled = refuse("notice_settled", "告知已有结果", "what became of these notices is known already")
	noticeOpenYet = refuse("notice_not_failed", "告知仍在发送或已发送，无需重发", "it is still being sent, or was; there is nothing to send again")
	noticeElse    = refuse("notice_division", "告知不属于该区划", "the notice is about another division's case")
)

// notify makes the notice of an entry that the county's ledger has as applied,
// under its index there. Its body is read where it is not given.
func (a *applier) notify(e *ledger.Entry, body ledger.Body, idx uint64) (err error) {
	if !notice.May(e.Kind) {
		return nil
	}
	if body == nil {
		if body, err = a.body(e); err != nil {
			return err
		}
	}
	kind, on, told := notice.Of(body)
	if !told {
		return nil
	}
	n := &notice.Notice{ID: e.ID, Subject: e.Case, Kind: kind, On: on, At: a.now, Index: idx}
	switch b := body.(type) {
	case *ledger.ComplaintReplyV1:
		n.Subject = b.Complaint
	case *ledger.RatingReportV1:
		r, err := a.rating(b.Rating)
		if err != nil || r == nil {
			return err
		}
		n.Subject = r.Case
	default:
		if n.Electronic, err = a.electronic(e.Case); err != nil {
			return err
		}
		if told, err = a.forTheWhole(e, body, n); err != nil || !told {
			return err
		}
	}
	channels, err := metaJSON[[]string](a, metaNoticeChannels)
	if err != nil {
		return err
	}
	n.Queue(channels, a.now)
	if err := a.saveNotice(n); err != nil {
		return err
	}
	for _, d := range n.Deliveries {
		if err := a.openNotice(n, d); err != nil {
			return err
		}
	}
	return nil
}

// electronic reports whether a case's applicant agreed to be served
// electronically by now.
func (a *applier) electronic(id string) (bool, error) {
	said, err := a.w.number(a.ctx, `SELECT coalesce((SELECT CASE service WHEN 'electronic' THEN 1 ELSE -1 END FROM case_service WHERE case_id = ?), 0)`, id)
	if err != nil || said != 0 {
		return said > 0, err
	}
	c, err := a.caseByID(id)
	if err != nil || c != nil {
		return c != nil && c.Online.Electronic, err
	}
	whole, err := a.jointByID(id)
	return whole != nil && whole.Online.Electronic, err
}

// forTheWhole turns what happened to a case of a joint matter into what its
// applicant hears of the whole, once; false where nothing is told of it now. What
// has happened to the other cases is what the county's ledger has: a node below it
// that is ahead with its own says the same as the county did.
func (a *applier) forTheWhole(e *ledger.Entry, body ledger.Body, n *notice.Notice) (told bool, err error) {
	c, err := a.caseByID(e.Case)
	if err != nil || c == nil || c.Package == nil {
		return true, err
	}
	whole, err := a.jointByID(c.Package.ID)
	if err != nil || whole == nil {
		return true, err
	}
	var happened map[string][]ledger.Kind
	kind, ofAll, told := whole.Tell(body, n.Kind, func(id string, kinds ...ledger.Kind) bool {
		if happened == nil && err == nil {
			happened, err = a.happened(whole.ID)
		}
		return id == e.Case && slices.Contains(kinds, e.Kind) || slices.ContainsFunc(kinds, func(k ledger.Kind) bool { return slices.Contains(happened[id], k) })
	})
	if err != nil || !told || !ofAll {
		return told, err
	}
	n.Subject, n.Kind = whole.ID, kind
	if kind != notice.Accepted {
		return true, nil
	}
	said, err := a.w.number(a.ctx, `SELECT EXISTS (SELECT 1 FROM notices WHERE subject = ? AND kind = ?)`, whole.ID, string(kind))
	return said == 0, err
}

// happened is what the county's ledger has as applied of what takes up, decides or
// ends the cases of a joint matter.
func (a *applier) happened(id string) (map[string][]ledger.Kind, error) {
	rows, err := a.w.query(a.ctx, `SELECT e.case_id, e.kind FROM joint_members m JOIN entries e ON e.case_id = m.case_id AND e.case_id <> e.id
		WHERE m.joint = ? AND e.idx > 0 AND e.status = 'applied' AND e.kind IN ('case.accept', 'case.reject', 'case.decide', 'case.issue', 'case.terminate') ORDER BY e.n`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string][]ledger.Kind{}
	for rows.Next() {
		var of, kind string
		if err := rows.Scan(&of, &kind); err != nil {
			return nil, storage("read joint matter", err)
		}
		all[of] = append(all[of], ledger.Kind(kind))
	}
	return all, storage("read joint matter", rows.Err())
}

// metaJSON reads a value that is kept as JSON; the zero value when there is none.
func metaJSON[T any](a *applier, key string) (v T, err error) {
	found, err := jsonOf[T](a, `SELECT value FROM meta WHERE key = ?`, key)
	if found != nil {
		v = *found
	}
	return v, err
}

func (a *applier) saveNotice(n *notice.Notice) error {
	deliveries, err := json.Marshal(n.Deliveries)
	if err != nil {
		return err
	}
	return a.w.exec(a.ctx, `INSERT INTO notices (subject, id, kind, day, electronic, at, idx, deliveries) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (subject, id) DO UPDATE SET deliveries = excluded.deliveries`,
		n.Subject, n.ID, string(n.Kind), n.On.String(), n.Electronic, n.At, n.Index, deliveries)
}

// openNotice lists a delivery at the county as long as somebody has to do
// something about it.
func (a *applier) openNotice(n *notice.Notice, d notice.Delivery) error {
	if !isCounty(a.s.self.Tier) {
		return nil
	}
	switch d.State {
	case ledger.NoticeDelivered, ledger.NoticeNoAddress:
		return a.w.exec(a.ctx, `DELETE FROM notice_open WHERE notice = ? AND channel = ?`, n.ID, d.Channel)
	}
	return a.w.exec(a.ctx, `INSERT INTO notice_open (subject, notice, channel, state, round, since) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (notice, channel) DO UPDATE SET state = excluded.state, round = excluded.round, since = excluded.since`,
		n.Subject, n.ID, d.Channel, string(d.State), d.Round, d.Since)
}

// notice reads a notice without its number; nil when it is not here.
func (a *applier) notice(subject, id string) (*notice.Notice, error) {
	return readNotice(a.w.row(a.ctx, selectNotice+`subject = ? AND id = ?`, subject, id))
}

// prepareNotice decides the entries about notices; false for others.
func (a *applier) prepareNotice(e *ledger.Entry, body ledger.Body) (func() error, bool, error) {
	var effect func() error
	var err error
	switch b := body.(type) {
	case *ledger.NoticeSettleV1:
		effect, err = a.prepareSettled(b)
	case *ledger.NoticeRetryV1:
		effect, err = a.prepareRetry(b)
	case *ledger.NoticeChannelsV1:
		raw, err := json.Marshal(b.Channels)
		return func() error { return a.w.setMeta(a.ctx, metaNoticeChannels, string(raw)) }, true, err
	case *ledger.NoticeTroubleV1:
		effect, err = a.prepareTrouble(e, b)
	case *ledger.AccountContactV1:
		effect, err = a.changeAccount(b.Account, a.contactOf(b))
	case *ledger.AccountConfirmV1:
		effect, err = a.changeAccount(b.Account, confirmContact(b))
	default:
		return nil, false, nil
	}
	return effect, true, err
}

// prepareSettled takes what became of notices. Two hubs that led one after the
// other may both say it: the first is recorded, and of an entry in which nothing
// is new nothing is.
func (a *applier) prepareSettled(b *ledger.NoticeSettleV1) (func() error, error) {
	known := map[[2]string]*notice.Notice{}
	var changed []*notice.Notice
	ended := map[*notice.Notice][]string{}
	for i := range b.Outcomes {
		o := &b.Outcomes[i]
		key := [2]string{o.Subject, o.Notice}
		n, read := known[key]
		if !read {
			var err error
			if n, err = a.notice(o.Subject, o.Notice); err != nil {
				return nil, err
			}
			if err := a.noticeWithin(n, b.Division); err != nil {
				return nil, err
			}
			known[key] = n
		}
		if n == nil || !n.Settle(o) {
			continue
		}
		if ended[n] == nil {
			changed = append(changed, n)
		}
		ended[n] = append(ended[n], o.Channel)
	}
	if len(changed) == 0 && !a.told {
		return nil, noticeSettled
	}
	return func() error {
		for _, n := range changed {
			if err := a.saveNotice(n); err != nil {
				return err
			}
			for _, channel := range ended[n] {
				d, _ := n.Delivery(channel)
				if err := a.openNotice(n, d); err != nil {
					return err
				}
			}
		}
		return nil
	}, nil
}

// noticeWithin holds a notice against the division that an entry about it names,
// and so its scope; below the county one may not be here.
func (a *applier) noticeWithin(n *notice.Notice, d division.Code) error {
	switch {
	case a.told:
		return nil
	case n == nil:
		return noticeUnknown
	}
	at, err := divisionOfNotice(a.ctx, a.w, a.s.self.County(), n)
	if err == nil && at != d {
		err = noticeElse
	}
	return err
}

func (a *applier) prepareRetry(b *ledger.NoticeRetryV1) (func() error, error) {
	n, err := a.notice(b.Subject, b.Notice)
	if err != nil {
		return nil, err
	}
	if err := a.noticeWithin(n, b.Division); err != nil {
		return nil, err
	}
	if n == nil {
		return func() error { return nil }, nil
	}
	if !n.Again(b.Channel, a.now) {
		return nil, noticeOpenYet
	}
	d, _ := n.Delivery(b.Channel)
	return func() error { return errors.Join(a.saveNotice(n), a.openNotice(n, d)) }, nil
}

// TroubleID is the id of the entry that says that a channel has failed since a
// moment (Unix milliseconds), or that it does again: whichever hub says it, it is
// said once.
func TroubleID(channel string, since int64, over bool) string {
	return ledger.IDFromKey("notice.trouble", channel, fmt.Sprintf("%d %t", since, over))
}

func (a *applier) prepareTrouble(e *ledger.Entry, b *ledger.NoticeTroubleV1) (func() error, error) {
	known, err := metaJSON[map[string]int64](a, metaNoticeTrouble)
	if err != nil {
		return nil, err
	}
	since, troubled := known[b.Channel]
	if e.ID != TroubleID(b.Channel, b.Since, b.Over) || b.Over != troubled || b.Over && since != b.Since {
		return nil, refuse("notice_trouble", "告知通道的状态已经登记", "how this channel is doing is known already")
	}
	known = maps.Clone(known)
	if known == nil {
		known = map[string]int64{}
	}
	if b.Over {
		delete(known, b.Channel)
	} else {
		known[b.Channel] = b.Since
	}
	raw, err := json.Marshal(known) // sorts its keys
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := a.w.setMeta(a.ctx, metaNoticeTrouble, string(raw)); err != nil {
			return err
		}
		if b.Over {
			return a.w.exec(a.ctx, `UPDATE attention SET resolved_by = 'system', resolved_at = ?, note = ? WHERE entry = ? AND resolved_by = ''`,
				e.OccurredAt, "通道已恢复 / the channel works again", TroubleID(b.Channel, b.Since, false))
		}
		zh, en := "告知通道 "+b.Channel+" 持续发送失败（"+b.Reason+"），请检查网关、地址和密钥；告知仍在排队", "notices do not get out by "+b.Channel+" ("+b.Reason+"): look at the gateway, its address and its secret; they stay queued"
		return a.w.exec(a.ctx, `INSERT INTO attention (entry, idx, case_id, origin, scope, code, reason, at) VALUES (?, 0, '', ?, ?, 'notice_channel', ?, ?) ON CONFLICT (entry) DO NOTHING`,
			e.ID, e.Origin, string(a.s.self.County()), zh+" / "+en, e.OccurredAt)
	}, nil
}

// systemNotices are the kinds by which the hub that leads says what became of
// notices.
var systemNotices = []ledger.Kind{ledger.NoticeSettle, ledger.NoticeChannels, ledger.NoticeTrouble}

func saysOfNotices(k ledger.Kind) bool { return slices.Contains(systemNotices, k) }
