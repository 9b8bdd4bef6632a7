package trust

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/identity"
)

const (
	testCounty   = division.Code("330523")
	testTownship = division.Code("330523100")
	testVillage  = division.Code("330523100201")
)

var testNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// seeded is a random source that gives the same bytes for the same seed.
func seeded(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}

func mustCounty(t testing.TB, seed uint64) *CountyKeys {
	t.Helper()
	k, err := GenerateCounty(seeded(seed), testCounty, testNow)
	if err != nil {
		t.Fatalf("generate county: %v", err)
	}
	return k
}

func mustRotate(t testing.TB, k *CountyKeys, seed uint64) *CountyKeys {
	t.Helper()
	next, err := k.Rotate(seeded(seed), testNow.Add(time.Hour))
	if err != nil {
		t.Fatalf("rotate: %v", err)
	}
	return next
}

func mustNode(t testing.TB, seed uint64) *NodeKeys {
	t.Helper()
	k, err := GenerateNode(seeded(seed))
	if err != nil {
		t.Fatalf("generate node: %v", err)
	}
	return k
}

func place(id string, d division.Code) Place {
	return Place{County: testCounty, Node: id, Tier: d.Tier(), Division: d}
}

func credentialFor(p Place, k *NodeKeys) identity.Credential {
	return identity.Credential{
		Node: p.Node, Tier: p.Tier, Division: p.Division, Ordinal: 1, SignKey: k.SignPublic(),
		IssuedAt: testNow.Add(-time.Hour).UnixMilli(), ExpiresAt: testNow.AddDate(2, 0, 0).UnixMilli(),
	}
}

func mustSign(t testing.TB, county *CountyKeys, c identity.Credential) SignedCredential {
	t.Helper()
	s, err := county.SignCredential(c)
	if err != nil {
		t.Fatalf("sign credential: %v", err)
	}
	return s
}

// directory is a Directory in memory.
type directory struct {
	mu      sync.Mutex
	creds   map[string]SignedCredential
	revoked map[string]bool
	staff   map[string]StaffState
	ended   map[string]bool
	asked   int
}

func (d *directory) Credential(id string) (SignedCredential, bool, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	c, ok := d.creds[id]
	return c, d.revoked[id], ok
}

func (d *directory) Staff(id string) (StaffState, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.staff[id]
	return s, ok
}

func (d *directory) SessionEnded(sid string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ended[sid]
}

// realm is a county with one node of each tier and people at each.
type realm struct {
	county    *CountyKeys
	keys      map[string]*NodeKeys
	directory *directory
	verifier  *Verifier
}

func newRealm(t testing.TB) *realm {
	t.Helper()
	r := &realm{county: mustCounty(t, 1), keys: map[string]*NodeKeys{}}
	r.directory = &directory{
		creds: map[string]SignedCredential{}, revoked: map[string]bool{}, ended: map[string]bool{},
		staff: map[string]StaffState{
			"s-village":  {Division: testVillage, Roles: []identity.Role{identity.VillageWorker}},
			"s-township": {Division: testTownship, Roles: []identity.Role{identity.TownshipClerk, identity.TownshipReviewer}},
			"s-county":   {Division: testCounty, Department: "d-civil", Roles: []identity.Role{identity.DepartmentWindow, identity.CountyOperator}},
		},
	}
	for i, p := range []Place{place("county-1", testCounty), place("town-1", testTownship), place("village-1", testVillage)} {
		r.keys[p.Node] = mustNode(t, uint64(100+i))
		r.directory.creds[p.Node] = mustSign(t, r.county, credentialFor(p, r.keys[p.Node]))
	}
	r.verifier = NewVerifier(r.county.Trust, r.directory)
	return r
}

func (r *realm) issuer(id string) *Issuer {
	return &Issuer{County: testCounty, Credential: r.directory.creds[id].Credential, Key: r.keys[id].Sign}
}

// login is the person of a tier with all their roles.
func (r *realm) login(tier node.Tier) (string, Login) {
	id := map[node.Tier]string{node.County: "county-1", node.Township: "town-1", node.Village: "village-1"}[tier]
	staff := map[node.Tier]string{node.County: "s-county", node.Township: "s-township", node.Village: "s-village"}[tier]
	s := r.directory.staff[staff]
	return id, Login{Staff: staff, Name: "窗口一号", Session: "sid-1", Department: s.Department, Roles: s.Roles, Epoch: s.Epoch}
}

func (r *realm) mustIssue(t testing.TB, tier node.Tier) string {
	t.Helper()
	id, l := r.login(tier)
	token, _, err := r.issuer(id).Issue(l, testNow)
	if err != nil {
		t.Fatalf("issue at %s: %v", tier, err)
	}
	return token
}
