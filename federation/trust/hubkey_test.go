package trust

import (
	"encoding/json"
	"testing"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
)

// A hub's word for its own key holds with the county's root and the key itself,
// and with nothing less.
func TestVerifyHubKey(t *testing.T) {
	county, other := mustCounty(t, 1), mustCounty(t, 2)
	keys, strange := mustNode(t, 3), mustNode(t, 4)
	hub := credentialFor(place("county-1", testCounty), keys)
	entry := func(c identity.Credential, root []byte, by *NodeKeys, change func(*ledger.Entry)) *ledger.Entry {
		raw, err := json.Marshal(&ledger.NodeRenewV1{Credential: c, Root: root})
		if err != nil {
			t.Fatal(err)
		}
		e := &ledger.Entry{ID: "0190b5a1-0000-7000-8000-000000000001", Kind: ledger.NodeRenew, V: 1, Origin: "county-1", Scope: testCounty, OccurredAt: testNow.UnixMilli(), Body: raw,
			Actor: identity.Actor{Staff: "system", Role: identity.System, Node: "county-1"}}
		if change != nil {
			change(e)
		}
		if err := e.Sign(by.Sign); err != nil {
			t.Fatal(err)
		}
		return e
	}
	root := func(k *CountyKeys, c identity.Credential) []byte { return mustSign(t, k, c).Sig }
	village := credentialFor(place("county-1", testVillage), keys)
	rotated := mustRotate(t, county, 5)
	for name, c := range map[string]struct {
		e  *ledger.Entry
		ok bool
	}{
		"vouched":                       {entry(hub, root(county, hub), keys, nil), true},
		"vouched by a newer root":       {entry(hub, root(rotated, hub), keys, nil), true},
		"vouched by nobody":             {entry(hub, []byte("nobody"), keys, nil), false},
		"vouched by another county":     {entry(hub, root(other, hub), keys, nil), false},
		"signed with another key":       {entry(hub, root(county, hub), strange, nil), false},
		"of a node below":               {entry(village, root(county, village), keys, nil), false},
		"of another hub":                {entry(hub, root(county, hub), keys, func(e *ledger.Entry) { e.Origin = "county-2" }), false},
		"with a counter, as below":      {entry(hub, root(county, hub), keys, func(e *ledger.Entry) { e.Seq = 7 }), false},
		"what is no renewal":            {entry(hub, root(county, hub), keys, func(e *ledger.Entry) { e.Kind = ledger.NodeEnrol }), false},
		"a credential that was changed": {entry(func() identity.Credential { c := hub; c.Ordinal = 2; return c }(), root(county, hub), keys, nil), false},
	} {
		if err := rotated.Trust().VerifyHubKey(c.e); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if hub.Tier != node.County {
		t.Fatal("the hub is none")
	}
}
