-- +goose Up

-- Single values: who this database belongs to, and how far it has come.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- Every entry this node knows, in the order in which it arrived here (n).
-- idx is its place in the county's ledger, NULL until the county confirmed it.
CREATE TABLE entries (
  n           INTEGER PRIMARY KEY,
  idx         INTEGER UNIQUE,
  id          TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL,
  origin      TEXT NOT NULL,
  seq         INTEGER NOT NULL,
  case_id     TEXT NOT NULL,
  prev        TEXT NOT NULL,
  scope       TEXT NOT NULL,
  subtree     INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL DEFAULT 0,
  -- applied, refused, waiting; held: stored and passed on, but this node's
  -- own check refused it and the county has not spoken yet.
  status      TEXT NOT NULL,
  -- What the county's record says, for good: an entry recorded as waiting is
  -- settled later, by the record of the entry it waited for.
  outcome     TEXT NOT NULL DEFAULT '',
  code        TEXT NOT NULL DEFAULT '',
  reason      TEXT NOT NULL DEFAULT '',
  resolves    TEXT NOT NULL DEFAULT '',
  entry       BLOB NOT NULL,
  -- The Merkle hashes that this record added, at the county only.
  tree        BLOB
);
CREATE UNIQUE INDEX entries_origin ON entries (origin, seq) WHERE seq > 0;
-- A submission is found by its id, which is its case's.
CREATE INDEX entries_case ON entries (case_id, n) WHERE case_id <> '' AND case_id <> id;
CREATE INDEX entries_waiting ON entries (prev) WHERE status = 'waiting';

-- Who may see which record: audience is a division, a division with a
-- trailing slash (it and all below), or * (everybody).
CREATE TABLE audience (
  audience TEXT NOT NULL,
  idx      INTEGER NOT NULL,
  PRIMARY KEY (audience, idx)
) WITHOUT ROWID;

-- How far each origin's own counter has come here.
CREATE TABLE origins (
  node     TEXT PRIMARY KEY,
  last_seq INTEGER NOT NULL,
  forked   INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- What this node still has to see confirmed by the county, in the order in
-- which it must be sent.
CREATE TABLE outbox (
  n      INTEGER PRIMARY KEY AUTOINCREMENT,
  origin TEXT NOT NULL,
  seq    INTEGER NOT NULL,
  id     TEXT NOT NULL UNIQUE,
  at     INTEGER NOT NULL,
  -- '' while only here, else who stored it last: township or county.
  stored TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_origin ON outbox (origin, seq);

-- What asks for a person's attention: refused entries and forked origins.
CREATE TABLE attention (
  entry       TEXT PRIMARY KEY,
  idx         INTEGER NOT NULL,
  case_id     TEXT NOT NULL,
  origin      TEXT NOT NULL,
  scope       TEXT NOT NULL,
  code        TEXT NOT NULL,
  reason      TEXT NOT NULL,
  at          INTEGER NOT NULL,
  resolved_by TEXT NOT NULL DEFAULT '',
  note        TEXT NOT NULL DEFAULT '',
  replaced_by TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX attention_open ON attention (at) WHERE resolved_by = '';
