package api

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/store/storetest"
)

// anotherHub enrols and starts a second hub of the county, without a vote.
func (h *site) anotherHub(id string) (peer string, s *site) {
	h.t.Helper()
	var inv gen.Invitation
	h.decode(h.must("operator", "POST", "/api/v1/nodes/invitations", gen.InvitationRequest{Tier: node.County, Division: theCounty, Name: "政务服务中心", Node: id}, 201), &inv)
	if side := inv.Qr.Side; side < 29 || !strings.HasPrefix(inv.Qr.Path, "M") {
		h.t.Errorf("the token as a QR code: %+v", inv.Qr)
	}
	keys, err := trust.GenerateNode(rand.Reader)
	check(h.t, err)
	port := listen(h.t)
	peer = port.Addr().String()
	enrolled, err := federation.Enrol(h.t.Context(), federation.EnrolOptions{County: h.federation, Token: inv.Token, Keys: keys, Names: []string{"127.0.0.1"}, Peer: peer, Now: time.Now})
	check(h.t, err)
	m, err := federation.MembershipOf(enrolled, keys)
	check(h.t, err)
	s = &site{t: h.t, hasher: h.hasher, tokens: map[string]string{}}
	s.start(federation.Options{Key: storetest.Key, Dir: h.t.TempDir(), Membership: m, Peer: port})
	return peer, s
}

// TestHubsInWords: what would leave the county without a hub it needs, or with
// one it does not know, is refused with the reason and the hubs there are.
func TestHubsInWords(t *testing.T) {
	h := emptyHub(t, func(o *federation.Options) { o.Timing = county.Timing{} })
	peer, _ := h.anotherHub("county-2")
	refused := func(method, path string, body any, status int, words ...string) {
		t.Helper()
		answer := h.must("operator", method, path, body, status).Body.String()
		for _, w := range words {
			if !strings.Contains(answer, w) {
				t.Errorf("%s %s: %s does not say %q", method, path, answer, w)
			}
		}
	}
	refused("POST", "/api/v1/hubs", gen.HubRequest{Id: "county-9", Address: peer}, 404, "hub_not_enrolled", "invite a county node")
	refused("POST", "/api/v1/hubs", gen.HubRequest{Id: "county-2", Address: "127.0.0.1:1"}, 409, "hub_unreachable", "127.0.0.1:1")
	refused("DELETE", "/api/v1/hubs/county-2", nil, 404, "hub_unknown", "county-1")
	refused("DELETE", "/api/v1/hubs/county-1", nil, 409, "hub_last_voter")
	refused("POST", "/api/v1/hubs/transfer", gen.TransferRequest{To: "county-2"}, 404, "hub_unknown", "county-1")

	h.must("operator", "POST", "/api/v1/hubs", gen.HubRequest{Id: "county-2", Address: peer}, 204)
	h.must("operator", "POST", "/api/v1/nodes/county-2/revoke", gen.RevokeRequest{Reason: "硬盘损坏"}, 200)
	var hubs gen.HubReport
	h.get("operator", "/api/v1/hubs", &hubs)
	if len(hubs.Hubs) != 1 || hubs.Hubs[0].Id != "county-1" {
		t.Errorf("a revoked hub keeps its vote: %+v", hubs.Hubs)
	}
	var gone gen.Node
	h.get("operator", "/api/v1/nodes/county-2", &gone)
	if gone.RevokedAt == 0 {
		t.Error("the hub is not revoked")
	}
	refused("POST", "/api/v1/hubs", gen.HubRequest{Id: "county-2", Address: peer}, 409, "hub_revoked")
	refused("POST", "/api/v1/nodes/county-2/revoke", gen.RevokeRequest{Reason: "硬盘损坏"}, 409, "already_revoked")
	refused("POST", "/api/v1/nodes/county-2/revoke", gen.RevokeRequest{Reason: "硬盘损坏", At: time.Now().Add(time.Hour).UnixMilli()}, 409, "revocation_ahead")
}
