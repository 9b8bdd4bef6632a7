package county

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A hub cannot always know by itself that the county goes on without it: the
// change that removed it may not have reached it, or the county began anew at
// one hub (Recover) while this one was down. Two such hubs, started again with
// what they hold, would even be a majority of the county that they know, and
// elect a leader. So each hub asks those that it takes for the county's hubs. One
// of them that leads, in a configuration without this hub, is enough: that hub
// has the county's word, or an operator's that it is the county alone. From then
// on nothing is taken here, and people are told, until it is so no more.

// Nor may such hubs be heard by raft at a hub that is in the county: with a later
// term of their own they would make it follow them, and cut off what it has. Raft
// hears the hubs of its configuration, and those that one of them counts among
// the county's together with this hub: a hub that was away while others came. And a
// hub that knows that the county goes on without it speaks to nobody: one of its
// former companions that was emptied, to be added to the county, hears whoever comes,
// and would be filled with the ledger of before.

// outsideEvery is between two rounds of asking.
const outsideEvery = 2 * time.Second

// outside is a hub that leads the county without this one.
type outside struct{ leader string }

// Outside is the hub that leads a county without this one, as it says itself;
// empty while there is none.
func (h *Hub) Outside() string {
	if o := h.out.Load(); o != nil {
		return o.leader
	}
	return ""
}

// admits tells whether raft may hear a hub. One that has no place of its own yet,
// or lost it, hears whoever comes: it is told what the county is.
func (h *Hub) admits(hub string) bool {
	<-h.started
	if h.raft == nil || h.Place() != PlaceMember {
		return h.raft != nil
	}
	if _, member := h.member(hub); member {
		return true
	}
	v := h.vouched.Load()
	return v != nil && (*v)[hub]
}

func (h *Hub) outsideErr() error {
	if by := h.Outside(); by != "" {
		return fmt.Errorf("%w: %s", ErrOutside, by)
	}
	return nil
}

func (h *Hub) watchOutside() {
	for {
		switch by := h.leaderWithout(h.life); {
		case by == "":
			h.port.keepOutside(false)
			if was := h.out.Swap(nil); was != nil {
				h.log.Info("county hub: no hub leads the county without this one any more", "was", was.leader)
			}
		case by != h.Outside():
			h.out.Store(&outside{by})
			h.port.keepOutside(true)
			h.log.Error("county hub: another hub leads the county without this one; nothing is taken here", "leader", by)
		}
		select {
		case <-h.life.Done():
			return
		case <-time.After(outsideEvery):
		}
	}
}

// leaderWithout asks the other hubs of this hub's configuration, and names one
// that leads without this one. It keeps whom those that have this hub among
// theirs have besides.
func (h *Hub) leaderWithout(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	others := h.otherVoters()
	if h.Place() != PlaceMember {
		return "" // it knows
	}
	answers := make(chan *Status, len(others))
	for _, s := range others {
		go func() {
			theirs, err := h.client.status(ctx, string(s.Address))
			if err != nil || theirs.ID != string(s.ID) || theirs.Cluster != h.o.Cluster {
				answers <- nil
				return
			}
			answers <- &theirs
		}()
	}
	by, vouched := "", map[string]bool{}
	for range others {
		theirs := <-answers
		switch {
		case theirs == nil:
		case slices.ContainsFunc(theirs.Members, func(m Member) bool { return m.ID == h.o.ID }):
			for _, m := range theirs.Members {
				vouched[m.ID] = true
			}
		case theirs.Leader == theirs.ID && theirs.Ready:
			by = max(by, theirs.ID)
		}
	}
	h.vouched.Store(&vouched)
	return by
}
