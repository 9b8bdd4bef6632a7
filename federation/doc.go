// Package federation makes one county of many nodes. A Node is what runs in
// one process of any tier: it records what its people do, keeps up with the
// county's ledger (feed), sends what was done here up until the county's
// ledger confirms it (outbox, papers), tells how it is (heartbeat) and admits
// new nodes (enrolment). A village also asks its township what it did with the
// village's cases and the county has not confirmed (provisional), because the
// resident waits at the village while the county is out of reach. At the county, the ledger is ordered by Raft
// (county); everywhere, trust says whose word counts.
package federation
