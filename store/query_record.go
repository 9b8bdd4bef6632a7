package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/node/onfile"
)

const selectConsents = `SELECT body FROM consents WHERE owner = ? ORDER BY id`

// Consents lists what a person or an organisation agreed to, as far as it is
// known here, by their number.
func (s *Store) Consents(ctx context.Context, kind, number string) ([]onfile.Consent, error) {
	return all[onfile.Consent](ctx, s.read, selectConsents, s.numberKey(kind, number))
}

// PapersOnFile lists the papers of a case that have their content, good or not.
func (s *Store) PapersOnFile(ctx context.Context, c *casework.Case) ([]onfile.Paper, error) {
	return papersOf(c, func(query string, args ...any) (*sql.Rows, error) { return s.read.QueryContext(ctx, query, args...) })
}

// RecordLook is that somebody looked at what is on file.
type RecordLook struct{ Entry, Consent string }

// RecordLooks lists the entries of those who looked at what is on file of a
// person or an organisation, the latest first.
func (s *Store) RecordLooks(ctx context.Context, kind, number string, limit int) ([]EntryView, error) {
	ids, err := rowsOf(ctx, s.read, func(r *sql.Rows) (id string, err error) { return id, r.Scan(&id) },
		`SELECT l.entry FROM record_looks l JOIN consents c ON c.id = l.consent WHERE c.owner = ? ORDER BY l.at DESC, l.entry LIMIT ?`, s.numberKey(kind, number), limit)
	if err != nil {
		return nil, err
	}
	looks := make([]EntryView, 0, len(ids))
	for _, id := range ids {
		e, err := s.Entry(ctx, id)
		if err != nil {
			return nil, err
		}
		looks = append(looks, *e)
	}
	return looks, nil
}

// papersOf reads what supplements brought to a case and what was declared void of
// its papers.
func papersOf(c *casework.Case, query func(string, ...any) (*sql.Rows, error)) ([]onfile.Paper, error) {
	supplements, err := supplementsOf(c, query)
	if err != nil {
		return nil, err
	}
	rows, err := query(`SELECT brought, material, at, reason FROM voided_papers WHERE case_id = ? ORDER BY at, entry`, c.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var voids []onfile.Void
	for rows.Next() {
		var v onfile.Void
		if err := rows.Scan(&v.Brought, &v.Material, &v.AtMS, &v.Why); err != nil {
			return nil, storage("read papers", err)
		}
		voids = append(voids, v)
	}
	return onfile.Of(c, supplements, voids), storage("read papers", rows.Err())
}

func supplementsOf(c *casework.Case, query func(string, ...any) (*sql.Rows, error)) ([]onfile.Brought, error) {
	rows, err := query(`SELECT entry FROM entries WHERE case_id = ? AND case_id <> '' AND case_id <> id AND kind IN ('case.supplement', 'package.supplement') AND status = 'applied'
		ORDER BY idx IS NULL, idx, n`, c.OpenedBy())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []onfile.Brought
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, storage("read supplements", err)
		}
		e, err := ledger.ParseEntry(raw)
		if err != nil {
			return nil, storage("read supplements", err)
		}
		body, err := e.Decode()
		if err != nil {
			return nil, storage("read supplements", err)
		}
		b := onfile.Brought{Entry: e.ID, AtMS: moment(&e)}
		switch body := body.(type) {
		case *ledger.CaseSupplementV1:
			b.Materials = body.Materials
		case *ledger.PackageSupplementV1:
			b.Materials = underNamesOf(c, body.Materials)
		}
		all = append(all, b)
	}
	return all, storage("read supplements", rows.Err())
}

// underNamesOf are the papers that were brought to a joint matter, those of one
// of its cases by the names they have there.
func underNamesOf(c *casework.Case, brought []catalog.SubmittedMaterial) []catalog.SubmittedMaterial {
	var own []catalog.SubmittedMaterial
	for _, m := range brought {
		for _, have := range c.Materials {
			if catalog.SamePaper(have.Name, m.Name) {
				m.Name = have.Name
			}
		}
		own = append(own, m)
	}
	return own
}

func fileNamed(papers []onfile.Paper, is catalog.OnFile) *onfile.Paper {
	for i := range papers {
		if papers[i].OnFile == is {
			return &papers[i]
		}
	}
	return nil
}

// scanJSON reads a row that is one JSON document.
func scanJSON(rows *sql.Rows, body *[]byte, into any) error {
	if err := rows.Scan(body); err != nil {
		return err
	}
	return json.Unmarshal(*body, into)
}

// PackageMonth is what the papers of one package's joint matters came to in a
// month.
type PackageMonth struct {
	Month, Package                 string
	Cases, Demanded, Asked, Reused int64
}

// PackagePapers counts the papers of joint matters by month and package. From and
// To, Within, Department and Item (a package's code) of the filter count.
func (s *Store) PackagePapers(ctx context.Context, f StatisticsFilter) ([]PackageMonth, error) {
	c := new(conditions)
	c.add(`month >= ?`, max(f.From, "0"))
	if f.To != "" {
		c.add(`month <= ?`, f.To)
	}
	if f.Item != "" {
		c.add(`package = ?`, f.Item)
	}
	if f.Department != "" {
		c.add(`department = ?`, f.Department)
	}
	if f.Within != "" && f.Within != s.self.County() {
		c.add(`division >= ? AND division < ?`, string(f.Within), string(f.Within)+":")
	}
	return rowsOf(ctx, s.read, func(r *sql.Rows) (m PackageMonth, err error) {
		return m, r.Scan(&m.Month, &m.Package, &m.Cases, &m.Demanded, &m.Asked, &m.Reused)
	}, `SELECT month, package, count(*), sum(demanded), sum(asked), sum(reused) FROM joint_cases`+c.String()+` GROUP BY 1, 2 ORDER BY 1 DESC, 2`, c.args...)
}
