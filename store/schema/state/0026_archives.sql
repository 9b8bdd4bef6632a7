-- +goose Up

-- Cases that have ended, and their volumes: what is still to be archived is found
-- by an empty volume. Written when a case ends, and when it is archived.
CREATE TABLE archives (
  case_id    TEXT PRIMARY KEY,
  keeper     TEXT NOT NULL,     -- the division that keeps the volume
  department TEXT NOT NULL,
  ended      INTEGER NOT NULL,  -- Unix milliseconds, as all moments
  volume     TEXT NOT NULL DEFAULT '',
  archived   INTEGER NOT NULL DEFAULT 0,
  entry      TEXT NOT NULL DEFAULT ''  -- the last that archived it
) WITHOUT ROWID;
CREATE INDEX archives_due ON archives (ended, case_id) WHERE volume = '';
CREATE INDEX archives_kept ON archives (archived, case_id) WHERE volume <> '';

-- Cases that ended before there were volumes. The keeper is the division of the
-- matter at the tier that decides.
INSERT INTO archives (case_id, keeper, department, ended)
  SELECT c.id,
    CASE (SELECT json_extract(s.value, '$.tier') FROM json_each(c.body, '$.steps') s WHERE json_extract(s.value, '$.verb') = 'decide')
      WHEN 'township' THEN CASE length(c.handed_in_at) WHEN 9 THEN c.handed_in_at ELSE substr(c.division, 1, 9) END
      ELSE substr(c.division, 1, 6) END,
    c.department, coalesce(json_extract(c.body, '$.delivered_ms'), json_extract(c.body, '$.terminated_ms'), json_extract(c.body, '$.rejected_ms'), 0)
  FROM cases c WHERE c.status IN ('closed', 'not_accepted', 'terminated');
