// Command bench measures a county of real processes on the real disk, fsync
// on, and in the same run the ceilings of what it is made of: the disk's
// fsyncs, SQLite's durable transactions, and bare Raft in three processes.
// Figures that have a target are shown beside it.
//
// It uses nothing of a node but its ports: the public API, and the federation
// protocol for followers, whose certificates it issues with the keys of the
// county that it founded.
//
// A hub with a million cases takes minutes to fill and gigabytes of disk, so
// that part runs only when asked for, and can be done in pieces:
//
//	tongban-bench -only large -large 10000,100000 -reuse DIR
//	tongban-bench -only large -large 1000000 -reuse DIR
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// version is set by the build.
var version = "dev"

// settings are how large the numbers are.
type settings struct {
	binary, dir string
	only        []string
	json        bool
	keep        bool

	during    time.Duration // of one load
	clients   []int
	accounts  int
	drains    []int
	followers int
	idle      int
	idleFor   time.Duration
	kills     int
	starts    int
	cases     int
	larges    []int
	reuse     string
}

// sections are what is measured, in their order.
var sections = []struct {
	name    string
	measure func(*bench, context.Context) error
}{
	{"ceilings", (*bench).ceilings},
	{"sizes", (*bench).sizes},
	{"first", (*bench).firstSync},
	{"cold", (*bench).coldStart},
	{"fanout", (*bench).fanOut},
	{"idle", (*bench).idleFollowers},
	{"intake", (*bench).intake},
	{"growth", (*bench).growth},
	{"drain", (*bench).drain},
	{"failover", (*bench).failover},
	{"restart", (*bench).restart},
	{"large", (*bench).large},
}

func main() {
	if len(os.Args) > 1 {
		if part := map[string]func([]string) error{peerCommand: runPeer, tlsCommand: runTLS}[os.Args[1]]; part != nil {
			if err := part(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		}
	}
	s, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	var s settings
	var short, long bool
	var only, clients, drains, larges string
	var during time.Duration
	f := flag.NewFlagSet("tongban-bench", flag.ContinueOnError)
	f.BoolVar(&short, "short", false, "small numbers, under two minutes; good for a look, not for a claim")
	f.BoolVar(&long, "long", false, "also drain 100,000 cases")
	f.StringVar(&only, "only", "", "measure only these, separated by commas: "+strings.Join(names, " "))
	f.DurationVar(&during, "during", 0, "how long each load lasts (default 6s, with -short 1.5s)")
	f.StringVar(&clients, "clients", "", "numbers of clients, separated by commas (default 1,16,64,256, with -short 1,16,64)")
	f.StringVar(&drains, "drains", "", "numbers of cases a village comes back with (default 1000,10000, with -short 500)")
	f.BoolVar(&s.json, "json", false, "print the figures as JSON")
	f.BoolVar(&s.keep, "keep", false, "leave the data and the nodes' logs where they are")
	f.StringVar(&s.binary, "binary", beside("tongban"), "the tongban to measure")
	f.StringVar(&s.dir, "dir", "", "where to put the data: a folder on the disk to measure (default: the system's temporary folder)")
	f.IntVar(&s.cases, "cases", 0, "cases in the ledger of the hub that is restarted (default 20000, with -short 2000)")
	f.StringVar(&larges, "large", "", "numbers of cases to fill a hub of its own with, separated by commas, as 10000,100000,1000000 (default: this part is left out)")
	f.StringVar(&s.reuse, "reuse", "", "a folder where the hub of -large lies and is left, to be filled further the next time")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	s.during, s.clients, s.accounts, s.drains = 6*time.Second, []int{1, 16, 64, 256}, 48, []int{1000, 10_000}
	s.followers, s.idle, s.idleFor, s.kills, s.starts = 500, 1000, 20*time.Second, 10, 10
	cases := 20_000
	if long {
		s.drains = append(s.drains, 100_000)
	}
	if short {
		s.during, s.clients, s.accounts, s.drains = 1500*time.Millisecond, []int{1, 16, 64}, 24, []int{500}
		s.followers, s.idle, s.idleFor, s.kills, s.starts = 100, 200, 4*time.Second, 2, 3
		cases = 2000
	}
	if s.cases == 0 {
		s.cases = cases
	}
	if during > 0 {
		s.during = during
	}
	for _, list := range []struct {
		flag, text string
		into       *[]int
	}{{"clients", clients, &s.clients}, {"drains", drains, &s.drains}, {"large", larges, &s.larges}} {
		if list.text == "" {
			continue
		}
		*list.into = nil
		if err := json.Unmarshal([]byte("["+list.text+"]"), list.into); err != nil || len(*list.into) == 0 || slices.Min(*list.into) < 1 {
			return s, fmt.Errorf("-%s %s: numbers from 1 on, separated by commas", list.flag, list.text)
		}
	}
	for name := range strings.SplitSeq(only, ",") {
		if name == "" {
			continue
		}
		if !slices.Contains(names, name) {
			return s, fmt.Errorf("-only %s: there is %s", name, strings.Join(names, ", "))
		}
		s.only = append(s.only, name)
	}
	if _, err := os.Stat(s.binary); err != nil {
		return s, fmt.Errorf("-binary: %w; `make build` makes it", err)
	}
	return s, nil
}

// beside is a program in this one's folder.
func beside(name string) string {
	own, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(own), name)
}

func run(ctx context.Context, s settings) (err error) {
	dir, err := os.MkdirTemp(s.dir, "tongban-bench-")
	if err != nil {
		return err
	}
	if !s.keep {
		defer os.RemoveAll(dir)
	}
	b := &bench{settings: s, dir: dir, began: time.Now(), table: &table{}}
	defer b.close()
	b.step("data in %s", dir)
	for _, part := range sections {
		if len(s.only) > 0 && !slices.Contains(s.only, part.name) {
			continue
		}
		b.step("%s", part.name)
		if err := part.measure(b, ctx); err != nil {
			err = b.explain(fmt.Errorf("%s: %w", part.name, err))
			if ctx.Err() != nil {
				return err
			}
			fmt.Fprintln(os.Stderr, err)
			b.table.failed(part.name, err)
		}
	}
	if s.json {
		return b.table.writeJSON(os.Stdout)
	}
	b.table.write(os.Stdout)
	return b.table.err()
}

// bench is one run.
type bench struct {
	settings
	dir    string
	began  time.Time
	table  *table
	county *county
}

// step shows on the terminal where the run is; the table goes to standard
// output.
func (b *bench) step(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "[%6.1fs] %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

func (b *bench) close() {
	if b.county != nil {
		b.county.stop()
	}
}
