-- +goose Up

-- One row a case: what its chain of entries makes of it. With a rowid, for rows
-- this large in a tree ordered by random ids would touch a page each.
CREATE TABLE cases (
  id         TEXT PRIMARY KEY,
  number     TEXT NOT NULL UNIQUE,
  item       TEXT NOT NULL,
  department TEXT NOT NULL,
  division   TEXT NOT NULL,
  handed_in_at TEXT NOT NULL,
  holder     TEXT NOT NULL,
  status     TEXT NOT NULL,
  verb       TEXT NOT NULL,
  head       TEXT NOT NULL,
  handed_in  INTEGER NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX cases_holder ON cases (holder, verb, handed_in);
CREATE INDEX cases_division ON cases (division, handed_in);
CREATE INDEX cases_department ON cases (department, handed_in);
CREATE INDEX cases_handed_in ON cases (handed_in, id);

-- The last number each node gave out on a day, so that none comes twice.
CREATE TABLE case_counters (
  prefix  TEXT PRIMARY KEY,
  counter INTEGER NOT NULL
) WITHOUT ROWID;

-- Attachments named by entries; confirmed is the record that says a majority
-- of the county's hubs has the bytes.
CREATE TABLE attachments (
  hash      TEXT NOT NULL,
  case_id   TEXT NOT NULL,
  entry     TEXT NOT NULL,
  name      TEXT NOT NULL,
  size      INTEGER NOT NULL,
  type      TEXT NOT NULL,
  scope     TEXT NOT NULL,
  confirmed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (hash, case_id, entry)
) WITHOUT ROWID;
CREATE INDEX attachments_case ON attachments (case_id);
CREATE INDEX attachments_outstanding ON attachments (hash) WHERE confirmed = 0;
