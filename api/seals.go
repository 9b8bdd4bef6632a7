package api

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// Electronic seals:
//
//	GET  /api/v1/seals               ListSeals
//	POST /api/v1/seals               MakeSeal
//	POST /api/v1/seals/{key}/revoke  RevokeSeal

// ListSeals lists the seals there are and have been.
func (s *Server) ListSeals(ctx context.Context, _ gen.ListSealsRequestObject) (gen.ListSealsResponseObject, error) {
	all, err := s.store.Seals(ctx)
	if err != nil {
		return nil, err
	}
	out := gen.ListSeals200JSONResponse{Seals: make([]gen.Seal, 0, len(all))}
	for _, seal := range all {
		holder, err := s.holderName(ctx, &seal)
		if err != nil {
			return nil, err
		}
		c := seal.Certificate
		inUse, outdated := seal.EndedAt == 0 && seal.RevokedAt == 0, false
		if inUse {
			if outdated, err = s.node.SealOutdated(ctx, &seal); err != nil {
				return nil, err
			}
		}
		out.Seals = append(out.Seals, gen.Seal{Key: seal.Key, Division: c.Division, Holder: holder, Generation: c.Generation, Public: base64.StdEncoding.EncodeToString(c.Public),
			MadeAt: seal.MadeAt, EndedAt: seal.EndedAt, RevokedAt: seal.RevokedAt, Reason: seal.Reason, InUse: inUse, Outdated: outdated})
	}
	return out, nil
}

// holderName is whose a seal is, as people call it.
func (s *Server) holderName(ctx context.Context, seal *store.Seal) (string, error) {
	if seal.Certificate.Department != "" {
		return seal.Certificate.Department, nil
	}
	d, err := s.store.Division(ctx, seal.Certificate.Division)
	if errors.Is(err, store.ErrNotFound) {
		return string(seal.Certificate.Division), nil
	}
	if err != nil {
		return "", err
	}
	return d.Name, nil
}

// MakeSeal makes a holder's next seal.
func (s *Server) MakeSeal(ctx context.Context, in gen.MakeSealRequestObject) (gen.MakeSealResponseObject, error) {
	actor, err := as(ctx, identity.SealManage, identity.Target{Division: s.self.Division, Department: in.Body.Department})
	if err != nil {
		return nil, err
	}
	if in.Body.Department != "" && s.self.Tier == node.County {
		if err := s.departmentKnown(ctx, in.Body.Department); err != nil {
			return nil, err
		}
	}
	id := s.node.ActionID(actor.Staff, in.Params.IdempotencyKey)
	err = s.once(ctx, Action{Actor: actor, Kind: ledger.SealMake, Key: in.Params.IdempotencyKey}, func() error {
		_, err := s.store.Entry(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			_, err = s.node.MakeSeal(ctx, actor, in.Body.Department, in.Params.IdempotencyKey)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	recorded, err := s.recorded(ctx, id)
	return gen.MakeSeal201JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

// departmentKnown refuses a seal for a department that answers for nothing.
func (s *Server) departmentKnown(ctx context.Context, department string) error {
	items, err := s.store.LatestItems(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(items, func(i store.ItemVersion) bool { return i.Department == department }) {
		return nil
	}
	return &store.Refused{Code: "department_unknown", ZH: "事项目录中没有由该部门实施的事项，请核对部门全称", EN: "no item of the catalog is this department's; check its full name"}
}

// RevokeSeal revokes a seal.
func (s *Server) RevokeSeal(ctx context.Context, in gen.RevokeSealRequestObject) (gen.RevokeSealResponseObject, error) {
	all, err := s.store.Seals(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(seal store.Seal) bool { return seal.Key == in.Key })
	if i < 0 {
		return nil, errNotFound
	}
	c := all[i].Certificate
	actor, err := as(ctx, identity.SealManage, identity.Target{Division: c.Division, Department: c.Department})
	if err != nil {
		return nil, err
	}
	recorded, err := s.record(ctx, Action{Actor: actor, Kind: ledger.SealRevoke, Key: in.Params.IdempotencyKey,
		Body: &ledger.SealRevokeV1{Key: in.Key, Division: c.Division, Department: c.Department, At: s.o.Now().UnixMilli(), Reason: in.Body.Reason}})
	return gen.RevokeSeal200JSONResponse{RecordedAnswerJSONResponse: gen.RecordedAnswerJSONResponse(recorded)}, err
}

// isSeal reports whether a key is a seal's.
func (s *Server) isSeal(ctx context.Context, key string) (bool, error) {
	all, err := s.store.Seals(ctx)
	return slices.ContainsFunc(all, func(seal store.Seal) bool { return seal.Key == key }), err
}

// sealLine is what a page says of the seal whose key signed it, empty where none did.
func (s *Server) sealLine(ctx context.Context, key string) string {
	all, err := s.store.Seals(ctx)
	if err != nil {
		return ""
	}
	for i := range all {
		if all[i].Key != key {
			continue
		}
		if holder, err := s.holderName(ctx, &all[i]); err == nil {
			return holder + "（电子印章）"
		}
	}
	return ""
}
