package county

import "net/http"

// PeerClient speaks to what Options.HTTP serves at the other hubs, over their
// peer ports: a URL is https://, a Member's address, and a path. Both ends are
// known to be hubs.
func (h *Hub) PeerClient() *http.Client { return h.client.http }
