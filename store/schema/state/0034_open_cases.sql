-- +goose Up

-- What somebody has to do something in, however much has ended: the earliest
-- handed in first.
CREATE INDEX cases_open ON cases (handed_in, id, division, department) WHERE verb <> '';
