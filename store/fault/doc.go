// Package fault names the moments at which a node's process must be able to
// die without losing anything, and the bugs that the tests of such deaths are
// tried against. In the product both are empty functions; a program built
// with the tag "faults" reads from its environment
//
//	TONGBAN_FAULT=store.record.commit:3   die (as by kill -9) at the third time
//	TONGBAN_FAULT_HITS=/path              note there that it was reached
//	TONGBAN_PLANT=outbox,keys             behave as if it had these bugs
//	TONGBAN_PLANT=hasty                   no bug: take snapshots all the time
//
// cmd/tongban/faults builds that program and runs it.
package fault
