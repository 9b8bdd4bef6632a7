-- +goose Up

-- What a browser at this node seals with what a person typed and has not handed
-- in yet: given to that person's logins alone, so that the browser need not
-- keep it. Lost, drafts are sealed anew and the old ones open by password.
CREATE TABLE browser_keys (
  staff TEXT PRIMARY KEY,
  key   BLOB NOT NULL
) WITHOUT ROWID;
