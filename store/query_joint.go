package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/joint"
	"github.com/tongban/tongban/node/ledger"
)

// PackageVersion is a version of a package as the catalog holds it.
type PackageVersion struct {
	catalog.Package
	Version  int    `json:"version"`
	Hash     string `json:"hash"`
	Drafter  string `json:"drafter,omitempty"`
	Approver string `json:"approver,omitempty"`
}

const selectPackage = `SELECT body, version, hash, drafter, approver FROM packages `

func scanPackage(rows *sql.Rows) (v PackageVersion, err error) {
	var body []byte
	if err := rows.Scan(&body, &v.Version, &v.Hash, &v.Drafter, &v.Approver); err != nil {
		return v, err
	}
	return v, json.Unmarshal(body, &v.Package)
}

// PackagesInForce lists the packages in force at an instant (Unix milliseconds),
// by code.
func (s *Store) PackagesInForce(ctx context.Context, at int64) ([]PackageVersion, error) {
	return rowsOf(ctx, s.read, scanPackage, selectPackage+`p JOIN (
		SELECT code AS c, version AS v, withdrawn,
			row_number() OVER (PARTITION BY code ORDER BY effective_from DESC, edition DESC) AS latest
		FROM edition_items WHERE effective_from <= ?) ON c = p.code AND v = p.version AND latest = 1 AND NOT withdrawn
		WHERE p.approver <> '' ORDER BY p.code`, at)
}

// Package is one version of a package.
func (s *Store) Package(ctx context.Context, code string, version int) (*PackageVersion, error) {
	found, err := rowsOf(ctx, s.read, scanPackage, selectPackage+`WHERE code = ? AND version = ?`, code, version)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	return &found[0], nil
}

// PackageInForce is the version of a package in force at an instant; ErrNotFound
// when there is none or it is withdrawn.
func (s *Store) PackageInForce(ctx context.Context, code string, at int64) (*PackageVersion, error) {
	var version int
	var withdrawn bool
	err := s.read.QueryRowContext(ctx, selectInForce, code, at).Scan(&version, &withdrawn)
	if errors.Is(err, sql.ErrNoRows) || err == nil && withdrawn {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storage("read edition", err)
	}
	return s.Package(ctx, code, version)
}

// LatestPackages lists the latest version of every package, drafts included.
func (s *Store) LatestPackages(ctx context.Context) ([]PackageVersion, error) {
	return rowsOf(ctx, s.read, scanPackage, selectPackage+`p WHERE version = (SELECT max(version) FROM packages WHERE code = p.code) ORDER BY code`)
}

// PackageVersions are the versions of a package, newest first.
func (s *Store) PackageVersions(ctx context.Context, code string) ([]PackageVersion, error) {
	return rowsOf(ctx, s.read, scanPackage, selectPackage+`WHERE code = ? ORDER BY version DESC`, code)
}

// Joint finds a joint matter by its id or its number in compact form.
func (s *Store) Joint(ctx context.Context, idOrNumber string) (*joint.Case, error) {
	return one[joint.Case](ctx, s.read, `SELECT body FROM joint_cases WHERE id = ?1 OR number = ?1`, idOrNumber)
}

// JointMembers are the cases of a joint matter, in its order.
func (s *Store) JointMembers(ctx context.Context, c *joint.Case) ([]*casework.Case, error) {
	members := make([]*casework.Case, 0, len(c.Members))
	for _, m := range c.Members {
		is, err := s.Case(ctx, m.Case)
		if err != nil {
			return nil, err
		}
		members = append(members, is)
	}
	return members, nil
}

// JointFilter selects joint matters. Empty fields select everything.
type JointFilter struct {
	Within division.Code
	// Department selects those that it leads or has a case of.
	Department string
	Package    string
	Status     joint.Status
	Number     string
	BeforeMS   int64
	BeforeID   string
	Limit      int
}

// Joints lists joint matters, the latest handed in first.
func (s *Store) Joints(ctx context.Context, f JointFilter) ([]joint.Case, error) {
	where, args := []string{"true"}, []any{}
	add := func(cond string, vals ...any) { where, args = append(where, cond), append(args, vals...) }
	if f.Within != "" {
		add(`division >= ? AND division < ?`, string(f.Within), string(f.Within)+":")
	}
	if f.Department != "" {
		add(`(department = ? OR EXISTS (SELECT 1 FROM joint_members m JOIN cases c ON c.id = m.case_id WHERE m.joint = joint_cases.id AND c.department = ?))`, f.Department, f.Department)
	}
	if f.Package != "" {
		add(`package = ?`, f.Package)
	}
	if f.Status != "" {
		add(`status = ?`, string(f.Status))
	}
	if f.Number != "" {
		add(`number >= ? AND number < ?`, f.Number, f.Number+":")
	}
	if f.BeforeMS > 0 {
		add(`(handed_in, id) < (?, ?)`, f.BeforeMS, f.BeforeID)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	return all[joint.Case](ctx, s.read, `SELECT body FROM joint_cases WHERE `+strings.Join(where, ` AND `)+` ORDER BY handed_in DESC, id DESC LIMIT ?`, append(args, limit)...)
}

// Findings are what the windows of a joint matter's cases found, in the order in
// which they said so, as the timeline has it.
func (s *Store) Findings(ctx context.Context, c *joint.Case) ([]joint.Finding, error) {
	var entries []EntryView
	for _, m := range c.Members {
		of, err := rowsOf(ctx, s.read, scanView, selectView+ofCase+` AND e.kind = 'package.finding' AND e.status = 'applied'`, m.Case)
		if err != nil {
			return nil, err
		}
		entries = append(entries, of...)
	}
	var all []joint.Finding
	for _, e := range inOrder(entries) {
		var b ledger.PackageFindingV1
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return nil, storage("read entry", err)
		}
		all = append(all, joint.Finding{Case: e.Case, Entry: e.ID, AtMS: e.OccurredAt, By: e.Actor, Points: b.Points})
	}
	return all, nil
}
