package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
)

// askedKey is the setting that holds the key of what was asked.
const askedKey = "asked_key"

// AskedKey is the key under which this node hashes what people ask. The first time
// it is the one that is offered.
func (s *Store) AskedKey(ctx context.Context, offered []byte) ([]byte, error) {
	if _, err := s.local.ExecContext(ctx, `INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, askedKey, base64.StdEncoding.EncodeToString(offered)); err != nil {
		return nil, storage("keep key", err)
	}
	text, err := s.Setting(ctx, askedKey)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text)
	return key, storage("read key", err)
}

// Asked is the hash of what was asked when an entry came of it; nil where this node
// does not know.
func (s *Store) Asked(ctx context.Context, entry string) (digest []byte, err error) {
	err = s.local.QueryRowContext(ctx, `SELECT digest FROM asked WHERE id = ?`, entry).Scan(&digest)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return digest, storage("read what was asked", err)
}

// KeepAsked keeps the hash of what was asked for an entry, and forgets those that
// are older than before, Unix milliseconds. Of two that are asked at once the first
// is kept, and given.
func (s *Store) KeepAsked(ctx context.Context, entry string, digest []byte, at, before int64) (first []byte, err error) {
	if _, err := s.local.ExecContext(ctx, `DELETE FROM asked WHERE at < ?`, before); err != nil {
		return nil, storage("forget what was asked", err)
	}
	if _, err := s.local.ExecContext(ctx, `INSERT INTO asked (id, digest, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, entry, digest, at); err != nil {
		return nil, storage("keep what was asked", err)
	}
	return s.Asked(ctx, entry)
}
