package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a running node.
type process struct {
	m    *member
	cmd  *exec.Cmd
	done chan struct{}
}

func (c *county) dirOf(m *member) string { return filepath.Join(c.o.Dir, m.ID) }

// configure writes a node's settings.
func (c *county) configure(m *member) error {
	var b strings.Builder
	fmt.Fprintf(&b, "tier: %s\nnode: %s\ndivision: %q\nname: %s\ndata_dir: data\ndemo: true\n", m.Tier, m.ID, m.Division, m.Name)
	fmt.Fprintf(&b, "listen:\n  api: 127.0.0.1:%d\n", m.API)
	if m.Fed != 0 {
		fmt.Fprintf(&b, "  federation: 127.0.0.1:%d\n", m.Fed)
	}
	if m.Peer != 0 {
		fmt.Fprintf(&b, "  peer: 127.0.0.1:%d\n", m.Peer)
	}
	if len(m.Above) > 0 {
		fmt.Fprintf(&b, "upstream:\n")
		for _, tier := range []string{"township", "county"} {
			var urls []string
			for _, l := range m.Above {
				if c.plan.node(l.To).Tier == tier {
					urls = append(urls, fmt.Sprintf("https://127.0.0.1:%d", l.Port))
				}
			}
			if len(urls) > 0 {
				fmt.Fprintf(&b, "  %s: [%s]\n", tier, strings.Join(urls, ", "))
			}
		}
		fmt.Fprintf(&b, "sync:\n  heartbeat_seconds: 2\n  backoff_max_seconds: 2\n")
	}
	b.WriteString("metrics:\n  enabled: true\n")
	if err := os.MkdirAll(c.dirOf(m), 0o700); err != nil {
		return err
	}
	return os.WriteFile(c.config(m), []byte(b.String()), 0o600)
}

func (c *county) config(m *member) string { return filepath.Join(c.dirOf(m), "node.yaml") }

// tongban runs one command to its end.
func (c *county) tongban(ctx context.Context, stdin string, args ...string) error {
	cmd := exec.CommandContext(ctx, c.o.Binary, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("tongban %s: %w\n%s", args[0], err, out.String())
	}
	return nil
}

// serve starts a node's process; ready waits for it.
func (c *county) serve(m *member) error {
	log, err := os.OpenFile(filepath.Join(c.dirOf(m), "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(c.o.Binary, "serve", "--config", c.config(m))
	cmd.Stdout, cmd.Stderr = log, log
	detach(cmd) // an interrupt on the terminal is ours to pass on, in order
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{m: m, cmd: cmd, done: make(chan struct{})}
	c.mu.Lock()
	c.procs[m.ID] = p
	c.mu.Unlock()
	go func() {
		err := cmd.Wait()
		close(p.done)
		c.mu.Lock()
		wanted := c.procs[m.ID] == p
		c.mu.Unlock()
		if wanted {
			c.died <- fmt.Errorf("节点 %s 意外退出：%v (the node ended by itself)", m.ID, err)
		}
	}()
	return os.WriteFile(filepath.Join(c.dirOf(m), "pid"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o600)
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
	p.cmd.Process.Signal(sig)
	select {
	case <-p.done:
	case <-time.After(within):
		p.cmd.Process.Kill()
		<-p.done
	}
	os.Remove(filepath.Join(c.dirOf(m), "pid"))
}

// stop ends all nodes: the villages first, the county last.
func (c *county) stop() {
	for i := len(c.plan.Nodes) - 1; i >= 0; i-- {
		c.end(c.plan.Nodes[i], syscall.SIGTERM, 20*time.Second)
	}
	for _, w := range c.lines {
		w.cut()
	}
}

func alive(pid string) bool {
	n, err := strconv.Atoi(strings.TrimSpace(pid))
	return err == nil && n > 0 && syscall.Kill(n, 0) == nil
}

// explain adds the last lines of the nodes' logs to an error.
func (c *county) explain(err error) error {
	if err == nil {
		return nil
	}
	var b strings.Builder
	for _, m := range c.plan.Nodes {
		text, readErr := os.ReadFile(filepath.Join(c.dirOf(m), "log"))
		if readErr != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		for _, l := range lines[max(0, len(lines)-40):] {
			if strings.Contains(l, "level=ERROR") || strings.Contains(l, "panic") || strings.Contains(l, "fatal") || strings.HasPrefix(l, "出错") || strings.HasPrefix(l, "用法") {
				fmt.Fprintf(&b, "\n  %s: %s", m.ID, l)
			}
		}
	}
	return fmt.Errorf("%w\n日志在 %s/<节点>/log (logs)%s", err, c.o.Dir, b.String())
}
