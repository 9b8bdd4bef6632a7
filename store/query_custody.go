package store

import (
	"context"
	"database/sql"

	"github.com/tongban/tongban/node/custody"
	"github.com/tongban/tongban/node/division"
)

// Papers is who has the paper originals of a case, as far as is known here.
func (s *Store) Papers(ctx context.Context, id string) (*custody.Book, error) {
	return readBook(ctx, committed{s.read}, id)
}

// HandedOver is one paper on a transfer list.
type HandedOver struct {
	List, Sent, Case, Material, Brought string
	From, To                            division.Code
	SentAt                              int64
	// Received is where it was received, empty while it is on the way.
	Received   division.Code
	ReceivedAt int64
	Missing    bool
	Note       string
}

// TransferFilter selects what was handed over. Empty fields select everything.
type TransferFilter struct {
	List     string
	From, To division.Code
	// At selects what goes from or to a division.
	At division.Code
	// Open selects what is still on the way.
	Open bool
	// Limit is at most so many papers; 0 means 2000.
	Limit int
}

// HandedOver lists papers that were handed over, the latest first and each list
// together.
func (s *Store) HandedOver(ctx context.Context, f TransferFilter) ([]HandedOver, error) {
	if f.Limit == 0 {
		f.Limit = 2000
	}
	scan := func(r *sql.Rows) (h HandedOver, err error) {
		return h, r.Scan(&h.List, &h.Sent, &h.Case, &h.Material, &h.Brought, &h.From, &h.To, &h.SentAt, &h.Received, &h.ReceivedAt, &h.Missing, &h.Note)
	}
	return rowsOf(ctx, s.read, scan, `SELECT list, sent, case_id, material, brought, from_div, to_div, sent_at, received, received_at, missing, note FROM custody
		WHERE (?1 = '' OR list = ?1) AND (?2 = '' OR from_div = ?2) AND (?3 = '' OR to_div = ?3) AND (?4 = '' OR from_div = ?4 OR to_div = ?4) AND (NOT ?5 OR received = '')
		ORDER BY sent_at DESC, list, case_id, brought, material LIMIT ?6`, f.List, string(f.From), string(f.To), string(f.At), f.Open, f.Limit)
}
