-- +goose Up

-- Devices that staff take to people's homes, and this node's half of the key of
-- what is queued on each; empty once it was revoked.
CREATE TABLE devices (
  id            TEXT PRIMARY KEY,
  staff         TEXT NOT NULL,
  name          TEXT NOT NULL,
  key           BLOB NOT NULL,
  registered_at INTEGER NOT NULL,
  seen_at       INTEGER NOT NULL,
  revoked_at    INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX devices_staff ON devices (staff);
