package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// noticesDir is where all hubs write what applicants are told.
const noticesDir = "notices"

func (c *county) dirOf(m *member) string  { return filepath.Join(c.o.Dir, m.ID) }
func (c *county) config(m *member) string { return loopback.Config(c.dirOf(m)) }

// configure writes a node's settings, but for those of a node that somebody
// enrolled anew under another name.
func (c *county) configure(m *member) error {
	if there, err := os.ReadFile(c.config(m)); m.Enrolled && err == nil && !strings.Contains(string(there), "\nnode: "+m.ID+"\n") {
		return nil
	}
	s := loopback.Settings{Tier: m.Tier, Node: m.ID, Division: m.Division, Name: m.Name, API: m.API, Federation: m.Fed, Peer: m.Peer,
		More: "demo: true\nmetrics:\n  enabled: true\ncentre:\n  supervision_phone: 0000-5123456\n  address: http://" + loopback.Address(c.plan.of("county")[0].API) + "\n"}
	if m.LAN != 0 {
		s.LAN = m.LAN
	}
	if m.Tier == "county" { // all hubs' into one folder, for whichever leads writes them
		s.More += "notices:\n  quiet: none\n  timeout_seconds: 2\n  file:\n    dir: ../" + noticesDir + "\n"
	}
	for _, l := range m.Above {
		if c.plan.node(l.To).Tier == "county" {
			s.County = append(s.County, l.Port)
		} else {
			s.Township = append(s.Township, l.Port)
		}
	}
	if len(m.Above) > 0 {
		s.More += "sync:\n  heartbeat_seconds: 2\n  backoff_max_seconds: 2\n"
	}
	return s.Write(c.dirOf(m))
}

// tongban runs one command to its end.
func (c *county) tongban(ctx context.Context, stdin string, args ...string) error {
	_, err := loopback.Command(ctx, c.o.Binary, stdin, nil, args...)
	return err
}

// serve starts a node's process; ready waits for it.
func (c *county) serve(m *member) error {
	c.mu.Lock()
	if c.earlier == nil {
		c.earlier = map[string]int64{}
	}
	if _, known := c.earlier[m.ID]; !known {
		c.earlier[m.ID] = 0
		if info, err := os.Stat(filepath.Join(c.dirOf(m), "log")); err == nil {
			c.earlier[m.ID] = info.Size()
		}
	}
	c.mu.Unlock()
	p, err := loopback.Serve(loopback.Start{Binary: c.o.Binary, Config: c.config(m), Log: filepath.Join(c.dirOf(m), "log"), Sys: detached()})
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.procs[m.ID] = p
	c.mu.Unlock()
	go func() {
		err := p.Err()
		c.mu.Lock()
		wanted := c.procs[m.ID] == p
		c.mu.Unlock()
		if wanted {
			c.died <- ended(m.ID, err)
		}
	}()
	return os.WriteFile(filepath.Join(c.dirOf(m), "pid"), []byte(strconv.Itoa(p.PID())), 0o600)
}

// kill ends a node's process at once, as a power cut would.
func (c *county) kill(m *member) { c.end(m, syscall.SIGKILL, 10*time.Second) }

func (c *county) end(m *member, sig syscall.Signal, within time.Duration) {
	c.mu.Lock()
	p := c.procs[m.ID]
	delete(c.procs, m.ID)
	c.mu.Unlock()
	if p == nil {
		return
	}
	p.End(sig, within)
	os.Remove(filepath.Join(c.dirOf(m), "pid"))
}

// stop ends all nodes: the villages first, the county last.
func (c *county) stop() {
	for i := len(c.plan.Nodes) - 1; i >= 0; i-- {
		c.end(c.plan.Nodes[i], syscall.SIGTERM, 20*time.Second)
	}
	for _, w := range c.lines {
		w.Cut()
	}
}

// ended says of a node's process that it ended without being told to.
func ended(id string, err error) error {
	how := "退出码 0 (exit code 0)"
	if err != nil {
		how = err.Error()
	}
	return &nodeEnded{id, how}
}

type nodeEnded struct{ id, how string }

func (e *nodeEnded) Error() string {
	return fmt.Sprintf("节点 %s 自行退出：%s (the node %[1]s ended by itself)", e.id, e.how)
}

func alive(pid string) bool {
	n, err := strconv.Atoi(strings.TrimSpace(pid))
	return err == nil && n > 0 && syscall.Kill(n, 0) == nil
}

// logged are the lines that a node wrote to its log since this demo started it.
func (c *county) logged(id string) []string {
	c.mu.Lock()
	from, started := c.earlier[id]
	c.mu.Unlock()
	text, err := os.ReadFile(filepath.Join(c.o.Dir, id, "log"))
	if !started || err != nil {
		return nil
	}
	said := strings.TrimSpace(string(text[min(from, int64(len(text))):]))
	if said == "" {
		return nil
	}
	return strings.Split(said, "\n")
}

// explain adds the last lines of the nodes' logs to an error.
func (c *county) explain(err error) error {
	if err == nil {
		return nil
	}
	var b strings.Builder
	for _, m := range c.plan.Nodes {
		lines := c.logged(m.ID)
		for _, l := range lines[max(0, len(lines)-40):] {
			if strings.Contains(l, "level=ERROR") || strings.Contains(l, "panic") || strings.Contains(l, "fatal") || strings.HasPrefix(l, "出错") || strings.HasPrefix(l, "用法") {
				fmt.Fprintf(&b, "\n  %s: %s", m.ID, l)
			}
		}
	}
	return fmt.Errorf("%w\n日志：%s 下各节点目录中的 log 文件 (logs: the file log in each node's folder there)%s", err, c.o.Dir, b.String())
}
