package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
)

// prepareEdition publishes an edition. Its number is the order of publication;
// per item the term that took effect last decides, and of two that take effect
// at the same moment that of the higher number (catalog.Terms).
func (a *applier) prepareEdition(b *ledger.EditionPublishV1) (func() error, error) {
	last, err := a.w.number(a.ctx, `SELECT max(number) FROM editions`)
	if err != nil {
		return nil, err
	}
	ed := b.Edition
	if int64(ed.Number) != last+1 {
		return nil, refuse("edition_number", fmt.Sprintf("下一期目录应为第 %d 期", last+1), fmt.Sprintf("the next edition is number %d", last+1))
	}
	// What is in force already was relied on. What is only announced is not in
	// the way: the two take effect each at its own moment.
	current, err := a.w.number(a.ctx, `SELECT max(effective_from) FROM edition_items WHERE effective_from <= ?`, a.now)
	if err != nil {
		return nil, err
	}
	if ed.EffectiveFrom < current {
		return nil, refuse("edition_date", "生效时间不能早于已经生效的目录；不填生效时间即为立即生效",
			"an edition cannot take effect before one that is in force; leave the time out and it takes effect now")
	}
	var missing []catalog.Fault
	named := make(map[string]bool, len(ed.Entries))
	for i, it := range ed.Entries {
		if named[it.Code] {
			return nil, refuse("edition_twice", "事项 "+it.Code+" 在目录中出现两次", "item "+it.Code+" appears twice in the edition")
		}
		named[it.Code] = true
		n, err := a.approved(it.Code, it.Version)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			missing = append(missing, catalog.Fault{Path: fmt.Sprintf("entries[%d]", i), Code: catalog.FaultUnknown,
				ZH: fmt.Sprintf("%s 第 %d 版未审核", it.Code, it.Version), EN: fmt.Sprintf("%s version %d is not approved", it.Code, it.Version)})
		}
	}
	if len(missing) > 0 {
		return nil, &Refused{Code: "not_approved", ZH: "目录中有未审核的事项", EN: "the edition names items that are not approved", Faults: missing}
	}
	if err := a.packagesWhole(ed); err != nil {
		return nil, err
	}
	body, err := json.Marshal(ed)
	if err != nil {
		return nil, err
	}
	return func() error {
		for _, it := range ed.Entries {
			if err := a.w.exec(a.ctx, `INSERT INTO edition_items (code, effective_from, edition, version, withdrawn) VALUES (?, ?, ?, ?, ?)`,
				it.Code, ed.EffectiveFrom, ed.Number, it.Version, it.Withdrawn); err != nil {
				return err
			}
			a.s.items.revise(it.Code)
		}
		return a.w.exec(a.ctx, `INSERT INTO editions (number, effective_from, body) VALUES (?, ?, ?)`, ed.Number, ed.EffectiveFrom, string(body))
	}, nil
}

// prepareCancel cancels an edition before it takes effect, by the county's
// clock. A node that hears of it too late has put the edition into force by
// then; what it took in is flagged like everything under a version that is not
// in force.
func (a *applier) prepareCancel(b *ledger.EditionCancelV1) (func() error, error) {
	var body []byte
	err := a.w.row(a.ctx, `SELECT body FROM editions WHERE number = ?`, b.Number).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, refuse("edition_unknown", fmt.Sprintf("没有第 %d 期目录", b.Number), fmt.Sprintf("there is no edition %d", b.Number))
	}
	if err != nil {
		return nil, storage("read edition", err)
	}
	var ed catalog.Edition
	if err := json.Unmarshal(body, &ed); err != nil {
		return nil, storage("read edition", err)
	}
	switch {
	case ed.CancelledAt != 0:
		return nil, refuse("edition_cancelled", "该期目录已经取消", "the edition is cancelled already")
	case ed.EffectiveFrom <= a.now:
		return nil, refuse("edition_in_force", "该期目录已经生效，不能取消；请发布新一期目录更正，或下架事项",
			"the edition is in force and cannot be cancelled; publish another one that puts it right, or withdraw the item")
	}
	ed.CancelledAt = a.now
	if body, err = json.Marshal(ed); err != nil {
		return nil, err
	}
	return func() error {
		for _, it := range ed.Entries {
			a.s.items.revise(it.Code)
		}
		if err := a.w.exec(a.ctx, `DELETE FROM edition_items WHERE edition = ?`, ed.Number); err != nil {
			return err
		}
		return a.w.exec(a.ctx, `UPDATE editions SET body = ? WHERE number = ?`, string(body), ed.Number)
	}, nil
}

// inForce is the version of an item in force at an instant.
func (a *applier) inForce(code string, at int64) (version int, withdrawn bool, err error) {
	terms, err := a.terms(code)
	if err != nil {
		return 0, false, err
	}
	for _, t := range terms {
		if t.from <= at {
			return t.version, t.withdrawn, nil
		}
	}
	return 0, false, nil
}

// term is from when on an edition has an item in a version.
type term struct {
	from      int64
	version   int
	withdrawn bool
}

// terms are all that editions say of an item, the one that decides first. Each
// submission asks twice, and editions come a few times a year.
func (a *applier) terms(code string) ([]term, error) {
	cache := &a.s.items
	cache.mu.Lock()
	known, ok := cache.terms[code]
	cache.mu.Unlock()
	if ok {
		return known, nil
	}
	rows, err := a.w.query(a.ctx, `SELECT effective_from, version, withdrawn FROM edition_items WHERE code = ? ORDER BY effective_from DESC, edition DESC`, code)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []term
	for rows.Next() {
		var t term
		if err := rows.Scan(&t.from, &t.version, &t.withdrawn); err != nil {
			return nil, storage("read edition", err)
		}
		all = append(all, t)
	}
	if err := rows.Err(); err != nil {
		return nil, storage("read edition", err)
	}
	if len(all) > 0 { // codes come from outside; those of no item are not kept
		cache.mu.Lock()
		cache.terms[code] = all
		cache.mu.Unlock()
	}
	return all, nil
}

const selectInForce = `SELECT version, withdrawn FROM edition_items WHERE code = ? AND effective_from <= ? ORDER BY effective_from DESC, edition DESC LIMIT 1`

// approved counts the approved versions of a number that an item or a package
// has: one or none.
func (a *applier) approved(code string, version int) (int64, error) {
	table := `items`
	if catalog.IsPackageCode(code) {
		table = `packages`
	}
	return a.w.number(a.ctx, `SELECT count(*) FROM `+table+` WHERE code = ? AND version = ? AND approver <> ''`, code, version)
}

// packagesWhole refuses an edition that offers a package of which an item is not
// offered then.
func (a *applier) packagesWhole(ed catalog.Edition) error {
	var missing []catalog.Fault
	for i, it := range ed.Entries {
		if it.Withdrawn || !catalog.IsPackageCode(it.Code) || !isCounty(a.s.self.Tier) {
			continue
		}
		p, err := a.packageAt(it.Code, it.Version)
		if err != nil || p == nil {
			return err
		}
		for _, code := range p.Items {
			offered, err := a.offeredThen(ed, code)
			if err != nil {
				return err
			}
			if !offered && !p.Optional(code) {
				missing = append(missing, catalog.Fault{Path: fmt.Sprintf("entries[%d]", i), Code: catalog.FaultConflict,
					ZH: fmt.Sprintf("一件事 %s 的事项 %s 届时未生效", it.Code, code), EN: fmt.Sprintf("item %[2]s of package %[1]s is not in force then", it.Code, code)})
			}
		}
	}
	if len(missing) > 0 {
		return &Refused{Code: "package_items", ZH: "一件事中有届时未生效的事项，请一并发布", EN: "a package has items that are not in force then; publish them with it", Faults: missing}
	}
	return nil
}

func (a *applier) offeredThen(ed catalog.Edition, code string) (bool, error) {
	for _, it := range ed.Entries {
		if it.Code == code {
			return !it.Withdrawn, nil
		}
	}
	version, withdrawn, err := a.inForce(code, ed.EffectiveFrom)
	return version > 0 && !withdrawn, err
}
