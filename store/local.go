package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"sync"
)

// This file is local.db: what may be lost without anything handed in being
// lost.

// Session is a login at this node.
type Session struct {
	ID    string
	Staff string
	// TokenHash is the hash of its current refresh token.
	TokenHash string
	CSRF      string
	// Password tells which password it was made with; empty where that is not known.
	Password  string
	CreatedAt int64
	ExpiresAt int64
	EndedAt   int64
}

// ErrTokenReused is a refresh token that had been exchanged before: somebody
// has a copy, and its session is ended.
var ErrTokenReused = errors.New("store: refresh token was used before")

// StartSession keeps a new login.
func (s *Store) StartSession(ctx context.Context, n Session) error {
	_, err := s.local.ExecContext(ctx, `INSERT INTO sessions (id, staff, role_set, token_hash, csrf, password, created_at, expires_at) VALUES (?, ?, '', ?, ?, ?, ?, ?)`,
		n.ID, n.Staff, n.TokenHash, n.CSRF, n.Password, n.CreatedAt, n.ExpiresAt)
	return storage("start session", err)
}

// RenewSession exchanges a session's refresh token for the next one. A token
// that was exchanged before ends the session.
func (s *Store) RenewSession(ctx context.Context, oldHash, newHash string, now int64) (*Session, error) {
	tx, err := s.local.BeginTx(ctx, nil)
	if err != nil {
		return nil, storage("renew session", err)
	}
	defer tx.Rollback()
	var v Session
	err = tx.QueryRowContext(ctx, `SELECT id, staff, csrf, password, created_at, expires_at FROM sessions WHERE token_hash = ? AND ended_at = 0 AND expires_at > ?`, oldHash, now).
		Scan(&v.ID, &v.Staff, &v.CSRF, &v.Password, &v.CreatedAt, &v.ExpiresAt)
	if errors.Is(err, sql.ErrNoRows) {
		res, err := tx.ExecContext(ctx, `UPDATE sessions SET ended_at = ? WHERE ended_at = 0 AND id = (SELECT session FROM used_tokens WHERE token_hash = ?)`, now, oldHash)
		if err != nil {
			return nil, storage("renew session", err)
		}
		if n, _ := res.RowsAffected(); n > 0 {
			defer s.sessions.forget()
			return nil, errors.Join(ErrTokenReused, tx.Commit())
		}
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storage("renew session", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO used_tokens (token_hash, session, used_at) VALUES (?, ?, ?)`, oldHash, v.ID, now); err != nil {
		return nil, storage("renew session", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE sessions SET token_hash = ? WHERE id = ?`, newHash, v.ID); err != nil {
		return nil, storage("renew session", err)
	}
	v.TokenHash = newHash
	return &v, storage("renew session", tx.Commit())
}

// Session finds a login that has not ended.
func (s *Store) Session(ctx context.Context, id string, now int64) (*Session, error) {
	v := Session{ID: id}
	err := s.local.QueryRowContext(ctx, `SELECT staff, token_hash, csrf, created_at, expires_at FROM sessions WHERE id = ? AND ended_at = 0 AND expires_at > ?`, id, now).
		Scan(&v.Staff, &v.TokenHash, &v.CSRF, &v.CreatedAt, &v.ExpiresAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return &v, storage("read session", err)
}

// SessionEnded reports whether a login of this node has ended. One that this
// node never had is not known to have.
func (s *Store) SessionEnded(ctx context.Context, id string) (bool, error) {
	ended, known, asked := s.sessions.get(id)
	if known {
		return ended, nil
	}
	n, err := count(ctx, s.local, `SELECT ended_at > 0 FROM sessions WHERE id = ?`, id)
	if err == nil {
		s.sessions.put(id, n != 0, asked)
	}
	return n != 0, err
}

// sessionMemory remembers which logins have ended, which every request asks.
// Whatever ends one has all forgotten; what was read before that and comes
// after it is not taken in.
type sessionMemory struct {
	mu    sync.Mutex
	era   int
	ended map[string]bool
}

const maxSessions = 10_000

func (m *sessionMemory) get(id string) (ended, known bool, era int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ended, known = m.ended[id]
	return ended, known, m.era
}

func (m *sessionMemory) put(id string, ended bool, era int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if era != m.era {
		return
	}
	if m.ended == nil || len(m.ended) >= maxSessions {
		m.ended = map[string]bool{}
	}
	m.ended[id] = ended
}

func (m *sessionMemory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.era, m.ended = m.era+1, nil
}

// EndSession ends one login; EndSessions all of a person.
func (s *Store) EndSession(ctx context.Context, id string, now int64) error {
	defer s.sessions.forget()
	_, err := s.local.ExecContext(ctx, `UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at = 0`, now, id)
	return storage("end session", err)
}

// EndSessions ends all logins of a person at this node.
func (s *Store) EndSessions(ctx context.Context, staff string, now int64) error {
	defer s.sessions.forget()
	_, err := s.local.ExecContext(ctx, `UPDATE sessions SET ended_at = ? WHERE staff = ? AND ended_at = 0`, now, staff)
	return storage("end sessions", err)
}

// PruneSessions forgets logins that ended before an instant.
func (s *Store) PruneSessions(ctx context.Context, before int64) error {
	defer s.sessions.forget()
	_, err := s.local.ExecContext(ctx, `DELETE FROM sessions WHERE expires_at < ?1 OR ended_at > 0 AND ended_at < ?1`, before)
	if err == nil {
		_, err = s.local.ExecContext(ctx, `DELETE FROM used_tokens WHERE used_at < ?`, before)
	}
	return storage("prune sessions", err)
}

// LoginFailures are the failed logins in a row under a name, and until when it
// is locked (Unix milliseconds).
func (s *Store) LoginFailures(ctx context.Context, login string) (failures int, lockedUntil int64, err error) {
	err = s.local.QueryRowContext(ctx, `SELECT failures, locked_until FROM login_failures WHERE login = ?`, login).Scan(&failures, &lockedUntil)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return failures, lockedUntil, storage("read login failures", err)
}

// SetLoginFailures keeps them; zero failures forgets the name.
func (s *Store) SetLoginFailures(ctx context.Context, login string, failures int, lockedUntil int64) error {
	if failures == 0 {
		_, err := s.local.ExecContext(ctx, `DELETE FROM login_failures WHERE login = ?`, login)
		return storage("forget login failures", err)
	}
	_, err := s.local.ExecContext(ctx, `INSERT INTO login_failures (login, failures, locked_until) VALUES (?, ?, ?)
		ON CONFLICT (login) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until`, login, failures, lockedUntil)
	return storage("keep login failures", err)
}

// PeerReport is what another node last said of itself.
type PeerReport struct {
	Node   string          `json:"node"`
	SeenAt int64           `json:"seen_at"`
	Report json.RawMessage `json:"report"`
}

// KeepPeerReport keeps a node's report unless a later one is known. A time
// after now, Unix milliseconds, is from before this node's clock was set back.
func (s *Store) KeepPeerReport(ctx context.Context, p PeerReport, now int64) error {
	_, err := s.local.ExecContext(ctx, `INSERT INTO peers (node, seen_at, report) VALUES (?, ?, ?)
		ON CONFLICT (node) DO UPDATE SET seen_at = excluded.seen_at, report = excluded.report WHERE excluded.seen_at >= seen_at OR seen_at > ?`,
		p.Node, p.SeenAt, string(p.Report), now)
	return storage("keep peer report", err)
}

// PeerReports lists what the other nodes last said.
func (s *Store) PeerReports(ctx context.Context) ([]PeerReport, error) {
	return rowsOf(ctx, s.local, func(r *sql.Rows) (p PeerReport, err error) {
		var report string
		err = r.Scan(&p.Node, &p.SeenAt, &report)
		p.Report = json.RawMessage(report)
		return p, err
	}, `SELECT node, seen_at, report FROM peers ORDER BY node`)
}

// KeepCheckpoint keeps a signed checkpoint of the county's ledger.
func (s *Store) KeepCheckpoint(ctx context.Context, size uint64, seenAt int64, note string) error {
	_, err := s.local.ExecContext(ctx, `INSERT OR IGNORE INTO checkpoints (size, seen_at, note) VALUES (?, ?, ?)`, size, seenAt, note)
	return storage("keep checkpoint", err)
}

// LastCheckpoint is the largest checkpoint seen; size 0 when none was.
func (s *Store) LastCheckpoint(ctx context.Context) (size uint64, note string, err error) {
	err = s.local.QueryRowContext(ctx, `SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1`).Scan(&size, &note)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil
	}
	return size, note, storage("read checkpoint", err)
}

// FormerCheckpoint is a checkpoint of a ledger that went back.
type FormerCheckpoint struct {
	// Epoch is when the recovery was declared that ended that ledger.
	Epoch  int64  `json:"epoch"`
	Size   uint64 `json:"size"`
	SeenAt int64  `json:"seen_at"`
	Note   string `json:"note"`
}

// RetireCheckpoints sets aside, as evidence, the checkpoints beyond what a
// recovery keeps.
func (s *Store) RetireCheckpoints(ctx context.Context, epoch int64, kept uint64) error {
	tx, err := s.local.BeginTx(ctx, nil)
	if err != nil {
		return storage("retire checkpoints", err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO former_checkpoints (epoch, size, seen_at, note) SELECT ?, size, seen_at, note FROM checkpoints WHERE size > ?`, epoch, kept); err != nil {
		return storage("retire checkpoints", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM checkpoints WHERE size > ?`, kept); err != nil {
		return storage("retire checkpoints", err)
	}
	return storage("retire checkpoints", tx.Commit())
}

// FormerCheckpoints are the newest of those set aside, of each epoch.
func (s *Store) FormerCheckpoints(ctx context.Context) ([]FormerCheckpoint, error) {
	return rowsOf(ctx, s.local, func(r *sql.Rows) (c FormerCheckpoint, err error) {
		return c, r.Scan(&c.Epoch, &c.Size, &c.SeenAt, &c.Note)
	}, `SELECT epoch, max(size), seen_at, note FROM former_checkpoints GROUP BY epoch ORDER BY epoch`)
}

// CheckpointWithin is the largest checkpoint seen of at most a size; size 0 when
// none was.
func (s *Store) CheckpointWithin(ctx context.Context, most uint64) (size uint64, note string, err error) {
	err = s.local.QueryRowContext(ctx, `SELECT size, note FROM checkpoints WHERE size <= ? ORDER BY size DESC LIMIT 1`, most).Scan(&size, &note)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil
	}
	return size, note, storage("read checkpoint", err)
}

// Setting reads a local setting; empty when it was never set.
func (s *Store) Setting(ctx context.Context, key string) (string, error) {
	var v string
	err := s.local.QueryRowContext(ctx, `SELECT value FROM settings WHERE key = ?`, key).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v, storage("read setting", err)
}

// SetSetting keeps a local setting.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	_, err := s.local.ExecContext(ctx, `INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return storage("keep setting", err)
}
