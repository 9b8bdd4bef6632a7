package federation

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tongban/tongban/federation/feed"
	"github.com/tongban/tongban/federation/trust"
	"github.com/tongban/tongban/node"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// A chain that does not continue the keys this node has is refused, whatever
// its length; one that does is followed, kept, and told on.
func TestRenewTrust(t *testing.T) {
	ctx := context.Background()
	now := time.UnixMilli(1_795_395_600_000)
	must := func(k *trust.CountyKeys, err error) *trust.CountyKeys {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	keys := must(trust.GenerateCounty(rand.Reader, "330523", now))
	third := must(must(keys.Rotate(rand.Reader, now)).Rotate(rand.Reader, now))
	thief := must(must(trust.GenerateCounty(rand.Reader, "330523", now)).Rotate(rand.Reader, now))
	elsewhere := must(must(trust.GenerateCounty(rand.Reader, "330522", now)).Rotate(rand.Reader, now))

	st, err := store.Open(ctx, store.Options{Key: storetest.Key, Dir: t.TempDir(), Limits: catalog.DefaultLimits(),
		Self: store.Self{Node: "township-330523110-1", Tier: node.Township, Division: "330523110", Ordinal: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	first := keys.Trust()
	n := &Node{Store: st, log: slog.New(slog.DiscardHandler)}
	n.bundle.Store(&first)

	var told any
	above := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { respond(w, told) }))
	defer above.Close()
	up := feed.Upstream{Name: "above", Tier: node.County, BaseURL: above.URL, Client: above.Client()}

	for name, c := range map[string]struct {
		chain any
		want  error
	}{
		"of other keys":    {thief.Chain(), trust.ErrSignature},
		"of other county":  {elsewhere.Chain(), trust.ErrWrongCounty},
		"with a gap":       {third.Chain()[2:], trust.ErrMalformed},
		"link torn":        {append(third.Chain()[:1:1], trust.SignedTrust{Bundle: []byte("{}"), Sig: third.Chain()[1].Sig}), trust.ErrMalformed},
		"signature turned": {append(third.Chain()[:1:1], trust.SignedTrust{Bundle: third.Chain()[1].Bundle, Sig: third.Chain()[2].Sig}), trust.ErrSignature},
		"forged at the end": {append(third.Chain()[:2:2], thief.Chain()[1], trust.SignedTrust{
			Bundle: third.Chain()[2].Bundle, Sig: thief.Chain()[1].Sig}), trust.ErrSignature},
	} {
		told = c.chain
		if err := n.renewTrust(ctx, up); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if n.Trust().Serial != 1 {
			t.Fatalf("%s: moved to bundle %d", name, n.Trust().Serial)
		}
		if saved, err := st.Setting(ctx, learnedSetting); err != nil || saved != "" {
			t.Errorf("%s: kept %q, %v", name, saved, err)
		}
	}
	told = map[string]int{"chain": 1}
	if err := n.renewTrust(ctx, up); err == nil || errors.Is(err, trust.ErrSignature) {
		t.Errorf("not a chain: %v", err)
	}

	for range 2 { // the second time brings nothing new
		told = third.Chain()
		if err := n.renewTrust(ctx, up); err != nil || !sameBundle(n.Trust(), third.Trust()) {
			t.Fatalf("bundle %d, %v", n.Trust().Serial, err)
		}
	}
	again := &Node{Store: st, log: n.log, clock: time.Now}
	again.bundle.Store(&first)
	if err := again.refreshTrust(ctx); err != nil || !sameBundle(again.Trust(), third.Trust()) {
		t.Errorf("after a restart: bundle %d, %v", again.Trust().Serial, err)
	}
	w := httptest.NewRecorder()
	again.serveTrust(w, httptest.NewRequest(http.MethodGet, trustPath, nil))
	var chain []trust.SignedTrust
	if err := json.Unmarshal(w.Body.Bytes(), &chain); err != nil || len(chain) != 2 {
		t.Fatalf("%d links told on, %v: %s", len(chain), err, w.Body)
	}
	if reached, err := first.Advance(chain...); err != nil || !sameBundle(reached, third.Trust()) {
		t.Errorf("what is told on leads to %d, %v", reached.Serial, err)
	}
}
