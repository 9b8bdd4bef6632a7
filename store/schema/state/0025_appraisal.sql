-- +goose Up

-- The monthly appraisal: see node/appraisal.

-- What cases add to the figures of those who had a hand in them, kept while
-- entries are applied, as the counts of cases are.
CREATE TABLE workload (
  month     TEXT NOT NULL, -- 2026-11
  staff     TEXT NOT NULL,
  cases     INTEGER NOT NULL,
  decided   INTEGER NOT NULL,
  on_time   INTEGER NOT NULL,
  early     INTEGER NOT NULL,
  overdue   INTEGER NOT NULL,
  corrected INTEGER NOT NULL,
  PRIMARY KEY (month, staff)
) WITHOUT ROWID;

-- Who was there: the last word on a person's day (20261123).
CREATE TABLE attendance (
  staff      TEXT NOT NULL,
  day        INTEGER NOT NULL,
  division   TEXT NOT NULL,
  department TEXT NOT NULL,
  morning    TEXT NOT NULL,
  afternoon  TEXT NOT NULL,
  PRIMARY KEY (staff, day)
) WITHOUT ROWID;
CREATE INDEX attendance_day ON attendance (day, division, department);

-- At the county alone: scorecards, each since the entry that set it; points by
-- hand; and the editions of each month.
CREATE TABLE scorecards (
  entry TEXT PRIMARY KEY,
  month TEXT NOT NULL,
  at    INTEGER NOT NULL,
  body  TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE appraisal_marks (
  entry TEXT PRIMARY KEY,
  month TEXT NOT NULL,
  at    INTEGER NOT NULL,
  body  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX appraisal_marks_month ON appraisal_marks (month, at);
CREATE TABLE appraisals (
  month   TEXT NOT NULL,
  edition INTEGER NOT NULL,
  state   TEXT NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (month, edition)
) WITHOUT ROWID;
CREATE INDEX appraisals_state ON appraisals (state);

-- What was published of offices, everywhere, and of persons, at their own office
-- and above.
CREATE TABLE appraised_offices (
  month   TEXT NOT NULL,
  edition INTEGER NOT NULL,
  body    TEXT NOT NULL,
  PRIMARY KEY (month, edition)
) WITHOUT ROWID;
CREATE TABLE appraised_persons (
  month      TEXT NOT NULL,
  edition    INTEGER NOT NULL,
  division   TEXT NOT NULL,
  staff      TEXT NOT NULL,
  department TEXT NOT NULL,
  criteria   TEXT NOT NULL,
  body       TEXT NOT NULL,
  PRIMARY KEY (month, edition, division, staff)
) WITHOUT ROWID;
CREATE INDEX appraised_persons_staff ON appraised_persons (staff, month, edition);
CREATE TABLE appraisal_objections (
  month      TEXT NOT NULL,
  staff      TEXT NOT NULL,
  division   TEXT NOT NULL,
  department TEXT NOT NULL,
  body       TEXT NOT NULL,
  PRIMARY KEY (month, staff)
) WITHOUT ROWID;
