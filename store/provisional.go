package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
)

// While the county cannot be reached, a township goes on deciding what lies
// within its powers, and the resident waits at the village. So a village takes
// its township's word on the village's own cases for the time being: as
// entries of the township that the county has not confirmed, which are never
// in the village's outbox. The feed confirms them, or brings their refusal.

// Unconfirmed reads entries about cases of a division that this node recorded
// itself and the county has not confirmed, after n in the order of the outbox,
// about maxBytes of them. upTo is from where to read on.
func (s *Store) Unconfirmed(ctx context.Context, scope division.Code, after int64, maxBytes int) (raws []json.RawMessage, upTo int64, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT o.n, e.entry FROM outbox o JOIN entries e ON e.id = o.id
		WHERE o.origin = ? AND o.n > ? AND e.scope = ? AND e.case_id <> '' AND e.status = 'applied' ORDER BY o.n`, s.self.Node, after, string(scope))
	if err != nil {
		return nil, after, storage("read outbox", err)
	}
	defer rows.Close()
	upTo = after
	for size := 0; size < maxBytes && rows.Next(); {
		var raw []byte
		if err := rows.Scan(&upTo, &raw); err != nil {
			return nil, after, storage("read outbox", err)
		}
		size += len(raw)
		raws = append(raws, raw)
	}
	return raws, upTo, storage("read outbox", rows.Err())
}

// Foresee applies, at a village, entries of its township's that the county has
// not confirmed; their signatures are checked. It stops at one whose previous
// entry has not come here yet, and says how many it is done with. What does not
// fit is left to the county.
func (s *Store) Foresee(ctx context.Context, entries []ledger.Entry) (done int, err error) {
	err = s.write(ctx, func(w *writer) error {
		done = 0
		a, err := s.applier(ctx, w)
		if err != nil {
			return err
		}
		for i := range entries {
			a.at(entries[i].OccurredAt)
			err := a.foresee(&entries[i])
			if errors.Is(err, errWaiting) {
				break
			}
			if err != nil && refusalOf(err) == nil {
				return err
			}
			done++
		}
		return a.flush()
	})
	return done, err
}

func (a *applier) foresee(e *ledger.Entry) error {
	raw, err := e.Canonical()
	if err != nil {
		return refuse("malformed", "数据格式有误", err.Error())
	}
	known, err := a.find(`id = ? OR origin = ? AND seq = ? AND seq > 0`, e.ID, e.Origin, e.Seq)
	if err != nil || known != nil {
		return err
	}
	body, err := e.Decode()
	if err != nil {
		return refuse("malformed", "数据格式有误", err.Error())
	}
	if info, _ := ledger.Lookup(e.Kind, e.V); !info.Case {
		return nil
	}
	// The township checked its people's rights, whom this node does not know.
	from, err := a.originOf(e, body)
	if err != nil {
		return err
	}
	effect, err := a.prepareBody(e, body, from)
	if err != nil {
		return err
	}
	if err := effect(); err != nil {
		return err
	}
	return a.insert(e, raw, &ledger.Head{Outcome: ledger.Applied}, nil)
}
