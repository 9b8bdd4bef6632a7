// Package demo runs a whole county on one machine, each node a process of its
// own, walks the main job once and stays up: for a first look, and as the
// check that a build works. It uses the nodes' public API and nothing else.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tongban/tongban/cmd/tongban/loopback"
)

// Options say how to run it.
type Options struct {
	// Dir holds the data. Check makes a temporary one on free ports, asks
	// nobody anything and ends after the walk.
	Dir   string
	Check bool
	// Bare leaves out what happens after the walk, for tests that make their own.
	Bare bool
	// Port is the first of the ports to use in a new directory.
	Port int
	// Binary is the tongban to run.
	Binary string
	Out    io.Writer
	// Summary gets the figures of the walk as a line of JSON; nil is Out, with
	// Check alone.
	Summary io.Writer
}

// Run runs the demo until ctx ends or, with Check, until the walk is over.
func Run(ctx context.Context, o Options) (err error) {
	began := time.Now()
	if o.Check {
		dir, mkErr := os.MkdirTemp("", "tongban-demo-")
		if mkErr != nil {
			return mkErr
		}
		defer func() {
			if err == nil { // what failed is looked into by its logs
				err = os.RemoveAll(dir)
			}
		}()
		o.Dir = dir
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return err
	}
	s := &screen{out: o.Out, began: began}
	c, err := prepare(o, s)
	if err != nil {
		return err
	}
	defer c.stop()
	var sum Summary
	err = c.whileAllLive(ctx, func(ctx context.Context) (err error) {
		sum, err = c.toTheEnd(ctx)
		return err
	})
	if err != nil {
		return c.explain(err)
	}
	sum.Seconds = int(time.Since(began).Seconds())
	s.reconciliation(sum)
	if o.Check && o.Summary == nil {
		o.Summary = o.Out
	}
	if o.Summary != nil {
		line, err := json.Marshal(sum)
		if err != nil {
			return err
		}
		fmt.Fprintf(o.Summary, "%s\n", line)
	}
	if o.Check {
		if err := sum.verdict(c.plan); err != nil {
			return c.explain(err)
		}
		return nil
	}
	s.addresses(c)
	for {
		select {
		case <-ctx.Done():
			s.say("\n正在停止各节点…… (stopping)")
			return nil
		case died := <-c.died:
			// A person may end one on purpose, to see what becomes of it.
			s.say("\n%v\n其余节点继续运行 (the others go on)。重新启动它 (to start it again)：%s", died, c.restart(died))
		}
	}
}

// restart is the command that starts a node again that ended.
func (c *county) restart(died error) string {
	id := "<节点 node>"
	var which *nodeEnded
	if errors.As(died, &which) {
		id = which.id
	}
	return c.o.Binary + " serve --config " + loopback.Config(filepath.Join(c.o.Dir, id))
}

// toTheEnd starts the county and does what is still to be shown in it.
func (c *county) toTheEnd(ctx context.Context) (Summary, error) {
	if err := c.start(ctx); err != nil {
		return Summary{}, err
	}
	if !c.plan.Walked {
		if err := (&walk{county: c, s: c.s}).run(ctx); err != nil {
			return Summary{}, err
		}
		c.plan.Walked = true
		if err := c.plan.save(c.o.Dir); err != nil {
			return Summary{}, err
		}
	}
	if err := c.applyFromHome(ctx); err != nil {
		return Summary{}, err
	}
	if !c.plan.Enlivened && !c.o.Bare {
		if err := (&walk{county: c, s: c.s}).enliven(ctx); err != nil {
			return Summary{}, err
		}
		c.plan.Enlivened = true
		if err := c.plan.save(c.o.Dir); err != nil {
			return Summary{}, err
		}
	}
	return c.reconcile(ctx)
}

// Summary is what the nodes' own APIs count after the walk.
type Summary struct {
	Items          int   `json:"items"`
	Hubs           int   `json:"hubs"`
	Townships      int   `json:"townships"`
	Villages       int   `json:"villages"`
	HandedIn       int64 `json:"handed_in"`
	Confirmed      int64 `json:"confirmed"`
	NeedsAttention int64 `json:"needs_attention"`
	Duplicated     int64 `json:"duplicated"`
	Lost           int64 `json:"lost"`
	Seconds        int   `json:"seconds"`
}

// verdict is nil when everything handed in is accounted for, every node counts,
// and the walk's one refused case, which is confirmed as any other, is the one
// that asks for attention.
func (s Summary) verdict(p *plan) error {
	if s.Lost != 0 || s.Duplicated != 0 || s.Confirmed != s.HandedIn || s.HandedIn == 0 {
		return fmt.Errorf("对账不符：收件 %d，确认 %d，重复 %d，丢失 %d (the reconciliation does not add up)", s.HandedIn, s.Confirmed, s.Duplicated, s.Lost)
	}
	if s.NeedsAttention != 1 {
		return fmt.Errorf("需处理的应为 1 件，现为 %d 件 (one case should need attention)", s.NeedsAttention)
	}
	if s.Items == 0 || s.Hubs != len(p.of("county")) || s.Townships != len(p.of("township")) || s.Villages != len(p.of("village")) {
		return fmt.Errorf("节点或目录不全：事项 %d，县中心 %d，乡镇 %d，村 %d (nodes or items are missing)", s.Items, s.Hubs, s.Townships, s.Villages)
	}
	return nil
}
