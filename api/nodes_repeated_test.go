package api

import (
	"strings"
	"testing"

	"github.com/tongban/tongban/api/gen"
	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/county"
	"github.com/tongban/tongban/node"
)

// TestNodesRepeated: a second click, or a request that is sent again, makes out no second
// token and revokes nothing twice.
func TestNodesRepeated(t *testing.T) {
	h := emptyHub(t, func(o *federation.Options) { o.Timing = county.Timing{} })
	h.anotherHub("county-2")
	head := func() uint64 { n, err := h.node.Store.Head(t.Context()); check(t, err); return n }
	const invitations = "/api/v1/nodes/invitations"
	asked := gen.InvitationRequest{Tier: node.County, Division: theCounty, Name: "县中心三号主机"}
	code, first := h.under("operator", "one-token", "POST", invitations, asked)
	was := head()
	again, second := h.under("operator", "one-token", "POST", invitations, asked)
	if code != 201 || again != 201 || second != first || head() != was || !strings.Contains(first, `"token":"`) {
		t.Errorf("%d %s\nagain %d %s", code, first, again, second)
	}
	for name, then := range map[string]gen.InvitationRequest{"name": {Tier: node.County, Division: theCounty, Name: "别处"}, "id": {Tier: node.County, Division: theCounty, Name: asked.Name, Node: "county-9"}} {
		if code, answer := h.under("operator", "one-token", "POST", invitations, then); code != 409 || !strings.Contains(answer, "key_reused") {
			t.Errorf("another %s under the key: %d %s", name, code, answer)
		}
	}
	if code, answer := h.under("operator", "two-tokens", "POST", invitations, asked); code != 201 || answer == first {
		t.Errorf("another key: %d %s", code, answer)
	}
	h.api.invited = newMemory[string, shownPassword](10) // the hub was started anew
	if code, answer := h.under("operator", "one-token", "POST", invitations, asked); code != 409 || !strings.Contains(answer, "token_shown") || !strings.Contains(answer, "重新签发") {
		t.Errorf("nobody has the token any more: %d %s", code, answer)
	}

	const revoke = "/api/v1/nodes/county-2/revoke"
	code, first = h.under("operator", "one-node", "POST", revoke, gen.RevokeRequest{Reason: "硬盘损坏"})
	was = head()
	again, second = h.under("operator", "one-node", "POST", revoke, gen.RevokeRequest{Reason: "硬盘损坏"})
	if code != 200 || again != 200 || second != first || head() != was {
		t.Errorf("%d %s\nagain %d %s", code, first, again, second)
	}
	if code, answer := h.under("operator", "one-node", "POST", revoke, gen.RevokeRequest{Reason: "失窃"}); code != 409 || !strings.Contains(answer, "key_reused") {
		t.Errorf("for another reason: %d %s", code, answer)
	}
	if code, answer := h.under("operator", "one-token", "POST", revoke, gen.RevokeRequest{Reason: "失窃"}); code != 409 || !strings.Contains(answer, "key_reused") {
		t.Errorf("under the key of a token: %d %s", code, answer)
	}
}
