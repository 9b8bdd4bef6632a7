package feed

import (
	"encoding/json"
	"net"
	"time"

	"github.com/tongban/tongban/store"
)

// session is one open feed. While it runs it belongs to its goroutine; while
// it does not, to whoever holds the server's lock.
type session struct {
	store.Follower
	// at is what the follower has been served up to; told is what it knows
	// of that: what it may not see moves only the former.
	at, told   uint64
	checkpoint uint64
	epoch      int64
	max        int
	out        blockWriter
	// beatAt is when the next heartbeat is due, by the server's clock.
	beatAt time.Time

	// Under the server's lock: whether its goroutine runs, whether that has to
	// look once more, and why the feed is to end.
	running, again bool
	ending         error
}

// enter counts the follower in. A node has one feed: a newer one replaces an
// older one, whose other end may be long gone.
func (s *Server) enter(ss *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.roomLocked(ss.Node); err != nil {
		return err
	}
	s.watch.Do(func() {
		s.open.Add(1)
		changed, tick := s.st.Changed(), s.o.Clock.NewTicker(max(s.o.Heartbeat/beatSteps, time.Millisecond))
		go s.watching(changed, tick)
	})
	if old := s.followers[ss.Node]; old != nil {
		s.endLocked(old, ErrReplaced)
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
	if s.closed {
		return ErrClosing
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

// beatSteps is in how many steps of a heartbeat's time due heartbeats are
// looked for. Followers come at different times and keep them: a thousand
// heartbeats at once would be a burst.
const beatSteps = 16

// watching wakes followers until the server is closed.
func (s *Server) watching(changed <-chan struct{}, tick Ticker) {
	defer s.open.Done()
	defer tick.Stop()
	for {
		select {
		case <-changed:
			// Before anybody looks at the store, so that what changes after
			// they looked is not missed.
			changed = s.st.Changed()
			s.push()
			s.pace()
		case <-tick.C():
			s.mu.Lock()
			now := s.o.Clock.Now()
			for _, ss := range s.followers {
				if ss.running || !now.Before(ss.beatAt) {
					s.wakeLocked(ss)
				}
			}
			s.mu.Unlock()
		case <-s.ctx.Done():
			return
		}
	}
}

// push wakes the followers for whom there is something new. Most of what a
// county records is of no concern to most of its villages.
func (s *Server) push() {
	v, err := s.tail.now(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ss := range s.followers {
		if err == nil && !ss.running && v.epoch == ss.epoch && v.nothing(ss.at, ss.Follower) {
			ss.at = max(ss.at, v.head)
			continue
		}
		s.wakeLocked(ss)
	}
}

// pace lets changes that come close together travel together.
func (s *Server) pace() {
	t := time.NewTimer(s.o.Pace)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

// wakeLocked has a session look for what there is to send.
func (s *Server) wakeLocked(ss *session) {
	if ss.running {
		ss.again = true
		return
	}
	ss.running = true
	go s.turns(ss)
}

// begin gives a session its connection.
func (s *Server) begin(ss *session, conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ss.out.w = conn
}

// endLocked has a session say why it ends, and end. Where its connection takes
// nothing, it is not waited for.
func (s *Server) endLocked(ss *session, why error) {
	if ss.ending == nil {
		ss.ending = why
		ss.out.ending.Store(true)
		if ss.out.w != nil {
			_ = ss.out.w.SetWriteDeadline(time.Now().Add(endTime))
		}
	}
	s.wakeLocked(ss)
}

// turns serves one follower until there is nothing to send.
func (s *Server) turns(ss *session) {
	for {
		err := s.ended(ss)
		if err == nil {
			err = s.turn(ss)
		}
		if err == nil {
			err = ss.out.flush()
		}
		if why := s.ended(ss); why != nil {
			err = why // the rest follows from it
		}
		if err != nil {
			s.end(ss, err)
			return
		}
		if s.rest(ss) {
			return
		}
	}
}

// ended tells why a session is to end, nil while it is not.
func (s *Server) ended(ss *session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ss.ending
}

// rest lets a session lie until it is woken, unless it was meanwhile.
func (s *Server) rest(ss *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ss.running, ss.again = ss.again || ss.ending != nil, false
	return !ss.running
}

func (s *Server) end(ss *session, err error) {
	defer s.leave(ss)
	fault := asFault(err, ErrTrouble)
	s.o.Logger.Info("feed ended", "follower", ss.Node, "code", fault.Code, "error", err)
	if payload, err := json.Marshal(fault); err == nil {
		_ = ss.out.write(blockProblem, payload)
	}
	ss.out.end()
}
