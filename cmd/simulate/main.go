// Command simulate lives a year of a county in minutes: its real divisions,
// items and holidays, offices at three tiers with stores of their own, lines
// that break, people who are slow, papers that are missing, editions that
// change, a worker who is dismissed while the line is down. All chance comes
// from a seed, so that a run can be had again.
//
// It ends with a reconciliation. Everything that an office was told is recorded
// must be in the county's ledger once; every case must be at an end or have a
// holder who knows that it has it; all offices must say the same about a case;
// and the ledger, read again into empty stores, must make the same state. If
// anything is not accounted for it says what, and exits with 1.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// settings are how large the county and how long its year is.
type settings struct {
	seed                       uint64
	cases, townships, villages int
	days                       int
	dir                        string
	again                      bool
}

// year is when the simulated year begins: the first of 2026, whose holidays are
// announced and not provisional.
var year = time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("Asia/Shanghai", 8*3600))

func main() {
	var s settings
	flag.Uint64Var(&s.seed, "seed", 20260101, "where all chance comes from")
	flag.IntVar(&s.cases, "cases", 120_000, "cases handed in over the year, about")
	flag.IntVar(&s.townships, "townships", 15, "townships with a node")
	flag.IntVar(&s.villages, "villages", 200, "villages with a node")
	flag.IntVar(&s.days, "days", 365, "natural days from 1 January 2026")
	flag.StringVar(&s.dir, "dir", "", "keep the stores in this folder; by default they are removed at the end")
	flag.BoolVar(&s.again, "again", true, "read the ledger again into empty stores at the end, and compare")
	asJSON := flag.Bool("json", false, "end with one line of JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Some two hundred stores of one process make much garbage and hold little.
	debug.SetGCPercent(800)
	account, err := run(ctx, s, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
	account.print(os.Stdout)
	if *asJSON {
		if err := json.NewEncoder(os.Stdout).Encode(account); err != nil {
			fmt.Fprintln(os.Stderr, "simulate:", err)
			os.Exit(1)
		}
	}
	if !account.sound() {
		os.Exit(1)
	}
}

// run lives the year and gives its account.
func run(ctx context.Context, s settings, out io.Writer) (a *account, err error) {
	h := &holder{}
	defer h.close()
	if s.dir == "" {
		s.dir = h.TempDir()
	}
	// The stores' test county fails by ending; here that ends the run.
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = errors.New(string(r))
		default:
			panic(r)
		}
	}()
	w, err := newWorld(h, s, out)
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.live(ctx); err != nil {
		return nil, err
	}
	return w.reconcile(ctx)
}

// holder stands for the test that a county of stores is usually made in.
type holder struct {
	dirs     []string
	cleanups []func()
}

type failure string

// Helper implements storetest.TB.
func (h *holder) Helper() {}

// Fatalf implements storetest.TB.
func (h *holder) Fatalf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

// Cleanup implements storetest.TB.
func (h *holder) Cleanup(f func()) { h.cleanups = append(h.cleanups, f) }

// TempDir implements storetest.TB.
func (h *holder) TempDir() string {
	dir, err := os.MkdirTemp("", "tongban-simulate-")
	if err != nil {
		h.Fatalf("%v", err)
	}
	h.dirs = append(h.dirs, dir)
	return dir
}

func (h *holder) close() {
	for i := len(h.cleanups) - 1; i >= 0; i-- {
		h.cleanups[i]()
	}
	for _, dir := range h.dirs {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, "simulate:", err)
		}
	}
}
