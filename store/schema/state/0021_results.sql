-- +goose Up

-- The results of cases, for what expires soon and for what is published: made
-- anew from the case and its entries whenever one of them is issued, put right,
-- made out again, revoked or cancelled.
CREATE TABLE results (
  case_id    TEXT NOT NULL,
  place      INTEGER NOT NULL,  -- in the case
  result     TEXT NOT NULL,     -- package result: its id in the case
  name       TEXT NOT NULL,
  number     TEXT NOT NULL,
  until      TEXT NOT NULL,     -- the last day on which it holds; empty for no end
  state      TEXT NOT NULL,
  ended_on   TEXT NOT NULL,
  division   TEXT NOT NULL,     -- where the matter belongs
  department TEXT NOT NULL,
  PRIMARY KEY (case_id, place)
) WITHOUT ROWID;
CREATE INDEX results_until ON results (until) WHERE state = 'valid' AND until <> '';

-- Which case asks to have which result renewed.
CREATE TABLE renewals (
  case_id TEXT PRIMARY KEY,     -- the new case
  of_case TEXT NOT NULL,        -- the one whose result is renewed
  result  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX renewals_of ON renewals (of_case);

INSERT INTO results (case_id, place, result, name, number, until, state, ended_on, division, department)
  SELECT c.id, d.key, d.key + 1, coalesce(json_extract(d.value, '$.name'), ''), coalesce(json_extract(d.value, '$.number'), ''), coalesce(json_extract(d.value, '$.valid_until'), ''),
    'valid', '', c.division, c.department
  FROM cases c, json_each(c.body, '$.documents') d;
