package store

import "context"

// KeepUpload notes that an applicant uploaded a file at this hub, at now (Unix
// milliseconds).
func (s *Store) KeepUpload(ctx context.Context, account, hash string, size, now int64) error {
	_, err := s.local.ExecContext(ctx, `INSERT OR IGNORE INTO uploads (account, hash, size, at) VALUES (?, ?, ?, ?)`, account, hash, size, now)
	return storage("keep upload", err)
}

// Uploaded reports whether an applicant uploaded a file at this hub.
func (s *Store) Uploaded(ctx context.Context, account, hash string) (bool, error) {
	n, err := count(ctx, s.local, `SELECT count(*) FROM uploads WHERE account = ? AND hash = ?`, account, hash)
	return n > 0, err
}

// UploadsSince is how many files and bytes an applicant uploaded here since an
// instant.
func (s *Store) UploadsSince(ctx context.Context, account string, since int64) (files, bytes int64, err error) {
	err = s.local.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(size), 0) FROM uploads WHERE account = ? AND at >= ?`, account, since).Scan(&files, &bytes)
	return files, bytes, storage("read uploads", err)
}
