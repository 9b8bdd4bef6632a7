package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/tongban/tongban/api/client"
	"github.com/tongban/tongban/cmd/tongban/data"
)

// followers connects n followers to a hub, all caught up.
func (c *county) followers(hub *member, n int) ([]*follower, error) {
	var mu sync.Mutex
	var all []*follower
	err := inParallel(n, 16, func(i int) error {
		f, err := c.follower(hub, fmt.Sprintf("village-sim-%d", i), fmt.Sprintf("330523%03d%03d", 300+i/100, 200+i%100), 0)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, f)
		for f.upTo < f.head || f.head == 0 {
			if _, err := f.next(false); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func closeAll(fs []*follower) {
	for _, f := range fs {
		f.close()
	}
}

// fanOut measures how long a change of the catalog takes to the last of many
// followers. The clock starts before the edition is sent to the hub, so the
// county's own commit is in it.
func (b *bench) fanOut(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	hub, _, err := c.leader(ctx)
	if err != nil {
		return err
	}
	fs, err := c.followers(hub, b.followers)
	defer closeAll(fs)
	if err != nil {
		return err
	}
	const rounds = 5
	var last, each []time.Duration
	var sent, change float64
	for round := range rounds {
		l, e, wire, page, err := c.fanOutOnce(ctx, hub, fs, round)
		if err != nil {
			return err
		}
		last, each = append(last, l), append(each, e...)
		sent, change = sent+wire/rounds, change+page/rounds
	}
	b.table.most(figure{Section: "fan-out", Name: fmt.Sprintf("edition to the last of %d followers", len(fs)), Value: inMS(spreadOf(last).at(0.99)), Unit: "ms",
		Detail: fmt.Sprintf("of %d editions, commit included; each follower: %s", rounds, spreadOf(each))}, 100)
	b.table.most(figure{Section: "fan-out", Name: "bytes a follower, of the compressed change", Value: sent / change, Unit: "×",
		Detail: fmt.Sprintf("%s B on the wire for %s B", short(sent), short(change))}, 2)
	return nil
}

// fanOutOnce publishes one changed item. What a follower gets for it is the
// item's new version, drafted and approved before, and the edition.
func (c *county) fanOutOnce(ctx context.Context, hub *member, fs []*follower, round int) (last time.Duration, each []time.Duration, wire, page float64, err error) {
	item, err := changedItem(round)
	if err != nil {
		return 0, nil, 0, 0, err
	}
	at := hub.url()
	var drafts client.DraftReport
	if err := c.admin.post(ctx, at, "/api/v1/items/import", item, &drafts); err != nil {
		return 0, nil, 0, 0, err
	}
	if err := c.second.post(ctx, at, "/api/v1/items/approve", client.ApproveRequest{Items: drafts.Drafted}, nil); err != nil {
		return 0, nil, 0, 0, err
	}
	if err := c.quiet(ctx, hub, fs); err != nil {
		return 0, nil, 0, 0, err
	}
	before := make([]int64, len(fs))
	for i, f := range fs {
		before[i] = f.wire.n.Load()
	}
	got := make([]time.Time, len(fs))
	errs := make(chan error, len(fs))
	for i, f := range fs {
		go func() {
			for {
				entries, err := f.next(false)
				if err != nil || entries {
					got[i] = time.Now()
					errs <- err
					return
				}
			}
		}()
	}
	began := time.Now()
	if err := c.admin.post(ctx, at, "/api/v1/editions", client.PublishRequest{Unstaffed: true, Note: fmt.Sprintf("第%d次修订", round+1)}, nil); err != nil {
		return 0, nil, 0, 0, err
	}
	for range fs {
		if err := <-errs; err != nil {
			return 0, nil, 0, 0, err
		}
	}
	for i, f := range fs {
		each = append(each, got[i].Sub(began))
		last = max(last, each[i])
		wire += float64(f.wire.n.Load()-before[i]) / float64(len(fs))
		page += float64(f.page) / float64(len(fs))
	}
	return last, each, wire, page, nil
}

// quiet reads on until every follower stands at the hub's head.
func (c *county) quiet(ctx context.Context, hub *member, fs []*follower) error {
	var r client.Reconciliation
	if err := c.admin.get(ctx, hub.url(), "/api/v1/reconcile", &r); err != nil {
		return err
	}
	return inParallel(len(fs), len(fs), func(i int) error {
		for fs[i].upTo < uint64(r.Index) {
			if _, err := fs[i].next(false); err != nil {
				return err
			}
		}
		return nil
	})
}

// changedItem is an item file of one item with a sentence changed.
func changedItem(round int) ([]byte, error) {
	var file struct {
		Items []map[string]json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(data.Items(), &file); err != nil {
		return nil, err
	}
	for _, item := range file.Items {
		if !bytes.Equal(item["code"], []byte(`"`+itemCode+`"`)) {
			continue
		}
		note, err := json.Marshal(fmt.Sprintf("慢特病病种待遇认定（第%d次修订）", round+1))
		if err != nil {
			return nil, err
		}
		item["name"] = note
		return json.Marshal(map[string]any{"count": 1, "items": []any{item}})
	}
	return nil, fmt.Errorf("items: no %s", itemCode)
}

// idleFollowers measures what followers cost a hub while nothing happens.
func (b *bench) idleFollowers(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	hub, _, err := c.leader(ctx)
	if err != nil {
		return err
	}
	bare, err := b.bareTLS(ctx)
	if err != nil {
		return err
	}
	alone, err := c.cpuShare(ctx, hub, b.idleFor/2)
	if err != nil {
		return err
	}
	memory := resident(hub)
	fs, err := c.followers(hub, b.idle)
	defer closeAll(fs)
	if err != nil {
		return err
	}
	for _, f := range fs {
		go func() { // heartbeats are read, as a follower does
			for {
				if _, err := f.next(false); err != nil {
					return
				}
			}
		}()
	}
	with, err := c.cpuShare(ctx, hub, b.idleFor)
	if err != nil {
		return err
	}
	b.table.most(figure{Section: "followers", Name: fmt.Sprintf("CPU for %d idle", len(fs)), Value: with - alone, Unit: "%",
		Detail: fmt.Sprintf("of one core, beyond %s %% without them", short(alone))}, 2)
	now := resident(hub)
	b.table.most(figure{Section: "followers", Name: "memory for each", Value: float64(now-memory) / 1024 / float64(len(fs)), Unit: "kB",
		Detail: fmt.Sprintf("resident: %s MB with them, %s MB before; a connection of a bare Go TLS server takes %s kB", short(float64(now)/mb), short(float64(memory)/mb), short(bare/1024))}, 30)
	return nil
}

// cpuShare is how much of one core a node uses while nobody asks, in percent.
func (c *county) cpuShare(ctx context.Context, m *member, during time.Duration) (float64, error) {
	before, began := cpuOf(m), time.Now()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(during):
	}
	return 100 * float64(cpuOf(m)-before) / float64(time.Since(began)), nil
}
