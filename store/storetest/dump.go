package storetest

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	_ "github.com/mattn/go-sqlite3" // the dump reads the file itself, past the store

	"github.com/tongban/tongban/store"
)

// Dump is everything in a store's state database as text: each table with its
// rows in a fixed order, one value a column. Two stores that hold the same
// dump alike.
func Dump(tb TB, s *store.Store, tables ...string) string {
	tb.Helper()
	var b strings.Builder
	dump(tb, &b, s, tables)
	return b.String()
}

// Digest is the SHA-256 of a Dump, for stores too large to hold one.
func Digest(tb TB, s *store.Store, tables ...string) string {
	tb.Helper()
	h := sha256.New()
	b := bufio.NewWriter(h)
	dump(tb, b, s, tables)
	if err := b.Flush(); err != nil {
		tb.Fatalf("storetest: digest: %v", err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func dump(tb TB, b io.Writer, s *store.Store, tables []string) {
	tb.Helper()
	db, err := Connect(Key, filepath.Join(s.Dir(), "state.db"), "mode=ro")
	if err != nil {
		tb.Fatalf("storetest: dump: %v", err)
	}
	defer db.Close()
	if len(tables) == 0 {
		tables, err = tableNames(db)
		if err != nil {
			tb.Fatalf("storetest: dump: %v", err)
		}
	}
	for _, table := range tables {
		if err := dumpTable(b, db, table); err != nil {
			tb.Fatalf("storetest: dump %s: %v", table, err)
		}
	}
}

func tableNames(db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(context.Background(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// content is the query for a table's rows, without what is each database's own:
// the key that numbers are hashed with, and the hashes.
func content(table string) string {
	switch table {
	case "meta":
		return `SELECT * FROM meta WHERE key <> 'number_secret' ORDER BY 1, 2`
	case "case_owners":
		return `SELECT case_id, handed_in, CASE WHEN owner LIKE 'account:%' THEN owner ELSE 'number' END AS owner FROM case_owners ORDER BY 1, 2, 3`
	case "consents":
		return `SELECT id, 'number' AS owner, division, body FROM consents ORDER BY 1`
	}
	return `SELECT * FROM ` + table + ` ORDER BY 1, 2`
}

func dumpTable(b io.Writer, db *sql.DB, table string) error {
	rows, err := db.QueryContext(context.Background(), content(table))
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "== %s\n", table)
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range values {
			if text := show(v); text != "" {
				fmt.Fprintf(b, "%s=%s ", columns[i], text)
			}
		}
		fmt.Fprintln(b)
	}
	return rows.Err()
}

// show leaves out what is empty and makes bytes that are no text readable.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return fmt.Sprintf("%x", v)
	}
	return fmt.Sprint(v)
}
