package store

import "context"

// BrowserKey is the key with which a person's browsers at this node seal what
// they keep. The first time it is the one that is offered.
func (s *Store) BrowserKey(ctx context.Context, staff string, offered []byte) (key []byte, err error) {
	if _, err := s.local.ExecContext(ctx, `INSERT INTO browser_keys (staff, key) VALUES (?, ?) ON CONFLICT DO NOTHING`, staff, offered); err != nil {
		return nil, storage("keep browser key", err)
	}
	err = s.local.QueryRowContext(ctx, `SELECT key FROM browser_keys WHERE staff = ?`, staff).Scan(&key)
	return key, storage("read browser key", err)
}
