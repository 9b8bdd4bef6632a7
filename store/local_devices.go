package store

import (
	"context"
	"database/sql"
	"errors"
)

// Device is what a member of staff takes to people's homes. Key is this node's
// half of the key of what is queued on it, none once it was revoked; instants
// are Unix milliseconds.
type Device struct {
	ID           string
	Staff        string
	Name         string
	Key          []byte
	RegisteredAt int64
	SeenAt       int64
	RevokedAt    int64
}

// ErrTooManyDevices is one device more than somebody may have at a node.
var ErrTooManyDevices = errors.New("store: too many devices")

// maxDevices is how many devices in use one person has at most.
const maxDevices = 10

// AddDevice keeps a new device.
func (s *Store) AddDevice(ctx context.Context, d Device) error {
	r, err := s.local.ExecContext(ctx, `INSERT INTO devices (id, staff, name, key, registered_at, seen_at) SELECT ?, ?, ?, ?, ?, ?
		WHERE (SELECT count(*) FROM devices WHERE staff = ? AND revoked_at = 0) < ?`, d.ID, d.Staff, d.Name, d.Key, d.RegisteredAt, d.RegisteredAt, d.Staff, maxDevices)
	if err != nil {
		return storage("add device", err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ErrTooManyDevices, err)
	}
	return nil
}

const deviceColumns = `id, staff, name, key, registered_at, seen_at, revoked_at`

func scanDevice(row interface{ Scan(...any) error }) (*Device, error) {
	var d Device
	err := row.Scan(&d.ID, &d.Staff, &d.Name, &d.Key, &d.RegisteredAt, &d.SeenAt, &d.RevokedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	return &d, storage("read device", err)
}

// Device finds a device.
func (s *Store) Device(ctx context.Context, id string) (*Device, error) {
	return scanDevice(s.local.QueryRowContext(ctx, `SELECT `+deviceColumns+` FROM devices WHERE id = ?`, id))
}

// Devices lists the devices of a person, of everybody with "", the latest first.
func (s *Store) Devices(ctx context.Context, staff string) ([]Device, error) {
	rows, err := s.local.QueryContext(ctx, `SELECT `+deviceColumns+` FROM devices WHERE ? IN ('', staff) ORDER BY registered_at DESC, id LIMIT 1000`, staff)
	if err != nil {
		return nil, storage("list devices", err)
	}
	defer rows.Close()
	var all []Device
	for rows.Next() {
		d, err := scanDevice(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, *d)
	}
	return all, storage("list devices", rows.Err())
}

// SeeDevice notes that a device asked for its key.
func (s *Store) SeeDevice(ctx context.Context, id string, now int64) error {
	_, err := s.local.ExecContext(ctx, `UPDATE devices SET seen_at = max(seen_at, ?) WHERE id = ?`, now, id)
	return storage("note device", err)
}

// RevokeDevice destroys this node's half of a device's key. Revoked again it
// stays as it was.
func (s *Store) RevokeDevice(ctx context.Context, id string, now int64) error {
	_, err := s.local.ExecContext(ctx, `UPDATE devices SET key = x'', revoked_at = ? WHERE id = ? AND revoked_at = 0`, now, id)
	return storage("revoke device", err)
}

// DeviceRevoked reports whether a device was revoked here. One that this node
// never had is not known to be.
func (s *Store) DeviceRevoked(ctx context.Context, id string) (bool, error) {
	n, err := count(ctx, s.local, `SELECT count(*) FROM devices WHERE id = ? AND revoked_at > 0`, id)
	return n > 0, err
}
