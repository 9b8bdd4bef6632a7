// Package faults holds tests that run a county as real processes, over real
// TCP and with fsync on, and break it: processes killed at any moment and at
// named points, lines cut, power lost. An oracle beside them writes down every
// request before it is sent and what was answered; when all is well again,
// what was acknowledged is there exactly once, at every tier that must have
// it, and what was refused is nowhere.
//
// The numbers are small; TONGBAN_LONG=1 makes them large. Each test is also
// run against a planted bug that it has to find: a test that stays green then
// is none.
//
// The package has tests only.
package faults
