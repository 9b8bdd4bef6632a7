package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// A refused hand-in is corrected by another submission that names it. The same
// entry settles what asked for attention, at both ends. Where a correction was
// refused too, the next one is for all that came before it.

// maxCorrections bounds how far back a chain of refused hand-ins is followed.
const maxCorrections = 50

// mayCorrect refuses a submission that names something else than an open
// refused hand-in of its own desk, or of one below.
func (a *applier) mayCorrect(e *ledger.Entry, b *ledger.CaseSubmitV1, item *catalog.Item, from origin) error {
	return a.mayHandInAgain(e, b.Corrects, from, func(was *handed) error {
		if was.Package != "" {
			return refuse("corrects_unknown", "所更正的是联办收件，请按一件事重新提交", "what it corrects is the hand-in of a package; hand the package in again")
		}
		if b.Online.Account == "" && !casework.TakesIn(item, from.tier, false) && (was.Item != b.Item || !slices.Contains(item.AcceptTiers, was.HandedInAt.Tier())) {
			return refuse("tier_not_accepting", "该事项不在本级收件，所更正的收件也不是在事项收件地点就该事项提交的，请到事项指南所列地点办理",
				"this item is not taken in at this tier, and what it corrects was not handed in for it where it is; see its guide for where")
		}
		return nil
	})
}

// mayCorrectJoint does the same for the hand-in of a package.
func (a *applier) mayCorrectJoint(e *ledger.Entry, b *ledger.PackageSubmitV1, from origin) error {
	return a.mayHandInAgain(e, b.Corrects, from, func(was *handed) error {
		if was.Package != b.Package {
			return refuse("corrects_unknown", "所更正的收件不是同一个一件事的，请核对", "what it corrects is not a hand-in of this package; check it")
		}
		p, err := a.packageAt(b.Package, b.Version)
		if err != nil || p == nil || slices.Contains(p.AcceptTiers, from.tier) || slices.Contains(p.AcceptTiers, was.HandedInAt.Tier()) {
			return err
		}
		return refuse("tier_not_accepting", "该一件事不在本级收件，所更正的收件也不是在其收件地点提交的，请到办事指南所列地点办理",
			"this package is not taken in at this tier, and what it corrects was not handed in where it is; see its guide for where")
	})
}

// mayHandInAgain refuses a submission for something else than an open refused
// hand-in of its own desk, or of one below, that fits it.
func (a *applier) mayHandInAgain(e *ledger.Entry, corrects string, from origin, fits func(was *handed) error) error {
	if a.told || corrects == "" {
		return nil
	}
	refused, was, err := a.handIn(corrects)
	if err != nil {
		return err
	}
	switch {
	case refused == nil:
		return refuse("corrects_unknown", "所更正的收件不存在，请核对后重试，或不注明更正、重新收件", "there is no hand-in under the id it corrects; check it, or hand in anew without naming one")
	case refused.status != ledger.Refused:
		return refuse("corrects_standing", "所更正的收件并未被退回，无需更正", "the hand-in it corrects was not refused")
	}
	home, err := a.homeOf(&was.Entry)
	if err != nil {
		return err
	}
	if !from.Division.Contains(home) {
		return refuse("corrects_elsewhere", "所更正的收件不是在本单位提交的，请到原收件地点更正", "the hand-in it corrects was made at another office; correct it there")
	}
	if err := fits(was); err != nil {
		return err
	}
	for id, n := corrects, 0; id != "" && n < maxCorrections; n++ {
		if err := a.uncorrected(id, e.ID); err != nil {
			return err
		}
		_, was, err := a.handIn(id)
		if err != nil {
			return err
		}
		if id = ""; was != nil {
			id = was.Corrects
		}
	}
	return nil
}

// uncorrected refuses what has been corrected already, saying by which.
func (a *applier) uncorrected(refused, by string) error {
	var first string
	err := a.w.row(a.ctx, `SELECT coalesce((SELECT min(entry) FROM corrections WHERE refused = ?1 AND entry <> ?2),
		(SELECT replaced_by FROM attention WHERE entry = ?1 AND replaced_by NOT IN ('', ?2)), '')`, refused, by).Scan(&first)
	if err != nil || first == "" {
		return storage("read corrections", err)
	}
	_, made, err := a.handIn(first)
	if err != nil {
		return err
	}
	number := first
	if made != nil {
		number = printedNumber(made.Number)
	}
	return refuse("corrected_already", "该收件已更正并重新提交为 "+number+"，请勿重复提交", "it was corrected already and handed in again as "+number)
}

// handed is what is told of a submission without reading it whole.
type handed struct {
	ledger.Entry `json:"-"`
	Item         string        `json:"item"`
	Package      string        `json:"package"`
	Number       string        `json:"number"`
	Corrects     string        `json:"corrects"`
	HandedInAt   division.Code `json:"handed_in_at"`
}

// handIn finds a submission by its entry; nil when there is none.
func (a *applier) handIn(id string) (*stored, *handed, error) {
	known, err := a.find(`id = ? AND kind IN ('case.submit', 'package.submit')`, id)
	if err != nil || known == nil {
		return nil, nil, err
	}
	var h handed
	if err := json.Unmarshal(known.raw, &h.Entry); err != nil {
		return nil, nil, storage("read entry", err)
	}
	_ = json.Unmarshal(h.Body, &h) // one refused for its form says less
	return known, &h, nil
}

// correct settles the refused hand-ins that a submission is for.
func (a *applier) correct(e *ledger.Entry, corrects string) error {
	for id, n := corrects, 0; id != "" && n < maxCorrections; n++ {
		if err := a.w.exec(a.ctx, `INSERT OR IGNORE INTO corrections (refused, entry) VALUES (?, ?)`, id, e.ID); err != nil {
			return err
		}
		if err := a.settleBy(id, e); err != nil {
			return err
		}
		_, was, err := a.handIn(id)
		if err != nil {
			return err
		}
		if id = ""; was != nil {
			id = was.Corrects
		}
	}
	return nil
}

func (a *applier) settleBy(refused string, e *ledger.Entry) error {
	var b handed
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return fmt.Errorf("store: entry %s: %w", e.ID, err)
	}
	number := printedNumber(b.Number)
	return a.w.exec(a.ctx, `UPDATE attention SET resolved_by = ?, resolved_at = ?, note = ?, replaced_by = ? WHERE entry = ?`,
		e.Actor.Staff, e.OccurredAt, "已更正并重新提交为 "+number+" / corrected and handed in again as "+number, e.ID, refused)
}

// uncorrect takes back what a submission that may not stand settled.
func (a *applier) uncorrect(entry string) error {
	refused, err := a.texts(`SELECT refused FROM corrections WHERE entry = ?`, entry)
	if err != nil || len(refused) == 0 {
		return err
	}
	if err := a.w.exec(a.ctx, `DELETE FROM corrections WHERE entry = ?`, entry); err != nil {
		return err
	}
	for _, id := range refused {
		if err := a.settleAnew(id); err != nil {
			return err
		}
	}
	return nil
}

// settleAnew makes what became of a refused entry anew from the entries that
// stand.
func (a *applier) settleAnew(refused string) error {
	if err := a.w.exec(a.ctx, `UPDATE attention SET resolved_by = '', resolved_at = 0, note = '', replaced_by = '' WHERE entry = ?`, refused); err != nil {
		return err
	}
	standing, err := a.past(`status = 'applied' AND (kind = 'attention.resolve' OR id IN (SELECT entry FROM corrections WHERE refused = ?))`, refused)
	if err != nil {
		return err
	}
	for _, p := range standing {
		body, err := p.e.Decode()
		if err != nil {
			return err
		}
		switch b := body.(type) {
		case *ledger.AttentionResolveV1:
			if b.Entry == refused {
				err = a.resolve(&p.e, b)
			}
		case *ledger.CaseSubmitV1, *ledger.PackageSubmitV1:
			err = a.settleBy(refused, &p.e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// prepareResolution closes what asked for attention. What is said to replace
// it must be there.
func (a *applier) prepareResolution(e *ledger.Entry, b *ledger.AttentionResolveV1) (func() error, error) {
	if a.desk {
		if err := a.unresolved(b.Entry); err != nil {
			return nil, err
		}
	}
	if !a.told && b.ReplacedBy != "" {
		if err := a.mayReplace(b); err != nil {
			return nil, err
		}
	}
	return func() error { return a.resolve(e, b) }, nil
}

// unresolved refuses to resolve a second time, saying who did it and when. Only
// a desk is told: two that resolved it without knowing of each other are both in
// the ledger.
func (a *applier) unresolved(entry string) error {
	var by, note string
	var at int64
	err := a.w.row(a.ctx, `SELECT resolved_by, resolved_at, note FROM attention WHERE entry = ?`, entry).Scan(&by, &at, &note)
	if errors.Is(err, sql.ErrNoRows) || err == nil && by == "" {
		return nil
	}
	if err != nil {
		return storage("read attention", err)
	}
	if who, err := a.staff(by); err != nil {
		return err
	} else if who != nil && who.Name != "" {
		by = who.Name
	}
	when := time.UnixMilli(at).In(beijing).Format("2006-01-02 15:04")
	return refuse("resolved_already", fmt.Sprintf("已由 %s 于 %s 处理：%s", by, when, note), fmt.Sprintf("%s resolved it on %s: %s", by, when, note))
}

// beijing is the time that people are told.
var beijing = time.FixedZone("Asia/Shanghai", 8*3600)

func (a *applier) resolve(e *ledger.Entry, b *ledger.AttentionResolveV1) error {
	// A remark made later does not undo that it was corrected.
	return a.w.exec(a.ctx, `UPDATE attention SET resolved_by = ?1, resolved_at = ?5, note = ?2, replaced_by = CASE WHEN ?3 = '' THEN replaced_by ELSE ?3 END WHERE entry = ?4`,
		e.Actor.Staff, b.Note, b.ReplacedBy, b.Entry, e.OccurredAt)
}

// mayReplace checks what replaces a refused entry: a hand-in that stands, made
// at the same office or above it.
func (a *applier) mayReplace(b *ledger.AttentionResolveV1) error {
	made, h, err := a.handIn(b.ReplacedBy)
	if err != nil {
		return err
	}
	if made == nil || made.id == b.Entry {
		return refuse("replacement_unknown", "“替代条目”不是本机已有的收件，请核对", "what is to replace it is no hand-in that is here; check its id")
	}
	if made.status != ledger.Applied {
		return refuse("replacement_refused", "“替代条目”本身未被接收，请先处理", "what is to replace it does not stand itself")
	}
	home, err := divisionOf(a.ctx, a.w, `SELECT scope FROM attention WHERE entry = ?`, b.Entry, attentionUnknown)
	if err != nil {
		return err
	}
	if !h.HandedInAt.Contains(home) {
		return refuse("replacement_elsewhere", "“替代条目”是在其他单位提交的，请核对", "what is to replace it was handed in at another office")
	}
	return a.uncorrected(b.Entry, b.ReplacedBy)
}

// printedNumber is a case number as receipts show it.
func printedNumber(compact string) string {
	n, err := casework.ParseNumber(compact)
	if err != nil {
		return compact
	}
	return n.String()
}

func (a *applier) texts(query string, args ...any) ([]string, error) {
	rows, err := a.w.query(a.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, storage("read", err)
		}
		all = append(all, s)
	}
	return all, storage("read", rows.Err())
}
