package store

import (
	"context"
	"database/sql"

	"github.com/tongban/tongban/node/division"
)

// FieldDevice is a device that staff take to people's homes, as the ledger knows
// it. Instants are Unix milliseconds by the clock of where it was done.
type FieldDevice struct {
	ID       string
	Staff    string
	Division division.Code
	// Node is where it was registered; Node and Name are empty, and RegisteredAt 0,
	// while the registration has not arrived here.
	Node, Name   string
	RegisteredAt int64
	// RevokedAt is 0 while it is in use; RevokedBy the name of who revoked it.
	RevokedAt         int64
	RevokedBy, Reason string
	// Revocation is the index of the revocation in the county's ledger, 0 before the
	// county has it.
	Revocation uint64
}

const selectFieldDevice = `SELECT id, staff, division, node, name, registered_at, revoked_at, revoked_by, reason,
	coalesce((SELECT e.idx FROM entries e WHERE e.id = field_devices.revocation), 0) FROM field_devices `

func scanFieldDevice(r *sql.Rows) (d FieldDevice, err error) {
	return d, r.Scan(&d.ID, &d.Staff, &d.Division, &d.Node, &d.Name, &d.RegisteredAt, &d.RevokedAt, &d.RevokedBy, &d.Reason, &d.Revocation)
}

// FieldDevice finds a device that the ledger knows.
func (s *Store) FieldDevice(ctx context.Context, id string) (*FieldDevice, error) {
	found, err := rowsOf(ctx, s.read, scanFieldDevice, selectFieldDevice+`WHERE id = ?`, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}

// FieldDevicesWithin lists the devices of a division and those below it, those in
// use first, then the latest.
func (s *Store) FieldDevicesWithin(ctx context.Context, within division.Code) ([]FieldDevice, error) {
	return rowsOf(ctx, s.read, scanFieldDevice, selectFieldDevice+`WHERE division >= ? AND division < ? ORDER BY revoked_at > 0, registered_at DESC, id LIMIT 5000`, string(within), string(within)+":")
}

// FieldDevicesOf lists a person's devices, the latest first.
func (s *Store) FieldDevicesOf(ctx context.Context, staff string) ([]FieldDevice, error) {
	return rowsOf(ctx, s.read, scanFieldDevice, selectFieldDevice+`WHERE staff = ? ORDER BY registered_at DESC, id LIMIT 1000`, staff)
}

// ForgetRevokedDevices carries out here what the ledger revoked: this node's half
// of each such device's key is destroyed, and its owner's logins here end, for
// nobody knows which of them it had; where the device was registered elsewhere,
// those from before the revocation. Called again it does nothing.
func (s *Store) ForgetRevokedDevices(ctx context.Context, now int64) (forgotten int, err error) {
	revoked, err := rowsOf(ctx, s.read, scanFieldDevice, selectFieldDevice+`WHERE revoked_at > 0 ORDER BY id`)
	if err != nil {
		return 0, err
	}
	for _, d := range revoked {
		here, err := s.local.ExecContext(ctx, `UPDATE devices SET key = x'', revoked_at = ? WHERE id = ? AND revoked_at = 0`, now, d.ID)
		if err != nil {
			return forgotten, storage("revoke device", err)
		}
		n, err := here.RowsAffected()
		if err != nil {
			return forgotten, storage("revoke device", err)
		}
		before := d.RevokedAt
		if n > 0 {
			before, forgotten = now, forgotten+1
		}
		if err := s.endSessionsUntil(ctx, d.Staff, before, now); err != nil {
			return forgotten, err
		}
	}
	return forgotten, nil
}

// endSessionsUntil ends the logins of a person that began up to a moment.
func (s *Store) endSessionsUntil(ctx context.Context, staff string, until, now int64) error {
	r, err := s.local.ExecContext(ctx, `UPDATE sessions SET ended_at = ? WHERE staff = ? AND ended_at = 0 AND created_at <= ?`, now, staff, until)
	if err != nil {
		return storage("end sessions", err)
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		s.sessions.forget()
		return storage("end sessions", err)
	}
	return nil
}
