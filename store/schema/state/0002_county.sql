-- +goose Up

CREATE TABLE divisions (
  code TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE calendar_years (
  year INTEGER PRIMARY KEY,
  body TEXT NOT NULL
);

CREATE TABLE items (
  code     TEXT NOT NULL,
  version  INTEGER NOT NULL,
  hash     TEXT NOT NULL,
  body     TEXT NOT NULL,
  drafter  TEXT NOT NULL DEFAULT '',
  approver TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (code, version)
) WITHOUT ROWID;

CREATE TABLE editions (
  number         INTEGER PRIMARY KEY,
  effective_from INTEGER NOT NULL,
  body           TEXT NOT NULL
);

-- Which edition names an item; the latest effective one decides.
CREATE TABLE edition_items (
  code           TEXT NOT NULL,
  effective_from INTEGER NOT NULL,
  edition        INTEGER NOT NULL,
  version        INTEGER NOT NULL,
  withdrawn      INTEGER NOT NULL,
  PRIMARY KEY (code, effective_from, edition)
) WITHOUT ROWID;

CREATE TABLE overlays (
  item   TEXT NOT NULL,
  office TEXT NOT NULL,
  body   TEXT NOT NULL,
  PRIMARY KEY (item, office)
) WITHOUT ROWID;

CREATE TABLE staff (
  id       TEXT PRIMARY KEY,
  login    TEXT NOT NULL UNIQUE,
  division TEXT NOT NULL,
  body     TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE nodes (
  id         TEXT PRIMARY KEY,
  tier       TEXT NOT NULL,
  division   TEXT NOT NULL,
  ordinal    INTEGER NOT NULL,
  name       TEXT NOT NULL,
  credential TEXT NOT NULL,
  root       BLOB NOT NULL,
  federation TEXT NOT NULL DEFAULT '',
  peer       TEXT NOT NULL DEFAULT '',
  enrolled_at INTEGER NOT NULL,
  -- Unix milliseconds; 0 while the node is in good standing.
  revoked_at INTEGER NOT NULL DEFAULT 0,
  reason     TEXT NOT NULL DEFAULT '',
  UNIQUE (division, ordinal)
) WITHOUT ROWID;

CREATE TABLE invitations (
  token_hash TEXT PRIMARY KEY,
  node       TEXT NOT NULL,
  name       TEXT NOT NULL,
  tier       TEXT NOT NULL,
  division   TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used_by    TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE trust (
  n      INTEGER PRIMARY KEY,
  bundle TEXT NOT NULL
);
