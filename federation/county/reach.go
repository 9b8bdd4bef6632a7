package county

import (
	"net/http"
	"time"

	"github.com/hashicorp/raft"
)

// PeerClient speaks to what Options.HTTP serves at the other hubs, over their
// peer ports: a URL is https://, a Member's address, and a path. Both ends are
// known to be hubs.
func (h *Hub) PeerClient() *http.Client { return h.client.http }

// Place is what this hub is in the county's configuration, as it knows it.
type Place int

const (
	// PlaceNone: it has not been added yet, or has not heard of it.
	PlaceNone Place = iota
	// PlaceMember: it is one of the county's hubs.
	PlaceMember
	// PlaceRemoved: it has the ledger of a county that it is no hub of.
	PlaceRemoved
)

// Place tells whether this hub belongs to the county.
func (h *Hub) Place() Place {
	if _, member := h.member(h.o.ID); member {
		return PlaceMember
	}
	if len(h.servers()) == 0 {
		return PlaceNone
	}
	return PlaceRemoved
}

// Heard is how long ago this hub was last known to be part of the county: it
// leads, or it heard the leader. Negative means never, or that it was removed.
func (h *Hub) Heard() time.Duration {
	switch {
	case h.Place() == PlaceRemoved, h.Outside() != "":
		return -1
	case h.Leading():
		return 0
	}
	at := h.raft.LastContact()
	if at.IsZero() {
		return -1
	}
	return time.Since(at)
}

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
