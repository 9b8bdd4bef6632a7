package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A village, and a county of one hub, lose power while people hand in: what
// was not on the disk is gone, and nothing that was acknowledged is.
func TestPowerLoss(t *testing.T) {
	losses := 3
	if long {
		losses = 200
	}
	for _, tier := range []string{"village", "county"} {
		t.Run(tier, func(t *testing.T) {
			p := &powerLoss{tier: tier, losses: losses, within: 60 * time.Second}
			v, err := p.run(t.Context(), running(t, lone))
			if errors.Is(err, errNoFUSE) {
				t.Skipf("not tested on this machine: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			sound(t, v)
			t.Logf("%s: %d times without power; %s", tier, losses, v)
		})
	}
}

// The file system that forgets is itself held against what it promises.
func TestForgetfulForgets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk")
	f, err := mountForgetful(dir, &diskImage{mode: 0o700, entries: map[string]*diskImage{}})
	if errors.Is(err, errNoFUSE) {
		t.Skipf("not tested on this machine: %v", err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	write := func(name, content string, sync bool) {
		w, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		must(err)
		_, err = w.WriteString(content)
		must(err)
		if sync {
			must(w.Sync())
		}
		must(w.Close())
	}
	syncDir := func() {
		d, err := os.Open(dir)
		must(err)
		must(d.Sync())
		must(d.Close())
	}
	write("kept", "synced ", true)
	write("empty", "never synced", false)
	write("old", "renamed", true)
	syncDir()
	write("kept", "forgotten", false)
	write("nameless", "synced, its name not", true)
	must(os.Truncate(filepath.Join(dir, "kept"), 3))
	must(os.Rename(filepath.Join(dir, "old"), filepath.Join(dir, "new")))
	now, err := f.unmount(true)
	must(err)
	got := map[string]string{}
	for name, e := range now.entries {
		got[name] = string(e.data)
	}
	want := map[string]string{"kept": "synced ", "empty": "", "old": "renamed"}
	if len(got) != len(want) || got["kept"] != want["kept"] || got["empty"] != "" || got["old"] != want["old"] {
		t.Errorf("after the loss there is %q, want %q", got, want)
	}
}

// powerLoss takes a node's power away again and again.
type powerLoss struct {
	tier   string
	losses int
	within time.Duration
}

func (p *powerLoss) run(ctx context.Context, c *county) (*verdict, error) {
	o, err := newOracle(c.dir)
	if err != nil {
		return nil, err
	}
	defer o.close()
	m := c.of(p.tier)[0]
	m.end(syscall.SIGTERM) // its data moves to the disk that forgets
	content, err := readImage(m.data())
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(m.data()); err != nil {
		return nil, err
	}
	disk, err := mountForgetful(m.data(), content)
	if err != nil {
		return nil, err
	}
	defer func() {
		if disk != nil {
			m.kill()
			disk.unmount(true)
		}
	}()
	busy := newTraffic(ctx, o)
	defer busy.end()
	busy.write(c.village(), 4, 20*time.Millisecond, "cun1", "cun2")
	busy.write(c.hub(), 2, 20*time.Millisecond, countyDesk)
	for n := range p.losses {
		// Every other time the village is alone: what is lost then is nowhere.
		for _, l := range c.village().Above {
			if l.Cut(); n%2 == 1 {
				if err := l.Mend(); err != nil {
					return nil, err
				}
			}
		}
		if err := c.start(m); err != nil {
			return nil, err
		}
		if err := c.ready(ctx, m); err != nil {
			return nil, err
		}
		// Not by the clock: there must be something to lose.
		enough := o.acknowledgedAt(m) + 10 + rand.IntN(30)
		err := await(ctx, m.ID+" to acknowledge something", 30*time.Second, func(context.Context) error {
			if have := o.acknowledgedAt(m); have < enough {
				return fmt.Errorf("%d of %d", have, enough)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		m.kill()
		if content, err = disk.unmount(true); err != nil {
			return nil, err
		}
		if disk, err = mountForgetful(m.data(), content); err != nil {
			return nil, err
		}
	}
	if content, err = disk.unmount(true); err != nil {
		return nil, err
	}
	disk = nil
	if err := content.write(m.data()); err != nil {
		return nil, err
	}
	if err := c.start(m); err != nil {
		return nil, err
	}
	if err := c.ready(ctx, m); err != nil {
		return nil, err
	}
	for _, l := range c.village().Above {
		if err := l.Mend(); err != nil {
			return nil, err
		}
	}
	if err := busy.end(); err != nil {
		return nil, err
	}
	return judge(ctx, c, o, p.within)
}
