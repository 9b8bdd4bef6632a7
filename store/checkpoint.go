package store

import (
	"context"
	"path/filepath"
)

// SQLite copies its log back into the database within the commit that fills
// the log, and whoever waits for that commit waits for the disk. Here that is
// done beside the writer, who is held up only for what was written meanwhile.

const (
	// checkpointEvery is how many statements that write make a log of about
	// 16 MB. Pages that many entries change are copied back once.
	checkpointEvery = 2000
	// checkpointCounty is that at the county, where ids, owners and numbers of a
	// whole county come in no order, and one page of their trees is changed for
	// many cases before it is copied back.
	checkpointCounty = 4 * checkpointEvery
	// backstop is the pages of log at which SQLite copies it back all the same.
	backstop = `PRAGMA wal_autocheckpoint = 40000`
)

func (s *Store) checkpointAfter() int {
	if isCounty(s.self.Tier) {
		return checkpointCounty
	}
	return checkpointEvery
}

// tendLog starts copying the log back when it is long. s.mu is held.
func (s *Store) tendLog() {
	if s.w.written < s.checkpointAfter() || s.tending {
		return
	}
	s.w.written, s.tending = 0, true
	s.beside.Add(1)
	go func() {
		defer s.beside.Done()
		s.shortenLog(context.Background())
	}()
}

func (s *Store) shortenLog(ctx context.Context) {
	s.checkpoint.Lock()
	defer s.checkpoint.Unlock()
	err := s.checkpointBeside(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tending = false
	if err == nil && s.failed == nil {
		// With the writer held nothing is added, and the next commit begins the
		// log anew, unless a reader needs its end.
		var busy, pages, done int
		err = s.w.row(ctx, `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &pages, &done)
	}
	if err != nil {
		s.log.Warn("the database's log was not shortened; it is tried again", "error", err)
	}
}

// checkpointBeside copies back what is in the log now, while writing goes on.
func (s *Store) checkpointBeside(ctx context.Context) error {
	db, err := connect(s.key, filepath.Join(s.dir, stateFile), "_synchronous", "FULL")
	if err != nil {
		return storage("checkpoint", err)
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
	return storage("checkpoint", err)
}
