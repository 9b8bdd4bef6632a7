package county

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/raft"
)

// Status is what one hub knows of itself and, in Members, of the others.
// Durations are milliseconds, -1 for never.
type Status struct {
	ID            string `json:"id"`
	Cluster       string `json:"cluster"`
	Address       string `json:"address"`
	State         string `json:"state"` // Leader, Follower, Candidate, Shutdown
	Leader        string `json:"leader,omitempty"`
	LeaderAddress string `json:"leader_address,omitempty"`
	Term          uint64 `json:"term"`
	Commit        uint64 `json:"commit"`
	Applied       uint64 `json:"applied"`
	LastLog       uint64 `json:"last_log"`
	LastContact   int64  `json:"last_contact_ms"` // since the leader was heard, 0 at the leader
	Ready         bool   `json:"ready"`
	Problem       string `json:"problem,omitempty"` // why it is not ready

	Snapshot SnapshotStatus `json:"snapshot"`
	Members  []Member       `json:"members"`
	// Standing is a word for all that was applied, if the database has one.
	Standing string `json:"standing,omitempty"`
}

// SnapshotStatus is how far the log may be cut: the database is durable through
// Index.
type SnapshotStatus struct {
	Index   uint64 `json:"index"`
	Term    uint64 `json:"term"`
	Applied uint64 `json:"applied"`
}

// Member is a hub of the configuration as the asked hub sees it now.
type Member struct {
	ID        string `json:"id"`
	Address   string `json:"address"`
	Voter     bool   `json:"voter"`
	Reachable bool   `json:"reachable"`
	// The rest is the member's own word, zero when it was not reached.
	State       string `json:"state,omitempty"`
	Applied     uint64 `json:"applied,omitempty"`
	LastContact int64  `json:"last_contact_ms"`
	Ready       bool   `json:"ready"`
	Problem     string `json:"problem,omitempty"`
}

// probeTime is how long Status waits for a member's own word.
const probeTime = time.Second

// Status tells where this hub and its peers stand.
func (h *Hub) Status(ctx context.Context) Status {
	s := h.own()
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	done := make(chan struct{})
	for i := range s.Members {
		m := &s.Members[i]
		go func() {
			defer func() { done <- struct{}{} }()
			theirs, err := s, error(nil)
			if m.ID != h.o.ID {
				theirs, err = h.client.status(ctx, m.Address)
			}
			if err == nil && theirs.ID != m.ID {
				err = fmt.Errorf("%w: %s answers there", ErrForeign, theirs.ID)
			}
			if err != nil {
				m.LastContact, m.Problem = -1, err.Error()
				return
			}
			m.Reachable, m.State, m.Applied = true, theirs.State, theirs.Applied
			m.LastContact, m.Ready, m.Problem = theirs.LastContact, theirs.Ready, theirs.Problem
		}()
	}
	for range s.Members {
		<-done
	}
	return s
}

// own is this hub's status without asking anybody.
func (h *Hub) own() Status {
	addr, id := h.raft.LeaderWithID()
	s := Status{
		ID: h.o.ID, Cluster: h.o.Cluster, Address: h.o.Advertise, State: h.raft.State().String(),
		Leader: string(id), LeaderAddress: string(addr), Term: h.raft.CurrentTerm(),
		Commit: h.raft.CommitIndex(), Applied: h.Applied(), LastLog: h.raft.LastIndex(), LastContact: -1,
	}
	if h.raft.State() == raft.Leader {
		s.LastContact = 0
	} else if at := h.raft.LastContact(); !at.IsZero() {
		s.LastContact = time.Since(at).Milliseconds()
	}
	if err := h.Ready(); err != nil {
		s.Problem = err.Error()
	} else {
		s.Ready = true
	}
	if _, head, err := h.fsm.snaps.newest(); err != nil {
		s.Problem = err.Error()
	} else {
		s.Snapshot = SnapshotStatus{Index: head.Index, Term: head.Term, Applied: head.Applied}
	}
	for _, m := range h.servers() {
		s.Members = append(s.Members, Member{ID: string(m.ID), Address: string(m.Address), Voter: m.Suffrage == raft.Voter})
	}
	return s
}

// servers are the hubs of the configuration; the caller may change the slice.
func (h *Hub) servers() []raft.Server {
	return slices.Clone(h.raft.GetConfiguration().Configuration().Servers)
}

func (h *Hub) voters() []raft.Server {
	return slices.DeleteFunc(h.servers(), func(s raft.Server) bool { return s.Suffrage != raft.Voter })
}

// otherVoters are the voters beside this hub.
func (h *Hub) otherVoters() []raft.Server {
	return slices.DeleteFunc(h.voters(), func(s raft.Server) bool { return string(s.ID) == h.o.ID })
}

func (h *Hub) member(id string) (raft.Server, bool) {
	for _, s := range h.servers() {
		if string(s.ID) == id {
			return s, true
		}
	}
	return raft.Server{}, false
}
