-- +goose Up

-- Papers that were handed over: one row a paper and hand-over, for the lists.
-- What holds is in the entries; this is made anew from them for a case whenever
-- one of its papers moves.
CREATE TABLE custody (
  sent        TEXT NOT NULL,     -- the entry that handed it over
  material    TEXT NOT NULL,
  brought     TEXT NOT NULL,     -- the entry that brought the paper
  case_id     TEXT NOT NULL,
  list        TEXT NOT NULL,     -- the number of the transfer list
  from_div    TEXT NOT NULL,
  to_div      TEXT NOT NULL,
  sent_at     INTEGER NOT NULL,  -- Unix milliseconds, as all moments
  received    TEXT NOT NULL,     -- where it was received; empty while it is on the way
  received_at INTEGER NOT NULL,
  missing     INTEGER NOT NULL,  -- reported as not arrived, and not found since
  note        TEXT NOT NULL,
  PRIMARY KEY (sent, brought, material)
) WITHOUT ROWID;
CREATE INDEX custody_case ON custody (case_id);
CREATE INDEX custody_list ON custody (list);
CREATE INDEX custody_open ON custody (sent_at) WHERE received = '';
CREATE INDEX custody_sent ON custody (sent_at);
