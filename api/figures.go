package api

import (
	"context"
	"time"

	"github.com/tongban/tongban/api/exposition"
	"github.com/tongban/tongban/federation"
)

// figure is one of a node's figures, all of them gauges.
type figure[T any] struct {
	name, help string
	value      func(T) float64
}

type hubState struct {
	leading         bool
	ready           bool
	commit, applied uint64
	reachable       int
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var reportFigures = []figure[federation.Report]{
	{"line_up", "1 while the node above is heard; at a hub while it is ready.", func(x federation.Report) float64 { return oneIf(x.LineUp) }},
	{"cursor", "County index this node has followed the ledger to.", func(x federation.Report) float64 { return float64(x.Cursor) }},
	{"lag_entries", "Entries between the cursor and the newest known.", func(x federation.Report) float64 { return float64(x.LagEntries) }},
	{"outbox_entries", "Entries the county has not confirmed.", func(x federation.Report) float64 { return float64(x.Outbox) }},
	{"outbox_unsent_entries", "Of those, entries no node above has.", func(x federation.Report) float64 { return float64(x.Unsent) }},
	{"outbox_oldest_timestamp_seconds", "When the oldest of them happened; 0 for none.", func(x federation.Report) float64 { return float64(x.OutboxOldest) / 1000 }},
	{"attachments_outstanding", "Attachments the county has not confirmed.", func(x federation.Report) float64 { return float64(x.Attachments) }},
	{"attachments_outstanding_bytes", "Their bytes.", func(x federation.Report) float64 { return float64(x.AttachmentBytes) }},
	{"clock_skew_seconds", "By how much the clock is ahead of the county's.", func(x federation.Report) float64 { return float64(x.SkewMS) / 1000 }},
	{"needs_attention", "What waits for a person.", func(x federation.Report) float64 { return float64(x.Attention) }},
	{"catalog_edition", "Edition of the catalog in force.", func(x federation.Report) float64 { return float64(x.Edition) }},
}

var hubFigures = []figure[hubState]{
	{"hub_leader", "1 at the hub that leads.", func(x hubState) float64 { return oneIf(x.leading) }},
	{"hub_ready", "1 when the hub has caught up and knows a leader.", func(x hubState) float64 { return oneIf(x.ready) }},
	{"hub_commit_index", "Raft index known to be committed.", func(x hubState) float64 { return float64(x.commit) }},
	{"hub_applied_index", "Raft index in the database.", func(x hubState) float64 { return float64(x.applied) }},
	{"hub_reachable_members", "Hubs this one reaches, itself included.", func(x hubState) float64 { return float64(x.reachable) }},
}

// scrapeTime bounds what reading them may take.
const scrapeTime = 5 * time.Second

// nodeFigures are the figures of the node itself, read when they are asked for.
// What cannot be read is left out.
func nodeFigures(n Node) exposition.Source {
	return func(p *exposition.Page) {
		ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
		defer cancel()
		if r, err := n.Report(ctx); err == nil {
			for _, x := range reportFigures {
				p.Family("tongban_"+x.name, x.help, exposition.Gauge).Set(x.value(r))
			}
		}
		files, bytes := n.UnnamedRemoved()
		p.Family("tongban_unnamed_uploads_removed_total", "Uploads removed because nothing had named them.", exposition.Counter).Set(float64(files))
		p.Family("tongban_unnamed_uploads_removed_bytes_total", "Their bytes.", exposition.Counter).Set(float64(bytes))
		hub := n.Hub()
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
		for _, x := range hubFigures {
			p.Family("tongban_"+x.name, x.help, exposition.Gauge).Set(x.value(state))
		}
	}
}
