-- +goose Up

-- Questions at windows, and who answers for them (首问负责).
CREATE TABLE guides (
  id       TEXT PRIMARY KEY,
  division TEXT NOT NULL,  -- where it was asked first
  at_div   TEXT NOT NULL,  -- whose desk answers for it
  at_dept  TEXT NOT NULL,
  to_div   TEXT NOT NULL,  -- the window that has still to accept
  to_dept  TEXT NOT NULL,
  staff    TEXT NOT NULL,  -- who answers for it
  state    TEXT NOT NULL,
  opened   INTEGER NOT NULL,  -- Unix milliseconds
  body     TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX guides_staff ON guides (staff, opened);
CREATE INDEX guides_open ON guides (opened, id) WHERE state <> 'closed';
