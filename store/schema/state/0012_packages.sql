-- +goose Up

-- Versions of packages (一件事), as items has those of items. Editions put them
-- into force by their code.
CREATE TABLE packages (
  code     TEXT NOT NULL,
  version  INTEGER NOT NULL,
  hash     TEXT NOT NULL,
  body     TEXT NOT NULL,
  drafter  TEXT NOT NULL DEFAULT '',
  approver TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (code, version)
) WITHOUT ROWID;

-- Joint matters (联办件): one row each, what their own chain makes of them. status
-- follows from their departments' cases.
CREATE TABLE joint_cases (
  id         TEXT PRIMARY KEY,
  number     TEXT NOT NULL UNIQUE,
  package    TEXT NOT NULL,
  department TEXT NOT NULL,
  division   TEXT NOT NULL,
  holder     TEXT NOT NULL,
  status     TEXT NOT NULL,
  handed_in  INTEGER NOT NULL,
  body       TEXT NOT NULL
);
CREATE INDEX joint_cases_handed_in ON joint_cases (handed_in, id);

-- Which case is part of which joint matter.
CREATE TABLE joint_members (
  case_id TEXT PRIMARY KEY,
  joint   TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX joint_members_joint ON joint_members (joint);

CREATE INDEX entries_joint ON entries (origin, status, idx) WHERE kind = 'package.submit';
