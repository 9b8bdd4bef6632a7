-- +goose Up

-- Hand-ins that have no case: refused by the county, or held back here until
-- it speaks. They are looked up by the number on the applicant's receipt.
CREATE INDEX entries_aside_number ON entries (json_extract(CAST(entry AS TEXT), '$.body.number'))
  WHERE kind = 'case.submit' AND status IN ('refused', 'held');
CREATE INDEX entries_aside ON entries (occurred_at, id)
  WHERE kind = 'case.submit' AND status IN ('refused', 'held');

-- Which standing submission was handed in for which refused ones: the one it
-- names, and those that that one was handed in for.
CREATE TABLE corrections (
  refused TEXT NOT NULL,
  entry   TEXT NOT NULL,
  PRIMARY KEY (refused, entry)
) WITHOUT ROWID;
CREATE INDEX corrections_entry ON corrections (entry);

-- The entry that cast a node out, which it is shown when it comes back.
CREATE INDEX entries_revocations ON entries (json_extract(CAST(entry AS TEXT), '$.body.node')) WHERE kind = 'node.revoke';
-- Which entry names which files.
CREATE INDEX attachments_entry ON attachments (entry);
-- Entries of forked origins, for which the ledger has no place.
CREATE INDEX entries_unplaced ON entries (origin) WHERE idx IS NULL AND seq = 0;
