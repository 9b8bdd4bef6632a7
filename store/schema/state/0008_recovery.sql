-- +goose Up

-- Records of the county's former ledger that this node holds and the present
-- one lacks: what was done at a hub. They are shown to the county (told).
CREATE TABLE lost (
  id          TEXT PRIMARY KEY,
  idx         INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  entry       BLOB NOT NULL,
  told        INTEGER NOT NULL DEFAULT 0
);
