package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tongban/tongban/store/storetest"
)

// A hub's database that was filled before its looks were put in the order of
// the numbers (0028) and before results had theirs indexed (0029) loses none of
// its looks by these steps, is what a new one is, and goes on.
func TestOpensADatabaseOfBefore(t *testing.T) {
	c := storetest.NewCounty(t)
	hub, village := c.Hub(), c.Village(here)
	for range 3 {
		hub.Submit("TB-SCJG-010")
		village.Submit(welfare)
	}
	c.Settle()
	path := filepath.Join(hub.Dir(), "state.db")
	read := func(statement string) (rows []string) {
		t.Helper()
		db, err := storetest.Connect(storetest.Key, path, "")
		must(t, err)
		defer db.Close()
		found, err := db.Query(statement)
		must(t, err)
		defer found.Close()
		for found.Next() {
			var row string
			must(t, found.Scan(&row))
			rows = append(rows, row)
		}
		must(t, found.Err())
		return rows
	}
	const looks = `SELECT number || ' ' || case_id || ' ' || day || ' ' || head FROM looks ORDER BY number`
	must(t, hub.Store.Close())
	before, schema := read(looks), read(`SELECT name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY name`)
	if len(before) != 6 {
		t.Fatalf("%d looks", len(before))
	}
	db, err := storetest.Connect(storetest.Key, path, "")
	must(t, err)
	_, err = db.Exec(`
		DROP INDEX looks_day;
		ALTER TABLE looks RENAME TO numbered;
		CREATE TABLE looks (case_id TEXT PRIMARY KEY, day INTEGER NOT NULL, head TEXT NOT NULL) WITHOUT ROWID;
		CREATE INDEX looks_day ON looks (day, case_id, head);
		INSERT INTO looks (case_id, day, head) SELECT case_id, day, head FROM numbered;
		DROP TABLE numbered;
		DROP INDEX results_number`)
	must(t, err)
	for _, name := range []string{"0028_looks.sql", "0029_result_numbers.sql"} {
		step, err := os.ReadFile(filepath.Join("schema", "state", name))
		must(t, err)
		_, err = db.Exec(string(step))
		must(t, err)
	}
	must(t, db.Close())

	hub.Reopen()
	if number := hub.Submit("TB-SCJG-010").Number; number == "" {
		t.Error("nothing is taken in")
	}
	must(t, hub.Store.Close())
	if after := read(looks); len(after) != 7 || !hasAll(after, before) {
		t.Errorf("looks are\n%q, were\n%q", after, before)
	}
	if now := read(`SELECT name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY name`); !slices.Equal(now, schema) {
		t.Errorf("the schema is\n%q, was\n%q", now, schema)
	}
	hub.Reopen()
}

func hasAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}
