package county

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

type registerOp struct {
	write bool
	value string
}

var registerModel = porcupine.Model{
	Init: func() any { return "" },
	Step: func(state, in, out any) (bool, any) {
		op := in.(registerOp)
		if op.write {
			return true, op.value
		}
		return out.(string) == state.(string), state
	},
}

func TestRegisterIsLinearizableUnderLeaderKills(t *testing.T) {
	c := threeHubs(t, nil)
	var mu sync.Mutex
	var history []porcupine.Operation
	start := time.Now()
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for id := range 6 {
		n := c.nodes[id%3]
		m := &machineReader{n: n}
		clients.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				hub := n.live.Load()
				if hub == nil {
					continue
				}
				op := registerOp{write: i%2 == 0, value: fmt.Sprintf("%d-%d", id, i)}
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				called, out := time.Since(start), ""
				var err error
				if op.write {
					_, err = hub.Propose(ctx, []byte("set "+op.value))
				} else if _, err = hub.ReadIndex(ctx); err == nil {
					out, err = m.read()
				}
				cancel()
				returned := time.Since(start).Nanoseconds()
				if err != nil {
					if !op.write || !errors.Is(err, ErrUnknown) {
						continue // nothing happened
					}
					returned = 1 << 62 // may take effect at any time from now on
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: id, Input: op, Call: called.Nanoseconds(), Output: out, Return: returned})
				mu.Unlock()
			}
		})
	}
	done := func() int { mu.Lock(); defer mu.Unlock(); return len(history) }
	for range 3 {
		want := done() + 60
		c.eventually("operations", func() error {
			if done() < want {
				return errors.New("too few")
			}
			return nil
		})
		leader := c.awaitLeader()
		leader.killHub()
		c.awaitLeader()
		c.must(leader.open(false), "reopen")
	}
	close(stop)
	clients.Wait()
	t.Logf("%d operations", len(history))
	if result := porcupine.CheckOperationsTimeout(registerModel, history, 60*time.Second); result != porcupine.Ok {
		t.Errorf("history is %s", result)
	}
}

// killHub stops the hub and leaves the database open for readers.
func (n *node) killHub() {
	n.live.Store(nil)
	n.hub.shutDown(false)
	n.hub = nil
}

// machineReader reads the register as a handler would, without the test's help.
type machineReader struct{ n *node }

func (r *machineReader) read() (v string, err error) {
	return v, r.n.m.db.QueryRow("SELECT register FROM state").Scan(&v)
}

func TestReadsShareOneConfirmationThatBeganAfterThem(t *testing.T) {
	var c confirmer
	asked, release := make(chan int, 8), make(chan struct{})
	n := 0
	ask := func(context.Context) (uint64, error) {
		n++
		asked <- n
		<-release
		return uint64(n), nil
	}
	terms := make(chan uint64, 3)
	read := func() { term, _ := c.wait(context.Background(), ask); terms <- term }
	go read()
	<-asked
	go read()
	go read()
	for {
		c.mu.Lock()
		waiting := c.next != nil
		c.mu.Unlock()
		if waiting {
			break
		}
	}
	release <- struct{}{}
	if first := <-terms; first != 1 {
		t.Errorf("first reader got confirmation %d", first)
	}
	<-asked
	close(release)
	for range 2 {
		if later := <-terms; later < 2 {
			t.Errorf("a later reader got confirmation %d", later)
		}
	}
}
