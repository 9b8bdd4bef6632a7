package county

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// watchDisk takes leadership from a hub whose disk hangs. raft itself does not:
// its heartbeats go on while its main loop waits for the write, so the others
// keep following a leader that commits nothing.
func (h *Hub) watchDisk() {
	limit := h.o.Timing.Stall
	tick := time.NewTicker(max(limit/8, time.Millisecond))
	defer tick.Stop()
	silent := false
	var handed int64 // the transaction for which leadership was handed on
	for {
		select {
		case <-h.life.Done():
			return
		case <-tick.C:
		}
		switch stall := h.disk.stalled(); {
		case stall > limit && !silent && h.raft.State() == raft.Leader && len(h.otherVoters()) > 0:
			// The main loop hangs in the write and cannot step down; cutting
			// its connections makes the others elect somebody else, and its own
			// lease run out when it wakes.
			h.log.Error("county hub: the log's disk stalls, giving up leadership", "for", stall)
			silent = true
			h.port.mute(true)
			h.stall.begin()
		case silent && stall <= limit && h.raft.State() != raft.Leader && h.Err() == nil:
			h.log.Info("county hub: the log's disk answers again")
			silent = false
			h.port.mute(false)
			h.stall.end()
		}
		since := h.fsm.applying.Load()
		if since != 0 && since != handed && h.o.Now().UnixNano()-since > int64(limit) &&
			h.raft.State() == raft.Leader && len(h.otherVoters()) > 0 {
			handed = since
			h.log.Error("county hub: the database stalls, giving up leadership")
			go h.raft.LeadershipTransfer().Error()
		}
	}
}

// stall tells the proposals at a leader whose disk hangs to look elsewhere.
type stall struct {
	mu sync.Mutex
	on bool
	ch chan struct{} // closed while on
}

// watch returns a channel that closes when a stall begins, and whether one is on.
func (s *stall) watch() (<-chan struct{}, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch, s.on
}

func (s *stall) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	if !s.on {
		s.on = true
		close(s.ch)
	}
}

func (s *stall) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.on {
		s.on, s.ch = false, make(chan struct{})
	}
}
