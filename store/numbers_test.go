package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// ID numbers are searchable by exact match through a keyed hash (GB 11643 has so
// few numbers that a plain one tells them): the key is a database's own, nodes
// agree on their state all the same, and a database that has no key yet gets one.
func TestNumbersAreFoundByAKeyedHash(t *testing.T) {
	c := storetest.NewCounty(t)
	village := c.Village(here)
	village.Actor(identity.VillageWorker)
	clerk := storetest.NewClerk(village.Store)
	r, err := village.Record(ctx, clerk.Draft(ledger.IDFromKey("numbers", "", "1"), welfare))
	must(t, err)
	is, err := village.Case(ctx, r.ID)
	must(t, err)
	a := is.Applicant
	owners := func() (all []string) {
		t.Helper()
		db, err := storetest.Connect(storetest.Key, filepath.Join(village.Dir(), "state.db"), "mode=ro")
		must(t, err)
		defer db.Close()
		rows, err := db.Query(`SELECT owner FROM case_owners`)
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var owner string
			must(t, rows.Scan(&owner))
			all = append(all, owner)
		}
		return all
	}
	found := func(s *store.Store) {
		t.Helper()
		cases, err := s.CasesOf(ctx, a.Type, a.IDNumber, func(name string) bool { return name == a.Name }, 10)
		if err != nil || len(cases) != 1 || cases[0].ID != r.ID {
			t.Errorf("by number: %d cases, %v", len(cases), err)
		}
		cases, err = s.CasesOf(ctx, a.Type, a.IDNumber[:17]+"0", func(string) bool { return true }, 10)
		if err != nil || len(cases) != 0 && a.IDNumber[17] != '0' {
			t.Errorf("by another number: %d cases, %v", len(cases), err)
		}
	}
	found(village.Store)
	plain := sha256.Sum256([]byte(a.Type + "\n" + a.IDNumber))
	first := owners()
	if len(first) != 1 || first[0] == hex.EncodeToString(plain[:]) {
		t.Errorf("found by %q", first)
	}

	// One that was made before there was a key.
	must(t, village.Close())
	db, err := storetest.Connect(storetest.Key, filepath.Join(village.Dir(), "state.db"), "")
	must(t, err)
	for _, statement := range []string{`DELETE FROM meta WHERE key = 'number_secret'`, fmt.Sprintf(`UPDATE case_owners SET owner = '%x'`, plain)} {
		_, err := db.Exec(statement)
		must(t, err)
	}
	must(t, db.Close())
	cred := village.Credential
	again, err := store.Open(ctx, store.Options{Dir: village.Dir(), Key: storetest.Key, Self: store.Self{Node: cred.Node, Tier: cred.Tier, Division: cred.Division, Ordinal: cred.Ordinal}})
	must(t, err)
	defer again.Close()
	found(again)
	second := owners()
	if len(second) != 1 || second[0] == first[0] || second[0] == hex.EncodeToString(plain[:]) {
		t.Errorf("found by %q, before by %q", second, first)
	}
}
