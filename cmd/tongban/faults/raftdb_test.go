package faults

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// A hub with a damaged page in its raft.db ends with exit code 1 and words that
// say what to do, never with a panic, or the damage was where nothing is, and it
// serves what it served before. What the words say mends it: a hub alone begins
// its log again from its database, which has every case.
func TestHubWithADamagedLog(t *testing.T) {
	times := 8
	if long {
		times = 300
	}
	c := running(t, lone)
	ctx, hub := t.Context(), c.hub()
	clerk := newPerson(hub.url(), countyDesk)
	var numbers []string
	for i := range 6 {
		var receipt client.CaseReceipt
		if err := clerk.Post(ctx, "/api/v1/cases", submission(fmt.Sprint("kept ", i), "county", client.AttachmentRef{}), loopback.NewKey(), &receipt); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, receipt.Case.Number)
	}
	c.stop()
	path := filepath.Join(hub.data(), "raft", "raft.db")
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(c.dir, "kept")
	if err := copyTree(hub.data(), kept); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(c.dir, hub.ID+".log")
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	refused, tried := 0, 0
	// Much of a file is free, where damage is none: it goes on until some was noticed.
	for n := 0; n < times || refused == 0 && n < 20*times; n++ {
		tried++
		bad := bytes.Clone(sound)
		page := random.IntN(len(bad)/4096) * 4096
		what := fmt.Sprintf("seed %d, a bit near %d", seed, page)
		if n%2 == 0 {
			what = fmt.Sprintf("seed %d, page at %d cleared", seed, page)
			clear(bad[page : page+4096])
		} else {
			bad[page+random.IntN(64)] ^= 1 << random.IntN(8)
		}
		if err := os.RemoveAll(hub.data()); err != nil {
			t.Fatal(err)
		}
		if err := copyTree(kept, hub.data()); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(log, 0); err != nil {
			t.Fatal(err)
		}
		if err := c.start(hub); err != nil {
			t.Fatal(err)
		}
		p := hub.process()
		err := await(ctx, what, 2*time.Minute, func(ctx context.Context) error { return p.Ready(ctx, clerk.Web, hub.url()) })
		said, _ := os.ReadFile(log)
		if strings.Contains(string(said), "panic") || strings.Contains(string(said), "goroutine ") || strings.Contains(string(said), "fatal error") {
			t.Fatalf("%s:\n%s", what, said)
		}
		if err == nil {
			for _, number := range numbers {
				if err := newPerson(hub.url(), countyDesk).Get(ctx, "/api/v1/cases/"+number, new(client.Case)); err != nil {
					t.Errorf("%s: %s: %v", what, number, err)
				}
			}
			hub.kill()
			continue
		}
		refused++
		if end := p.Err(); end == nil || end.Error() != "exit status 1" {
			t.Errorf("%s: ended with %v", what, end)
		}
		if !strings.Contains(string(said), "tongban restore --lone") || !strings.Contains(string(said), "raft remove") {
			t.Errorf("%s: it does not say what to do:\n%s", what, said)
		}
	}
	if refused == 0 {
		t.Errorf("none of %d damages was noticed", tried)
	}
	bad := bytes.Clone(sound)
	clear(bad[4096*2 : 4096*4])
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := c.run(ctx, "", nil, "restore", "--config", hub.config(), "--lone"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := c.startAll(ctx); err != nil {
		t.Fatal(err)
	}
	for _, number := range numbers {
		if err := newPerson(hub.url(), countyDesk).Get(ctx, "/api/v1/cases/"+number, new(client.Case)); err != nil {
			t.Errorf("after restore --lone: %s: %v", number, err)
		}
	}
	t.Logf("seed %d: %d of %d damages refused", seed, refused, tried)
}
