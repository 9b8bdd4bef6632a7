package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
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
// forget. That it was registered and revoked is in the ledger, so that the
// township and the county can revoke it too; the key never leaves the node.

// deviceHeader names the device that asks, once it is registered.
const deviceHeader = "Tongban-Device"

const deviceKeyBytes = 32

var (
	errDeviceRevoked = &problem{http.StatusForbidden, "device_revoked", "this device was revoked; what it holds is wiped", "本设备已被注销，所存内容将被清除", "如设备已找回，请重新登录并登记", nil, 0}
	errDevices       = &problem{http.StatusConflict, "too_many_devices", "you have as many devices as one person may; revoke one first", "登记的外出设备过多", "请先注销不再使用的设备", nil, 0}
)

// heedDevice refuses whatever comes from a device that was revoked, wherever in
// the county that was: what the ledger says holds from its arrival.
func (s *Server) heedDevice(r *http.Request) error {
	id := r.Header.Get(deviceHeader)
	if id == "" {
		return nil
	}
	return s.refuseRevoked(r.Context(), id)
}

func (s *Server) refuseRevoked(ctx context.Context, id string) error {
	revoked, err := s.store.DeviceRevoked(ctx, id)
	if err != nil {
		return err
	}
	known, err := s.store.FieldDevice(ctx, id)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case revoked || err == nil && known.RevokedAt > 0:
		return errDeviceRevoked
	}
	return nil
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
	// Nobody has the key before the ledger knows of the device: one that the county
	// does not know, it could not revoke.
	if err := s.registerDevice(ctx, actor, &d); err != nil {
		if err := s.store.RevokeDevice(context.WithoutCancel(ctx), d.ID, d.RegisteredAt); err != nil {
			s.o.Logger.ErrorContext(ctx, "a device that could not be registered is kept", "device", d.ID, "error", err)
		}
		return nil, err
	}
	return gen.AddDevice201JSONResponse(s.deviceKey(&d, actor.Name)), nil
}

func (s *Server) registerDevice(ctx context.Context, actor *Actor, d *store.Device) error {
	_, err := s.record(ctx, Action{Actor: actor.Self(), Kind: ledger.DeviceRegister, Key: "device:" + d.ID,
		Body: &ledger.DeviceRegisterV1{Device: d.ID, Staff: d.Staff, Division: actor.Division, Name: d.Name}})
	return err
}

// ListDevices lists one's own devices, or everybody's within reach.
func (s *Server) ListDevices(ctx context.Context, in gen.ListDevicesRequestObject) (gen.ListDevicesResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	var known []store.FieldDevice
	if in.Params.All {
		within, err := s.within(ctx, identity.DeviceManage, "")
		if err != nil {
			return nil, err
		}
		known, err = s.store.FieldDevicesWithin(ctx, within)
		if err != nil {
			return nil, err
		}
	} else if known, err = s.store.FieldDevicesOf(ctx, actor.Staff); err != nil {
		return nil, err
	}
	here, err := s.store.Devices(ctx, "")
	if err != nil {
		return nil, err
	}
	reports, err := s.node.Reports(ctx)
	if err != nil {
		return nil, err
	}
	local := make(map[string]*store.Device, len(here))
	for i := range here {
		d := &here[i]
		local[d.ID] = d
		if !slices.ContainsFunc(known, func(k store.FieldDevice) bool { return k.ID == d.ID }) && (in.Params.All || d.Staff == actor.Staff) {
			known = append(known, s.keptAlone(d))
		}
	}
	out := gen.ListDevices200JSONResponse{Devices: []gen.Device{}}
	for i := range known {
		d, err := s.device(ctx, &known[i], local[known[i].ID], reports)
		if err != nil {
			return nil, err
		}
		out.Devices = append(out.Devices, d)
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
	}
	if err := s.refuseRevoked(ctx, d.ID); err != nil {
		return nil, err
	}
	if err := s.store.SeeDevice(ctx, d.ID, s.o.Now().UnixMilli()); err != nil {
		return nil, err
	}
	return gen.GetDeviceKey200JSONResponse(s.deviceKey(d, actor.Name)), nil
}

// RevokeDevice revokes a device that was lost. Where this node has half of its
// key, that is destroyed at once, whatever becomes of the entry.
func (s *Server) RevokeDevice(ctx context.Context, in gen.RevokeDeviceRequestObject) (gen.RevokeDeviceResponseObject, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	known, err := s.fieldDevice(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	reason := ""
	if in.Body != nil {
		reason = strings.TrimSpace(in.Body.Reason)
	}
	by := actor.Self()
	if known.Staff != actor.Staff {
		if by, err = actor.As(identity.DeviceManage, identity.Target{Division: known.Division}); err != nil {
			return nil, errNotFound
		}
		need := needs{}
		need.text("reason", reason)
		if err := need.err(); err != nil {
			return nil, err
		}
	}
	if known.RevokedAt == 0 {
		if err := s.store.RevokeDevice(ctx, known.ID, s.o.Now().UnixMilli()); err != nil {
			return nil, err
		}
		if err := s.store.EndSessions(ctx, known.Staff, s.o.Now().UnixMilli()); err != nil {
			return nil, err
		}
		if _, err := s.record(ctx, Action{Actor: by, Kind: ledger.DeviceRevoke, Key: in.Params.IdempotencyKey,
			Body: &ledger.DeviceRevokeV1{Device: known.ID, Staff: known.Staff, Division: known.Division, Reason: cmp.Or(reason, "设备遗失")}}); err != nil {
			return nil, err
		}
		s.o.Logger.InfoContext(ctx, "a device was revoked", "device", known.ID, "staff", known.Staff, "by", actor.Staff)
		if known, err = s.fieldDevice(ctx, in.Id); err != nil {
			return nil, err
		}
	}
	reports, err := s.node.Reports(ctx)
	if err != nil {
		return nil, err
	}
	local, err := s.store.Device(ctx, known.ID)
	if errors.Is(err, store.ErrNotFound) {
		local, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	out, err := s.device(ctx, known, local, reports)
	return gen.RevokeDevice200JSONResponse(out), err
}

// fieldDevice finds a device, also one that this node alone knows.
func (s *Server) fieldDevice(ctx context.Context, id string) (*store.FieldDevice, error) {
	known, err := s.store.FieldDevice(ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return known, err
	}
	local, err := s.store.Device(ctx, id)
	if err != nil {
		return nil, found(err)
	}
	alone := s.keptAlone(local)
	return &alone, nil
}

// keptAlone is a device whose registration did not stand in the ledger: the county
// refused it, or this node kept it before devices were registered there.
func (s *Server) keptAlone(d *store.Device) store.FieldDevice {
	return store.FieldDevice{ID: d.ID, Staff: d.Staff, Division: s.self.Division, Node: s.self.Node, Name: d.Name, RegisteredAt: d.RegisteredAt}
}

// device is what there is to tell of a device; local is what this node itself
// keeps of it, nil where it was registered elsewhere.
func (s *Server) device(ctx context.Context, d *store.FieldDevice, local *store.Device, reports []store.PeerReport) (gen.Device, error) {
	out := gen.Device{Id: d.ID, Name: d.Name, Staff: d.Staff, Division: d.Division, Node: d.Node, RegisteredAt: d.RegisteredAt,
		RevokedAt: d.RevokedAt, RevokedBy: d.RevokedBy, Reason: d.Reason}
	if person, err := s.store.Staff(ctx, d.Staff); err == nil {
		out.Owner = person.Name
	} else if !errors.Is(err, store.ErrNotFound) {
		return out, err
	}
	if local != nil {
		out.SeenAt = local.SeenAt
		out.RevokedAt = cmp.Or(out.RevokedAt, local.RevokedAt)
	}
	effect, heard, err := s.effectOf(ctx, d, local, reports)
	out.NodeHeardMs = heard
	if out.RevokedAt > 0 {
		out.Effect = effect
	}
	return out, err
}

// effectOf tells where the revocation of a device holds, and when the node it was
// registered at was last heard. A machine that was restored goes on as another
// node, and that is the one to be heard.
func (s *Server) effectOf(ctx context.Context, d *store.FieldDevice, local *store.Device, reports []store.PeerReport) (effect gen.DeviceEffect, heard int64, err error) {
	at := d.Node
	for range maxSuccessions {
		n, err := s.store.Node(ctx, at)
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return "", 0, err
		}
		if n.Tier == node.County && s.self.Tier == node.County {
			return gen.DeviceHere, 0, nil // the hubs have one state
		}
		if n.SucceededBy == "" {
			break
		}
		at = n.SucceededBy
	}
	if local != nil || at == s.self.Node {
		return gen.DeviceHere, 0, nil
	}
	for _, r := range reports {
		if r.Node != at {
			continue
		}
		var said federation.Report
		if json.Unmarshal(r.Report, &said) == nil && d.Revocation > 0 && said.Cursor >= d.Revocation {
			return gen.DeviceThere, r.SeenAt, nil
		}
		return gen.DeviceUnderWay, r.SeenAt, nil
	}
	return gen.DeviceUnderWay, 0, nil
}

// maxSuccessions bounds how often one machine is followed from node to node.
const maxSuccessions = 100

func (s *Server) deviceKey(d *store.Device, owner string) gen.DeviceKey {
	return gen.DeviceKey{Key: base64.RawURLEncoding.EncodeToString(d.Key),
		Device: gen.Device{Id: d.ID, Name: d.Name, Staff: d.Staff, Owner: owner, Division: s.self.Division, Node: s.self.Node, RegisteredAt: d.RegisteredAt, SeenAt: d.SeenAt, RevokedAt: d.RevokedAt}}
}
