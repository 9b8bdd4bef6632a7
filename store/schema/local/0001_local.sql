-- +goose Up

-- Refresh tokens of logins at this node, by hash.
CREATE TABLE sessions (
  id         TEXT PRIMARY KEY,
  staff      TEXT NOT NULL,
  role_set   TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  csrf       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX sessions_staff ON sessions (staff);

-- Refresh tokens that were already exchanged: seeing one again means theft.
CREATE TABLE used_tokens (
  token_hash TEXT PRIMARY KEY,
  session    TEXT NOT NULL,
  used_at    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE login_failures (
  login        TEXT PRIMARY KEY,
  failures     INTEGER NOT NULL,
  locked_until INTEGER NOT NULL
) WITHOUT ROWID;

-- What other nodes last told this one, as JSON.
CREATE TABLE peers (
  node       TEXT PRIMARY KEY,
  seen_at    INTEGER NOT NULL,
  report     TEXT NOT NULL
) WITHOUT ROWID;

-- Signed checkpoints of the county's ledger that this node has seen.
CREATE TABLE checkpoints (
  size    INTEGER PRIMARY KEY,
  seen_at INTEGER NOT NULL,
  note    TEXT NOT NULL
);

CREATE TABLE settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
