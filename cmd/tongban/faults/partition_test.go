package faults

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/tongban/tongban/api/client"
)

// A village hands in 200 cases with all its lines cut. Then the lines come
// back, only to go again every 300 ms: each case is at the county exactly
// once, and little is sent twice.
func TestVillageOnALineThatFlaps(t *testing.T) {
	cases := 200
	if long {
		cases = 2000
	}
	var a, b *parting
	for _, p := range []*parting{{cases: cases / 4}, {cases: cases, flaps: true}} {
		c := running(t, lone)
		if err := p.run(t.Context(), c, 3*time.Minute); err != nil {
			t.Fatal(err)
		}
		c.close()
		sound(t, p.verdict)
		if p.verdict.Acknowledged != p.cases {
			t.Errorf("%d of %d were acknowledged without a line", p.verdict.Acknowledged, p.cases)
		}
		a, b = b, p
	}
	if b.cuts == 0 {
		t.Error("the line was never cut while the village was sending")
	}
	t.Logf("%d cases offline; %d cuts until all were confirmed; sent up %d bytes, %.2f times what they take over a line that holds; %s",
		b.cases, b.cuts, b.sent, float64(b.sent)/float64(4*a.sent), b.verdict)
}

// parting is what the village's lines carried.
type parting struct {
	cases   int
	flaps   bool
	cuts    int
	sent    int64 // bytes
	verdict *verdict
}

func (p *parting) run(ctx context.Context, c *county, within time.Duration) error {
	o, err := newOracle(c.dir)
	if err != nil {
		return err
	}
	defer o.close()
	village := c.village()
	for _, l := range village.Above {
		l.Cut()
	}
	if err := p.handIn(ctx, o, village); err != nil {
		return err
	}
	before := carried(village)
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	flapper := make(chan struct{})
	down := make(chan struct{})
	go func() {
		defer close(down)
		for {
			for _, l := range village.Above {
				l.Mend()
			}
			select {
			case <-flapper:
				return
			case <-time.After(300 * time.Millisecond):
			}
			if !p.flaps {
				continue
			}
			for _, l := range village.Above {
				l.Cut()
			}
			p.cuts++
			<-time.After(100 * time.Millisecond)
		}
	}()
	worker := newPerson(village.url(), "cun1")
	drained := await(ctx, "the village's outbox to empty", within, func(ctx context.Context) error {
		var r client.SyncReport
		err := worker.Get(ctx, "/api/v1/sync", &r)
		if err == nil && (r.Self.OutboxEntries > 0 || r.Self.AttachmentsOutstanding > 0) {
			err = fmt.Errorf("%d entries and %d files left", r.Self.OutboxEntries, r.Self.AttachmentsOutstanding)
		}
		return err
	})
	close(flapper)
	<-down
	p.sent = carried(village) - before
	if p.verdict, err = judge(context.WithoutCancel(ctx), c, o, within); err != nil {
		return err
	}
	if drained != nil {
		p.verdict.Unsettled = append(p.verdict.Unsettled, drained.Error())
	}
	return nil
}

// handIn hands in the cases at a village, one after the other, some with a
// scanned paper.
func (p *parting) handIn(ctx context.Context, o *oracle, village *member) error {
	busy := newTraffic(ctx, o)
	for n := range p.cases {
		r := request{Mark: o.mark(), Node: village.ID, Kind: "case.submit"}
		var file client.AttachmentRef
		if n%4 == 0 {
			content := scan(newRandom())
			hash, err := busy.at(village, "cun1").Upload(ctx, content, piece)
			if err != nil {
				return err
			}
			r.Files = []string{hash}
			file = client.AttachmentRef{Hash: hash, Name: "scan.png", Size: int64(len(content)), Type: "image/png"}
		}
		if _, err := busy.ask(busy.at(village, "cun1"), &r, "/api/v1/cases", submission(r.Mark, village.Tier, file), 0); err != nil {
			return err
		}
	}
	return busy.end()
}

// carried is how much has gone up over a node's lines.
func carried(m *member) (bytes int64) {
	for _, l := range m.Above {
		bytes += l.Up()
	}
	return bytes
}
