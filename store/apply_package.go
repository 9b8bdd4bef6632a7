package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// Packages come into the catalog as items do: one person drafts a version,
// another approves it, an edition puts it into force.

func (a *applier) preparePackageDraft(e *ledger.Entry, b *ledger.PackageDraftV1) (func() error, error) {
	p, err := readPackage(b.Code, b.Hash, b.Package)
	if err != nil {
		return nil, err
	}
	if err := a.checkPackage(p); err != nil {
		return nil, err
	}
	last, err := a.w.number(a.ctx, `SELECT coalesce(max(version), 0) FROM packages WHERE code = ?`, b.Code)
	if err != nil {
		return nil, err
	}
	approved, err := a.w.number(a.ctx, `SELECT count(*) FROM packages WHERE code = ? AND version = ? AND approver <> ''`, b.Code, b.Version)
	if err != nil {
		return nil, err
	}
	if int64(b.Version) != last+1 && (int64(b.Version) != last || approved != 0) {
		return nil, refuse("version", fmt.Sprintf("下一版本应为 %d", last+1), fmt.Sprintf("the next version is %d", last+1))
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT INTO packages (code, version, hash, body, drafter) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (code, version) DO UPDATE SET hash = excluded.hash, body = excluded.body, drafter = excluded.drafter`,
			b.Code, b.Version, b.Hash, string(catalog.CanonicalPackage(*p)), e.Actor.Staff)
	}, nil
}

// checkPackage holds a package against the newest approved version of each of
// its items.
func (a *applier) checkPackage(p *catalog.Package) error {
	var failed error
	faults := catalog.CheckPackage(*p, func(code string) (catalog.Item, bool) {
		version, err := a.w.number(a.ctx, `SELECT coalesce(max(version), 0) FROM items WHERE code = ? AND approver <> ''`, code)
		if err != nil {
			failed = err
			return catalog.Item{}, false
		}
		item, err := a.item(code, int(version))
		if err != nil {
			failed = err
		}
		if item == nil {
			return catalog.Item{}, false
		}
		return *item, true
	})
	switch {
	case failed != nil:
		return failed
	case len(faults) > 0:
		return &Refused{Code: "package_faults", ZH: "一件事未通过发布前检查", EN: "the package does not pass the checks before publishing", Faults: faults}
	}
	return nil
}

func (a *applier) preparePackageApproval(e *ledger.Entry, b *ledger.PackageApproveV1) (func() error, error) {
	p, err := readPackage(b.Code, b.Hash, b.Package)
	if err != nil {
		return nil, err
	}
	if isCounty(a.s.self.Tier) {
		if err := a.checkApproval(e, "packages", b.Code, b.Version, b.Hash); err != nil {
			return nil, err
		}
	}
	return func() error {
		return a.w.exec(a.ctx, `INSERT INTO packages (code, version, hash, body, approver) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (code, version) DO UPDATE SET hash = excluded.hash, body = excluded.body, approver = excluded.approver`,
			b.Code, b.Version, b.Hash, string(catalog.CanonicalPackage(*p)), e.Actor.Staff)
	}, nil
}

// readPackage checks that a package is the one its hash names, as readItem does.
func readPackage(code, hash string, raw json.RawMessage) (*catalog.Package, error) {
	p, faults := catalog.ParsePackage(raw)
	if len(faults) > 0 {
		return nil, &Refused{Code: "package_faults", ZH: "一件事格式有误", EN: "the package is not well-formed", Faults: faults}
	}
	if p.Code != code || catalog.HashPackage(p) != hash {
		return nil, refuse("package_text", "一件事内容与其摘要不符", "the package's text does not fit its hash or code")
	}
	return &p, nil
}

// packageAt reads an approved version of a package; nil when the catalog does
// not have it.
func (a *applier) packageAt(code string, version int) (*catalog.Package, error) {
	var body string
	err := a.w.row(a.ctx, `SELECT body FROM packages WHERE code = ? AND version = ? AND approver <> ''`, code, version).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storage("read package", err)
	}
	var p catalog.Package
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		return nil, storage("read package "+code, err)
	}
	return &p, nil
}
