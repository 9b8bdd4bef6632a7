package feed

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store/storetest"
)

// word is the county's word that its ledger went back to a record.
func (r *realm) word(t testing.TB, at int64, kept uint64) ledger.CountyRecoveryV1 {
	t.Helper()
	tree, err := r.Hub().Tree(context.Background(), kept)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := r.keys.SignRecovery(ledger.Recovery{County: storetest.Code, At: at, Kept: kept, Root: tree.Hash[:], Reason: "由备份恢复"})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// telling is a hub that says it is in another epoch, and tells what it wants
// about that.
func telling(t testing.TB, hub string, told func() []ledger.CountyRecoveryV1) string {
	t.Helper()
	to, err := url.Parse(hub)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case q.URL.Path == PathRecoveries:
			json.NewEncoder(w).Encode(told())
		case q.URL.Path == PathFeed && q.Method == http.MethodGet:
			after, _ := strconv.ParseUint(q.URL.Query().Get("after"), 10, 64)
			w.Write(block(blockHeartbeat, mustJSON(heartbeat{County: string(storetest.Code), Node: "county-1", Level: 1, Epoch: 77, UpTo: after})))
		default:
			proxy.ServeHTTP(w, q)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// A node goes back on the word of the county's root key alone, and only to
// what it has itself seen up to there. What it is shown instead it keeps.
func TestWhoseWordIsFollowed(t *testing.T) {
	r, other := newRealm(t), newRealm(t)
	village := r.Village(villageA)
	other.change(2) // another history under the same keys
	for n := range 4 {
		r.change(2 + n)
	}
	strange, err := trust.GenerateCounty(seeded(9), storetest.Code, storetest.Beginning.AddDate(0, -2, 0))
	if err != nil {
		t.Fatal(err)
	}
	head := mustHead(t, r.Hub().Store)
	kept := head - 2
	good := r.word(t, 77, kept)
	forged, err := strange.SignRecovery(good.Recovery)
	if err != nil {
		t.Fatal(err)
	}
	altered := good
	altered.Recovery.Kept--
	_, hub := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	_, elsewhere := serve(t, other.Hub().Store, ServerOptions{County: other.ledger(RealClock{})})
	for _, c := range []struct {
		name     string
		told     []ledger.CountyRecoveryV1
		hub      string
		want     *Fault // nil: followed
		evidence bool
	}{
		{"nothing", nil, hub, ErrMalformed, false},
		{"of other keys", []ledger.CountyRecoveryV1{forged}, hub, ErrSignature, false},
		{"altered", []ledger.CountyRecoveryV1{altered}, hub, ErrSignature, false},
		{"of no root", []ledger.CountyRecoveryV1{{Recovery: ledger.Recovery{County: storetest.Code, At: 77, Kept: kept, Reason: "x"}, Sig: good.Sig}}, hub, ErrMalformed, false},
		{"of another history", []ledger.CountyRecoveryV1{other.word(t, 77, mustHead(t, other.Hub().Store))}, elsewhere, ErrRewritten, true},
		{"good", []ledger.CountyRecoveryV1{good}, hub, nil, false},
		{"good, after one that was lost", []ledger.CountyRecoveryV1{r.word(t, 50, kept+1), good}, hub, nil, false},
		{"good, with an older one that went further back", []ledger.CountyRecoveryV1{r.word(t, 50, kept-1), good}, hub, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := replica(t, village)
			before, stop := run(t, st, FollowerOptions{KeepCheckpoint: time.Nanosecond, Upstreams: []Upstream{countyUp(t, hub, st)}})
			reaches(t, st, head)
			eventually(t, "a checkpoint of all", func() bool { return before.Status().Checkpoint >= head })
			stop()
			lying := telling(t, c.hub, func() []ledger.CountyRecoveryV1 { return c.told })
			f, _ := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, lying, st)}})
			if c.want == nil {
				least := kept
				for _, w := range c.told {
					least = min(least, w.Recovery.Kept)
				}
				eventually(t, "it to go back", func() bool { e, err := st.Epoch(t.Context()); return err == nil && e.At == 77 })
				if at := mustCursor(t, st); at != least {
					t.Errorf("went back to %d, want %d", at, least)
				}
				former, err := st.FormerCheckpoints(t.Context())
				if err != nil || len(former) != 1 || former[0].Size != head || former[0].Epoch != 77 {
					t.Errorf("kept of what there was: %+v, %v", former, err)
				}
				return
			}
			eventually(t, "it to say why not", func() bool { s := f.Status(); return s.LastError != nil && errors.Is(s.LastError, c.want) })
			if e, err := st.Epoch(t.Context()); err != nil || e.At != 0 || mustCursor(t, st) != head {
				t.Errorf("went to %d in %+v, %v", mustCursor(t, st), e, err)
			}
			evidence := func() string {
				e, err := st.Setting(t.Context(), EvidenceKey+"recovery.77")
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			if c.evidence { // another history is seen by its checkpoint too, and maybe before
				eventually(t, "evidence", func() bool { return evidence() != "" })
			} else if e := evidence(); e != "" {
				t.Errorf("evidence %q", e)
			}
			if _, note, err := st.LastCheckpoint(t.Context()); err != nil || note == "" {
				t.Errorf("the last checkpoint is %q, %v", note, err)
			}
		})
	}
}

// An upstream that was blocked for showing another ledger is asked whether the
// county has its word for that; without a restart.
func TestBlockedUpstreamIsAskedForTheCountysWord(t *testing.T) {
	r, restored := newRealm(t), newRealm(t)
	village := r.Village(villageA)
	restored.Village(villageA)
	kept := mustHead(t, r.Hub().Store)
	if a, b := r.word(t, 1, kept), restored.word(t, 1, kept); string(a.Sig) != string(b.Sig) {
		t.Fatal("the two counties do not begin alike")
	}
	r.change(2)
	restored.Hub().MustDo(restored.Operator(), &ledger.LevelRaiseV1{Level: 1})
	for range 8 {
		restored.Hub().MustDo(restored.Operator(), &ledger.LevelRaiseV1{Level: 1})
	}
	st := replica(t, village)
	_, hub := serve(t, r.Hub().Store, ServerOptions{County: r.ledger(RealClock{})})
	f, stop := run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, hub, st)}})
	reaches(t, st, mustHead(t, r.Hub().Store))
	eventually(t, "a checkpoint of all", func() bool { return f.Status().Checkpoint >= mustHead(t, r.Hub().Store) })
	stop()

	_, again := serve(t, restored.Hub().Store, ServerOptions{County: restored.ledger(RealClock{})})
	f, _ = run(t, st, FollowerOptions{Upstreams: []Upstream{countyUp(t, again, st)}})
	eventually(t, "it to be blocked", func() bool { return len(f.Status().Blocked) == 1 })
	declared := restored.word(t, 77, kept)
	restored.Hub().MustDo(restored.Operator(), &declared)
	eventually(t, "it to be followed", func() bool {
		s := f.Status()
		return len(s.Blocked) == 0 && mustCursor(t, st) == mustHead(t, restored.Hub().Store)
	})
}
