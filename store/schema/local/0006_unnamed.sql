-- +goose Up

-- Which files applicants uploaded, by their hash.
CREATE INDEX uploads_hash ON uploads (hash);
