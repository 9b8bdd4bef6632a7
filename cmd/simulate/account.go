package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"sync"
	"time"

	"github.com/tongban/tongban/node/casework"
	"github.com/tongban/tongban/node/catalog"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

// account is how the year adds up. Of all that was handed in each is in one of
// the five that follow HandedIn.
type account struct {
	Seed     uint64 `json:"seed"`
	HandedIn int    `json:"handed_in"`
	// Closed were handed over, NotAccepted and Terminated ended before a
	// decision, Open have a holder who knows of them, Refused stand in "needs
	// attention" (and most were handed in again).
	Closed      int `json:"closed"`
	NotAccepted int `json:"not_accepted"`
	Terminated  int `json:"terminated"`
	Open        int `json:"open"`
	Refused     int `json:"refused"`
	Corrected   int `json:"corrected"`

	// Intents are refusals that were told beforehand, Statements what was said to them.
	Intents    int `json:"intents"`
	Statements int `json:"statements"`

	// What came after: cards, ratings and complaints, cases inspected, months
	// appraised.
	Cards      int `json:"cards"`
	Ratings    int `json:"ratings"`
	Complaints int `json:"complaints"`
	Inspected  int `json:"inspected"`
	Appraised  int `json:"appraised"`

	Entries int `json:"entries"`
	Records int `json:"records"`
	// TurnedAway is what was refused at a desk, by the code of the reason.
	TurnedAway  map[string]int `json:"turned_away"`
	LinesBroken int            `json:"lines_broken"`
	Editions    int            `json:"editions"`

	Lost       int     `json:"lost"`
	Duplicated int     `json:"duplicated"`
	Diverged   int     `json:"diverged"`
	ReadAgain  int     `json:"read_again"` // nodes whose state was made again from the ledger
	Seconds    float64 `json:"seconds"`

	Problems []string `json:"problems,omitempty"`
}

func (a *account) sound() bool {
	return a.Lost+a.Duplicated+a.Diverged == 0 && len(a.Problems) == 0 &&
		a.HandedIn == a.Closed+a.NotAccepted+a.Terminated+a.Open+a.Refused
}

func (a *account) lost(format string, args ...any) { a.Lost++; a.problem(format, args...) }

func (a *account) duplicated(format string, args ...any) { a.Duplicated++; a.problem(format, args...) }

func (a *account) diverged(format string, args ...any) { a.Diverged++; a.problem(format, args...) }

func (a *account) problem(format string, args ...any) {
	if len(a.Problems) < 20 {
		a.Problems = append(a.Problems, fmt.Sprintf(format, args...))
	}
}

func (a *account) print(w io.Writer) {
	fmt.Fprintf(w, `
handed in      %8d = closed %d + not accepted %d + terminated %d + open %d + refused %d (of them %d handed in again)
told before    %8d refusals, %d statements
afterwards     %8d cards, %d ratings, %d complaints, %d cases inspected, %d months appraised
entries told   %8d, records of the county %d, refused at a desk %v
lines broken   %8d times, editions %d
lost           %8d
duplicated     %8d
diverged       %8d (ledger read again at %d nodes)
seed           %8d, %.0f s
`, a.HandedIn, a.Closed, a.NotAccepted, a.Terminated, a.Open, a.Refused, a.Corrected, a.Intents, a.Statements, a.Cards, a.Ratings, a.Complaints, a.Inspected, a.Appraised, a.Entries, a.Records, a.TurnedAway, a.LinesBroken, a.Editions,
		a.Lost, a.Duplicated, a.Diverged, a.ReadAgain, a.Seed, a.Seconds)
	for _, p := range a.Problems {
		fmt.Fprintln(w, "  ", p)
	}
	if a.sound() {
		fmt.Fprintln(w, "every case is accounted for")
	} else {
		fmt.Fprintln(w, "NOT every case is accounted for")
	}
}

// reconcile mends all lines, lets all be sent and told, and holds what offices
// were told against the ledger, against each other's copies, and against what
// the ledger makes when it is read again.
func (w *world) reconcile(ctx context.Context) (*account, error) {
	a := &account{Seed: w.seed, LinesBroken: w.lines.broken, Editions: w.edition, TurnedAway: map[string]int{}}
	for _, o := range w.below {
		o.downUntil = 0
	}
	for range 3 { // village to township, township to county, county to all
		w.talk()
	}
	for _, o := range w.below {
		out, err := o.node.OutboxStats(ctx)
		if err != nil {
			return nil, err
		}
		if out.Length > 0 {
			a.lost("%s still has %d entries to send", o.node.ID(), out.Length)
		}
	}
	if err := w.againstLedger(ctx, a); err != nil {
		return nil, err
	}
	numbers := map[string]string{}
	for _, o := range append([]*office{w.hub}, w.below...) {
		for code, n := range o.turned {
			a.TurnedAway[code] += n
		}
		a.Corrected += len(o.corrected)
		for _, id := range o.handedIn {
			a.HandedIn++
			if err := w.oneCase(ctx, a, o, id, numbers); err != nil {
				return nil, err
			}
		}
	}
	if err := w.afterwards(ctx, a); err != nil {
		return nil, err
	}
	if w.again {
		if err := w.readAgain(ctx, a); err != nil {
			return nil, err
		}
	}
	a.Seconds = time.Since(w.began).Seconds()
	return a, nil
}

// againstLedger looks for everything that an office was told is recorded, in
// the county's ledger: once.
func (w *world) againstLedger(ctx context.Context, a *account) error {
	told := map[string]int{}
	for _, o := range append([]*office{w.hub}, w.below...) {
		a.Entries += len(o.told)
		for _, id := range o.told {
			told[id] = 0
		}
	}
	head, err := w.hub.node.Head(ctx)
	if err != nil {
		return err
	}
	a.Records = int(head)
	const page = 20_000
	for after := uint64(0); after < head; after += page {
		err := w.hub.node.Records(ctx, after, min(after+page, head), func(r store.RecordLine) error {
			if n, ok := told[r.ID]; ok {
				told[r.ID] = n + 1
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for id, n := range told {
		switch {
		case n == 0:
			a.lost("entry %s is not in the ledger", id)
		case n > 1:
			a.duplicated("entry %s is in the ledger %d times", id, n)
		}
	}
	return nil
}

// oneCase holds a case at the county against its copies, and says what became
// of it.
func (w *world) oneCase(ctx context.Context, a *account, o *office, id string, numbers map[string]string) error {
	c, err := w.hub.node.Case(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		attention, err := w.hub.node.AttentionFor(ctx, id)
		if err != nil || attention == nil {
			a.lost("case %s of %s is neither at the county nor in needs attention: %v", id, o.node.ID(), err)
			return nil
		}
		a.Refused++
		return nil
	}
	if err != nil {
		return err
	}
	if other, ok := numbers[c.Number]; ok {
		a.duplicated("cases %s and %s have the number %s", other, id, c.Number)
	}
	numbers[c.Number] = id
	holder := w.at[c.Holder]
	if holder == nil {
		a.lost("case %s is held at %s, where there is nobody", id, c.Holder)
		return nil
	}
	for _, at := range []*office{o, holder} {
		if at == w.hub {
			continue
		}
		copied, err := at.node.Case(ctx, id)
		switch {
		case errors.Is(err, store.ErrNotFound) && !at.node.Division().Contains(c.Division) && !c.Division.Contains(at.node.Division()):
		case err != nil:
			a.diverged("case %s at %s: %v", id, at.node.ID(), err)
		case copied.Head != c.Head || copied.Status != c.Status || copied.Holder != c.Holder:
			a.diverged("case %s is %s at %s and %s at the county", id, copied.Status, at.node.ID(), c.Status)
		}
	}
	switch c.Status {
	case casework.Closed:
		a.Closed++
	case casework.NotAccepted:
		a.NotAccepted++
	case casework.Terminated:
		a.Terminated++
	default:
		if _, open := c.Current(); !open {
			a.lost("case %s is %s and waits for nothing", id, c.Status)
		}
		a.Open++
	}
	return nil
}

// projections are what the ledger makes, beside what is a node's own.
var projections = []string{"cases", "attachments", "items", "editions", "edition_items", "overlays", "staff", "divisions", "calendar_years", "corrections",
	"cards", "ratings", "complaints", "samples", "sample_sheets", "statistics", "workload", "appraisals", "appraised_offices", "appraised_persons"}

// readAgain makes the county's state, and that of some nodes below, from the
// ledger once more.
func (w *world) readAgain(ctx context.Context, a *account) error {
	var mu sync.Mutex
	var errs [2]error
	together(
		func() { errs[0] = w.hubAgain(ctx, a, &mu) },
		func() { errs[1] = w.belowAgain(a, &mu) })
	return errors.Join(errs[:]...)
}

func (w *world) hubAgain(ctx context.Context, a *account, mu *sync.Mutex) error {
	hub, err := w.reread(ctx, math.MaxInt)
	if err != nil {
		return err
	}
	w.compare(a, mu, w.hub, hub)
	w.second = second{}
	return hub.Close()
}

// second is the store into which the county's ledger is read again, and how far
// that has come. It is begun while the year goes on, whenever a processor has
// nothing else to do.
type second struct {
	store *store.Store
	at    uint64
}

// reread reads the county's ledger again, about so many records more of it.
func (w *world) reread(ctx context.Context, most int) (*store.Store, error) {
	s := &w.second
	if s.store == nil {
		hub, err := w.empty(w.hub)
		if err != nil {
			return nil, err
		}
		s.store = hub
	}
	head, err := w.hub.node.Head(ctx)
	if err != nil {
		return nil, err
	}
	const page = 2_000
	for ; most > 0 && s.at < head; most -= page {
		var batch []store.Proposal
		err := w.hub.node.Records(ctx, s.at, min(s.at+uint64(min(page, most)), head), func(r store.RecordLine) error {
			var record struct {
				Entry json.RawMessage `json:"entry"`
			}
			if err := json.Unmarshal(r.Line, &record); err != nil {
				return err
			}
			s.at = r.Index
			batch = append(batch, store.Proposal{RaftIndex: r.Index, At: r.RecordedAt, Entries: [][]byte{record.Entry}})
			return nil
		})
		if err != nil {
			return nil, err
		}
		if _, err := s.store.Commit(ctx, batch); err != nil {
			return nil, err
		}
	}
	return s.store, nil
}

func (w *world) belowAgain(a *account, mu *sync.Mutex) error {
	for i, o := range w.below {
		if i%max(len(w.below)/6, 1) != 0 {
			continue
		}
		s, err := w.empty(o)
		if err != nil {
			return err
		}
		again := &storetest.Node{Store: s, County: w.county, Credential: o.node.Credential, Key: o.node.Key}
		again.PullFull(w.hub.node)
		w.compare(a, mu, o, s)
		if err := s.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) empty(o *office) (*store.Store, error) {
	cred := o.node.Credential
	return store.Open(context.Background(), store.Options{Key: storetest.Key, Dir: filepath.Join(w.dir, "again", cred.Node), Limits: catalog.DefaultLimits(),
		Self: store.Self{Node: cred.Node, Tier: cred.Tier, Division: cred.Division, Ordinal: cred.Ordinal}})
}

func (w *world) compare(a *account, mu *sync.Mutex, o *office, again *store.Store) {
	var others []string
	for _, table := range projections {
		if storetest.Digest(w.holder, o.node.Store, table) != storetest.Digest(w.holder, again, table) {
			others = append(others, table)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	a.ReadAgain++
	for _, table := range others {
		a.diverged("%s: the table %s, made again from the ledger, is another", o.node.ID(), table)
	}
}
