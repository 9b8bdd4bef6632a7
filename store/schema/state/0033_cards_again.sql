-- +goose Up

-- A case may have a second card of a rule, where a line excused the first and the
-- case lies longer than that.
CREATE TABLE cards_again (
  id         TEXT PRIMARY KEY,
  case_id    TEXT NOT NULL,
  rule       TEXT NOT NULL,
  worst      INTEGER NOT NULL,
  division   TEXT NOT NULL,
  department TEXT NOT NULL,
  person     TEXT NOT NULL,
  state      TEXT NOT NULL,
  open       INTEGER NOT NULL,
  live       INTEGER NOT NULL,
  issued     INTEGER NOT NULL,
  rises      INTEGER NOT NULL,
  body       TEXT NOT NULL
);
INSERT INTO cards_again SELECT id, case_id, rule, worst, division, department, person, state, open, live, issued, rises, body FROM cards;
DROP TABLE cards;
ALTER TABLE cards_again RENAME TO cards;
CREATE INDEX cards_case ON cards (case_id, rule, issued);
CREATE INDEX cards_issued ON cards (issued, id);
CREATE INDEX cards_open ON cards (division, department, person, worst) WHERE open = 1;
CREATE INDEX cards_live ON cards (case_id, worst) WHERE live = 1;
CREATE INDEX cards_rises ON cards (rises, id) WHERE rises > 0;
