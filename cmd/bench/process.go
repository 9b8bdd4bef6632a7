package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// member is one node: what it is, where it listens, and its process.
type member struct {
	id, tier, division string
	api, fed, peer     int
	// above are the lines to the nodes above, the township's first.
	above []*loopback.Line
	// townshipPorts and countyPorts are where they begin.
	townshipPorts, countyPorts []int

	proc *loopback.Process
}

func (m *member) url() string { return "http://" + loopback.Address(m.api) }

func (c *county) dirOf(m *member) string  { return filepath.Join(c.dir, m.id) }
func (c *county) config(m *member) string { return loopback.Config(c.dirOf(m)) }

// configure writes a node's settings. They are the defaults but for what a
// county on one machine needs.
func (c *county) configure(m *member) error {
	s := loopback.Settings{Tier: m.tier, Node: m.id, Division: m.division, Name: m.id, API: m.api, Federation: m.fed, Peer: m.peer,
		Township: m.townshipPorts, County: m.countyPorts, More: "log:\n  level: warn\nmetrics:\n  enabled: true\n"}
	if len(m.above) > 0 {
		s.More += "sync:\n  backoff_max_seconds: 2\n"
	}
	return s.Write(c.dirOf(m))
}

// tongban runs one command to its end.
func (c *county) tongban(ctx context.Context, stdin string, args ...string) error {
	_, err := loopback.Command(ctx, c.binary, stdin, nil, args...)
	return err
}

// serve starts a node's process; ready waits for it.
func (c *county) serve(m *member) (err error) {
	var env []string
	if os.Getenv(pprofVariable) != "" {
		port, err := loopback.FreePort()
		if err != nil {
			return err
		}
		env = append(env, pprofVariable+"="+loopback.Address(port))
		c.step("profile of %s: http://%s/debug/pprof/profile", m.id, loopback.Address(port))
	}
	m.proc, err = loopback.Serve(loopback.Start{Binary: c.binary, Config: c.config(m), Log: filepath.Join(c.dirOf(m), "log"), Env: env})
	return err
}

// pprofVariable makes a node serve its profiles at an address on loopback.
const pprofVariable = "TONGBAN_PPROF"

// ready waits until a node says that it serves, and tells how long that took.
func (c *county) ready(ctx context.Context, m *member) (time.Duration, error) {
	began := time.Now()
	err := loopback.Await(ctx, m.id+" to be ready", time.Minute, 10*time.Millisecond, func(ctx context.Context) error {
		return m.proc.Ready(ctx, web, m.url())
	})
	return time.Since(began), err
}

func (m *member) running() bool { return m.proc != nil }

// end stops a node's process with a signal and waits for its end.
func (m *member) end(sig syscall.Signal) {
	if m.proc != nil {
		m.proc.End(sig, 30*time.Second)
		m.proc = nil
	}
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
