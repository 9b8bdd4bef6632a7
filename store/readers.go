package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// readers are the connections that read a database. A query is prepared when
// it is first asked: parsing and planning one costs more than running it, and
// a submission asks a handful.
type readers struct {
	*sql.DB

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

const (
	maxReaders = 8
	// maxPrepared bounds the statements kept; filters and pages make queries
	// of many forms, and those beyond it are prepared each time.
	maxPrepared = 128
	// idleReader is how long a connection outlives a crowd of requests: its
	// page cache is memory that a village's machine needs for other things.
	idleReader = 30 * time.Second
)

func newReaders(db *sql.DB) *readers {
	db.SetMaxIdleConns(maxReaders)
	db.SetConnMaxIdleTime(idleReader)
	return &readers{DB: db, stmts: map[string]*sql.Stmt{}}
}

// QueryContext is that of sql.DB.
func (r *readers) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if st := r.prepared(ctx, query); st != nil {
		return st.QueryContext(ctx, args...)
	}
	return r.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of sql.DB.
func (r *readers) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if st := r.prepared(ctx, query); st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return r.DB.QueryRowContext(ctx, query, args...)
}

// prepared is the statement of a query; nil when it is not kept, or cannot be
// prepared, which asking it will tell.
func (r *readers) prepared(ctx context.Context, query string) *sql.Stmt {
	r.mu.RLock()
	st, known := r.stmts[query]
	full := len(r.stmts) >= maxPrepared
	r.mu.RUnlock()
	if known || full {
		return st
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if st, known := r.stmts[query]; known || len(r.stmts) >= maxPrepared {
		return st
	}
	st, err := r.DB.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	r.stmts[query] = st
	return st
}

// querier is a database that can be read.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
