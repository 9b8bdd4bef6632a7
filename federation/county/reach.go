package county

import (
	"net/http"

	"github.com/hashicorp/raft"
)

// PeerClient speaks to what Options.HTTP serves at the other hubs, over their
// peer ports: a URL is https://, a Member's address, and a path. Both ends are
// known to be hubs.
func (h *Hub) PeerClient() *http.Client { return h.client.http }

// Members lists the hubs of the present configuration, without asking them:
// who they are, where, and whether they vote.
func (h *Hub) Members() []Member {
	servers := h.servers()
	all := make([]Member, len(servers))
	for i, s := range servers {
		all[i] = Member{ID: string(s.ID), Address: string(s.Address), Voter: s.Suffrage == raft.Voter}
	}
	return all
}
