package county

import "context"

// Command is one proposal at its place in the county's order.
type Command struct {
	// Index is the index of the Raft entry that carries it. Proposals that were
	// committed together share an index; their order is the order of the slice.
	Index uint64
	// At is the leader's clock when it formed the batch, Unix milliseconds. It
	// is part of the log and so the same at every hub and at every replay.
	At int64
	// Data is what was handed to Propose. It must not be kept or changed.
	Data []byte
}

// StateMachine is the database a hub keeps in step with the log. The hub calls
// Apply and Restore one at a time, never both at once; Sync, Backup and
// Applied may come at any time beside them.
type StateMachine interface {
	// Apply applies the commands in order, in one transaction that also stores
	// the Raft index of the last of them, and returns one result per command.
	// It must be deterministic. A refusal by a domain rule is a result. An
	// error is a failure of storage, or a command this version does not know:
	// the hub stops and applies nothing after it.
	Apply(cmds []Command) ([][]byte, error)

	// Applied is the Raft index stored in the database, 0 when it is new.
	Applied() uint64

	// Sync makes the database durable at least through the index it returns,
	// which is not below what Applied said when Sync was called.
	Sync(ctx context.Context) (uint64, error)

	// Backup writes a consistent copy of the database as of one moment into a
	// new file at path while writing goes on, and returns the Raft index stored
	// in that copy.
	Backup(ctx context.Context, path string) (applied uint64, err error)

	// Restore replaces the database by the one in the file at path: wholly or,
	// on an error or a crash, not at all. The file is the caller's.
	Restore(ctx context.Context, path string) error
}

// schemaVersion is what a StateMachine may also offer: the version of its
// schema. A backup made under a newer one is refused instead of restored.
type schemaVersion interface{ Schema() int }

// history is what a StateMachine may also offer: to tell whether another one
// holds a beginning of what it holds. Raft does not know it of a hub that was
// in the county before the county began anew from a backup.
type history interface {
	// Standing is a short word for all that was applied.
	Standing(ctx context.Context) (string, error)
	// Continues is nil when what is here went through another one's standing.
	Continues(ctx context.Context, standing string) error
}

func schemaOf(sm StateMachine) int {
	if s, ok := sm.(schemaVersion); ok {
		return s.Schema()
	}
	return 0
}

// Result is what became of a proposal.
type Result struct {
	// RaftIndex is where it was committed; give it to WaitApplied at another
	// hub to read what was written.
	RaftIndex uint64
	// Data is what StateMachine.Apply returned for it.
	Data []byte
}
