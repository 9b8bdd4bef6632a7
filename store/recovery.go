package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/fault"
)

// The county's ledger can go back: it was restored from a backup, or the last
// hub lacks what the lost ones had. The county says so with a recovery, which
// begins a new epoch (ledger.Recovery). A node below that had followed further
// goes back to what stands, in one transaction: its state is made anew from
// the records that stand, what it and the nodes below it had handed in since
// waits in the outbox again, and what hubs did since is kept to be shown to
// the county.

const (
	epochKey = "epoch" // meta: the recovery that began the present epoch, JSON
	keptKey  = "kept"  // meta, at the county: what stands of a ledger that went back and was not declared
)

const selectEpoch = `SELECT value FROM meta WHERE key = 'epoch'`

// Epoch is the recovery that began the present epoch of the ledger, as this
// node has it; zero in a county that never went back.
func (s *Store) Epoch(ctx context.Context) (ledger.Recovery, error) {
	return readEpoch(s.read.QueryRowContext(ctx, selectEpoch))
}

func readEpoch(row scanner) (r ledger.Recovery, err error) {
	var text string
	err = row.Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &r)
	}
	return r, storage("read epoch", err)
}

func (w *writer) setEpoch(ctx context.Context, r ledger.Recovery) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return w.setMeta(ctx, epochKey, string(text))
}

// ErrNewEpoch is a recovery in what came of the ledger that this node has not
// gone back with (GoBack): what it has may not be what the ledger continues.
var ErrNewEpoch = errors.New("store: the county declared that its ledger went back, and this node has not followed that yet; it takes a line to a node above")

func (w *writer) sameEpoch(ctx context.Context, lines []FeedLine) error {
	for i := range lines {
		e := lines[i].Entry
		if e == nil || e.Kind != ledger.CountyRecovery || lines[i].Outcome != ledger.Applied {
			continue // what was refused declared nothing
		}
		var b ledger.CountyRecoveryV1
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return fmt.Errorf("%w: recovery: %w", ledger.ErrMalformed, err)
		}
		now, err := readEpoch(w.row(ctx, selectEpoch))
		if err != nil {
			return err
		}
		if b.Recovery.At > now.At {
			return ErrNewEpoch
		}
	}
	return nil
}

// Recoveries are those in the ledger, in its order.
func (s *Store) Recoveries(ctx context.Context) ([]ledger.CountyRecoveryV1, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (b ledger.CountyRecoveryV1, err error) {
		var raw []byte
		if err = r.Scan(&raw); err == nil {
			err = bodyOf(raw, &b)
		}
		return b, err
	}, `SELECT entry FROM entries WHERE kind = ? AND status = 'applied' AND idx IS NOT NULL ORDER BY idx`, ledger.CountyRecovery)
}

// MarkWentBack notes at a hub, before it begins a new log, that the ledger may
// have gone back to what its database has now. Going back again before it was
// declared leaves the smaller one.
//
// at is the present moment: the numbers of the day go on from where they can
// not have come to (skipNumbers), whatever was given out and is lost.
func (s *Store) MarkWentBack(ctx context.Context, at time.Time) error {
	return s.write(ctx, func(w *writer) error {
		if err := s.skipNumbers(ctx, w, at); err != nil {
			return err
		}
		head, err := w.number(ctx, `SELECT max(idx) FROM entries`)
		if err != nil {
			return err
		}
		kept, ok, err := readKept(w.row(ctx, selectKept))
		if err != nil || ok && kept <= uint64(head) {
			return err
		}
		return w.setMeta(ctx, keptKey, head)
	})
}

// numbersASecond is how many numbers a second of a day a hub leaves out that
// went back: more than a county hands in on average, and few enough that the
// last second of a day has numbers left.
const numbersASecond = 11

// skipNumbers has the county's own numbers of the day, those of every hub, go
// on behind as many as the day has had seconds, eleven for each. What was given
// out before the data was lost lies before that, whatever the backup knows of
// it, and so does what is given out from here on when the data is lost once
// more: nothing has to be remembered, and nothing is guessed from a state that
// is gone. Numbers are unique and not dense. A hub has no successor, as a
// township's machine has, that would give it an ordinal of its own: its id is
// in the other hubs' configuration.
func (s *Store) skipNumbers(ctx context.Context, w *writer, at time.Time) error {
	day := calendar.DateOf(at)
	behind := int(at.Sub(day.Midnight())/time.Second+1) * numbersASecond
	for ordinal := 1; ordinal <= 99; ordinal++ {
		n, err := casework.NewNumber(s.self.County(), day, ordinal, 1)
		if err != nil {
			return err
		}
		for _, prefix := range []string{CounterPrefix(n), ComplaintCounterPrefix(n)} {
			if err := w.exec(ctx, `INSERT INTO case_counters (prefix, counter) VALUES (?, ?)
				ON CONFLICT (prefix) DO UPDATE SET counter = max(counter, excluded.counter)`, prefix, behind); err != nil {
				return err
			}
		}
	}
	return nil
}

const selectKept = `SELECT value FROM meta WHERE key = 'kept'`

// WentBack tells, at the county, up to which record the ledger stands when it
// went back and nobody has declared it yet.
func (s *Store) WentBack(ctx context.Context) (kept uint64, ok bool, err error) {
	return readKept(s.read.QueryRowContext(ctx, selectKept))
}

func readKept(row scanner) (kept uint64, ok bool, err error) {
	err = row.Scan(&kept)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return kept, err == nil, storage("read what is kept", err)
}

func (a *applier) prepareRecovery(b *ledger.CountyRecoveryV1) (func() error, error) {
	r := b.Recovery
	if r.County != a.s.self.County() {
		return nil, refuse("division_elsewhere", "区划不属于本县", "the recovery is another county's")
	}
	now, err := readEpoch(a.w.row(a.ctx, selectEpoch))
	if err != nil {
		return nil, err
	}
	if isCounty(a.s.self.Tier) && (r.At <= now.At || r.Kept > a.head) {
		return nil, refuse("recovery_stale", "账本恢复说明已过时，请重新声明", "this recovery is older than the last, or keeps more than there is; declare it again")
	}
	return func() error {
		if r.At > now.At {
			if err := a.w.setEpoch(a.ctx, r); err != nil {
				return err
			}
		}
		return a.w.exec(a.ctx, `DELETE FROM meta WHERE key = 'kept'`)
	}, nil
}

// GoBack brings a node below the county into the epoch of a recovery, whose
// signature and root were checked: to its records through kept, where the
// recovery says no less. It is done when GoBack returns nil, all of it, or else
// nothing.
func (s *Store) GoBack(ctx context.Context, to ledger.Recovery, kept uint64) error {
	if isCounty(s.self.Tier) {
		return errors.New("store: a hub's ledger is the county's")
	}
	ctx = context.WithoutCancel(ctx)
	err := s.write(ctx, func(w *writer) error {
		now, err := readEpoch(w.row(ctx, selectEpoch))
		if err != nil || now.At >= to.At {
			return err
		}
		cursor, err := w.number(ctx, `SELECT value FROM meta WHERE key = 'cursor'`)
		if err != nil {
			return err
		}
		if uint64(cursor) > kept {
			g := &goingBack{applier: applier{s: s, w: w, ctx: ctx}, kept: kept}
			if err := g.run(); err != nil {
				return fmt.Errorf("go back to record %d: %w", kept, err)
			}
			fault.Point("store.goback.made")
			if err := w.setMeta(ctx, "cursor", kept); err != nil {
				return err
			}
		}
		// What was shown was shown to a ledger that may lack that now, too.
		if err := w.exec(ctx, `UPDATE lost SET told = 0`); err != nil {
			return err
		}
		return w.setEpoch(ctx, to)
	})
	return err
}

// goingBack makes the state anew within one transaction.
type goingBack struct {
	applier
	kept uint64
}

// made are the tables that entries make. What else there is (meta, lost, and
// the schema's own version) stays.
var made = []string{"entries", "audience", "origins", "outbox", "attention", "divisions", "calendar_years", "items", "editions", "edition_items",
	"overlays", "staff", "nodes", "node_keys", "invitations", "trust", "cases", "case_counters", "attachments", "corrections", "custody", "results", "renewals", "archives", "guides",
	"ratings", "rectifications", "complaints", "packages", "joint_cases", "joint_members",
	"seals", "published", "field_devices",
	"cards", "looks", "inquiries", "thresholds", "outages", "accounts", "account_links", "case_owners", "case_service", "consents", "record_looks", "voided_papers", "statistics", "notices", "notice_open",
	"case_ends", "samples", "sample_sheets",
	"workload", "attendance", "scorecards", "appraisal_marks", "appraisals", "appraised_offices", "appraised_persons", "appraisal_objections"}

func (g *goingBack) run() error {
	for _, step := range []func() error{g.setAside, g.again, g.handedIn, g.remember, g.clear} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// setAside moves everything out of the way.
func (g *goingBack) setAside() error {
	for _, t := range made {
		if err := g.w.exec(g.ctx, `CREATE TEMP TABLE former_`+t+` AS SELECT * FROM main.`+t); err != nil {
			return err
		}
	}
	for _, t := range made {
		if err := g.w.exec(g.ctx, `DELETE FROM main.`+t); err != nil {
			return err
		}
	}
	if err := g.w.exec(g.ctx, `DELETE FROM meta WHERE key IN ('level', 'service_rules', 'notice_channels', 'notice_trouble')`); err != nil {
		return err
	}
	g.s.forgetCaches()
	g.s.recent.forget()
	g.s.waits, g.s.touched, g.s.naming = false, true, true
	return nil
}

// again applies the records that stand, as the feed brought them.
func (g *goingBack) again() error {
	const page = 500
	for after := uint64(0); ; {
		lines, err := g.standing(after, page)
		if err != nil {
			return err
		}
		for i := range lines {
			g.now = lines[i].RecordedAt
			if err := g.follow(&lines[i]); err != nil {
				return fmt.Errorf("record %d: %w", lines[i].Index, err)
			}
		}
		if len(lines) < page {
			return g.flush()
		}
		after = lines[page-1].Index
	}
}

func (g *goingBack) standing(after uint64, limit int) ([]FeedLine, error) {
	rows, err := g.w.query(g.ctx, `SELECT idx, recorded_at, outcome, code, reason, resolves, origin, id, entry FROM former_entries WHERE idx > ? AND idx <= ? ORDER BY idx LIMIT ?`, after, g.kept, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var lines []FeedLine
	for rows.Next() {
		_, raw, err := feedLine(rows, Follower{Full: true})
		if err != nil {
			return nil, err
		}
		var l FeedLine
		if err := json.Unmarshal(raw, &l); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, storage("read records", rows.Err())
}

// handedIn puts into the outbox again, in their order, what this node and those
// below it recorded and the ledger lacks now. Theirs they also have themselves.
func (g *goingBack) handedIn() error {
	rows, err := g.w.query(g.ctx, `SELECT e.entry FROM former_entries e LEFT JOIN former_nodes f ON f.id = e.origin
		WHERE e.seq > 0 AND (e.idx > ?1 OR e.idx IS NULL AND e.id IN (SELECT id FROM former_outbox))
			AND (e.origin = ?2 OR e.id IN (SELECT id FROM former_outbox) OR f.division > ?3 AND f.division < ?3 || ':')
		ORDER BY e.n`, g.kept, g.s.self.Node, string(g.s.self.Division))
	if err != nil {
		return err
	}
	var raws [][]byte
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			rows.Close()
			return storage("read entries", err)
		}
		raws = append(raws, raw)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return storage("read entries", err)
	}
	a, err := g.s.applier(g.ctx, g.w)
	if err != nil {
		return err
	}
	for _, raw := range raws {
		var e ledger.Entry
		if err := json.Unmarshal(raw, &e); err != nil {
			return storage("read entry", err)
		}
		a.at(e.OccurredAt)
		r, err := a.receive(&e)
		if err != nil {
			return err
		}
		if r.Status != Recorded && e.Origin == g.s.self.Node {
			return fmt.Errorf("own entry %s (%d) was not taken: %s", e.ID, e.Seq, r.Status)
		}
	}
	return a.flush()
}

// remember keeps what the entries that stand do not make: which numbers were
// given out, which origins forked and what that cost, and what hubs had done.
func (g *goingBack) remember() error {
	for _, q := range []string{
		`INSERT INTO case_counters (prefix, counter) SELECT prefix, counter FROM former_case_counters WHERE true
			ON CONFLICT (prefix) DO UPDATE SET counter = max(counter, excluded.counter)`,
		`INSERT INTO origins (node, last_seq, forked) SELECT node, 0, 1 FROM former_origins WHERE forked
			ON CONFLICT (node) DO UPDATE SET forked = 1`,
		`INSERT OR IGNORE INTO entries (idx, id, kind, origin, seq, case_id, prev, scope, subtree, occurred_at, recorded_at, status, outcome, code, reason, resolves, entry)
			SELECT NULL, id, kind, origin, seq, case_id, prev, scope, subtree, occurred_at, recorded_at, status, outcome, code, reason, resolves, entry
			FROM former_entries WHERE idx IS NULL AND seq = 0 AND code = 'forked_origin' ORDER BY n`,
		`INSERT OR IGNORE INTO attention SELECT * FROM former_attention WHERE code = 'forked_origin'`,
	} {
		if err := g.w.exec(g.ctx, q); err != nil {
			return err
		}
	}
	return g.w.exec(g.ctx, `INSERT INTO lost (id, idx, recorded_at, entry)
		SELECT id, idx, recorded_at, entry FROM former_entries WHERE idx > ? AND seq = 0 AND outcome = 'applied' AND kind NOT IN (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET idx = excluded.idx, recorded_at = excluded.recorded_at`,
		g.kept, ledger.AttachmentConfirm, ledger.CountyRecovery, ledger.CountyLost, ledger.CountyUnlisted,
		ledger.CardIssue, ledger.CardRise, ledger.LineOutage) // which the county makes again by itself
}

func (g *goingBack) clear() error {
	for _, t := range made {
		if err := g.w.exec(g.ctx, `DROP TABLE temp.former_`+t); err != nil {
			return err
		}
	}
	return nil
}
