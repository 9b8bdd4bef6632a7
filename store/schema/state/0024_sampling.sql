-- +goose Up

-- Inspection of cases drawn at random: see node/sampling.

-- The cases that came to an end, kept at the county, where they are drawn: on
-- which day (20261123), and how.
CREATE TABLE case_ends (
  case_id TEXT PRIMARY KEY,
  day     INTEGER NOT NULL,
  outcome TEXT NOT NULL
);
CREATE INDEX case_ends_day ON case_ends (day, case_id);

-- Draws with the cases they are drawn from: a line each of part, ticket and
-- case, in the order of the commitment.
CREATE TABLE samples (
  id      TEXT PRIMARY KEY,
  idx     INTEGER NOT NULL,
  body    TEXT NOT NULL,
  members TEXT NOT NULL
);
CREATE INDEX samples_idx ON samples (idx);

CREATE TABLE sample_sheets (
  draw    TEXT NOT NULL,
  case_id TEXT NOT NULL,
  verdict TEXT NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (draw, case_id)
) WITHOUT ROWID;
CREATE INDEX sample_sheets_case ON sample_sheets (case_id, verdict);

INSERT INTO case_ends (case_id, day, outcome)
  SELECT id, CAST(strftime('%Y%m%d', ms / 1000 + 8 * 3600, 'unixepoch') AS INTEGER), outcome FROM (
    SELECT id, CASE
      WHEN json_extract(body, '$.decision') <> '' THEN json_extract(body, '$.decided_ms')
      WHEN json_extract(body, '$.rejected_ms') > 0 THEN json_extract(body, '$.rejected_ms')
      ELSE json_extract(body, '$.terminated_ms') END AS ms,
    CASE
      WHEN json_extract(body, '$.decision') <> '' THEN json_extract(body, '$.decision')
      WHEN json_extract(body, '$.rejected_ms') > 0 THEN 'not_accepted'
      ELSE 'terminated' END AS outcome
    FROM cases) WHERE ms > 0;
