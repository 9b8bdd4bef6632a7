package casework

import (
	"slices"

	"github.com/tongban/tongban/node/ledger"
)

// Voice is something that was said before a decision, which whoever decides has to
// look at first.
type Voice string

// The voices.
const (
	VoiceHearing   Voice = "hearing"   // 申请听证
	VoiceStatement Voice = "statement" // 陈述申辩
)

// Voices reads what entries say: the wishes for a hearing, and the statements, each
// in the order of the entries. Entries of other kinds say nothing of it.
func Voices(entries []*ledger.Entry) (asks []Ask, said []Statement, err error) {
	for _, e := range entries {
		if e.Kind != ledger.HearingAsk && e.Kind != ledger.RefusalState {
			continue
		}
		body, err := e.Decode()
		if err != nil {
			return nil, nil, err
		}
		if b, ok := ledger.WishOf(body); ok {
			asks = append(asks, Ask{e.ID, *b})
		}
		if b, ok := body.(*ledger.RefusalStateV1); ok {
			said = append(said, Statement{e.ID, *b})
		}
	}
	return asks, said, nil
}

// Hears reports whether the case is at where people are heard: taken up, and not
// decided.
func (c *Case) Hears() bool { return c.Status == Accepted && c.Decision == "" }

// OpenVoices are what is open of what was said: a hearing that was asked for and
// none convened, and a statement, until the decision weighs it.
func (c *Case) OpenVoices(asks []Ask, said []Statement) (open []Voice) {
	if !c.Hears() {
		return nil
	}
	if h := c.Hearing; h != nil && h.HeldOn.IsZero() && slices.ContainsFunc(Wishes(asks), func(a Ask) bool { return !a.Waived && !slices.Contains(h.Asked, a.Entry) }) {
		open = append(open, VoiceHearing)
	}
	if len(Spoke(said)) > 0 {
		open = append(open, VoiceStatement)
	}
	return open
}
