package county

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// counted is a state machine that notes each transaction's entries.
type counted struct {
	StateMachine
	transactions [][]uint64
	applied      uint64
}

func (c *counted) Applied() uint64 { return c.applied }

func (c *counted) Apply(cmds []Command) ([][]byte, error) {
	var indexes []uint64
	results := make([][]byte, len(cmds))
	for i, cmd := range cmds {
		indexes = append(indexes, cmd.Index)
		results[i] = []byte(fmt.Sprint("result of ", cmd.Index))
	}
	c.transactions = append(c.transactions, indexes)
	c.applied = indexes[len(indexes)-1]
	return results, nil
}

// holding is an fsm whose last transaction was this moment, for as long as the test
// takes.
func holding() (*fsm, *counted) {
	m := new(counted)
	f := newFSM(&Options{StateMachine: m, Cluster: "test-county", Logger: slog.New(slog.DiscardHandler), Now: time.Now}, nil)
	f.held.may.Store(true)
	f.held.applied = time.Now().Add(time.Hour)
	return f, m
}

func entry(index uint64) []*raft.Log {
	return []*raft.Log{{Index: index, Type: raft.LogCommand, Data: encodeFrame(1, [][]byte{[]byte("x")})}}
}

func wantTransactions(t *testing.T, f *fsm, m *counted, seen uint64, want ...[]uint64) {
	t.Helper()
	if !slices.EqualFunc(m.transactions, want, slices.Equal) {
		t.Errorf("transactions of %v, want %v", m.transactions, want)
	}
	if got, _ := f.passed(); got != seen {
		t.Errorf("said to have applied %d, want %d", got, seen)
	}
}

func TestHeldAreNotSaidToBeApplied(t *testing.T) {
	f, m := holding()
	f.ApplyBatch(entry(1))
	f.ApplyBatch(entry(2))
	wantTransactions(t, f, m, 0)
	f.release()
	wantTransactions(t, f, m, 2, []uint64{1, 2})
}

func TestHeldComeFirstAndAnswersAreOnesOwn(t *testing.T) {
	f, m := holding()
	f.ApplyBatch(entry(1))
	f.ApplyBatch(entry(2))
	f.held.proposed.Add(1) // this hub leads now
	answers := f.ApplyBatch(entry(3))
	wantTransactions(t, f, m, 3, []uint64{1, 2, 3})
	if len(answers) != 1 || string(answers[0].(frameResult).results[0]) != "result of 3" {
		t.Errorf("answers %v", answers)
	}
}

func TestNothingIsHeldFromWhoWaits(t *testing.T) {
	for _, first := range []string{"entry", "wait"} {
		t.Run(first, func(t *testing.T) {
			f, m := holding()
			h := &Hub{fsm: f, life: context.Background()}
			waited := make(chan error, 1)
			wait := func() { waited <- h.WaitApplied(context.Background(), 1) }
			if first == "entry" {
				f.ApplyBatch(entry(1))
				go wait()
			} else {
				go wait()
				for f.held.wanted.Load() == 0 { // there is nothing that tells
					time.Sleep(time.Millisecond)
				}
				f.ApplyBatch(entry(1))
			}
			if err := <-waited; err != nil {
				t.Fatal(err)
			}
			f.held.turn.Lock()
			defer f.held.turn.Unlock()
			wantTransactions(t, f, m, 1, []uint64{1})
		})
	}
}

func TestHeldAreAppliedAfterAWhile(t *testing.T) {
	f, m := holding()
	f.held.applied = time.Now()
	f.ApplyBatch(entry(1))
	for {
		seen, moved := f.passed()
		if seen == 1 {
			break
		}
		<-moved
	}
	f.held.turn.Lock()
	defer f.held.turn.Unlock()
	wantTransactions(t, f, m, 1, []uint64{1})
}

func TestTheFirstAfterAPauseIsNotHeld(t *testing.T) {
	f, m := holding()
	f.held.applied = time.Now().Add(-holdFor)
	f.ApplyBatch(entry(1))
	wantTransactions(t, f, m, 1, []uint64{1})
}

func TestHeldAreBounded(t *testing.T) {
	f, m := holding()
	for i := range uint64(holdEntries + 1) {
		f.ApplyBatch(entry(i + 1))
	}
	if len(m.transactions) != 1 || len(m.transactions[0]) != holdEntries+1 {
		t.Errorf("%d transactions", len(m.transactions))
	}
}

// raft cuts its log behind a snapshot: what it took for applied must be in it.
func TestASnapshotHasWhatWasHeld(t *testing.T) {
	f, m := holding()
	f.ApplyBatch(entry(1))
	s, err := f.Snapshot()
	if err != nil || s.(*reference).applied != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	wantTransactions(t, f, m, 1, []uint64{1})
}

func TestHeldAtTheEnd(t *testing.T) {
	f, m := holding()
	f.ApplyBatch(entry(1))
	f.close(true)
	f.release()
	wantTransactions(t, f, m, 1, []uint64{1})

	f, m = holding()
	f.ApplyBatch(entry(1))
	f.close(false) // the log has it
	f.release()
	wantTransactions(t, f, m, 0)
}
