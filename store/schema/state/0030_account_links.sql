-- +goose Up

-- Which account an identity at a provider logs in to; subject is a hash
-- (account.HashSubject). At the county alone.
CREATE TABLE account_links (
  issuer  TEXT NOT NULL,
  subject TEXT NOT NULL,
  account TEXT NOT NULL,
  PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE INDEX account_links_account ON account_links (account);
