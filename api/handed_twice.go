package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/identifier"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// nextSecondCopy is what is left to do when a result was handed over at two places.
const nextSecondCopy = "请联系领取人核对：结果只应发一份的，收回多发的一份，交制发单位留存或作废；处理后写明去向，标记已处理。不要再次登记送达"

// handedTwice puts in plain words that a result was handed over which another place, cut
// off from this one, had handed over already; the ledger says only that the case has moved
// on. It leaves everything else as it is.
func (s *Server) handedTwice(ctx context.Context, c *casework.Case, e *store.EntryView, out *gen.AttentionItem) error {
	if e.Kind != ledger.CaseDeliver || e.Status != ledger.Refused || c.Status != casework.Closed {
		return nil
	}
	entries, err := s.store.Timeline(ctx, c.ID)
	if err != nil {
		return err
	}
	for i := range entries {
		first := &entries[i]
		if first.Kind != ledger.CaseDeliver || first.Status != ledger.Applied || first.ID == e.ID {
			continue
		}
		body, err := first.Decode()
		if err != nil {
			return err
		}
		b, ok := body.(*ledger.CaseDeliverV1)
		if !ok {
			return nil
		}
		where := first.Origin
		switch n, err := s.store.Node(ctx, first.Origin); {
		case err == nil:
			where = cmp.Or(n.Name, where)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		when, to := time.UnixMilli(first.OccurredAt).In(beijing).Format("2006-01-02 15:04"), identifier.MaskName(b.Recipient)
		out.Zh = fmt.Sprintf("结果已于 %s 由%s交给%s，这次送达是重复登记，未予记入；办件不受影响，仍为已送达", when, where, to)
		out.En = fmt.Sprintf("the result was handed over on %s by %s to %s already, so that this second handing over was not taken; the case stays as it was, served", when, where, to)
		if out.Next = nextSecondCopy; out.ResolvedBy == "" {
			out.Way = gen.WaySecondCopy
		}
	}
	return nil
}
