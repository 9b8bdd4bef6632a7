//go:build !windows

package main

import (
	"errors"
	"os"
	"syscall"
)

// sameDisk tells whether two folders lie on one file system.
func sameDisk(a, b string) (bool, error) {
	first, err := os.Stat(a)
	second, err2 := os.Stat(b)
	if err := errors.Join(err, err2); err != nil {
		return false, err
	}
	one, ok := first.Sys().(*syscall.Stat_t)
	two, ok2 := second.Sys().(*syscall.Stat_t)
	return ok && ok2 && one.Dev == two.Dev, nil
}
