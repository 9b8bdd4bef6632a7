package main

import (
	"context"
	"fmt"
	"time"
)

// newVillage is where the village is that comes new to the county.
const newVillage = "330523110221"

// firstSync measures what a new village is sent, and how long one takes from
// its first start to the whole catalog.
func (b *bench) firstSync(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	wire, content, err := c.firstContent(ctx)
	if err != nil {
		return err
	}
	b.table.most(figure{Section: "first sync", Name: "bytes of a new village, of the compressed content", Value: float64(wire) / float64(len(packed(content))), Unit: "×",
		Detail: fmt.Sprintf("%s kB on the wire for %s kB in one piece", short(float64(wire)/1024), short(float64(len(packed(content)))/1024))}, 1.5)
	m, err := c.member("village", "village-new", newVillage)
	if err != nil {
		return err
	}
	if err := c.enrol(ctx, m); err != nil {
		return err
	}
	began := time.Now()
	if err := c.serve(m); err != nil {
		return err
	}
	if err := c.caughtUp(ctx, m); err != nil {
		return err
	}
	b.table.add(figure{Section: "first sync", Name: "a real village, start to catalog", Value: inMS(time.Since(began)), Unit: "ms"})
	return nil
}

// firstContent is what a follower of the new village's division gets from
// nothing to all: the bytes on the wire, and the lines themselves.
func (c *county) firstContent(ctx context.Context) (wire int64, content []byte, err error) {
	hub, _, err := c.leader(ctx)
	if err != nil {
		return 0, nil, err
	}
	f, err := c.follower(hub, "village-first", newVillage, 0)
	if err != nil {
		return 0, nil, err
	}
	defer f.close()
	if err := f.catchUp(); err != nil {
		return 0, nil, err
	}
	for _, l := range f.lines {
		content = append(append(content, l...), '\n')
	}
	return f.wire.n.Load(), content, nil
}

// growth repeats the first synchronisation after the county has taken in more
// cases, none of them in the new village.
func (b *bench) growth(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	_, before, err := c.firstContent(ctx)
	if err != nil {
		return err
	}
	leader, _, err := c.leader(ctx)
	if err != nil {
		return err
	}
	l, err := c.submitFor(ctx, []*member{leader}, 16, b.during/3)
	if err != nil {
		return err
	}
	wire, after, err := c.firstContent(ctx)
	if err != nil {
		return err
	}
	b.table.most(figure{Section: "first sync", Name: "growth with cases of other regions", Value: float64(len(after) - len(before)), Unit: "B",
		Detail: fmt.Sprintf("of content, after %d more cases; %s kB on the wire now", len(l.took), short(float64(wire)/1024))}, 0)
	return nil
}
