package notify

import (
	"context"
	"errors"
	"time"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// health is how a channel does, as this hub has seen it.
type health struct {
	failing           time.Time // since when nothing gets through; zero while something does
	reason            string
	sent, failed, bad uint64 // delivered, refused for good, attempts that may be made again
}

// again lets what waits in a channel go now that it works again, spread over half
// a minute.
func (s *Sender) again(channel string, now time.Time) {
	for d, t := range s.mine {
		if d.channel == channel && !t.busy && t.next.Sub(now) > wakeWithin {
			t.next = now.Add(time.Duration(s.o.Chance() * float64(wakeWithin)))
		}
	}
}

const wakeWithin = 30 * time.Second

// note remembers how a channel does, and tells whether it works again.
func (s *Sender) note(channel string, now time.Time, reason string, final bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.health[channel]
	was := !h.failing.IsZero()
	switch {
	case !final:
		h.bad++
		h.reason = reason
		if h.failing.IsZero() {
			h.failing = now
		}
	case reason != "":
		h.failed++
		h.failing = time.Time{}
	default:
		h.sent++
		h.failing, h.reason = time.Time{}, ""
	}
	return was && h.failing.IsZero()
}

// sayTrouble asks for attention where a channel lets nothing through for long,
// and takes that back when it does again.
func (s *Sender) sayTrouble(ctx context.Context) error {
	_, known, err := s.o.Store.NoticeSettings(ctx)
	if err != nil {
		return err
	}
	for _, name := range s.names() {
		s.mu.Lock()
		h := *s.health[name]
		s.mu.Unlock()
		since, troubled := known[name]
		b := &ledger.NoticeTroubleV1{Channel: name, Since: since, Over: true}
		switch {
		case troubled && h.failing.IsZero() && h.sent+h.failed > 0:
		case !troubled && !h.failing.IsZero() && s.o.Now().Sub(h.failing) >= s.o.Alarm:
			b.Since, b.Reason, b.Over = h.failing.UnixMilli(), h.reason, false
		default:
			continue
		}
		err := s.o.Say(ctx, store.TroubleID(name, b.Since, b.Over), b)
		var no *store.Refused
		switch {
		case errors.As(err, &no):
			s.o.Log.Info("how a channel does was not recorded", "channel", name, "code", no.Code) // another hub was first
		case err != nil:
			return err
		}
	}
	return nil
}

// Figures are what this hub has done in a channel since it started.
type Figures struct {
	Channel string
	// Delivered, refused for good, and attempts that failed and are made again.
	Delivered, Failed, Again uint64
	FailingSince             time.Time // zero while it works
	LastReason               string
}

// Figures of every channel of the settings.
func (s *Sender) Figures() []Figures {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Figures
	for _, name := range s.names() {
		h := s.health[name]
		all = append(all, Figures{Channel: name, Delivered: h.sent, Failed: h.failed, Again: h.bad, FailingSince: h.failing, LastReason: h.reason})
	}
	return all
}
