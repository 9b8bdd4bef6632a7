-- +goose Up

-- The node whose machine went on as this one, with the same keys, after its
-- state had been restored from a backup.
ALTER TABLE nodes ADD COLUMN succeeds TEXT NOT NULL DEFAULT '';
CREATE INDEX nodes_succeeds ON nodes (succeeds) WHERE succeeds <> '';
