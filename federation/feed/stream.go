package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// heartbeat is the payload of a heartbeat block.
type heartbeat struct {
	County  string `json:"county"`
	Node    string `json:"node"`
	Version string `json:"version,omitempty"`
	// Level is the level in force in the sender's state, Epoch the epoch of its
	// ledger (ledger.Recovery.At), 0 for the first.
	Level int   `json:"level"`
	Epoch int64 `json:"epoch,omitempty"`
	// UpTo is what the follower now has everything up to, Head what the
	// sender can pass on, CountyHead what it knows the county to have.
	UpTo       uint64 `json:"upto"`
	Head       uint64 `json:"head"`
	CountyHead uint64 `json:"county_head,omitempty"`
	// TimeMS is the county's clock, 0 when the sender does not know it.
	TimeMS int64 `json:"time_ms,omitempty"`
	// HeardMS is how long ago the sender heard of the county, -1 for never.
	HeardMS int64 `json:"heard_ms"`
	// WentBack: the sender found that the county has less than it had.
	WentBack bool `json:"went_back,omitempty"`
	// Checkpoints lead from the last one this connection carried, or the one
	// the follower named, to the newest.
	Checkpoints []Link `json:"checkpoints,omitempty"`
}

// headerHeard tells how long ago (milliseconds) the sender heard of the
// county, so that a follower can ask before it changes upstreams.
const headerHeard = "Tongban-Heard-Ms"

// maxLinks bounds the checkpoints in one heartbeat.
const maxLinks = 16

// errEpochEnded ends the feeds of a ledger that went back: the followers have
// to learn of it first.
var errEpochEnded = ErrTrouble.becausef("the ledger began a new epoch")

// session is one open feed.
type session struct {
	store.Follower
	cancel context.CancelCauseFunc
	// at is what the follower has been served up to; told is what it knows
	// of that: what it may not see moves only the former.
	at, told   uint64
	checkpoint uint64
	epoch      int64
	max        int
	out        blockWriter
	pushed     time.Time
}

// serveFeed answers a feed request. An error before the stream began is
// answered by the caller.
func (s *Server) serveFeed(w http.ResponseWriter, r *http.Request, f store.Follower) error {
	ss, err := s.session(r, f)
	if err != nil {
		return err
	}
	v, err := s.tail.now(r.Context())
	if err != nil {
		return err
	}
	sighting := s.o.County.Sighting()
	w.Header().Set(headerHeard, fmt.Sprint(heardMS(sighting)))
	w.Header().Set(headerHead, fmt.Sprint(v.head))
	w.Header().Set("Content-Type", "application/vnd.tongban.feed")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		if err := s.room(f.Node); err != nil {
			return err
		}
		w.WriteHeader(http.StatusOK)
		return nil
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	ss.cancel, ss.epoch = cancel, v.epoch
	if err := s.enter(ss); err != nil {
		return err
	}
	defer s.leave(ss)
	ss.out = blockWriter{w: w, rc: http.NewResponseController(w), timeout: s.o.WriteTimeout, total: &s.bytes}
	// A server's read timeout is meant for requests, and ends feeds.
	_ = ss.out.rc.SetReadDeadline(time.Time{})
	w.WriteHeader(http.StatusOK)
	if err := s.stream(ctx, r, ss); err != nil {
		fault := asFault(err, ErrTrouble)
		s.o.Logger.Info("feed ended", "follower", f.Node, "code", fault.Code, "error", err)
		if payload, err := json.Marshal(fault); err == nil && ss.out.err == nil {
			_ = ss.out.write(blockProblem, payload)
			_ = ss.out.flush()
		}
	}
	return nil
}

// session reads a feed request.
func (s *Server) session(r *http.Request, f store.Follower) (*session, error) {
	after, err := number(r, "after", 0, maxIndex)
	if err != nil {
		return nil, err
	}
	level, err := number(r, "level", ledger.Level, 1<<20)
	if err != nil {
		return nil, err
	}
	checkpoint, err := number(r, "checkpoint", 0, maxIndex)
	if err != nil {
		return nil, err
	}
	size, err := number(r, "page", uint64(s.o.PageBytes), maxIndex)
	if err != nil {
		return nil, err
	}
	switch full := r.URL.Query().Get("full"); full {
	case "", "0":
	case "1":
		f.Full = true
	default:
		return nil, ErrRequest.becausef("full=%.20q", full)
	}
	inForce, err := s.st.Level(r.Context())
	if err != nil {
		return nil, err
	}
	if int(level) < inForce {
		return nil, ErrLevel.becausef("level %d is in force, %s reads %d", inForce, f.Node, level)
	}
	return &session{Follower: f, at: after, told: after, checkpoint: checkpoint, max: min(max(int(size), 1), s.o.PageBytes)}, nil
}

// enter counts the follower in. A node has one feed: a newer one replaces an
// older one, whose other end may be long gone.
func (s *Server) enter(ss *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.roomLocked(ss.Node); err != nil {
		return err
	}
	if old := s.followers[ss.Node]; old != nil {
		old.cancel(ErrReplaced)
	}
	s.followers[ss.Node] = ss
	s.open.Add(1)
	return nil
}

func (s *Server) room(node string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roomLocked(node)
}

func (s *Server) roomLocked(node string) error {
	select {
	case <-s.closing:
		return ErrClosing
	default:
	}
	if s.followers[node] == nil && len(s.followers) >= s.o.MaxFollowers {
		return ErrBusy
	}
	return nil
}

func (s *Server) leave(ss *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.followers[ss.Node] == ss {
		delete(s.followers, ss.Node)
	}
	s.open.Done()
}

// stream serves one follower until its connection ends.
func (s *Server) stream(ctx context.Context, r *http.Request, ss *session) error {
	tick := s.o.Clock.NewTicker(s.o.Heartbeat)
	defer tick.Stop()
	// The first heartbeat answers the request, so that the follower can
	// measure its clock before pages fill the line.
	if err := s.beat(ctx, ss, false); err != nil {
		return err
	}
	for {
		changed, sent, err := s.catchUp(ctx, r, ss, tick.C())
		if err != nil {
			return err
		}
		if sent {
			if err := s.beat(ctx, ss, true); err != nil {
				return err
			}
		}
		select {
		case <-changed:
			if err := s.pace(ctx, ss); err != nil {
				return err
			}
		case <-tick.C():
			if err := s.due(ctx, r, ss, true); err != nil {
				return err
			}
		case <-s.closing:
			return ErrClosing
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// catchUp sends pages until the follower has all there is, with heartbeats
// between them when it takes long.
func (s *Server) catchUp(ctx context.Context, r *http.Request, ss *session, tick <-chan time.Time) (changed <-chan struct{}, sent bool, err error) {
	for {
		select {
		case <-tick:
			if err := s.due(ctx, r, ss, false); err != nil {
				return nil, sent, err
			}
		default:
		}
		v, err := s.tail.now(ctx)
		if err != nil {
			return nil, sent, err
		}
		if v.epoch != ss.epoch {
			return nil, sent, errEpochEnded
		}
		if ss.at >= v.head { // or another hub was ahead of this one
			return v.changed, sent, nil
		}
		p, ok, err := v.after(ss.at, ss.Follower, ss.max, s.cache)
		if err == nil && !ok {
			p, err = s.stored(ctx, ss)
		}
		if err != nil {
			return nil, sent, err
		}
		ss.at = p.upTo
		if p.lines > 0 {
			if err := s.send(ss, p); err != nil {
				return nil, sent, err
			}
			sent = true
		}
		if ctx.Err() != nil {
			return nil, sent, context.Cause(ctx)
		}
	}
}

// stored reads a page from the database, for a follower that is far behind.
func (s *Server) stored(ctx context.Context, ss *session) (page, error) {
	got, err := s.st.Feed(ctx, ss.Follower, ss.at, ss.max)
	if err != nil {
		return page{}, err
	}
	p := page{upTo: got.UpTo, head: got.Head, lines: len(got.Lines)}
	if p.lines > 0 {
		p.frame, p.size = s.cache.get(keyOfLines(got.Lines), func() ([]byte, int) { return packLines(got.Lines) })
	}
	return p, nil
}

func (s *Server) send(ss *session, p page) error {
	header, err := json.Marshal(pageHeader{After: ss.told, UpTo: p.upTo, Head: p.head, Lines: p.lines, Size: p.size})
	if err != nil {
		return err
	}
	ss.told = p.upTo
	s.pages.Add(1)
	return ss.out.write(blockEntries, append(header, '\n'), p.frame)
}

// beat sends a heartbeat. caughtUp: the follower has been served up to at.
func (s *Server) beat(ctx context.Context, ss *session, caughtUp bool) error {
	links, err := s.o.County.Links(ctx, ss.checkpoint)
	if err != nil {
		return err
	}
	links = links[:min(len(links), maxLinks)]
	v, err := s.tail.now(ctx)
	if err != nil {
		return err
	}
	if v.epoch != ss.epoch {
		return errEpochEnded
	}
	sighting := s.o.County.Sighting()
	self := s.st.Self()
	hb := heartbeat{
		County: string(self.County()), Node: self.Node, Version: s.o.Version, Level: v.level, Epoch: v.epoch,
		UpTo: ss.told, Head: v.head, CountyHead: max(sighting.Head, v.head), HeardMS: heardMS(sighting), WentBack: sighting.WentBack, Checkpoints: links,
	}
	if caughtUp {
		hb.UpTo = max(ss.at, ss.told)
	}
	if sighting.TimeKnown {
		hb.TimeMS = sighting.Time.UnixMilli()
	}
	payload, err := json.Marshal(&hb)
	if err != nil {
		return err
	}
	if len(links) > 0 {
		if ss.checkpoint, err = noteSize(links[len(links)-1].Note); err != nil {
			return err
		}
	}
	ss.told = hb.UpTo
	if err := ss.out.write(blockHeartbeat, payload); err != nil {
		return err
	}
	return ss.out.flush()
}

// due is what a tick brings: the look whether the follower is still in good
// standing, which ends the feed of a node revoked meanwhile, and a heartbeat.
func (s *Server) due(ctx context.Context, r *http.Request, ss *session, caughtUp bool) error {
	f, err := s.admit(r)
	if err != nil {
		return err
	}
	if f.Node != ss.Node {
		return ErrNotAllowed
	}
	return s.beat(ctx, ss, caughtUp)
}

// pace lets changes that come close together travel together.
func (s *Server) pace(ctx context.Context, ss *session) error {
	wait := s.o.Pace - time.Since(ss.pushed)
	if wait > 0 && wait <= s.o.Pace {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	ss.pushed = time.Now()
	return nil
}

func heardMS(s Sighting) int64 {
	if s.Heard < 0 {
		return -1
	}
	return s.Heard.Milliseconds()
}
