-- +goose Up

-- The electronic seals there have been, by the id of their key. They are kept
-- for ever: what they were put on is checked with them.
CREATE TABLE seals (
  key         TEXT PRIMARY KEY,
  division    TEXT NOT NULL,
  department  TEXT NOT NULL,
  generation  INTEGER NOT NULL,
  certificate TEXT NOT NULL,
  sig         BLOB NOT NULL,
  -- Unix milliseconds; 0 while it has not happened.
  made_at     INTEGER NOT NULL,
  ended_at    INTEGER NOT NULL DEFAULT 0,
  revoked_at  INTEGER NOT NULL DEFAULT 0,
  reason      TEXT NOT NULL DEFAULT '',
  UNIQUE (division, department, generation)
) WITHOUT ROWID;

-- The county's word for each key a node has had is in these entries.
CREATE INDEX entries_credentials ON entries (origin) WHERE kind IN ('node.enrol', 'node.renew');
