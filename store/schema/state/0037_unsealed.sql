-- +goose Up

-- What takes a seal after its case has come to its end: few entries of few cases, which
-- the list of what waits for a seal looks for.
CREATE INDEX entries_sealed_late ON entries (occurred_at, case_id) WHERE kind IN ('case.reject', 'result.propose', 'result.decide');
