package federation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tongban/tongban/federation/federationtest"
	"github.com/tongban/tongban/node/division"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
)

// manyPlaces is an import of so many bytes at least.
func manyPlaces(t *testing.T, bytes int) *ledger.DivisionImportV1 {
	t.Helper()
	b := &ledger.DivisionImportV1{}
	have := 0
	for i := range 5000 {
		if have >= bytes {
			return b
		}
		name := strings.Repeat("新", 30)
		d := division.Division{Code: division.Code(fmt.Sprintf("330523%03d%03d", 150+i/150, 200+i%150)),
			Name: name, OfficialName: name + "委会", Kind: division.KindVillage, UrbanRural: "220"}
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		have += len(raw) + len(",")
		b.Divisions = append(b.Divisions, d)
	}
	t.Fatalf("5000 places make less than %d bytes", bytes)
	return nil
}

// What the county lost is listed however large it is, and what came after it, too.
func TestLargeLostRecords(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	backup := backupOf(t, hub)
	large := f.Do(hub, f.Operator(), manyPlaces(t, 410<<10)).ID
	largest := f.Do(hub, f.Operator(), manyPlaces(t, ledger.MaxEntryBytes-32<<10)).ID
	f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "大条目之后"})
	f.Settle()
	f.CaughtUp()
	lostDisk(t, f, hub, backup)
	inEpoch(t, f, declare(t, f), town, village)
	f.Eventually("the county to list all three", func() bool { return len(f.Attention(hub)) == 3 })
	again, err := hub.RecordAgain(t.Context(), f.Operator(), nil)
	if err != nil || len(again) != 3 || again[0].ID != large || again[1].ID != largest {
		t.Fatalf("%+v, %v", again, err)
	}
	for _, a := range again {
		if a.Status == store.Rejected {
			t.Errorf("not again: %+v", a)
		}
	}
	f.Settle()
	f.CaughtUp()
	if n := len(f.Attention(hub)); n != 0 {
		t.Errorf("%d still ask for attention", n)
	}
}

// What cannot be recorded again as it was is listed in words, and holds up nothing.
func TestUnlistedLostRecords(t *testing.T) {
	f := federationtest.New(t, federationtest.Config{})
	hub, town, village := f.Hub(), f.Township(0), f.Village(0)
	backup := backupOf(t, hub)
	id := f.Do(hub, f.Operator(), &ledger.NodeRenameV1{Node: village.ID, Name: "丢失的名称"}).ID
	f.Settle()
	f.CaughtUp()
	e, err := hub.Store.Entry(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	f.Cut(town.ID, "*")
	f.Cut(village.ID, "*")
	lostDisk(t, f, hub, backup)
	declare(t, f)
	show := func(index uint64, change func(*ledger.Entry)) store.Lost {
		shown := e.Entry
		change(&shown)
		raw, err := json.Marshal(&shown)
		if err != nil {
			t.Fatal(err)
		}
		return store.Lost{Index: index, RecordedAt: 1, Entry: raw}
	}
	as := func(id string) func(*ledger.Entry) { return func(e *ledger.Entry) { e.ID = id } }
	lost := []store.Lost{
		{Index: 900, RecordedAt: 1, Entry: json.RawMessage(`{"id":7}`)},
		show(901, func(e *ledger.Entry) { as("a-newer")(e); e.Kind = "node.paint" }),
		show(902, as("another-id")),
		show(903, func(e *ledger.Entry) { as("of-a-village")(e); e.Origin = village.ID }),
		show(904, func(e *ledger.Entry) { as("with-a-seq")(e); e.Seq = 4 }),
		show(905, func(e *ledger.Entry) { e.Origin = "county-9" }),
		show(906, func(*ledger.Entry) {}),
	}
	later, err := hub.TakeLost(t.Context(), village.ID, lost[:6])
	if err != nil || len(later) != 1 || later[0] != id {
		t.Fatalf("later %v, %v", later, err)
	}
	list := func(want ...string) {
		t.Helper()
		all, err := lostRecords(t, hub)
		if err != nil || len(all) != len(want) {
			t.Fatalf("%d listed, %v", len(all), err)
		}
		for i, w := range want {
			if got := fmt.Sprintf("%d %s", all[i].Index, all[i].Why); got != w {
				t.Errorf("%s, want %s", got, w)
			}
		}
	}
	words := []string{"900 malformed", "901 newer", "902 signature", "903 not_hub", "904 not_hub"}
	list(append(words, "905 hub_unknown")...)
	for _, a := range f.Attention(hub) {
		if a.Code != "lost_unlisted" || !strings.Contains(a.Reason, "恢复") || !strings.Contains(a.Reason, "missing since: ") {
			t.Errorf("attention %+v", a)
		}
	}
	if again, err := hub.RecordAgain(t.Context(), f.Operator(), nil); err != nil || len(again) != 0 {
		t.Fatalf("recorded %+v, %v", again, err)
	}
	if again, err := hub.RecordAgain(t.Context(), f.Operator(), []string{id}); err != nil || len(again) != 1 || again[0].Status != store.Rejected || again[0].Code != "hub_unknown" {
		t.Fatalf("recorded %+v, %v", again, err)
	}

	// The record itself takes the place of the words about it.
	for range 2 {
		if later, err := hub.TakeLost(t.Context(), town.ID, lost); err != nil || len(later) != 1 {
			t.Fatalf("later %v, %v", later, err)
		}
	}
	list(append(words, "906 ")...)
	if n := len(f.Attention(hub)); n != 6 {
		t.Errorf("%d ask for attention", n)
	}
	if again, err := hub.RecordAgain(t.Context(), f.Operator(), nil); err != nil || len(again) != 1 || again[0].Outcome != ledger.Applied {
		t.Fatalf("recorded %+v, %v", again, err)
	}
}
