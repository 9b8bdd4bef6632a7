-- +goose Up

-- The keys a node has signed with, and the first of its entries that each
-- signs. They are kept for ever: old entries are checked with them.
CREATE TABLE node_keys (
  node  TEXT NOT NULL,
  since INTEGER NOT NULL,
  key   TEXT NOT NULL, -- ed25519 public key, base64
  PRIMARY KEY (node, key)
) WITHOUT ROWID;

INSERT INTO node_keys (node, since, key) SELECT id, 0, json_extract(credential, '$.sign_key') FROM nodes;
