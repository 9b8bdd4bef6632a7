package api

import (
	"context"

	"github.com/tongban/tongban/api/exposition"
	"github.com/tongban/tongban/store"
)

// noticeFigures are the figures of what applicants are told: what waits is the
// county's, what was sent is this hub's.
func noticeFigures(n Node, s *store.Store) exposition.Source {
	return func(p *exposition.Page) {
		family := func(name, help string, kind exposition.Kind) *exposition.Family {
			return p.Family("tongban_notice_"+name, help, kind)
		}
		ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
		defer cancel()
		if channels, err := s.NoticeChannels(ctx); err == nil {
			queued := family("queued", "Notices that wait to be sent.", exposition.Gauge)
			undelivered := family("undelivered", "Notices that ended without reaching anybody and were not sent again, by state.", exposition.Gauge)
			oldest := family("oldest_timestamp_seconds", "When the oldest that waits was queued; 0 for none.", exposition.Gauge)
			for _, c := range channels {
				queued.Set(float64(c.Queued), "channel", c.Channel)
				undelivered.Set(float64(c.Failed), "channel", c.Channel, "state", "failed")
				undelivered.Set(float64(c.Expired), "channel", c.Channel, "state", "expired")
				oldest.Set(float64(c.Oldest)/1000, "channel", c.Channel)
			}
		}
		sent := family("attempts_total", "Attempts of this hub since it started, by result.", exposition.Counter)
		failing := family("failing_since_timestamp_seconds", "Since when this hub gets nothing through; 0 while it does.", exposition.Gauge)
		for _, c := range n.NoticeFigures() {
			sent.Set(float64(c.Delivered), "channel", c.Channel, "result", "delivered")
			sent.Set(float64(c.Failed), "channel", c.Channel, "result", "refused")
			sent.Set(float64(c.Again), "channel", c.Channel, "result", "failed")
			since := 0.0
			if !c.FailingSince.IsZero() {
				since = float64(c.FailingSince.UnixMilli()) / 1000
			}
			failing.Set(since, "channel", c.Channel)
		}
	}
}
