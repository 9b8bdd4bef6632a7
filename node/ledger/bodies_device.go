package ledger

import (
	"github.com/tongban/tongban/node/division"
)

// The bodies in this file are frozen: a change is a new version. They are about
// the devices that staff take to people's homes. No key is in them: the node
// where a device was registered has it, and destroys it.

// DeviceRegisterV1 says that a member of staff takes a device out, registered at
// the node the entry comes from.
type DeviceRegisterV1 struct {
	Device string `json:"device"`
	// Staff is its owner, Division the owner's office.
	Staff    string        `json:"staff"`
	Division division.Code `json:"division"`
	// Name is what the owner calls it.
	Name string `json:"name"`
}

// Check implements Body.
func (b *DeviceRegisterV1) Check() error {
	_, err := division.Parse(string(b.Division))
	return first(err, required("device", b.Device, maxIDBytes), required("staff", b.Staff, maxIDBytes), required("name", b.Name, maxName))
}

// DeviceRevokeV1 revokes a device that was lost: from wherever the entry has
// arrived it is answered with nothing but that. It says whose and of which
// office the device is, so that it holds also where it arrives before the
// registration.
type DeviceRevokeV1 struct {
	Device   string        `json:"device"`
	Staff    string        `json:"staff"`
	Division division.Code `json:"division"`
	Reason   string        `json:"reason"`
}

// Check implements Body.
func (b *DeviceRevokeV1) Check() error {
	_, err := division.Parse(string(b.Division))
	return first(err, required("device", b.Device, maxIDBytes), required("staff", b.Staff, maxIDBytes), required("reason", b.Reason, maxText))
}
