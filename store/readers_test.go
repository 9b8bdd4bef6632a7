package store

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// Queries come from many requests at once, in more forms than are kept.
func TestReadersKeepStatementsWithinBounds(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "state.db")
	if err := prepare(ctx, nil, path, stateSchema); err != nil {
		t.Fatal(err)
	}
	db, err := openReaders(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	r := newReaders(db)
	defer r.Close()
	var wg sync.WaitGroup
	for worker := range 2 * maxReaders {
		wg.Go(func() {
			for i := range 2 * maxPrepared {
				var got int
				query := fmt.Sprintf(`SELECT ? + %d`, i)
				if err := r.QueryRowContext(ctx, query, worker).Scan(&got); err != nil || got != worker+i {
					t.Errorf("%s: %d, %v", query, got, err)
				}
			}
		})
	}
	wg.Wait()
	if len(r.stmts) != maxPrepared {
		t.Errorf("%d statements are kept, want %d", len(r.stmts), maxPrepared)
	}
	if _, err := r.QueryContext(ctx, `SELECT nothing`); err == nil {
		t.Error("a query that cannot be prepared was answered")
	}
}
