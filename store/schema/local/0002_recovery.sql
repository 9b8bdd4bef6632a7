-- +goose Up

-- Checkpoints of a ledger that the county declared to have gone back, beyond
-- what stands of it: evidence of what there was. epoch is the recovery that
-- ended it.
CREATE TABLE former_checkpoints (
  epoch   INTEGER NOT NULL,
  size    INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  note    TEXT NOT NULL,
  PRIMARY KEY (epoch, size)
) WITHOUT ROWID;
