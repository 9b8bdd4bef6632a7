package store

import "github.com/tongban/tongban/node/casework"

// publishCase notes when a case was taken up or decided, for the lists that the
// public reads: a row follows from its case alone, so that a change of the case
// that leaves it as it was writes nothing here.
func (a *applier) publishCase(was, c *casework.Case) error {
	switch {
	case was != nil && was.AcceptedMS == c.AcceptedMS && was.DecidedMS == c.DecidedMS && (was.Decision == "") == (c.Decision == ""):
		return nil
	case c.AcceptedMS > 0:
		return a.w.exec(a.ctx, `INSERT INTO published (case_id, at, decided) VALUES (?1, ?2, ?3)
			ON CONFLICT (case_id) DO UPDATE SET at = ?2, decided = ?3 WHERE at <> ?2 OR decided <> ?3`, c.ID, max(c.AcceptedMS, c.DecidedMS), c.Decision != "")
	case was != nil && was.AcceptedMS > 0:
		return a.unpublish(c.ID)
	}
	return nil
}

func (a *applier) unpublish(id string) error {
	return a.w.exec(a.ctx, `DELETE FROM published WHERE case_id = ?`, id)
}
