-- +goose Up

-- Files that applicants uploaded at this hub: only who uploaded a file can name
-- it in a case.
CREATE TABLE uploads (
  account TEXT NOT NULL,
  hash    TEXT NOT NULL,
  size    INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (account, hash)
) WITHOUT ROWID;
CREATE INDEX uploads_at ON uploads (account, at);
