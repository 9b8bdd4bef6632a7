// Package feed brings the county's ledger down: the catalog and everything
// else a node may see, from the county to townships and villages. A Server
// serves it, a Follower follows it, an Auditor checks that what the county
// confirmed stays in its ledger.
//
// # Protocol
//
// All of it runs over a node's federation port (mutual TLS); who asks is known
// from the certificate. A node serves only nodes strictly below its division,
// because of others it does not hold all they may see.
//
//	GET /federation/v1/feed?after=N[&full=1][&level=L][&page=B][&checkpoint=S]
//
// asks for everything after county index N that the asking node may see, in
// county order, for ever. full=1 asks for the node's own entries too instead
// of their confirmations (its database was restored from an old copy); L is
// the newest level it reads; B the bytes of entries, uncompressed, it wants in
// one block; S the size of the newest checkpoint it has verified. HEAD tells
// whether a feed would be served. Refusals before the stream are problems
// (RFC 9457) with code, zh and en. The header Tongban-Heard-Ms tells how many
// milliseconds ago the server heard of the county, -1 for never; Tongban-Head
// the last index it can pass on.
//
// The answer is HTTP/1.1's, chunked, on a connection that is closed after it:
// the server takes the connection over from net/http and reads nothing more
// from it. A follower that is gone is noticed when a heartbeat cannot be
// delivered. It is a stream of blocks:
//
//	1 byte   type
//	4 bytes  length of the payload, big-endian, at most 8 MiB
//	payload
//
// Type 1, entries: a line of JSON,
//
//	{"after":A,"upto":U,"head":H,"lines":n,"size":s}
//
// then one zstd frame of n lines of JSON, each ended by a line feed, s bytes
// in all. Each line is a store.FeedLine: a record, or the confirmation of one
// of the follower's own entries. A is what the follower was last told it has
// everything up to, U what it has once it has applied the lines, H the last
// index the server can pass on. Frames are independent of each other, so that
// a connection has no compressor of its own and one frame serves all followers
// that get the same lines.
//
// Type 2, heartbeat: JSON with county, node, version, level of the server and
// epoch of its ledger (the county's last recovery, 0 for none);
// upto, what the follower has everything up to now (it moves past what the
// follower may not see); head, and county_head where the server knows of more;
// time_ms, the county's clock as the server knows it; heard_ms as in the
// header; went_back when the server, a township, found that the county has less
// than it had; and checkpoints: signed notes of the county, each with "from", the
// size of an older tree, and "proof", the hashes proving that it continues
// that. The first block is a heartbeat; others follow every 10 s and after
// pages. A hub proves from the checkpoint sent last; a township passes on the
// notes and proofs it verified itself, word for word, and a village whose own
// checkpoint is not in that chain fetches the missing proof.
//
// Type 3, problem: JSON with code, zh and en; the stream ends after it.
//
//	GET /federation/v1/recoveries
//
// answers with the county's recoveries that are in the server's ledger
// (ledger.CountyRecoveryV1), in its order: the county's signed word that its
// ledger went back, to which record, and why. A follower that meets a later
// epoch than its own asks for them, checks them against what it has seen,
// and goes back (epoch.go). When the server's own epoch changes its feeds end.
//
//	GET /federation/v1/checkpoint                 the newest note, as text
//	GET /federation/v1/proof?index=I&size=S       {"proof":[hashes]}: record I is in the tree of size S
//	GET /federation/v1/consistency?from=A&to=B    {"proof":[hashes]}: tree B continues tree A
//
// A township answers the latter two by asking the county; 404 with code
// no_proof when the proof cannot be had.
//
// # What a follower relies on
//
// The cursor is one number, moved in the transaction that applies; so a
// connection may end anywhere, and a village may change between its township
// and the county at any entry. What it gets is checked before it is applied:
// epoch of the ledger, form and limits of blocks, order of indexes, signatures of entries whose
// origin's key it knows. A checkpoint must be signed by the county and
// continue the last one verified. One that does not is evidence: it is kept,
// shown, and its sender is not followed any more. One signed by a key that is
// not known here has the follower ask for the county's chain of keys, which
// proves itself; while nobody can tell it, checkpoints wait and entries go on.
//
// What it cannot see is an omission by the node above: entries that are not
// passed on. The Auditor proves this node's own entries against the ledger;
// following the county directly is the remedy for the rest.
package feed
