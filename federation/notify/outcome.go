package notify

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// end notes the end of a delivery, to be recorded. One whose case has not
// arrived yet, as a charge can overtake it, is looked at again later.
func (s *Sender) end(ctx context.Context, row store.OpenNotice, state ledger.NoticeState, to, reason string) {
	t := s.try(row)
	n, err := s.o.Store.NoticeOf(ctx, row.Subject, row.Notice)
	at := division.Code("")
	if err == nil {
		at, err = s.o.Store.DivisionOfNotice(ctx, n)
	}
	if err != nil {
		s.o.Log.Warn("what became of a notice cannot be noted yet", "notice", row.Notice, "channel", row.Channel, "error", err)
		t.busy, t.next = false, s.o.Now().Add(s.o.Longest)
		return
	}
	t.busy = true
	s.ended = append(s.ended, ending{at, ledger.NoticeOutcome{Subject: row.Subject, Notice: row.Notice, Channel: row.Channel, Round: row.Round,
		State: state, To: to, Reason: reason, Attempts: t.attempts, At: s.o.Now().UnixMilli()}})
}

// settle has the ledger say what ended. What it does not take stays noted, and
// is not sent again.
func (s *Sender) settle(ctx context.Context) error {
	for len(s.ended) > 0 {
		at := s.ended[0].at
		b := &ledger.NoticeSettleV1{Division: at}
		var rest []ending
		for _, e := range s.ended {
			if e.at == at && len(b.Outcomes) < ledger.MaxOutcomes {
				b.Outcomes = append(b.Outcomes, e.outcome)
			} else {
				rest = append(rest, e)
			}
		}
		if err := s.saySettled(ctx, b); err != nil {
			return err
		}
		s.ended = rest
	}
	return nil
}

// saySettled records outcomes. That another hub was first is as good. What the
// ledger takes in no company is tried alone; what it does not take at all is not
// sent again by this hub, for it went out.
func (s *Sender) saySettled(ctx context.Context, b *ledger.NoticeSettleV1) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return err
	}
	err = s.o.Say(ctx, ledger.IDFromKey("notice.settle", string(b.Division), string(raw)), b)
	var no *store.Refused
	switch {
	case err == nil, errors.As(err, &no) && no.Code == "notice_settled":
		for _, o := range b.Outcomes {
			delete(s.mine, delivery{o.Notice, o.Channel, o.Round})
		}
		return nil
	case no == nil:
		return err
	case len(b.Outcomes) == 1:
		s.o.Log.Error("the ledger does not take what became of a notice", "notice", b.Outcomes[0].Notice, "channel", b.Outcomes[0].Channel, "error", err)
		return nil
	}
	for _, o := range b.Outcomes {
		if err := s.saySettled(ctx, &ledger.NoticeSettleV1{Division: b.Division, Outcomes: []ledger.NoticeOutcome{o}}); err != nil {
			return err
		}
	}
	return nil
}
