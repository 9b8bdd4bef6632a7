package county

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// Hub is one hub process's part in the county's Raft. All methods may be called
// from any goroutine, at any hub.
type Hub struct {
	o    Options
	log  *slog.Logger
	disk *diskLog
	fsm  *fsm

	port   *port
	client *client
	web    *http.Server
	trans  *raft.NetworkTransport
	// endSending ends what raft sends to the others.
	endSending context.CancelFunc
	raft       *raft.Raft
	notify     chan bool

	queue   chan *proposal
	waiting waiting
	intake  sync.RWMutex // held for reading while a proposal enters the queue
	closing bool

	out      atomic.Pointer[outside]
	vouched  atomic.Pointer[map[string]bool]
	leading  atomic.Uint64 // term in which this hub leads and has caught up; 0: none
	caughtUp atomic.Bool

	life    context.Context // ends when the hub has closed or stopped
	end     context.CancelFunc
	started chan struct{} // closed when raft is set, or will not be
	running sync.WaitGroup
	batches sync.WaitGroup // formBatches and the batches in flight
	confirm confirmer
	reign   reign
	stall   stall
	fatal   atomic.Pointer[error]
	shut    sync.Once
	shutErr error
}

// Open starts the hub on what it finds on disk. It owns the listener from then
// on, also when it fails. ErrDatabaseBehind, ErrLogBehind, ErrLogDamaged and
// ErrSnapshotDamaged say that this hub's disk needs an operator.
func Open(o Options) (*Hub, error) {
	if err := o.validate(); err != nil {
		if o.Listener != nil {
			o.Listener.Close()
		}
		return nil, err
	}
	h := &Hub{
		o: o, log: o.Logger.With("hub", o.ID), port: newPort(&o),
		queue: make(chan *proposal, o.Limits.Queue), waiting: newWaiting(), notify: make(chan bool, 16), started: make(chan struct{}),
	}
	h.life, h.end = context.WithCancel(context.Background())
	h.port.admits = h.admits
	h.client = newClient(h.port)
	err := h.start()
	close(h.started)
	if err != nil {
		h.end()
		h.port.close()
		h.client.close()
		return nil, fmt.Errorf("open county hub %s: %w", o.ID, err)
	}
	return h, nil
}

func (h *Hub) start() (err error) {
	s, err := openStorage(&h.o)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.disk.Close()
		}
	}()
	h.disk, h.fsm = s.disk, newFSM(&h.o, s.snaps)
	h.fsm.log = h.log
	others, err := s.peers(h.o.ID)
	if err != nil {
		return err
	}
	var refill func(uint64) (Header, error)
	if len(others) > 0 {
		refill = func(need uint64) (Header, error) {
			ctx, cancel := context.WithTimeout(h.life, h.o.Timing.Refill)
			defer cancel()
			return h.fsm.refillFrom(ctx, h.client, others, need)
		}
	}
	if err := s.reconcile(h.fsm, refill); err != nil {
		return err
	}
	h.fsm.onStop, h.disk.onError = h.stop, h.stop
	return h.startRaft(s)
}

func (h *Hub) startRaft(s *storage) error {
	cached, err := raft.NewLogCache(128, s.disk)
	if err != nil {
		return err
	}
	conf := h.o.raftConfig()
	conf.Logger = newHclog(h.log)
	conf.NotifyCh = h.notify
	h.trans = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: stream{h.port}, MaxPool: 3, Timeout: answerTime, Logger: conf.Logger, MsgpackUseNewTimeFormat: true,
	})
	var sending context.Context
	sending, h.endSending = context.WithCancel(context.Background())
	trans := newTransport(sending, 2*answerTime, h.trans, s.disk)
	if h.o.Bootstrap {
		self := raft.Configuration{Servers: []raft.Server{{
			ID: conf.LocalID, Address: raft.ServerAddress(h.o.Advertise), Suffrage: raft.Voter,
		}}}
		err := raft.BootstrapCluster(conf, cached, s.disk, s.snaps, trans, self)
		if err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
			h.trans.Close()
			return fmt.Errorf("bootstrap: %w", err)
		}
	}
	h.raft, err = h.newRaft(conf, cached, s, trans)
	if err == nil {
		err = s.disk.err()
	}
	if err != nil {
		if h.raft != nil {
			_ = h.endRaft()
		}
		h.trans.Close()
		return fmt.Errorf("start raft: %w", err)
	}
	s.disk.serving.Store(true)
	h.fsm.held.may.Store(true)
	trans.term = h.raft.CurrentTerm
	h.run(func() { trans.pass(h.life.Done()) })
	s.snaps.live.Store(true)
	h.web = h.newWeb()
	h.run(h.port.serve)
	h.run(func() { h.web.Serve(h.port.http) })
	h.run(h.followLeadership)
	h.run(h.followLeader)
	h.batches.Add(1)
	h.run(func() { defer h.batches.Done(); h.formBatches() })
	h.run(h.watchDisk)
	h.run(h.watchOutside)
	h.run(h.trimLog)
	h.run(h.catchUp)
	return nil
}

// newRaft is raft.NewRaft, which panics when it cannot read an entry.
func (h *Hub) newRaft(conf *raft.Config, logs raft.LogStore, s *storage, trans raft.Transport) (r *raft.Raft, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err = s.disk.err(); err == nil {
			panic(p)
		}
	}()
	return raft.NewRaft(conf, h.fsm, logs, s.disk, s.snaps, trans)
}

func (h *Hub) run(f func()) {
	h.running.Add(1)
	go func() { defer h.running.Done(); f() }()
}

// stop ends the hub's part in the cluster after a failure, for good: no write,
// no vote, no leadership until the process is started anew.
func (h *Hub) stop(err error) {
	if !errors.Is(err, ErrStopped) {
		err = fmt.Errorf("%w: %w", ErrStopped, err)
	}
	if !h.fatal.CompareAndSwap(nil, &err) {
		return
	}
	h.leading.Store(0)
	h.port.mute(true)
	h.fsm.stop(err)
	h.log.Error("county hub stopped", "error", err)
	// The caller may be one of raft's own goroutines, or NewRaft itself.
	go func() {
		<-h.started
		if h.raft != nil {
			h.raft.Shutdown()
		}
		h.end()
		if h.o.OnFatal != nil {
			h.o.OnFatal(err)
		}
	}()
}

// Err is why the hub stopped, nil while it has not.
func (h *Hub) Err() error {
	if p := h.fatal.Load(); p != nil {
		return *p
	}
	return nil
}

// Close hands leadership on where there is another voter, finishes what is on
// its way and stops. The state machine remains the caller's to close.
func (h *Hub) Close() error { return h.shutDown(true) }

// answerTime is how long a peer may take to answer raft.
const answerTime = 10 * time.Second

// drainTime is how long Close waits for what is on its way through the log.
const drainTime = 3 * time.Second

func (h *Hub) shutDown(graceful bool) error {
	h.shut.Do(func() {
		h.intake.Lock()
		h.closing = true
		close(h.queue)
		close(h.waiting.shut)
		h.intake.Unlock()
		if graceful && h.Err() == nil {
			h.handOver()
		}
		if !graceful {
			h.port.close()
		}
		err := h.endRaft()
		h.fsm.close(graceful)
		h.end()
		h.port.close()
		h.web.Close()
		h.client.close()
		h.running.Wait()
		h.shutErr = errors.Join(err, h.trans.Close(), h.disk.Close())
	})
	return h.shutErr
}

// endRaft shuts raft down and waits for it.
func (h *Hub) endRaft() error {
	down := h.raft.Shutdown()
	h.endSending()
	return down.Error()
}

// handOver lets the proposals on their way finish and gives leadership to the
// most advanced other voter. New proposals meanwhile are told to look for
// another leader.
func (h *Hub) handOver() {
	drained := make(chan struct{})
	go func() { h.batches.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-time.After(drainTime):
	case <-h.life.Done():
	}
	if h.raft.State() != raft.Leader || len(h.otherVoters()) == 0 {
		return
	}
	if err := h.raft.LeadershipTransfer().Error(); err != nil {
		h.log.Warn("county hub: leadership was not handed on", "error", err)
	}
}

// closedErr is the error of a hub that no longer serves.
func (h *Hub) closedErr() error {
	if err := h.Err(); err != nil {
		return err
	}
	return ErrClosed
}

// followLeadership turns raft's notices into leading and OnLeader.
func (h *Hub) followLeadership() {
	told := false
	tell := func(leads bool) {
		if told != leads {
			told = leads
			if h.o.OnLeader != nil {
				h.o.OnLeader(leads)
			}
		}
	}
	defer tell(false)
	for {
		select {
		case <-h.life.Done():
			h.leading.Store(0)
			return
		case leads := <-h.notify:
			h.leading.Store(0)
			if !leads {
				tell(false)
				continue
			}
			if term, ok := h.takeOffice(); ok {
				h.leading.Store(term)
				h.caughtUp.Store(true)
				h.log.Info("county hub leads", "term", term)
				tell(true)
			}
		}
	}
}

// takeOffice commits an empty frame: when it has passed the FSM, everything
// that earlier leaders acknowledged has been applied here.
func (h *Hub) takeOffice() (term uint64, ok bool) {
	for h.raft.State() == raft.Leader && h.life.Err() == nil {
		term = h.raft.CurrentTerm()
		_, err := h.await(h.apply(nil))
		if err == nil && h.raft.State() == raft.Leader && h.raft.CurrentTerm() == term {
			return term, true
		}
		select {
		case <-h.life.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	return 0, false
}
