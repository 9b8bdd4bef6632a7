package feed

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/tongban/tongban/node"
)

// Status is how following stands, for status views. Times are Unix
// milliseconds by this node's clock, 0 for never.
type Status struct {
	// Upstream is the node followed now, empty when there is no connection;
	// Tier and Since belong to it.
	Upstream string    `json:"upstream,omitempty"`
	Tier     node.Tier `json:"tier,omitempty"`
	Since    int64     `json:"since,omitempty"`
	// LastContact is when anything last came from an upstream, before a restart too.
	LastContact int64 `json:"last_contact,omitempty"`
	// Heard is when the county was last heard of, by way of an upstream.
	Heard time.Time `json:"-"`
	// Head is the newest index the county is known to have, Cursor how far
	// this node has everything it may see.
	Head   uint64 `json:"head"`
	Cursor uint64 `json:"cursor"`
	// LagEntries is Head less Cursor. LagMS is for how long this node has not
	// been known to be up to date; 0 while it is, -1 if it never was.
	LagEntries uint64 `json:"lag_entries"`
	LagMS      int64  `json:"lag_ms"`
	// SkewMS is by how much this node's clock is ahead of the county's, if
	// SkewKnown; SkewWarning that it is too much.
	SkewMS      int64 `json:"skew_ms"`
	SkewKnown   bool  `json:"skew_known"`
	SkewWarning bool  `json:"skew_warning,omitempty"`
	// Checkpoint is the size of the newest checkpoint proven to continue all
	// before it; UnprovedSince is since when newer ones lack a proof.
	Checkpoint    uint64 `json:"checkpoint"`
	UnprovedSince int64  `json:"unproved_since,omitempty"`
	// LastError is the last failure and its time; it stays until following
	// works again.
	LastError   *Fault `json:"last_error,omitempty"`
	LastErrorAt int64  `json:"last_error_at,omitempty"`
	// Blocked are upstreams not followed any more, with why.
	Blocked map[string]*Fault `json:"blocked,omitempty"`
	// BytesIn counts what came over the connections (compressed) since the
	// start, Unverified the entries whose origin's key this node does not
	// know: they are taken on the county's word.
	BytesIn    int64 `json:"bytes_in"`
	Unverified int64 `json:"unverified"`
}

// Status is the present state of following.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.o.Clock.Now()
	s := f.state.Status
	s.LagEntries = max(s.Head, s.Cursor) - s.Cursor
	if f.state.heard.ok {
		s.Heard = f.state.heard.at
	}
	switch {
	case f.state.current && s.Upstream != "":
		s.LagMS = 0
	case f.state.currentAt.IsZero():
		s.LagMS = -1
	default:
		s.LagMS = max(now.Sub(f.state.currentAt).Milliseconds(), 0)
	}
	if skew, known := f.skew.estimate(); known {
		s.SkewKnown, s.SkewMS = true, skew.Milliseconds()
		s.SkewWarning = skew.Abs() >= f.o.SkewWarning
	}
	if back := f.setback.now(); back != nil && (s.LastError == nil || s.LastError.Code != ErrRewritten.Code) {
		s.LastError = back
	}
	// That history was rewritten is not overtaken by a line that fails.
	for _, why := range f.blocked {
		if s.Upstream == "" && why.Code == ErrRewritten.Code {
			s.LastError = why
		}
	}
	s.Checkpoint, s.UnprovedSince = f.witness.standing()
	s.BytesIn = f.bytesIn.Load()
	s.Unverified = f.keys.unverified.Load()
	if len(f.blocked) > 0 {
		s.Blocked = make(map[string]*Fault, len(f.blocked))
		for name, why := range f.blocked {
			s.Blocked[name] = why
		}
	}
	return s
}

// state is Status with what it is computed from.
type state struct {
	Status
	// current: everything the upstream has was here at the last word.
	current   bool
	currentAt time.Time
	heard     heard
}

// heard is when the county was last heard of, by way of an upstream.
type heard struct {
	at time.Time
	ok bool
}

// Skew is by how much this node's clock is ahead of the county's; false while
// it has not been measured since the start.
func (f *Follower) Skew() (time.Duration, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.skew.estimate()
}

// beaten takes in a good heartbeat.
func (f *Follower) beaten(c *connection, hb *heartbeat, got time.Time, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.state
	if first {
		s.Upstream, s.Tier, s.Since = c.up.Name, c.up.Tier, got.UnixMilli()
		s.LastError, s.LastErrorAt = nil, 0
		f.back(c.up.Name)
		f.o.Logger.Info("following", "upstream", c.up.Name, "after", c.at)
	}
	s.LastContact = got.UnixMilli()
	s.Cursor, s.Head = c.at, max(hb.Head, hb.CountyHead, c.at)
	s.current = c.at == s.Head
	if s.current {
		s.currentAt = got
		f.full = false // what was lost is here again
	}
	if hb.HeardMS >= 0 {
		s.heard = heard{at: got.Add(-time.Duration(hb.HeardMS) * time.Millisecond), ok: true}
	}
	if hb.TimeMS == 0 {
		return
	}
	was, _ := f.skew.estimate()
	if sent := timeOf(hb.TimeMS); first {
		f.skew.open(time.Unix(0, c.asked.Load()), sent, got)
	} else {
		f.skew.add(sent, got)
	}
	if is, _ := f.skew.estimate(); is.Abs() >= f.o.SkewWarning && was.Abs() < f.o.SkewWarning {
		f.o.Logger.Warn("this node's clock differs from the county's; set it right", "ahead_ms", is.Milliseconds())
	}
}

// applied takes in how far a page has brought this node.
func (f *Follower) applied(at, head uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.o.Clock.Now()
	s := &f.state
	s.LastContact = now.UnixMilli()
	s.Cursor, s.Head = at, max(s.Head, head, at)
	if s.current = s.Cursor == s.Head; s.current {
		s.currentAt = now
	}
}

// resize adapts the pieces asked for to the link: a page that came whole lets
// the next connection ask for more, a cut inside a block for less.
func (f *Follower) resize(whole bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if whole {
		f.pageBytes = min(2*f.pageBytes, maxAskPage)
	} else {
		f.pageBytes = max(f.pageBytes/2, minAskPage)
	}
}

// ended notes that there is no connection.
func (f *Follower) ended() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state.current {
		f.state.currentAt = f.o.Clock.Now()
	}
	f.state.current = false
	f.state.Upstream, f.state.Tier, f.state.Since = "", "", 0
}

// trouble is an upstream that fails, and how.
type trouble struct{ upstream, code string }

// told is what the log tells of a trouble.
type told struct {
	at    time.Time // when it told last
	times int       // how often it was met
}

// tellAgain is how often a failure that lasts is told once more.
const tellAgain = time.Hour

// back forgets what was told of an upstream: it serves. f.mu is held.
func (f *Follower) back(upstream string) {
	maps.DeleteFunc(f.troubles, func(t trouble, _ told) bool { return t.upstream == upstream })
}

// fail notes a failure for Status and returns it. A line may be down for days
// and is tried every minute: the log tells that it went down, another reason,
// and once an hour that it still is.
func (f *Follower) fail(upstream string, err error) error {
	fault := asFault(err, ErrUnreachable)
	f.mu.Lock()
	defer f.mu.Unlock()
	now, level := f.o.Clock.Now(), slog.LevelDebug
	t := f.troubles[trouble{upstream, fault.Code}]
	if t.times++; t.times == 1 || now.Sub(t.at).Abs() >= tellAgain {
		level, t.at = slog.LevelWarn, now
	}
	f.troubles[trouble{upstream, fault.Code}] = t
	f.o.Logger.Log(context.Background(), level, "feed interrupted", "upstream", upstream, "code", fault.Code, "times", t.times, "error", err)
	if last := f.state.LastError; last != nil && lineFaults[fault.Code] && !lineFaults[last.Code] && now.Sub(time.UnixMilli(f.state.LastErrorAt)) < f.graver() {
		return err
	}
	f.state.LastError, f.state.LastErrorAt = fault, now.UnixMilli()
	return err
}

// lineFaults are those of a line. Where one upstream sends what cannot be taken and
// the next cannot be reached, the first is why this node does not follow.
var lineFaults = map[string]bool{ErrUnreachable.Code: true, ErrSilent.Code: true, ErrBehind.Code: true, ErrBusy.Code: true,
	ErrClosing.Code: true, ErrReplaced.Code: true, ErrTrouble.Code: true}

// graver is for how long another fault is not overtaken by that of a line: by then
// each upstream was tried again.
func (f *Follower) graver() time.Duration {
	return time.Minute + time.Duration(1+len(f.o.Upstreams))*f.o.BackoffMax
}
