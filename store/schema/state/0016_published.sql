-- +goose Up

-- Cases that were taken up or decided, by when the last of the two happened:
-- what may be published is found among them. Written when that changes alone.
CREATE TABLE published (
  case_id TEXT PRIMARY KEY,
  at      INTEGER NOT NULL,
  decided INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX published_at ON published (at, case_id);

INSERT INTO published (case_id, at, decided)
  SELECT id, coalesce(json_extract(body, '$.decided_ms'), json_extract(body, '$.accepted_ms')), json_extract(body, '$.decided_ms') IS NOT NULL
  FROM cases WHERE coalesce(json_extract(body, '$.accepted_ms'), 0) > 0;
