package federation_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// signsWith checks that a node, and everybody who knows it, has its key of a
// number, the first being 1.
func signsWith(t *testing.T, f *federationtest.Federation, n *federationtest.Node, number int) {
	t.Helper()
	mine := n.Issuer().Key.Public().(trust.PublicKey)
	for _, at := range f.Nodes() {
		if at.Node == nil {
			continue
		}
		known, err := at.Store.Node(t.Context(), n.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		must(t, err)
		if !bytes.Equal(known.SignKey, mine) || len(known.Keys) != number {
			t.Errorf("at %s, %s has %d keys and signs with its own: %v; want %d", at.ID, n.ID, len(known.Keys), bytes.Equal(known.SignKey, mine), number)
		}
	}
}

// TestRenew: nodes of every tier renew their keys while they work; what was
// signed before stays good, also where it is checked afterwards.
func TestRenew(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{Hubs: 3})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	before := f.Submit(village, "TB-MZJ-004")
	for round := 2; round <= 3; round++ {
		for _, n := range []*federationtest.Node{village, town, hub} {
			certificate := n.Certificate().Leaf.SerialNumber
			r, err := n.Renew(t.Context())
			if err != nil || r.Status != store.Recorded {
				t.Fatalf("%s: %+v, %v", n.ID, r, err)
			}
			if n.Certificate().Leaf.SerialNumber.Cmp(certificate) == 0 {
				t.Errorf("%s has its old certificate", n.ID)
			}
			f.Settle()
			signsWith(t, f, n, round)
		}
		f.Submit(village, "TB-MZJ-004")
		f.Submit(town, "TB-MZJ-004")
		f.Settle()
	}
	// A new node follows from the beginning and checks everything.
	f.Enrol("village-330523110201-1", "330523110201")
	f.Settle()
	for _, n := range []*federationtest.Node{village, town, hub} {
		f.Restart(n)
		signsWith(t, f, n, 3)
	}
	f.Case(f.Hub(), before.ID)
	if left := f.Attention(f.Hub()); len(left) > 0 {
		t.Errorf("needs attention: %+v", left)
	}
}

// TestRenewOffline: a village that got its credential and lost its line before
// it could send what it had signed with the old key, the renewal itself and
// what it signed with the new one, sends all of it later. Its way is through
// the township alone.
func TestRenewOffline(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town := f.Village(0), f.Township(0)
	f.Cut(village.ID, f.Hub().ID)
	f.Cut(town.ID, f.Hub().ID)
	old := f.Submit(village, "TB-MZJ-004")
	if _, err := village.Renew(t.Context()); refusedAs(err) != "county_unreachable" {
		t.Fatalf("renewed without a county: %v", err)
	}
	f.Heal(town.ID, f.Hub().ID)
	defer federation.AtPoint(func(name string) {
		if name == "renew.credential.written" {
			f.Cut(village.ID, "*")
		}
	})()
	f.Eventually("the township to pass the request on", func() bool { _, err := village.Renew(t.Context()); return err == nil })
	fresh := f.Submit(village, "TB-MZJ-004")
	f.Restart(village)
	last := f.Submit(village, "TB-MZJ-004")
	f.Heal(village.ID, town.ID)
	f.Settle()
	signsWith(t, f, village, 2)
	for _, c := range []string{old.ID, fresh.ID, last.ID} {
		if v, err := f.Hub().Store.Entry(t.Context(), c); err != nil || v.Status != ledger.Applied {
			t.Errorf("case %s: %+v, %v", c, v, err)
		}
	}
}

func refusedAs(err error) string {
	var no *store.Refused
	if errors.As(err, &no) {
		return no.Code
	}
	return ""
}

// death is what a planted point ends a renewal with.
type death struct{}

// dieRenewing renews a node's keys and reports whether that met its death. Its
// name tells this renewal from the node's own.
func dieRenewing(ctx context.Context, n *federationtest.Node) (dead bool) {
	defer func() { _, dead = recover().(death) }()
	n.Renew(ctx)
	return false
}

// TestRenewCutOff: a process that dies at any moment of its renewal comes back
// with keys that fit what it has recorded, and finishes the renewal.
func TestRenewCutOff(t *testing.T) {
	for _, at := range []string{"renew.keys.written", "renew.credential.written", "renew.recorded", "renew.keys.replaced", "renew.membership.replaced"} {
		for _, tier := range []string{"village", "hub"} {
			t.Run(at+" "+tier, func(t *testing.T) {
				f := federationtest.New(t, federationtest.Config{})
				n := f.Village(0)
				if tier == "hub" {
					n = f.Hub()
				}
				var elsewhere atomic.Bool
				restore := federation.AtPoint(func(name string) {
					if name != at {
						return
					}
					if !bytes.Contains(debug.Stack(), []byte("federation_test.dieRenewing(")) {
						elsewhere.Store(true) // the node's own look at the ledger was faster
						runtime.Goexit()
					}
					panic(death{})
				})
				if !dieRenewing(t.Context(), n) && !elsewhere.Load() {
					t.Errorf("%s was not reached", at)
				}
				f.Kill(n)
				restore()
				f.Restart(n)
				f.Do(n, f.Worker(n, f.Item("TB-MZJ-004")), ownPassword(f, n))
				f.Eventually("the renewal to be finished", func() bool {
					known, err := n.Store.Node(t.Context(), n.ID)
					_, begun := os.Stat(filepath.Join(n.Dir(), "keys", "renewal"))
					return err == nil && len(known.Keys) == 2 && os.IsNotExist(begun) && bytes.Equal(known.SignKey, n.Issuer().Key.Public().(trust.PublicKey))
				})
				f.Do(n, f.Worker(n, f.Item("TB-MZJ-004")), ownPassword(f, n))
				f.Settle()
				signsWith(t, f, n, 2)
				if left := f.Attention(f.Hub()); len(left) > 0 {
					t.Errorf("needs attention: %+v", left)
				}
			})
		}
	}
}

// ownPassword is what a person may record at a node of any tier.
func ownPassword(f *federationtest.Federation, n *federationtest.Node) *ledger.StaffPasswordV1 {
	return &ledger.StaffPasswordV1{Staff: f.Worker(n, f.Item("TB-MZJ-004")).Staff, PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$ZmVkZXJhdGlvbnRlc3Q$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
}

// TestRenewRevoked: a revoked node gets no new keys; one that had them signed
// before it was revoked is refused with what it records, in words and not as a
// forgery.
func TestRenewRevoked(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village := f.Village(0)
	defer federation.AtPoint(func(name string) {
		if name == "renew.credential.written" {
			f.Cut(village.ID, "*")
		}
	})()
	_, err := village.Renew(t.Context())
	must(t, err)
	late := f.Submit(village, "TB-MZJ-004")
	at := village.Clock.Now().Add(-time.Minute).UnixMilli()
	f.Do(f.Hub(), f.Operator(), &ledger.NodeRevokeV1{Node: village.ID, At: at, Reason: "电脑失窃"})
	var bundle bytes.Buffer
	_, err = village.ExportBundle(t.Context(), &bundle, federation.BundleOptions{})
	must(t, err)
	_, err = f.Hub().ImportBundle(t.Context(), bytes.NewReader(bundle.Bytes()))
	must(t, err)
	v, err := f.Hub().Store.Entry(t.Context(), late.ID)
	if err != nil || v.Status != ledger.Refused || v.Code != "node_revoked" {
		t.Errorf("what came after the renewal: %+v, %v", v, err)
	}
	known, err := f.Hub().Store.Node(t.Context(), village.ID)
	if err != nil || bytes.Equal(known.SignKey, village.Issuer().Key.Public().(trust.PublicKey)) {
		t.Errorf("the revoked node's renewal was taken: %v", err)
	}
}

// TestRenewEndsTokens: a staff token signed with the old key is refused as
// soon as the renewal is known.
func TestRenewEndsTokens(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village := f.Village(0)
	worker := f.Worker(village, f.Item("TB-MZJ-004"))
	login := trust.Login{Staff: worker.Staff, Name: worker.Name, Session: "0123456789abcdef", Roles: []identity.Role{identity.VillageWorker}}
	issue := func() string {
		token, _, err := village.Issuer().Issue(login, village.Now())
		must(t, err)
		return token
	}
	signed := func(n *federationtest.Node, token string) bool {
		_, err := n.Verifier().Verify(token, n.Now())
		var refused *trust.TokenError
		return !errors.As(err, &refused) || refused.Reason != "signature"
	}
	old := issue()
	if !signed(village, old) || !signed(f.Hub(), old) {
		t.Fatal("the first token is not good")
	}
	_, err := village.Renew(t.Context())
	must(t, err)
	if signed(village, old) || !signed(village, issue()) {
		t.Error("at the node itself the old key still signs, or the new one does not")
	}
	f.Settle()
	if signed(f.Hub(), old) || !signed(f.Hub(), issue()) {
		t.Error("at the county the old key still signs, or the new one does not")
	}
}

// TestOldKeysPutBack: a keys folder from before the renewal stops the node with
// words, instead of having it sign what nobody takes.
func TestOldKeysPutBack(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village := f.Village(0)
	path := func(name string) string { return filepath.Join(village.Dir(), name) }
	files := []string{"membership.json", "keys/node-keys.json"}
	kept := map[string][]byte{}
	for _, name := range files {
		b, err := os.ReadFile(path(name))
		must(t, err)
		kept[name] = b
	}
	_, err := village.Renew(t.Context())
	must(t, err)
	f.Settle()
	f.Kill(village)
	for name, b := range kept {
		must(t, os.WriteFile(path(name), b, 0o600))
	}
	m, err := federation.LoadMembership(village.Dir())
	must(t, err)
	started, err := federation.Start(t.Context(), federation.Options{Key: storetest.Key, Dir: village.Dir(), Membership: m, County: []string{"https://127.0.0.1:1"}})
	if !errors.Is(err, federation.ErrOldKeys) {
		t.Errorf("it starts: %v", err)
	}
	if started != nil {
		started.Close()
	}
}

// TestRenewWatched: a node that looks after its keys in the middle of their
// renewal does not take those it is about to replace for an old copy.
func TestRenewWatched(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	for _, n := range []*federationtest.Node{f.Village(0), f.Township(0), f.Hub()} {
		must(t, n.RenewWatched(t.Context()))
		if err := n.Fatal(); err != nil {
			t.Fatalf("%s stopped: %v", n.ID, err)
		}
		f.Settle()
		signsWith(t, f, n, 2)
	}
}

// TestRenewedAfterTheBackup: a node restored from a backup of before its
// renewal, with the keys of after, has back what it signed with either.
func TestRenewedAfterTheBackup(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village := f.Village(0)
	f.Submit(village, "TB-MZJ-004")
	f.Settle()
	var backup bytes.Buffer
	_, err := village.Store.ExportArchive(t.Context(), &backup, store.ArchiveOptions{MadeAt: village.Now().UnixMilli(), Blobs: village.Blobs})
	must(t, err)
	_, err = village.Renew(t.Context())
	must(t, err)
	after := f.Submit(village, "TB-MZJ-004")
	f.Settle()
	f.Kill(village)
	aside := t.TempDir()
	states, err := filepath.Glob(filepath.Join(village.Dir(), "state.db*"))
	must(t, err)
	for _, path := range states {
		must(t, os.Rename(path, filepath.Join(aside, filepath.Base(path))))
	}
	_, err = store.RestoreArchive(t.Context(), village.Dir(), storetest.Key, bytes.NewReader(backup.Bytes()))
	must(t, err)
	f.Restart(village)
	f.Succeeded(village)
	f.Case(village, after.ID)
	f.Submit(village, "TB-MZJ-004")
	f.Settle()
	signsWith(t, f, village, 1) // with the newest, as the node that it is now
}
