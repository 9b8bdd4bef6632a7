package api

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tongban/tongban/federation/notify"
	"github.com/tongban/tongban/store"
)

// noticeFigures are the figures of what applicants are told: what waits is the
// county's, what was sent is this hub's.
type noticeFigures struct {
	node  Node
	store *store.Store

	queued, undelivered, oldest, sent, failing *prometheus.Desc
}

func newNoticeFigures(n Node, s *store.Store) *noticeFigures {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tongban_notice_"+name, help, append([]string{"channel"}, labels...), nil)
	}
	return &noticeFigures{node: n, store: s,
		queued:      desc("queued", "Notices that wait to be sent."),
		undelivered: desc("undelivered", "Notices that ended without reaching anybody and were not sent again, by state.", "state"),
		oldest:      desc("oldest_timestamp_seconds", "When the oldest that waits was queued; 0 for none."),
		sent:        desc("attempts_total", "Attempts of this hub since it started, by result.", "result"),
		failing:     desc("failing_since_timestamp_seconds", "Since when this hub gets nothing through; 0 while it does."),
	}
}

// Describe implements prometheus.Collector.
func (f *noticeFigures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.queued, f.undelivered, f.oldest, f.sent, f.failing} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (f *noticeFigures) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	if channels, err := f.store.NoticeChannels(ctx); err == nil {
		for _, c := range channels {
			gauge(f.queued, float64(c.Queued), c.Channel)
			gauge(f.undelivered, float64(c.Failed), c.Channel, "failed")
			gauge(f.undelivered, float64(c.Expired), c.Channel, "expired")
			gauge(f.oldest, float64(c.Oldest)/1000, c.Channel)
		}
	}
	for _, c := range f.node.NoticeFigures() {
		f.attempts(to, c)
		since := 0.0
		if !c.FailingSince.IsZero() {
			since = float64(c.FailingSince.UnixMilli()) / 1000
		}
		gauge(f.failing, since, c.Channel)
	}
}

func (f *noticeFigures) attempts(to chan<- prometheus.Metric, c notify.Figures) {
	for _, r := range []struct {
		result string
		n      uint64
	}{{"delivered", c.Delivered}, {"refused", c.Failed}, {"failed", c.Again}} {
		to <- prometheus.MustNewConstMetric(f.sent, prometheus.CounterValue, float64(r.n), c.Channel, r.result)
	}
}
