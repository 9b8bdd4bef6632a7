package store

import (
	"github.com/tongban/tongban/node/archive"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// prepareArchive decides whether a case is put into the archive. What is still
// open about it, only the person at the desk is told: it may not be known
// everywhere at the same time, and what is recorded later is archived again.
func (a *applier) prepareArchive(c *casework.Case, e *ledger.Entry, b *ledger.CaseArchiveV1, from origin) (func() error, error) {
	if c != nil && !a.told {
		before, err := a.archivedBefore(c.ID, e.ID)
		if err != nil {
			return nil, err
		}
		if err := archive.Check(c, b, from.Division, before); err != nil {
			return nil, err
		}
		if a.desk {
			open, err := openAbout(a.ctx, a.w, c, a.itemOf)
			if err != nil {
				return nil, err
			}
			if duties := archive.Duties(c, open); len(duties) > 0 {
				return nil, dutiesLeft(duties)
			}
		}
	}
	return func() error { return a.saveArchive(e, b) }, nil
}

func (a *applier) saveArchive(e *ledger.Entry, b *ledger.CaseArchiveV1) error {
	// An earlier one that comes again, with the county's word, does not take the
	// place of a later one.
	return a.w.exec(a.ctx, `UPDATE archives SET volume = ?1, archived = ?2, entry = ?3 WHERE case_id = ?4 AND archived <= ?2`, b.Volume, e.OccurredAt, e.ID, e.Case)
}

const pastArchives = restOf + ` AND kind = 'case.archive' AND status = 'applied' AND id <> ?2`

// archivedBefore are the earlier volumes of a case, the last one last.
func (a *applier) archivedBefore(id, without string) ([]*ledger.CaseArchiveV1, error) {
	entries, err := a.past(pastArchives, id, without)
	if err != nil {
		return nil, err
	}
	var all []*ledger.CaseArchiveV1
	for i := range entries {
		body, err := entries[i].e.Decode()
		if err != nil {
			return nil, err
		}
		all = append(all, body.(*ledger.CaseArchiveV1))
	}
	return all, nil
}

// archiveAnew makes the row of a case anew, after an entry that archived it was
// taken back, or came before the case had ended here.
func (a *applier) archiveAnew(id string) error {
	if err := a.w.exec(a.ctx, `UPDATE archives SET volume = '', archived = 0, entry = '' WHERE case_id = ?`, id); err != nil {
		return err
	}
	entries, err := a.past(pastArchives, id, "")
	if err != nil || len(entries) == 0 {
		return err
	}
	last := &entries[len(entries)-1].e
	body, err := last.Decode()
	if err != nil {
		return err
	}
	return a.saveArchive(last, body.(*ledger.CaseArchiveV1))
}

// keepVolume keeps the row of a case that has ended, from when on its volume can be
// put together.
func (a *applier) keepVolume(was, c *casework.Case) error {
	ended := was != nil && was.Status.Ended()
	switch {
	case ended == c.Status.Ended():
		return nil
	case ended:
		return a.forgetArchive(c.ID)
	}
	if err := a.w.exec(a.ctx, `INSERT INTO archives (case_id, keeper, department, ended) VALUES (?, ?, ?, ?) ON CONFLICT (case_id) DO UPDATE SET ended = excluded.ended`,
		c.ID, string(archive.Keeper(c)), c.Department, max(c.DeliveredMS, c.TerminatedMS, c.RejectedMS)); err != nil {
		return err
	}
	return a.archiveAnew(c.ID)
}

func (a *applier) forgetArchive(id string) error {
	return a.w.exec(a.ctx, `DELETE FROM archives WHERE case_id = ?`, id)
}
