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
	wire, content, err := c.firstBytes(ctx)
	if err != nil {
		return err
	}
	b.firstBytesBefore = wire
	b.table.most(figure{Section: "first sync", Name: "bytes of a new village, of the compressed content", Value: float64(wire) / float64(content), Unit: "×",
		Detail: fmt.Sprintf("%s kB on the wire for %s kB in one piece", short(float64(wire)/1024), short(float64(content)/1024))}, 1.5)
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

// firstBytes is what a follower of the new village's division gets from
// nothing to all: on the wire, and compressed as one piece.
func (c *county) firstBytes(ctx context.Context) (wire, content int64, err error) {
	hub, _, err := c.leader(ctx)
	if err != nil {
		return 0, 0, err
	}
	f, err := c.follower(hub, "village-first", newVillage, 0)
	if err != nil {
		return 0, 0, err
	}
	defer f.close()
	if err := f.catchUp(); err != nil {
		return 0, 0, err
	}
	var all []byte
	for _, l := range f.lines {
		all = append(append(all, l...), '\n')
	}
	return f.wire.n.Load(), int64(len(packed(all))), nil
}

// growth repeats the first synchronisation after the county has taken in
// cases of other regions.
func (b *bench) growth(ctx context.Context) error {
	c, err := b.running(ctx)
	if err != nil {
		return err
	}
	if b.firstBytesBefore == 0 {
		if b.firstBytesBefore, _, err = c.firstBytes(ctx); err != nil {
			return err
		}
		if err := c.filled(ctx, b.cases/10); err != nil {
			return err
		}
	}
	after, _, err := c.firstBytes(ctx)
	if err != nil {
		return err
	}
	// Editions published meanwhile count for everybody; what the fan-out sent
	// is taken off. TLS and heartbeats round to a few hundred bytes.
	b.table.add(figure{Section: "first sync", Name: "growth with cases of other regions", Value: float64(after - b.firstBytesBefore), Unit: "B",
		Detail: "the editions of the fan-out included, where it ran"})
	return nil
}
