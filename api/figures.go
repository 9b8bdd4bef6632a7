package api

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tongban/tongban/federation"
)

// nodeFigures are the figures of the node itself, read when they are asked
// for.
type nodeFigures struct {
	node    Node
	removed *prometheus.Desc
	freed   *prometheus.Desc
	figures []figure
	hub     []hubFigure
}

type figure struct {
	desc  *prometheus.Desc
	value func(federation.Report) float64
}

type hubFigure struct {
	desc  *prometheus.Desc
	value func(hubState) float64
}

type hubState struct {
	leading         bool
	ready           bool
	commit, applied uint64
	reachable       int
}

// scrapeTime bounds what reading them may take.
const scrapeTime = 5 * time.Second

func newNodeFigures(n Node) *nodeFigures {
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc("tongban_"+name, help, nil, nil) }
	count := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	type r = federation.Report
	return &nodeFigures{node: n,
		removed: desc("unnamed_uploads_removed_total", "Uploads removed because nothing had named them."),
		freed:   desc("unnamed_uploads_removed_bytes_total", "Their bytes."),
		figures: []figure{
			{desc("line_up", "1 while the node above is heard; at a hub while it is ready."), func(x r) float64 { return count(x.LineUp) }},
			{desc("cursor", "County index this node has followed the ledger to."), func(x r) float64 { return float64(x.Cursor) }},
			{desc("lag_entries", "Entries between the cursor and the newest known."), func(x r) float64 { return float64(x.LagEntries) }},
			{desc("outbox_entries", "Entries the county has not confirmed."), func(x r) float64 { return float64(x.Outbox) }},
			{desc("outbox_unsent_entries", "Of those, entries no node above has."), func(x r) float64 { return float64(x.Unsent) }},
			{desc("outbox_oldest_timestamp_seconds", "When the oldest of them happened; 0 for none."), func(x r) float64 { return float64(x.OutboxOldest) / 1000 }},
			{desc("attachments_outstanding", "Attachments the county has not confirmed."), func(x r) float64 { return float64(x.Attachments) }},
			{desc("attachments_outstanding_bytes", "Their bytes."), func(x r) float64 { return float64(x.AttachmentBytes) }},
			{desc("clock_skew_seconds", "By how much the clock is ahead of the county's."), func(x r) float64 { return float64(x.SkewMS) / 1000 }},
			{desc("needs_attention", "What waits for a person."), func(x r) float64 { return float64(x.Attention) }},
			{desc("catalog_edition", "Edition of the catalog in force."), func(x r) float64 { return float64(x.Edition) }},
		},
		hub: []hubFigure{
			{desc("hub_leader", "1 at the hub that leads."), func(x hubState) float64 { return count(x.leading) }},
			{desc("hub_ready", "1 when the hub has caught up and knows a leader."), func(x hubState) float64 { return count(x.ready) }},
			{desc("hub_commit_index", "Raft index known to be committed."), func(x hubState) float64 { return float64(x.commit) }},
			{desc("hub_applied_index", "Raft index in the database."), func(x hubState) float64 { return float64(x.applied) }},
			{desc("hub_reachable_members", "Hubs this one reaches, itself included."), func(x hubState) float64 { return float64(x.reachable) }},
		},
	}
}

// Describe implements prometheus.Collector.
func (f *nodeFigures) Describe(to chan<- *prometheus.Desc) {
	to <- f.removed
	to <- f.freed
	for _, x := range f.figures {
		to <- x.desc
	}
	for _, x := range f.hub {
		to <- x.desc
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out.
func (f *nodeFigures) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	if r, err := f.node.Report(ctx); err == nil {
		for _, x := range f.figures {
			to <- prometheus.MustNewConstMetric(x.desc, prometheus.GaugeValue, x.value(r))
		}
	}
	files, bytes := f.node.UnnamedRemoved()
	to <- prometheus.MustNewConstMetric(f.removed, prometheus.CounterValue, float64(files))
	to <- prometheus.MustNewConstMetric(f.freed, prometheus.CounterValue, float64(bytes))
	hub := f.node.Hub()
	if hub == nil {
		return
	}
	st := hub.Status(ctx)
	state := hubState{leading: st.Leader == st.ID, ready: st.Ready, commit: st.Commit, applied: st.Applied}
	for _, m := range st.Members {
		if m.Reachable {
			state.reachable++
		}
	}
	for _, x := range f.hub {
		to <- prometheus.MustNewConstMetric(x.desc, prometheus.GaugeValue, x.value(state))
	}
}
