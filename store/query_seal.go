package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// Seal is an electronic seal.
type Seal struct {
	Key         string
	Certificate identity.SealCertificate
	Sig         []byte
	// MadeAt, EndedAt (a newer one took its place) and RevokedAt are Unix
	// milliseconds; 0 while it has not happened.
	MadeAt, EndedAt, RevokedAt int64
	Reason                     string
}

const selectSeal = `SELECT key, certificate, sig, made_at, ended_at, revoked_at, reason FROM seals `

func scanSeal(r *sql.Rows) (s Seal, err error) {
	var certificate []byte
	if err := r.Scan(&s.Key, &certificate, &s.Sig, &s.MadeAt, &s.EndedAt, &s.RevokedAt, &s.Reason); err != nil {
		return s, err
	}
	return s, json.Unmarshal(certificate, &s.Certificate)
}

// Seals lists the seals there have been, by holder, the newest of each first.
func (s *Store) Seals(ctx context.Context) ([]Seal, error) {
	return rowsOf(ctx, s.read, scanSeal, selectSeal+`ORDER BY division, department, generation DESC`)
}

// SealOf is a holder's seal in use: a department's of the county, or with an
// empty department a township's. ErrNotFound when there is none.
func (s *Store) SealOf(ctx context.Context, at division.Code, department string) (*Seal, error) {
	found, err := rowsOf(ctx, s.read, scanSeal, selectSeal+`WHERE division = ? AND department = ? AND ended_at = 0 AND revoked_at = 0`, string(at), department)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}

// SealGeneration is the last generation a holder's seal has come to; 0 before
// the first.
func (s *Store) SealGeneration(ctx context.Context, at division.Code, department string) (int, error) {
	n, err := count(ctx, s.read, `SELECT coalesce(max(generation), 0) FROM seals WHERE division = ? AND department = ?`, string(at), department)
	return int(n), err
}

// Vouched is the county's word for a node's key.
type Vouched struct {
	Credential identity.Credential
	// Root is the county's signature over the credential.
	Root []byte
}

// Vouched lists every credential the county has given that this node knows of.
func (s *Store) Vouched(ctx context.Context) ([]Vouched, error) {
	return rowsOf(ctx, s.read, func(r *sql.Rows) (v Vouched, err error) {
		var raw []byte
		if err := r.Scan(&raw); err != nil {
			return v, err
		}
		e, err := ledger.ParseEntry(raw)
		if err != nil {
			return v, err
		}
		body, err := e.Decode()
		if err != nil {
			return v, err
		}
		switch b := body.(type) {
		case *ledger.NodeEnrolV1:
			v = Vouched{b.Credential, b.Root}
		case *ledger.NodeRenewV1:
			v = Vouched{b.Credential, b.Root}
		}
		return v, nil
	}, `SELECT entry FROM entries WHERE kind IN ('node.enrol', 'node.renew') AND status = 'applied' ORDER BY n`)
}
