-- +goose Up

-- What applicants are told: one row an entry that tells something, with what
-- became of it in each channel. Whom it goes to and the number it names are read
-- from what it is about when it is sent. day is a date, empty for none.
CREATE TABLE notices (
  subject    TEXT NOT NULL,
  id         TEXT NOT NULL,
  kind       TEXT NOT NULL,
  day        TEXT NOT NULL,
  electronic INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  idx        INTEGER NOT NULL, -- of the entry, for the order within a moment
  deliveries TEXT NOT NULL,
  PRIMARY KEY (subject, id)
) WITHOUT ROWID;

-- At the county: what is still to be sent, in order, and what reached nobody.
CREATE TABLE notice_open (
  n       INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  notice  TEXT NOT NULL,
  channel TEXT NOT NULL,
  state   TEXT NOT NULL,
  round   INTEGER NOT NULL,
  since   INTEGER NOT NULL,
  UNIQUE (notice, channel)
);
CREATE INDEX notice_open_state ON notice_open (state, channel, n);
