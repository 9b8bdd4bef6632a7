package store

import (
	"context"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/ledger"
)

const selectVoices = selectView + `e.case_id = ?1 AND e.kind IN (` + voiceKinds + `) AND e.status = 'applied' ORDER BY e.idx IS NULL, e.idx, e.n`

const selectSpoken = selectView + `e.case_id = ?1 AND e.kind IN (` + voiceKinds + `) ORDER BY e.n`

// Parties are those beside the applicant of a case who have an interest, as far as they
// were told of something or spoke, whatever became of what they said.
func (s *Store) Parties(ctx context.Context, c *casework.Case) (parties []string, err error) {
	if c.Hearing != nil {
		parties = append(parties, c.Hearing.Parties...)
	}
	for _, i := range c.Intents {
		parties = append(parties, i.Parties...)
	}
	views, err := rowsOf(ctx, s.read, scanView, selectSpoken, c.ID)
	if err != nil {
		return nil, err
	}
	entries := make([]*ledger.Entry, len(views))
	for i := range views {
		entries[i] = &views[i].Entry
	}
	asks, said, err := casework.Voices(entries)
	for _, a := range asks {
		if a.Interested {
			parties = append(parties, a.Party)
		}
	}
	for _, x := range said {
		if x.Interested {
			parties = append(parties, x.Party)
		}
	}
	return parties, err
}

// voiced is the condition that somebody said something in a case.
const voiced = ` AND id IN (SELECT case_id FROM entries WHERE kind IN (` + voiceKinds + `) AND status = 'applied')`

// Voices are what is open of what people said before a decision in a case: who
// decides it has to look at that first.
func (s *Store) Voices(ctx context.Context, c *casework.Case) ([]casework.Voice, error) {
	if !c.Hears() && len(c.Documents) == 0 {
		return nil, nil
	}
	views, err := rowsOf(ctx, s.read, scanView, selectVoices, c.ID)
	if err != nil || len(views) == 0 {
		return nil, err
	}
	if !c.Hears() {
		f, err := s.Results(ctx, c)
		if err != nil || !f.Heard() {
			return nil, err
		}
		return []casework.Voice{casework.VoiceStatement}, nil
	}
	entries := make([]*ledger.Entry, len(views))
	for i := range views {
		entries[i] = &views[i].Entry
	}
	asks, said, err := casework.Voices(entries)
	if err != nil {
		return nil, err
	}
	return c.OpenVoices(asks, said), nil
}
