-- +goose Up

-- What was asked under an idempotency key, as a keyed hash: by the id of the entry
-- that came of it.
CREATE TABLE asked (
  id     TEXT PRIMARY KEY,
  digest BLOB NOT NULL,
  at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX asked_at ON asked (at);
