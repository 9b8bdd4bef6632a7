package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
	"github.com/tongban/tongban/node/division"
)

const (
	countyCode   division.Code = "330523"
	townshipCode division.Code = "330523110"
	villageCode  division.Code = "330523110220"
	otherVillage division.Code = "330523110221"
)

// county is a county on this machine, each node a process of its own.
type county struct {
	dir    string
	binary string
	nodes  []*member
}

// member is one node.
type member struct {
	ID             string
	Tier           string
	Division       division.Code
	API, Fed, Peer int
	Above          []*line

	dir  string   // its settings and data
	bugs []string // planted in it

	mu   sync.Mutex
	last *loopback.Process // running or ended
}

func (c *county) node(id string) *member {
	for _, m := range c.nodes {
		if m.ID == id {
			return m
		}
	}
	return nil
}

func (c *county) of(tier string) (all []*member) {
	for _, m := range c.nodes {
		if m.Tier == tier {
			all = append(all, m)
		}
	}
	return all
}

func (c *county) hub() *member      { return c.of("county")[0] }
func (c *county) township() *member { return c.of("township")[0] }
func (c *county) village() *member  { return c.of("village")[0] }

func (m *member) url() string    { return fmt.Sprintf("http://127.0.0.1:%d", m.API) }
func (m *member) config() string { return loopback.Config(m.dir) }
func (m *member) data() string   { return filepath.Join(m.dir, "data") }

// ports are taken from below the range that outgoing connections use, so that
// a node that was killed finds its own free again.
var ports = struct {
	sync.Mutex
	next int
}{next: 21000 + os.Getpid()%8000}

func freePort() int {
	ports.Lock()
	defer ports.Unlock()
	for {
		ports.next++
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", ports.next)); err == nil {
			l.Close()
			return ports.next
		}
	}
}

// add lays out a node with a line to each of those above it.
func (c *county) add(id, tier string, at division.Code, above ...*member) *member {
	m := &member{ID: id, Tier: tier, Division: at, API: freePort()}
	if tier != "village" {
		m.Fed = freePort()
	}
	if tier == "county" {
		m.Peer = freePort()
	}
	c.nodes = append(c.nodes, m)
	m.dir = filepath.Join(c.dir, m.ID)
	for _, a := range above {
		m.Above = append(m.Above, &line{To: a.ID, Port: freePort()})
	}
	return m
}

// lay opens the lines and writes every node's settings.
func (c *county) lay() error {
	for _, m := range c.nodes {
		if err := c.layOne(m); err != nil {
			return err
		}
	}
	return nil
}

func (c *county) layOne(m *member) error {
	m.dir = filepath.Join(c.dir, m.ID)
	for _, l := range m.Above {
		if l.Line == nil {
			l.Line = loopback.NewLine(l.Port, c.node(l.To).Fed)
		}
		if err := l.Mend(); err != nil {
			return err
		}
	}
	return c.configure(m)
}

func (c *county) configure(m *member) error {
	s := loopback.Settings{Tier: m.Tier, Node: m.ID, Division: string(m.Division), Name: m.ID, API: m.API, Federation: m.Fed, Peer: m.Peer, More: "demo: true\n"}
	if m.Peer != 0 { // snapshots come often enough to be under way when a hub dies
		s.More += "raft:\n  snapshot_entries: 64\n  trailing_logs: 512\n"
	}
	for _, l := range m.Above {
		if c.node(l.To).Tier == "county" {
			s.County = append(s.County, l.Port)
		} else {
			s.Township = append(s.Township, l.Port)
		}
	}
	if len(m.Above) > 0 {
		s.More += "sync:\n  heartbeat_seconds: 1\n  backoff_max_seconds: 1\n"
	}
	return s.Write(m.dir)
}

// run runs one command of the program to its end.
func (c *county) run(ctx context.Context, stdin string, env []string, args ...string) (string, error) {
	return loopback.Command(ctx, c.binary, stdin, env, args...)
}

// start starts a node's process.
func (c *county) start(m *member, env ...string) error {
	env = append([]string{"TONGBAN_PLANT=" + strings.Join(append([]string{"hasty"}, m.bugs...), ",")}, env...)
	p, err := loopback.Serve(loopback.Start{Binary: c.binary, Config: m.config(), Log: filepath.Join(c.dir, m.ID+".log"), Env: env, Sys: childAttributes()})
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = p
	return nil
}

// process is the node's last process, nil if it had none.
func (m *member) process() *loopback.Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

// end sends a signal to a node's process and waits for its end.
func (m *member) end(sig syscall.Signal) {
	if p := m.process(); p != nil {
		p.End(sig, 2*time.Minute)
	}
}

// kill is kill -9.
func (m *member) kill() { m.end(syscall.SIGKILL) }

// ended is closed when the node's process has ended.
func (m *member) ended() <-chan struct{} { return m.process().Ended() }

// stop ends all nodes in order, the county last.
func (c *county) stop() {
	for i := len(c.nodes) - 1; i >= 0; i-- {
		c.nodes[i].end(syscall.SIGTERM)
	}
}

// close ends all there is of the county but its files.
func (c *county) close() {
	for i := len(c.nodes) - 1; i >= 0; i-- {
		c.nodes[i].kill()
		for _, l := range c.nodes[i].Above {
			if l.Line != nil {
				l.Cut()
			}
		}
	}
}

// ready waits until a node says that it serves.
func (c *county) ready(ctx context.Context, m *member) error {
	p := m.process()
	err := await(ctx, m.ID+" to be ready", 2*time.Minute, func(ctx context.Context) error {
		return p.Ready(ctx, http.DefaultClient, m.url())
	})
	if err != nil {
		return fmt.Errorf("%w%s", err, c.tail(m))
	}
	return nil
}

// tail is what a node's log says of its end: its last lines, and a panic.
func (c *county) tail(m *member) string {
	text, err := os.ReadFile(filepath.Join(c.dir, m.ID+".log"))
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	end := lines[max(0, len(lines)-6):]
	if at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "panic") }); at >= 0 {
		end = append(slices.Clone(lines[max(0, at-4):min(len(lines), at+12)]), end...)
	}
	return "\n  " + strings.Join(end, "\n  ")
}

// startAll starts every node and waits for all.
func (c *county) startAll(ctx context.Context) error { return c.startThese(ctx, c.nodes) }

func (c *county) startThese(ctx context.Context, nodes []*member) error {
	for _, m := range nodes {
		if err := c.start(m); err != nil {
			return err
		}
	}
	for _, m := range nodes {
		if err := c.ready(ctx, m); err != nil {
			return errors.Join(err, c.fallen(nodes))
		}
	}
	return nil
}

// fallen says which of some nodes have ended by themselves: one that waits for
// another in vain is not at fault.
func (c *county) fallen(nodes []*member) error {
	var errs []error
	for _, m := range nodes {
		select {
		case <-m.ended():
			errs = append(errs, fmt.Errorf("%s: %w%s", m.ID, loopback.ErrEnded, c.tail(m)))
		default:
			errs = append(errs, fmt.Errorf("%s runs%s", m.ID, c.tail(m)))
		}
	}
	return errors.Join(errs...)
}

// save and load keep the layout beside the data.
func (c *county) save() error {
	b, err := json.Marshal(c.nodes)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, "layout.json"), b, 0o600)
}

func (c *county) load() error {
	b, err := os.ReadFile(filepath.Join(c.dir, "layout.json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(b, &c.nodes)
}
