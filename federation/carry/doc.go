// Package carry takes the two streams between nodes over a gap in the network:
// a signed bundle in one file, carried on a USB stick.
//
// Up, it holds what a village or township has in its outbox and the
// attachments the county has not confirmed; any node above may take it in.
// Down, it holds the feed for one node below, from where that node stands.
// Both go through the same doors as the network: what comes up is judged entry
// by entry by the county, what comes down is followed in the county's order.
// So a bundle may be taken in twice, late, or beside a line that works again,
// and changes nothing that was there.
//
// # The file
//
// Numbers are big-endian.
//
//	magic      8 bytes "tbcarry\n"
//	format     2 bytes, now 1
//	length     4 bytes, at most 1 MiB
//	header     JSON (Header): direction, county, from, to, made at, ranges, counts
//	blocks     each: kind 1 byte, length 4 bytes, payload
//	  1 lines       one zstd frame of JSON lines, at most 4 MiB unpacked:
//	                entries up, feed lines down
//	  2 attachment  SHA-256 (32 bytes) and size (8 bytes) of the one that follows
//	  3 piece       one zstd frame of at most 256 KiB of that attachment
//	  4 end         SHA-256 (32 bytes) of everything before this block, and the
//	                ed25519 signature (64 bytes) of the exporting node over
//	                "tongban carry v1\n" and that hash
//
// Lines come before attachments, and nothing comes after the end. The header
// holds the exporting node's credential, signed by the county; a bundle going
// down also the county's key rotations and its newest signed checkpoint.
//
// A bundle is signed first and then sealed (package seal), for it holds people's
// data and their password hashes: what goes up can be read by the county's hubs,
// whose root key each of them has, and by the township it is addressed to; what
// goes down by the node it is for and nobody else.
//
// # Crash story
//
// Importing refuses a file by its outside first (another county's, another
// node's), opens the seal and copies the stream into the node's own directory
// while it checks it: form, hash, signature, the chain to the county's root, every entry's
// origin signature, every attachment's hash. Nothing is applied before all of
// that held. What fits one transaction (batchLines, batchBytes) is applied in
// one; a larger bundle in several, each of which leaves a state that the line
// could have left, too. After a crash the same bundle is taken in again.
package carry
