package store

import (
	"time"

	"github.com/tongban/tongban/node/calendar"
	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

// What is said before something is decided against somebody: that they want a
// hearing (听证), and what they have to say (陈述申辩).

// voiceKinds are what is said; the index of them has the same list.
const voiceKinds = `'hearing.ask', 'refusal.state', 'result.state'`

const pastVoices = `case_id = ?1 AND kind IN (` + voiceKinds + `) AND status = 'applied'`

// prepareAsk decides a wish for a hearing.
func (a *applier) prepareAsk(c *casework.Case, e *ledger.Entry, body ledger.Body) (func() error, error) {
	b, _ := ledger.WishOf(body)
	if c != nil && !a.told {
		if err := a.waivesInWriting(e, body, b); err != nil {
			return nil, err
		}
		if err := c.MayAsk(e, b); err != nil {
			return nil, err
		}
		if a.desk {
			if err := c.CheckParty(b.Party, b.Interested, b.Waived, c.Hearing.Parties); err != nil {
				return nil, err
			}
			if err := a.goesOn(c, e, body); err != nil {
				return nil, err
			}
		}
	}
	return func() error { return a.nameAttachments(e, b.Proof) }, nil
}

// waivesInWriting wants what was signed of whoever gives up a hearing: in the version
// that can name it, and from its level on nobody at a desk records another.
func (a *applier) waivesInWriting(e *ledger.Entry, body ledger.Body, b *ledger.HearingAskV2) error {
	if _, old := body.(*ledger.HearingAskV1); old {
		if held, err := a.holds(thirdLevel); err != nil || !held || !a.desk {
			return err
		}
	}
	return casework.CheckHearingWaived(e.Actor, b)
}

// prepareStatement decides what somebody says of a case before it is decided.
func (a *applier) prepareStatement(c *casework.Case, e *ledger.Entry, b *ledger.RefusalStateV1) (func() error, error) {
	if c != nil && !a.told {
		if err := c.MayState(e, b); err != nil {
			return nil, err
		}
		var told []string
		if i := c.Intended(); i != nil {
			told = i.Parties
		}
		if err := c.CheckParty(b.Party, b.Interested, b.Waived, told); a.desk && err != nil {
			return nil, err
		}
	}
	return func() error { return a.nameAttachments(e, b.Proof) }, nil
}

// heardFirst keeps a case from being decided while a hearing may still be asked
// for or was, and against somebody who may still speak or was not weighed; it holds
// the days of a hearing against the calendar. The person at the desk is told: wishes
// and statements are taken at any desk and come by themselves.
func (a *applier) heardFirst(c *casework.Case, e *ledger.Entry, body ledger.Body) error {
	if !a.desk {
		return nil
	}
	switch b := body.(type) {
	case *ledger.HearingTellV1, *ledger.HearingConveneV1:
		days, err := a.workingDays()
		if err != nil {
			return err
		}
		return casework.CheckHearing(days, e, body)
	case *ledger.CaseDecideV1:
		entries, err := a.past(pastVoices, c.ID)
		if err != nil {
			return err
		}
		voices := make([]*ledger.Entry, len(entries))
		for i := range entries {
			voices[i] = &entries[i].e
		}
		asks, said, err := casework.Voices(voices)
		if err != nil {
			return err
		}
		today := calendar.DateOf(time.UnixMilli(e.OccurredAt))
		if err := c.HeardFirst(asks, today); err != nil {
			return err
		}
		return c.Weighs(said, b, today)
	}
	return nil
}
