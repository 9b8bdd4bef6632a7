package store

import (
	"database/sql"
	"errors"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// This file is what entries make of the devices that staff take to people's
// homes. Registration and revocation come from different nodes and may arrive in
// either order; both orders make the same row.

var deviceOther = refuse("device_other", "设备不属于所列人员，请核对设备编号", "the device is not the named person's; check its id")

// ofOwnDevice reports whether an entry is about the actor's own device, which
// needs no other right.
func ofOwnDevice(staff string, body ledger.Body) bool {
	switch b := body.(type) {
	case *ledger.DeviceRegisterV1:
		return b.Staff == staff
	case *ledger.DeviceRevokeV1:
		return b.Staff == staff
	}
	return false
}

func (a *applier) prepareDevice(e *ledger.Entry, b *ledger.DeviceRegisterV1, from origin) (func() error, error) {
	if b.Division != from.Division && !a.told {
		return nil, refuse("division_elsewhere", "登记地点与本机不符", "the device was not registered at the node that recorded it")
	}
	if err := a.deviceFits(b.Device, b.Staff, b.Division); err != nil {
		return nil, err
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT INTO field_devices (id, staff, division, node, name, registered_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET node = excluded.node, name = excluded.name, registered_at = excluded.registered_at`,
			b.Device, b.Staff, string(b.Division), e.Origin, b.Name, e.OccurredAt)
	}, nil
}

// prepareDeviceRevocation revokes a device for good. Of several revocations the
// one that happened first stands, in whatever order they arrive: a second is no
// fault of whoever made it.
func (a *applier) prepareDeviceRevocation(e *ledger.Entry, b *ledger.DeviceRevokeV1) (func() error, error) {
	if err := a.deviceFits(b.Device, b.Staff, b.Division); err != nil {
		return nil, err
	}
	return func() error {
		a.s.touched = true
		return a.w.exec(a.ctx, `INSERT INTO field_devices (id, staff, division, revoked_at, revoked_by, reason, revocation) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET revoked_at = excluded.revoked_at, revoked_by = excluded.revoked_by, reason = excluded.reason, revocation = excluded.revocation
			WHERE revoked_at = 0 OR (excluded.revoked_at, excluded.revocation) < (revoked_at, revocation)`,
			b.Device, b.Staff, string(b.Division), e.OccurredAt, e.Actor.Name, b.Reason, e.ID)
	}, nil
}

// deviceFits refuses what says of a known device that it is somebody else's.
func (a *applier) deviceFits(id, staff string, at division.Code) error {
	var owner, office string
	err := a.w.row(a.ctx, `SELECT staff, division FROM field_devices WHERE id = ?`, id).Scan(&owner, &office)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return storage("read device", err)
	case owner != staff || office != string(at):
		return deviceOther
	}
	return nil
}
