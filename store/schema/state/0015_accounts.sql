-- +goose Up

-- Those who apply by themselves. Below the county only those that were opened
-- there, without their passwords.
CREATE TABLE accounts (
  id     TEXT PRIMARY KEY,
  type   TEXT NOT NULL,
  number TEXT NOT NULL,
  home   TEXT NOT NULL,
  body   TEXT NOT NULL,
  UNIQUE (type, number)
) WITHOUT ROWID;

-- Whose a case is: owner is "account:" and an account's id, or the key of the
-- applicant's number (store.numberKey).
CREATE TABLE case_owners (
  owner     TEXT NOT NULL,
  handed_in INTEGER NOT NULL,
  case_id   TEXT NOT NULL,
  PRIMARY KEY (owner, handed_in, case_id)
) WITHOUT ROWID;
CREATE INDEX case_owners_case ON case_owners (case_id);

-- How an applicant agreed to be served, last.
CREATE TABLE case_service (
  case_id TEXT PRIMARY KEY,
  service TEXT NOT NULL,
  entry   TEXT NOT NULL,
  at      INTEGER NOT NULL
) WITHOUT ROWID;
