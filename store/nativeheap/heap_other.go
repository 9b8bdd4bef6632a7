//go:build !linux || !cgo

package nativeheap

// Few does nothing where the C library is another.
func Few() {}

// GiveBack does nothing where the C library is another.
func GiveBack() {}
