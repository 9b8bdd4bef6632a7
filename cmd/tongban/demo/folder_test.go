package demo

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func start(t *testing.T, dir string, port int) (*county, error) {
	t.Helper()
	return prepare(Options{Dir: dir, Port: port}, &screen{out: io.Discard})
}

// freePlan is a first port from which a whole plan is free.
func freePlan(t *testing.T) int {
	t.Helper()
	for port := 20_000; port < 40_000; port += 100 {
		p, err := newPlan(counting(port))
		if err != nil {
			t.Fatal(err)
		}
		if p.busyPort() == 0 {
			return port
		}
	}
	t.Fatal("no ports are free")
	return 0
}

// A folder with anything in it that is not a demo's is never taken, so that no
// reset can remove it.
func TestOthersFolders(t *testing.T) {
	dir, port := t.TempDir(), freePlan(t)
	write(t, filepath.Join(dir, "papers", "thesis.txt"), "my only copy")
	if _, err := start(t, dir, port); err == nil {
		t.Error("it took a folder of somebody else's")
	}
	if err := Reset(dir); err == nil {
		t.Error("it reset a folder of somebody else's")
	}
	if _, err := os.Stat(filepath.Join(dir, planFile)); err == nil {
		t.Error("it left a plan there")
	}
}

// A reset removes what the demo made and leaves what was put beside it.
func TestResetLeavesOthers(t *testing.T) {
	dir, port := filepath.Join(t.TempDir(), "demo"), freePlan(t)
	if _, err := start(t, dir, port); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "county-1", "data", "state.db"), "")
	write(t, filepath.Join(dir, noticesDir, "2026-11-27.jsonl"), "")
	mine := filepath.Join(dir, "my-county", "keys")
	write(t, mine, "the only copy")
	if err := Reset(dir); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 1 || left[0] != filepath.Dir(mine) {
		t.Errorf("left: %v", left)
	}
	if err := os.RemoveAll(filepath.Dir(mine)); err != nil {
		t.Fatal(err)
	}
	if _, err := start(t, dir, port); err != nil {
		t.Fatal(err)
	}
	if err := Reset(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the demo's own folder is still there: %v", err)
	}
}

// What a demo that was killed left running is named with the command that ends
// it, and nothing is removed meanwhile.
func TestResetWithLeftovers(t *testing.T) {
	dir, port := filepath.Join(t.TempDir(), "demo"), freePlan(t)
	if _, err := start(t, dir, port); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(os.Getpid())
	write(t, filepath.Join(dir, "county-1", "pid"), pid)
	err := Reset(dir)
	if err == nil || !strings.Contains(err.Error(), "kill "+pid) || !strings.Contains(err.Error(), "遗留") || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "county-1", "pid")); err != nil {
		t.Error(err)
	}
}

// A node that ends with exit code 0 is told of without a <nil>.
func TestNodeThatEnds(t *testing.T) {
	if text := ended("county-1", nil).Error(); !strings.Contains(text, "county-1") || strings.Contains(text, "nil") || !strings.Contains(text, "exit code 0") {
		t.Error(text)
	}
	if text := ended("county-1", os.ErrProcessDone).Error(); !strings.Contains(text, os.ErrProcessDone.Error()) || strings.Contains(text, "%!") {
		t.Error(text)
	}
}

// A start on a taken port leaves nothing, and the next one may choose another.
func TestTakenPort(t *testing.T) {
	dir, port := filepath.Join(t.TempDir(), "demo"), freePlan(t)
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := start(t, dir, port); err == nil || !strings.Contains(err.Error(), strconv.Itoa(port)) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a folder was left: %v", err)
	}
	l.Close()
	if _, err := start(t, dir, port); err != nil {
		t.Fatal(err)
	}
	// Nothing was founded yet, so other ports can still be taken.
	other := port + 100
	c, err := start(t, dir, other)
	if err != nil || c.plan.Nodes[0].API != other {
		t.Errorf("ports of a start that came to nothing stay: %v", err)
	}
	// A port that another program has is no demo that runs.
	l, err = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(other))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := Reset(dir); err != nil {
		t.Errorf("reset: %v", err)
	}
}
