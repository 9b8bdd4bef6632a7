package county

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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

func (h *Hub) servers() []raft.Server { return h.raft.GetConfiguration().Configuration().Servers }

// otherVoters are the voters beside this hub.
func (h *Hub) otherVoters() []raft.Server {
	var voters []raft.Server
	for _, s := range h.servers() {
		if s.Suffrage == raft.Voter && string(s.ID) != h.o.ID {
			voters = append(voters, s)
		}
	}
	return voters
}

func (h *Hub) member(id string) (raft.Server, bool) {
	for _, s := range h.servers() {
		if string(s.ID) == id {
			return s, true
		}
	}
	return raft.Server{}, false
}

// change is a membership call on the wire.
type change struct {
	ID      string `json:"id"`
	Address string `json:"address,omitempty"`
}

// AddVoter makes the hub id at addr (its peer port, host:port) a voter, or
// tells the cluster that a voter has moved there. The hub must be running. It
// gets its vote only when it has caught up, so that adding one that is slow or
// absent costs no majority. Until ctx ends; to be repeated after an error.
func (h *Hub) AddVoter(ctx context.Context, id, addr string) error {
	return h.atLeaderChange(ctx, "add", change{id, addr}, h.addVoter)
}

// Remove takes the hub id out of the cluster, the leader too. A hub that is not
// in it is no error; the last voter stays.
func (h *Hub) Remove(ctx context.Context, id string) error {
	return h.atLeaderChange(ctx, "remove", change{ID: id}, h.remove)
}

// TransferLeadership hands leadership to the voter id, or to the most advanced
// one when id is empty.
func (h *Hub) TransferLeadership(ctx context.Context, id string) error {
	_, before := h.raft.LeaderWithID()
	err := h.atLeaderChange(ctx, "transfer", change{ID: id}, h.transfer)
	if errors.Is(err, ErrUnknown) && h.succeeded(ctx, string(before), id) {
		return nil
	}
	return err
}

// succeeded tells whether somebody else came to lead after before: the wanted
// hub, or any when wanted is empty. A transfer asked of another hub ends its
// own connection, so its answer may not arrive.
func (h *Hub) succeeded(ctx context.Context, before, wanted string) bool {
	give := time.NewTimer(h.o.Timing.LeaderWait)
	defer give.Stop()
	for {
		if addr, id := h.raft.LeaderWithID(); addr != "" && string(id) != before {
			return wanted == "" || string(id) == wanted
		}
		select {
		case <-ctx.Done():
			return false
		case <-give.C:
			return false
		case <-h.life.Done():
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (h *Hub) atLeaderChange(ctx context.Context, path string, c change, here func(context.Context, change) error) error {
	return h.atLeader(ctx,
		func() error { return here(ctx, c) },
		func(ctx context.Context, addr string) error {
			return h.client.call(ctx, http.MethodPost, addr, path, c, nil)
		})
}

func (h *Hub) serveChange(here func(context.Context, change) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var c change
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRecord)).Decode(&c)
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrMembership, err)
		} else {
			err = here(r.Context(), c)
		}
		if err != nil {
			answerError(w, err)
			return
		}
		answer(w, struct{}{})
	}
}

func (h *Hub) addVoter(ctx context.Context, c change) error {
	if !h.Leading() {
		return errNotLeader
	}
	if c.ID == "" || c.Address == "" {
		return fmt.Errorf("%w: id and address are needed", ErrMembership)
	}
	for _, s := range h.servers() {
		if string(s.Address) == c.Address && string(s.ID) != c.ID {
			return fmt.Errorf("%w: %s is already at %s", ErrMembership, s.ID, c.Address)
		}
	}
	have, known := h.member(c.ID)
	if known && have.Suffrage == raft.Voter && string(have.Address) == c.Address {
		return nil
	}
	if err := h.vet(ctx, c); err != nil {
		return err
	}
	if !known || have.Suffrage != raft.Voter {
		f := h.raft.AddNonvoter(raft.ServerID(c.ID), raft.ServerAddress(c.Address), 0, 0)
		if err := changed(f.Error()); err != nil {
			return err
		}
		if err := h.waitCaughtUp(ctx, c); err != nil {
			if !known {
				h.raft.RemoveServer(raft.ServerID(c.ID), 0, 0).Error()
			}
			return err
		}
	}
	return changed(h.raft.AddVoter(raft.ServerID(c.ID), raft.ServerAddress(c.Address), 0, 0).Error())
}

// vet asks the hub to be added who it is.
func (h *Hub) vet(ctx context.Context, c change) error {
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	s, err := h.client.status(ctx, c.Address)
	if err != nil {
		return fmt.Errorf("%w: ask %s: %v", ErrMembership, c.Address, err)
	}
	if s.ID != c.ID || s.Cluster != h.o.Cluster {
		return fmt.Errorf("%w: at %s is %q of %q", ErrForeign, c.Address, s.ID, s.Cluster)
	}
	if len(s.Members) == 0 {
		return nil
	}
	for _, m := range s.Members {
		if m.ID == h.o.ID {
			return nil
		}
	}
	return fmt.Errorf("%w: %q already belongs to a cluster without %q; empty its data first", ErrForeign, c.ID, h.o.ID)
}

// nearEnough is how many entries a hub may be behind to be given its vote.
const nearEnough = 64

func (h *Hub) waitCaughtUp(ctx context.Context, c change) error {
	var err error
	for {
		var s Status
		target := h.raft.CommitIndex()
		if s, err = h.client.status(ctx, c.Address); err == nil && s.ID == c.ID && s.Leader == h.o.ID && s.Applied+nearEnough >= target && s.LastLog+nearEnough >= target {
			return nil
		}
		if !h.Leading() {
			return errNotLeader
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %s has not caught up (at %d of %d): %w", ErrMembership, c.ID, s.Applied, target, errors.Join(ctx.Err(), err))
		case <-h.life.Done():
			return h.closedErr()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (h *Hub) remove(_ context.Context, c change) error {
	if !h.Leading() {
		return errNotLeader
	}
	s, known := h.member(c.ID)
	if !known {
		return nil
	}
	others := 0
	for _, m := range h.servers() {
		if m.Suffrage == raft.Voter && m.ID != s.ID {
			others++
		}
	}
	if others == 0 {
		return fmt.Errorf("%w: %s is the last voter", ErrMembership, c.ID)
	}
	return changed(h.raft.RemoveServer(s.ID, 0, 0).Error())
}

func (h *Hub) transfer(_ context.Context, c change) error {
	if !h.Leading() {
		return errNotLeader
	}
	if c.ID == h.o.ID {
		return nil
	}
	f := h.raft.LeadershipTransfer
	if c.ID != "" {
		s, known := h.member(c.ID)
		if !known || s.Suffrage != raft.Voter {
			return fmt.Errorf("%w: %s is not a voter", ErrMembership, c.ID)
		}
		f = func() raft.Future { return h.raft.LeadershipTransferToServer(s.ID, s.Address) }
	}
	return changed(f().Error())
}

// changed translates raft's answer to a change of membership.
func changed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return errNotLeader
	case errors.Is(err, raft.ErrLeadershipLost), errors.Is(err, raft.ErrRaftShutdown):
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	default:
		return fmt.Errorf("%w: %w", ErrMembership, err)
	}
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
