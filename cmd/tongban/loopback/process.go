package loopback

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Settings are a node's, as far as every county on one machine needs them.
type Settings struct {
	Tier, Node, Division, Name string
	// API, Federation and Peer are the ports to listen on, 0 for none.
	API, Federation, Peer int
	// LAN is the port of https for phones, as they would reach it; 0 for none.
	LAN int
	// Township and County are the ports that lead to the nodes above.
	Township, County []int
	// More is the YAML of all other settings.
	More string
}

// Write writes the settings as node.yaml into a folder, which it makes.
func (s Settings) Write(dir string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "tier: %s\nnode: %s\ndivision: %q\nname: %s\ndata_dir: data\n", s.Tier, s.Node, s.Division, s.Name)
	fmt.Fprintf(&b, "listen:\n  api: %s\n", Address(s.API))
	if s.Federation != 0 {
		fmt.Fprintf(&b, "  federation: %s\n", Address(s.Federation))
	}
	if s.Peer != 0 {
		fmt.Fprintf(&b, "  peer: %s\n", Address(s.Peer))
	}
	if s.LAN != 0 {
		fmt.Fprintf(&b, "  lan: %s\nadvertise:\n  lan: [127.0.0.1, localhost]\n", Address(s.LAN))
	}
	if len(s.Township)+len(s.County) > 0 {
		b.WriteString("upstream:\n")
		for _, up := range []struct {
			tier  string
			ports []int
		}{{"township", s.Township}, {"county", s.County}} {
			var urls []string
			for _, p := range up.ports {
				urls = append(urls, "https://"+Address(p))
			}
			if len(urls) > 0 {
				fmt.Fprintf(&b, "  %s: [%s]\n", up.tier, strings.Join(urls, ", "))
			}
		}
	}
	b.WriteString(s.More)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(Config(dir), []byte(b.String()), 0o600)
}

// Config is the settings file in a node's folder.
func Config(dir string) string { return filepath.Join(dir, "node.yaml") }

// Command runs one command of the program to its end and gives what it said.
// env is beside this process's own.
func Command(ctx context.Context, binary, stdin string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("tongban %s: %w\n%s", args[0], err, out.String())
	}
	return out.String(), nil
}

// Start says how to start a node.
type Start struct {
	Binary, Config string
	// Log is a file that the node's log is added to.
	Log string
	// Env is beside this process's own.
	Env []string
	Sys *syscall.SysProcAttr
}

// Process is a node's process.
type Process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended
}

// Serve starts a node; it serves when Ready says so.
func Serve(s Start) (*Process, error) {
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(s.Binary, "serve", "--config", s.Config)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), s.Env...)
	cmd.SysProcAttr = s.Sys
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err is how the process ended; it waits for that.
func (p *Process) Err() error {
	<-p.ended
	return p.err
}

// End sends a signal and waits for the end, which it forces after a while.
func (p *Process) End(sig syscall.Signal, within time.Duration) {
	p.cmd.Process.Signal(sig)
	select {
	case <-p.ended:
	case <-time.After(within):
		p.cmd.Process.Kill()
		<-p.ended
	}
}

// ErrEnded: the process ended, and there is no use in waiting on.
var ErrEnded = errors.New("the process ended")

// Ready asks once whether the node at a URL serves.
func (p *Process) Ready(ctx context.Context, web *http.Client, url string) error {
	select {
	case <-p.ended:
		return fmt.Errorf("%w: %v", ErrEnded, p.err)
	default:
	}
	return Ask(ctx, web, Request{Method: http.MethodGet, URL: url + "/readyz"}, new([]byte))
}

// Await asks again and again until there is no error, ctx ends or time is up;
// ErrEnded ends it at once.
func Await(ctx context.Context, what string, within, every time.Duration, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last error
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err // not that the waiting ended
		}
		if errors.Is(err, ErrEnded) {
			return fmt.Errorf("%s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("等待超时 waited in vain for %s: %w", what, errors.Join(last, ctx.Err()))
		case <-tick.C:
		}
	}
}
