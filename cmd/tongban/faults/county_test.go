package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

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
	cmd  *exec.Cmd
	done chan struct{}
	fell error // how the last process ended
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
func (m *member) config() string { return filepath.Join(m.dir, "node.yaml") }
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
		l.target = c.node(l.To).Fed
		if err := l.mend(); err != nil {
			return err
		}
	}
	return c.configure(m)
}

func (c *county) configure(m *member) error {
	var b strings.Builder
	fmt.Fprintf(&b, "tier: %s\nnode: %s\ndivision: %q\nname: %s\ndata_dir: data\ndemo: true\n", m.Tier, m.ID, m.Division, m.ID)
	fmt.Fprintf(&b, "listen:\n  api: 127.0.0.1:%d\n", m.API)
	if m.Fed != 0 {
		fmt.Fprintf(&b, "  federation: 127.0.0.1:%d\n", m.Fed)
	}
	if m.Peer != 0 { // snapshots come often enough to be under way when a hub dies
		fmt.Fprintf(&b, "  peer: 127.0.0.1:%d\nraft:\n  snapshot_entries: 64\n  trailing_logs: 64\n", m.Peer)
	}
	if len(m.Above) > 0 {
		fmt.Fprintf(&b, "upstream:\n")
		for _, tier := range []string{"township", "county"} {
			var urls []string
			for _, l := range m.Above {
				if c.node(l.To).Tier == tier {
					urls = append(urls, fmt.Sprintf("https://127.0.0.1:%d", l.Port))
				}
			}
			if len(urls) > 0 {
				fmt.Fprintf(&b, "  %s: [%s]\n", tier, strings.Join(urls, ", "))
			}
		}
		fmt.Fprintf(&b, "sync:\n  heartbeat_seconds: 1\n  backoff_max_seconds: 1\n")
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(m.config(), []byte(b.String()), 0o600)
}

// run runs one command of the program to its end.
func (c *county) run(ctx context.Context, stdin string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, c.binary, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("tongban %s: %w\n%s", args[0], err, out.String())
	}
	return out.String(), nil
}

// start starts a node's process.
func (c *county) start(m *member, env ...string) error {
	log, err := os.OpenFile(filepath.Join(c.dir, m.ID+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(c.binary, "serve", "--config", m.config())
	cmd.Env = append(append(os.Environ(), "TONGBAN_PLANT="+strings.Join(append([]string{"hasty"}, m.bugs...), ",")), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = childAttributes()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	m.cmd, m.done, m.fell = cmd, done, nil
	go func() {
		err := cmd.Wait()
		m.mu.Lock()
		m.fell = err
		m.mu.Unlock()
		close(done)
	}()
	return nil
}

// end sends a signal to a node's process and waits for its end.
func (m *member) end(sig syscall.Signal) {
	m.mu.Lock()
	cmd, done := m.cmd, m.done
	m.cmd = nil
	m.mu.Unlock()
	if cmd == nil {
		return
	}
	cmd.Process.Signal(sig)
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
		<-done
	}
}

// kill is kill -9.
func (m *member) kill() { m.end(syscall.SIGKILL) }

// ended is closed when the node's process has ended.
func (m *member) ended() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.done
}

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
			l.cut()
		}
	}
}

// ready waits until a node says that it serves.
func (c *county) ready(ctx context.Context, m *member) error {
	gone := m.ended()
	err := await(ctx, m.ID+" to be ready", 30*time.Second, func(ctx context.Context) error {
		select {
		case <-gone:
			return fmt.Errorf("%w: %v", errEnded, m.fell)
		default:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url()+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w%s", err, c.tail(m))
	}
	return nil
}

// errEnded: there is no use in waiting on.
var errEnded = errors.New("the process ended")

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
func (c *county) startAll(ctx context.Context) error {
	for _, m := range c.nodes {
		if err := c.start(m); err != nil {
			return err
		}
	}
	for _, m := range c.nodes {
		if err := c.ready(ctx, m); err != nil {
			return err
		}
	}
	return nil
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

// await asks until there is no error, ctx ends or time is up.
func await(ctx context.Context, what string, within time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		if errors.Is(err, errEnded) {
			return fmt.Errorf("%s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s: %w", what, last)
		case <-tick.C:
		}
	}
}
