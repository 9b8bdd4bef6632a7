-- Whose account is shown the reply to a complaint.
ALTER TABLE complaints ADD COLUMN account TEXT NOT NULL DEFAULT '';
CREATE INDEX complaints_account ON complaints (account, opened) WHERE account <> '';
