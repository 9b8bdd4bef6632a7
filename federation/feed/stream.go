package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

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
var errEpochEnded = ErrTrouble.Becausef("the ledger began a new epoch")

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
	ss.epoch = v.epoch
	if err := s.enter(ss); err != nil {
		return err
	}
	conn, err := takeOver(w)
	if err != nil {
		s.leave(ss)
		return err
	}
	s.begin(ss, conn)
	ss.out.begin(w.Header())
	go s.turns(ss)
	return nil
}

// session reads a feed request.
func (s *Server) session(r *http.Request, f store.Follower) (*session, error) {
	after, err := number(r, "after", 0, maxIndex)
	if err != nil {
		return nil, err
	}
	level, err := number(r, "level", 1, 1<<20)
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
		return nil, ErrRequest.Becausef("full=%.20q", full)
	}
	inForce, err := s.st.Level(r.Context())
	if err != nil {
		return nil, err
	}
	if int(level) < inForce {
		return nil, ErrLevel.Becausef("level %d is in force, %s reads %d", inForce, f.Node, level)
	}
	if !r.ProtoAtLeast(1, 1) {
		return nil, ErrRequest.Becausef("%s", r.Proto)
	}
	return &session{Follower: f, at: after, told: after, checkpoint: checkpoint, max: min(max(int(size), 1), s.o.PageBytes), running: true,
		out: blockWriter{timeout: s.o.WriteTimeout, total: &s.bytes}}, nil
}

// turn sends a follower what is there for it now. The first heartbeat answers
// the request, so that the follower can measure its clock before pages fill
// the line.
func (s *Server) turn(ss *session) error {
	if ss.beatAt.IsZero() {
		ss.beatAt = s.o.Clock.Now().Add(s.o.Heartbeat)
		if err := s.beat(s.ctx, ss, false); err != nil {
			return err
		}
	} else if err := s.due(ss, true); err != nil {
		return err
	}
	sent, err := s.catchUp(ss)
	if err != nil || !sent {
		return err
	}
	return s.beat(s.ctx, ss, true)
}

// catchUp sends pages until the follower has all there is, with heartbeats
// between them when it takes long.
func (s *Server) catchUp(ss *session) (sent bool, err error) {
	for {
		v, err := s.tail.now(s.ctx)
		if err != nil {
			return sent, err
		}
		if v.epoch != ss.epoch {
			return sent, errEpochEnded
		}
		if ss.at >= v.head { // or another hub was ahead of this one
			return sent, nil
		}
		p, ok, err := v.after(ss.at, ss.Follower, ss.max, s.cache)
		if err == nil && !ok {
			p, err = s.stored(s.ctx, ss)
		}
		if err != nil {
			return sent, err
		}
		ss.at = p.upTo
		if p.lines > 0 {
			if err := s.send(ss, p); err != nil {
				return sent, err
			}
			sent = true
		}
		if err := s.ended(ss); err != nil {
			return sent, err
		}
		if err := s.due(ss, false); err != nil {
			return sent, err
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

// due brings, at the time for it, the look whether the follower is still in
// good standing, which ends the feed of a node revoked meanwhile, and a
// heartbeat.
func (s *Server) due(ss *session, caughtUp bool) error {
	now := s.o.Clock.Now()
	if now.Before(ss.beatAt) {
		return nil
	}
	ss.beatAt = now.Add(s.o.Heartbeat)
	if err := s.standing(s.ctx, ss.Node); err != nil {
		return err
	}
	return s.beat(s.ctx, ss, caughtUp)
}

func heardMS(s Sighting) int64 {
	if s.Heard < 0 {
		return -1
	}
	return s.Heard.Milliseconds()
}
