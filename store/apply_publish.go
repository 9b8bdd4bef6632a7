package store

import "github.com/tongban/tongban/node/casework"

// publishCase notes when a case was taken up or decided, for the lists that the
// public reads. A hand-in, which is written most often, writes nothing here.
func (a *applier) publishCase(c *casework.Case) error {
	switch {
	case c.AcceptedMS > 0:
		return a.w.exec(a.ctx, `INSERT INTO published (case_id, at, decided) VALUES (?1, ?2, ?3)
			ON CONFLICT (case_id) DO UPDATE SET at = ?2, decided = ?3 WHERE at <> ?2 OR decided <> ?3`, c.ID, max(c.AcceptedMS, c.DecidedMS), c.Decision != "")
	case c.Head != c.OpenedBy():
		return a.unpublish(c.ID)
	}
	return nil
}

func (a *applier) unpublish(id string) error {
	return a.w.exec(a.ctx, `DELETE FROM published WHERE case_id = ?`, id)
}
