// Package countybench is bare hashicorp/raft with raft-boltdb and a state
// machine that does nothing: the ceiling that the county's writes are held
// against. Nothing but the benchmark program uses it; each Peer runs in a
// process of its own.
package countybench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
)

// Options are one peer and what it measures if it comes to lead.
type Options struct {
	// Address is this peer's, among Peers; Dir where its log lies.
	Address string
	Peers   []string
	Dir     string
	// Clients are the numbers of clients to measure with, one after the
	// other, each for During, with commands of CommandBytes.
	Clients      []int
	During       time.Duration
	CommandBytes int
}

// Load is what so many clients had committed.
type Load struct {
	Clients int             `json:"clients"`
	During  time.Duration   `json:"during"`
	Took    []time.Duration `json:"took"`
}

// Run runs a peer until ctx ends. The one that leads measures and calls done
// once.
func Run(ctx context.Context, o Options, done func([]Load)) (err error) {
	peer, closeAll, err := open(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	select {
	case <-ctx.Done():
		return nil
	case <-led(ctx, peer):
	}
	if ctx.Err() == nil && peer.State() == raft.Leader {
		var loads []Load
		for _, n := range o.Clients {
			l, err := measure(ctx, peer, o, n)
			if err != nil {
				return err
			}
			loads = append(loads, l)
		}
		done(loads)
	}
	<-ctx.Done()
	return nil
}

func open(o Options) (*raft.Raft, func() error, error) {
	disk, err := raftboltdb.New(raftboltdb.Options{Path: filepath.Join(o.Dir, "raft.db")})
	if err != nil {
		return nil, nil, err
	}
	at, err := net.ResolveTCPAddr("tcp", o.Address)
	if err != nil {
		return nil, nil, errors.Join(err, disk.Close())
	}
	trans, err := raft.NewTCPTransport(o.Address, at, 3, 10*time.Second, io.Discard)
	if err != nil {
		return nil, nil, errors.Join(err, disk.Close())
	}
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.Address)
	c.Logger = hclog.NewNullLogger()
	var servers []raft.Server
	for _, p := range o.Peers {
		servers = append(servers, raft.Server{ID: raft.ServerID(p), Address: raft.ServerAddress(p)})
	}
	snaps := raft.NewDiscardSnapshotStore()
	if err := raft.BootstrapCluster(c, disk, disk, snaps, trans, raft.Configuration{Servers: servers}); err != nil {
		return nil, nil, errors.Join(err, trans.Close(), disk.Close())
	}
	peer, err := raft.NewRaft(c, nothing{}, disk, disk, snaps, trans)
	if err != nil {
		return nil, nil, errors.Join(err, trans.Close(), disk.Close())
	}
	return peer, func() error { return errors.Join(peer.Shutdown().Error(), trans.Close(), disk.Close()) }, nil
}

// led is closed when the peer leads.
func led(ctx context.Context, peer *raft.Raft) <-chan struct{} {
	leads := make(chan struct{})
	go func() {
		defer close(leads)
		for {
			select {
			case yes := <-peer.LeaderCh():
				if yes {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return leads
}

func measure(ctx context.Context, peer *raft.Raft, o Options, clients int) (Load, error) {
	l := Load{Clients: clients}
	var mu sync.Mutex
	var failed error
	var wg sync.WaitGroup
	began := time.Now()
	for range clients {
		wg.Go(func() {
			command := make([]byte, o.CommandBytes)
			var took []time.Duration
			var err error
			for time.Since(began) < o.During && ctx.Err() == nil && err == nil {
				at := time.Now()
				err = peer.Apply(command, 10*time.Second).Error()
				took = append(took, time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			l.Took, failed = append(l.Took, took...), errors.Join(failed, err)
		})
	}
	wg.Wait()
	l.During = time.Since(began)
	if failed != nil {
		return l, fmt.Errorf("bare raft with %d clients: %w", clients, failed)
	}
	return l, nil
}

// nothing is a state machine without state.
type nothing struct{}

func (nothing) Apply(*raft.Log) any                 { return nil }
func (nothing) Snapshot() (raft.FSMSnapshot, error) { return nothing{}, nil }
func (nothing) Restore(r io.ReadCloser) error       { return r.Close() }
func (nothing) Persist(s raft.SnapshotSink) error   { return s.Close() }
func (nothing) Release()                            {}
