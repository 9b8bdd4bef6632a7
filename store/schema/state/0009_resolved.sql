-- +goose Up

-- When what asked for attention was resolved, by the clock of the node it
-- happened at; 0 while it is open.
ALTER TABLE attention ADD COLUMN resolved_at INTEGER NOT NULL DEFAULT 0;
