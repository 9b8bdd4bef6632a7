//go:build !faults

package fault

// Point is a moment at which a test may end the process.
func Point(string) {}

// Planted reports whether a test planted this bug.
func Planted(string) bool { return false }
