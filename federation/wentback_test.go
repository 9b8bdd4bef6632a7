package federation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tongban/tongban/federation"
	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/ledger"
)

// grace is longer than the county may have less than a node before it says so.
const grace = 31 * time.Second

// hears waits until a node has heard the node above a few times anew.
func hears(t *testing.T, f *federationtest.Federation, n *federationtest.Node) {
	t.Helper()
	for range 3 {
		was, _ := n.Following()
		f.Eventually(n.ID+" to hear the node above", func() bool {
			s, _ := n.Following()
			return s.Upstream != "" && s.LastContact > was.LastContact
		})
	}
}

func problem(t *testing.T, n *federationtest.Node) string {
	t.Helper()
	r, err := n.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r.ProblemCode
}

// alarms are what a node says of a county that went back: that it did, and
// worse once what is handed in again has made the ledger as long as before.
var alarms = map[string]bool{"county_went_back": true, "ledger_rewritten": true, "record_missing": true}

// The county is restored from an older backup. Every node below says so, at
// its own desk and at the county, keeps what proves it, and offers the county
// again what it had handed in: nothing of that is lost.
func TestCountyWentBack(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, town, hub := f.Village(0), f.Township(0), f.Hub()
	before := f.Submit(village, "TB-MZJ-004")
	f.Settle()
	backup := f.CopyDisk(hub)
	after := f.Submit(village, "TB-MZJ-004")
	after = f.Act(village, after.ID, ledger.VerbAccept)
	f.Settle()
	for range 3 { // what the county did itself since is lost, and keeps it short
		f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "此名随备份丢失"})
	}
	f.Settle()

	f.PutBack(hub, backup)
	f.Restart(hub)
	hears(t, f, town)
	hears(t, f, village)
	for _, n := range []*federationtest.Node{town, village} {
		if code := problem(t, n); code == "county_went_back" {
			t.Errorf("%s does not wait for a hub that is behind", n.ID)
		}
	}
	f.Advance(grace)
	for _, n := range []*federationtest.Node{town, village} {
		f.Eventually(n.ID+" to say that the county went back", func() bool { return alarms[problem(t, n)] })
		raw, err := n.Store.Setting(t.Context(), "feed.evidence.setback")
		var e struct{ Kept string }
		if err != nil || json.Unmarshal([]byte(raw), &e) != nil || e.Kept == "" {
			t.Errorf("evidence at %s: %q, %v", n.ID, raw, err)
		}
	}
	f.Eventually("the county to read it", func() bool {
		told := map[string]bool{}
		reports, err := hub.Reports(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range reports {
			var r federation.Report
			told[p.Node] = json.Unmarshal(p.Report, &r) == nil && alarms[r.ProblemCode]
		}
		return told[village.ID] && told[town.ID]
	})
	f.Eventually("the county to have again what was handed in", func() bool {
		c, err := hub.Store.Case(t.Context(), after.ID)
		return err == nil && c.Head == after.Head && c.Number == after.Number
	})
	f.Case(hub, before.ID)
	if n, err := hub.Store.Count(t.Context(), village.ID); err != nil || n.HandedIn != 2 || n.Duplicated != 0 || n.Refused != 0 {
		t.Errorf("%+v, %v", n, err)
	}

	// It goes on being loud, also once the county has as many records again.
	for range 6 {
		f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "恢复之后"})
	}
	f.Eventually("both to find another ledger", func() bool {
		return problem(t, town) == "ledger_rewritten" && problem(t, village) != ""
	})
	for _, n := range f.Nodes() {
		if err := n.Fatal(); err != nil {
			t.Errorf("%s stopped: %v", n.ID, err)
		}
	}
}

// A case handed in after the county went back is preceded by what it lacks.
func TestHandedInAfterTheCountyWentBack(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	village, hub := f.Village(0), f.Hub()
	backup := f.CopyDisk(hub)
	lost := f.Submit(village, "TB-MZJ-004")
	f.Settle()
	f.Cut(village.ID, f.Township(0).ID)
	f.PutBack(hub, backup)
	f.Restart(hub)
	fresh := f.Submit(village, "TB-MZJ-004")
	f.Eventually("the county to have both", func() bool {
		_, first := hub.Store.Case(t.Context(), lost.ID)
		_, second := hub.Store.Case(t.Context(), fresh.ID)
		return first == nil && second == nil
	})
	if n, err := hub.Store.Count(t.Context(), village.ID); err != nil || n.HandedIn != 2 || n.Duplicated != 0 {
		t.Errorf("%+v, %v", n, err)
	}
}
