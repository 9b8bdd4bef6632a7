package demo

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// A node that somebody started by hand left no pid file. The lock on its data
// tells of it all the same: to a start that finds its port taken, and to a reset,
// which removes nothing under it.
func TestNodesStartedByHand(t *testing.T) {
	dir, port := filepath.Join(t.TempDir(), "demo"), freePlan(t)
	c, err := start(t, dir, port)
	if err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(dir, c.plan.Nodes[0].ID, "data", "lock")
	pid := strconv.Itoa(os.Getpid())
	write(t, lock, pid+"\n")
	f, err := os.OpenFile(lock, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{pid + "\n", ""} { // an earlier version's lock says nothing
		write(t, lock, content)
		want := "kill " + pid
		if content == "" {
			want = filepath.Dir(lock)
		}
		if err := Reset(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("reset: %v", err)
		}
		if _, err := os.Stat(lock); err != nil {
			t.Fatal(err)
		}
		if got := leftovers(dir); !strings.Contains(got, want) {
			t.Errorf("start: %q", got)
		}
	}
	f.Close()
	if err := Reset(dir); err != nil {
		t.Errorf("after its end: %v", err)
	}
}

func stuckCounty(t *testing.T, answer http.HandlerFunc) (*county, *member) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	u, _ := url.Parse(server.URL)
	port, _ := strconv.Atoi(u.Port())
	m := &member{ID: "village-1", API: port}
	var out strings.Builder
	c := &county{o: Options{Dir: t.TempDir()}, s: &screen{out: &out, began: time.Now()}, plan: &plan{Nodes: []*member{m}}, procs: map[string]*loopback.Process{}, died: make(chan error, 1)}
	if err := os.MkdirAll(c.dirOf(m), 0o700); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "node")
	write(t, binary, "#!/bin/sh\nexec sleep 60\n")
	if err := os.Chmod(binary, 0o700); err != nil {
		t.Fatal(err)
	}
	c.o.Binary = binary
	if err := c.serve(m); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.kill(m) })
	write(t, filepath.Join(c.dirOf(m), "log"), "level=INFO msg=begun\nlevel=WARN msg=\"the last word\"\n")
	return c, m
}

// A node that the county has cast out will not serve however long it is awaited:
// that is told at once, with the end of its log.
func TestNodeThatWillNotServe(t *testing.T) {
	c, m := stuckCounty(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte(`{"code":"not_ready","message_zh":"本机暂不能服务","fields":[{"path":"readyz","code":"forked_origin","zh":"本机数据与县中心记录冲突"}]}`))
	})
	err := c.ready(t.Context(), m)
	if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "本机数据与县中心记录冲突") || !strings.Contains(err.Error(), "the last word") {
		t.Errorf("%v", err)
	}
}

// A node that dies while anything else is awaited ends the start at once, with
// the end of its log.
func TestNodeThatDiesMeanwhile(t *testing.T) {
	c, m := stuckCounty(t, nil)
	err := c.whileAllLive(t.Context(), func(ctx context.Context) error {
		c.mu.Lock()
		pid := c.procs[m.ID].PID()
		c.mu.Unlock()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		<-ctx.Done() // as what never comes
		return ctx.Err()
	})
	if err == nil || !strings.Contains(err.Error(), m.ID) || !strings.Contains(err.Error(), "killed") || !strings.Contains(err.Error(), "the last word") {
		t.Errorf("%v", err)
	}
}
