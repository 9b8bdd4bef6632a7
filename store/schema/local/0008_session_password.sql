-- +goose Up

-- Which password a login was made with, as a short hash of the stored one: a new
-- password, set at whichever node, ends it. Empty for logins of before.
ALTER TABLE sessions ADD COLUMN password TEXT NOT NULL DEFAULT '';
