-- +goose Up

-- Who looked at personal data unmasked, the newest first.
CREATE INDEX entries_reveals ON entries (occurred_at, id) WHERE kind = 'case.reveal';
