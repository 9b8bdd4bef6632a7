//go:build unix

package demo

import (
	"os/exec"
	"syscall"
)

// detach keeps the terminal's interrupt from reaching the process directly.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
