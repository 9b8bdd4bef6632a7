-- +goose Up

-- Trees that every hand-in and every step had to be written into.

-- A case's owners are found by the case itself.
DROP INDEX case_owners_case;

-- What waits where is read from one index with what a place holds.
DROP INDEX cases_waiting;
DROP INDEX cases_holder;
CREATE INDEX cases_holder ON cases (holder, verb, handed_in, department);

-- Entries that the county refused for leaving a step out: asked for at each
-- step of a case, and there are hardly any.
CREATE INDEX entries_skipped ON entries (case_id) WHERE status = 'refused' AND code IN ('wrong_step', 'not_accepted_yet');
