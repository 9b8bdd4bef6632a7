package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// People and their roles; changes at the county:
//
//	GET  /api/v1/staff                ListStaff
//	POST /api/v1/staff                AddStaff
//	PUT  /api/v1/staff/{id}/roles     SetStaffRoles
//	POST /api/v1/staff/{id}/disable   DisableStaff
//	POST /api/v1/staff/{id}/password  ResetStaffPassword

// ListStaff lists the people within the caller's reach.
func (s *Server) ListStaff(ctx context.Context, in gen.ListStaffRequestObject) (gen.ListStaffResponseObject, error) {
	within, err := s.within(ctx, identity.StaffRead, in.Params.Division)
	if err != nil {
		return nil, err
	}
	actor, err := actorOf(ctx)
	if err != nil {
		return nil, err
	}
	_, department, _ := actor.Reach(identity.StaffRead)
	people, err := s.store.StaffWithin(ctx, within)
	if err != nil {
		return nil, err
	}
	out := gen.ListStaff200JSONResponse{Staff: []gen.Staff{}}
	for i := range people {
		if department != "" && people[i].Department != department {
			continue
		}
		if in.Params.Role == "" || slices.Contains(people[i].Now().Roles, in.Params.Role) {
			out.Staff = append(out.Staff, staffView(&people[i]))
		}
	}
	return out, nil
}

// AddStaff takes a person on.
func (s *Server) AddStaff(ctx context.Context, in gen.AddStaffRequestObject) (gen.AddStaffResponseObject, error) {
	actor, err := as(ctx, identity.StaffManage, identity.Target{Division: in.Body.Division})
	if err != nil {
		return nil, err
	}
	if err := rolesFit(in.Body.Division, in.Body.Department, in.Body.Roles); err != nil {
		return nil, err
	}
	if !in.Body.NewDepartment && slices.ContainsFunc(in.Body.Roles, identity.Role.Departmental) {
		if err := s.departmentThere(ctx, in.Body.Division, in.Body.Department); err != nil {
			return nil, err
		}
	}
	key := in.Params.IdempotencyKey
	initial, hash, err := s.initialPassword(ctx, s.actionID(actor, key), in.Body.Password, in.Body.Login)
	if err != nil {
		return nil, err
	}
	change := initial != "" || in.Body.MustChangePassword == nil || *in.Body.MustChangePassword
	want := &ledger.StaffAddV1{Staff: uuid.Must(uuid.NewV7()).String(), Login: in.Body.Login, Name: in.Body.Name, Division: in.Body.Division,
		Department: in.Body.Department, Roles: in.Body.Roles, PasswordHash: hash, MustChange: change}
	first, recorded, err := recordedAs(ctx, s, Action{Actor: actor, Kind: ledger.StaffAdd, Body: want, Key: key}, want)
	if err != nil {
		return nil, err
	}
	want.Staff = first.Staff
	if err := s.samePassword(ctx, in.Body.Password, initial, first.PasswordHash, &want.PasswordHash); err != nil {
		return nil, err
	}
	if !sameBody(want, first) {
		return nil, errKeyReused
	}
	person, err := s.store.Staff(ctx, first.Staff)
	if err != nil {
		return nil, err
	}
	return gen.AddStaff201JSONResponse{Staff: staffView(person), InitialPassword: initial, Recorded: recorded}, nil
}

// SetStaffRoles sets a person's roles from now on.
func (s *Server) SetStaffRoles(ctx context.Context, in gen.SetStaffRolesRequestObject) (gen.SetStaffRolesResponseObject, error) {
	actor, person, err := s.manage(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	if err := rolesFit(person.Division, person.Department, in.Body.Roles); err != nil {
		return nil, err
	}
	if !slices.Contains(in.Body.Roles, identity.CountyOperator) {
		leave, err := s.operatorLeaves(ctx, person)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.StaffRoles, Body: &ledger.StaffRolesV1{Staff: person.ID, Roles: in.Body.Roles}, Key: in.Params.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	return gen.SetStaffRoles200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// DisableStaff takes all rights from a person, or gives them back.
func (s *Server) DisableStaff(ctx context.Context, in gen.DisableStaffRequestObject) (gen.DisableStaffResponseObject, error) {
	actor, person, err := s.manage(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	disabled := in.Body.Disabled == nil || *in.Body.Disabled
	if disabled && person.ID == actor.Staff {
		return nil, errSelfDisable
	}
	if disabled {
		leave, err := s.operatorLeaves(ctx, person)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.StaffDisable, Key: in.Params.IdempotencyKey,
		Body: &ledger.StaffDisableV1{Staff: person.ID, Disabled: disabled, Reason: in.Body.Reason}})
	if err != nil {
		return nil, err
	}
	if disabled {
		if err := s.store.EndSessions(ctx, person.ID, s.o.Now().UnixMilli()); err != nil {
			return nil, err
		}
	}
	return gen.DisableStaff200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, nil
}

// ResetStaffPassword sets a password that must be changed at the next login.
func (s *Server) ResetStaffPassword(ctx context.Context, in gen.ResetStaffPasswordRequestObject) (gen.ResetStaffPasswordResponseObject, error) {
	actor, person, err := s.manage(ctx, in.Id)
	if err != nil {
		return nil, err
	}
	key := in.Params.IdempotencyKey
	initial, hash, err := s.initialPassword(ctx, s.actionID(actor, key), in.Body.Password, person.Login)
	if err != nil {
		return nil, err
	}
	want := &ledger.StaffPasswordV1{Staff: person.ID, PasswordHash: hash, MustChange: true}
	first, recorded, err := recordedAs(ctx, s, Action{Actor: actor, Kind: ledger.StaffPassword, Body: want, Key: key}, want)
	if err != nil {
		return nil, err
	}
	repeat := first.PasswordHash != hash
	if first.Staff != want.Staff {
		return nil, errKeyReused
	}
	if err := s.samePassword(ctx, in.Body.Password, initial, first.PasswordHash, &want.PasswordHash); err != nil {
		return nil, err
	}
	if repeat && person.PasswordHash != first.PasswordHash {
		// It was changed since: whoever logged in with that stays.
		return gen.ResetStaffPassword200JSONResponse{InitialPassword: initial, Recorded: recorded}, nil
	}
	if err := s.store.EndSessions(ctx, person.ID, s.o.Now().UnixMilli()); err != nil {
		return nil, err
	}
	if err := s.store.SetLoginFailures(ctx, person.Login, 0, 0); err != nil {
		return nil, err
	}
	return gen.ResetStaffPassword200JSONResponse{InitialPassword: initial, Recorded: recorded}, nil
}

// departmentThere refuses to take somebody on for a department that no item or
// package names and nobody is of: no case would come to them. Before there is a
// catalog every name is as good.
func (s *Server) departmentThere(ctx context.Context, at division.Code, department string) error {
	items, err := s.store.LatestItems(ctx)
	if err != nil || len(items) == 0 || slices.ContainsFunc(items, func(i store.ItemVersion) bool { return i.Department == department }) {
		return err
	}
	packages, err := s.store.LatestPackages(ctx)
	if err != nil || slices.ContainsFunc(packages, func(p store.PackageVersion) bool { return p.LeadDepartment == department }) {
		return err
	}
	people, err := s.store.StaffAt(ctx, at)
	if err != nil || slices.ContainsFunc(people, func(p identity.Staff) bool { return p.Department == department }) {
		return err
	}
	return &store.Refused{Code: "department_unknown", ZH: "没有“" + department + "”：事项目录中没有由它实施的事项，也没有它的人员；请核对部门全称，确是新设部门的请注明（new_department，命令行用 --new-department）",
		EN: "there is no such department: no item is its and nobody is of it. Check its full name, or say that it is new (new_department, --new-department)"}
}

// manage finds a person whom the caller may manage.
func (s *Server) manage(ctx context.Context, id string) (identity.Actor, *identity.Staff, error) {
	person, err := s.store.Staff(ctx, id)
	if err != nil {
		return identity.Actor{}, nil, found(err)
	}
	actor, err := as(ctx, identity.StaffManage, identity.Target{Division: person.Division, Department: person.Department})
	return actor, person, err
}

// operatorLeaves refuses to take the rights of the county's last operator, which
// nobody could give back. No other operator loses theirs here until the returned
// function is called.
func (s *Server) operatorLeaves(ctx context.Context, person *identity.Staff) (done func(), err error) {
	if !person.Now().Holds(identity.CountyOperator) {
		return func() {}, nil
	}
	s.operators.Lock()
	defer func() {
		if err != nil {
			s.operators.Unlock()
		}
	}()
	if err := s.node.Fresh(ctx); err != nil {
		return nil, err
	}
	people, err := s.store.StaffAt(ctx, person.Division)
	if err != nil {
		return nil, err
	}
	loses, left := false, false
	for i := range people {
		if people[i].Now().Holds(identity.CountyOperator) {
			loses, left = loses || people[i].ID == person.ID, left || people[i].ID != person.ID
		}
	}
	if loses && !left {
		return nil, errLastOperator
	}
	return s.operators.Unlock, nil
}

// shownPassword is a password that was made here, in memory alone.
type shownPassword struct {
	password string
	until    time.Time
}

// passwordShown is for how long a repeat shows a password again.
const passwordShown = 15 * time.Minute

// errPasswordShown answers a repeat whose password nobody has any more.
var errPasswordShown = &problem{http.StatusConflict, "password_shown", "this was recorded, and the password that was made is kept nowhere; reset it for a new one", "已经办好；当时生成的初始密码没有保存，无法再次显示", "请到“人员”页为其重置密码（命令行用 tongban staff reset-password）", nil, 0}

// initialPassword hashes a given password, or makes one and returns it to be
// shown: the same again for a repeat of the action, while this node remembers it.
func (s *Server) initialPassword(ctx context.Context, action, given, login string) (made, hash string, err error) {
	if given == "" {
		if shown, ok := s.passwords.get(action); ok && s.o.Now().Before(shown.until) {
			made = shown.password
		} else if made, err = trust.InitialPassword(); err != nil {
			return "", "", err
		}
		if action != "" {
			s.passwords.set(action, shownPassword{made, s.o.Now().Add(passwordShown)})
		}
		given = made
	}
	hash, err = s.hashPassword(ctx, given, login)
	return made, hash, err
}

// samePassword makes sure that the password of a request is the one that was
// recorded: each time it has another hash, and another hub, or this one before it was
// started anew, may have made out another.
func (s *Server) samePassword(ctx context.Context, given, made, first string, hash *string) error {
	if *hash == first {
		return nil
	}
	check, err := s.o.Hasher.Verify(ctx, cmp.Or(given, made), first)
	switch {
	case err != nil:
		return err
	case !check.OK && given == "":
		return errPasswordShown
	case !check.OK:
		return errKeyReused
	}
	*hash = first
	return nil
}

// within is the division to list: the one asked for, which the caller's reach
// must cover, else all of that reach.
func (s *Server) within(ctx context.Context, action identity.Action, asked division.Code) (division.Code, error) {
	actor, err := actorOf(ctx)
	if err != nil {
		return "", err
	}
	within, _, ok := actor.Reach(action)
	switch {
	case !ok:
		return "", &identity.Denied{Role: actor.Roles[0], Action: action, Why: "role"}
	case asked == "":
		return within, nil
	case !within.Contains(asked):
		return "", &identity.Denied{Role: actor.Roles[0], Action: action, Why: "division"}
	}
	return asked, nil
}

// rolesFit tells which roles do not exist at a division's tier or lack a
// department.
func rolesFit(at division.Code, department string, roles []identity.Role) error {
	var faults []catalog.Fault
	for i, r := range roles {
		switch {
		case r.Tier() != at.Tier():
			faults = append(faults, catalog.Fault{Path: pathAt("roles", i), Code: catalog.FaultConflict, ZH: "该岗位不属于这一层级", EN: "the role does not exist at this tier"})
		case r.Departmental() && department == "":
			faults = append(faults, catalog.Fault{Path: "department", Code: catalog.FaultMissing, ZH: "部门岗位须填写部门", EN: "the role needs a department"})
		case slices.Contains(roles[:i], r):
			faults = append(faults, catalog.Fault{Path: pathAt("roles", i), Code: catalog.FaultDuplicate, ZH: "重复", EN: "stands twice"})
		}
	}
	if len(faults) > 0 {
		return errInvalid.with(faults...)
	}
	return nil
}

func staffView(p *identity.Staff) gen.Staff {
	now := p.Now()
	roles := now.Roles
	if roles == nil {
		roles = []identity.Role{}
	}
	roster, duty := rosterView(p)
	return gen.Staff{Roster: roster, Duty: duty, Id: p.ID, Login: p.Login, Name: p.Name, Division: p.Division, Department: p.Department,
		Roles: roles, Disabled: now.Disabled, MustChangePassword: p.MustChange}
}
