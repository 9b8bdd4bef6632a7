package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// places are the named points at which a serving node dies under traffic, and
// at which passing of the point.
var places = []struct {
	tier, point string
	pass        int
}{
	{"village", "store.record.begin", 3},
	{"village", "store.record.effect", 3},
	{"village", "store.record.inserted", 3},
	{"village", "store.commit.before", 4},
	{"village", "store.commit.after", 4},
	{"village", "store.record.committed", 3}, // nobody was told, nothing sent
	{"village", "store.follow.applied", 2},
	{"village", "store.migrate.done", 2},
	{"village", "blob.append.written", 2},
	{"village", "blob.append.synced", 2},
	{"village", "blob.publish.checked", 2},
	{"village", "blob.publish.renamed", 1},
	{"village", "outbox.send.before", 2},
	{"village", "outbox.send.answered", 2},
	{"village", "outbox.send.marked", 2},
	{"township", "store.receive.effect", 3},
	{"township", "store.commit.after", 3},
	{"township", "outbox.send.answered", 2},
	{"county", "county.log.before", 3},
	{"county", "county.log.after", 3},
	{"county", "county.apply.before", 3},
	{"county", "county.apply.after", 3},
	{"county", "store.county.entry", 4},
	{"county", "county.snapshot.synced", 1},
	{"county", "county.snapshot.written", 1},
	{"county", "county.snapshot.renamed", 1},
	{"county", "store.backup.copied", 1},
	{"county", "store.archive.state", 1},
	{"county", "blob.publish.renamed", 2},
}

// A node that dies at a named point, each in turn, loses nothing it
// acknowledged.
func TestKilledAtNamedPoints(t *testing.T) {
	rounds := 1
	if long {
		rounds = 10
	}
	c := running(t, lone)
	p, err := newPoints(c)
	if err != nil {
		t.Fatal(err)
	}
	defer p.o.close()
	v, err := p.all(t.Context(), rounds)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, v)
	if len(p.hit) < 20 {
		t.Errorf("only %d points were hit", len(p.hit))
	}
	t.Logf("%d kills at %d points; %s", p.kills, len(p.hit), v)
}

// points are deaths at named points.
type points struct {
	c     *county
	o     *oracle
	busy  *traffic
	kills int
	hit   map[string]int
}

func newPoints(c *county) (*points, error) {
	o, err := newOracle(c.dir)
	return &points{c: c, o: o, hit: map[string]int{}}, err
}

func (p *points) all(ctx context.Context, rounds int) (*verdict, error) {
	for round := range rounds {
		p.work(ctx)
		for _, at := range places {
			if err := p.serving(ctx, p.c.of(at.tier)[0], at.point, at.pass+3*round); err != nil {
				return nil, err
			}
		}
		if err := p.busy.end(); err != nil {
			return nil, err
		}
		for _, step := range []func(context.Context) error{p.restoring, p.carrying} {
			if err := step(ctx); err != nil {
				return nil, err
			}
		}
	}
	// What can be done once in a county's life.
	p.work(ctx)
	if err := p.migrating(ctx); err != nil {
		return nil, err
	}
	if err := p.joining(ctx); err != nil {
		return nil, err
	}
	if err := p.busy.end(); err != nil {
		return nil, err
	}
	if err := p.filled(ctx); err != nil {
		return nil, err
	}
	return judge(ctx, p.c, p.o, 3*time.Minute)
}

// work lets people at every tier hand in, and backups be taken.
func (p *points) work(ctx context.Context) {
	p.busy = newTraffic(ctx, p.o)
	p.busy.write(p.c.village(), 3, 40*time.Millisecond, "cun1", "cun2")
	p.busy.write(p.c.township(), 1, 80*time.Millisecond, "zhen1")
	p.busy.write(p.c.hub(), 2, 80*time.Millisecond, countyDesk)
	p.busy.backUp(p.c.hub(), time.Second)
}

// deadly is the environment in which a process dies at a point.
func (p *points) deadly(point string, pass int) []string {
	return []string{fmt.Sprintf("TONGBAN_FAULT=%s:%d", point, pass), "TONGBAN_FAULT_HITS=" + p.hits()}
}

func (p *points) hits() string { return filepath.Join(p.c.dir, "hits") }

// died makes sure that a process ended at its point, and counts it.
func (p *points) died(point string) error {
	text, err := os.ReadFile(p.hits())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) == point {
			n++
		}
	}
	if n != p.hit[point]+1 {
		return fmt.Errorf("point %s was hit %d times, want %d", point, n, p.hit[point]+1)
	}
	p.hit[point]++
	p.kills++
	return nil
}

// serving restarts a node so that it dies at a point, and once more as it was.
func (p *points) serving(ctx context.Context, m *member, point string, pass int) error {
	if m.Tier == "township" { // or the village sends past it while it is away
		for _, l := range p.c.village().Above[1:] {
			l.Cut()
			defer l.Mend()
		}
	}
	m.kill()
	if err := p.starting(ctx, m, point, pass); err != nil {
		return err
	}
	if err := p.c.start(m); err != nil {
		return err
	}
	return p.c.ready(ctx, m)
}

// starting starts a node that dies at a point.
func (p *points) starting(ctx context.Context, m *member, point string, pass int) error {
	if err := p.c.start(m, p.deadly(point, pass)...); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-m.ended():
	case <-time.After(30 * time.Second):
		return fmt.Errorf("%s does not come to %s in 30 s", m.ID, point)
	}
	if err := p.died(point); err != nil {
		return fmt.Errorf("%s: %w%s", m.ID, err, p.c.tail(m))
	}
	return nil
}

// restoring puts a village's backup back, dying on the way; the node is then
// started on whatever is there, and restored again.
func (p *points) restoring(ctx context.Context) error {
	village := p.c.village()
	archive := filepath.Join(p.c.dir, "village.backup")
	var content []byte
	if err := newPerson(village.url(), "cun1").Post(ctx, "/api/v1/backup", []byte(nil), "", &content); err != nil {
		return err
	}
	if err := os.WriteFile(archive, content, 0o600); err != nil {
		return err
	}
	// What came after the backup is got back from above, so it has to be there.
	if err := settle(ctx, p.c, 3*time.Minute); err != nil {
		return err
	}
	args := []string{"restore", "--config", village.config(), "--from", archive}
	for _, point := range []string{"store.restore.unpacked", "store.restore.attachments", "store.restore.before", "store.restore.renamed"} {
		village.kill()
		if _, err := p.c.run(ctx, "", p.deadly(point, 1), args...); err == nil {
			return fmt.Errorf("restore survived %s", point)
		}
		if err := p.died(point); err != nil {
			return err
		}
		if err := p.again(ctx, village); err != nil {
			return fmt.Errorf("after %s: %w", point, err)
		}
	}
	village.kill()
	if out, err := p.c.run(ctx, "", nil, args...); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return p.again(ctx, village)
}

// again starts a restored village and hands a case in there.
func (p *points) again(ctx context.Context, village *member) error {
	if err := p.c.start(village); err != nil {
		return err
	}
	if err := p.c.ready(ctx, village); err != nil {
		return err
	}
	busy := newTraffic(ctx, p.o)
	err := await(ctx, "the restored village to take a case", 2*time.Minute, func(ctx context.Context) error {
		r := request{Mark: p.o.mark(), Node: village.ID, Kind: "case.submit"}
		busy.at(village, "cun1").Forget()
		_, err := busy.ask(busy.at(village, "cun1"), &r, "/api/v1/cases", submission(r.Mark, village.Tier, client.AttachmentRef{}), 1)
		if err == nil && r.Outcome != ok {
			err = fmt.Errorf("%s", r.Outcome)
		}
		return err
	})
	if err != nil {
		return err
	}
	return settle(ctx, p.c, 3*time.Minute)
}

// carrying takes a village's work to the county on a stick while its lines
// are cut; the hub dies while it takes the stick in.
func (p *points) carrying(ctx context.Context) error {
	village, hub := p.c.village(), p.c.hub()
	for _, l := range village.Above {
		l.Cut()
	}
	busy := newTraffic(ctx, p.o)
	random := newRandom()
	for turn := range 6 {
		if err := busy.oneCase(village, busy.at(village, "cun1"), random, turn); err != nil {
			return err
		}
	}
	var stick []byte
	if err := busy.at(village, "cun1").Post(ctx, "/api/v1/carry/export", client.CarryRequest{}, "", &stick); err != nil {
		return err
	}
	take := func(ctx context.Context) error {
		return newPerson(hub.url(), "admin").Call(ctx, loopback.Request{Method: "POST", URL: "/api/v1/carry/import", In: stick, Type: "application/octet-stream"}, nil)
	}
	for _, point := range []string{"carry.import.flushed", "carry.import.attachment"} {
		hub.kill()
		if err := p.c.start(hub, p.deadly(point, 1)...); err != nil {
			return err
		}
		if err := p.c.ready(ctx, hub); err != nil {
			return err
		}
		if err := take(ctx); err == nil {
			return fmt.Errorf("the hub survived %s", point)
		}
		<-hub.ended()
		if err := p.died(point); err != nil {
			return err
		}
		if err := p.c.start(hub); err != nil {
			return err
		}
		if err := p.c.ready(ctx, hub); err != nil {
			return err
		}
	}
	if err := take(ctx); err != nil {
		return err
	}
	for _, l := range village.Above {
		if err := l.Mend(); err != nil {
			return err
		}
	}
	return settle(ctx, p.c, 3*time.Minute)
}

// migrating starts a new village that dies while it makes its database.
func (p *points) migrating(ctx context.Context) error {
	m := p.c.add("village-2", "village", otherVillage, p.c.township(), p.c.hub())
	if err := p.c.layOne(m); err != nil {
		return err
	}
	if err := p.c.identify(ctx, m, "enroll"); err != nil {
		return err
	}
	for _, pass := range []int{1, 2} {
		if err := p.starting(ctx, m, "store.migrate.step", pass); err != nil {
			return err
		}
	}
	if err := p.c.start(m); err != nil {
		return err
	}
	if err := p.c.ready(ctx, m); err != nil {
		return err
	}
	return p.c.supplied(ctx, m)
}

// joining adds a second hub, which dies while it takes over the first one's
// database.
func (p *points) joining(ctx context.Context) error {
	m := p.c.add("county-2", "county", countyCode)
	if err := p.c.layOne(m); err != nil {
		return err
	}
	if err := p.c.identify(ctx, m, "join"); err != nil {
		return err
	}
	places := []string{"county.restore.received", "county.restore.copied"}
	if err := p.c.start(m, p.deadly(places[0], 1)...); err != nil {
		return err
	}
	admin := newPerson(p.c.hub().url(), "admin")
	ended := m.ended()
	err := await(ctx, "the new hub to be let in", 2*time.Minute, func(ctx context.Context) error {
		select {
		case <-ended: // it was sent a database
			return nil
		default:
		}
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return admin.Post(ctx, "/api/v1/hubs", client.HubRequest{Id: m.ID, Address: fmt.Sprintf("127.0.0.1:%d", m.Peer)}, loopback.NewKey(), nil)
	})
	if err != nil {
		return err
	}
	<-ended
	if err := p.died(places[0]); err != nil {
		return fmt.Errorf("%w%s", err, p.c.tail(m))
	}
	if err := p.starting(ctx, m, places[1], 1); err != nil {
		return err
	}
	if err := p.c.start(m); err != nil {
		return err
	}
	err = await(ctx, "the new hub to vote", 3*time.Minute, func(ctx context.Context) error {
		select {
		case <-m.ended():
			return fmt.Errorf("%s: %w%s", m.ID, loopback.ErrEnded, p.c.tail(m))
		default:
		}
		var r client.HubReport
		if err := newOnce(p.c.hub(), "admin").Get(ctx, "/api/v1/hubs", &r); err != nil {
			return err
		}
		if slices.ContainsFunc(r.Hubs, func(h client.Hub) bool { return h.Id == m.ID && h.Voter }) {
			return nil
		}
		return admin.Post(ctx, "/api/v1/hubs", client.HubRequest{Id: m.ID, Address: fmt.Sprintf("127.0.0.1:%d", m.Peer)}, loopback.NewKey(), nil)
	})
	if err != nil {
		return fmt.Errorf("%w%s%s", err, p.c.tail(m), p.c.tail(p.c.hub()))
	}
	return p.c.ready(ctx, m)
}

// filled waits until the hub that joined has the papers that were handed in
// before it came and while it did.
func (p *points) filled(ctx context.Context) error {
	m := p.c.node("county-2")
	return await(ctx, "the new hub to have the papers", 3*time.Minute, func(context.Context) error {
		for _, r := range p.o.requests() {
			for _, hash := range r.Files {
				_, err := os.Stat(filepath.Join(m.data(), "attachments", "objects", hash[:2], hash))
				if r.Outcome == ok && err != nil {
					return err
				}
			}
		}
		return nil
	})
}
