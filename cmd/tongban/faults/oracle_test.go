package faults

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"
)

// outcome is what the oracle knows of a request.
type outcome string

const (
	unknown outcome = "unknown" // cut off, timed out, or the node failed: it may have happened
	ok      outcome = "ok"
	refused outcome = "refused"
)

// request is one thing asked of a node, named by a mark that stands in the
// entry it makes, so that it is found again under whatever id.
type request struct {
	Mark    string   `json:"mark"`
	Node    string   `json:"node"`
	Kind    string   `json:"kind"`
	Outcome outcome  `json:"outcome"`
	Code    string   `json:"code,omitempty"`
	Entry   string   `json:"entry,omitempty"`
	Number  string   `json:"number,omitempty"`
	Files   []string `json:"files,omitempty"`
	At      int64    `json:"at"`
}

// marks are how a request is recognised in an entry's text.
var marks = regexp.MustCompile(`mark-\d{6}-end`)

// oracle writes down requests and their outcomes, each line on disk before
// the next thing happens.
type oracle struct {
	mu   sync.Mutex
	f    *os.File
	last int
	all  map[string]request
}

func newOracle(dir string) (*oracle, error) {
	f, err := os.OpenFile(filepath.Join(dir, "oracle.jsonl"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &oracle{f: f, all: map[string]request{}}, nil
}

// mark gives the next request its name.
func (o *oracle) mark() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last++
	return fmt.Sprintf("mark-%06d-end", o.last)
}

// note keeps what is known of a request now.
func (o *oracle) note(r request) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	r.At = time.Now().UnixMilli()
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := o.f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	if err := o.f.Sync(); err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	o.all[r.Mark] = r
	return nil
}

// requests are all there were, in their order.
func (o *oracle) requests() []request {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []request
	for _, r := range o.all {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b request) int {
		if a.Mark < b.Mark {
			return -1
		}
		return 1
	})
	return all
}

func (o *oracle) acknowledgedAt(m *member) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.all {
		if r.Outcome == ok && r.Node == m.ID {
			n++
		}
	}
	return n
}

func (o *oracle) close() { o.f.Close() }
