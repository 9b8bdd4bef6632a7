// Package outbox is the way up: what was recorded at a village or a township
// is sent until the county's ledger, coming back down the feed, confirms it.
//
// # Protocol
//
//	POST /federation/v1/entries
//	Content-Type: application/vnd.tongban.entries+zstd
//
// The body is a zstd frame of entries, one JSON object a line, in the order of
// the sender's outbox: each origin's entries in the order of its seq. A
// township sends its villages' entries with its own. The receiver stores them
// before it answers 200 with an Answer: for each origin, through which seq it
// has everything now (stored), the id of that entry (last), and whether the
// origin forked. Less than was sent means that an entry is missing before;
// sending goes on from there. Sending again what it has is answered the same
// way and changes nothing.
//
//	GET /federation/v1/origins?node=a&node=b
//
// answers with the same for the origins named, so that a sender that comes
// back starts where the receiver stands, and not where it was itself.
//
// Errors are RFC 9457 problems. 413 asks for a smaller batch, 425 (unknown
// origin) and 503 to come back later; the others need a person and are shown
// in the node's status, while sending is tried again with a growing pause. An
// entry that is not taken stops its own origin only.
//
// A village sends to its township, to the county when the township is not
// reached, and past the township what that has had unconfirmed for minutes.
package outbox
