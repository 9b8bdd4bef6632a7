package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// member is one node: what it is, where it listens, and its process.
type member struct {
	id, tier, division string
	api, fed, peer     int
	// above are the lines to the nodes above, the township's first.
	above []*wire
	tiers []string // of above

	cmd  *exec.Cmd
	done chan struct{}
}

func (m *member) url() string { return "http://" + address(m.api) }

func (c *county) dirOf(m *member) string  { return filepath.Join(c.dir, m.id) }
func (c *county) config(m *member) string { return filepath.Join(c.dirOf(m), "node.yaml") }

// configure writes a node's settings. They are the defaults but for what a
// county on one machine needs.
func (c *county) configure(m *member) error {
	var b strings.Builder
	fmt.Fprintf(&b, "tier: %s\nnode: %s\ndivision: %q\nname: %s\ndata_dir: data\n", m.tier, m.id, m.division, m.id)
	fmt.Fprintf(&b, "log:\n  level: warn\nmetrics:\n  enabled: true\nlisten:\n  api: %s\n", address(m.api))
	if m.fed != 0 {
		fmt.Fprintf(&b, "  federation: %s\n", address(m.fed))
	}
	if m.peer != 0 {
		fmt.Fprintf(&b, "  peer: %s\n", address(m.peer))
	}
	if len(m.above) > 0 {
		b.WriteString("upstream:\n")
		for _, tier := range []string{"township", "county"} {
			var urls []string
			for i, w := range m.above {
				if m.tiers[i] == tier {
					urls = append(urls, "https://"+w.listen)
				}
			}
			if len(urls) > 0 {
				fmt.Fprintf(&b, "  %s: [%s]\n", tier, strings.Join(urls, ", "))
			}
		}
		b.WriteString("sync:\n  backoff_max_seconds: 2\n")
	}
	if err := os.MkdirAll(c.dirOf(m), 0o700); err != nil {
		return err
	}
	return os.WriteFile(c.config(m), []byte(b.String()), 0o600)
}

// tongban runs one command to its end.
func (c *county) tongban(ctx context.Context, stdin string, args ...string) error {
	cmd := exec.CommandContext(ctx, c.binary, args...)
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
	cmd := exec.Command(c.binary, "serve", "--config", c.config(m))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = os.Environ()
	if os.Getenv(pprofVariable) != "" {
		port, err := freePort()
		if err != nil {
			return err
		}
		cmd.Env = append(cmd.Env, pprofVariable+"="+address(port))
		c.step("profile of %s: http://%s/debug/pprof/profile", m.id, address(port))
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	m.cmd, m.done = cmd, make(chan struct{})
	go func(done chan struct{}) { cmd.Wait(); close(done) }(m.done)
	return nil
}

// pprofVariable makes a node serve its profiles at an address on loopback.
const pprofVariable = "TONGBAN_PPROF"

// ready waits until a node says that it serves, and tells how long that took.
func (c *county) ready(ctx context.Context, m *member) (time.Duration, error) {
	began := time.Now()
	err := await(ctx, m.id+" to be ready", time.Minute, 10*time.Millisecond, func(ctx context.Context) (bool, error) {
		select {
		case <-m.done:
			return false, errors.New("its process ended")
		default:
		}
		err := exchange(ctx, http.MethodGet, m.url()+"/readyz", "", "", nil, nil)
		return err == nil, err
	})
	return time.Since(began), err
}

func (m *member) running() bool { return m.cmd != nil }

// end stops a node's process with a signal and waits for its end.
func (m *member) end(sig syscall.Signal) {
	if m.cmd == nil {
		return
	}
	m.cmd.Process.Signal(sig)
	select {
	case <-m.done:
	case <-time.After(30 * time.Second):
		m.cmd.Process.Kill()
		<-m.done
	}
	m.cmd = nil
}

// explain adds the last errors in the nodes' logs.
func (b *bench) explain(err error) error {
	if b.county == nil {
		return err
	}
	var more strings.Builder
	for _, m := range b.county.members {
		text, readErr := os.ReadFile(filepath.Join(b.county.dirOf(m), "log"))
		if readErr != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		for _, l := range lines[max(0, len(lines)-5):] {
			if strings.Contains(l, "level=ERROR") || strings.Contains(l, "level=WARN") || strings.Contains(l, "panic") || strings.Contains(l, "fatal") {
				fmt.Fprintf(&more, "\n  %s: %.400s", m.id, l)
			}
		}
	}
	return fmt.Errorf("%w%s", err, more.String())
}

// freePort is a port that nobody uses now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// figuresOf reads a node's /metrics, which needs no login.
func figuresOf(ctx context.Context, m *member) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url()+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	resp, err := web.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics of %s: %s", m.id, resp.Status)
	}
	figures := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok && name != "#" {
			figures[name], _ = strconv.ParseFloat(value, 64)
		}
	}
	return figures, lines.Err()
}
