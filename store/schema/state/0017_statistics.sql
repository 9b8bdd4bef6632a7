-- +goose Up

-- What is counted about cases, kept while entries are applied, so that a page
-- over a million cases reads hundreds of rows. rollup says what a row sums:
-- cell (nothing), item (all offices), office (all items).
CREATE TABLE statistics (
  rollup     TEXT NOT NULL,
  division   TEXT NOT NULL,
  month      TEXT NOT NULL, -- 2026-11
  item       TEXT NOT NULL,
  department TEXT NOT NULL,
  channel    TEXT NOT NULL,
  handed_in INTEGER NOT NULL,
  taken_up INTEGER NOT NULL,
  not_accepted INTEGER NOT NULL,
  granted INTEGER NOT NULL,
  declined INTEGER NOT NULL,
  terminated INTEGER NOT NULL,
  corrected INTEGER NOT NULL,
  on_time INTEGER NOT NULL,
  early INTEGER NOT NULL,
  overdue INTEGER NOT NULL,
  undated INTEGER NOT NULL,
  timed INTEGER NOT NULL,
  days INTEGER NOT NULL,
  papers INTEGER NOT NULL,
  reused INTEGER NOT NULL,
  took       TEXT NOT NULL, -- how many cases took how many working days: 3:12,5:1
  PRIMARY KEY (rollup, division, month, item, channel, department)
) WITHOUT ROWID;
CREATE INDEX statistics_department ON statistics (department, month) WHERE rollup = 'cell';
