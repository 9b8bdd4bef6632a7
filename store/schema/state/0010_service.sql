-- +goose Up

-- What applicants thought of a visit, at most once each.
CREATE TABLE ratings (
  id         TEXT PRIMARY KEY,
  occasion   TEXT NOT NULL UNIQUE,
  division   TEXT NOT NULL,
  department TEXT NOT NULL,
  staff      TEXT NOT NULL,
  month      TEXT NOT NULL, -- 2026-11, in which it was given
  given      INTEGER NOT NULL,
  bad        INTEGER NOT NULL,
  -- 1 while something has still to be done about a bad one.
  open       INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX ratings_month ON ratings (month, division);
CREATE INDEX ratings_given ON ratings (given, id);
CREATE INDEX ratings_open ON ratings (given) WHERE open = 1;

-- What offices were told to put right. It names no case, and travels down.
CREATE TABLE rectifications (
  rating     TEXT PRIMARY KEY,
  division   TEXT NOT NULL,
  department TEXT NOT NULL,
  ordered    INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE complaints (
  number     TEXT PRIMARY KEY,
  scope      TEXT NOT NULL,
  division   TEXT NOT NULL,
  department TEXT NOT NULL,
  handler    TEXT NOT NULL,
  state      TEXT NOT NULL,
  opened     INTEGER NOT NULL,
  body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX complaints_opened ON complaints (opened, number);
CREATE INDEX complaints_open ON complaints (opened) WHERE state <> 'replied';
