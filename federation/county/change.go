package county

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// change is a membership call on the wire.
type change struct {
	ID      string `json:"id"`
	Address string `json:"address,omitempty"`
}

// AddVoter makes the hub id at addr (its peer port, host:port) a voter, or
// tells the cluster that a voter has moved there. The hub must be running. It
// gets its vote only when it has caught up, so that adding one that is slow or
// absent costs no majority. Until ctx ends; to be repeated after an error,
// which is a *Refusal where something must be done first.
func (h *Hub) AddVoter(ctx context.Context, id, addr string) error {
	return h.atLeaderChange(ctx, "add", change{id, addr}, h.addVoter)
}

// Remove takes the hub id out of the cluster, the leader too, which hands
// leadership on first. The last voter stays, and so does a hub without which
// the others would have no majority. What is not done is a *Refusal.
func (h *Hub) Remove(ctx context.Context, id string) error {
	for attempt := 0; ; attempt++ {
		err := h.atLeaderChange(ctx, "remove", change{ID: id}, h.remove)
		var no *Refusal
		if attempt > 0 && errors.As(err, &no) && no.Code == HubUnknown {
			return nil // the answer of the attempt before was lost
		}
		if !errors.Is(err, ErrUnknown) || attempt == 3 || ctx.Err() != nil {
			return err
		}
	}
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
		return &Refusal{HubAddress, "需要主机编号和互联地址（主机:端口）", "the hub's id and the address of its peer port (host:port) are needed"}
	}
	for _, s := range h.servers() {
		if string(s.Address) == c.Address && string(s.ID) != c.ID {
			return &Refusal{HubAddress, fmt.Sprintf("地址 %s 属于主机 %s，请核对新主机的 advertise.peer", c.Address, s.ID),
				fmt.Sprintf("%s is the address of hub %s; look at advertise.peer of the new one", c.Address, s.ID)}
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
		return &Refusal{HubUnreachable, fmt.Sprintf("在 %s 连不上主机 %s：请先在那台机器上运行 serve，并核对其 advertise.peer 和防火墙", c.Address, c.ID),
			fmt.Sprintf("hub %s does not answer at %s; run serve there first and look at its advertise.peer and the firewall: %v", c.ID, c.Address, err)}
	}
	if s.ID != c.ID || s.Cluster != h.o.Cluster {
		return &Refusal{HubForeign, fmt.Sprintf("在 %s 应答的是 %s（%s），不是 %s：请核对编号和地址", c.Address, s.ID, s.Cluster, c.ID),
			fmt.Sprintf("at %s answers %q of %q, not %s; look at id and address", c.Address, s.ID, s.Cluster, c.ID)}
	}
	if err := h.sameLedger(ctx, s); err != nil {
		return &Refusal{HubOtherLedger, fmt.Sprintf("主机 %s 的台账与本县中心的不一致（多半是恢复之前的旧主机）：请停止它，移走 raft 目录和 state.db 后重新启动，再加入；刚移走过的，是另一台旧主机又把旧台账给了它，请先停止所有旧主机，再逐台清空", c.ID),
			fmt.Sprintf("%s holds a ledger that this county's does not continue, as a hub of before a restore does; stop it, move raft and state.db away, start it and add it again. If that was just done, another old hub gave it the ledger of before: stop all old hubs first, then empty them one by one: %v", c.ID, err)}
	}
	if len(s.Members) == 0 {
		return nil
	}
	for _, m := range s.Members {
		if m.ID == h.o.ID {
			return nil
		}
	}
	return &Refusal{HubForeign, fmt.Sprintf("主机 %s 已属于另一个集群：请停止它，移走 raft 目录和 state.db 后重新启动，再加入", c.ID),
		fmt.Sprintf("%s belongs to a cluster without %s already; stop it, move raft and state.db away, start it and add it again", c.ID, h.o.ID)}
}

// sameLedger holds what another hub has applied against what the county has.
func (h *Hub) sameLedger(ctx context.Context, s Status) error {
	m, ok := h.o.StateMachine.(history)
	if !ok {
		return nil
	}
	if s.Standing == "" {
		return fmt.Errorf("it does not say what it holds: %s", s.Problem)
	}
	// What a hub of this county has applied was committed before it said so.
	if err := h.WaitApplied(ctx, h.raft.CommitIndex()); err != nil {
		return err
	}
	return m.Continues(ctx, s.Standing)
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
			return &Refusal{HubBehind, fmt.Sprintf("主机 %s 尚未追上（%d / %d），还没有表决权，请稍后再次加入", c.ID, s.Applied, target),
				fmt.Sprintf("hub %s has not caught up (at %d of %d) and has no vote yet; add it again later: %v", c.ID, s.Applied, target, errors.Join(ctx.Err(), err))}
		case <-h.life.Done():
			return h.closedErr()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (h *Hub) remove(ctx context.Context, c change) error {
	if !h.Leading() {
		return errNotLeader
	}
	gone, known := h.member(c.ID)
	if !known {
		return h.noSuchHub(c.ID)
	}
	if gone.Suffrage == raft.Voter {
		if err := h.staysAble(ctx, c.ID); err != nil {
			return err
		}
	}
	if c.ID != h.o.ID {
		return changed(h.raft.RemoveServer(gone.ID, 0, 0).Error())
	}
	// A leader that is to go lets another one lead, which then removes it: so
	// the county is never without a leader that knows what it has decided.
	if err := changed(h.raft.LeadershipTransfer().Error()); err != nil && !errors.Is(err, errNotLeader) {
		return notHandedOn(err)
	}
	return errNotLeader
}

// staysAble refuses to take a vote without which the county would have no
// voter, or no majority of those that answer.
func (h *Hub) staysAble(ctx context.Context, id string) error {
	rest := slices.DeleteFunc(h.voters(), func(s raft.Server) bool { return string(s.ID) == id })
	if len(rest) == 0 {
		return &Refusal{HubLastVoter, id + " 是唯一有表决权的主机，不能移除：请先加入另一台主机", id + " is the last voter and stays; add another hub first"}
	}
	var silent []string
	for i, answers := range h.answering(ctx, rest) {
		if !answers {
			silent = append(silent, string(rest[i].ID))
		}
	}
	if need := len(rest)/2 + 1; len(rest)-len(silent) < need {
		return &Refusal{HubMajority, fmt.Sprintf("移除 %s 后县中心将失去多数（%s 未应答）：请先恢复或移除未应答的主机", id, strings.Join(silent, "、")),
			fmt.Sprintf("without %s the county would have no majority (%s does not answer); bring that hub back or remove it first", id, strings.Join(silent, ", "))}
	}
	return nil
}

// answering asks hubs whether they are there and take part.
func (h *Hub) answering(ctx context.Context, hubs []raft.Server) []bool {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	answers := make([]bool, len(hubs))
	var asked sync.WaitGroup
	for i, s := range hubs {
		asked.Go(func() {
			theirs, err := h.own(), error(nil)
			if string(s.ID) != h.o.ID {
				theirs, err = h.client.status(ctx, string(s.Address))
			}
			answers[i] = err == nil && theirs.ID == string(s.ID) && theirs.State != raft.Shutdown.String()
		})
	}
	asked.Wait()
	return answers
}

func (h *Hub) noSuchHub(id string) error {
	var ids []string
	for _, s := range h.servers() {
		ids = append(ids, string(s.ID))
	}
	slices.Sort(ids)
	return &Refusal{HubUnknown, fmt.Sprintf("县中心没有主机 %s，现有主机：%s", id, strings.Join(ids, "、")),
		fmt.Sprintf("there is no hub %s; the hubs are %s", id, strings.Join(ids, ", "))}
}

func notHandedOn(err error) error {
	return &Refusal{HubNotHandedOn, "主节点未能转移，仍由原主机担任：请查看主机状态，其他主机恢复后重试",
		"leadership did not change hands; look at the state of the hubs and try again when the other hubs are well: " + err.Error()}
}

func (h *Hub) transfer(ctx context.Context, c change) error {
	if !h.Leading() {
		return errNotLeader
	}
	if c.ID == h.o.ID {
		return nil
	}
	f := h.raft.LeadershipTransfer
	if c.ID != "" {
		s, known := h.member(c.ID)
		if !known {
			return h.noSuchHub(c.ID)
		}
		if err := h.couldLead(ctx, s); err != nil {
			return err
		}
		f = func() raft.Future { return h.raft.LeadershipTransferToServer(s.ID, s.Address) }
	} else if len(h.otherVoters()) == 0 {
		return &Refusal{HubNotHandedOn, h.o.ID + " 是唯一有表决权的主机，没有可转移的对象：请先加入另一台主机", h.o.ID + " is the only voter, nobody else can lead; add another hub first"}
	}
	err := changed(f().Error())
	if errors.Is(err, ErrMembership) {
		return notHandedOn(err)
	}
	return err
}

// couldLead refuses a hub that has no vote, does not answer or is behind: the
// county would wait for it, or be led by nobody for a while.
func (h *Hub) couldLead(ctx context.Context, s raft.Server) error {
	if s.Suffrage != raft.Voter {
		return &Refusal{HubNoVote, string(s.ID) + " 没有表决权，不能担任主节点：请先加入该主机，使其有表决权", string(s.ID) + " has no vote and cannot lead; add it as a voter first"}
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	theirs, err := h.client.status(ctx, string(s.Address))
	if err != nil || theirs.ID != string(s.ID) || theirs.State == raft.Shutdown.String() {
		return &Refusal{HubUnreachable, fmt.Sprintf("主机 %s 在 %s 没有应答，不能担任主节点", s.ID, s.Address), fmt.Sprintf("hub %s does not answer at %s and cannot lead", s.ID, s.Address)}
	}
	if commit := h.raft.CommitIndex(); theirs.LastLog+nearEnough < commit || theirs.Applied+nearEnough < commit {
		return &Refusal{HubBehind, fmt.Sprintf("主机 %s 尚未追上（%d / %d），不能担任主节点：请稍后重试", s.ID, theirs.Applied, commit),
			fmt.Sprintf("hub %s is behind (at %d of %d) and cannot lead yet; try again later", s.ID, theirs.Applied, commit)}
	}
	return nil
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
