// Package loopback runs the nodes of a county on this machine, each a process
// of its own, and asks them what a person would: settings and processes, lines
// that can be cut, people who are logged in. The demo, the bench and the fault
// tests share it.
//
// It knows a node by its program, its settings file and its ports, and nothing
// of those who use it: what only one of them wants of a node (more settings,
// its environment, planted bugs) is an argument.
package loopback
