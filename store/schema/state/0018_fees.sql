-- +goose Up

-- What was charged; the rest of a case's money is found by its case.
CREATE INDEX entries_charges ON entries (case_id, n) WHERE kind = 'fee.charge';
