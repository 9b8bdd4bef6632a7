-- +goose Up

-- A number is given to one result of a kind by each authority, and looked for at
-- each that is made out.
CREATE INDEX results_number ON results (number) WHERE number <> '';
