// Package trust is the federation's root of confidence: who is a node of the
// county, who is a member of its staff, and whose word about the ledger
// counts. It holds the keys, what they sign and the checks on it.
//
// # Keys
//
// A county has three key pairs (CountyKeys), kept by its hubs: the root
// (ed25519), which signs the credentials of nodes and the county's own next
// bundle; the ledger key (ed25519, golang.org/x/mod/sumdb/note), which signs
// checkpoints; and the certificate authority (ECDSA P-256, because browsers
// and TLS stacks do not take ed25519 certificates), which signs TLS
// certificates. Their public halves travel as a bundle (CountyTrust).
//
// A node has two (NodeKeys): one to sign entries and staff tokens (ed25519),
// one for TLS (P-256).
//
// # The chain
//
//	fingerprint in a join token → first bundle → later bundles (each signed by
//	a root of the one before) → node credential → staff token
//
// A joining node knows only the fingerprint that an operator typed. Anchor
// turns that and the bundles a hub offers into a trusted bundle; Advance
// follows rotations afterwards, however many were missed. Every verifier
// walks the chain from its own bundle to the token in hand.
//
// # What fails, fails shut
//
// Decoders have size limits, refuse unknown and repeated fields and never
// panic. A staff token that is wrong in any way is ErrUnauthenticated and
// nothing else to the person who sent it; the reason is for the log
// (TokenError.Reason).
//
// Signed messages begin with a line that names their kind and version, so
// that a signature over one can never be taken for a signature over another.
//
// Clocks come in as arguments. Randomness comes in as an io.Reader where keys
// are made, and from crypto/rand otherwise.
package trust
