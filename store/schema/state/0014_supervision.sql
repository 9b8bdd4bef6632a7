-- +goose Up

-- What is watched of the cases: see node/supervision.

-- Cards, each made by the entry of its id. rises is the first day (yyyymmdd) on
-- which one that nobody answered rises, 0 for one that does not; worst orders
-- colours, open tells those that still wait for somebody, live those whose case
-- has not ended.
CREATE TABLE cards (
  id         TEXT PRIMARY KEY,
  case_id    TEXT NOT NULL,
  rule       TEXT NOT NULL,
  worst      INTEGER NOT NULL,
  division   TEXT NOT NULL,
  department TEXT NOT NULL,
  person     TEXT NOT NULL,
  state      TEXT NOT NULL,
  open       INTEGER NOT NULL,
  live       INTEGER NOT NULL,
  issued     INTEGER NOT NULL,
  rises      INTEGER NOT NULL,
  body       TEXT NOT NULL,
  UNIQUE (case_id, rule)
);
CREATE INDEX cards_issued ON cards (issued, id);
CREATE INDEX cards_open ON cards (division, department, person, worst) WHERE open = 1;
CREATE INDEX cards_live ON cards (case_id, worst) WHERE live = 1;
CREATE INDEX cards_rises ON cards (rises, id) WHERE rises > 0;

-- The cases that the county has to look at and from which day on (yyyymmdd); 0:
-- at once, and when next is not known yet. head is the case's last entry then.
CREATE TABLE looks (
  case_id TEXT PRIMARY KEY,
  day     INTEGER NOT NULL,
  head    TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX looks_day ON looks (day, case_id, head);
INSERT INTO looks (case_id, day, head) SELECT id, 0, head FROM cases WHERE verb <> '';

CREATE TABLE inquiries (
  id         TEXT PRIMARY KEY,
  case_id    TEXT NOT NULL,
  division   TEXT NOT NULL,
  department TEXT NOT NULL,
  open       INTEGER NOT NULL,
  asked      INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX inquiries_case ON inquiries (case_id);
CREATE INDEX inquiries_asked ON inquiries (asked, id);

-- The settings of supervision, each since the entry that made it.
CREATE TABLE thresholds (
  entry TEXT PRIMARY KEY,
  at    INTEGER NOT NULL,
  body  TEXT NOT NULL
) WITHOUT ROWID;

-- When the county did not hear a division, Unix milliseconds.
CREATE TABLE outages (
  division TEXT NOT NULL,
  since    INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  PRIMARY KEY (division, since)
) WITHOUT ROWID;

-- What waits where.
CREATE INDEX cases_waiting ON cases (holder, department, verb) WHERE verb <> '';
