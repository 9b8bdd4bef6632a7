package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// FeedPage is a piece of the feed.
type FeedPage struct {
	// Lines are FeedLines as JSON, in county order.
	Lines [][]byte
	// UpTo is the county index the follower has seen everything up to once it
	// has applied the lines; Head the last one this node has.
	UpTo, Head uint64
}

// Follower is who reads the feed.
type Follower struct {
	Node     string
	Division division.Code
	// Full asks for the follower's own entries too, instead of their
	// confirmations: for a node that lost them.
	Full bool
}

// Feed reads the records after an index that a follower may see, about
// maxBytes of them. Its cost grows with what the follower gets, not with what
// the county has.
func (s *Store) Feed(ctx context.Context, f Follower, after uint64, maxBytes int) (FeedPage, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return FeedPage{}, storage("read feed", err)
	}
	defer tx.Rollback()
	var head sql.NullInt64
	if err := tx.QueryRowContext(ctx, s.followed()).Scan(&head); err != nil {
		return FeedPage{}, storage("read feed", err)
	}
	page := FeedPage{Head: uint64(head.Int64), UpTo: max(after, uint64(head.Int64))}
	to := feedsOf(f.Division)
	args := make([]any, 0, 2*len(to)+1)
	for _, audience := range to {
		args = append(args, audience, after)
	}
	rows, err := tx.QueryContext(ctx, feedQuery(len(to)), args...)
	if err != nil {
		return FeedPage{}, storage("read feed", err)
	}
	defer rows.Close()
	size, last := 0, after
	for rows.Next() {
		idx, line, err := feedLine(rows, f)
		if err != nil {
			return FeedPage{}, err
		}
		if idx <= last {
			return FeedPage{}, fmt.Errorf("read feed: record %d comes after %d", idx, last)
		}
		last = idx
		page.Lines = append(page.Lines, line)
		size += len(line)
		if size >= maxBytes || len(page.Lines) == feedLimit {
			page.UpTo = idx
			break
		}
	}
	return page, storage("read feed", rows.Err())
}

// feedLimit is at most how many records a page has.
const feedLimit = 4096

// feedQuery reads the records of some audiences after an index. The audiences
// are merged by index as they are read, and each record is looked up when its
// turn comes, so that a page costs what it holds: a sort of whole records would
// read thousands to send the first few.
func feedQuery(audiences int) string {
	const part = `SELECT idx FROM audience WHERE audience = ? AND idx > ?`
	return `SELECT e.idx, e.recorded_at, e.outcome, e.code, e.reason, e.resolves, e.origin, e.id, e.entry
		FROM (` + strings.Repeat(part+` UNION `, audiences-1) + part + fmt.Sprintf(` ORDER BY idx LIMIT %d) a CROSS JOIN entries e ON e.idx = a.idx`, feedLimit)
}

// followed selects the index up to which this node's copy of the ledger is
// complete for those below it.
func (s *Store) followed() string {
	if isCounty(s.self.Tier) {
		return `SELECT max(idx) FROM entries`
	}
	return `SELECT (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'cursor')`
}

func feedLine(rows *sql.Rows, f Follower) (uint64, []byte, error) {
	var h ledger.Head
	var resolves, origin, id string
	var raw []byte
	if err := rows.Scan(&h.Index, &h.RecordedAt, &h.Outcome, &h.Code, &h.Reason, &resolves, &origin, &id, &raw); err != nil {
		return 0, nil, storage("read feed", err)
	}
	if err := completeHead(&h, resolves); err != nil {
		return 0, nil, err
	}
	if origin == f.Node && !f.Full {
		line, err := json.Marshal(FeedLine{Head: h, Confirms: id})
		return h.Index, line, err
	}
	line, err := ledger.RecordBytes(&h, raw)
	return h.Index, line, err
}

// RecordLine is a record as the feed carries it, with what tells who may see it.
type RecordLine struct {
	ledger.Head
	ID, Origin string
	Scope      division.Code
	Subtree    bool
	// Line is its canonical JSON.
	Line []byte
}

// Records reads the records after an index through another, in order, as far as
// this node has them.
func (s *Store) Records(ctx context.Context, after, through uint64, each func(RecordLine) error) error {
	lines, err := rowsOf(ctx, s.read, func(rows *sql.Rows) (r RecordLine, err error) {
		var resolves string
		var raw []byte
		if err := rows.Scan(&r.Index, &r.RecordedAt, &r.Outcome, &r.Code, &r.Reason, &resolves, &r.Origin, &r.ID, &r.Scope, &r.Subtree, &raw); err != nil {
			return r, err
		}
		if err := completeHead(&r.Head, resolves); err != nil {
			return r, err
		}
		r.Line, err = ledger.RecordBytes(&r.Head, raw)
		return r, err
	}, `SELECT idx, recorded_at, outcome, code, reason, resolves, origin, id, scope, subtree, entry FROM entries WHERE idx > ? AND idx <= ? ORDER BY idx`, after, through)
	if err != nil {
		return err
	}
	for _, r := range lines {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// completeHead makes a head what the county said when it recorded the entry.
func completeHead(h *ledger.Head, resolves string) error {
	if h.Outcome == ledger.Waiting {
		h.Code, h.Reason = "", "" // those tell how it was settled later
	}
	if resolves == "" {
		return nil
	}
	return storage("read feed", json.Unmarshal([]byte(resolves), &h.Resolves))
}

// feedsOf are the audiences whose records a node of a division may see.
func feedsOf(d division.Code) []string {
	to := []string{"*", string(d), string(d) + "/"}
	for _, above := range d.Ancestors() {
		to = append(to, string(above)+"/")
	}
	return to
}

// OutboxEntry is an entry on its way up.
type OutboxEntry struct {
	N      int64
	Origin string
	Seq    uint64
	Raw    []byte
}

const outboxQuery = `SELECT o.n, o.origin, o.seq, e.entry FROM outbox o JOIN entries e ON e.id = o.id
	WHERE o.n > ? AND o.stored NOT IN (SELECT value FROM json_each(?)) ORDER BY o.n LIMIT ?`

// Outbox reads, in their order, entries after n that no node of the tiers
// given has stored yet, about maxBytes of them.
func (s *Store) Outbox(ctx context.Context, after int64, storedBy []string, limit, maxBytes int) ([]OutboxEntry, error) {
	skip, _ := json.Marshal(append([]string{}, storedBy...))
	rows, err := s.read.QueryContext(ctx, outboxQuery, after, string(skip), limit)
	if err != nil {
		return nil, storage("read outbox", err)
	}
	defer rows.Close()
	var out []OutboxEntry
	size := 0
	for rows.Next() {
		var e OutboxEntry
		if err := rows.Scan(&e.N, &e.Origin, &e.Seq, &e.Raw); err != nil {
			return nil, storage("read outbox", err)
		}
		if size += len(e.Raw); size > maxBytes && len(out) > 0 {
			break
		}
		out = append(out, e)
	}
	return out, storage("read outbox", rows.Err())
}

// Confirmed reads, in their order, an origin's entries after a seq that the
// county has confirmed, about maxBytes of them.
func (s *Store) Confirmed(ctx context.Context, origin string, after uint64, limit, maxBytes int) ([]OutboxEntry, error) {
	all, err := rowsOf(ctx, s.read, func(r *sql.Rows) (OutboxEntry, error) {
		var e OutboxEntry
		err := r.Scan(&e.N, &e.Origin, &e.Seq, &e.Raw)
		return e, err
	}, `SELECT n, origin, seq, entry FROM entries WHERE origin = ? AND seq > ? AND seq > 0 AND idx IS NOT NULL ORDER BY seq LIMIT ?`, origin, after, limit)
	size := 0
	for i, e := range all {
		if size += len(e.Raw); size > maxBytes && i > 0 {
			return all[:i], err
		}
	}
	return all, err
}

// ConfirmedOrigins lists the nodes whose entries this node may send up: itself,
// and those of the tier below that have numbered any.
func (s *Store) ConfirmedOrigins(ctx context.Context) ([]string, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (string, error) {
		var id string
		err := r.Scan(&id)
		return id, err
	}, `SELECT o.node FROM origins o JOIN nodes n ON n.id = o.node WHERE o.last_seq > 0 AND NOT o.forked
		AND (n.id = ?1 OR n.tier <> ?2 AND substr(n.division, 1, length(?3)) = ?3) ORDER BY o.node`, s.self.Node, string(s.self.Tier), string(s.self.Division))
}

// MarkStored notes that a node of a tier above ("township" or "county") has
// an origin's entries up to a seq. They stay in the outbox until the county's
// ledger confirms them.
func (s *Store) MarkStored(ctx context.Context, origin string, upTo uint64, by string) error {
	return s.markOutbox(ctx, `origin = ?2 AND seq <= ?3 AND stored NOT IN ('county', ?1)`, by, origin, upTo)
}

// ForgetStored notes that a node of a tier above does not have an origin's
// entries after a seq (any more), so that they are sent again. An empty by
// means whoever was said to have them.
func (s *Store) ForgetStored(ctx context.Context, origin string, after uint64, by string) error {
	return s.markOutbox(ctx, `origin = ?2 AND seq > ?3 AND stored <> ?1 AND (?4 = '' OR stored = ?4)`, "", origin, after, by)
}

// markOutbox sets who stored the entries of a condition. Mostly there are
// none, which is not worth a transaction on disk.
func (s *Store) markOutbox(ctx context.Context, where string, args ...any) error {
	n, err := count(ctx, s.read, `SELECT EXISTS (SELECT 1 FROM outbox WHERE `+where+`)`, args...)
	if err != nil || n == 0 {
		return err
	}
	return s.write(ctx, func(w *writer) error {
		return w.exec(ctx, `UPDATE outbox SET stored = ?1 WHERE `+where, args...)
	})
}

// OutboxFirst is the lowest seq of an origin in the outbox, 0 when it has
// nothing there.
func (s *Store) OutboxFirst(ctx context.Context, origin string) (uint64, error) {
	n, err := count(ctx, s.read, `SELECT min(seq) FROM outbox WHERE origin = ?`, origin)
	return uint64(n), err
}

// EntryID is the id of an origin's entry by its number, empty when it is not
// here.
func (s *Store) EntryID(ctx context.Context, origin string, seq uint64) (string, error) {
	var id string
	err := s.read.QueryRowContext(ctx, `SELECT id FROM entries WHERE origin = ? AND seq = ? AND seq > 0`, origin, seq).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, storage("read entry", err)
}

// OutboxStats is the state of the way up.
type OutboxStats struct {
	// Length counts entries that the county has not confirmed; Unsent those
	// that no node above has stored.
	Length int64 `json:"length"`
	Unsent int64 `json:"unsent"`
	// OldestMS is when the oldest of them happened, Unix milliseconds; 0 when
	// the outbox is empty.
	OldestMS int64 `json:"oldest_ms"`
}

// OutboxStats measures the outbox.
func (s *Store) OutboxStats(ctx context.Context) (OutboxStats, error) {
	var o OutboxStats
	err := s.read.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(stored = ''), 0), coalesce(min(at), 0) FROM outbox`).Scan(&o.Length, &o.Unsent, &o.OldestMS)
	return o, storage("read outbox", err)
}

// OutboxOrigins lists the origins that have entries in the outbox.
func (s *Store) OutboxOrigins(ctx context.Context) ([]string, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (origin string, err error) { return origin, r.Scan(&origin) },
		`SELECT DISTINCT origin FROM outbox ORDER BY origin`)
}

// treeHashes reads stored hashes of the county's Merkle tree.
func (s *Store) treeHashes(ctx context.Context) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			h, err := storedHash(at, func(idx int64) scanner { return s.read.QueryRowContext(ctx, selectTree, idx) })
			if err != nil {
				return nil, err
			}
			out[i] = h
		}
		return out, nil
	}
}

// Tree is the county's ledger as a Merkle tree of its first n records.
func (s *Store) Tree(ctx context.Context, n uint64) (tlog.Tree, error) {
	if n == 0 {
		return tlog.Tree{}, nil
	}
	h, err := tlog.TreeHash(int64(n), s.treeHashes(ctx))
	return tlog.Tree{N: int64(n), Hash: h}, err
}

// ProveRecord proves that the record of an index is in the tree of size n.
func (s *Store) ProveRecord(ctx context.Context, n, index uint64) (tlog.RecordProof, error) {
	if index == 0 || index > n {
		return nil, ErrNotFound
	}
	return tlog.ProveRecord(int64(n), int64(index-1), s.treeHashes(ctx))
}

// ProveTree proves that the tree of size n continues the one of size old.
func (s *Store) ProveTree(ctx context.Context, n, old uint64) (tlog.TreeProof, error) {
	if old == 0 || old > n {
		return nil, ErrNotFound
	}
	return tlog.ProveTree(int64(n), int64(old), s.treeHashes(ctx))
}

// LastRecord is the index of this node's last record up to an index; 0 when it
// has none.
func (s *Store) LastRecord(ctx context.Context, upto uint64) (uint64, error) {
	n, err := count(ctx, s.read, `SELECT max(idx) FROM entries WHERE idx <= ?`, upto)
	return uint64(n), err
}

// RecordAt reads a record's canonical bytes, whose hash is its leaf in the tree.
func (s *Store) RecordAt(ctx context.Context, index uint64) ([]byte, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT idx, recorded_at, outcome, code, reason, resolves, origin, id, entry FROM entries WHERE idx = ?`, index)
	if err != nil {
		return nil, storage("read record", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, ErrNotFound
	}
	_, line, err := feedLine(rows, Follower{Full: true})
	return line, err
}
