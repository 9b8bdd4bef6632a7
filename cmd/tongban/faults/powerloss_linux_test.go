package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A village, a county of one hub, and all three hubs of a county at once lose
// power while people hand in: what was not on the disk is gone, or torn in the
// middle of a write, and nothing that was acknowledged is.
func TestPowerLoss(t *testing.T) {
	losses, tears := 2, 2
	if long {
		losses, tears = 200, 100
	}
	for _, row := range []struct {
		name, tier string
		template   func() (string, error)
		loss       loss
		times      int
	}{
		{"village", "village", lone, forgotten, losses},
		{"county", "county", lone, forgotten, losses},
		{"all hubs", "county", three, forgotten, losses},
		{"village, torn", "village", lone, torn, tears},
		{"all hubs, torn", "county", three, torn, tears},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := &powerLoss{tier: row.tier, loss: row.loss, times: row.times, within: 3 * time.Minute}
			v, err := p.run(t.Context(), running(t, row.template))
			if errors.Is(err, errNoFUSE) {
				t.Skipf("not tested on this machine: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			sound(t, v)
			t.Logf("%s: %d times without power; %s", row.name, row.times, v)
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
	now, err := f.unmount(forgotten)
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

// A torn write is there in part, whether it overwrote or came after the end.
func TestTornWrites(t *testing.T) {
	f := &file{data: []byte("0123456789")}
	seen := map[string]bool{}
	for _, w := range []struct {
		at   int64
		data string
	}{{2, "abcd"}, {8, "efgh"}, {12, "ij"}} {
		if _, errno := f.Write(t.Context(), nil, []byte(w.data), w.at); errno != 0 {
			t.Fatal(errno)
		}
	}
	for range 200 {
		seen[string(f.image(torn).data)] = true
	}
	want := []string{"01ab456789", "01abcd67ef", "01abcd67efghi"}
	for _, w := range want {
		if !seen[w] {
			t.Errorf("never torn to %q", w)
		}
	}
	if len(seen) != len(want) {
		t.Errorf("torn to %q, want %q", slices.Collect(maps.Keys(seen)), want)
	}
	if got := string(f.image(forgotten).data); got != "0123456789" {
		t.Errorf("forgotten, there is %q", got)
	}
	if got := string(f.image(nothing).data); got != "01abcd67efghij" {
		t.Errorf("without a loss, there is %q", got)
	}
}

// powerLoss takes the power of all nodes of a tier away at once, again and
// again.
type powerLoss struct {
	tier   string
	loss   loss
	times  int
	within time.Duration

	disks map[*member]*forgetful
}

func (p *powerLoss) run(ctx context.Context, c *county) (*verdict, error) {
	o, err := newOracle(c.dir)
	if err != nil {
		return nil, err
	}
	defer o.close()
	fallen := c.of(p.tier)
	p.disks = map[*member]*forgetful{}
	defer p.unmount(nothing)
	for _, m := range fallen { // their data moves to disks that forget
		m.end(syscall.SIGTERM)
		content, err := readImage(m.data())
		if err != nil {
			return nil, err
		}
		if err := os.RemoveAll(m.data()); err != nil {
			return nil, err
		}
		if p.disks[m], err = mountForgetful(m.data(), content); err != nil {
			delete(p.disks, m)
			return nil, err
		}
	}
	busy := newTraffic(ctx, o)
	defer busy.end()
	busy.write(c.village(), 4, 20*time.Millisecond, "cun1", "cun2")
	for _, hub := range c.of("county") {
		busy.write(hub, 2, 80*time.Millisecond, countyDesk)
	}
	for n := range p.times {
		// Every other time the village is alone: what is lost then is nowhere.
		for _, l := range c.village().Above {
			if l.Cut(); n%2 == 1 {
				if err := l.Mend(); err != nil {
					return nil, err
				}
			}
		}
		if err := c.startThese(ctx, fallen); err != nil {
			return refuses(err)
		}
		// Not by the clock: there must be something to lose.
		enough := acknowledged(o, fallen) + 10 + rand.IntN(30)
		err := await(ctx, p.tier+" to acknowledge something", 2*time.Minute, func(context.Context) error {
			if have := acknowledged(o, fallen); have < enough {
				return fmt.Errorf("%d of %d", have, enough)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		contents, err := p.unmount(p.loss)
		if err != nil {
			return nil, err
		}
		for m, content := range contents {
			if p.disks[m], err = mountForgetful(m.data(), content); err != nil {
				delete(p.disks, m)
				return nil, err
			}
		}
	}
	contents, err := p.unmount(nothing)
	if err != nil {
		return nil, err
	}
	for m, content := range contents {
		if err := content.write(m.data()); err != nil {
			return nil, err
		}
	}
	if err := c.startThese(ctx, fallen); err != nil {
		return refuses(err)
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

// unmount kills the nodes at once and gives what their disks have after it.
func (p *powerLoss) unmount(l loss) (map[*member]*diskImage, error) {
	var group sync.WaitGroup
	for m := range p.disks {
		group.Go(m.kill)
	}
	group.Wait()
	contents := map[*member]*diskImage{}
	var errs []error
	for m, disk := range p.disks {
		content, err := disk.unmount(l)
		contents[m], errs = content, append(errs, err)
	}
	clear(p.disks)
	return contents, errors.Join(errs...)
}

// acknowledged is how much some nodes acknowledged.
func acknowledged(o *oracle, at []*member) (n int) {
	for _, m := range at {
		n += o.acknowledgedAt(m)
	}
	return n
}
