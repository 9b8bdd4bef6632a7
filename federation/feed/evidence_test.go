package feed

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// note is a checkpoint of the realm's ledger signed by other keys.
func note(t testing.TB, r *realm, seed uint64) (*trust.CountyKeys, string, tlog.Tree) {
	t.Helper()
	keys, err := trust.GenerateCounty(seeded(seed), storetest.Code, storetest.Beginning)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := r.Hub().Tree(context.Background(), mustHead(t, r.Hub().Store))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := keys.SignCheckpoint(tree, 1)
	if err != nil {
		t.Fatal(err)
	}
	return keys, string(signed), tree
}

// A county that shows another history than the one a node has seen is found
// out, its sender is not followed any more, and the evidence is kept: also
// after a restart, at equal size, and by way of an honest township.
func TestRewrittenHistory(t *testing.T) {
	for name, more := range map[string]int{"grown": 3, "same size": 0} {
		t.Run(name, func(t *testing.T) {
			honest, forger := newRealm(t), newRealm(t)
			village := honest.Village(villageA)
			forger.Village(villageA)
			honest.Hub().MustDo(honest.Operator(), &ledger.NodeRenameV1{Node: village.ID(), Name: "原名"})
			forger.Hub().MustDo(forger.Operator(), &ledger.NodeRenameV1{Node: village.ID(), Name: "改写的历史"})
			for range more {
				forger.Hub().MustDo(forger.Operator(), &ledger.LevelRaiseV1{Level: 1})
			}
			_, url := serve(t, honest.Hub().Store, ServerOptions{County: honest.ledger(RealClock{})})
			_, forged := serve(t, forger.Hub().Store, ServerOptions{County: forger.ledger(RealClock{})})
			st := replica(t, village)
			f, stop := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, url, st)}})
			reaches(t, st, mustHead(t, honest.Hub().Store))
			eventually(t, "the checkpoint", func() bool { return f.Status().Checkpoint == mustHead(t, honest.Hub().Store) })
			stop()
			if more == 0 {
				// A hub offers no checkpoint of a size that is known; one that
				// does contradicts itself in one note.
				links, err := forger.ledger(RealClock{}).Links(context.Background(), 0)
				if err != nil {
					t.Fatal(err)
				}
				err = f.witness.accept(context.Background(), "county-1", links[0], noProver, noProver)
				if !errors.Is(err, ErrRewritten) || !errors.Is(err, trust.ErrForked) {
					t.Fatalf("got %v", err)
				}
				checkEvidence(t, st)
				return
			}
			before := mustCursor(t, st)
			f, stop = run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, forged, st)}})
			eventually(t, "the forgery to be noticed", func() bool { return f.Status().Blocked["county-1"] != nil })
			if !failedWith(f, ErrRewritten) || mustCursor(t, st) != before {
				t.Errorf("status %+v", f.Status())
			}
			_ = f.fail("county-2", ErrUnreachable)
			if !failedWith(f, ErrRewritten) {
				t.Errorf("a line that is down hides it: %+v", f.Status().LastError)
			}
			stop()
			checkEvidence(t, st)
			// The honest county is followed all the same.
			f, _ = run(t, st, FollowerOptions{Upstreams: []Upstream{
				{Name: "forger", Tier: node.County, BaseURL: forged, Client: clientOf(t, followerOf(st))}, countyUp(t, url, st)}})
			eventually(t, "the honest county", func() bool { return f.Status().Upstream == "county-1" })
			if f.Status().Blocked["forger"] == nil {
				t.Error("the forger is not blocked after a restart")
			}
		})
	}
}

func noProver(context.Context, uint64, uint64) (tlog.TreeProof, error) { return nil, ErrNoProof }

func checkEvidence(t *testing.T, st *store.Store) {
	t.Helper()
	raw, err := st.Setting(context.Background(), EvidenceKey+"checkpoint")
	var e Evidence
	if err != nil || json.Unmarshal([]byte(raw), &e) != nil {
		t.Fatalf("evidence %q, %v", raw, err)
	}
	for _, n := range []string{e.Kept, e.Shown} {
		if _, err := sharedKeys().Trust().OpenCheckpoint([]byte(n)); err != nil {
			t.Errorf("the evidence does not stand by itself: %v", err)
		}
	}
}

// A checkpoint without its proof is no evidence: it waits for the proof, and
// a township's bad proof is the township's fault while the county has a good
// one.
func TestCheckpointsWithoutProof(t *testing.T) {
	r := newRealm(t)
	ctx := context.Background()
	clock := newManual(storetest.Beginning)
	l := r.ledger(clock)
	w := newWitness(r.Village(villageA).Store, FollowerOptions{Trust: r.keys.Trust, Clock: clock}.withDefaults())
	size := func() uint64 { n, _ := w.standing(); return n }
	first, err := l.Links(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.accept(ctx, "up", first[0], noProver, noProver); err != nil || size() == 0 {
		t.Fatalf("the first: %v", err)
	}
	old := size()
	r.change(2)
	clock.Advance(time.Minute)
	next, err := l.Links(ctx, old)
	if err != nil {
		t.Fatal(err)
	}
	bare := Link{Note: next[0].Note}
	if err := w.accept(ctx, "up", bare, noProver, noProver); err != nil || size() != old {
		t.Fatalf("without proof: %v, size %d", err, size())
	}
	if _, since := w.standing(); since == 0 {
		t.Error("the missing proof does not show")
	}
	bad := Link{Note: next[0].Note, From: old, Proof: make([]tlog.Hash, 3)}
	if err := w.accept(ctx, "township", bad, noProver, l.Consistency); !errors.Is(err, ErrMalformed) || size() != old {
		t.Fatalf("a township's bad proof: %v, size %d", err, size())
	}
	asked := 0
	counting := func(ctx context.Context, from, to uint64) (tlog.TreeProof, error) {
		asked++
		return l.Consistency(ctx, from, to)
	}
	if err := w.accept(ctx, "up", bare, counting, noProver); err != nil || asked != 0 {
		t.Fatalf("asked at once again: %v, %d", err, asked)
	}
	clock.Advance(proofRetry)
	if err := w.accept(ctx, "up", bare, counting, noProver); err != nil || asked != 1 || size() == old {
		t.Fatalf("with the proof fetched: %v, asked %d, size %d", err, asked, size())
	}
	if _, since := w.standing(); since != 0 {
		t.Error("still without proof")
	}
	// Below, the chain is passed on from wherever it is known.
	if got := w.relay(old); len(got) != 1 || got[0].From != old {
		t.Errorf("relay from %d: %d links", old, len(got))
	}
	if got := w.relay(old + 1); len(got) != 1 || got[0].Note != next[0].Note {
		t.Errorf("relay from elsewhere: %d links", len(got))
	}
	if got := w.relay(size()); got != nil {
		t.Errorf("relay of nothing new: %d links", len(got))
	}
	if err := w.accept(ctx, "up", first[0], noProver, noProver); err != nil {
		t.Errorf("an older checkpoint of a hub behind: %v", err)
	}
}

// The newest checkpoint outlives the process even where it is kept only now
// and then.
func TestKeepsLastCheckpoint(t *testing.T) {
	r := newRealm(t)
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	st := replica(t, r.Village(villageA))
	f, stop := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, url, st)}})
	for n := 2; n < 5; n++ {
		r.change(n)
		eventually(t, "the checkpoint", func() bool { return f.Status().Checkpoint == mustHead(t, r.Hub().Store) })
	}
	if size, _, err := st.LastCheckpoint(context.Background()); err != nil || size == 0 || size == mustHead(t, r.Hub().Store) {
		t.Errorf("kept %d, %v: every one was written", size, err)
	}
	stop()
	if size, _, err := st.LastCheckpoint(context.Background()); err != nil || size != mustHead(t, r.Hub().Store) {
		t.Errorf("kept %d, %v", size, err)
	}
}

// audited is a village with confirmed entries and a kept checkpoint.
func audited(t *testing.T) (*realm, *storetest.Node) {
	t.Helper()
	r := newRealm(t)
	village := r.Village(villageA)
	for range 5 {
		village.Submit("TB-YBJ-003")
	}
	r.Settle()
	_, url := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	f, stop := run(t, village.Store, FollowerOptions{Upstreams: []Upstream{countyUp(t, url, village.Store)}})
	eventually(t, "the checkpoint", func() bool { return f.Status().Checkpoint == mustHead(t, r.Hub().Store) })
	stop()
	return r, village
}

// liar is a county whose proofs of inclusion do not hold.
type liar struct{ County }

func (l liar) Inclusion(ctx context.Context, index, size uint64) (tlog.RecordProof, error) {
	p, err := l.County.Inclusion(ctx, index, size)
	if len(p) > 0 {
		p[0][0] ^= 1
	}
	return p, err
}

func TestAudit(t *testing.T) {
	r, village := audited(t)
	ctx := context.Background()
	_, honest := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	_, lying := serve(t, r.Hub().Store, ServerOptions{County: liar{r.ledger(RealClock{})}})
	auditor := func(ups ...Upstream) *Auditor {
		return NewAuditor(village.Store, AuditorOptions{Upstreams: ups, Trust: r.keys.Trust, Batch: 2, Every: time.Millisecond})
	}
	county := countyUp(t, honest, village.Store)
	badCounty := countyUp(t, lying, village.Store)
	badTown := badCounty
	badTown.Tier = node.Township
	nobody := Upstream{Name: "nobody", Tier: node.County, BaseURL: "http://127.0.0.1:1", Client: county.Client}

	if err := auditor(nobody).step(ctx); !errors.Is(err, ErrNoProof) {
		t.Errorf("with nobody to ask: %v", err)
	}
	if err := auditor(badTown, nobody).step(ctx); errors.Is(err, ErrMissing) || err == nil {
		t.Errorf("a township's bad proof accused the county: %v", err)
	}
	if raw, _ := village.Setting(ctx, EvidenceKey+"record"); raw != "" {
		t.Fatalf("evidence without reason: %s", raw)
	}
	a := auditor(badTown, county)
	runCtx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- a.Run(runCtx) }()
	size, _, err := village.LastCheckpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the audit to come to the end", func() bool { return a.Status().UpTo == size })
	cancel()
	<-done
	if s := a.Status(); s.Checked != 5 || s.LastError != nil {
		t.Errorf("status %+v", s)
	}
	// It goes on where it stopped.
	again := auditor(nobody)
	runCtx, cancel = context.WithCancel(ctx)
	go func() { done <- again.Run(runCtx) }()
	eventually(t, "the place to be taken up", func() bool { return again.Status().UpTo == size })
	cancel()
	<-done

	if err := village.SetSetting(ctx, auditSetting, ""); err != nil {
		t.Fatal(err)
	}
	accuser := auditor(badCounty)
	runCtx, cancel = context.WithCancel(ctx)
	go func() { done <- accuser.Run(runCtx) }()
	eventually(t, "the missing record to be noticed", func() bool {
		e := accuser.Status().LastError
		return e != nil && e.Code == ErrMissing.Code
	})
	cancel()
	<-done
	raw, err := village.Setting(ctx, EvidenceKey+"record")
	var e Evidence
	if err != nil || json.Unmarshal([]byte(raw), &e) != nil || e.Record == "" || e.Kept == "" {
		t.Errorf("evidence %q, %v", raw, err)
	}
}
