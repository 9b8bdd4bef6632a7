package store_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tongban/tongban/node/identity"
	"github.com/tongban/tongban/node/ledger"
	"github.com/tongban/tongban/store"
	"github.com/tongban/tongban/store/storetest"
)

const childDir = "TONGBAN_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// child records cases in eight goroutines until it is killed, and prints the
// id of each once Record has returned.
func child(dir string) {
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s, err := open(dir, store.Self{Node: storetest.NodeID(here), Tier: "village", Division: here, Ordinal: 1})
	if err != nil {
		fail(err)
	}
	fmt.Println("ready")
	desk := storetest.NewClerk(s)
	var out sync.Mutex
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := ledger.IDFromKey(os.Getenv("TONGBAN_TEST_RUN"), fmt.Sprint(worker), fmt.Sprint(i))
				if _, err := s.Record(ctx, desk.Draft(id, welfare)); err != nil {
					fail(err)
				}
				out.Lock()
				fmt.Println(id)
				out.Unlock()
			}
		}()
	}
	select {}
}

// A process that is killed at any moment has every case it acknowledged
// exactly once when it comes back. TONGBAN_LONG=1 kills it 500 times instead
// of 15.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 15
	if os.Getenv("TONGBAN_LONG") != "" {
		kills = 500
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	c := storetest.NewCounty(t)
	village := c.Village(here)
	village.Actor(identity.VillageWorker)
	must(t, village.Store.Close())
	dir := village.Dir()
	acknowledged := 0
	var recent []string
	for kill := range kills {
		ids := killed(t, dir, fmt.Sprint("run-", kill), time.Duration(random.IntN(120))*time.Millisecond)
		acknowledged += len(ids)
		recent = ids
		s, err := open(dir, village.Self())
		must(t, err)
		for _, id := range recent {
			if v, err := s.Entry(ctx, id); err != nil || v.Status != ledger.Applied {
				t.Errorf("seed %d kill %d: acknowledged %s: %v", seed, kill, id, err)
			}
			if _, err := s.Case(ctx, id); err != nil {
				t.Errorf("seed %d kill %d: its case: %v", seed, kill, err)
			}
		}
		counts, err := s.Count(ctx, "")
		must(t, err)
		last, _, err := s.LastSeq(ctx, village.ID())
		must(t, err)
		if counts.Duplicated != 0 || counts.HandedIn < int64(acknowledged) || counts.HandedIn != counts.Outbox || uint64(counts.HandedIn) != last {
			t.Errorf("seed %d kill %d: %d acknowledged, %+v, last seq %d", seed, kill, acknowledged, counts, last)
		}
		must(t, s.Check(ctx))
		must(t, s.Close())
	}
	village.Reopen()
	for len(outbox(t, village)) > 0 {
		village.Push(c.Hub())
		village.Pull(c.Hub())
	}
	counts, err := c.Hub().Count(ctx, village.ID())
	if err != nil || counts.Confirmed < int64(acknowledged) || counts.Duplicated != 0 || counts.Refused != 0 {
		t.Errorf("at the county: %+v, %v; %d were acknowledged", counts, err, acknowledged)
	}
	t.Logf("%d kills, %d acknowledged, %d recorded, seed %d", kills, acknowledged, counts.Confirmed, seed)
}

// killed runs the child and kills it after a while; it returns what the child
// acknowledged.
func killed(t *testing.T, dir, run string, after time.Duration) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+dir, "TONGBAN_TEST_RUN="+run)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewReader(out)
	if first, err := lines.ReadString('\n'); first != "ready\n" {
		cmd.Wait()
		t.Fatalf("the child does not start: %q, %v: %s", first, err, complaint.String())
	}
	timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
	defer timer.Stop()
	all, err := io.ReadAll(lines)
	must(t, err)
	cmd.Wait()
	if complaint.Len() > 0 {
		t.Fatalf("the child failed: %s", complaint.String())
	}
	ids := strings.Split(string(all), "\n")
	return ids[:len(ids)-1] // what follows the last line's end was not said
}
