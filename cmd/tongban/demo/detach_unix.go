//go:build unix

package demo

import "syscall"

// detached keeps the terminal's interrupt from reaching a node directly: it is
// ours to pass on, in order.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
