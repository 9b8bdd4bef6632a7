// Package county keeps the county's hubs in agreement: three or five processes
// (or one) that hold the same ledger in the same order.
//
// A [Hub] is one of them. Whatever is handed to [Hub.Propose] at any hub is
// passed to the leader, committed on a majority's disks with Raft, applied to
// every hub's [StateMachine] in the same order, and answered with what the
// state machine returned.
//
// # What is durable where
//
// The Raft log (bbolt, fsync on every write) is the durable copy. The state
// machine stays on disk across restarts and stores the Raft index it has
// reached in the same transaction as the rows, so a restart applies what is new
// and nothing twice. It need not fsync each transaction: [StateMachine.Sync] is
// called before the log is truncated, and the entries it may lose to a power
// failure are still in the log. So are those that a hub which did not propose them
// holds for some milliseconds, to apply several in one transaction; nobody is told
// that they were applied until they are, and whoever waits for one is not made to.
//
// A Raft snapshot is a reference: "the database is durable through index i",
// a small checksummed header and no copy of the data. Only a peer that is too
// far behind for the log receives data: a pinned backup of the live database,
// made at that moment, hashed, and streamed. One is made after so many entries
// or so many bytes of log, because a start reads and checks the whole log.
//
// A snapshot of a history that this hub has already, sent by a leader's second
// attempt that came late, is answered and not installed: raft would clear the
// log for it, and lose entries that this hub has acknowledged. So that what
// follows an installed snapshot can be told from what does not, the log answers
// for the snapshot's last entry, too.
//
// # What a start checks
//
//   - the log and the stable store: structure and a checksum for every record;
//   - the snapshot header: checksum and cluster;
//   - the database against both. Behind the snapshot: it is brought up from the
//     log where the log still reaches back far enough, else from the data of an
//     interrupted installation, else from a peer, else [ErrDatabaseBehind].
//     Ahead of the log: the log has lost its end, [ErrLogBehind].
//
// # The wire
//
// One port, mutual TLS 1.3. The first byte the dialler sends says what the
// connection carries: 'R' Raft's own messages, 'H' HTTP/1.1 with the paths
// under /hub/v1/ (proposals passed on, read index, status, membership, backup)
// and whatever [Options.HTTP] serves beside them. Everything else is closed
// without an answer.
//
// # Outcomes
//
// An error that is [ErrUnknown] says that the command may or may not be
// committed. Every other error of Propose says that it was not. Commands carry
// their own identity, so proposing again after ErrUnknown is safe.
package county
