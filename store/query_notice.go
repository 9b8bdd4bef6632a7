package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"github.com/tongban/tongban/node/account"
	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/notice"
)

const selectNotice = `SELECT subject, id, kind, day, electronic, at, idx, deliveries FROM notices WHERE `

// readNotice reads a notice without its number; nil for no row.
func readNotice(row scanner) (*notice.Notice, error) {
	n := new(notice.Notice)
	var day string
	var deliveries []byte
	err := row.Scan(&n.Subject, &n.ID, &n.Kind, &day, &n.Electronic, &n.At, &n.Index, &deliveries)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil && day != "" {
		n.On, err = calendar.Parse(day)
	}
	if err == nil {
		err = json.Unmarshal(deliveries, &n.Deliveries)
	}
	return n, storage("read notice", err)
}

// divisionOfNotice is whose case a notice is about, which is who may see what
// became of it. That a rating was dealt with is for nobody below the county: the
// rated must not learn who rated.
func divisionOfNotice(ctx context.Context, db lookup, county division.Code, n *notice.Notice) (division.Code, error) {
	if n.Kind == notice.Rectified {
		return county, nil
	}
	return divisionOf(ctx, db, `SELECT division FROM cases WHERE id = ?1 UNION ALL SELECT division FROM joint_cases WHERE id = ?1
		UNION ALL SELECT scope FROM complaints WHERE number = ?1 LIMIT 1`, n.Subject, noticeUnknown)
}

// DivisionOfNotice is the division that an entry about a notice names.
func (s *Store) DivisionOfNotice(ctx context.Context, n *notice.Notice) (division.Code, error) {
	return divisionOfNotice(ctx, committed{s.read}, s.self.County(), n)
}

// NoticesOf lists what the applicant was told about a case, a joint matter, or a
// complaint by its number, the oldest first.
func (s *Store) NoticesOf(ctx context.Context, subject string) ([]notice.Notice, error) {
	list, err := rowsOf(ctx, s.read, func(r *sql.Rows) (n notice.Notice, err error) {
		read, err := readNotice(r)
		if read != nil {
			n = *read
		}
		return n, err
	}, selectNotice+`subject = ? ORDER BY at, idx`, subject)
	if err != nil || len(list) == 0 {
		return list, err
	}
	number, err := s.noticeNumber(ctx, subject)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Number = number
		if err := errors.Join(s.mayChange(ctx, &list[i]), s.awaitSeal(ctx, &list[i])); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// mayChange notes of a notice that the holidays of its day's year are not announced,
// as the calendar is now.
func (s *Store) mayChange(ctx context.Context, n *notice.Notice) error {
	if n.On.IsZero() {
		return nil
	}
	unannounced, err := count(ctx, s.read, `SELECT count(*) FROM calendar_years WHERE year = ? AND json_extract(CAST(body AS TEXT), '$.status') = ?`, n.On.Year(), string(calendar.Provisional))
	n.Unannounced = unannounced > 0
	return err
}

// noticeNumber is the number that people know a subject by.
func (s *Store) noticeNumber(ctx context.Context, subject string) (string, error) {
	var number string
	err := s.read.QueryRowContext(ctx, `SELECT number FROM cases WHERE id = ?1 UNION ALL SELECT number FROM joint_cases WHERE id = ?1
		UNION ALL SELECT number FROM complaints WHERE number = ?1 LIMIT 1`, subject).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotFound
	}
	return number, storage("read number", err)
}

// Notice finds a notice by its id, which is that of the entry it tells of.
func (s *Store) Notice(ctx context.Context, id string) (*notice.Notice, error) {
	e, err := s.Entry(ctx, id)
	if err != nil {
		return nil, err
	}
	subject := e.Case
	switch e.Kind {
	case ledger.ComplaintReply:
		var b ledger.ComplaintReplyV1
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return nil, storage("read entry", err)
		}
		subject = b.Complaint
	case ledger.RatingReport:
		var b ledger.RatingReportV1
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return nil, storage("read entry", err)
		}
		r, err := s.Rating(ctx, b.Rating)
		if err != nil {
			return nil, err
		}
		subject = r.Case
	}
	n, err := s.NoticeOf(ctx, subject, id)
	if !errors.Is(err, ErrNotFound) {
		return n, err
	}
	var whole string // what happens to a case of a joint matter is told of the whole
	err = s.read.QueryRowContext(ctx, `SELECT joint FROM joint_members WHERE case_id = ?`, subject).Scan(&whole)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storage("read joint matter", err)
	}
	return s.NoticeOf(ctx, whole, id)
}

// NoticeOf finds a notice about a subject.
func (s *Store) NoticeOf(ctx context.Context, subject, id string) (*notice.Notice, error) {
	n, err := readNotice(s.read.QueryRowContext(ctx, selectNotice+`subject = ? AND id = ?`, subject, id))
	if err == nil && n == nil {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	if n.Number, err = s.noticeNumber(ctx, subject); err != nil {
		return nil, err
	}
	return n, errors.Join(s.mayChange(ctx, n), s.awaitSeal(ctx, n))
}

// OpenNotice is a delivery that is still to be made, or reached nobody.
type OpenNotice struct {
	N       int64              `json:"n"`
	Subject string             `json:"subject"`
	Notice  string             `json:"notice"`
	Kind    notice.Kind        `json:"kind"`
	Channel string             `json:"channel"`
	State   ledger.NoticeState `json:"state"`
	Round   int                `json:"round"`
	// Since is when it was queued, Unix milliseconds.
	Since int64 `json:"since"`
	// Awaits: it waits for the seal of the decision that it tells of. From is when it
	// could go out first, Unix milliseconds.
	Awaits bool  `json:"awaits,omitempty"`
	From   int64 `json:"from"`
}

// OpenNotices lists deliveries of a state, in the order in which they were
// queued, after one that was listed before. An empty channel is any.
func (s *Store) OpenNotices(ctx context.Context, state ledger.NoticeState, channel string, after int64, limit int) ([]OpenNotice, error) {
	query := `SELECT n, subject, notice, channel, state, round, since FROM notice_open WHERE state = ?1 AND n > ?2`
	args := []any{string(state), after}
	if channel != "" {
		query += ` AND channel = ?3`
		args = append(args, channel)
	}
	list, err := rowsOf(ctx, s.read, func(r *sql.Rows) (o OpenNotice, err error) {
		return o, r.Scan(&o.N, &o.Subject, &o.Notice, &o.Channel, &o.State, &o.Round, &o.Since)
	}, query+` ORDER BY n LIMIT `+strconv.Itoa(limit), args...)
	for i := range list {
		if err == nil {
			err = s.awaitOpen(ctx, &list[i])
		}
	}
	return list, err
}

// awaitOpen notes of a delivery whether it waits for a seal.
func (s *Store) awaitOpen(ctx context.Context, o *OpenNotice) error {
	o.From = o.Since
	n, err := readNotice(s.read.QueryRowContext(ctx, selectNotice+`subject = ? AND id = ?`, o.Subject, o.Notice))
	if err != nil || n == nil {
		return err
	}
	err = s.awaitSeal(ctx, n)
	o.Kind, o.Awaits, o.From = n.Kind, n.Awaits, max(o.Since, n.From)
	return err
}

// NoticeChannel is how a channel stands in the ledger.
type NoticeChannel struct {
	Channel string `json:"channel"`
	// Configured: notices go into it.
	Configured bool `json:"configured"`
	// Queued and what reached nobody, by its state.
	Queued  int64 `json:"queued"`
	Failed  int64 `json:"failed"`
	Expired int64 `json:"expired"`
	// Oldest is since when the oldest that is still queued can go out, 0 for none;
	// TroubledSince since when nothing gets through, 0 while something does. Unix
	// milliseconds.
	Oldest        int64 `json:"oldest,omitempty"`
	TroubledSince int64 `json:"troubled_since,omitempty"`
}

// NoticeChannels tells how every channel stands that is configured or that
// anything waits in.
func (s *Store) NoticeChannels(ctx context.Context) ([]NoticeChannel, error) {
	names, trouble, err := s.noticeSettings(ctx)
	if err != nil {
		return nil, err
	}
	var list []NoticeChannel
	at := func(name string) *NoticeChannel {
		for i := range list {
			if list[i].Channel == name {
				return &list[i]
			}
		}
		list = append(list, NoticeChannel{Channel: name, TroubledSince: trouble[name]})
		return &list[len(list)-1]
	}
	for _, name := range names {
		at(name).Configured = true
	}
	rows, err := s.read.QueryContext(ctx, `SELECT channel, state, count(*), min(since) FROM notice_open GROUP BY state, channel ORDER BY channel, state`)
	if err != nil {
		return nil, storage("read notices", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var state ledger.NoticeState
		var count, oldest int64
		if err := rows.Scan(&name, &state, &count, &oldest); err != nil {
			return nil, storage("read notices", err)
		}
		switch c := at(name); state {
		case ledger.NoticeQueued:
			c.Queued, c.Oldest = count, oldest
		case ledger.NoticeFailed:
			c.Failed = count
		case ledger.NoticeExpired:
			c.Expired = count
		}
	}
	if err := rows.Err(); err != nil {
		return nil, storage("read notices", err)
	}
	for i := range list {
		if err := s.oldestSendable(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// oldestSendable leaves what waits for a seal out of since when a channel has something
// to send: it holds up nothing.
func (s *Store) oldestSendable(ctx context.Context, c *NoticeChannel) error {
	const some = 200
	for after := int64(0); c.Queued > 0; {
		rows, err := s.OpenNotices(ctx, ledger.NoticeQueued, c.Channel, after, some)
		if err != nil {
			return err
		}
		for _, o := range rows {
			if after = o.N; !o.Awaits {
				c.Oldest = o.From
				return nil
			}
		}
		if len(rows) < some {
			break
		}
	}
	c.Oldest = 0
	return nil
}

func (s *Store) noticeSettings(ctx context.Context) (channels []string, trouble map[string]int64, err error) {
	for key, into := range map[string]any{metaNoticeChannels: &channels, metaNoticeTrouble: &trouble} {
		var raw string
		err := s.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = ?`, key).Scan(&raw)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			err = json.Unmarshal([]byte(raw), into)
		}
		if err != nil {
			return nil, nil, storage("read notice settings", err)
		}
	}
	return channels, trouble, nil
}

// NoticeSettings are the channels that notices go into, and since when those that
// let nothing through do not (Unix milliseconds).
func (s *Store) NoticeSettings(ctx context.Context) (channels []string, trouble map[string]int64, err error) {
	return s.noticeSettings(ctx)
}

// Recipient is whom a notice goes to: the applicant, or who acts for them, by
// what the case says and, where they have an account, by what they said there.
func (s *Store) Recipient(ctx context.Context, n *notice.Notice) (notice.Recipient, error) {
	if n.Kind == notice.Replied {
		c, err := s.Complaint(ctx, n.Subject)
		if err != nil {
			return notice.Recipient{}, err
		}
		r := notice.Recipient{Phones: []string{c.Phone}}
		if k, err := s.Account(ctx, c.OpenedBy.Staff); err == nil {
			r.Email, r.Language = k.Email, notice.Language(k.Language)
			r.Phones = append(r.Phones, k.Phone)
		} else if !errors.Is(err, ErrNotFound) {
			return r, err
		}
		return r, nil
	}
	var applicant ledger.Applicant
	var agent ledger.Agent
	owner := ""
	c, err := s.Case(ctx, n.Subject)
	if errors.Is(err, ErrNotFound) {
		j, err := s.Joint(ctx, n.Subject)
		if err != nil {
			return notice.Recipient{}, err
		}
		applicant, agent, owner = j.Applicant, j.Agent, j.Online.Account
	} else if err != nil {
		return notice.Recipient{}, err
	} else {
		applicant, agent, owner = c.Applicant, c.Agent, c.Online.Account
	}
	r := notice.Recipient{Phones: []string{applicant.Phone, agent.Phone}}
	for _, find := range []func() (*account.Account, error){
		func() (*account.Account, error) { return s.Account(ctx, owner) },
		func() (*account.Account, error) { return s.AccountOf(ctx, applicant.Type, applicant.IDNumber) },
		func() (*account.Account, error) { return s.formerApplicant(ctx, n) },
	} {
		k, err := find()
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return r, err
		}
		r.Phones = append(r.Phones, k.Phone)
		if r.Email == "" {
			r.Email = k.Email
		}
		if r.Language == "" {
			r.Language = notice.Language(k.Language)
		}
	}
	return r, nil
}

// formerApplicant is the account of whom a case was for before the correction that a
// notice tells of, as long as it is theirs by name too: who has the number by chance is
// told nothing.
func (s *Store) formerApplicant(ctx context.Context, n *notice.Notice) (*account.Account, error) {
	if n.Kind != notice.Corrected {
		return nil, ErrNotFound
	}
	entries, err := s.Timeline(ctx, n.Subject)
	if err != nil {
		return nil, err
	}
	var was ledger.Applicant
	for i := range entries {
		body, err := entries[i].Decode()
		if err != nil || entries[i].Status != ledger.Applied {
			continue
		}
		if entries[i].ID == n.ID {
			break
		}
		switch b := body.(type) {
		case *ledger.CaseSubmitV1:
			was = b.Applicant
		case *ledger.CaseCorrectV1:
			was.Name, was.IDNumber = b.Name, b.IDNumber
		}
	}
	k, err := s.AccountOf(ctx, was.Type, was.IDNumber)
	if err == nil && k.Name != was.Name {
		err = ErrNotFound
	}
	return k, err
}

// NoticesFor lists what an applicant was told about their own cases, the newest
// first, without what waits for a seal. before is the index that continues a listing, 0
// at its beginning.
func (s *Store) NoticesFor(ctx context.Context, k *account.Account, before uint64, limit int) ([]notice.Notice, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	list := []notice.Notice{}
	for {
		some, err := s.noticesBefore(ctx, k, before, limit)
		if err != nil {
			return nil, err
		}
		for i := range some {
			before = some[i].Index
			if err := s.awaitSeal(ctx, &some[i]); err != nil {
				return nil, err
			}
			if !some[i].Awaits && len(list) < limit {
				list = append(list, some[i])
			}
		}
		if len(some) < limit || len(list) == limit {
			break
		}
	}
	var err error
	for i := range list {
		if list[i].Number, err = s.noticeNumber(ctx, list[i].Subject); err != nil {
			return nil, err
		}
		if err := s.mayChange(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Store) noticesBefore(ctx context.Context, k *account.Account, before uint64, limit int) ([]notice.Notice, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (n notice.Notice, err error) {
		read, err := readNotice(r)
		if read != nil {
			n = *read
		}
		return n, err
	}, `WITH mine AS (SELECT case_id FROM case_owners WHERE owner IN (?1, ?2)) `+selectNotice+
		`subject IN (SELECT case_id FROM mine UNION SELECT joint FROM joint_members WHERE case_id IN (SELECT case_id FROM mine)) AND idx < ?3 ORDER BY idx DESC LIMIT `+strconv.Itoa(limit),
		accountKey(k.ID), s.numberKey(k.Type, k.Number), before)
}

// LastOpenNotice is the last row of what is open, 0 for none.
func (s *Store) LastOpenNotice(ctx context.Context) (int64, error) {
	var n int64
	err := s.read.QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM notice_open`).Scan(&n)
	return n, storage("read notices", err)
}
