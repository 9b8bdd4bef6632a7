//go:build unix

package demo

import (
	"errors"
	"os"
	"syscall"
)

// held reports whether a process holds the lock on a node's data.
func held(lock string) bool {
	f, err := os.Open(lock)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// detached keeps the terminal's interrupt from reaching a node directly: it is
// ours to pass on, in order.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
