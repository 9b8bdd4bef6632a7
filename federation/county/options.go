package county

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/raft"

	"github.com/tongban/tongban/store/atrest"
	"github.com/tongban/tongban/store/fault"
)

// Options are what a hub is opened with.
type Options struct {
	// ID names this hub for good ("county-1"); Cluster names the county's
	// cluster, so that data of another one is never taken in.
	ID, Cluster string

	// Dir holds the Raft log, the snapshot header and temporary files. It is
	// made if missing. The database lies wherever the StateMachine keeps it.
	Dir string

	// Listener is the peer port (plain TCP; the hub does TLS on it and closes
	// it). Advertise is the host:port at which the peers reach it; empty means
	// the listener's own address.
	Listener  net.Listener
	Advertise string

	// ServerTLS and ClientTLS are this hub's two ends of mutual TLS. ServerTLS
	// must have ClientCAs, both a certificate. ClientTLS must have RootCAs, and
	// without ServerName expects the host of the dialled address; or it checks
	// the whole chain itself in VerifyConnection, with InsecureSkipVerify set.
	ServerTLS, ClientTLS *tls.Config

	// VerifyPeer says whether a certificate that the CA vouches for belongs to
	// a hub. It is asked at both ends of every connection. Nil accepts every
	// certificate of the CA, which is right only where the CA signs hubs alone.
	VerifyPeer func(*x509.Certificate) error

	// Dial makes connections to the other hubs; nil is the net package's. A test
	// cuts them with it.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	StateMachine StateMachine
	Logger       *slog.Logger

	// Key seals what entries carry in the log, snapshots, and the copies of the
	// database that go to and come from the other hubs, which the StateMachine
	// seals with the same key. Nil leaves all that in the clear.
	Key *atrest.Key

	// Bootstrap makes a hub without any state the first voter, alone. It does
	// nothing to a hub that has state.
	Bootstrap bool

	Timing Timing
	Limits Limits

	// OnLeader is told when this hub has become leader and has applied all that
	// was committed before (true), and when it is leader no more (false). Calls
	// do not overlap. It must not call Close.
	OnLeader func(bool)

	// OnFatal is told once why the hub stopped for good. The error is ErrStopped.
	// It must not call Close from its own goroutine.
	OnFatal func(error)

	// HTTP serves the paths of the peer port that are not the hub's own; every
	// request comes from a verified hub. May be nil.
	HTTP http.Handler

	// Now is the leader's clock; nil is time.Now.
	Now func() time.Time

	// wrapLog lets a test put a failing disk under the log.
	wrapLog func(boltStore) boltStore
}

// Timing are the hub's durations and thresholds; a zero field takes its default.
type Timing struct {
	// Heartbeat is how long a follower goes without word from the leader before
	// it stands for election; Election how long it stands; Lease how long a
	// leader goes without word from a majority before it steps down.
	Heartbeat, Election, Lease time.Duration

	// Commit bounds how long an idle follower goes without learning the
	// leader's commit index (about twice this).
	Commit time.Duration

	// LeaderWait is how long Propose, ReadIndex and membership calls look for a
	// leader before they answer ErrNoLeader.
	LeaderWait time.Duration

	// Stall is how long one write to disk may take on a leader before the hub
	// gives up leadership.
	Stall time.Duration

	// Refill is how long a start waits for a peer to refill a database that was
	// found behind.
	Refill time.Duration

	// SnapshotInterval is how often the hub considers a snapshot, taken when
	// SnapshotThreshold entries came since the last one; TrailingLogs entries
	// stay in the log for peers that are a little behind.
	SnapshotInterval                time.Duration
	SnapshotThreshold, TrailingLogs uint64
	// SnapshotBytes is what the log may take before a snapshot is made however
	// few its entries are; about half of it stays.
	SnapshotBytes uint64
}

// Limits bound what is in flight; a zero field takes its default.
type Limits struct {
	// Queue is how many proposals may wait at the leader.
	Queue int
	// InFlight is how many batches may be on their way through the log.
	InFlight int
	// BatchCommands is how many proposals one Raft entry carries at most.
	BatchCommands int
	// Connections is how many peer connections may be open at once.
	Connections int
}

const (
	// MaxCommand is the largest proposal in bytes.
	MaxCommand = 1 << 20
	// maxFrame is the largest Raft entry: one largest proposal and its framing.
	maxFrame = MaxCommand + 64
)

func (t Timing) withDefaults() Timing {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&t.Heartbeat, 350*time.Millisecond)
	set(&t.Election, t.Heartbeat)
	set(&t.Lease, t.Heartbeat*4/5)
	set(&t.Commit, 10*time.Millisecond)
	set(&t.LeaderWait, 5*time.Second)
	set(&t.Stall, 3*time.Second)
	set(&t.Refill, time.Minute)
	if fault.Planted("hasty") { // a test wants snapshots under way when it kills
		t.SnapshotInterval = 200 * time.Millisecond
	}
	set(&t.SnapshotInterval, 30*time.Second)
	if t.SnapshotThreshold == 0 {
		t.SnapshotThreshold = 8192
	}
	if t.TrailingLogs == 0 {
		t.TrailingLogs = 10240
	}
	if t.SnapshotBytes == 0 {
		t.SnapshotBytes = 64 << 20
	}
	return t
}

func (l Limits) withDefaults() Limits {
	set := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	set(&l.Queue, 4096)
	set(&l.InFlight, 2)
	set(&l.BatchCommands, 512)
	set(&l.Connections, 256)
	return l
}

// validate reports everything that is wrong at once and fills in defaults.
func (o *Options) validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New(what))
		}
	}
	need(o.ID != "", "ID is empty")
	need(o.Cluster != "", "Cluster is empty")
	need(o.Dir != "", "Dir is empty")
	need(o.Listener != nil, "Listener is missing")
	need(o.StateMachine != nil, "StateMachine is missing")
	need(o.ServerTLS != nil && o.ServerTLS.ClientCAs != nil, "ServerTLS needs ClientCAs")
	need(o.ClientTLS != nil && (o.ClientTLS.RootCAs != nil || o.ClientTLS.VerifyConnection != nil), "ClientTLS needs RootCAs or a VerifyConnection")
	need(o.ClientTLS == nil || !o.ClientTLS.InsecureSkipVerify || o.ClientTLS.VerifyConnection != nil, "ClientTLS must verify")
	if o.Advertise == "" && o.Listener != nil {
		o.Advertise = o.Listener.Addr().String()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Timing, o.Limits = o.Timing.withDefaults(), o.Limits.withDefaults()
	if len(errs) > 0 {
		return fmt.Errorf("county hub options: %w", errors.Join(errs...))
	}
	return nil
}

func (o *Options) raftConfig() *raft.Config {
	t := o.Timing
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.ID)
	c.HeartbeatTimeout, c.ElectionTimeout = t.Heartbeat, t.Election
	c.LeaderLeaseTimeout, c.CommitTimeout = t.Lease, t.Commit
	// A batch is up to 1 MiB; 32 of them still cross a LAN well inside the
	// transport's deadline, and bound one replay transaction.
	c.MaxAppendEntries = 32
	c.BatchApplyCh = true
	// A removed hub stays up as an onlooker, so that it can say so.
	c.ShutdownOnRemove = false
	c.SnapshotInterval, c.SnapshotThreshold, c.TrailingLogs = t.SnapshotInterval, t.SnapshotThreshold, t.TrailingLogs
	c.Logger = newHclog(o.Logger)
	c.NoLegacyTelemetry = true
	return c
}
