package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// CaseFilter selects cases. Empty fields select everything.
type CaseFilter struct {
	// Within is a division: its cases and those of the divisions below.
	Within division.Code
	// Department and Holder select by who answers for and who holds a case.
	Department string
	Holder     division.Code
	Item       string
	Statuses   []casework.Status
	// Verb selects the cases whose current step is of this kind.
	Verbs []string
	// Open selects the cases that somebody has to do something in, and lists the
	// earliest handed in first.
	Open bool
	// Voiced selects the cases in which somebody said something before a decision:
	// asked for a hearing, or stated their case. What was decided since is among them.
	Voiced bool
	// Number selects by the beginning or all of a case number.
	Number string
	// Before continues a listing: the HandedInMS and ID of its last case.
	BeforeMS int64
	BeforeID string
	// Limit is at most this many; 0 means 50.
	Limit int
}

// Cases lists cases, the latest handed in first unless the filter is of what is
// open.
func (s *Store) Cases(ctx context.Context, f CaseFilter) ([]casework.Case, error) {
	var where []string
	var args []any
	add := func(cond string, vals ...any) {
		where = append(where, cond)
		args = append(args, vals...)
	}
	if f.Within != "" {
		// Division codes are digits, so a colon sorts after all of them.
		add(`division >= ? AND division < ?`, string(f.Within), string(f.Within)+":")
	}
	if f.Department != "" {
		add(`department = ?`, f.Department)
	}
	if f.Holder != "" {
		add(`holder = ?`, string(f.Holder))
	}
	if f.Item != "" {
		add(`item = ?`, f.Item)
	}
	if len(f.Statuses) > 0 {
		vals := make([]any, len(f.Statuses))
		for i, v := range f.Statuses {
			vals[i] = string(v)
		}
		add(`status IN (?`+strings.Repeat(", ?", len(vals)-1)+`)`, vals...)
	}
	if len(f.Verbs) > 0 {
		vals := make([]any, len(f.Verbs))
		for i, v := range f.Verbs {
			vals[i] = v
		}
		add(`verb IN (?`+strings.Repeat(", ?", len(vals)-1)+`)`, vals...)
	}
	if f.Voiced {
		where = append(where, strings.TrimPrefix(voiced, ` AND `))
	}
	from, order := `cases`, `handed_in DESC, id DESC`
	if f.Open {
		add(`verb <> ''`)
		order = `handed_in, id`
		if f.Holder == "" {
			from += ` INDEXED BY cases_open` // SQLite, which does not know how few are open, would look at all of a department
		}
	}
	if f.Number != "" {
		add(`number >= ? AND number < ?`, f.Number, f.Number+":")
	}
	if f.BeforeMS > 0 {
		add(`(handed_in, id) < (?, ?)`, f.BeforeMS, f.BeforeID)
	}
	query := `SELECT body FROM ` + from
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, ` AND `)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	return all[casework.Case](ctx, s.read, query+` ORDER BY `+order+` LIMIT ?`, append(args, limit)...)
}

// Case finds a case by its id or its number in compact form.
func (s *Store) Case(ctx context.Context, idOrNumber string) (*casework.Case, error) {
	if c := s.recent.get(idOrNumber); c != nil {
		return c, nil
	}
	return one[casework.Case](ctx, s.read, `SELECT body FROM cases WHERE id = ?1 OR number = ?1`, idOrNumber)
}

// Attachment is a file that an entry of a case names.
type Attachment struct {
	Hash  string
	Case  string
	Entry string
	Name  string
	// Size is in bytes; Type the media type.
	Size  int64
	Type  string
	Scope division.Code
	// Confirmed says that a majority of the county's hubs has it.
	Confirmed bool
}

const selectAttachment = `SELECT hash, case_id, entry, name, size, type, scope, confirmed FROM attachments WHERE `

// AttachmentsOf lists the attachments of a case, or of a hand-in without one by
// the id of its row.
func (s *Store) AttachmentsOf(ctx context.Context, caseID string) ([]Attachment, error) {
	return s.attachments(ctx, selectAttachment+`case_id = ?1 OR case_id = (SELECT case_id FROM entries WHERE id = ?1) AND entry = ?1 ORDER BY name, hash`, caseID)
}

// AttachmentUses lists where an attachment is named, which decides who may
// read and send it.
func (s *Store) AttachmentUses(ctx context.Context, hash string) ([]Attachment, error) {
	return s.attachments(ctx, selectAttachment+`hash = ?`, hash)
}

// OutstandingAttachments lists attachments that the county has not confirmed,
// from a hash on, in the order of their hashes.
func (s *Store) OutstandingAttachments(ctx context.Context, after string, limit int) ([]Attachment, error) {
	return s.attachments(ctx, selectAttachment+`confirmed = 0 AND hash > ? ORDER BY hash LIMIT ?`, after, limit)
}

func (s *Store) attachments(ctx context.Context, query string, args ...any) ([]Attachment, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (a Attachment, err error) {
		return a, r.Scan(&a.Hash, &a.Case, &a.Entry, &a.Name, &a.Size, &a.Type, &a.Scope, &a.Confirmed)
	}, query, args...)
}

// OutstandingCount is how many attachments are not confirmed, and their bytes.
func (s *Store) OutstandingCount(ctx context.Context) (n, bytes int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(size), 0) FROM (SELECT DISTINCT hash, size FROM attachments WHERE confirmed = 0)`).Scan(&n, &bytes)
	return n, bytes, storage("read attachments", err)
}

// AttachmentsChanged is a number that grows whenever attachments were named or
// confirmed. Who reads it first may keep what they read of them until it has
// grown.
func (s *Store) AttachmentsChanged() uint64 { return s.named.Load() }

// UnconfirmedAttachments lists attachments that the county has not confirmed,
// each once, those named first coming first.
func (s *Store) UnconfirmedAttachments(ctx context.Context, limit int) ([]Attachment, error) {
	// Asked after every change; mostly none was named since there were none.
	named := s.named.Load()
	if s.noneLeft.Load() == named {
		return nil, nil
	}
	found, err := s.unconfirmed(ctx, limit)
	if err == nil && len(found) == 0 && limit > 0 {
		s.noneLeft.Store(named)
	}
	return found, err
}

func (s *Store) unconfirmed(ctx context.Context, limit int) ([]Attachment, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (a Attachment, err error) {
		var first int64
		return a, r.Scan(&a.Hash, &a.Size, &first)
	}, `SELECT a.hash, a.size, min(e.n) FROM attachments a JOIN entries e ON e.id = a.entry WHERE a.confirmed = 0
		GROUP BY a.hash ORDER BY min(e.n) LIMIT ?`, limit)
}

// ConfirmedAttachments lists attachments that a majority of the hubs has, each
// once, from a hash on, in the order of their hashes.
func (s *Store) ConfirmedAttachments(ctx context.Context, after string, limit int) ([]Attachment, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (a Attachment, err error) { return a, r.Scan(&a.Hash, &a.Size) },
		`SELECT hash, max(size) FROM attachments WHERE confirmed = 1 AND hash > ? GROUP BY hash ORDER BY hash LIMIT ?`, after, limit)
}

// ConfirmedBetween lists the attachments whose confirmations stand in the
// ledger after one index and up to another: hash and size.
func (s *Store) ConfirmedBetween(ctx context.Context, after, upto uint64) ([]Attachment, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (a Attachment, err error) { return a, r.Scan(&a.Hash, &a.Size) },
		`SELECT a.hash, max(a.size) FROM entries e JOIN attachments a ON a.hash = json_extract(e.entry, '$.body.hash') AND a.case_id = e.case_id
			WHERE e.idx > ? AND e.idx <= ? AND e.kind = ? AND a.confirmed = 1 GROUP BY a.hash`, after, upto, ledger.AttachmentConfirm)
}
