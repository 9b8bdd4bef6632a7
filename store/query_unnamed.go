package store

import (
	"context"
	"database/sql"

	"github.com/tongban/tongban/node/archive"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/blob"
)

// FilesOf are the files that a body names.
func FilesOf(body ledger.Body) []catalog.AttachmentRef { return archive.Files(body) }

// NamedBetween gives which hashes from the one to the other entries here name.
func (s *Store) NamedBetween(ctx context.Context, from, to string) (map[string]bool, error) {
	return s.hashes(ctx, s.read, `SELECT DISTINCT hash FROM attachments WHERE hash BETWEEN ? AND ?`, from, to)
}

func (s *Store) hashes(ctx context.Context, db querier, query, from, to string) (map[string]bool, error) {
	found, err := rowsOf(ctx, db, func(rows *sql.Rows) (hash string, err error) { return hash, rows.Scan(&hash) }, query, from, to)
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool, len(found))
	for _, hash := range found {
		set[hash] = true
	}
	return set, nil
}

// mentionPage is how many entries are read at once when all are looked through.
const mentionPage = 200

// Mentioned looks through the entries that arrived here after the n-th (0: all)
// for hashes, and takes those that stand anywhere in one out of the set. It tells
// how far it came. Of whatever kind and in whatever state an entry is, refused,
// waiting, held or of a fork: what its text mentions is found.
func (s *Store) Mentioned(ctx context.Context, after int64, hashes map[string]bool) (through int64, err error) {
	for {
		n, more, err := s.mentionedOn(ctx, after, hashes)
		if err != nil {
			return after, err
		}
		if after = n; !more {
			return after, nil
		}
	}
}

func (s *Store) mentionedOn(ctx context.Context, after int64, hashes map[string]bool) (through int64, more bool, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT n, entry FROM entries WHERE n > ? ORDER BY n LIMIT ?`, after, mentionPage)
	if err != nil {
		return after, false, storage("look through entries", err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var text sql.RawBytes
		if err := rows.Scan(&after, &text); err != nil {
			return after, false, storage("look through entries", err)
		}
		takeMentioned(text, hashes)
		seen++
	}
	return after, seen == mentionPage, storage("look through entries", rows.Err())
}

// takeMentioned takes the hashes that a text mentions out of a set.
func takeMentioned(text []byte, hashes map[string]bool) {
	run := 0
	for i, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			run = 0
			continue
		}
		if run++; run >= blob.HashLen {
			delete(hashes, string(text[i+1-blob.HashLen:i+1]))
		}
	}
}
