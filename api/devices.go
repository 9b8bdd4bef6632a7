package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/store"
)

// The devices that staff take to people's homes, out of reach of the node:
//
//	POST /api/v1/devices              AddDevice
//	GET  /api/v1/devices              ListDevices
//	GET  /api/v1/devices/{id}/key     GetDeviceKey
//	POST /api/v1/devices/{id}/revoke  RevokeDevice
//
// What is queued on a device is sealed with a key of which the node keeps one
// half, so that it opens for who is logged in, and a lost device can be told to
// forget.

// deviceHeader names the device that asks, once it is registered.
const deviceHeader = "Tongban-Device"

const deviceKeyBytes = 32

var (
	errDeviceRevoked = &problem{http.StatusForbidden, "device_revoked", "this device was revoked; what it holds is wiped", "本设备已被注销，所存内容将被清除", "如设备已找回，请重新登录并登记", nil, 0}
	errDevices       = &problem{http.StatusConflict, "too_many_devices", "you have as many devices as one person may; revoke one first", "登记的外出设备过多", "请先注销不再使用的设备", nil, 0}
)

// heedDevice refuses whatever comes from a device that was revoked.
func (s *Server) heedDevice(r *http.Request) error {
	id := r.Header.Get(deviceHeader)
	if id == "" {
		return nil
	}
	revoked, err := s.store.DeviceRevoked(r.Context(), id)
	if err == nil && revoked {
		err = errDeviceRevoked
	}
	return err
}

// AddDevice registers a device of one's own.
func (s *Server) AddDevice(ctx context.Context, in gen.AddDeviceRequestObject) (gen.AddDeviceResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(in.Body.Name)
	need := needs{}
	need.text("name", name)
	if err := need.err(); err != nil {
		return nil, err
	}
	person, err := s.store.Staff(ctx, actor.Staff)
	if err != nil {
		return nil, err
	}
	if _, err := s.checkLogin(ctx, person.Login, in.Body.Password); err != nil {
		return nil, err
	}
	d := store.Device{ID: rand.Text(), Staff: actor.Staff, Name: name, Key: make([]byte, deviceKeyBytes), RegisteredAt: s.o.Now().UnixMilli()}
	rand.Read(d.Key) // never fails: it ends the process instead
	d.SeenAt = d.RegisteredAt
	err = s.store.AddDevice(ctx, d)
	if errors.Is(err, store.ErrTooManyDevices) {
		return nil, errDevices
	}
	if err != nil {
		return nil, err
	}
	return gen.AddDevice201JSONResponse(deviceKey(&d)), nil
}

// ListDevices lists one's own devices, or everybody's at this node.
func (s *Server) ListDevices(ctx context.Context, in gen.ListDevicesRequestObject) (gen.ListDevicesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	whose := actor.Staff
	if in.Params.All {
		if err := s.managesStaff(actor); err != nil {
			return nil, err
		}
		whose = ""
	}
	all, err := s.store.Devices(ctx, whose)
	if err != nil {
		return nil, err
	}
	out := gen.ListDevices200JSONResponse{Devices: []gen.Device{}}
	for i := range all {
		out.Devices = append(out.Devices, deviceOf(&all[i]))
	}
	return out, nil
}

// GetDeviceKey gives this node's half of the key of one's own device.
func (s *Server) GetDeviceKey(ctx context.Context, in gen.GetDeviceKeyRequestObject) (gen.GetDeviceKeyResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.store.Device(ctx, in.Id)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && d.Staff != actor.Staff:
		return nil, errNotFound
	case err != nil:
		return nil, err
	case d.RevokedAt > 0:
		return nil, errDeviceRevoked
	}
	if err := s.store.SeeDevice(ctx, d.ID, s.o.Now().UnixMilli()); err != nil {
		return nil, err
	}
	return gen.GetDeviceKey200JSONResponse(deviceKey(d)), nil
}

// RevokeDevice revokes a device that was lost, and ends all logins of its owner
// here: nobody knows which of them it had.
func (s *Server) RevokeDevice(ctx context.Context, in gen.RevokeDeviceRequestObject) (gen.RevokeDeviceResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.store.Device(ctx, in.Id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNotFound
	}
	if err != nil {
		return nil, err
	}
	if d.Staff != actor.Staff && s.managesStaff(actor) != nil {
		return nil, errNotFound
	}
	now := s.o.Now().UnixMilli()
	if d.RevokedAt == 0 {
		if err := s.store.RevokeDevice(ctx, d.ID, now); err != nil {
			return nil, err
		}
		if err := s.store.EndSessions(ctx, d.Staff, now); err != nil {
			return nil, err
		}
		s.o.Logger.InfoContext(ctx, "a device was revoked", "device", d.ID, "staff", d.Staff)
	}
	if d, err = s.store.Device(ctx, d.ID); err != nil {
		return nil, err
	}
	return gen.RevokeDevice200JSONResponse(deviceOf(d)), nil
}

// managesStaff is the error of somebody who does not manage this node's staff.
func (s *Server) managesStaff(actor *Actor) error {
	_, err := actor.As(identity.StaffManage, identity.Target{Division: s.self.Division, Department: actor.Department})
	return err
}

func deviceOf(d *store.Device) gen.Device {
	return gen.Device{Id: d.ID, Name: d.Name, Staff: d.Staff, RegisteredAt: d.RegisteredAt, SeenAt: d.SeenAt, RevokedAt: d.RevokedAt}
}

func deviceKey(d *store.Device) gen.DeviceKey {
	return gen.DeviceKey{Device: deviceOf(d), Key: base64.RawURLEncoding.EncodeToString(d.Key)}
}
