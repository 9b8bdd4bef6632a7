-- +goose Up

-- What applicants and others say before something is decided against them: few
-- entries of few cases, which a decision and a desk's queue look for.
CREATE INDEX entries_voices ON entries (case_id, n) WHERE kind IN ('hearing.ask', 'refusal.state', 'result.state');
