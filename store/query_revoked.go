package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
)

// RevocationEntry is the record that cast a node out.
type RevocationEntry struct {
	// Raw is the entry as a hub signed it.
	Raw json.RawMessage
	// RecordedAt is when the county recorded it, by its clock.
	RecordedAt int64
}

// RevocationOf finds the record that cast a node out; the last, if there are
// several.
func (s *Store) RevocationOf(ctx context.Context, node string) (RevocationEntry, error) {
	var r RevocationEntry
	var raw []byte
	err := s.read.QueryRowContext(ctx, `SELECT entry, recorded_at FROM entries WHERE kind = 'node.revoke' AND status = 'applied'
		AND json_extract(CAST(entry AS TEXT), '$.body.node') = ? ORDER BY idx DESC LIMIT 1`, node).Scan(&raw, &r.RecordedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNotFound
	}
	r.Raw = raw
	return r, storage("read revocation", err)
}

// arrivedSince selects the entries of an origin that the county recorded from a
// moment on.
const arrivedSince = ` FROM entries e WHERE e.origin = ?1 AND e.seq > 0 AND e.recorded_at >= ?2`

// ArrivedSince counts an origin's entries that the county recorded from a
// moment on, and their bytes.
func (s *Store) ArrivedSince(ctx context.Context, origin string, since int64) (entries, bytes int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(length(e.entry)), 0)`+arrivedSince, origin, since).Scan(&entries, &bytes)
	return entries, bytes, storage("count entries", err)
}

// PapersBefore sums the sizes of the files that an origin's entries recorded
// from a moment on name, up to and with one of them, in the order of the
// entries. It is 0 for a file that older entries name.
func (s *Store) PapersBefore(ctx context.Context, origin string, since int64, hash string) (int64, error) {
	older, err := count(ctx, s.read, `SELECT EXISTS (SELECT 1 FROM attachments a JOIN entries e ON e.id = a.entry WHERE a.hash = ? AND e.origin = ? AND e.seq > 0 AND e.recorded_at < ?)`, hash, origin, since)
	if err != nil || older != 0 {
		return 0, err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT a.hash, max(a.size) FROM attachments a JOIN (SELECT e.id, e.n`+arrivedSince+`) e ON e.id = a.entry GROUP BY a.hash ORDER BY min(e.n), a.hash`, origin, since)
	if err != nil {
		return 0, storage("read attachments", err)
	}
	defer rows.Close()
	var sum int64
	for rows.Next() {
		var named string
		var size int64
		if err := rows.Scan(&named, &size); err != nil {
			return 0, storage("read attachments", err)
		}
		if sum += size; named == hash {
			break
		}
	}
	return sum, storage("read attachments", rows.Err())
}
