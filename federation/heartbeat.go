package federation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/outbox"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/store"
)

const (
	heartbeatPath = "/federation/v1/heartbeat"
	reportPath    = "/peer/v1/reports"
	maxReport     = 4 << 20
)

// Report is what a node says of itself to those above, and `sync status`
// shows. Times are Unix milliseconds by the node's own clock.
type Report struct {
	Node     string        `json:"node"`
	Tier     node.Tier     `json:"tier"`
	Division division.Code `json:"division"`
	Version  string        `json:"version"`
	// Level is the newest level of entries that its program reads.
	Level int `json:"level,omitempty"`
	// KeysUntil is when its keys end.
	KeysUntil int64 `json:"keys_until,omitempty"`
	At        int64 `json:"at"`
	// Cursor is how far it has followed the county's ledger, LagEntries and
	// LagMS how far that was behind the head it last heard of.
	Cursor     uint64 `json:"cursor"`
	LagEntries uint64 `json:"lag_entries"`
	LagMS      int64  `json:"lag_ms"`
	// LineUp says whether it hears the node above; LineSince since when it
	// does or does not.
	LineUp    bool  `json:"line_up"`
	LineSince int64 `json:"line_since,omitempty"`
	// LastContact is when it last heard the node above.
	LastContact int64 `json:"last_contact,omitempty"`
	// UnansweredMS is for how long the node above has answered nothing, although the
	// connection stands.
	UnansweredMS int64  `json:"unanswered_ms,omitempty"`
	Upstream     string `json:"upstream,omitempty"`
	// The way up: entries the county has not confirmed, those no node above
	// has, and when the oldest happened.
	Outbox       int64 `json:"outbox"`
	Unsent       int64 `json:"unsent"`
	OutboxOldest int64 `json:"outbox_oldest,omitempty"`
	// Attachments that the county has not confirmed, and their bytes.
	Attachments     int64 `json:"attachments_outstanding"`
	AttachmentBytes int64 `json:"attachment_bytes_outstanding"`
	// Edition is the edition of the catalog that took effect last,
	// EditionEffective when; NextEdition the one that takes effect next, if any
	// is announced.
	Edition          int   `json:"edition"`
	EditionEffective int64 `json:"edition_effective,omitempty"`
	NextEdition      int   `json:"next_edition,omitempty"`
	// SkewMS is by how much its clock is ahead of the county's; SkewWarn that
	// this is too much.
	SkewMS   int64 `json:"skew_ms"`
	SkewWarn bool  `json:"skew_warn,omitempty"`
	// Former is the newest checkpoint it keeps of a ledger that went back.
	Former *store.FormerCheckpoint `json:"former,omitempty"`
	// Attention counts what waits for a person there.
	Attention int64 `json:"needs_attention"`
	// Problem is what keeps it from sending or following, in words.
	ProblemCode string `json:"problem_code,omitempty"`
	ProblemZH   string `json:"problem_zh,omitempty"`
	ProblemEN   string `json:"problem_en,omitempty"`
}

// Report says how this node is.
func (n *Node) Report(ctx context.Context) (Report, error) {
	r := Report{Node: n.self.Node, Tier: n.self.Tier, Division: n.self.Division, Version: n.version, At: n.now().UnixMilli(), Level: n.ownLevel(), KeysUntil: n.Expires().UnixMilli()}
	var err error
	if r.Cursor, err = n.Store.Head(ctx); err != nil {
		return r, err
	}
	out, err := n.Store.OutboxStats(ctx)
	if err != nil {
		return r, err
	}
	r.Outbox, r.Unsent, r.OutboxOldest = out.Length, out.Unsent, out.OldestMS
	if r.Attachments, r.AttachmentBytes, err = n.Store.OutstandingCount(ctx); err != nil {
		return r, err
	}
	if err := n.reportEditions(ctx, &r); err != nil {
		return r, err
	}
	open, err := n.Store.AttentionList(ctx, n.self.Division, false)
	if err != nil {
		return r, err
	}
	r.Attention = int64(len(open))
	if n.diskLow.Load() {
		r.ProblemCode, r.ProblemZH, r.ProblemEN = errDiskLow.Code, errDiskLow.ZH, errDiskLow.EN
	}
	if n.hub != nil {
		r.LineUp = n.hub.Ready() == nil
		return r, nil
	}
	if r.Cursor, err = n.Store.Cursor(ctx); err != nil {
		return r, err
	}
	former, err := n.Store.FormerCheckpoints(ctx)
	if err != nil {
		return r, err
	}
	if len(former) > 0 {
		r.Former = &former[len(former)-1]
	}
	n.reportLine(&r)
	return r, nil
}

func (n *Node) reportLine(r *Report) {
	f := n.follower.Status()
	r.LineUp, r.Upstream = f.Upstream != "", f.Upstream
	r.LagEntries, r.LagMS = f.LagEntries, f.LagMS
	r.SkewMS, r.SkewWarn = f.SkewMS, f.SkewWarning
	r.LastContact, r.LineSince = f.LastContact, f.Since
	if !r.LineUp {
		r.LineSince = f.LastContact
	}
	if e := f.LastError; e != nil {
		r.ProblemCode, r.ProblemZH, r.ProblemEN = e.Code, e.ZH, e.EN
	}
	if e := n.auditor.Status().LastError; e != nil && errors.Is(e, feed.ErrMissing) {
		r.ProblemCode, r.ProblemZH, r.ProblemEN = e.Code, e.ZH, e.EN
	}
	if s := n.sender.Status(); s.Code != "" {
		r.ProblemCode, r.ProblemZH, r.ProblemEN = s.Code, s.ZH, s.EN
	}
	if hangs := n.unanswered.since(f.Upstream, n.now(), f.BytesIn); hangs > 0 {
		r.unanswer(hangs)
	}
	if cast, ok := n.Revocation(); ok { // nothing else matters then
		r.ProblemCode = string(outbox.CodeRevoked)
		r.ProblemZH, r.ProblemEN = cast.Words()
	}
}

func (n *Node) reportEditions(ctx context.Context, r *Report) error {
	editions, err := n.Store.Editions(ctx)
	if err != nil {
		return err
	}
	var coming int64
	for _, e := range editions {
		switch {
		case e.CancelledAt != 0:
		case e.EffectiveFrom <= r.At:
			if e.EffectiveFrom >= r.EditionEffective {
				r.Edition, r.EditionEffective = e.Number, e.EffectiveFrom
			}
		case r.NextEdition == 0 || e.EffectiveFrom < coming:
			r.NextEdition, coming = e.Number, e.EffectiveFrom
		}
	}
	return nil
}

// Reports are what the nodes below last said, newest word of each.
func (n *Node) Reports(ctx context.Context) ([]store.PeerReport, error) {
	return n.Store.PeerReports(ctx)
}

// beat tells the node above how this one and those below it are, now and
// then and after every change of the line.
func (n *Node) beat(ctx context.Context) {
	up := true
	for ctx.Err() == nil {
		err := n.sendReports(ctx)
		switch {
		case err == nil && !up: // nobody should sit out a long pause now
			n.kickLines()
		case err != nil && ctx.Err() == nil:
			n.log.Debug("heartbeat not sent", "error", err)
		}
		up = err == nil
		select {
		case <-ctx.Done():
		case <-n.beatNow:
		case <-n.after(n.heartbeat):
		}
	}
}

// lookAgain is how soon a hub sees that it became ready, or is not any more: of what
// makes it so some is not told by anybody.
const lookAgain = time.Second

// beatHubs tells the other hubs how this one is, now and then and when it became
// ready: a hub that was just started has no leader yet, and would pass for one
// without a line until the next time.
func (n *Node) beatHubs(ctx context.Context) {
	for ctx.Err() == nil {
		ready := n.hub.Ready() == nil
		if own, err := n.ownReport(ctx); err == nil {
			n.tellHubs([]store.PeerReport{own})
		} else if ctx.Err() == nil {
			n.log.Debug("heartbeat not made", "error", err)
		}
		for waited := time.Duration(0); waited < n.heartbeat && ready == (n.hub.Ready() == nil) && ctx.Err() == nil; waited += lookAgain {
			select {
			case <-ctx.Done():
			case <-n.after(min(lookAgain, n.heartbeat-waited)):
			}
		}
	}
}

func (n *Node) sendReports(ctx context.Context) error {
	reports, err := n.ownAndBelow(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(reports)
	if err != nil {
		return err
	}
	var errs []error
	for _, u := range n.upstreams {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		var answer struct{}
		n.unanswered.ask(u.Name, n.now(), n.follower.Status().BytesIn)
		err := post(ctx, u.Client, u.BaseURL+heartbeatPath, body, &answer)
		n.unanswered.outcome(u.Name, err)
		cancel()
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (n *Node) ownReport(ctx context.Context) (store.PeerReport, error) {
	own, err := n.Report(ctx)
	if err != nil {
		return store.PeerReport{}, err
	}
	body, err := json.Marshal(own)
	return store.PeerReport{Node: own.Node, SeenAt: own.At, Report: body}, err
}

func (n *Node) ownAndBelow(ctx context.Context) ([]store.PeerReport, error) {
	own, err := n.ownReport(ctx)
	if err != nil {
		return nil, err
	}
	below, err := n.Store.PeerReports(ctx)
	return append(below, own), err
}

// serveHeartbeat keeps what a node below says, and at the county tells the
// other hubs.
func (n *Node) serveHeartbeat(w http.ResponseWriter, r *http.Request) {
	peer, err := n.peer(r)
	if err != nil {
		outbox.WriteProblem(w, err)
		return
	}
	reports, err := readReports(w, r)
	if err != nil {
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeMalformed, Err: err})
		return
	}
	now := n.now().UnixMilli()
	behind := clockBehind(reports, peer.Node, now)
	kept := reports[:0]
	for _, p := range reports {
		known, err := n.directory.node(r.Context(), p.Node)
		if err != nil || p.Node != peer.Node && (known.Tier == peer.Tier || !peer.Division.Contains(known.Division)) {
			continue
		}
		p.SeenAt = min(p.SeenAt+behind, now)
		if err := n.Store.KeepPeerReport(r.Context(), p, n.now().UnixMilli()); err != nil {
			outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeStorage, Err: err})
			return
		}
		kept = append(kept, p)
	}
	n.tellHubs(kept)
	respond(w, struct{}{})
}

// clockBehind is by how much the clock of the node that sends reports is behind
// this one's, milliseconds: it says of its own report that it is new.
func clockBehind(reports []store.PeerReport, sender string, now int64) int64 {
	for _, p := range reports {
		if p.Node == sender {
			return now - p.SeenAt
		}
	}
	return 0
}

func readReports(w http.ResponseWriter, r *http.Request) ([]store.PeerReport, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
	if err != nil {
		return nil, err
	}
	var reports []store.PeerReport
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	return reports, dec.Decode(&reports)
}

// tellHubs passes reports on to the other hubs: a person may ask any of them.
// One that is not reached hears the next heartbeat.
func (n *Node) tellHubs(reports []store.PeerReport) {
	if n.hub == nil || len(reports) == 0 {
		return
	}
	body, err := json.Marshal(reports)
	if err != nil {
		return
	}
	for _, t := range n.otherHubs() {
		n.run(func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			var answer struct{}
			if err := post(ctx, n.hub.PeerClient(), "https://"+t.Address+reportPath, body, &answer); err != nil {
				n.log.Debug("report not passed on", "hub", t.ID, "error", err)
			}
		})
	}
}

// serveReports keeps what another hub heard.
func (n *Node) serveReports(w http.ResponseWriter, r *http.Request) {
	reports, err := readReports(w, r)
	if err != nil {
		outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeMalformed, Err: err})
		return
	}
	for _, p := range reports {
		if err := n.Store.KeepPeerReport(r.Context(), p, n.now().UnixMilli()); err != nil {
			outbox.WriteProblem(w, &outbox.Problem{Code: outbox.CodeStorage, Err: err})
			return
		}
	}
	respond(w, struct{}{})
}
