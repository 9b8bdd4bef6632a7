-- +goose Up

-- What people agreed to have kept and used again. owner is the key of their
-- number (store.numberKey).
CREATE TABLE consents (
  id       TEXT PRIMARY KEY,
  owner    TEXT NOT NULL,
  division TEXT NOT NULL,
  body     TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX consents_owner ON consents (owner);

-- Who looked at what is on file, under which consent.
CREATE TABLE record_looks (
  entry   TEXT PRIMARY KEY,
  consent TEXT NOT NULL,
  at      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX record_looks_consent ON record_looks (consent, at);

-- Papers of cases that are not good any more.
CREATE TABLE voided_papers (
  case_id  TEXT NOT NULL,
  brought  TEXT NOT NULL,
  material TEXT NOT NULL,
  entry    TEXT NOT NULL,
  at       INTEGER NOT NULL,
  reason   TEXT NOT NULL,
  PRIMARY KEY (case_id, brought, material, entry)
) WITHOUT ROWID;
CREATE INDEX voided_papers_entry ON voided_papers (entry);

-- What the papers of a joint matter came to, for the figures by month: how many
-- its items ask for, how many were brought, how many were on file.
ALTER TABLE joint_cases ADD COLUMN month TEXT NOT NULL DEFAULT '';
ALTER TABLE joint_cases ADD COLUMN demanded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE joint_cases ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE joint_cases ADD COLUMN reused INTEGER NOT NULL DEFAULT 0;
CREATE INDEX joint_cases_papers ON joint_cases (month, package, department, division, demanded, asked, reused);

-- The case that a file came with, where another names it as a paper on file.
ALTER TABLE attachments ADD COLUMN source TEXT NOT NULL DEFAULT '';
