//go:build linux && cgo

// Package nativeheap keeps the memory small that SQLite takes from the C library,
// which Go's runtime knows nothing of: glibc makes a heap of its own for each
// thread that asks, and keeps what is freed in it.
package nativeheap

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void few(int arenas) { mallopt(M_ARENA_MAX, arenas); }
static void trim(void) { malloc_trim(0); }
#else
static void few(int arenas) { (void)arenas; }
static void trim(void) {}
#endif
*/
import "C"

// arenas are enough for a machine with few requests at once.
const arenas = 2

// Few has all threads share a few heaps. It is called before there are many
// threads, where little is done at once.
func Few() { C.few(arenas) }

// GiveBack returns to the system what was freed.
func GiveBack() { C.trim() }
