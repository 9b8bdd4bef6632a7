-- +goose Up

-- What is counted about all entries, small enough to be read for each question
-- at a million cases: the entries themselves are gigabytes.
CREATE INDEX entries_submitted ON entries (origin, status, idx) WHERE kind = 'case.submit';
CREATE INDEX entries_refused ON entries (origin) WHERE status = 'refused';
CREATE INDEX entries_held ON entries (origin) WHERE status = 'held';
