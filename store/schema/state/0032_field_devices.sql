-- +goose Up

-- The devices that staff take to people's homes, as the ledger knows them: where
-- each was registered, and whether it was revoked. Keys are in local.db of the
-- node alone. Revoked before its registration arrived, node and name are empty.
CREATE TABLE field_devices (
  id            TEXT PRIMARY KEY,
  staff         TEXT NOT NULL,
  division      TEXT NOT NULL,
  node          TEXT NOT NULL DEFAULT '',
  name          TEXT NOT NULL DEFAULT '',
  registered_at INTEGER NOT NULL DEFAULT 0,
  revoked_at    INTEGER NOT NULL DEFAULT 0,
  revoked_by    TEXT NOT NULL DEFAULT '',
  reason        TEXT NOT NULL DEFAULT '',
  revocation    TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX field_devices_division ON field_devices (division);
CREATE INDEX field_devices_staff ON field_devices (staff);
